-- said.lua: what a service and systemd said about its last run, from `journalctl -o short-iso -u UNIT`.
--
--   said.read(text) -> { run = { entry, … }, all = { entry, … }, whole = true | nil }     run: since systemd last began to
--       start it; whole: that beginning is among what was read
--       entry: { by = name of who said it, systemd = true where it was systemd itself, text =, line = the whole line }
--   said.telling(run [, any]) -> entry | nil     the service's own line that most likely tells why it ended; any: if none
--                                                complains, the last one that is not a mere notice
--   said.by_systemd(entries, pattern) -> captures… of systemd's newest line that matches | nil
--   said.line_of(entries, pattern) -> that whole line | nil
--
-- journald takes the process id from the kernel, so only systemd can say something as systemd[1] (sd-journal's _PID).
-- Between fork and exec it speaks as "(program)[pid]" (systemd src/core/execute.c). A service's line is quoted, never
-- acted upon but for the system's own words for an error (strerror(3)).

local M = {}

local function entry_of(line)
    local by, pid, text = line:match("^%S+%s+%S+%s+([^%[%]]-)%[(%d+)%]: (.*)$")
    if not by then
        return nil
    end
    return { by = by, text = text, line = line, systemd = by == "systemd" and pid == "1" or by:find("^%(.*%)$") ~= nil }
end

local function begins(entry)
    return entry.by == "systemd" and entry.systemd and (entry.text:find("^Starting ") or entry.text:find("^Started ")) ~= nil
end

-- systemd's last words about a run (src/core/service.c, unit.c, job.c).
local ENDS = { "^Failed to start ", "^Stopped ", ": Deactivated successfully%.$", ": Succeeded%.$", ": Failed with result '" }

-- What a service said before systemd's word of its start was written, since the two come to journald by ways of their own:
-- all behind the end of the run before, as far as that is seen.
local function said_early(run)
    local last = #run
    while last > 0 and not run[last].systemd do
        last = last - 1
    end
    local ended = false
    for _, pattern in ipairs(last > 0 and ENDS or {}) do
        ended = ended or run[last].text:find(pattern) ~= nil
    end
    return ended and table.move(run, last + 1, #run, 1, {}) or {}
end

function M.read(text)
    local all, run, before, whole = {}, {}, false, nil
    for line in text:gmatch("[^\n]+") do
        local entry = entry_of(line)
        all[#all + 1] = entry
        -- "Started" ends what "Starting" began, where the type of the service lets systemd say both.
        if entry and begins(entry) then
            run = (before and entry.text:find("^Started ")) and run or said_early(run)
            before, whole = entry.text:find("^Starting ") ~= nil, true
        end
        run[#run + 1] = entry
    end
    return { all = all, run = run, whole = whole }
end

-- The system's words for what made a call fail: who prints them says why.
local REASONS = { "no space left on device", "disk quota exceeded", "read-only file system", "permission denied",
    "operation not permitted", "address already in use", "eaddrinuse", "cannot assign requested address", "no such file or directory",
    "cannot allocate memory", "resource temporarily unavailable", "too many open files", "authentication failed",
    "access denied", "connection refused", "name or service not known", "no module named", "cannot find module", "syntaxerror",
    "unknown entry", "not found" }
local COMPLAINTS = { "error", "fatal", "exception", "panic", "traceback", "fail", "critical", "emerg" }
-- They announce or repeat what another line tells.
local CHATTER = { "retrying in", "initialization failed", "traceback %(most recent", "^%s+file \"", "^%s+at ",
    "may have more information" }
local NOTICES = { "%f[%a]info%f[%A]", "%f[%a]notice%f[%A]", "%f[%a]debug%f[%A]" }

local function has(text, patterns, plain)
    for _, pattern in ipairs(patterns) do
        if text:find(pattern, 1, plain) then
            return true
        end
    end
    return false
end

local function rank_of(entry)
    local text = entry.text:lower()
    if entry.systemd or has(text, CHATTER) then
        return 0
    end
    return has(text, REASONS, true) and 3 or has(text, COMPLAINTS) and 2 or has(text, NOTICES) and 0 or 1
end

function M.telling(run, any)
    local best, rank = nil, any and 1 or 2
    for _, entry in ipairs(run) do
        local own = rank_of(entry)
        if own >= rank then
            best, rank = entry, own
        end
    end
    return best
end

function M.line_of(entries, pattern)
    for i = #entries, 1, -1 do
        if entries[i].systemd and entries[i].text:find(pattern) then
            return entries[i].line
        end
    end
    return nil
end

function M.by_systemd(entries, pattern)
    for i = #entries, 1, -1 do
        if entries[i].systemd and entries[i].text:find(pattern) then
            return entries[i].text:match(pattern)
        end
    end
    return nil
end

return M
