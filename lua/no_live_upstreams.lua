-- no_live_upstreams.lua: what the playbook no-live-upstreams knows: nginx holds all servers of an upstream for dead.
--
-- That line is a follow-up: earlier ones say why each server was given up (ngx_http_upstream_round_robin.c: after
-- max_fails failures within fail_timeout a server is left out for fail_timeout).  Or no server was given up at all, and
-- each has as many connections as its max_conns admits: then nginx skips it in the same place and says the same.

local backend = require "backend"
local lines = require "lines"
local listening = require "listening"
local nginx = require "nginx"
local nginx_address = require "nginx_address"
local nginx_log = require "nginx_log"
local socket_access = require "socket_access"
local timeouts = require "timeouts"
local unix_socket = require "unix_socket"
local upstream_text = require "upstream"
local web = require "web"

local M = {}

local LONG = 30 -- seconds of fail_timeout from which waiting is no answer

-- The newest such line, a fresh one before others, and the upstream block that it is about.
function M.from_log(symptom)
    local found
    for i = #symptom.failures, 1, -1 do
        local failure = symptom.failures[i]
        if tostring(failure.entry.message):find("^no live upstreams") and (not found or (failure.fresh and not found.fresh)) then
            found = failure
        end
    end
    local name = found and tostring(found.entry.upstream):match("^%a[%w+.-]*://([^/:]+)")
    return found, name and symptom.nx.config:upstream(name) or nil, name
end

local function passes_of(config, upstream)
    for _, pass in ipairs(config:passes()) do
        if (pass.resolved or pass.target).upstream == upstream.name then
            return pass
        end
    end
    return nil
end

-- What nginx logged last about this server, before it gave it up.
local function last_words(symptom, key)
    for i = #symptom.failures, 1, -1 do
        local parsed = upstream_text.parse(symptom.failures[i].entry.upstream)
        if parsed and upstream_text.key(parsed) == key then
            return symptom.failures[i]
        end
    end
    return nil
end

