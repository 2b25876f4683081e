-- socket_access.lua: may nginx's workers connect to a Unix socket?  And if not, where does it end?
--
-- Connecting needs write permission on the socket and search permission on every folder above it
-- (unix(7), path_resolution(7)).
--
--   socket_access.check(host, user, path, thorough) -> {     thorough: nginx was refused, so look at access control
--                                                            lists also where the mode alone would let it in
--     verdict = "allowed" | "denied" | "unknown", where = path that refuses, what = "folder" | "socket",
--     stat = the refusing (or the socket's) stat, why = sentence part, evidence = {…} }

local users = require "users"

local M = {}

local function parents(path)
    local list, at = {}, ""
    for part in path:gmatch("[^/]+") do
        list[#list + 1] = at == "" and "/" or at
        at = at .. "/" .. part
    end
    return list
end

-- An access control list may allow or refuse what the mode does not show; it is asked only where it
-- could turn the answer around.
local function acl(host, user, path, want)
    local r = host:run({ "getfacl", "-p", "--", path })
    if not r.ok then
        return nil, r
    end
    local names = {}
    local groups = host:run({ "id", "-Gn", "--", user.name })
    for name in groups.out:gmatch("%S+") do
        names[name] = true
    end
    return users.acl_allows(user, names, r.out, want), r
end

local function denied(result, where, what, stat, why)
    result.verdict, result.where, result.what = "denied", where, what
    result.stat, result.why = stat, why
    return result
end

local RIGHT = { w = "the right to write", x = "the right to pass" }

local function refusal(user, path, what, stat, want)
    local role = stat.uid == user.uid and "its owner" or user.groups[stat.gid] and "its group"
    local text = string.format("%s %s belongs to %s:%s with mode %s, ", what, path, stat.owner, stat.group, stat.mode)
    if role then
        return text .. "which does not give " .. role .. " " .. RIGHT[want]
    end
    return text .. "and " .. user.name .. " is neither that user nor in that group"
end

local function step(host, user, path, what, want, result, thorough)
    local stat, why, read = host:stat(path)
    if not stat then
        result.verdict, result.where, result.why = "unknown", path, path .. " cannot be looked at: " .. why
        result.evidence[#result.evidence + 1] = read:show("")
        return false
    end
    result.stat = stat
    local plain = users.may(user, stat, want)
    if plain and not thorough then
        return true
    end
    local listed, acl_read = acl(host, user, path, want)
    if listed == true or (listed == nil and plain) then
        return true
    end
    result.evidence[#result.evidence + 1] = (listed == false and acl_read or read):show(
        listed == false and acl_read.out or read.out)
    denied(result, path, what, stat, refusal(user, path, what, stat, want))
    return false
end

function M.check(host, user, path, thorough)
    local result = { evidence = {}, verdict = "allowed" }
    if not user or not user.ok then
        result.verdict, result.why = "unknown", "it is not known as whom nginx's workers run"
        return result
    end
    -- A symlink on the way (/var/run -> /run) is followed, as the kernel does.
    local real = host:realpath(path) or path
    for _, folder in ipairs(parents(real)) do
        if not step(host, user, folder, "folder", "x", result, thorough) then
            return result
        end
    end
    step(host, user, real, "socket", "w", result, thorough)
    return result
end

return M
