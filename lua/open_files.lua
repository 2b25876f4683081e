-- open_files.lua: a backend that may open no more files (EMFILE): by its journal, its limit and what it has open.
--
--   open_files.find(host, address, seconds) -> full | nil
--       full: { service, pid, soft, open, times, said, evidence, leak = sentence | nil, incoming = connections | nil }
--       Only where its journal says so within the last seconds, and a process of it has nine tenths of its limit open:
--       a journal's line alone may be a client's words.
--   open_files.limit(host, full) -> limit | nil, reason       where the limit is set: { where=, shown=, edit(n) }
--   open_files.fix(full, limit, verify) -> fix | nil, reason
--
-- Source: accept(2) and open(2) (EMFILE), getrlimit(2), systemd.exec(5) (LimitNOFILE=, soft and hard).

local journal = require "journal"
local listening = require "listening"
local service = require "service"
local unit_file = require "unit_file"
local upstream = require "upstream"
local when = require "when"

local M = {}

local MOST_PROCESSES = 16
local LISTING = 4 * 1024 * 1024
local DEFAULT = 1024    -- systemd's own soft limit
local HIGHEST = 524288  -- … and its hard one

-- EMFILE, this process's own limit; not ENFILE (the whole system's), and not inotify's, which has the same text.
local function is_emfile(message)
    return (message:find("Too many open files", 1, true) or message:find("EMFILE", 1, true))
        and not message:find("Too many open files in system", 1, true) and not message:find("ENFILE", 1, true)
        and not message:find("inotify", 1, true)
end

-- What its journal says of it -> times, the last line as evidence
local function complaints(host, svc, seconds)
    local _, now = when.now(host)
    local r = host:run({ "journalctl", "--no-pager", "-o", "json", "-n", "300", "-u", svc.name }, { fresh = true, limit = 1024 * 1024 })
    local times, shown = 0, nil
    for line in (r.ok and now and r.out or ""):gmatch("[^\n]+") do
        local entry = line:find("open files", 1, true) or line:find("EMFILE", 1, true)
        entry = entry and journal.parse(line)[1]
        local at = entry and type(entry.time) == "string" and when.seconds(entry.time)
        if at and at >= now - seconds and type(entry.message) == "string" and is_emfile(entry.message) then
            times, shown = times + 1, line
        end
    end
    return times, shown and r:show(shown)
end