-- What can be known of a Unix socket without speaking its protocol: that somebody listens, that the queue has room, and
-- that nginx may connect.
local function try_socket(host, symptom, item, path, evidence)
    local entries, r = listening.at(host, { unix = path }, { fresh = true })
    local entry = entries and entries[1]
    if not entries then
        evidence[#evidence + 1] = r:show(r.err)
    elseif not entry then
        item.trouble = "nobody listens there"
    elseif entry.recv_q > entry.send_q then
        item.trouble = string.format("%d connections wait in its queue, which holds %d", entry.recv_q, entry.send_q)
    else
        local access = socket_access.check(host, symptom.nx.worker, path)
        item.works = access.verdict == "allowed"
        item.trouble = access.verdict == "denied" and access.why or nil
        item.listener = unix_socket.who(entries) .. " listens there"
    end
    evidence[#evidence + 1] = entry and r:show(r.out:match("[^\n]* " .. path:gsub("%p", "%%%0") .. " [^\n]*")) or nil
end

-- nginx's own open connections to that port, of all workers.  -> number, evidence | nil: they could not be seen
local function connections_to(host, address)
    local r = host:run({ "ss", "-H", "-tanp" }, { fresh = true, limit = 2 * 1024 * 1024 })
    local open, first = 0, nil
    for line in (r.ok and r.out or ""):gmatch("[^\n]+") do
        local peer = line:match("^ESTAB%s+%d+%s+%d+%s+%S+%s+(%S+)%s+users:%(%(\"nginx\"")
        if peer == address.host .. ":" .. address.port then
            open, first = open + 1, first or line
        end
    end
    return r.ok and open or nil, first and r:show(first)
end

-- Has this server as many connections as it may have?
local function count_connections(host, item, evidence)
    item.max_conns = tonumber(item.server.params.max_conns or "0") or 0
    if item.max_conns > 0 and not item.down and item.server.address.port then
        local shown
        item.open, shown = connections_to(host, item.server.address)
        evidence[#evidence + 1] = shown
    end
end

-- Each server of the block: does it answer, asked directly?
function M.try(host, symptom, upstream, evidence)
    local pass, servers = passes_of(symptom.nx.config, upstream), {}
    for _, server in ipairs(upstream.servers) do
        local key = nginx_address.key(server.address)
        local item = { server = server, key = key or server.arg.text, down = server.params.down == true }
        item.fail_timeout = timeouts.seconds(server.params.fail_timeout or "10s") or 10
        item.max_fails = tonumber(server.params.max_fails or "1") or 1
        if not item.down and key and server.address.port then
            local answers, results = backend.ask(host, { scheme = pass and pass.target.scheme or "http", address = key,
                                                         uri = "/", seconds = 5, times = 2 })
            local answer = answers[#answers]
            item.answers = answer.code ~= nil and answer.code or nil
            item.works = answer.code ~= nil and answer.code < 500
                or (pass ~= nil and pass.kind ~= "proxy_pass" and (answer.connect or 0) > 0)
            item.trouble = answer.trouble
            evidence[#evidence + 1] = backend.shown(results[#results])
        elseif not item.down and server.address.unix then
            try_socket(host, symptom, item, server.address.unix, evidence)
        end
        count_connections(host, item, evidence)
        item.last = key and last_words(symptom, key)
        servers[#servers + 1] = item
    end
    return servers
end

local function describe(item)
    if item.down then
        return item.key .. " is marked down"
    elseif item.works and item.listener then
        return string.format("%s can be connected to: %s", item.key, item.listener)
    elseif item.works then
        return item.key .. " answers now" .. (item.answers and " (" .. item.answers .. ")" or "")
    elseif item.answers then
        return item.key .. " answers " .. item.answers
    elseif item.trouble then
        return item.key .. " does not answer: " .. item.trouble
    end
    return item.key .. " could not be asked"
end

local function reload_fix(host, symptom)
    if not symptom.url or symptom.state ~= "present" then
        return nil
    end
    return { id = "reload-nginx", title = "Reload nginx, so that it tries its servers again", risk = "low", recommended = true,
             why = "A reload forgets which servers had failed, and drops no request. Why they had failed once stays to be seen.",
             validate = { nginx.validate(symptom.nx) },
             commands = { { argv = nginx.reload(host, symptom.nx), note = "nginx forgets which servers had failed" } },
             verify = { text = symptom.url .. " is asked five times and answers without an error each time",
                        checks = { web.check(symptom.url, symptom.via) } } }
end

local function evidence_of(host, failure, servers, more)
    local evidence = { nginx_log.show(failure) }
    for _, item in ipairs(servers) do
        local line = #evidence < 6 and lines.shown(host, item.server.directive)
        evidence[#evidence + 1] = line or nil
        if item.last and #evidence < 8 then
            evidence[#evidence + 1] = nginx_log.show(item.last)
        end
    end
    table.move(more, 1, #more, #evidence + 1, evidence)
    return evidence
end

local function earlier(servers)
    for _, item in ipairs(servers) do
        if item.last then
            local entry = item.last.entry
            return string.format(" What it gave up on first was \"%s\" at %s (%s).", tostring(entry.message):sub(1, 120),
                item.key, tostring(entry.request):match("^%u+ [^%s?]*") or "no request")
        end
    end
    return " The log does not show any more why."
end

-- Of one that could not be asked nobody knows whether its failure or nginx's memory of it is the cause.
local function not_known(item)
    return not (item.down or item.works or item.answers or item.trouble)
end

-- A server that may have only so many connections, and of which no failure is known that would keep it out else.
local function is_at_most(item)
    return item.max_conns > 0 and not item.last
end

local function occupied(item)
    return string.format("%s may have %d (%s:%d) and %s", item.key, item.max_conns, item.server.file, item.server.line,
        item.open == nil and "how many it has could not be seen" or "has " .. item.open .. " now")
end

-- All of those that serve have a max_conns, and none of them is known to have failed.  -> cause | nil
local function limited(upstream, servers, place, evidence)
    local words, full = {}, true
    for _, item in ipairs(servers) do
        if item.works then
            if not is_at_most(item) then
                return nil
            end
            full = full and item.open ~= nil and item.open >= item.max_conns
            words[#words + 1] = occupied(item)
        end
    end
    return { title = "nginx may open no more connections to its servers", likelihood = full and 94 or 75, evidence = evidence,
             fixes = {}, subject = { upstream = upstream.name },
             summary = string.format("nginx asks no server of the upstream %s, since each has as many connections from nginx as "
                 .. "its max_conns admits: %s. The servers themselves answer, and no failure of theirs is in the log. See which "
                 .. "requests keep these connections busy; if the servers can bear more, raise max_conns.%s", place,
                 table.concat(words, "; "), full and "" or " It was not reached in this moment, so it comes and goes with the load.") }
end

-- -> cause | nil, reason, evidence, whether that is all that is known
function M.look(host, symptom, failure, upstream)
    local asked = {}
    local servers = M.try(host, symptom, upstream, asked)
    local evidence, words = evidence_of(host, failure, servers, asked), {}
    local down, works, longest, unknown = 0, 0, 0, false
    for i, item in ipairs(servers) do
        words[i] = describe(item)
        down, works = down + (item.down and 1 or 0), works + (item.works and 1 or 0)
        unknown = unknown or not_known(item)
        longest = item.works and math.max(longest, item.fail_timeout) or longest
    end
    local place = string.format("%s (%s:%d)", upstream.name, upstream.file, upstream.line)
    local cause = { evidence = evidence, fixes = {}, subject = { upstream = upstream.name } }
    if down == #servers then
        cause.title, cause.likelihood = "All servers of the upstream are marked down", 96
        cause.summary = string.format("Every server of the upstream %s has the word `down`: somebody took them out, and nginx has "
            .. "nobody to send requests to. Take the word away from those that may serve again, and reload nginx.", place)
        return cause
    elseif works == 0 then
        return nil, string.format("that nginx has no live server in %s follows from its servers: %s", place,
            table.concat(words, ", ")), evidence, not unknown
    end
    local full = limited(upstream, servers, place, evidence)
    if full then
        return full
    end
    cause.title, cause.likelihood = "nginx holds servers for dead that answer", 90
    cause.summary = string.format("nginx leaves out all servers of the upstream %s, yet %s. After max_fails failures it "
        .. "leaves a server out for its fail_timeout (%d s here).%s", place, table.concat(words, ", "),
        math.tointeger(longest) or longest, earlier(servers))
    if longest >= LONG then
        cause.summary = cause.summary .. " One failure that passes must not cost that much: a fail_timeout of 10 s, or a higher "
            .. "max_fails, is what most sites want."
        cause.fixes[1] = reload_fix(host, symptom)
    else
        cause.summary = cause.summary .. " It tries them again by itself after that; what has to be found is why all of them "
            .. "failed at once: see the earlier lines."
    end
    return cause
end

return M
