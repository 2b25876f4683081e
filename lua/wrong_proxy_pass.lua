-- wrong_proxy_pass.lua: what the playbook wrong-proxy-pass knows: nginx and its backend both run, and do not meet.
--
-- Three ways apart: the address (nobody listens there, the backend does elsewhere), the language (TLS, HTTP,
-- FastCGI), the path (a slash that strips or doubles a prefix).

local addresses = require "addresses"
local backend = require "backend"
local direct = require "direct"
local fpm = require "fpm"
local lines = require "lines"
local names = require "names"
local nginx = require "nginx"
local nginx_address = require "nginx_address"
local nginx_change = require "nginx_change"
local nginx_edit = require "nginx_edit"
local nginx_route = require "nginx_route"
local service = require "service"
local socket_access = require "socket_access"
local ss = require "ss"
local systemctl_show = require "systemctl_show"
local tcp = require "tcp_upstream"
local unix_socket = require "unix_socket"
local uwsgi = require "uwsgi"
local web = require "web"

local M = {}

local function written(uses)
    local use = uses[1]
    return use and string.format(" (%s:%d)", use.file, use.line) or ""
end

local function verify(symptom)
    if not symptom.url or symptom.state ~= "present" then
        return nil
    end
    return { text = symptom.url .. " is asked five times and answers without an error each time",
             checks = { web.check(symptom.url, symptom.via) } }
end

-- A fix that edits nginx's configuration and reloads it; nil where it could not be verified afterwards.
local function nginx_fix(host, symptom, fix)
    local check = fix.edits and verify(symptom)
    if not check then
        return nil
    end
    fix.risk, fix.validate, fix.verify = fix.risk or "low", { nginx.validate(symptom.nx) }, check
    fix.commands = { { argv = nginx.reload(host, symptom.nx), note = "nginx takes the new configuration" } }
    return fix
end

M.nginx_fix = nginx_fix

function M.kind_of(uses)
    local kind
    for _, use in ipairs(uses) do
        for _, pass in ipairs(use.passes) do
            if kind and kind ~= pass.kind then
                return "several"
            end
            kind = pass.kind
        end
    end
    return kind
end

-- The address ------------------------------------------------------------------------------------------

local function process_of(entry)
    local processes = type(entry.processes) == "table" and entry.processes or {}
    return processes[1] and processes[1].name or "a process"
end

local function is_loopback(bound)
    return bound:find("^127%.") ~= nil or bound == "::1"
end

-- Where nginx has to connect to reach this listener, or nil where it cannot: `upstream` failed at another address.
local function way_to(entry, upstream, here)
    local bound, host = entry.address, upstream.address.host
    if #ss.listens({ entry }, host, entry.port) > 0 then
        return host .. ":" .. entry.port
    elseif not here and is_loopback(bound) then
        return nil
    elseif bound == "0.0.0.0" or bound == "*" or bound == "::" or bound == "" then
        return here and "127.0.0.1:" .. entry.port or nil
    end
    return (bound:find(":", 1, true) and "[" .. bound .. "]" or bound) .. ":" .. entry.port
end

