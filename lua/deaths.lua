-- deaths.lua: did the backend's process end while nginx waited for it?  What its service said at that moment.
--
--   deaths.find(host, address, failures) -> { sure =, svc =, line =, said =, by =, reason =, shown = evidence, more = evidence } |
--       false: nothing of the kind | nil: it is not known who could have said it
--       failures: of nginx's log; sure: the words are of a process that ended, not just of one that may have; by: who said it, if
--       it is not the service; reason: what ended it and what is to be done, as a sentence part, where that is known
--   deaths.service(host, address) -> svc | nil       the service behind an upstream's address on this host
--
-- Words: systemd (src/core/service.c), gunicorn (arbiter.py), uWSGI (core/master_utils.c), the kernel.

local addresses = require "addresses"
local listening = require "listening"
local memory_kills = require "memory_kills"
local service = require "service"
local when = require "when"

local M = {}

local SECONDS = 2 -- both logs have whole seconds, and a supervisor looks once a second

local SURE = { "main process exited", "was sent sigkill", "was sent sigsegv", "segfault",
               "core dumped", "out of memory", "damn ! worker", "oom-kill", "due to signal", "oom killer" }
-- A restart or a reload ends connections, too.
local LIKELY = { "booting worker", "worker exiting", "started ", "starting ", "stopp", "restart", "shutting down", "killed", "traceback", "exited",
                 "respawn", "reload" }

-- Of these, what is to be done is known.
local REASONS = {
    { "worker timeout", "gunicorn ends a worker that is at work for longer than its --timeout (30 s unless it is set): let that "
        .. "page take less time, or raise --timeout (and proxy_read_timeout in nginx above it)" },
    { "harakiri on worker", "uWSGI ends a worker that is at work for longer than harakiri allows: let that page take less time, or "
        .. "raise harakiri (and uwsgi_read_timeout in nginx above it)" },
}
local MERCY = 5 -- seconds that pass between such a word and the end

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
    local pid = listening.pids(listening.at(host, address) or {})[1]
    return pid and (service.of_pid(host, pid)) or nil
end

function M.service(host, address)
    local here = address.unix or addresses.place(host, address.host, function() return nil end) == "here"
    if not here then
        return nil
    end
    return of_listener(host, address)
        or (address.unix and service.of_socket(host, address.unix) or not address.unix and service.of_port(host, address.port)) or nil
end

-- early: it may be said by so many seconds before nginx notices.
local function near(failures, at, early)
    for _, failure in ipairs(failures) do
        if failure.at and at - failure.at <= SECONDS and failure.at - at <= SECONDS + early then
            return true
        end
    end
    return false
end

local function reason_of(text)
    for _, item in ipairs(REASONS) do
        if text:find(item[1], 1, true) then
            return item[2]
        end
    end
    return nil
end

-- The kernel's own word, where it ended a process of the service for want of memory at that moment; the service, whose
-- line `best` is, may have said only that it was killed, or nothing.
local function by_memory(host, svc, failures, best)
    local kill = memory_kills.find(host, svc, function(at)
        return near(failures, at, 0)
    end)
    if not kill then
        return best
    end
    best = best or { svc = svc, line = kill.line, shown = kill.shown, by = "the kernel", said = kill.line:gsub("^%S+%s+%S+%s+", ""):sub(1, 160) }
    best.more = best.line ~= kill.line and kill.shown or nil
    best.sure, best.reason = true, memory_kills.told(kill) .. ". " .. memory_kills.advice(svc, kill):gsub("%.$", "")
    return best
end

function M.find(host, address, failures)
    local svc = M.service(host, address)
    local r = svc and svc.kind == "systemd"
        and host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "200", "-u", svc.name })
    local best = false
    if not r or not r.ok then
        return nil
    end
    for line in r.out:gmatch("[^\n]+") do
        local at, text = when.seconds(line:sub(1, 19)), line:sub(20):lower()
        local reason = at and reason_of(text)
        if at and (near(failures, at, 0) or (reason and near(failures, at, MERCY))) then
            local sure = reason ~= nil or says(text, SURE)
            local better = not best or (reason and not best.reason) or (sure and not best.sure)
            if better and (sure or says(text, LIKELY)) then
                best = { sure = sure, reason = reason, svc = svc, line = line, shown = r:show(line),
                         said = line:gsub("^%S+%s+%S+%s+", ""):sub(1, 160) }
            end
        end
    end
    return best and best.reason and best or by_memory(host, svc, failures, best)
end

return M
