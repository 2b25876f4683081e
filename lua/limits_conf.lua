-- limits_conf.lua: what /etc/security/limits.conf and limits.d give a user, which counts for logins only.
--
--   limits_conf.parse(text) -> { {domain=, type=, item=, value=, line=, raw=} … }
--   limits_conf.nofile(host, user) -> the last entry of "nofile" for that user or for all, with file= and shown= | nil
--
-- Source: limits.conf(5), pam_limits(8): domain, type, item and value, `#` starts a comment; files of limits.d come
-- after limits.conf, by name.  systemd applies none of them to a service (systemd.exec(5)).

local M = {}

local FILE, FOLDER = "/etc/security/limits.conf", "/etc/security/limits.d"

function M.parse(text)
    local list, number = {}, 0
    for raw in (text .. "\n"):gmatch("([^\n]*)\n") do
        number = number + 1
        local domain, kind, item, value = raw:gsub("#.*", ""):match("^%s*(%S+)%s+(%S+)%s+(%S+)%s+(%S+)%s*$")
        if domain then
            list[#list + 1] = { domain = domain, type = kind, item = item, value = value, line = number, raw = raw }
        end
    end
    return list
end

function M.nofile(host, user)
    local files, found = { FILE }, nil
    local names = host:list(FOLDER) or {}
    table.sort(names)
    for _, name in ipairs(names) do
        files[#files + 1] = name:find("%.conf$") and FOLDER .. "/" .. name or nil
    end
    for _, file in ipairs(files) do
        local text, _, read = host:read(file)
        for _, item in ipairs(M.parse(text or "")) do
            if item.item == "nofile" and (item.domain == user or item.domain == "*") then
                item.file, item.shown, found = file, read:show(item.raw), item
            end
        end
    end
    return found
end

return M
