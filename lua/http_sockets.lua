-- http_sockets.lua: Unix sockets that an HTTP server listens on and that no location uses: whom nginx could mean
-- where the socket that it names is nobody's.
--
--   http_sockets.find(host, symptom, found) -> array of
--       { path, who = "gunicorn (pid 7)", text, shown = evidence, answer, good }
--   found: { socket = the upstream that fails, ss = result of `ss -H -lxnp` }
--   Only those that answered in HTTP; good: below 400, to the request that failed.
--
-- Each is asked the very request that nginx would pass on, so where that is not certain none is found.

local direct = require "direct"
local socket_access = require "socket_access"
local ss = require "ss"
local tcp = require "tcp_upstream"

local M = {}

local MOST = 8 -- a host with more than these is no case for trying

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

local function used_paths(config)
    local used = {}
    for _, use in ipairs(config:addresses()) do
        used[use.key or ""] = true
    end
    return used
end

local function question(symptom, found)
    local failure = found.socket.failure
    local q = symptom.url and direct.of_url(symptom, found.socket.key)
    return q or (failure and direct.of_failure(symptom, failure)) or nil
end

function M.find(host, symptom, found)
    local q, used = question(symptom, found), used_paths(symptom.nx.config)
    local list, seen = {}, {}
    for _, entry in ipairs(q and q.socket and ss.unix_listeners(found.ss.out) or {}) do
        local who, path = is_application(entry), entry.path
        if who and type(path) == "string" and path:sub(1, 1) == "/" and not seen[path] and not used["unix:" .. path]
            and #list < MOST and socket_access.check(host, symptom.nx.worker, path).verdict == "allowed" then
            seen[path] = true
            q.socket = path
            local answer = direct.ask(host, q, 5)
            if answer.kind == "http" then
                list[#list + 1] = { path = path, who = who, answer = answer, good = answer.code < 400,
                                    text = string.format("%s on %s", who, path),
                                    shown = answer.result:show(answer.line) }
            end
        end
    end
    return list
end

return M
