-- tls_upstream.lua: what the playbook tls-upstream knows: nginx and the backend do not agree on TLS, or nginx does not
-- trust the backend's certificate.
--
-- nginx checks certificates only with proxy_ssl_verify on; the name is proxy_ssl_name ($proxy_host by default), and
-- it is sent as SNI only with proxy_ssl_server_name on (ngx_http_upstream.c, ngx_http_upstream_ssl_name).

local backend = require "backend"
local lines = require "lines"
local names = require "names"
local nginx_change = require "nginx_change"
local nginx_edit = require "nginx_edit"
local nginx_log = require "nginx_log"
local s_client = require "openssl_s_client"
local tcp = require "tcp_upstream"
local wrong = require "wrong_proxy_pass"

local M = {}

local SYSTEM_STORES = { "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt" }

local function is_tls(entry)
    local message = tostring(entry.message)
    -- With TLS 1.3 a backend refuses its client only when the client's handshake is over (RFC 8446, 4.4.2.4).
    return entry.phase == "SSL handshaking to upstream" or message:find("^upstream SSL certificate") ~= nil
        or message:find("^SSL_%a+%(%) failed %(SSL: .*SSL alert number %d+") ~= nil
end

-- A connection that ended after the handshake, in whatever way nginx came to notice it first.
local function ended_late(entry)
    local phase = tostring(entry.phase)
    return tostring(entry.upstream):find("^https://") ~= nil and (phase:find("^reading response header") ~= nil
        or phase:find("^sending request") ~= nil or phase == "connecting to upstream" and entry.errno == 32) -- EPIPE
end

-- The upstreams that failed in TLS, with what the line says: "verify" and its code, "name", "handshake", or "late" where it
-- may have been refused by the backend after the handshake.
function M.failing(symptom)
    local list = {}
    for _, upstream in ipairs(symptom.upstreams) do
        local entry = upstream.failure and upstream.failure.entry
        if entry and upstream.address and upstream.address.port and (is_tls(entry) or ended_late(entry)) then
            local message = tostring(entry.message)
            local code = message:match("^upstream SSL certificate verify error: %((%d+):")
            list[#list + 1] = { upstream = upstream, entry = entry, code = tonumber(code),
                kind = not is_tls(entry) and "late" or code and "verify" or message:find("^upstream SSL certificate does not match") and "name"
                    or message:find("^upstream timed out") and "timeout" or "handshake" }
        end
    end
    return list
end