-- The process that is nearest to its limit.
local function fullest(host, pids, full)
    local share = 0
    for i = 1, math.min(#pids, MOST_PROCESSES) do
        local pid = pids[i]
        local text, _, r = host:read("/proc/" .. pid .. "/limits")
        local line = text and text:match("Max open files[^\n]*")
        local soft = line and tonumber(line:match("^Max open files%s+(%d+)"))
        local names = soft and host:list("/proc/" .. pid .. "/fd")
        if names and soft > 0 and #names / soft > share then
            share = #names / soft
            full.pid, full.soft, full.open, full.limits = pid, soft, #names, r:show(line)
        end
    end
    return share
end

-- What it has open: the same file many times, or connections that it does not close, are a leak, which no limit ends.
local function look_for_leak(host, full, port)
    local r = host:run({ "ls", "-la", "--", "/proc/" .. full.pid .. "/fd" }, { limit = LISTING, fresh = true })
    local many = math.max(8, full.open // 4)
    local counts, worst = {}, nil
    for target in (r.ok and r.out or ""):gmatch(" %d+ %-> ([^\n]+)") do
        local name = target:find(" %(deleted%)$") and "files that were deleted" or target:sub(1, 1) == "/" and target
        if name and name ~= "/dev/null" then
            counts[name] = (counts[name] or 0) + 1
            worst = (not worst or counts[name] > counts[worst]) and name or worst
        end
    end
    if not r.ok then
        full.leak = "What it has open could not be read."
    elseif worst and counts[worst] >= many then
        full.evidence[#full.evidence + 1] = r:show(r.out:match("[^\n]* %-> [^\n]*" .. (worst:find("^/")
            and worst:gsub("%W", "%%%0") or "%(deleted%)") .. "[^\n]*") or "")
        full.leak = string.format("%d of them are %s: it does not close them.", counts[worst], worst)
    end
    local t = host:run({ "ss", "-H", "-tanp" }, { limit = LISTING, fresh = true, timeout = 20 })
    local waiting, incoming, peers, most = 0, 0, {}, nil
    for line in (t.ok and t.out or ""):gmatch("[^\n]+") do
        local state, mine, peer = line:match("^(%S+)%s+%d+%s+%d+%s+%S+:(%d+)%s+(%S+)")
        if state and state ~= "LISTEN" and line:find("pid=" .. full.pid .. ",", 1, true) then
            if state == "CLOSE-WAIT" then
                waiting = waiting + 1
                full.close_wait = line
            elseif port and tonumber(mine) == port then
                incoming = incoming + 1
            else
                peers[peer] = (peers[peer] or 0) + 1
                most = (not most or peers[peer] > peers[most]) and peer or most
            end
        end
    end
    full.incoming = incoming
    if waiting >= many then
        full.evidence[#full.evidence + 1] = t:show(full.close_wait)
        full.leak = string.format("%d of them are connections that the other side has ended and that it does not close "
            .. "(CLOSE-WAIT).", waiting)
    elseif most and peers[most] >= math.max(8, full.open // 2) then
        full.leak = string.format("%d of them are connections of its own to %s, which it may never give back.", peers[most], most)
    end
end

local function look(host, address, seconds)
    local pids = listening.pids(listening.at(host, address) or {})
    local svc, belongs = nil, nil
    if pids[1] then
        svc, belongs = service.of_pid(host, pids[1])
    end
    if not svc then
        return nil
    end
    local times, said = complaints(host, svc, seconds)
    local full = { service = svc.name, svc = svc, times = times }
    if times == 0 or fullest(host, pids, full) < 0.9 then
        return nil
    end
    full.evidence = { said, full.limits, belongs }
    look_for_leak(host, full, address.port)
    return full
end

-- Once for all playbooks: the limit explains what some of them see.
function M.find(host, address, seconds)
    return host:memo("open files of " .. upstream.key(address), function()
        return { full = look(host, address, seconds) }
    end).full
end

-- Where it is set ---------------------------------------------------------------------------------------

local function read_limit(value)
    local soft, hard = value:match("^(%d+):(%d+)$")
    soft = soft or value:match("^%d+$")
    return tonumber(soft), tonumber(hard)
end

-- Where no file of the administrator's own sets it, a drop-in does; a person's words for one where that is not certain.
local function drop_in(host, full, loaded, value)
    local edits, reason = unit_file.drop_in(host, loaded, "open-files.conf", "Service", "LimitNOFILE", value)
    if not edits then
        return nil, reason .. ": set it by " .. unit_file.advice(full.service, { "[Service]", "LimitNOFILE=" .. value })
    end
    return edits
end

function M.limit(host, full)
    local loaded, why = unit_file.load(host, full.service .. ".service")
    if not loaded then
        return nil, why
    elseif loaded.show.NeedDaemonReload == "yes" then
        return nil, "the files of " .. full.service .. " were changed since systemd read them (systemctl daemon-reload)"
    end
    for _, file in ipairs(loaded.files) do
        if #file.unit.problems > 0 then
            return nil, string.format("%s:%d: %s", file.path, file.unit.problems[1].line, file.unit.problems[1].message)
        end
    end
    local entries = unit_file.all(loaded, "Service", "LimitNOFILE")
    local entry = entries[#entries]
    if tonumber(loaded.show.LimitNOFILESoft) ~= full.soft then
        return nil, string.format("systemd gives it %s, so it has set %d for itself", tostring(loaded.show.LimitNOFILESoft), full.soft)
    elseif not entry then
        return { where = "systemd's default, its unit sets no LimitNOFILE=", shown = loaded.shown,
                 edit = function(n) return drop_in(host, full, loaded, n) end }
    end
    local soft, hard = read_limit(entry.value)
    if soft ~= full.soft then
        return nil, unit_file.place(entry) .. " says " .. entry.value .. ", which is not what it has"
    end
    return { where = "LimitNOFILE=" .. entry.value .. ", " .. unit_file.place(entry), shown = unit_file.shown(entry),
        edit = function(n)
            local value = hard and n .. ":" .. math.max(hard, n) or tostring(n)
            if not unit_file.editable(host, entry.file.path) then
                return drop_in(host, full, loaded, value)
            end
            local content, reason = unit_file.set_value(entry.file.text, entry, value)
            if not content then
                return nil, reason
            end
            return { { path = entry.file.path, base = entry.file.read, content = content } }
        end }
end

-- Certain is the need for more only where it has less than every service by default, or where its clients'
-- connections are what takes them up.  -> why | nil
local function certain(full)
    return full.soft < DEFAULT and string.format("A service may open %d files by default.", DEFAULT)
        or (full.incoming or 0) >= full.open // 2 and "Its clients' connections are what takes them up." or nil
end

function M.fix(full, limit, verify)
    local n = math.min(HIGHEST, math.max(DEFAULT, 4 * full.soft, full.least or 0))
    if full.leak then
        return nil, full.leak .. " A higher limit would only be reached later; restarting it helps for a while"
    elseif n <= full.soft then
        return nil, "it may open very many already"
    end
    local edits, reason = limit.edit(n)
    if not edits then
        return nil, reason
    end
    return {
        id = "raise-limit-nofile", title = string.format("Let %s open %d files", full.service, n), risk = "medium",
        recommended = certain(full) ~= nil, edits = edits, verify = verify,
        why = (certain(full) or "What takes them up is not certain, so look first.") .. " An open file costs about a kilobyte of "
            .. "the kernel's memory. If the number grows without end with the new limit, too, the application does not close "
            .. "what it opens. Requests that are under way are ended by the restart.",
        commands = { { argv = { "systemctl", "daemon-reload" }, note = "systemd reads the unit's files again" },
                     { argv = { "systemctl", "restart", full.service }, note = "it starts with the new limit" } },
    }
end

return M
