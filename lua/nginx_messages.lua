-- nginx_messages.lua: which root causes a message of nginx's error log points to.
--
--   M.suspects(fact) -> list of playbook names, most likely first; empty: no upstream failure
--
-- fact = {message=, level=, phase= | nil, kind= | nil (nginx_errno), unix= true for a unix socket,
--         resolver= true when nginx named a resolver as the other side}
--
-- A message is known by its literal head, as the format strings of nginx's sources print it, never
-- by a phrase somewhere inside: whatever follows the head may have been chosen by a client or by
-- the upstream. Sources: src/http/ngx_http_upstream*.c, src/event/ngx_event_{connect,openssl,pipe,
-- accept}.c, src/core/ngx_{connection,resolver,inet}.c, src/os/unix/ngx_{recv,send}*.c,
-- src/http/modules/ngx_http_{proxy,proxy_v2,fastcgi,uwsgi,scgi,grpc,memcached}_module.c,
-- src/stream/ngx_stream_proxy_module.c.
local M = {}

-- Phases (log->action) in which the other side is the upstream. "sending to client" is not among
-- them although nginx also reads from the upstream meanwhile: recv() may then be about either.
local upstream_phases = {
    ["connecting to upstream"] = true,
    ["SSL handshaking to upstream"] = true,
    ["sending request to upstream"] = true,
    ["reading response header from upstream"] = true,
    ["reading response from upstream"] = true,
    ["reading upstream"] = true,
    ["sending PROXY protocol header to upstream"] = true,
    ["proxying connection"] = true,
    ["proxying and reading from upstream"] = true,
    ["proxying and sending to upstream"] = true,
    ["proxying upgraded connection"] = true,
}

local none = {}

-- What an error number says once it is known that the upstream is the other side.
local tcp_kinds = {
    refused = {"upstream-down", "wrong-proxy-pass"},
    reset = {"invalid-response", "upstream-down"},
    closed = {"invalid-response", "upstream-down"},
    aborted = {"invalid-response", "upstream-down"},
    timeout = {"proxy-timeout", "unreachable"},
    ["unreachable-host"] = {"unreachable"},
    ["unreachable-net"] = {"unreachable"},
    denied = {"permission-denied"},
    ["exhausted-files"] = {"connection-limit"},
    ["exhausted-memory"] = {"connection-limit"},
    ["address-unavailable"] = {"port-exhaustion"},
    ["address-in-use"] = {"port-exhaustion"},
    again = {"connection-limit", "port-exhaustion"},
    invalid = {"wrong-proxy-pass"},
}
local unix_kinds = {
    refused = {"unix-socket", "upstream-down"},
    absent = {"unix-socket", "upstream-down"},
    denied = {"unix-socket", "permission-denied"},
    -- Linux: EAGAIN from connect() on a unix socket is a full listen queue (ngx_event_connect.c)
    again = {"unix-socket", "connection-limit"},
    reset = {"invalid-response", "unix-socket", "upstream-down"},
    closed = {"invalid-response", "unix-socket", "upstream-down"},
    ["exhausted-files"] = {"connection-limit"},
}

local function towards_upstream(fact)
    return upstream_phases[fact.phase] or false
end

-- connect() is only ever called towards an upstream, a resolver (taken care of before), a syslog
-- server or an OCSP responder; a line cut before its phase is taken for the first.
local function on_connect(fact)
    if fact.phase and not towards_upstream(fact) then
        return none
    end
    if fact.unix then
        return unix_kinds[fact.kind] or {"unix-socket"}
    end
    if fact.kind == "reset" or fact.kind == "aborted" then
        return {"upstream-down", "connection-limit"}
    end
    return tcp_kinds[fact.kind] or {"upstream-down", "unreachable"}
end

-- recv(), send() and their like serve the client's connection as well: the phase decides.
local function on_io(fact)
    if not towards_upstream(fact) then
        return none
    end
    return (fact.unix and unix_kinds or tcp_kinds)[fact.kind] or {"invalid-response"}
end

local function on_limit(fact)
    return (fact.kind == "exhausted-files" or fact.kind == "exhausted-memory")
        and {"connection-limit"} or none
end

local function on_socket(fact)
    local by_limit = on_limit(fact)
    return by_limit ~= none and by_limit or towards_upstream(fact) and on_connect(fact) or none
end

local function on_socket_option(fact)
    return towards_upstream(fact) and fact.kind == "denied" and {"permission-denied"} or none
end

-- OpenSSL's reasons that mean "that was no TLS": an http port behind an https:// address.
local not_tls = {
    "wrong version number", "http request", "unknown protocol", "packet length too long",
    "record layer failure",
}

local function on_tls(fact)
    if not towards_upstream(fact) then
        return none
    end
    for _, reason in ipairs(not_tls) do
        -- inside OpenSSL's own `(SSL: error:…)`, which holds no foreign text
        if fact.message:find(reason, 1, true) then
            return {"tls-upstream", "wrong-proxy-pass"}
        end
    end
    return {"tls-upstream"}
end