local function add(list, item)
    list[#list + 1] = item
end

local function setting(config, pass, name)
    local prefix = pass.kind == "grpc_pass" and "grpc_" or pass.kind == "uwsgi_pass" and "uwsgi_" or "proxy_"
    local directive = config:effective(pass.directive, prefix .. name)
    return directive and directive.args[1] and directive.args[1].text or nil, directive, prefix .. name
end

-- The lines that decide, what nginx checks against, and under which name.
function M.prepare(host, symptom, item)
    local config = symptom.nx.config
    item.uses = tcp.uses(config, item.upstream)
    item.pass = item.uses[1] and item.uses[1].passes[1]
    item.evidence = { nginx_log.show(item.upstream.failure) }
    if not item.pass then
        return false
    end
    local pass = item.pass
    add(item.evidence, lines.shown(host, pass.directive))
    local verify, ca = setting(config, pass, "ssl_verify"), nil
    item.checks = verify == "on"
    ca, item.ca_directive, item.ca_name = setting(config, pass, "ssl_trusted_certificate")
    item.ca = ca and ca:sub(1, 1) ~= "/" and config.directory .. ca or ca
    local name, directive, name_name = setting(config, pass, "ssl_name")
    item.name_directive, item.name_name = directive, name_name
    item.name = name and not name:find("$", 1, true) and name or (pass.resolved or pass.target).host
    if name and name:find("$", 1, true) then
        item.name = (name == "$host" or name == "$http_host") and tostring(item.entry.host):match("^[^:]+") or nil
    end
    local sni, sni_directive, sni_name = setting(config, pass, "ssl_server_name")
    item.sni, item.sni_directive, item.sni_name = sni == "on", sni_directive, sni_name
    for _, one in ipairs({ item.ca_directive or false, directive or false, sni_directive or false }) do
        if one and #item.evidence < 5 then
            add(item.evidence, lines.shown(host, one))
        end
    end
    return true
end

-- Shakes hands as nginx would.  -> parsed (openssl_s_client), result
local function shake(host, item, opts)
    local argv = { "openssl", "s_client", "-connect", item.upstream.key }
    local function words(...)
        for _, word in ipairs({ ... }) do
            argv[#argv + 1] = word
        end
    end
    if opts.sni then
        words("-servername", opts.sni)
    else
        words("-noservername")
    end
    if opts.name then
        words("-verify_hostname", opts.name)
    end
    if opts.ca then
        words("-CAfile", opts.ca)
    end
    local r = host:run(argv, { timeout = 15 })
    local parsed = s_client.parse(r.out .. "\n" .. r.err)
    parsed.tool = r.outcome ~= "not-started" and r.code ~= 127
    return parsed, r
end

-- The lines of s_client that say something about the certificate, as it printed them.
local function show(r)
    local said = {}
    for line in (r.out .. "\n" .. r.err):gmatch("[^\n]+") do
        if line:find("^ ?%d+ s:") or line:find("^   [iv]:") or line:find("^%s*Verif") or line:find("^verify error")
            or line:find("error:%x+:") or line:find("^CONNECTED") or line:find("errno=") then
            said[#said + 1] = line
        end
    end
    return r:show(said)
end

local function cause_of(item, title, summary, likelihood, fixes)
    return { title = title, summary = summary, likelihood = likelihood, evidence = item.evidence, fixes = fixes or {},
             subject = { upstream = item.upstream.key, name = item.name } }
end

local function written(item)
    return string.format("%s (%s:%d)", item.upstream.key, item.pass.file, item.pass.line)
end

-- Sets a directive where it stands already, else at the pass's own location.
local function set(host, symptom, item, directive, name, value)
    local config = symptom.nx.config
    if directive then
        return nginx_change.one(host, nginx_edit.replace_argument(config, directive, 1, value))
    elseif not item.pass.location then
        return nil, "there is no location to set it at"
    end
    return nginx_change.one(host, nginx_edit.add_directive(config, item.pass.location, name, value))
end

local function fix(host, symptom, edits, reason, spec)
    if not edits then
        return nil, reason
    end
    spec.edits = edits
    return wrong.nginx_fix(host, symptom, spec)
end

local function leaf(parsed)
    return parsed.chain[1] or {}
end

local function is_text(value)
    return type(value) == "string"
end

local function subject_of(parsed)
    local first = leaf(parsed)
    return is_text(first.subject) and first.subject or is_text(parsed.subject) and parsed.subject or "?"
end

local function common_name(parsed)
    local name = subject_of(parsed):match("CN%s*=%s*([%w._-]+)")
    return name and names.is_name(name) and name or nil
end

-- expired, or not valid yet
local function dates(item, parsed)
    local first = leaf(parsed)
    local early = item.code == 9
    return cause_of(item, early and "The backend's certificate is not valid yet" or "The backend's certificate has expired",
        string.format("%s presents the certificate %s, which %s %s, so nginx refuses it (proxy_ssl_verify on). Renew it on the "
            .. "backend and let the backend load the new one; check also that the clocks are right. Do not turn the "
            .. "verification off: then anybody on the way could pose as the backend.", written(item), subject_of(parsed),
            early and "is valid only from" or "was valid only until",
            tostring(early and first.not_before or first.not_after)), 96)
end

-- A store of this host that the certificate does verify against.
local function working_store(host, item)
    for _, path in ipairs(SYSTEM_STORES) do
        if path ~= item.ca and host:stat(path) then
            local parsed, r = shake(host, item, { sni = item.name, name = item.name, ca = path })
            if parsed.handshake and parsed.verify_code == 0 then
                return path, r
            end
        end
    end
    return nil
end

local function untrusted(host, symptom, item, parsed)
    local issuer = leaf(parsed).issuer
    local own = item.code == 18
    local summary = string.format("%s presents the certificate %s, %s, and %s does not hold that one, so nginx refuses it "
        .. "(proxy_ssl_verify on).", written(item), subject_of(parsed), own and "signed by itself"
        or "issued by " .. (is_text(issuer) and issuer or "an authority that it does not send along"),
        item.ca or "proxy_ssl_trusted_certificate")
    local store, r = nil, nil
    if item.ca_directive and not own then
        store, r = working_store(host, item)
    end
    if not store then
        return cause_of(item, own and "The backend's certificate is signed by itself" or "nginx does not know who issued the backend's certificate",
            summary .. " Get the certificate of the issuer" .. (own and " (here: the backend's own)" or "") .. " from whoever runs "
            .. "the backend, by a way that you trust, add it to that file, and reload nginx. Was the backend's certificate "
            .. "changed lately? Then ask first whether that was meant.", 95)
    end
    add(item.evidence, show(r))
    local edits, reason = set(host, symptom, item, item.ca_directive, item.ca_name, store)
    local one
    one, reason = fix(host, symptom, edits, reason, { id = "trust-the-system-store", recommended = true,
        title = "Let nginx trust the authorities that this host trusts",
        why = store .. " verifies the certificate, name and all, as was tried just now. The price: every authority in it is "
            .. "trusted for this backend." })
    return cause_of(item, "nginx does not know who issued the backend's certificate", summary .. " " .. store .. " does hold it."
        .. (one and "" or " It is not changed by itself: " .. tostring(reason) .. "."), 95, { one })
end

-- The names that the configuration itself gives this backend.
local function own_names(symptom, item)
    local list, seen = {}, {}
    local function put(name)
        if names.is_name(name) and not seen[name] and name ~= item.name then
            seen[name] = true
            list[#list + 1] = name
        end
    end
    for _, use in ipairs(item.uses) do
        put(use.address and use.address.host)
    end
    local _, all = symptom.nx.config:effective(item.pass.directive, "proxy_set_header")
    for _, d in ipairs(all) do
        if d.args[1].text:lower() == "host" and d.args[2] and not d.args[2].text:find("$", 1, true) then
            put(d.args[2].text)
        end
    end
    return list
end

local function matches(host, item, name)
    local parsed, r = shake(host, item, { sni = item.sni and name or nil, name = name, ca = item.ca })
    return parsed.handshake and parsed.verify_code == 0, r
end

local function wrong_name(host, symptom, item, parsed)
    local summary = string.format("nginx expects a certificate for the name %s (%s), and %s presents one for another: %s.",
        tostring(item.name), item.name_directive and "proxy_ssl_name" or "the host in proxy_pass, since proxy_ssl_name is not set",
        written(item), subject_of(parsed))
    local with_sni, r = shake(host, item, { sni = item.name, name = item.name, ca = item.ca })
    if not item.sni and item.name and with_sni.handshake and with_sni.verify_code == 0 then
        add(item.evidence, show(r))
        return M.sni_cause(host, symptom, item, summary .. " Asked with that name in the handshake (SNI), it presents the right one.")
    end
    for _, name in ipairs(own_names(symptom, item)) do
        local good, theirs = matches(host, item, name)
        if good then
            add(item.evidence, show(theirs))
            local edits, reason = set(host, symptom, item, item.name_directive, item.name_name, name)
            local one
            one, reason = fix(host, symptom, edits, reason, { id = "expect-" .. name:gsub("[^%w]+", "-"), recommended = true,
                title = "Let nginx expect the name " .. name, why = "The configuration itself calls the backend so, and its "
                .. "certificate is valid for that name, as was tried just now." })
            return cause_of(item, "The backend's certificate is for another name", summary .. " It is valid for " .. name
                .. ", as the configuration calls the backend elsewhere." .. (one and "" or " It is not changed by itself: "
                .. tostring(reason) .. "."), 95, { one })
        end
    end
    local name = common_name(parsed)
    return cause_of(item, "The backend's certificate is for another name", summary .. " If that is the backend that is meant, set "
        .. item.name_name .. " to the certificate's name" .. (name and " (" .. name .. ")" or "") .. " and proxy_ssl_server_name on; "
        .. "which name to trust, a person has to say. Else the address is wrong, or the backend needs another certificate.", 94)
end

function M.sni_cause(host, symptom, item, summary)
    local edits, reason = set(host, symptom, item, item.sni_directive, item.sni_name, "on")
    local one
    one, reason = fix(host, symptom, edits, reason, { id = "send-the-name", recommended = true,
        title = "Let nginx send the name " .. tostring(item.name) .. " in the TLS handshake",
        why = "The backend serves several names and was seen to need it. It is nginx's default to send none." })
    return cause_of(item, "nginx does not tell the backend which name it wants (SNI)", summary
        .. (one and "" or " It is not changed by itself: " .. tostring(reason) .. "."), 95, { one })
end

-- The one alert of a backend that tells for certain why it ends a handshake: protocol_version (RFC 8446, 6.2).
local PROTOCOL_VERSION = "70"

-- nginx logged it, so it needs no second try.
local function no_common_version(host, symptom, item)
    local number = tostring(item.entry.message):match("SSL alert number (%d+)")
    if number ~= PROTOCOL_VERSION then
        return nil
    end
    local value, directive, name = setting(symptom.nx.config, item.pass, "ssl_protocols")
    if directive then
        add(item.evidence, lines.shown(host, directive))
    end
    return cause_of(item, "nginx and the backend have no version of TLS in common", string.format("%s ends the TLS handshake with "
        .. "the alert %s: none of the TLS versions that nginx offers is one that it takes. In nginx %s. On which side that should "
        .. "change, a person has to say.", written(item), number, directive
        and string.format("%s is %s (%s:%d)", name, value, directive.file, directive.line) or name .. " is not set"), 93)
end

-- certificate_required says it (RFC 8446, 6.2); TLS 1.2 has only handshake_failure and bad_certificate for it, after the
-- backend has asked for one.
local CERTIFICATE_REQUIRED = "116"
local REFUSALS = { ["40"] = true, ["42"] = true }

local function is_required(text)
    return text:find("alert certificate required", 1, true) ~= nil
end

local function asks_for_certificate(result)
    return ("\n" .. result.out):find("\nAcceptable client certificate CA names", 1, true) ~= nil
end

-- With TLS 1.3 the server says only after the handshake that it wanted a certificate (RFC 8446, 4.4.2.4), and openssl, which
-- has nothing to send, may be gone by then.  curl waits for an answer.
local function refused_after_handshake(host, item)
    local _, results = backend.ask(host, { scheme = "https", address = item.upstream.key, uri = "/", seconds = 5, times = 3 })
    for _, r in ipairs(results) do
        if is_required(r.err) then
            return r
        end
    end
    return nil -- also where the connection's end came before the alert was read, each time
end

local function demands_certificate(host, item, tried, result)
    local number = tostring(item.entry.message):match("SSL alert number (%d+)")
    for _, text in ipairs(tried.errors) do
        if is_text(text) and is_required(text) then
            return true
        end
    end
    local late = tried.handshake and refused_after_handshake(host, item)
    if late then
        add(item.evidence, backend.shown(late))
        return true
    end
    return number == CERTIFICATE_REQUIRED or REFUSALS[number] and not tried.handshake
        and asks_for_certificate(result)
end

local function client_certificate(symptom, item)
    local value, directive, name = setting(symptom.nx.config, item.pass, "ssl_certificate")
    return cause_of(item, "The backend demands a certificate of nginx", string.format("%s takes only clients that show a certificate "
        .. "of their own, and %s. Whoever runs the backend has to give one to nginx: set %s and %s_key to it. Or, if that was "
        .. "not meant, the backend has to stop asking for it.", written(item), directive and string.format(
        "does not accept the one that nginx shows (%s %s, %s:%d)", name, value, directive.file, directive.line)
        or "nginx shows none: " .. name .. " is not set", name, name), 95)
end

local function handshake(host, symptom, item)
    local versions = no_common_version(host, symptom, item)
    if versions then
        return versions
    end
    local plain, plain_result = backend.ask(host, { scheme = "http", address = item.upstream.key, uri = "/", seconds = 5 })
    local as_nginx, r = shake(host, item, { sni = item.sni and item.name or nil })
    add(item.evidence, show(r))
    if not as_nginx.tool then
        return nil, "openssl is missing, so the handshake could not be tried", true
    elseif not as_nginx.handshake and plain[1].code and plain[1].code ~= 400 then
        add(item.evidence, backend.shown(plain_result[1]))
        return nil, item.upstream.key .. " speaks plain HTTP and no TLS"
    elseif demands_certificate(host, item, as_nginx, r) then
        return client_certificate(symptom, item)
    elseif as_nginx.handshake then
        return nil, "the handshake with " .. item.upstream.key .. " succeeds when it is tried with openssl"
            .. (item.kind == "timeout" and ", which nginx had no time for" or ", so what nginx asks for differs (proxy_ssl_protocols, "
            .. "proxy_ssl_ciphers, a client certificate)"), true
    end
    if not item.sni and names.is_name(item.name) then
        local with, with_result = shake(host, item, { sni = item.name })
        if with.handshake then
            add(item.evidence, show(with_result))
            return M.sni_cause(host, symptom, item, string.format("%s ends the TLS handshake of a client that does not say which "
                .. "name it wants, and nginx does not say it: proxy_ssl_server_name is off. With the name %s the handshake "
                .. "succeeds.", written(item), item.name))
        end
    end
    if item.kind == "timeout" then -- who says nothing may be slow, or speak no TLS and wait for more
        return nil, "the TLS handshake with " .. item.upstream.key .. " did not come about with openssl either, and whether it "
            .. "speaks TLS at all could not be seen", true
    end
    local problem = as_nginx.errors[1]
    return cause_of(item, "nginx and the backend do not agree on TLS", string.format("The TLS handshake with %s fails with openssl "
        .. "as well%s. Look at what the backend wants: protocol versions, ciphers, a client certificate, or a name (SNI) that "
        .. "nginx does not send.", written(item), is_text(problem) and ": " .. problem or ""), 80)
end

local function late(host, symptom, item)
    local tried, r = shake(host, item, { sni = item.sni and item.name or nil })
    if not tried.handshake or not demands_certificate(host, item, tried, r) then
        return nil, "the TLS handshake with " .. item.upstream.key .. " is not what fails"
    end
    add(item.evidence, show(r))
    return client_certificate(symptom, item)
end

-- Does this backend take nginx's connection and then refuse it for want of a certificate?  upstream: one of the symptom's
function M.refuses_late(host, symptom, upstream)
    local item = { upstream = upstream, entry = upstream.failure and upstream.failure.entry, kind = "late" }
    return item.entry ~= nil and ended_late(item.entry) and M.prepare(host, symptom, item) and late(host, symptom, item) ~= nil
end

-- -> cause | nil, reason, true where that is no ruling out but not knowing
function M.look(host, symptom, item)
    if not M.prepare(host, symptom, item) then
        return nil, "no proxy_pass of the configuration leads to " .. item.upstream.key, item.kind ~= "late"
    elseif item.kind == "late" then
        return late(host, symptom, item)
    elseif item.kind == "handshake" or item.kind == "timeout" then
        return handshake(host, symptom, item)
    end
    local parsed, r = shake(host, item, { sni = item.sni and item.name or nil, name = item.kind == "name" and item.name or nil,
                                          ca = item.ca })
    if not parsed.tool or not parsed.connected then
        return nil, "the backend's certificate could not be looked at with openssl", true
    end
    add(item.evidence, show(r))
    if parsed.verify_code == 0 and parsed.handshake then
        return nil, "the certificate of " .. item.upstream.key .. " verifies now: has it been renewed?", true
    elseif item.kind == "name" then
        return wrong_name(host, symptom, item, parsed)
    elseif item.code == 10 or item.code == 9 then
        return dates(item, parsed)
    elseif item.code == 18 or item.code == 19 or item.code == 20 or item.code == 21 then
        return untrusted(host, symptom, item, parsed)
    end
    return cause_of(item, "nginx refuses the backend's certificate", string.format("%s presents a certificate that does not verify: "
        .. "%s. It has to be put right on the backend.", written(item), tostring(item.entry.message):match("%((.-)%)") or "?"), 90)
end

return M
