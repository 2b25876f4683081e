-- local_ports.lua: the local ports that connections to one address take up, and who holds them.
--
--   local_ports.range(host) -> { low=, high=, count=, result= } | nil, result
--   local_ports.to(host, key) -> { count=, waiting= (TIME-WAIT), holders = { {name=, pid=, count=} most first },
--                                  line = one of them, result= } | nil, result
--   local_ports.widen(range, verify) -> fix
--
-- A local port can be used again for another destination, so what counts is the connections to one
-- address and port, in any state, TIME-WAIT included (ip(7), ip_local_port_range; tcp(7)).

local M = {}

local RANGE = "/proc/sys/net/ipv4/ip_local_port_range"
local LIMIT = 8 * 1024 * 1024

M.DEFAULT = { low = 32768, high = 60999 } -- the kernel's own, Documentation/networking/ip-sysctl.rst

function M.range(host)
    local text, _, r = host:read(RANGE)
    local low, high = (text or ""):match("^(%d+)%s+(%d+)")
    if not low then
        return nil, r
    end
    low, high = tonumber(low), tonumber(high)
    return { low = low, high = high, count = high - low + 1, result = r, line = text:match("^[^\n]+") }
end

local function is_to(peer, key)
    return peer == key or peer == key:gsub("^(.*):(%d+)$", "[::ffff:%1]:%2")
end

function M.to(host, key)
    local r = host:run({ "ss", "-H", "-tanp" }, { limit = LIMIT, fresh = true, timeout = 20 })
    if not r.ok then
        return nil, r
    end
    local found = { count = 0, waiting = 0, holders = {}, result = r, line = "" }
    for line in r.out:gmatch("[^\n]+") do
        local state, peer = line:match("^(%S+)%s+%d+%s+%d+%s+%S+%s+(%S+)")
        if state and state ~= "LISTEN" and is_to(peer, key) then
            found.count = found.count + 1
            found.line = line
            if state == "TIME-WAIT" then
                found.waiting = found.waiting + 1
            end
            local name, pid = line:match('users:%(%("([^"]+)",pid=(%d+)')
            if name then
                local holder = found.holders[pid] or { name = name, pid = pid, count = 0 }
                if holder.count == 0 then
                    found.holders[pid] = holder
                    found.holders[#found.holders + 1] = holder
                end
                holder.count = holder.count + 1
            end
        end
    end
    table.sort(found.holders, function(a, b) return a.count > b.count end)
    return found
end

function M.widen(range, verify)
    local old = string.format("net.ipv4.ip_local_port_range=%d %d", range.low, range.high)
    local new = string.format("net.ipv4.ip_local_port_range=%d %d", M.DEFAULT.low, M.DEFAULT.high)
    return {
        id = "widen-port-range", title = string.format("Give local ports the kernel's own range, %d to %d", M.DEFAULT.low, M.DEFAULT.high),
        why = "It takes effect at once and until the next boot; a file that sets a narrower range (/etc/sysctl.conf, "
            .. "/etc/sysctl.d) has to be changed as well, for later.",
        risk = "low", recommended = true, verify = verify,
        commands = { { argv = { "sysctl", "-w", new }, undo = { "sysctl", "-w", old }, note = "more local ports" } },
    }
end

return M
