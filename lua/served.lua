-- served.lua: the requests that one upstream has answered well, from nginx's access logs.
--
--   served.since(host, symptom, key, from) -> { count=, last= local seconds, line=, result= } | nil, reason
--       from: local seconds. Counted are answers 2xx, as evidence that the backend finishes what it takes.
--
-- The combined format names neither the server nor the upstream, so a line counts only if, in whichever server of the
-- configuration, such an answer to its path can have come from this upstream alone.

local nginx_access = require "nginx_access"
local nginx_log = require "nginx_log"
local nginx_route = require "nginx_route"
local when = require "when"

local M = {}

local TAIL = 256 * 1024
local MOST_LINES = 2000
local MOST_PATHS = 64

local function keys_of(config, pass)
    local keys = {}
    for _, use in ipairs(config:addresses()) do
        for _, own in ipairs(use.passes) do
            if own.directive == pass.directive then
                keys[#keys + 1] = use.key or "?"
            end
        end
    end
    return keys
end

-- A cached answer is not one that the backend has given.
local function is_cached(config, pass)
    local cache = config:effective(pass.directive, (pass.kind:gsub("_pass$", "_cache")))
    return cache ~= nil and (not cache.args[1] or cache.args[1].text ~= "off")
end

-- "key": a 2xx can only be this upstream's; "none": no 2xx comes of it; "other": it may be somebody else's
local function in_server(config, server, path, key)
    local location, _, unsure = nginx_route.find_location(config, server, path)
    if unsure then
        return "other"
    end
    local returned = config:named(location or server, "return")[1] or config:named(server, "return")[1]
    if returned then
        local first = returned.args[1] and returned.args[1].text or ""
        return (first:find("^[345]%d%d$") or first:find("^https?://")) and "none" or "other"
    end
    local passes = nginx_route.reachable_passes(config, server, location)
    if #passes ~= 1 or passes[1].possible or is_cached(config, passes[1].pass) then
        return "other"
    end
    local keys = keys_of(config, passes[1].pass)
    return #keys == 1 and keys[1] == key and "key" or "other"
end

local function only_from(config, path, key)
    local found = false
    for server in config:each("server") do
        if server.block and server:path():find("^http") then
            local what = in_server(config, server, path, key)
            if what == "other" then
                return false
            end
            found = found or what == "key"
        end
    end
    return found
end

local function lines_of(text)
    local list = {}
    for line in text:gmatch("[^\n]+") do
        list[#list + 1] = line
    end
    return list
end

local function count(config, result, key, from, seen, found)
    local list = lines_of(result.out)
    for i = #list, math.max(1, #list - MOST_LINES), -1 do
        local entry = list[i]:find('" 2%d%d ') and nginx_access.parse(list[i])[1]
        local at = entry and not entry.unparsed and when.seconds(entry.time)
        if at and at < from then
            return
        end
        local path = at and type(entry.uri) == "string" and entry.uri:match("^[^?#]*")
        if path and path:find("^/[%w/._~-]*$") and entry.status >= 200 and entry.status < 300 then
            if seen[path] == nil and seen.count < MOST_PATHS then
                seen[path], seen.count = only_from(config, path, key), seen.count + 1
            end
            if seen[path] then
                found.count = found.count + 1
                if at > (found.last or 0) then
                    found.last, found.line, found.result = at, list[i], result
                end
            end
        end
    end
end

function M.since(host, symptom, key, from)
    local found, seen, read = { count = 0 }, { count = 0 }, 0
    for _, path in ipairs(nginx_log.access_logs(symptom.nx)) do
        local r = host:run({ "tail", "-c", tostring(TAIL), "--", path }, { fresh = true, limit = TAIL + 1024 })
        if r.ok then
            read = read + 1
            found.read = found.read or r
            count(symptom.nx.config, r, key, from, seen, found)
        end
    end
    if read == 0 then
        return nil, "no access log could be read"
    end
    return found
end

return M
