-- tcp_upstream.lua: what the playbook upstream-down knows about a backend behind a TCP port.

local addresses = require "addresses"
local fpm = require "fpm"
local lines = require "lines"
local nginx_log = require "nginx_log"
local service = require "service"
local ss = require "ss"
local unix_socket = require "unix_socket"
local web = require "web"

local M = {}

-- The upstreams that refuse connections, newest first: of the log where it says so, else of the
-- configuration where the log says nothing at all.
function M.refusing(symptom)
    local list = {}
    for _, upstream in ipairs(symptom.upstreams) do
        local entry = upstream.failure and upstream.failure.entry
        local kind = entry and require("nginx_error").kind_of_errno(entry.errno, entry.message)
        local connecting = entry and entry.phase == "connecting to upstream"
        if upstream.address and upstream.address.port
            and ((not entry and #symptom.failures == 0) or (kind == "refused" and connecting)) then
            list[#list + 1] = upstream
        end
    end
    return list
end

-- Those first whose service on this host is known and does not listen: where nginx was refused at several addresses, one of
-- which nobody knows any more (a backup server that was given up), the one that can be mended is the one to begin with.
function M.known_first(host, list, peer)
    local first, rest = {}, {}
    for _, upstream in ipairs(list) do
        local address = upstream.address
        local here = #list > 1 and addresses.place(host, address.host, peer) == "here"
        local entries = here and M.listening(host, address.host, address.port)
        local known = entries and #entries == 0 and service.of_port(host, address.port)
        local into = known and first or rest
        into[#into + 1] = upstream
    end
    return table.move(rest, 1, #rest, #first + 1, first)
end

-- What nginx asks this upstream for, where that is only a part of what the client asked for (SSI, mirror, auth_request):
-- the page itself may be answered well.  -> a sentence, or ""
function M.part_of(upstream)
    local entry = upstream.failure and upstream.failure.entry
    local part = entry and type(entry.subrequest) == "string" and entry.subrequest:match("^/[^%s?]*")
    return part and string.format(" nginx asks it within other requests (subrequest %s), which may be answered all the same.",
        part:sub(1, 80)) or ""
end

-- Where the configuration writes this address; a log's 127.0.0.1 may stand there as a name.
function M.uses(config, upstream)
    local exact, same_port = {}, {}
    for _, use in ipairs(config:addresses()) do
        local address = use.address
        if use.key == upstream.key then
            exact[#exact + 1] = use
        elseif address and address.port == upstream.address.port and address.host
            and address.host:find("%a") and not address.host:find("^%[") then
            same_port[#same_port + 1] = use
        end
    end
    return #exact > 0 and exact or same_port
end

function M.log_and_config(host, symptom, upstream, uses)
    local found = { socket = upstream, uses = uses }
    return unix_socket.log_and_config(symptom, found, host)
end

-- Who listens on `port` of `target` so that `address` reaches it -> entries, result | nil, result
function M.listening(target, address, port)
    local r = target:run { "ss", "-H", "-ltnp" }
    if not r.ok then
        return nil, r
    end
    return ss.listens(ss.listeners(r.out), address, port), r
end

-- Others of the refusing upstreams that are this host's and that nobody listens on.
function M.refused_too(target, list, but)
    local found = {}
    for _, upstream in ipairs(list) do
        local place, where = addresses.place(target, upstream.address.host, function() return nil end)
        local entries = upstream ~= but and place == "here" and where.name == target.name
            and M.listening(target, upstream.address.host, upstream.address.port)
        if entries and #entries == 0 then
            found[#found + 1] = upstream.key
        end
    end
    return found
end

-- Who listens on a port of their own and is no application that nginx could mean.
local KNOWN = { nginx = true, sshd = true, systemd = true, ["systemd-resolve"] = true, cupsd = true,
                mysqld = true, mariadbd = true, postgres = true, ["redis-server"] = true,
                memcached = true, master = true, exim4 = true, dnsmasq = true, named = true,
                chronyd = true, rpcbind = true, ["node_exporter"] = true }

function M.is_other_service(name)
    return KNOWN[name] == true
end

M.line_of = ss.line_of

local function has_process(svc, entry)
    for _, process in ipairs(type(entry.processes) == "table" and entry.processes or {}) do
        if process.pid == svc.pid or service.unit_of_pid(svc.host, process.pid) == svc.name then
            return true
        end
    end
    return false
end

-- A service that runs and listens on another port is not down: itself, or a process that it started.
function M.listens_elsewhere(svc, result)
    if svc.kind ~= "systemd" or svc.state ~= "running" then
        return nil
    end
    local ports, seen = {}, {}
    for _, entry in ipairs(ss.listeners(result.out)) do
        if not seen[entry.port] and has_process(svc, entry) then
            seen[entry.port] = true
            ports[#ports + 1] = tostring(entry.port)
        end
    end
    return #ports > 0 and ports or nil
end

-- It runs by an older version of the very file that names the port: systemd has not read it since -> evidence | nil
function M.runs_by_older_unit(svc)
    if svc.kind ~= "systemd" or svc.state ~= "running" or svc.how ~= tostring(svc.unit.FragmentPath) .. " names it" then
        return nil
    end
    local r = svc.host:run({ "systemctl", "show", "--no-pager", "--property=NeedDaemonReload", "--", svc.name })
    return r.ok and r.out:find("^NeedDaemonReload=yes") and r:show("NeedDaemonReload=yes") or nil
end

-- Let systemd read it and start the service by it.  ports: where it listens now, as texts; who else is sent there by
-- nginx would lose it.
function M.older_unit_cause(symptom, found, svc, ports, shown)
    local fix = M.fix(symptom, found.target, found.upstream, svc)
    local used = symptom.nx.config:used_keys()
    table.insert(fix.commands, 1, { argv = { "systemctl", "daemon-reload" }, note = "systemd reads the unit's files again" })
    fix.id, fix.title = "reload-unit-" .. service.slug(svc.name), string.format("Let systemd read %s, and restart %s", svc.unit.FragmentPath, svc.name)
    fix.why = "The file says what nginx expects; systemd goes by what it read before. The restart ends requests that are under way."
    fix.risk = "medium"
    for _, port in ipairs(ports) do
        for key in pairs(used) do
            fix.recommended = fix.recommended and not key:find(":" .. port .. "$")
        end
    end
    found.evidence[#found.evidence + 1] = shown
    return {
        title = "systemd runs the backend by an older unit file", likelihood = 95, evidence = found.evidence, fixes = { fix },
        subject = { upstream = found.upstream.key, service = svc.name, host = found.target.name },
        summary = string.format("%s %s names that port, but was changed since systemd read it (no `systemctl daemon-reload`): %s still "
            .. "runs as it was before, and listens on port %s.", found.opening, svc.unit.FragmentPath, svc.name, table.concat(ports, ", ")),
    }
end

function M.verify(symptom, target, upstream)
    local port = upstream.address.port
    local verify = { checks = { { argv = { "ss", "-H", "-ltnp" }, times = 1, exit = 0, host = target,
                                  out = "[:.]" .. port .. "[ \t]" } } }
    verify.text = "somebody listens on port " .. port
    if symptom.url and symptom.code then
        verify.checks[2] = web.check(symptom.url, symptom.via)
        verify.text = verify.text .. ", and " .. symptom.url
            .. " is asked five times and answers without an error each time"
    end
    return verify
end

function M.fix(symptom, target, upstream, svc)
    local commands = service.start_commands(svc)
    if not commands then
        return nil
    end
    local verify = M.verify(symptom, target, upstream)
    if target.name ~= symptom.host_name then
        -- The transaction runs on the backend's host, the question is asked on nginx's.
        verify.checks[1].host = nil
        verify.checks[2] = nil
        verify.text = "somebody listens on port " .. upstream.address.port .. " of " .. target.name
    else
        verify.checks[1].host = nil
    end
    return {
        id = "start-" .. service.slug(svc.name),
        title = "Start " .. svc.name .. " on " .. target.name,
        why = "Nobody listens where nginx connects to. nginx itself needs no reload: it tries the "
            .. "address again with the next request.",
        risk = "low", recommended = true, host = target, commands = commands, verify = verify,
    }
end

M.show = nginx_log.show

-- The pools of another host, where all of them are on Unix sockets -> { text, …, evidence = {…} }
function M.far_pools(target)
    local list = { evidence = {} }
    for _, pool in ipairs(fpm.find(target)) do
        if not pool.path then
            return { evidence = {} }
        end
        list[#list + 1] = string.format("pool [%s] on %s (%s:%d)", pool.name, pool.path, pool.file, pool.listen_line)
        list.evidence[#list.evidence + 1] = #list.evidence < 3 and pool.read:show(lines.at(pool.text, pool.listen_line) or "") or nil
    end
    return list
end

return M
