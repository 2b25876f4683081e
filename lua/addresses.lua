-- addresses.lua: whose address is it?
--
--   addresses.place(host, address, peer) -> "here", host | "peer", other host | "elsewhere", nil | "unknown", result
--       `address`: as nginx logs it, an IP address ([v6] in brackets) or a name

local M = {}

local function own(host)
    return host:memo("own addresses", function()
        local r = host:run { "ip", "-o", "addr", "show" }
        local list = { result = r, ok = r.ok }
        for family, address in r.out:gmatch("%s(inet6?)%s+([%x:.]+)") do
            list[address] = family
        end
        return list
    end)
end

local function bare(address)
    return (address:gsub("^%[", ""):gsub("%]$", ""))
end

function M.place(host, address, peer)
    local plain = bare(address)
    if plain:find("^127%.") or plain == "::1" or plain == "localhost" or plain == "0.0.0.0" or plain == "::" then
        return "here", host
    end
    local mine = own(host)
    if mine[plain] then
        return "here", host
    end
    local other = peer(plain)
    if other then
        return "peer", other
    end
    if not mine.ok then
        return "unknown", mine.result
    end
    return "elsewhere", nil
end

return M
