-- listening.lua: who listens at an upstream's address on this host.
--
--   listening.at(host, address [, opts]) -> { entry of ss.lua … }, result | nil, result     nil: it could not be read
--       opts: of host:run; address: of upstream.parse
--   listening.pids(entries) -> { pid … }     each once; empty also where ss did not show them

local ss = require "ss"
local unix_socket = require "unix_socket"

local M = {}

function M.at(host, address, opts)
    local r = host:run({ "ss", "-H", address.unix and "-lxnp" or "-ltnp" }, opts)
    if not r.ok then
        return nil, r
    elseif address.unix then
        return unix_socket.listeners(ss.unix_listeners(r.out), address.unix, host), r
    end
    local entries = {}
    for i, item in ipairs(ss.listens(ss.listeners(r.out), address.host, address.port)) do
        entries[i] = item.entry
    end
    return entries, r
end

function M.pids(entries)
    local list, seen = {}, {}
    for _, entry in ipairs(entries) do
        for _, process in ipairs(type(entry.processes) == "table" and entry.processes or {}) do
            list[#list + 1] = not seen[process.pid] and process.pid or nil
            seen[process.pid] = true
        end
    end
    return list
end

return M
