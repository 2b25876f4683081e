-- ss.lua: reads what listens on a host, from iproute2's `ss`.
--
--   M.listeners(text)       of `ss -H -ltnp` -> array of
--       {state, recv_q, send_q, address, port, interface, family, processes}
--   M.unix_listeners(text)  of `ss -H -lxnp` -> array of
--       {netid, state, recv_q, send_q, path, abstract, inode, processes}
--   M.listens(entries, address, port) -> array of {entry, how}, those that would take a connection
--       to that address; how is "exact", "wildcard", "mapped" or "maybe-v6only"
--   M.line_of(result, entry) -> the line of that listener | ""
--   M.parse(text)           both kinds mixed, any state; a line that cannot be read is
--       {unparsed = line}
--
-- processes is an array of {name, pid, fd}, and json.null when the column is missing: only root
-- sees other users' processes, so missing says nothing about whether there are any.
-- For a listening socket recv_q is the number of connections that wait for accept(), send_q the
-- length of the queue (backlog); a full queue refuses or times out.
-- address is without brackets and %interface; "*" where ss prints it. port is a number or null.
-- path is a path, "@name" for an abstract socket (abstract = true), or json.null.
-- Source: iproute2 misc/ss.c (proc_ctx_print, unix_stats_print, inet_addr_print), ss(8).
local json = require "json"

local M = {}

local null = json.null

-- `users:(("name",pid=1,fd=2),…)` at the end of the line. A name may hold quotes, blanks and
-- parentheses, and ss does not escape them, so each entry is found by its end `",pid=N,fd=N)`.
local function read_processes(text, at)
    local list = json.array({})
    at = at + #'users:('
    while true do
        local start, stop, pid, fd = text:find('",pid=(%d+),fd=(%d+)%)', at)
        if not start or text:sub(at, at + 1) ~= '("' then
            return list
        end
        local name = text:sub(at + 2, start - 1)
        list[#list + 1] = {name = name, pid = tonumber(pid), fd = tonumber(fd)}
        at = stop + 2
    end
end

-- Takes the process column off -> rest, processes. The last `users:(("` counts, since a path
-- comes before it and may hold anything.
local function split_processes(line)
    local at, from = nil, 1
    repeat
        local found = line:find(' users:(("', from, true)
        at, from = found or at, found and found + 1
    until not found
    if not at or not line:find('",pid=%d+,fd=%d+%)%)%s*', at) then
        return line, null
    end
    return line:sub(1, at - 1), read_processes(line, at + 1)
end

local function drop_end_blanks(text)
    local stop = #text
    while stop > 0 and text:find("^%s", stop) do
        stop = stop - 1
    end
    return text:sub(1, stop)
end

-- `127.0.0.1%lo:53`, `[::]:80`, `*:80`, `[fe80::1]%eth0:80`
local function read_address(word)
    local address, port = word:match("^(.*):([^:]*)$")
    if not address then
        return nil
    end
    local interface
    address, interface = address:match("^([^%%]*)%%?(.*)$")
    address = address:match("^%[(.*)%]$") or address
    interface = interface:match("^(.*)%]$") or interface
    address = address:gsub("^%[", "")
    local family = address:find(":", 1, true) and "inet6" or address == "*" and "any" or "inet"
    return address, tonumber(port) or null, interface ~= "" and interface or null, family
end

local function read_inet(line)
    local rest, processes = split_processes(line)
    local state, recv_q, send_q, word =
        rest:match("^([%u%d-]+)%s+(%d+)%s+(%d+)%s+(%S+)%s+%S+")
    if not state then
        return nil
    end
    local address, port, interface, family = read_address(word)
    if not address then
        return nil
    end
    return {state = state, recv_q = tonumber(recv_q), send_q = tonumber(send_q), address = address,
        port = port, interface = interface, family = family, processes = processes}
end

-- `u_str LISTEN 0 128 /run/a b.sock 12345 * 0 users:(…)`. The path may hold blanks, so the columns
-- after it are taken from the end.
local function read_unix(line)
    local rest, processes = split_processes(line)
    local netid, state, recv_q, send_q, at =
        rest:match("^(u_%l+)%s+([%u%d-]+)%s+(%d+)%s+(%d+)%s+()")
    if not netid then
        return nil
    end
    local stop, inode = nil, nil
    for start, number in rest:gmatch("()%s(%d+)%s+%*%s+%d+", at) do
        stop, inode = start, number
    end
    if not stop then
        return nil
    end
    local path = drop_end_blanks(rest:sub(at, stop - 1))
    local none = path == "" or path == "*"
    return {netid = netid, state = state, recv_q = tonumber(recv_q), send_q = tonumber(send_q),
        path = none and null or path, abstract = path:sub(1, 1) == "@",
        inode = tonumber(inode), processes = processes}
end

local function each(text, read)
    local entries = json.array({})
    for line in text:gmatch("[^\r\n]+") do
        if line:find("%S") then
            entries[#entries + 1] = read(line)
        end
    end
    return entries
end

function M.listeners(text)
    return each(text, function(line)
        local entry = read_inet(line)
        return entry and entry.state == "LISTEN" and entry or nil
    end)
end

function M.unix_listeners(text)
    return each(text, function(line)
        local entry = read_unix(line)
        return entry and entry.state == "LISTEN" and entry or nil
    end)
end

function M.parse(text)
    return each(text, function(line)
        if line:find("^State%s") or line:find("^Netid%s") then
            return nil -- the heading of ss without -H
        end
        return read_unix(line) or read_inet((line:gsub("^tcp%s+", ""))) or {unparsed = line}
    end)
end

local function plain(address)
    return (address:gsub("^%[", ""):gsub("%]$", ""):lower())
end

-- How a listener at `entry` takes a connection to `address`, or nil.
-- `*` is ss's word for an IPv6 socket that takes IPv4 too; `[::]` is one with IPV6_V6ONLY in
-- current iproute2, while old versions print `:::80` or `[::]:80` for both: hence "maybe-v6only".
local function how_it_listens(entry, address)
    local bound, v6 = entry.address:lower(), address:find(":", 1, true) ~= nil
    local v4_of_bound = bound:match("^::ffff:(%d+%.%d+%.%d+%.%d+)$")
    local v4_of_address = address:match("^::ffff:(%d+%.%d+%.%d+%.%d+)$")
    if bound == address then
        return "exact"
    elseif bound == "*" then
        return "wildcard"
    elseif bound == "0.0.0.0" then
        return (not v6 or v4_of_address) and "wildcard" or nil
    elseif bound == "::" or bound == "" then
        return v6 and not v4_of_address and "wildcard" or "maybe-v6only"
    elseif (v4_of_bound or bound) == (v4_of_address or address) then
        return "mapped"
    end
    return nil
end

-- address is a literal IPv4 or IPv6 address (brackets allowed), not a name.
function M.listens(entries, address, port)
    local list = json.array({})
    for _, entry in ipairs(entries) do
        local how = entry.port == tonumber(port) and entry.address
            and how_it_listens(entry, plain(address))
        if how then
            list[#list + 1] = {entry = entry, how = how}
        end
    end
    return list
end

-- ss's own line about this listener, as evidence quotes it; result: of `ss -H -ltnp`.
function M.line_of(result, entry)
    for line in result.out:gmatch("[^\n]+") do
        local read = M.listeners(line)[1]
        if read and read.port == entry.port and read.address == entry.address then
            return line
        end
    end
    return ""
end

return M
