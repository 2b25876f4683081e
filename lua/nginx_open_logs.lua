-- nginx_open_logs.lua: which files a running nginx really writes its logs to, where these are not the configured ones.
--
-- A log that was renamed or deleted keeps being written until nginx is told to open its logs anew (`nginx -s reopen`,
-- which logrotate's postrotate is for): the file that has the configured name then says nothing (nginx's "Log
-- Rotation", https://nginx.org/en/docs/control.html).  The kernel tells, for root: /proc/PID/fd of the master, which
-- opens them all (ngx_cycle.c, ngx_init_cycle).
--
--   nginx_open_logs.instead(host, nx, path, configured) -> { path to read, says = sentence } | nil
--       nil: nginx writes `path`, or it cannot be seen what it writes
--       path to read: nil where nginx has no file open that could be this one; configured: { path = true } of all logs

local M = {}

-- The files that the master has open for writing: { fd, path, deleted } …; nil where they cannot be seen.
local function written(host, nx)
    if not nx.master then
        return nil
    end
    local folder = "/proc/" .. nx.master.pid .. "/fd"
    local r = host:run({ "ls", "-la", "--", folder })
    local list = {}
    for line in (r.ok and r.out or ""):gmatch("[^\n]+") do
        local fd, target = line:match("^l[r-]w%S* .- (%d+) %-> (/.+)$")
        if fd and not target:find("^/dev/") then
            local path = target:match("^(.*) %(deleted%)$")
            list[#list + 1] = { fd = folder .. "/" .. fd, path = path or target, deleted = path ~= nil }
        end
    end
    return #list > 0 and list or nil
end

local function name_of(path)
    return path:match("([^/]+)$") or path
end

-- "error.log" became "error.log.1", "error.log-20260404" or the like.
local function may_be(file, path)
    local base = name_of(path)
    return name_of(file.path):sub(1, #base) == base
end

local REOPEN = "`nginx -s reopen` makes nginx open it anew"

function M.instead(host, nx, path, configured)
    local list = not path:find("^/dev/") and written(host, nx)
    if not list then
        return nil
    end
    local real = host:realpath(path) or path
    local other
    for _, file in ipairs(list) do
        if not file.deleted and (file.path == path or file.path == real) then
            return nil
        elseif may_be(file, real) and (file.deleted or not configured[file.path]) then
            other = other or file
        end
    end
    if not other then
        return { says = "the running nginx does not write to " .. path .. ", as its configuration says by now" }
    elseif other.deleted then
        return { path = other.fd, says = string.format("nginx still writes to the file that was %s, which was deleted: %s", path, REOPEN) }
    end
    return { path = other.path, says = string.format("nginx writes to %s, as %s was renamed: %s", other.path, path, REOPEN) }
end

return M
