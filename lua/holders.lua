-- holders.lua: who holds the address of a backend that answers wrongly or not at all: is it whom it should be, is it
-- one alone, and is it at work?
--
--   holders.look(host, address) -> { text = sentences, evidence = { … } } | nil     nil: nothing is strange about them
--       address: of upstream.parse, of this host
--
-- Facts: a socket is held by whoever inherited it (fork(2)), so a helper can keep a port that its service cannot take any
-- more; with SO_REUSEPORT the kernel deals connections out among all who listen (socket(7)); for a stopped process it goes
-- on taking them (listen(2)). State T is stopped, t is traced (proc(5), /proc/PID/status).

local listening = require "listening"
local said = require "said"
local service = require "service"

local M = {}

local MANY = 16 -- processes that are looked at

-- How programs say that they could not take an address: strerror(3), Node.js, gunicorn (sock.py).
local IN_USE = { "address already in use", "eaddrinuse", "connection in use" }

-- Each process once -> array of { pid, name, svc = systemd's service that it runs in | nil, shown, socket, address = of ss }
local function processes_of(host, entries)
    local list, seen = {}, {}
    for i, entry in ipairs(entries) do
        for _, process in ipairs(type(entry.processes) == "table" and entry.processes or {}) do
            if not seen[process.pid] and #list < MANY then
                seen[process.pid] = true
                local svc, shown = service.of_pid(host, process.pid)
                list[#list + 1] = { pid = process.pid, name = process.name, svc = svc, shown = shown, socket = i,
                                    address = entry.address }
            end
        end
    end
    return list
end

local function called(process)
    return string.format("%s (process %d%s)", process.name, process.pid,
        process.svc and " of " .. process.svc.name or ", which no service started")
end

-- All of them stopped: then nobody is there to answer.
local function stopped(host, list)
    local evidence, first = {}, nil
    for _, process in ipairs(list) do
        local text, _, read = host:read("/proc/" .. process.pid .. "/status")
        local line = text and text:match("State:[^\n]*")
        if not line or not line:find("^State:%s+[Tt] ") then
            return nil
        end
        first = first or { process = process, traced = line:find("^State:%s+t ") ~= nil }
        evidence[#evidence + 1] = #evidence < 3 and read:show(line) or nil
    end
    if not first then
        return nil
    end
    local svc = first.process.svc
    return { evidence = evidence, text = string.format("%s is %s, so the kernel takes connections for it and nobody answers "
        .. "them. %s", called(first.process), first.traced and "held by a debugger (state t)" or "stopped by a signal (state T)",
        first.traced and "Let the debugger go." or string.format("Find out who did that; `%s` lets it go on.",
            svc and "systemctl kill --signal=CONT " .. svc.name or "kill -CONT " .. first.process.pid)) }
end

local function said_in_use(svc)
    local r = svc.host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "15", "-u", svc.name })
    for _, entry in ipairs(r.ok and said.read(r.out).run or {}) do
        for _, text in ipairs(IN_USE) do
            if not entry.systemd and entry.text:lower():find(text, 1, true) then
                return r:show(entry.line)
            end
        end
    end
    return nil
end

-- The service whose address it is could not take it, since somebody else holds it.
local function usurped(host, address, list)
    local svc = address.unix and service.of_socket(host, address.unix) or not address.unix and service.of_port(host, address.port)
    if not svc or svc.kind ~= "systemd" or svc.state == "running" or not list[1] then
        return nil
    end
    local holder, words = list[1], said_in_use(svc)
    local own = holder.svc and holder.svc.name == svc.name
    if not words and not (own and service.is_down(svc)) then
        return nil
    end
    local evidence = table.move(svc.evidence, 1, #svc.evidence, 1, {})
    evidence[#evidence + 1] = words
    evidence[#evidence + 1] = holder.shown
    return { evidence = evidence, text = string.format("It is not %s that listens there: %s (%s). %s holds the address. End that "
        .. "process, if nobody needs it, and start %s.", svc.name, service.describe(svc), words and "the address was in use" or svc.how,
        own and string.format("%s (process %d), which it left behind,", holder.name, holder.pid) or called(holder), svc.name) }
end

-- Sockets of the very same address whose processes do not belong together; of "*" and "127.0.0.1" only the closer one counts.
local function side_by_side(list)
    local first = list[1]
    for _, process in ipairs(list) do
        local name, other = process.svc and process.svc.name, first.svc and first.svc.name
        if process.socket ~= first.socket and process.address == first.address and name ~= other then
            return { evidence = { first.shown, process.shown }, text = string.format("Two listen there side by side, %s and %s, and "
                .. "the kernel deals the connections out between them (SO_REUSEPORT): so one request may be well and the next "
                .. "not. End the one that should not be there.", called(first), called(process)) }
        end
    end
    return nil
end

-- ss's own lines about the first and the last of them.
local function shown_by(result, list)
    local lines = {}
    for line in result.out:gmatch("[^\n]+") do
        if line:find("pid=" .. list[1].pid .. ",", 1, true) or line:find("pid=" .. list[#list].pid .. ",", 1, true) then
            lines[#lines + 1] = #lines < 4 and line or nil
        end
    end
    return result:show(lines)
end

function M.look(host, address)
    local entries, result = listening.at(host, address)
    local list = entries and processes_of(host, entries) or {}
    local found = #list > 0 and (usurped(host, address, list) or side_by_side(list) or stopped(host, list)) or nil
    if not found then
        return nil
    end
    local evidence = { shown_by(result, list) }
    for _, item in pairs(found.evidence) do
        evidence[#evidence + 1] = item
    end
    return { text = found.text, evidence = evidence }
end

return M
