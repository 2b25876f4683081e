-- deaths.lua: did the backend's process end while nginx waited for it?  What its service said at that moment.
--
--   deaths.find(host, address, failures) -> { sure =, svc =, line =, shown = evidence } | false: nothing of the kind |
--       nil: it is not known who could have said it
--       failures: of nginx's log; sure: the words are of a process that ended, not just of one that may have
--   deaths.service(host, address) -> svc | nil       the service behind an upstream's address on this host
--
-- Words: systemd (src/core/service.c), gunicorn (arbiter.py), uWSGI (core/master_utils.c), the kernel.

local addresses = require "addresses"
local service = require "service"
local ss = require "ss"
local unix_socket = require "unix_socket"
local when = require "when"

local M = {}

local SECONDS = 2 -- both logs have whole seconds, and a supervisor looks once a second

local SURE = { "main process exited", "worker timeout", "was sent sigkill", "was sent sigsegv", "segfault",
               "core dumped", "out of memory", "harakiri", "damn ! worker", "oom-kill" }
-- A restart or a reload ends connections, too.
local LIKELY = { "booting worker", "worker exiting", "started ", "starting ", "stopp", "restart", "shutting down", "killed", "traceback", "exited",
                 "respawn", "reload" }

local function says(text, words)
    for _, word in ipairs(words) do
        if text:find(word, 1, true) then
            return true
        end
    end
    return false
end

-- The service that listens there now.
local function of_listener(host, address)
    local r = host:run(address.unix and { "ss", "-H", "-lxnp" } or { "ss", "-H", "-ltnp" })
    local entries = r.ok and (address.unix and unix_socket.listeners(ss.unix_listeners(r.out), address.unix, host)
        or ss.listens(ss.listeners(r.out), address.host, address.port)) or {}
    local entry = entries[1] and (entries[1].entry or entries[1])
    local process = entry and type(entry.processes) == "table" and entry.processes[1]
    return process and service.of_process(host, process.pid) or nil
end

function M.service(host, address)
    local here = address.unix or addresses.place(host, address.host, function() return nil end) == "here"
    if not here then
        return nil
    end
    return of_listener(host, address)
        or (address.unix and service.of_socket(host, address.unix) or not address.unix and service.of_port(host, address.port)) or nil
end

local function near(failures, at)
    for _, failure in ipairs(failures) do
        if failure.at and math.abs(failure.at - at) <= SECONDS then
            return true
        end
    end
    return false
end

function M.find(host, address, failures)
    local svc = M.service(host, address)
    local r = svc and svc.kind == "systemd"
        and host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "200", "-u", svc.name })
    local likely = false
    if not r or not r.ok then
        return nil
    end
    for line in r.out:gmatch("[^\n]+") do
        local at, text = when.seconds(line:sub(1, 19)), line:sub(20):lower()
        if at and near(failures, at) then
            if says(text, SURE) then
                return { sure = true, svc = svc, line = line, shown = r:show(line) }
            end
            likely = likely or says(text, LIKELY) and { sure = false, svc = svc, line = line, shown = r:show(line) }
        end
    end
    return likely
end

return M
