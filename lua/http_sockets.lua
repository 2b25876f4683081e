-- http_sockets.lua: Unix sockets that an HTTP server listens on and that no location uses: whom nginx could mean
-- where the socket that it names is nobody's.
--
--   http_sockets.find(host, symptom, found) -> array of
--       { path, who = "gunicorn (pid 7)", shown = evidence, answer, good }
--   found: { socket = the upstream that fails, ss = result of `ss -H -lxnp` }
--   Only those that answered in HTTP; good: below 400, to the request that failed.
--
-- Each is asked the very request that nginx would pass on, so where that is not certain none is found.

local direct = require "direct"
local socket_access = require "socket_access"
local ss = require "ss"
local tcp = require "tcp_upstream"
local unix_socket = require "unix_socket"

local M = {}

local MOST = 8 -- a host with more than these is no case for trying: nobody could tell which is meant

-- Daemons that have a Unix socket of their own everywhere.
local SYSTEM = { "^systemd", "^dbus", "^%(", "^php%-fpm", "^docker", "^containerd", "^snapd", "^polkit", "^rsyslog",
                 "^acpid", "^uuidd", "^avahi", "^multipath", "^lvm", "^iscsi", "^udisks", "^gpg%-agent", "^ssh%-agent",
                 "^supervisord", "^zabbix", "^haproxy", "^cups" }

local function is_application(entry)
    local first = type(entry.processes) == "table" and entry.processes[1]
    if not first or tcp.is_other_service(first.name) then
        return nil
    end
    for _, pattern in ipairs(SYSTEM) do
        if first.name:find(pattern) then
            return nil
        end
    end
    return string.format("%s (pid %d)", first.name, first.pid)
end

local function question(symptom, found)
    local failure = found.socket.failure
    local q = symptom.url and direct.of_url(symptom, found.socket.key)
    return q or (failure and direct.of_failure(symptom, failure)) or nil
end

-- Sockets of applications that nginx is not told to use and may use.  -> array of { path, who }
local function free_sockets(host, symptom, found)
    local used, list, seen = symptom.nx.config:used_keys(), {}, {}
    for _, entry in ipairs(ss.unix_listeners(found.ss.out)) do
        local who, path = is_application(entry), unix_socket.bound_path(host, entry)
        if who and type(path) == "string" and path:sub(1, 1) == "/" and not seen[path] and not used["unix:" .. path] then
            seen[path] = true
            if #list <= MOST and socket_access.check(host, symptom.nx.worker, path).verdict == "allowed" then
                list[#list + 1] = { path = path, who = who }
            end
        end
    end
    return list
end

function M.find(host, symptom, found)
    local q = question(symptom, found)
    local sockets, list = q and q.socket and free_sockets(host, symptom, found) or {}, {}
    for _, item in ipairs(#sockets <= MOST and sockets or {}) do
        q.socket = item.path
        local answer = direct.ask(host, q, 5)
        if answer.kind == "http" then
            item.answer, item.good, item.shown = answer, answer.code < 400, answer.result:show(answer.line)
            list[#list + 1] = item
        end
    end
    return list
end

return M
