-- fpm_log.lua: what PHP-FPM logged about a pool around a moment.
--
--   fpm_log.find(host, pool, pattern, at) -> { line =, result =, at = } | nil, problem
--       the newest line that fits the Lua pattern, not more than `WINDOW` seconds older than `at` (local
--       seconds; nil: of any age); problem: why the log could not be read
--
-- A line is "[29-Nov-2026 09:10:00] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV) …"
-- (php-src sapi/fpm/fpm/zlog.c, fpm_children.c, fpm_process_ctl.c).

local fpm_pool = require "fpm_pool"
local when = require "when"

local M = {}

local WINDOW = 15 * 60
local TAIL = 64 * 1024
local MONTH = { Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9, Oct = 10, Nov = 11, Dec = 12 }

local function time_of(line)
    local d, m, y, clock = line:match("^%[(%d%d)%-(%a%a%a)%-(%d%d%d%d) (%d%d:%d%d:%d%d)")
    return d and MONTH[m] and when.seconds(string.format("%s-%02d-%sT%s", y, MONTH[m], d, clock))
end

local function path_of(host, pool)
    local text = host:read(pool.config)
    local global = text and fpm_pool.parse(text, pool.config):section("global")
    local path = global and global:get("error_log")
    if path and path:find("^/") then
        return path
    end
    return nil
end

function M.find(host, pool, pattern, at)
    local path = path_of(host, pool)
    if not path then
        return nil, "PHP-FPM's error_log is no file with a full path"
    end
    local r = host:run { "tail", "-c", tostring(TAIL), "--", path }
    if not r.ok then
        return nil, path .. " cannot be read"
    end
    local newest
    for line in r.out:gmatch("[^\n]+") do
        local time = line:find(pattern) and time_of(line)
        if time and (not at or time >= at - WINDOW) and (not line:find("%[pool ") or line:find("[pool " .. pool.name .. "]", 1, true)) then
            newest = { line = line, result = r, at = time }
        end
    end
    return newest
end

return M
