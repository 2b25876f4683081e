-- hindrance.lua: what keeps a service from serving, by systemd's account and by its own last words.
--
--   hindrance.of(svc, place) -> { text = sentences, or "", lasting = true | nil, evidence = { … } }
--       svc: of service.lua; place: { port = N } or { path = "/…", held = true where somebody
--       still listens on a file of that name }, where nginx looks for it
--       lasting: starting it again meets the same, does nothing, or harms, so that is nothing to propose
--   hindrance.idle(host, units) -> sentences, or "", evidence     where no service is known to belong to an address: those
--       that should run and do not (wrong_proxy_pass.idle_services), and the only one's reason
--
-- Only where systemd minds the service; of others nothing is known here. Each reason is read, not guessed:
-- org.freedesktop.systemd1(5) for the properties, systemd.exec(5), "Process Exit Codes", for 200 to 245; systemd's
-- own lines: src/core/job.c, unit.c, service.c, execute.c.

local full_disk = require "full_disk"
local memory_kills = require "memory_kills"
local own_view = require "own_view"
local said = require "said"
local service = require "service"
local ss = require "ss"
local systemctl_show = require "systemctl_show"
local when = require "when"

local M = {}

local PROPERTIES = "Type,PIDFile,User,ExecStartPre,EnvironmentFiles,Requires,Requisite,BindsTo,Conflicts,ConflictedBy,"
    .. "ConditionResult,ConditionTimestampMonotonic,InactiveEnterTimestampMonotonic,"
    .. "ActiveEnterTimestamp,AmbientCapabilities,ProtectSystem,ReadWritePaths,RuntimeDirectory,StateDirectory,"
    .. "CacheDirectory,LogsDirectory,SubState,InactiveExitTimestamp,UnitFileState"

local YOUNG = 120 -- seconds; a large Java application takes such a time until it listens
local QUOTED = 200 -- bytes of a line of the service's own

local function number(value)
    return tonumber(value) or 0
end

-- What the checks below need: who, its properties, its journal.
local function look(svc)
    local host = svc.host
    local r = host:run({ "systemctl", "show", "--no-pager", "--property=" .. PROPERTIES, "--", svc.name })
    local journal = host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "15", "-u", svc.name })
    local words = said.read(journal.ok and journal.out or "")
    return { svc = svc, host = host, unit = svc.unit or {}, show = r.ok and systemctl_show.parse(r.out)[1] or {}, result = r,
             run = words.run, all = words.all, whole = words.whole }
end

