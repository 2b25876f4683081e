-- memory_kills.lua: has the kernel ended a process of a service, since memory ran out?
--
--   memory_kills.find(host, svc [, fits]) -> kill | nil  the newest one that the kernel's journal still has, and that
--       fits(local seconds)
--       kill.name, .pid = the process; .bytes = what it had in use (anonymous memory) | nil
--       kill.at = when, in local seconds (when.lua); .clock = as it is written
--       kill.limit = "/system.slice/shop.service", the control group whose limit it was | nil: the whole host's memory
--       kill.result = the journal that was read, .line = its line; .shown = the evidence
--   memory_kills.near(host, svc, at) -> kill | nil  … if it was at that moment (local seconds)
--   memory_kills.explain(svc) -> text, evidence | nil   why a service that is down was ended, and what to do, as sentences
--   memory_kills.told(kill) -> text                 who was ended, when, how large: a sentence part
--   memory_kills.advice(svc, kill) -> text          sentences about the limit
--
-- Words (mm/oom_kill.c, mm/memcontrol.c):
--   oom-kill:constraint=…,oom_memcg=GROUP,task_memcg=GROUP,task=NAME,pid=N,uid=N        since Linux 5.0
--   Task in GROUP killed as a result of limit of GROUP                                   before
--   Out of memory: Killed process N (NAME) total-vm:…kB, anon-rss:…kB, …                 "Memory cgroup out …" of a limit;
--       before Linux 5.3 two lines: "Out of memory: Kill process N (NAME) score …", "Killed process N (NAME) …"
-- A process chooses its own name, so the line is read from its beginning and the group decides.  systemd knows by itself
-- only where control groups are version 2 (Result=oom-kill).

local said = require "said"
local when = require "when"

local M = {}

local SECONDS = 3 -- between the kernel's line and systemd's

-- The service's own control group, or one within it: "/system.slice/shop.service/worker".  What is above is not looked
-- at: a container's kernel messages have the container's own group there.
local function belongs(group, svc)
    local place = "/" .. (svc.unit and svc.unit.Slice or "system.slice") .. "/" .. svc.name:gsub("%.service$", "") .. ".service"
    local _, to = group:find(place, 1, true)
    return to ~= nil and (to == #group or group:sub(to + 1, to + 1) == "/")
end

-- The kill that a line of the kernel's ends, with what those before it said.
local function finish(context, text, pid, whose)
    local kilobytes = text:match(" anon%-rss:(%d+)kB")
    local kill = { pid = pid, name = (text:match("process %d+ (%b())") or ""):sub(2, -2), bytes = kilobytes and tonumber(kilobytes) * 1024 }
    if context.group and (context.pid == nil or context.pid == pid) then
        kill.group, kill.limit = context.group, whose ~= "" and context.limit or nil
    end
    context.group, context.limit, context.pid, context.whose = nil, nil, nil, nil
    return kill
end

local function read_line(text, context)
    local limit, task, pid = text:match("^oom%-kill:.-,oom_memcg=([^,]*),task_memcg=([^,]*),.*,pid=(%d+),uid=%d+$")
    if not task then
        task, pid = text:match("^oom%-kill:.-,task_memcg=([^,]*),.*,pid=(%d+),uid=%d+$")
    end
    if task then
        context.group, context.limit, context.pid = task, limit, tonumber(pid)
        return nil
    end
    task, limit = text:match("^Task in (/%S*) killed as a result of limit of (/%S*)$")
    if task then
        context.group, context.limit, context.pid = task, limit, nil
        return nil
    end
    local whose = text:match("^(.-)[Oo]ut of memory: Kill")
    if whose and whose ~= "" and whose ~= "Memory cgroup " then
        return nil
    elseif text:find("^%D*: Kill process %d") then
        context.whose = whose
        return nil
    end
    pid = text:match(whose and "^%D+: Killed process (%d+) " or "^Killed process (%d+) ")
    return pid and finish(context, text, tonumber(pid), whose or context.whose) or nil
end

-- By its group; by the main process's number only where the kernel names no group.
local function is_of(kill, svc)
    if kill.group then
        return belongs(kill.group, svc)
    end
    local main = svc.unit and tonumber(svc.unit.ExecMainPID)
    return main ~= nil and main ~= 0 and main == kill.pid
end

local function parse(text)
    local context, list = {}, {}
    for line in text:gmatch("[^\n]+") do
        local clock, words = line:match("^(%S+) %S+ kernel: (.*)$")
        local kill = words and read_line(words, context)
        if kill then
            kill.clock, kill.at, kill.line = clock, when.seconds(clock:sub(1, 19)), line
            list[#list + 1] = kill
        end
    end
    return list
end

function M.find(host, svc, fits)
    local r = svc.kind == "systemd" and host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "1000", "-k" })
    local newest
    for _, kill in ipairs(r and r.ok and parse(r.out) or {}) do
        if kill.at and is_of(kill, svc) and (not fits or fits(kill.at)) then
            newest = kill
        end
    end
    if newest then
        newest.result, newest.shown = r, r:show(newest.line)
    end
    return newest
end

function M.near(host, svc, at)
    return M.find(host, svc, function(time)
        return math.abs(time - at) <= SECONDS
    end)
end

-- Did the service end at that moment?  Its own journal tells, or systemd, which then names no other end.
local function ended_then(svc, kill)
    if svc.state == "oom-killed" then
        return true
    end
    local r = svc.host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "15", "-u", svc.name })
    for _, entry in ipairs(said.read(r.ok and r.out or "").all) do
        local at = entry.systemd and entry.text:find(": Main process exited, ", 1, true) and when.seconds(entry.line:sub(1, 19))
        if at and math.abs(at - kill.at) <= SECONDS then
            return true
        end
    end
    return false
end

local function mebibytes(bytes)
    return string.format("%d MiB", (bytes + 1048575) // 1048576)
end

local function limit_of(svc)
    local bytes = svc.unit and tonumber(svc.unit.MemoryMax)
    return bytes and bytes < 2 ^ 60 and bytes or nil -- "infinity", or version 1's largest number
end

function M.advice(svc, kill)
    local own = limit_of(svc)
    if kill and kill.limit and not belongs(kill.limit, svc) then
        return "The limit is the one of the control group " .. kill.limit .. ", which " .. svc.name .. " shares with others."
    elseif own and (not kill or kill.limit) then
        return string.format("%s may use no more than %s (MemoryMax=): raise that if the host has room, or find what takes so much.",
            svc.name, mebibytes(own))
    end
    return "The host had no memory left: look at what uses it (`ps aux --sort -rss`), and give the greedy one a limit or the "
        .. "host more memory."
end

function M.told(kill)
    return string.format("the kernel ended its process %d (%s) for want of memory at %s%s", kill.pid, kill.name,
        kill.clock:match("T(%d%d:%d%d:%d%d)") or kill.clock,
        kill.bytes and ", when that used " .. mebibytes(kill.bytes) or "")
end

function M.explain(svc)
    if svc.kind ~= "systemd" or svc.state == "stopped" or svc.state == "running" then
        return nil
    end
    local kill = M.find(svc.host, svc)
    if kill and not ended_then(svc, kill) then
        kill = nil
    end
    if not kill and svc.state ~= "oom-killed" then
        return nil
    end
    return (kill and M.told(kill):gsub("^the", "The") .. ". " or "") .. M.advice(svc, kill)
        .. " Until then it may be ended again.", kill and kill.shown
end

return M
