-- repairs.lua: what fettle itself has mended on a host, from the journals that its transactions keep there.
--
--   repairs.last(host) -> seconds since the epoch of the last confirmed change, or nil
--
-- Requests that failed before it are no news.  Only root's transactions are looked at; a journal
-- that cannot be read means nothing.

local M = {}

local BASE = "/var/lib/fettle"

-- Runs are named by the time they began, so the last ones come last.
function M.last(host)
    local names = host:list(BASE) or {}
    table.sort(names)
    local looked = 0
    for i = #names, 1, -1 do
        local journal = names[i]:find("^%d+T%d+%-%x+$") and host:read(BASE .. "/" .. names[i] .. "/journal")
        local at = journal and journal:match("\n%d+ (%d+) end confirmed")
        if at and not journal:find(" end undone") then
            return tonumber(at)
        end
        looked = looked + 1
        if looked == 5 then
            return nil
        end
    end
    return nil
end

return M