local function on_tls_io(fact)
    return towards_upstream(fact) and {"tls-upstream", "invalid-response"} or none
end

local function on_peer_closed_handshake(fact)
    return towards_upstream(fact) and {"tls-upstream", "wrong-proxy-pass"} or none
end

local function on_timeout(fact)
    if fact.phase == "connecting to upstream" then
        return {"proxy-timeout", "unreachable"}
    elseif fact.phase == "SSL handshaking to upstream" then
        return {"proxy-timeout", "tls-upstream"}
    end
    return {"proxy-timeout"}
end

-- The error is fatal and the warning is about a header that was dropped (ngx_http_upstream.c).
local function on_duplicate_header(fact)
    return fact.level == "warn" and none or {"invalid-response"}
end

local invalid = {"invalid-response"}
local invalid_or_wrong = {"invalid-response", "wrong-proxy-pass"}
local wrong_or_invalid = {"wrong-proxy-pass", "invalid-response"}
local closed_early = {"invalid-response", "upstream-down", "proxy-timeout"}
local wrong = {"wrong-proxy-pass"}
local dns = {"dns-resolution"}
local limit = {"connection-limit"}

-- {head, suspects or function(fact)}. The longest head that fits wins.
M.heads = {
    -- connecting
    {"connect() to ", on_connect},
    {"connect() failed", on_connect},
    {"kevent() reported that connect() failed", on_connect},
    {"socket() failed", on_socket},
    {"bind(", function(fact)
        return towards_upstream(fact) and {"port-exhaustion", "wrong-proxy-pass"} or none
    end},
    -- proxy_bind … transparent without the right to it
    {"setsockopt(IP_TRANSPARENT) failed", on_socket_option},
    {"setsockopt(IPV6_TRANSPARENT) failed", on_socket_option},
    {"setsockopt(IP_BINDANY) failed", on_socket_option},
    {"setsockopt(IPV6_BINDANY) failed", on_socket_option},
    {"setsockopt(SO_BINDANY) failed", on_socket_option},
    {"accept() failed", on_limit},
    {"accept4() failed", on_limit},
    {"open() ", on_limit},
    {"pipe() failed", on_limit},
    {"eventfd() failed", on_limit},
    {"the new socket has number ", limit},
    {"no live upstreams", {"no-live-upstreams", "upstream-down"}},
    {"upstream server temporarily disabled", {"no-live-upstreams", "upstream-down"}},
    {"upstream timed out", on_timeout},
    {"no upstream configuration", wrong},

    -- input and output
    {"recv() failed", on_io},
    {"readv() failed", on_io},
    {"send() failed", on_io},
    {"writev() failed", on_io},
    {"sendfile() failed", on_io},
    {"sendfilev() failed", on_io},
    {"sendmsg() failed", on_io},
    {"WSARecv() failed", on_io},
    {"WSASend() failed", on_io},
    {"kevent() reported about an closed connection", on_io},
    {"kevent() reported that upstream closed connection", closed_early},
    {"upstream prematurely closed connection", closed_early},
    {"upstream prematurely closed FastCGI request", closed_early},
    {"upstream prematurely closed FastCGI stdout", closed_early},
    {"upstream prematurely closed stream", closed_early},
    {"upstream prematurely sent response", invalid},

    -- TLS
    {"SSL_do_handshake() failed", on_tls},
    {"SSL_connect() failed", on_tls},
    {"SSL_new() failed", on_tls},
    {"SSL_set_fd() failed", on_tls},
    {"SSL_set_session() failed", on_tls},
    {"SSL_set_tlsext_host_name(", {"tls-upstream"}},
    {"SSL_set_alpn_protos() failed", {"tls-upstream"}},
    {"SSL_read() failed", on_tls_io},
    {"SSL_write() failed", on_tls_io},
    {"SSL_sendfile() failed", on_tls_io},
    {"handshake rejected", on_tls},
    {"peer closed connection in SSL handshake", on_peer_closed_handshake},
    {"cannot load certificate", on_tls},
    {"SSL_use_certificate(", on_tls},
    {"SSL_use_PrivateKey(", on_tls},
    {"SSL_set0_chain(", on_tls},
    {"no proxy_ssl_trusted_certificate for proxy_ssl_verify", {"tls-upstream"}},
    {"no uwsgi_ssl_trusted_certificate for uwsgi_ssl_verify", {"tls-upstream"}},
    {"no grpc_ssl_trusted_certificate for grpc_ssl_verify", {"tls-upstream"}},
    {'no "proxy_ssl_certificate_key" is defined for certificate ', {"tls-upstream"}},
    {'no "uwsgi_ssl_certificate_key" is defined for certificate ', {"tls-upstream"}},
    {'no "grpc_ssl_certificate_key" is defined for certificate ', {"tls-upstream"}},
    {"upstream SSL certificate verify error", {"tls-upstream"}},
    {"upstream SSL certificate does not match", {"tls-upstream"}},

    -- the response. Every "upstream sent …" is a complaint about it, but for these.
    {"upstream sent ", invalid},
    {"upstream sent no valid HTTP/", invalid_or_wrong},
    {"upstream sent invalid header", invalid_or_wrong},
    {"upstream sent too big header", {"too-big-header"}},
    {"upstream sent too big trailers", {"too-big-header", "invalid-response"}},
    {"upstream sent too big early hints", none},
    {"upstream sent more data than specified", none},
    {"upstream sent data after final chunk", none},
    {"upstream sent data after trailers", none},
    {"upstream sent duplicate header line", on_duplicate_header},
    -- Another protocol on that port: 72 is the H of an HTTP server behind fastcgi_pass, and an
    -- HTTP/1 answer makes a "frame" of a size or type that HTTP/2 does not have.
    {"upstream sent unsupported FastCGI protocol version", wrong_or_invalid},
    {"upstream sent invalid FastCGI record type", wrong_or_invalid},
    {"upstream sent too large http2 frame", wrong_or_invalid},
    {"upstream sent unexpected http2 frame", wrong_or_invalid},
    {"upstream rejected request with error ", invalid},
    {"upstream violated connection flow control", invalid},
    {"upstream violated stream flow control", invalid},
    {"invalid header after joining FastCGI records", invalid},
    {"memcached sent invalid ", invalid_or_wrong},

    -- names and addresses. "%s in upstream" takes its %s from ngx_parse_url (ngx_inet.c).
    {"no resolver defined to resolve ", dns},
    {"host not found in upstream", {"dns-resolution", "wrong-proxy-pass"}},
    {"host not found in resolver", dns},
    {"resolving names at run time requires upstream ", dns},
    {"load balancing method does not support resolving names at run time in upstream ", dns},
    {"service ", function(fact)
        return fact.message:find(" could not be resolved ", 1, true) and dns or none
    end},
    {"no port in upstream", wrong},
    {"no host in upstream", wrong},
    {"no servers in upstream", wrong},
    {"no path in the unix domain socket in upstream", {"unix-socket", "wrong-proxy-pass"}},
    {"too long path in the unix domain socket in upstream", {"unix-socket", "wrong-proxy-pass"}},
    {"invalid host in upstream", wrong},
    {"invalid port in upstream", wrong},
    {"invalid port range in upstream", wrong},
    {"invalid IPv6 address in upstream", wrong},
    {"the INET6 sockets are not supported on this platform in upstream", wrong},
    {"the unix domain sockets are not supported on this platform in upstream", wrong},
    {'upstream "', function(fact)
        return fact.level == "emerg" and fact.message:find('" may not have port ', 1, true)
            and wrong or none
    end},
    {"invalid URL prefix", wrong},
    {"zero length URI to proxy", wrong},
    {"https protocol requires SSL support", {"wrong-proxy-pass", "tls-upstream"}},
    {"grpcs protocol requires SSL support", {"wrong-proxy-pass", "tls-upstream"}},
    {"suwsgi protocol requires SSL support", {"wrong-proxy-pass", "tls-upstream"}},

    -- the resolver's own lines (ngx_resolver.c), with or without ", resolver: "
    {"DNS error (", dns},
    {"unexpected DNS response", dns},
    {"no A or CNAME types in DNS response", dns},
    {"no SRV type in DNS response", dns},
    {"wrong ident ", dns},
    {"invalid UDP DNS response", dns},
    {"invalid TCP DNS response", dns},
    {"no PTR type in DNS response", dns},
    {"unexpected RR ", dns},
    {"unknown query ", dns},
}

