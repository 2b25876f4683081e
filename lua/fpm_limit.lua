-- fpm_limit.lua: whether a PHP-FPM pool has no process left for a request, and how many more the host can bear.
--
--   fpm_limit.look(host, pool, at) -> { max =, busy = children now, queue =, backlog =, rss = bytes | nil,
--                                       available = bytes | nil, said = fpm_log line | nil, evidence = {…} }
--   fpm_limit.fix(host, pool, seen, verify) -> fix | nil, reason
--
-- The kernel refuses a connection to a socket whose queue is full (EAGAIN on a Unix socket); a queue fills when
-- all pm.max_children processes are at work. Source: php-src sapi/fpm/fpm/fpm_process_ctl.c, unix(7).

local fpm = require "fpm"
local fpm_log = require "fpm_log"
local fpm_pool = require "fpm_pool"
local processes = require "processes"
local ss = require "ss"

local M = {}

local SAMPLE = 8

local function children_of(host, pool)
    local list, found = processes.list(host), {}
    for _, process in ipairs(list.ok and list or {}) do
        if process.args:match("^php%-fpm: pool (.-)%s*$") == pool.name then
            found[#found + 1] = process
        end
    end
    return found
end

local function memory(host, children, seen)
    local total, n = 0, 0
    for i = 1, math.min(#children, SAMPLE) do
        local text = host:read("/proc/" .. children[i].pid .. "/status")
        local kib = text and tonumber(text:match("VmRSS:%s+(%d+) kB"))
        if kib then
            total, n = total + kib * 1024, n + 1
        end
    end
    seen.rss = n > 0 and total // n or nil
    local text, _, r = host:read("/proc/meminfo")
    local line = text and text:match("MemAvailable:[^\n]*")
    seen.available = line and tonumber(line:match("(%d+) kB")) * 1024
    seen.evidence[#seen.evidence + 1] = line and r:show(line) or nil
end

local function queue_of(host, pool, seen)
    local r = host:run(pool.path and { "ss", "-H", "-lxnp" } or { "ss", "-H", "-ltnp" }, { fresh = true })
    local entries = r.ok and (pool.path and ss.unix_listeners(r.out) or ss.listeners(r.out)) or {}
    local port = not pool.path and tonumber(pool.listen:match("(%d+)$"))
    for _, entry in ipairs(entries) do
        if (pool.path and entry.path == pool.path) or (port and entry.port == port) then
            seen.queue, seen.backlog = entry.recv_q, entry.send_q
            for line in r.out:gmatch("[^\n]+") do
                if line:find(pool.path or pool.listen, 1, true) then
                    seen.evidence[#seen.evidence + 1] = r:show(line)
                    break
                end
            end
            return
        end
    end
end

function M.look(host, pool, at)
    local seen = { evidence = {}, max = tonumber((pool.pool:get("pm.max_children"))) }
    local children = children_of(host, pool)
    seen.busy = #children
    queue_of(host, pool, seen)
    memory(host, children, seen)
    seen.said = fpm_log.find(host, pool, "reached p?m?%.?max_children", at)
    if seen.said then
        seen.evidence[#seen.evidence + 1] = seen.said.result:show(seen.said.line)
    end
    return seen
end

-- Twice as many and two more, as far as half of the memory that is left carries them.
local function more(seen)
    local room = seen.rss and seen.available and (seen.available // 2) // seen.rss
    return room and math.min(2 * seen.max + 2, seen.max + room) or nil
end

function M.fix(host, pool, seen, verify)
    local n = seen.max and more(seen)
    if not n then
        return nil, "how much memory a process takes could not be read"
    elseif n <= seen.max then
        return nil, "this host's memory carries no more processes"
    elseif not pool.service or not fpm.validate(pool) then
        return nil, "the service that runs the pool is not known"
    elseif not host:may_edit(pool.file) then
        return nil, pool.file .. " is no file that fettle edits"
    end
    local text, reason = fpm_pool.set(pool.text, pool.name, "pm.max_children", tostring(n))
    if not text then
        return nil, reason
    end
    return {
        id = "raise-max-children", title = string.format("Let pool [%s] have %d processes", pool.name, n), risk = "medium",
        recommended = true, edits = { { path = pool.file, base = pool.read, content = text } },
        why = string.format("A process takes about %d MiB, and %d MiB of memory are left; half of that is the most that is used. "
            .. "Requests that are under way are ended by the restart. If slow scripts are what fills the pool, more processes "
            .. "only help for a while.", seen.rss // 1048576 + 1, seen.available // 1048576),
        validate = { fpm.validate(pool) }, verify = verify,
        commands = { { argv = { "systemctl", "restart", pool.service }, note = "PHP-FPM starts with the new number" } },
    }
end

return M