local function shown(at, ...)
    local list = {}
    for _, name in ipairs({ ... }) do
        for line in at.result.out:gmatch("[^\n]+") do
            list[#list + 1] = line:find("^" .. name .. "=") and line or nil
        end
    end
    return { at.result:show(list) }
end

-- Stopped ---------------------------------------------------------------------------------------------

-- Those that are asked about: no target and no slice, which hold nothing back by themselves, nor a name that systemctl prints in
-- quotes or that a command line could take for an option ("-.mount", the root, which is always there).
local function is_asked(unit)
    return unit:find("^[%w:_.@\\][%w:_.@\\-]*$") and not unit:find("%.target$") and not unit:find("%.slice$")
end

-- Units of these properties that `is` says yes to -> array of parsed units, result
local function units_in(at, names, is)
    local argv = { "systemctl", "show", "--no-pager", "--property=Id,ActiveState,Result,LoadState", "--" }
    for _, name in ipairs(names) do
        for _, unit in ipairs(systemctl_show.words(at.show[name])) do
            argv[#argv + 1] = is_asked(unit) and #argv < 40 and unit or nil
        end
    end
    local r = argv[6] and at.host:run(argv)
    local found = {}
    for _, unit in ipairs(r and r.ok and systemctl_show.parse(r.out) or {}) do
        found[#found + 1] = is_asked(tostring(unit.Id)) and is(unit) and unit or nil
    end
    return found, r
end

local function runs(unit)
    return unit.ActiveState == "active" or unit.ActiveState == "activating" or unit.ActiveState == "reloading"
end

local CANNOT_START = { masked = "is masked", ["not-found"] = "is not there", ["bad-setting"] = "has a unit file that systemd cannot "
    .. "read", error = "has a unit file that systemd cannot read" }

local function is_no_help(unit)
    return unit.ActiveState == "failed" or (unit.ActiveState == "inactive" and CANNOT_START[unit.LoadState] ~= nil)
end

-- systemd.unit(5): who is started stops those that it conflicts with, whichever of the two says so.
local function conflict(at)
    local found, r = units_in(at, { "Conflicts", "ConflictedBy" }, runs)
    local other = found[1] and found[1].Id
    return other and { lasting = true, evidence = { r:show({ "Id=" .. other, "ActiveState=" .. found[1].ActiveState }) },
        text = string.format("%s runs, and the two cannot run at the same time (Conflicts=): to start %s would stop %s. Wait "
            .. "until that is done, or decide which of them should run.", other, at.svc.name, other) }
end

-- A path with ".." in it is none that a step may look at.
local function climbs(path)
    return (path .. "/"):find("/../", 1, true) ~= nil
end

-- Of "ConditionPathExists=/x", "…=!/x", "…=|/x": is the path there now, as it should be?  nil: not known.
local function met_now(host, condition)
    local negated, path = condition:match("^%a+PathExists=|?(!?)(/%S*)$")
    if not path or climbs(path) then
        return nil
    end
    local stat, why = host:stat(path)
    if not stat and why ~= "absent" then
        return nil
    end
    return (stat ~= nil) == (negated == "")
end

local UNMET = "skipped because of an unmet condition check %((.-)%)%.?$"

-- By the unit's own properties, or, where systemd has forgotten a unit that nothing refers to, by its last word about it.
local function was_skipped(at)
    local show, last = at.show, nil
    for _, entry in ipairs(at.all) do
        last = entry.systemd and entry or last
    end
    local asked = number(show.ConditionTimestampMonotonic)
    return (last and last.text:find(UNMET) ~= nil)
        or show.ConditionResult == "no" and asked > 0 and asked >= number(show.InactiveEnterTimestampMonotonic)
end

local function condition(at)
    if not was_skipped(at) then
        return nil
    end
    local what = said.by_systemd(at.all, UNMET)
    if what and met_now(at.host, what) then
        return nil
    end
    return { lasting = true, evidence = shown(at, "ConditionResult"),
        text = string.format("systemd was asked to start it and did not, since %s: to start it does nothing until it is.",
            what and "its condition " .. what .. " is not met" or "a condition of its unit is not met") }
end

local function requirement(at)
    local found, r = units_in(at, { "Requires", "Requisite", "BindsTo" }, is_no_help)
    local other = found[1]
    if not other then
        return nil
    elseif CANNOT_START[other.LoadState] then
        return { lasting = true, evidence = { r:show({ "Id=" .. other.Id, "LoadState=" .. other.LoadState }) },
            text = string.format("It requires %s, which %s: that has to be put right first.", other.Id, CANNOT_START[other.LoadState]) }
    end
    local id = other.Id
    local evidence = { r:show({ "Id=" .. id, "ActiveState=failed", "Result=" .. tostring(other.Result) }) }
    local journal = at.host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "15", "-u", id })
    local telling = journal.ok and said.telling(said.read(journal.out).run, true)
    evidence[#evidence + 1] = journal.ok and journal.out:find("%S") and journal:show(journal.out) or nil
    local is_service = id:find("%.service$") ~= nil
    return { lasting = not is_service or nil, evidence = evidence,
        text = string.format("It requires %s, which has failed (%s)%s. Mend that first%s.", id, tostring(other.Result),
            telling and string.format(": \"%s\"", telling.text:sub(1, QUOTED)) or "",
            is_service and ": to start " .. at.svc.name .. " starts " .. id .. " as well" or "") }
end

local function not_enabled(at)
    return at.show.UnitFileState == "disabled" and { evidence = shown(at, "UnitFileState"), text = string.format(
        "It is not enabled, so it does not come up with the host either: `systemctl enable %s`.", at.svc.name) } or nil
end

-- Failed ----------------------------------------------------------------------------------------------

-- systemd could not even begin the program.
local function setup(at)
    local status = number(at.unit.ExecMainStatus)
    local step, why = said.by_systemd(at.run, "Failed at step (%u+) spawning (.+)$")
    if at.unit.Result == "exit-code" and (status >= 200 and status <= 245 or step) then
        local code = said.by_systemd(at.run, "status=(%d+/%u+)$") or tostring(status)
        local of_user = status == 217 and at.show.User and ", its user is " .. at.show.User or ""
        return { lasting = true, evidence = {},
            text = string.format("systemd could not begin its program (status %s)%s%s. That has to be put right first.", code,
                why and ": " .. why:sub(1, QUOTED) or "", of_user) }
    end
    return nil
end

local function resources(at)
    if at.unit.Result ~= "resources" then
        return nil
    end
    local values, missing = at.show.EnvironmentFiles, nil
    for _, value in ipairs(type(values) == "table" and values or { values }) do
        local path = value:match("^(/%S+) %(ignore_errors=no%)")
        local _, why = nil, nil
        if path and not climbs(path) then
            _, why = at.host:stat(path)
        end
        missing = missing or (why == "absent" and path) or nil
    end
    local line = said.by_systemd(at.run, "(Failed to .-)$")
    return { lasting = true, evidence = missing and shown(at, "EnvironmentFiles") or {},
        text = missing and "Its EnvironmentFile=, " .. missing .. ", does not exist, so systemd does not start it: put the file back first."
            or "systemd lacks something to start it with" .. (line and " (" .. line:sub(1, QUOTED) .. ")" or "")
            .. ". That has to be put right first." }
end

local function before_start(at)
    local values = at.show.ExecStartPre
    for _, value in ipairs(type(values) == "table" and values or { values }) do
        local command, status = value:match("argv%[%]=(.-) ; ignore_errors=no .*code=exited ; status=(%d+)")
        if command and status ~= "0" then
            return { evidence = shown(at, "ExecStartPre"),
                text = string.format("What runs before it (ExecStartPre=), `%s`, ended with status %s, so the program itself was not "
                    .. "started.", command:sub(1, QUOTED), status) }
        end
    end
    return nil
end

local function pid_file(at)
    local path = at.show.PIDFile or ""
    local awaited = (at.unit.Result == "timeout" or at.unit.Result == "protocol") and path ~= ""
        and said.line_of(at.run, "PID file .* after start")
    return awaited and { lasting = true, evidence = shown(at, "PIDFile"),
        text = string.format("systemd waited for its PID file %s (PIDFile=), which did not come, and ended it: the program writes it "
            .. "elsewhere, or not at all. Let both name the same file.", path) } or nil
end

-- RuntimeMaxSec= (systemd.service(5)).
local function ran_out(at)
    return said.by_systemd(at.run, "(reached runtime time limit)") ~= nil
end

local RESULTS = {
    watchdog = "systemd ended it, since it did not say in time that it is alive (WatchdogSec=): it hung, or never does say so.",
    timeout = "systemd ended it, since it took longer than its unit allows.",
}

local function result(at)
    if at.unit.ExecMainStatus == "31" and (at.unit.Result == "signal" or at.unit.Result == "core-dump") then
        return { lasting = true, evidence = {}, -- SIGSYS, seccomp(2)
            text = "It was killed for a system call that it may not make (signal SYS): SystemCallFilter= of its unit forbids it." }
    end
    local text = not pid_file(at) and RESULTS[at.unit.Result]
    if ran_out(at) then
        text = "systemd ended it after the time for which its unit lets it run (RuntimeMaxSec=): started again, it ends again."
    end
    return text and { text = text, evidence = {} } or nil
end

-- Which of systemd's folders for the service may be written to, whatever ProtectSystem= says.
local FOLDERS = { RuntimeDirectory = "/run/", StateDirectory = "/var/lib/", CacheDirectory = "/var/cache/", LogsDirectory = "/var/log/" }

local function may_write(show, path)
    for _, folder in ipairs(systemctl_show.words(show.ReadWritePaths)) do
        folder = folder:gsub("^[-+]+", ""):gsub("/+$", "")
        if path:sub(1, #folder + 1) == folder .. "/" then
            return true
        end
    end
    for name, root in pairs(FOLDERS) do
        for _, folder in ipairs(systemctl_show.words(show[name])) do
            if path:sub(1, #root + #folder + 1) == root .. folder .. "/" then
                return true
            end
        end
    end
    return path:find("^/dev/") ~= nil
end

-- Does the service complain of this?  texts: plain, in lower case
local function complains(at, ...)
    local telling = said.telling(at.run)
    for _, text in ipairs(telling and { ... } or {}) do
        if telling.text:lower():find(text, 1, true) then
            return true
        end
    end
    return false
end

local function read_only(at, place)
    if place.path and complains(at, "read-only", place.path:lower()) and at.show.ProtectSystem == "strict" and not may_write(at.show, place.path) then
        local text, evidence = own_view.set_at(at.host, at.svc.name, "ProtectSystem", "strict")
        return { lasting = true, evidence = { evidence or shown(at, "ProtectSystem")[1] },
            text = string.format("It may not make its socket there: all is read-only to it (%s). Put RuntimeDirectory= into its unit "
                .. "and let it listen below /run, or name the folder in ReadWritePaths=.", text) }
    end
    return nil
end

local function low_port(at, place)
    local user = at.show.User or ""
    -- gunicorn does not say why it "can't connect", which is how it calls bind(2) (sock.py).
    if not complains(at, "permission denied", "eacces", "not permitted", "can't connect to") or not place.port or place.port >= 1024 or user == "" or user == "root" or user == "0"
        or (at.show.AmbientCapabilities or ""):find("cap_net_bind_service", 1, true) then
        return nil
    end
    local first, _, read = at.host:read("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if not first or place.port >= number(first:match("%d+")) then
        return nil
    end
    return { lasting = true, evidence = { read:show((first:match("[^\n]*"))), shown(at, "User", "AmbientCapabilities")[1] },
        text = string.format("It runs as %s, and a port below %s is only for who has the capability CAP_NET_BIND_SERVICE, which its unit "
            .. "does not give: add AmbientCapabilities=CAP_NET_BIND_SERVICE there, or let it listen on a higher port.", user,
            first:match("%d+")) }
end

-- Starting again makes no file system writable.
local LASTING = { ["disk quota exceeded"] = "Make room there first.",
                  ["read-only file system"] = "That file system has to be writable first." }

-- It had no room to write (ENOSPC): has it now?
local function room(at)
    if not complains(at, "no space left on device", "enospc") then
        return nil
    end
    local full, evidence = full_disk.find(at.host)
    if not full then
        return { lasting = true, evidence = {}, text = "Make room there first." }
    elseif #full == 0 then
        return { evidence = {}, text = "Now no local file system is full: it was, or what ran out was another thing, such as the file "
            .. "watches that the kernel allows (fs.inotify)." }
    end
    local names = {}
    for i, one in ipairs(full) do
        names[i] = one.mount .. (one.what == "inodes" and " (no inode is left)" or "")
    end
    return { lasting = true, evidence = evidence, text = string.format("Full is %s: make room there first.", table.concat(names, ", ")) }
end

local function words(at)
    local telling = said.telling(at.run, at.svc.state ~= "running")
    if not telling or ran_out(at) or at.unit.Result == "watchdog" then -- then its words are about being ended
        return nil
    end
    local found = { text = string.format("Its journal says: \"%s\".", telling.text:sub(1, QUOTED)), evidence = {} }
    for text, advice in pairs(LASTING) do
        if telling.text:lower():find(text, 1, true) then
            found.text, found.lasting = found.text .. " " .. advice, true
        end
    end
    return found
end

-- Nobody stopped it, and it did not fail.
local function ended(at)
    local over = said.by_systemd(at.run, "(Deactivated successfully)%.$") or said.by_systemd(at.run, "(Succeeded)%.$")
    if not over or not at.whole or at.svc.name:find("%.socket$") or said.by_systemd(at.run, "^(Stopping) ") then
        return nil
    end
    local last = words(at)
    return { evidence = {}, text = "It ended by itself and without an error code, so systemd takes that for meant and does not start "
        .. "it again." .. (last and " " .. last.text or "") }
end

local function looping(at)
    local times = number(at.unit.NRestarts)
    return at.svc.state == "auto-restarting" and { lasting = true, evidence = {},
        text = (times == 0 and "systemd is about to try it again" or string.format("systemd has tried it again %s already and goes on",
            times == 1 and "once" or times .. " times")) .. " by itself, so one more start mends nothing." } or nil
end

-- Running, and not there where nginx looks ---------------------------------------------------------------

local function elsewhere(at, place)
    local pid = at.svc.pid
    if not pid or pid == 0 then
        return nil
    elseif place.port then
        local seen = own_view.listens(at.host, pid, place.port)
        local text, evidence = nil, nil
        if seen then
            text, evidence = own_view.setting(at.host, at.svc.name, "network")
        end
        return seen and { lasting = true, evidence = { seen, evidence },
            text = string.format("It does listen on port %d, but in a network of its own%s, where nginx cannot get. Let it share the "
                .. "host's network, or listen on a Unix socket.", place.port, text and " (" .. text .. ")" or "") } or nil
    end
    local stat, _, read = own_view.stat(at.host, pid, place.path)
    if not stat then
        return nil
    end
    local text, evidence = own_view.setting(at.host, at.svc.name, "files", place.path)
    return { lasting = true, evidence = { read:show(read.out), evidence },
        text = string.format("For itself the file is there, but it has a view of the files of its own%s, which nginx does not share. "
            .. "Put RuntimeDirectory= into its unit, let it listen below /run, and point nginx there.",
            text and " (" .. text .. ")" or "") }
end

local function seconds_since(at, name)
    local since = when.seconds(tostring(at.show[name]):match("%d+%-%d+%-%d+ %d+:%d+:%d+"))
    local now = since and when.now(at.host)
    return now and now >= since and now - since or nil
end

-- On its way up: for how long, and what is it at?
local function on_its_way(at)
    local seconds, before = seconds_since(at, "InactiveExitTimestamp"), at.show.ExecStartPre
    before = type(before) == "table" and before[1] or before
    local command = at.show.SubState == "start-pre" and tostring(before):match("argv%[%]=(.-) ; ignore_errors=")
    return { lasting = true, evidence = shown(at, "SubState", "InactiveExitTimestamp"),
        text = string.format("Its start began %s ago and is not over%s. To start it once more would only begin anew.",
            seconds and when.duration(seconds) or "some time", command
            and string.format(": what runs before it (ExecStartPre=), `%s`, has not ended", command:sub(1, QUOTED)) or "") }
end

-- Services of these types run, for systemd, before they are ready (systemd.service(5), Type=).
local UNREADY = { simple = true, exec = true, idle = true }

local function young(at, place)
    local seconds = seconds_since(at, "ActiveEnterTimestamp")
    if place.held or not UNREADY[at.show.Type] or not seconds or seconds > YOUNG then
        return nil
    end
    return { lasting = true, evidence = shown(at, "ActiveEnterTimestamp"),
        text = string.format("It was started %s ago and may still be on its way: give it the time that it takes, and ask again; to "
            .. "start it once more would only begin anew.", when.duration(seconds)) }
end

local function memory(at)
    local text, kernel = memory_kills.explain(at.svc)
    return text and { text = text, evidence = { kernel } } or nil
end

local CHECKS = {
    stopped = { conflict, condition, requirement, ended, not_enabled },
    crashed = { memory, conflict, setup, resources, before_start, pid_file, result, read_only, low_port, words, room },
    running = { elsewhere, words, young },
    starting = { on_its_way, words },
}
CHECKS["oom-killed"] = { memory, looping }
CHECKS["auto-restarting"] = { memory, setup, resources, before_start, pid_file, result, read_only, low_port, words, room, looping }
CHECKS["failed-start-limit"] = CHECKS.crashed

function M.of(svc, place)
    local found = { evidence = {} }
    local checks = svc.kind == "systemd" and CHECKS[svc.state] or {}
    local at, texts = checks[1] and look(svc), {}
    for _, check in ipairs(checks) do
        local one = check(at, place)
        if one then
            texts[#texts + 1] = one.text
            found.lasting = found.lasting or one.lasting
            for _, item in pairs(one.evidence) do
                found.evidence[#found.evidence + 1] = item
            end
        end
    end
    found.text = table.concat(texts, " ")
    return found
end

function M.idle(host, units)
    if #units ~= 1 then
        return #units > 0 and " These services should run and do not: " .. table.concat(units, ", ") .. "." or "", {}
    end
    local svc = service.named(host, (units[1]:gsub("%.service$", "")))
    local found = M.of(svc, {})
    local evidence = {}
    for _, list in ipairs({ svc.evidence, { service.last_words(svc) }, found.evidence }) do
        table.move(list, 1, #list, #evidence + 1, evidence)
    end
    return string.format(" One service should run and does not: %s%s", service.describe(svc),
        found.text ~= "" and ". " .. found.text or "."), evidence
end

return M