-- Listeners of the same port that the failing address does not reach: bound to loopback only, or to IPv4 only.
function M.same_port(result, upstream)
    local list = {}
    for _, entry in ipairs(ss.listeners(result.out)) do
        if entry.port == upstream.address.port and process_of(entry) ~= "nginx" then
            list[#list + 1] = entry
        end
    end
    return list
end

local function used_ports(config)
    local used = {}
    for _, use in ipairs(config:addresses()) do
        if use.address and use.address.port then
            used[use.address.port] = true
        end
    end
    return used
end

-- FPM's sockets that somebody listens on, no location uses, and nginx's workers may use.
local function pool_sockets(host, symptom)
    local list = {}
    local r = host:run { "ss", "-H", "-lxnp" }
    for _, item in ipairs(r.ok and unix_socket.free_pools(host, symptom.nx.config, r) or {}) do
        local pool = item.pool
        if socket_access.check(host, symptom.nx.worker, pool.path).verdict == "allowed" then
            list[#list + 1] = { to = "unix:" .. pool.path, name = "pool [" .. pool.name .. "]",
                                text = "pool [" .. pool.name .. "] on " .. pool.path,
                                evidence = r:show(item.listener.line) }
        end
    end
    return list
end

-- Could a process of this name, on this port, be what a pass of this kind leads to?
local function fits_kind(target, kind, name, port)
    local is_fpm = name:find("^php%-fpm") ~= nil
    if kind == "fastcgi_pass" then
        return is_fpm
    end
    local of_uwsgi = name:find("^uwsgi") and uwsgi.of_port(target, port)[1]
    local speaks_uwsgi = of_uwsgi and of_uwsgi.socket.protocol == "uwsgi"
    if kind == "uwsgi_pass" then
        return speaks_uwsgi
    end
    return not is_fpm and not speaks_uwsgi
end

-- Whom nginx could mean instead: who listens on `target`, is in no other location's use and is no well-known
-- service of another kind.  Each: {to = address for nginx, name, text, entry, evidence}
-- -> array, and another one of those that other locations use
function M.candidates(host, symptom, upstream, target, result, kind)
    local used, list, shared = used_ports(symptom.nx.config), {}, {}
    local here = target.name == host.name
    for _, entry in ipairs(ss.listeners(result.out)) do
        local name = process_of(entry)
        local to = way_to(entry, upstream, here)
        if fits_kind(target, kind, name, entry.port) and name ~= "a process" and not tcp.is_other_service(name) and to then
            local of = used[entry.port] and shared or list
            of[#of + 1] = { to = to, name = name, entry = entry, evidence = result:show(tcp.line_of(result, entry)),
                            text = string.format("%s on %s", name, to) }
        end
    end
    if here and kind == "fastcgi_pass" then
        table.move(pool_sockets(host, symptom), 1, 16, #list + 1, list)
    end
    return list, shared
end

local PASSIVE = { oneshot = true }

-- Enabled services that should run and do not: while there is one, nobody can tell whose port it was.
function M.idle_services(target)
    local list = target:run({ "systemctl", "list-unit-files", "--no-pager", "--no-legend", "--type=service" })
    local argv = { "systemctl", "show", "--no-pager", "--property=Id,Type,ActiveState,FragmentPath", "--" }
    for name, state in list.out:gmatch("(%S+%.service)%s+(%S+)[^\n]*") do
        if state == "enabled" and not name:find("@%.service$") and #argv < 200 then
            argv[#argv + 1] = name
        end
    end
    local idle = {}
    for _, unit in ipairs(argv[6] and systemctl_show.parse(target:run(argv).out) or {}) do
        local own = tostring(unit.FragmentPath):find("^/etc/systemd/system/")
        if not PASSIVE[unit.Type] and (unit.ActiveState == "failed" or (own and unit.ActiveState ~= "active")) then
            idle[#idle + 1] = unit.Id
        end
    end
    return idle
end

-- Does it speak what nginx would speak to it, and how does it answer the request?
local function try(host, symptom, candidate, uses, question)
    local pass = uses[1] and uses[1].passes[1]
    if not pass or pass.kind ~= "proxy_pass" then
        -- Nothing on the host can ask by these; PHP-FPM and uWSGI speak theirs where their own files say so.
        candidate.fits = pass ~= nil
        candidate.good = pass ~= nil and (pass.kind == "fastcgi_pass" or pass.kind == "uwsgi_pass")
        return
    end
    local uri = question and pass.location == question.location and backend.sent(symptom.nx.config, question, pass)
    local answers, results = backend.ask(host, { scheme = pass.target.scheme or "http", address = candidate.to,
        name = question and backend.name(symptom.nx.config, question, pass), uri = uri or "/", seconds = 5 })
    candidate.answer, candidate.result = answers[1], results[1]
    candidate.fits = answers[1].code ~= nil
    candidate.good = uri ~= nil and backend.all_well(answers)
end

-- Keeps of the candidates those that speak the right language.
function M.fitting(host, symptom, list, uses)
    local question, fitting = backend.question(symptom), {}
    for _, candidate in ipairs(list) do
        if candidate.to then
            try(host, symptom, candidate, uses, question)
            if candidate.fits then
                fitting[#fitting + 1] = candidate
            end
        end
    end
    return fitting
end

-- The one of those that other locations use which serves the very request that fails, and not just any: what it
-- answers to a page that nobody has tells.
function M.shared(host, symptom, found, list)
    local question, pass = backend.question(symptom), found.uses[1] and found.uses[1].passes[1]
    local sent = question and pass and pass.location == question.location and backend.sent(symptom.nx.config, question, pass)
    local good = {}
    for _, candidate in ipairs(sent and M.fitting(host, symptom, list, found.uses) or {}) do
        good[#good + 1] = candidate.good and candidate or nil
    end
    if #good ~= 1 then
        return nil
    end
    local answers, results = backend.ask(host, { scheme = pass.target.scheme or "http", address = good[1].to, seconds = 5,
        name = backend.name(symptom.nx.config, question, pass), uri = sent:gsub("%?.*$", "") .. "-of-nobody" })
    if not answers[1].code or answers[1].code < 400 then
        return nil
    end
    good[1].control = results[1]
    good[1].doubt = string.format("Other locations use it already, and a page that nobody has it answers with %d, so it knows this "
        .. "one. Whether the request should go there, or to a service that is gone from this host, a person has to say",
        answers[1].code)
    return good[1]
end

local function place_for(use, candidate, upstream)
    -- A name that stands in the configuration stays: only its port was wrong.
    local host = use.address and use.address.host
    if host and host:find("%a") and not host:find("^%[") and candidate.to:find("^" .. upstream.address.host:gsub("%p", "%%%0") .. ":") then
        return host .. ":" .. candidate.entry.port
    end
    return candidate.to
end

local function address_fix(host, symptom, found, candidate, recommended)
    if #found.uses == 0 then
        return nil, "the address does not stand in nginx's configuration"
    end
    local to = place_for(found.uses[1], candidate, found.upstream)
    local edits, reason = nginx_change.addresses(host, symptom.nx, found.uses, to)
    if not edits then
        return nil, reason
    end
    return nginx_fix(host, symptom, {
        id = "use-" .. service.slug((to:gsub("^unix:/", ""))), title = "Point nginx at " .. (to:gsub("^unix:", "")),
        why = string.format("That is where %s really listens. nginx reloads without dropping a request.", candidate.name),
        recommended = recommended, edits = edits,
    }), "without a known address there is nothing to verify it by"
end

local function answered(candidate)
    local answer = candidate.answer
    if not answer then
        return ""
    elseif not answer.code then
        return ", but asked directly it gives no answer: " .. answer.trouble
    end
    return string.format(", and answers %d when it is asked directly", answer.code)
end

local function add_candidate(evidence, candidate)
    evidence[#evidence + 1] = candidate.evidence
    if candidate.result then
        evidence[#evidence + 1] = backend.shown(candidate.result)
    end
    if candidate.control then
        evidence[#evidence + 1] = backend.shown(candidate.control)
    end
end

-- The one listener that nginx must mean.
function M.address_cause(host, symptom, found, candidate, why)
    local evidence = found.evidence
    add_candidate(evidence, candidate)
    local fix, reason
    if candidate.to and candidate.fits then
        fix, reason = address_fix(host, symptom, found, candidate, candidate.good == true and not candidate.doubt)
    end
    local cause = { title = "nginx connects to the wrong address", likelihood = 92, evidence = evidence, fixes = {},
                    subject = { upstream = found.upstream.key, backend = candidate.to } }
    cause.summary = string.format("nginx connects to %s%s, and nobody listens there. %s%s.", found.upstream.key,
        written(found.uses), why, answered(candidate))
    if fix then
        cause.fixes[1] = fix
        if not candidate.good then
            cause.summary = cause.summary .. " Since that is no success, a person has to say whether it is the right one."
        elseif candidate.doubt then
            cause.likelihood, cause.summary = 80, cause.summary .. " " .. candidate.doubt .. "."
        end
    elseif reason then
        cause.summary = cause.summary .. " It is not changed by itself: " .. reason .. "."
    end
    return cause
end

-- Of a name with several addresses nginx tries one after the other, so a single one that refuses costs a line of the log and
-- no request (ngx_http_upstream_init_round_robin takes them all).  -> sentence | nil
local function other_address(host, found, entry)
    local use = found.uses[1]
    local name = use and use.address and use.address.host
    local resolved = name and name:find("%a") and not name:find("^%[") and names.resolve(host, name) or {}
    for _, address in ipairs(resolved) do
        if #ss.listens({ entry }, address, entry.port) > 0 then
            return string.format("%s has several addresses (%s), and one of them is right: nginx goes on to the next where one refuses, "
                .. "so requests are answered as long as it may (proxy_next_upstream). Whether the other address is to be served, or taken "
                .. "out of the name, or left out here, a person has to say", name, table.concat(resolved, ", "))
        end
    end
    return nil
end

-- A listener of nginx's own port on an address that nginx does not reach.
function M.bound_elsewhere(host, symptom, found, target, entries)
    local here, entry = target.name == host.name, entries[1]
    local candidate = { to = way_to(entry, found.upstream, here), name = process_of(entry), entry = entry,
                        evidence = found.ss:show(tcp.line_of(found.ss, entry)) }
    if candidate.to then
        M.fitting(host, symptom, { candidate }, found.uses)
    end
    candidate.doubt = other_address(host, found, entry)
    local only = is_loopback(entry.address) and "only on the loopback address " .. entry.address
        or "only on " .. entry.address
    local cause = M.address_cause(host, symptom, found, candidate, string.format("%s listens on port %d, but %s",
        candidate.name, entry.port, only))
    if not candidate.to then
        cause.summary = cause.summary .. string.format(" From another host nothing reaches it there: let the backend on "
            .. "%s listen on %s too, where its own configuration says so.", target.name, found.upstream.address.host)
    end
    return cause
end

-- The other block --------------------------------------------------------------------------------------

-- Do both listen at one address, word by word?
local function listen_together(config, a, b)
    for _, one in ipairs(config:named(a, "listen")) do
        for _, other in ipairs(config:named(b, "listen")) do
            local x, y = nginx_address.parse_listen(one.args[1].text), nginx_address.parse_listen(other.args[1].text)
            if x and y and x.host == y.host and x.first == y.first then
                return true
            end
        end
    end
    return false
end

-- A second server block of the same name at the same address, which nginx ignores ("conflicting server name"), and
-- whose pass for the asked URI leads elsewhere.  -> { server, pass, key } | nil
function M.ignored_server(symptom, key)
    local config, question = symptom.nx.config, backend.question(symptom)
    if not question or not config:is_named(question.server, question.host) then
        return nil
    end
    for server in config:each("server") do
        if server ~= question.server and server.block and config:is_named(server, question.host)
            and listen_together(config, question.server, server) then
            local location = nginx_route.find_location(config, server, question.uri)
            for _, use in ipairs(location and config:addresses() or {}) do
                for _, pass in ipairs(use.passes) do
                    if pass.location == location and pass.kind == "proxy_pass" and use.key ~= key and use.address.port then
                        return { server = server, pass = pass, key = use.key, question = question }
                    end
                end
            end
        end
    end
    return nil
end

-- -> cause | nil     where the server that nginx ignores leads to somebody who answers the request
function M.ignored_cause(host, symptom, found)
    local other = M.ignored_server(symptom, found.upstream.key)
    local uri = other and backend.sent(symptom.nx.config, { uri = other.question.uri, host = other.question.host,
        server = other.server, location = other.pass.location }, other.pass)
    if not uri then
        return nil
    end
    local answers, results = backend.ask(host, { scheme = other.pass.target.scheme or "http", address = other.key, uri = uri,
        seconds = 5, name = backend.name(symptom.nx.config, other.question, other.pass) })
    if not backend.all_well(answers) then
        return nil
    end
    local evidence, first = found.evidence, other.question.server
    evidence[#evidence + 1] = lines.shown(host, first)
    evidence[#evidence + 1] = lines.shown(host, other.server)
    evidence[#evidence + 1] = backend.shown(results[1])
    return { title = "nginx uses another server block of the same name", likelihood = 93, evidence = evidence, fixes = {},
             subject = { upstream = found.upstream.key, backend = other.key },
             summary = string.format("Two server blocks are for %s at the same address: nginx uses the first one that it reads, %s:%d, "
                 .. "and ignores the other one, %s:%d (`nginx -t` warns: conflicting server name). The one that it uses leads to %s%s, "
                 .. "where nobody listens; the ignored one leads to %s, which answers %d when it is asked directly. Take away the "
                 .. "block that is not meant, often a forgotten copy, and reload nginx; which one, only a person can say.",
                 other.question.host, first.file, first.line, other.server.file, other.server.line, found.upstream.key,
                 written(found.uses), other.key, answers[1].code) }
end

-- The language -----------------------------------------------------------------------------------------

local function talk(host, symptom, upstream, scheme, uri)
    local answers, results = backend.ask(host, { scheme = scheme, address = upstream.key, uri = uri, seconds = 5 })
    return answers[1], results[1]
end

local function language_cause(found, title, summary, evidence, fix)
    return { title = title, summary = summary, likelihood = 94, evidence = evidence, fixes = { fix },
             subject = { upstream = found.upstream.key } }
end

local function scheme_fix(host, symptom, pass, scheme, recommended, why)
    local edits, reason = nginx_change.one(host, nginx_edit.replace_target(symptom.nx.config, pass, { scheme = scheme }))
    if not edits then
        return nil, reason
    end
    return nginx_fix(host, symptom, { id = "speak-" .. scheme, title = "Let nginx speak " .. scheme .. " to the backend",
        why = why, recommended = recommended, edits = edits, risk = scheme == "http" and "medium" or "low" })
end

local function at(pass)
    return string.format("%s:%d", pass.file, pass.line)
end

-- https:// to a port that speaks plain HTTP, and the reverse.
local function scheme_mismatch(host, symptom, found, pass, here)
    local wanted = pass.target.scheme
    local other = wanted == "https" and "http" or "https"
    local theirs, r1 = talk(host, symptom, found.upstream, wanted, "/")
    if theirs.code or not theirs.tool then
        return nil
    end
    local works, r2 = talk(host, symptom, found.upstream, other, "/")
    -- 400 is what a TLS server says to plain HTTP, where it says anything.
    if not works.code or (other == "http" and works.code == 400) then
        return nil
    end
    local evidence = found.evidence
    evidence[#evidence + 1], evidence[#evidence + 2] = backend.shown(r1), backend.shown(r2)
    local plain = other == "http"
    local fix, reason = scheme_fix(host, symptom, pass, other, here or not plain, plain
        and "The port speaks plain HTTP; what goes there is not encrypted, now as before." or
        "The port speaks TLS. nginx does not check the certificate unless proxy_ssl_verify is on.")
    local summary = string.format("nginx speaks %s to %s (%s), and that port speaks %s: asked directly it answers %d by "
        .. "%s, and by %s %s.", plain and "TLS" or "plain HTTP", found.upstream.key, at(pass),
        plain and "plain HTTP" or "TLS", works.code, other, wanted, theirs.trouble)
    if not fix then
        summary = summary .. string.format(" Write %s:// there%s.", other, reason and " (" .. reason .. ")" or "")
    elseif not fix.recommended then
        summary = summary .. " The backend is on another host: whether it should speak TLS instead is for a person to say."
    end
    return language_cause(found, "nginx and the backend speak different protocols", summary, evidence, fix)
end

-- A question in plain HTTP, of a port or a Unix socket.
local function plain_question(upstream)
    local address = upstream.address
    if address.unix then
        return { url = "http://localhost/", http = 0, socket = address.unix }
    end
    return { url = "http://localhost/", http = 0, connect = upstream.key }
end

local function is_fpm_port(host, found, target)
    local entries, result = tcp.listening(target, found.upstream.address.host, found.upstream.address.port)
    for _, item in ipairs(entries or {}) do
        if process_of(item.entry):find("^php%-fpm") then
            return result:show(tcp.line_of(result, item.entry))
        end
    end
    return nil
end

local function http_to_fastcgi(host, symptom, found, pass, target)
    local shown
    if found.upstream.address.unix then
        local pools = fpm.of_socket(fpm.find(host), found.upstream.address.unix)
        shown = pools[1] and pools[1].read:show(lines.at(pools[1].text, pools[1].listen_line) or "")
    elseif target then
        shown = is_fpm_port(host, found, target)
    end
    if not shown then
        return nil
    end
    found.evidence[#found.evidence + 1] = shown
    return language_cause(found, "nginx and the backend speak different protocols", string.format("nginx speaks HTTP to %s "
        .. "(%s, proxy_pass), and PHP-FPM listens there, which speaks FastCGI only. Use fastcgi_pass %s with Debian's "
        .. "snippets/fastcgi-php.conf or your own fastcgi_param lines, or let proxy_pass name the HTTP server that is "
        .. "meant; which one, only a person can say.", found.upstream.key, at(pass), found.upstream.key), found.evidence)
end

-- The uWSGI application whose own protocol is spoken at the upstream, as its file says.
local function uwsgi_there(target, address)
    local list = address.unix and uwsgi.of_socket(target, address.unix) or uwsgi.of_port(target, address.port)
    return #list == 1 and list[1].socket.protocol == "uwsgi" and list[1] or nil
end

-- What it says when it is asked by HTTP, if it closes the connection without a word.
local function hangs_up(host, found)
    local answer = direct.ask(host, plain_question(found.upstream), 5)
    return (answer.kind == "empty" or answer.kind == "reset") and answer or nil
end

-- Asked by HTTP, uWSGI takes the request's first bytes for the size of a packet that is larger than it takes, and
-- closes the connection (core/protocol.c).
local function http_to_uwsgi(host, found, pass, target)
    local there = target and uwsgi_there(target, found.upstream.address)
    if not there then
        return nil
    end
    local answer = hangs_up(host, found)
    if not answer then
        return nil
    end
    found.evidence[#found.evidence + 1] = there.app.shown(there.socket.option)
    found.evidence[#found.evidence + 1] = answer.result:show("")
    return language_cause(found, "nginx and the backend speak different protocols", string.format("nginx speaks HTTP to %s "
        .. "(%s, proxy_pass), and uWSGI listens there with its own protocol (%s: %s = %s): it closes the connection when it "
        .. "is asked by HTTP. Use `include uwsgi_params; uwsgi_pass %s;` in that location instead of proxy_pass, or let "
        .. "uWSGI speak HTTP there (http-socket); which one, only a person can say.", found.upstream.key, at(pass),
        there.app.place(there.socket.option), there.socket.option.key, there.socket.text, found.upstream.key), found.evidence)
end

-- The `listen … proxy_protocol` of this nginx at that address, or nil.
local function proxy_protocol_there(config, address)
    for d in config:each("listen") do
        local listen = address.port and d.args[1] and nginx_address.parse_listen(d.args[1].text)
        if listen and listen.first == address.port then
            for i = 2, #d.args do
                if d.args[i].text == "proxy_protocol" then
                    return d
                end
            end
        end
    end
    return nil
end

-- A server of this same nginx that wants a line of the PROXY protocol first, which no pass of http ever sends.
local function http_to_proxy_protocol(host, symptom, found, pass, target)
    local listen = target and target.name == host.name and proxy_protocol_there(symptom.nx.config, found.upstream.address)
    if not listen then
        return nil
    end
    local answer = hangs_up(host, found)
    if not answer then
        return nil
    end
    found.evidence[#found.evidence + 1] = lines.shown(host, listen)
    found.evidence[#found.evidence + 1] = answer.result:show("")
    return language_cause(found, "nginx and the backend speak different protocols", string.format("nginx speaks HTTP to %s (%s), "
        .. "where a server of this same nginx listens that expects the PROXY protocol first (listen … proxy_protocol, %s:%d): it "
        .. "closes every connection that begins otherwise, and proxy_pass cannot send it. Take proxy_protocol off that listen, or, "
        .. "if a load balancer needs it, give the server a second listen without it and let proxy_pass lead there.",
        found.upstream.key, at(pass), listen.file, listen.line), found.evidence)
end

-- An HTTP server where nginx speaks something else.  PHP-FPM and uWSGI, where they are known to listen, are not asked.
local function answers_http(host, symptom, found, target)
    local address = found.upstream.address
    if address.port then
        local answer, result = talk(host, symptom, found.upstream, "http", "/")
        return answer.code, result
    elseif target and (uwsgi_there(target, address) or fpm.of_address(host, address)) then
        return nil
    end
    local answer = direct.ask(host, plain_question(found.upstream), 5)
    return answer.kind == "http" and answer.code or nil, answer.result
end

local function http_behind(host, symptom, found, pass, target)
    local code, result = answers_http(host, symptom, found, target)
    if not code then
        return nil
    end
    found.evidence[#found.evidence + 1] = found.upstream.address.port and backend.shown(result)
        or result:show(result.out:match("^[^\r\n]*"))
    return language_cause(found, "nginx and the backend speak different protocols", string.format("nginx uses %s for %s "
        .. "(%s), and an HTTP server listens there: asked directly by HTTP it answers %d. Use `proxy_pass http://%s;` in "
        .. "that location instead, with the proxy_set_header lines that the application needs; the parameters of %s "
        .. "mean nothing to it.", pass.kind, found.upstream.key, at(pass), code, found.upstream.key, pass.kind),
        found.evidence)
end

-- nginx reads the first three bytes of an HTTP/1 answer, "HTT", as the length of an HTTP/2 frame.  A server that
-- speaks both languages never gives cause to that line.
local function answered_in_http1(found)
    local failure = found.upstream.failure
    return failure ~= nil and failure.entry.message:find("^upstream sent too large http2 frame: 4740180") ~= nil
end

-- Of an upstream that takes connections: does it speak what the pass speaks?  -> cause | nil
function M.language(host, symptom, found, target)
    for _, use in ipairs(found.uses) do
        for _, pass in ipairs(use.passes) do
            local cause
            if pass.kind == "proxy_pass" then
                cause = http_to_fastcgi(host, symptom, found, pass, target)
                    or http_to_proxy_protocol(host, symptom, found, pass, target)
                    or http_to_uwsgi(host, found, pass, found.upstream.address.unix and host or target)
                if not cause and found.upstream.address.port and pass.target.scheme then
                    cause = scheme_mismatch(host, symptom, found, pass, target and target.name == host.name)
                end
            elseif pass.kind ~= "memcached_pass" and (pass.kind ~= "grpc_pass" or answered_in_http1(found)) then
                cause = http_behind(host, symptom, found, pass, found.upstream.address.unix and host or target)
            end
            if cause then
                return cause
            end
        end
    end
    return nil
end

-- The path ---------------------------------------------------------------------------------------------

-- The pass of the asked location itself, where it goes to one known TCP address.
local function own_pass(config, question)
    for _, pass in ipairs(config:passes()) do
        if pass.kind == "proxy_pass" and pass.location and pass.location == question.location
            and not pass.target.variable then
            local target, address = pass.target, nil
            if target.upstream then
                local servers = config:upstream(target.upstream).servers
                address = #servers > 0 and servers[1].address or nil
            else
                address = target
            end
            return pass, address and address.port and require("nginx_address").key(address) or nil
        end
    end
    return nil
end

local function path_fix(host, symptom, pass, uri)
    local edits, reason = nginx_change.one(host, nginx_edit.replace_target(symptom.nx.config, pass, { uri = uri }))
    if not edits then
        return nil, reason
    end
    return nginx_fix(host, symptom, { id = uri == "" and "keep-the-prefix" or "strip-the-prefix", recommended = true,
        title = uri == "" and "Pass the request's path on as it came" or "Strip the location's prefix from the path",
        why = "Asked directly, the backend knows that path and not the one that nginx sends it now.", edits = edits })
end

-- -> cause | nil, reason for ruling it out (or nil)
function M.path(host, symptom, found)
    local config, question = symptom.nx.config, backend.question(symptom)
    local pass, address = nil, nil
    if question and question.location then
        pass, address = own_pass(config, question)
    end
    local sent = pass and address and backend.sent(config, question, pass)
    local prefix = sent and backend.prefix(pass.location)
    if not prefix then
        return nil
    end
    local function ask(uri)
        return backend.ask(host, { scheme = pass.target.scheme, address = address, uri = uri, times = 2, seconds = 5,
                                   name = backend.name(config, question, pass) })
    end
    local answers, results = ask(sent)
    if not answers[1].code or answers[1].code < 400 or backend.all_well(answers) then
        return nil
    end
    local others = {}
    for _, item in ipairs({ { uri = "", sent = question.uri }, { uri = "/", sent = "/" .. question.uri:sub(#prefix + 1) } }) do
        if item.sent ~= sent and item.sent ~= (others[1] and others[1].sent) and (item.uri == "" or prefix:find("/$")) then
            local theirs, theirs_results = ask(item.sent)
            if backend.all_well(theirs) then
                item.answer, item.result = theirs[1], theirs_results[1]
                others[#others + 1] = item
            end
        end
    end
    if #others == 0 then
        return nil, string.format("the backend %s answers %d to %s and knows no other form of that path", address,
            answers[1].code, sent), { backend.shown(results[1]) }
    end
    local fix, reason
    local text, _, read = host:read(pass.file, { limit = 1024 * 1024 })
    local evidence = { read:show(lines.at(text or "", pass.line) or ""), backend.shown(results[1]) }
    for _, other in ipairs(others) do
        evidence[#evidence + 1] = backend.shown(other.result)
    end
    local summary = string.format("For %s nginx asks the backend %s for %s, since `%s %s` stands in `location %s` (%s): "
        .. "the backend answers %d to that, and %d to %s.", question.uri, address, sent, pass.kind, pass.argument.text,
        prefix, at(pass), answers[1].code, others[1].answer.code, others[1].sent)
    local intercept = config:effective(pass.directive, "proxy_intercept_errors")
    if intercept and intercept.args[1].text == "on" then
        summary = summary .. string.format(" proxy_intercept_errors (%s:%d) makes a %s of it, so no line is in the error log.",
            intercept.file, intercept.line, tostring(symptom.code))
    end
    if #others == 1 then
        fix, reason = path_fix(host, symptom, pass, others[1].uri)
    else
        summary = summary .. " It knows both forms of the path; which one is meant, only a person can say."
    end
    if reason then
        summary = summary .. " It is not changed by itself: " .. reason .. "."
    end
    return { title = "nginx asks the backend for the wrong path", summary = summary, likelihood = 93, evidence = evidence,
             subject = { upstream = address, path = sent }, fixes = { fix } }
end

M.place = addresses.place
M.written = written

return M