-- Heads by their first letter: a line is compared with a handful and not with all.
local by_letter = {}
for _, entry in ipairs(M.heads) do
    local letter = entry[1]:sub(1, 1)
    by_letter[letter] = by_letter[letter] or {}
    table.insert(by_letter[letter], entry)
end
for _, list in pairs(by_letter) do
    table.sort(list, function(a, b) return #a[1] > #b[1] end)
end

local function find_head(message)
    for _, entry in ipairs(by_letter[message:sub(1, 1)] or none) do
        if message:sub(1, #entry[1]) == entry[1] then
            return entry[2]
        end
    end
    return nil
end

-- Two messages begin with a value: a number and a name. Their form as a whole is fixed, and a name
-- may hold no quote or blank, so that other messages' quoted text cannot look like them.
local function begins_with_a_value(message)
    if message:find("^%d+ worker_connections are not enough for ") then
        return none -- a configuration error at start-up (ngx_event.c)
    end
    if message:find("^%d+ worker_connections are not enough, reusing connections") then
        return none -- idle connections are closed to make room; no request fails (ngx_connection.c)
    end
    if message:find("^%d+ worker_connections are not enough") then
        return limit
    end
    if message:find('^[^%s"]+ could not be resolved %(') then
        return dns
    end
    return nil
end

function M.suspects(fact)
    if fact.level == "debug" then
        return none
    end
    -- Whatever fails towards a DNS server is about names, never about the upstream.
    if fact.resolver or fact.phase == "resolving" then
        return dns
    end
    local found = find_head(fact.message) or begins_with_a_value(fact.message)
    if type(found) == "function" then
        found = found(fact)
    end
    return found or none
end

return M
