-- when.lua: the times that logs and tools write, as seconds, so that they can be compared.
--
-- A log's time has no zone: it is the host's local time.  So everything here is
-- "local seconds": seconds since 1970-01-01 00:00:00 on that host's own clock on the
-- wall.  Compare only times of one host with each other.

local M = {}

-- Days since 1970-01-01 in the proleptic Gregorian calendar.
local function days(year, month, day)
    if month <= 2 then
        year = year - 1
    end
    local era = year // 400
    local year_of_era = year - era * 400
    local day_of_year = (153 * (month + (month > 2 and -3 or 9)) + 2) // 5 + day - 1
    local day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468
end

-- "2026-04-04T08:12:33", also with a blank for the T or slashes for the dashes -> seconds, or nil.
function M.seconds(text)
    if type(text) ~= "string" then
        return nil
    end
    local y, mo, d, h, mi, s =
        text:match("^(%d%d%d%d)[-/](%d%d)[-/](%d%d)[T ](%d%d):(%d%d):(%d%d)")
    if not y then
        return nil
    end
    return days(tonumber(y), tonumber(mo), tonumber(d)) * 86400
        + tonumber(h) * 3600 + tonumber(mi) * 60 + tonumber(s)
end

-- The host's clock on the wall right now: local seconds, and seconds since the epoch; nil, nil, result
-- where it cannot be read.
function M.now(host)
    local r = host:run({ "date", "+%s,%Y-%m-%dT%H:%M:%S" }, { fresh = true })
    local epoch, clock = r.out:match("^(%d+),([^\n]+)")
    if not r.ok or not epoch then
        return nil, nil, r
    end
    return M.seconds(clock), tonumber(epoch), r
end

-- 95 -> "1 min 35 s"
function M.duration(seconds)
    if seconds < 60 then
        return string.format("%d s", seconds)
    elseif seconds < 3600 then
        return string.format("%d min %d s", seconds // 60, seconds % 60)
    elseif seconds < 86400 then
        return string.format("%d h %d min", seconds // 3600, seconds % 3600 // 60)
    end
    return string.format("%d days", seconds // 86400)
end

return M
