-- systemctl_show.lua: reads `systemctl show --property=… -- UNIT…`.
--
--   M.parse(text)  -> array of units, in order; a unit is a table of name -> string, or array of
--                     strings where systemd repeats the name (ExecStart, Environment, …)
--   M.state(unit)  -> state, detail
--   M.words(value) -> array of words of a blank-separated value
--
-- state is one of
--   "running", "starting", "auto-restarting" (it dies and systemd starts it again; NRestarts tells an attempt of
--   systemd's from a start by hand), "reloading",
--   "stopping", "stopped" (on purpose or never started), "crashed" (exit code, signal, core dump,
--   watchdog, time-out), "oom-killed", "failed-start-limit", "masked", "absent" (no such unit),
--   "bad-unit" (its file cannot be read), "unknown" (too little was asked for).
-- detail is systemd's own word for why (Result, LoadState or SubState).
-- Units are separated by blank lines. A value is all after the first `=`, and `show` prints a line
-- feed inside a value as it is, so a line without `NAME=` continues the value before it.
-- Source: systemctl(1), org.freedesktop.systemd1(5), systemd src/systemctl/systemctl-show.c.
local json = require "json"

local M = {}

local function add(unit, name, value)
    local before = unit[name]
    if before == nil then
        unit[name] = value
    elseif type(before) == "table" then
        before[#before + 1] = value
    else
        unit[name] = json.array({before, value})
    end
end

local function continue(unit, name, line)
    local value = unit[name]
    if type(value) == "table" then
        value[#value] = value[#value] .. "\n" .. line
    elseif value then
        unit[name] = value .. "\n" .. line
    end
end

function M.parse(text)
    local units, unit, last = json.array({}), nil, nil
    for line in (text .. "\n"):gmatch("([^\n]*)\n") do
        if line:byte(-1) == 13 then
            line = line:sub(1, -2)
        end
        local name, value = line:match("^([%a][%w_]*)=(.*)$")
        if line == "" then
            unit, last = nil, nil
        elseif name then
            if not unit then
                unit = {}
                units[#units + 1] = unit
            end
            add(unit, name, value)
            last = name
        elseif unit and last then
            continue(unit, last, line)
        end
    end
    return units
end

function M.words(value)
    local list = json.array({})
    for word in (value or ""):gmatch("%S+") do
        list[#list + 1] = word
    end
    return list
end

local by_load = {["not-found"] = "absent", masked = "masked", error = "bad-unit",
    ["bad-setting"] = "bad-unit"}

local by_active = {active = "running", reloading = "reloading", refreshing = "reloading",
    activating = "starting", deactivating = "stopping", inactive = "stopped",
    maintenance = "stopping"}

local by_result = {["oom-kill"] = "oom-killed", ["start-limit-hit"] = "failed-start-limit",
    ["start-limit"] = "failed-start-limit"}

-- An attempt of systemd's own: one by hand sets the count back to nothing (service.c, service_start), and a stop
-- by hand is no failure.
local function restarts(unit)
    if (tonumber(unit.NRestarts) or 0) == 0 then
        return false
    end
    return unit.ActiveState == "activating"
        or unit.ActiveState == "deactivating" and unit.Result ~= nil and unit.Result ~= "success"
end

-- LoadState comes first: a masked or missing unit also says inactive. A masked unit may still run,
-- when it was started before; then it runs.
function M.state(unit)
    local active, sub, result = unit.ActiveState, unit.SubState, unit.Result
    local loaded = by_load[unit.LoadState]
    if loaded and active ~= "active" and active ~= "reloading" then
        return loaded, unit.LoadState
    end
    if active == "activating" and (sub == "auto-restart" or sub == "auto-restart-queued") or restarts(unit) then
        return "auto-restarting", result
    end
    if active == "failed" then
        return by_result[result] or "crashed", result
    end
    -- a unit whose last run went wrong, and that was reset or stopped since, is stopped
    return by_active[active] or "unknown", sub
end

return M
