-- journal.lua: reads `journalctl --no-pager -o json`, one object a line.
--
--   M.parse(text) -> array of entries {time, unit, message, priority, pid, identifier}
--
-- time is ISO 8601 in UTC with microseconds (from __REALTIME_TIMESTAMP); priority is 0 to 7 as in
-- syslog; each is json.null where absent. journald prints a message that is not UTF-8 as an array
-- of byte numbers, a field that was set several times as an array of those, and one that is too
-- large as null. A line that is no object (the last one may be cut) is {unparsed = line}.
-- Source: systemd.journal-fields(7), journalctl(1), systemd src/shared/logs-show.c.
local json = require "json"

local M = {}

local null = json.null

-- A field's text; of a repeated field the first value.
local function text_of(value)
    if type(value) == "string" then
        return value
    end
    if type(value) ~= "table" or json.is_null(value) then
        return nil
    end
    if type(value[1]) == "number" then
        return (json.bytes_to_text(value))
    end
    return value[1] ~= nil and text_of(value[1]) or nil
end

-- Days since 1970-01-01 -> year, month, day. Own arithmetic since the sandbox has no os.date.
-- The calendar is cut into eras of 400 years that begin on 1 March, so a leap day comes last.
local function civil(days)
    days = days + 719468
    local era = days // 146097
    local of_era = days - era * 146097
    local year = (of_era - of_era // 1460 + of_era // 36524 - of_era // 146096) // 365
    local of_year = of_era - (365 * year + year // 4 - year // 100)
    local shifted = (5 * of_year + 2) // 153
    local month = shifted < 10 and shifted + 3 or shifted - 9
    return year + era * 400 + (month <= 2 and 1 or 0), month, of_year - (153 * shifted + 2) // 5 + 1
end

-- microseconds since the epoch, as text -> ISO 8601 in UTC, or nil
function M.iso(microseconds)
    local number = microseconds and #microseconds <= 17 and math.tointeger(tonumber(microseconds))
    if not number or number < 0 then
        return nil
    end
    local seconds, rest = number // 1000000, number % 1000000
    local year, month, day = civil(seconds // 86400)
    local clock = seconds % 86400
    return string.format("%04d-%02d-%02dT%02d:%02d:%02d.%06dZ", year, month, day,
        clock // 3600, clock // 60 % 60, clock % 60, rest)
end

local function read(line)
    local object = json.decode(line, 4)
    if type(object) ~= "table" or json.is_null(object) or line:find("^%s*%[") then
        return {unparsed = line}
    end
    local unit = text_of(object._SYSTEMD_UNIT)
    -- what systemd says about a unit is logged by init.scope; UNIT names whom it is about
    return {
        time = M.iso(text_of(object.__REALTIME_TIMESTAMP)) or null,
        unit = text_of(object.UNIT) or unit or null,
        message = text_of(object.MESSAGE) or null,
        priority = math.tointeger(tonumber(text_of(object.PRIORITY))) or null,
        pid = math.tointeger(tonumber(text_of(object._PID) or text_of(object.SYSLOG_PID))) or null,
        identifier = text_of(object.SYSLOG_IDENTIFIER) or text_of(object._COMM) or null,
    }
end

function M.parse(text)
    local entries = json.array({})
    for line in text:gmatch("[^\r\n]+") do
        if line:find("%S") then
            entries[#entries + 1] = read(line)
        end
    end
    return entries
end

return M
