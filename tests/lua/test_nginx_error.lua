-- test_nginx_error.lua: the error log's grammar, the suspects, and what a client may try.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local nginx_error = require "nginx_error"

local null = json.null

local function one(line)
    local entries = nginx_error.parse(line .. "\n")
    check.equal("one entry: " .. line:sub(1, 60), #entries, 1)
    return entries[1]
end

local function suspects(entry)
    return entry.suspects and table.concat(entry.suspects, " ") or "unparsed"
end

local head = "2026/04/04 08:14:55 [error] 2210#2210: *88 "
local context = ', client: 192.168.10.101, server: a.test, request: "GET /login HTTP/1.1", '
    .. 'upstream: "http://127.0.0.1:3000/login", host: "a.test"'

-- The lines of the article, whole, with what they must lead to.
local article = {
    {'2026/04/04 08:12:33 [error] 1234#1234: *42 connect() failed (111: Connection refused) while connecting to upstream, client: 192.168.10.45, server: solvethenetwork.com, request: "GET /api/status HTTP/1.1", upstream: "http://10.10.10.20:8080/api/status", host: "solvethenetwork.com"',
        "upstream-down wrong-proxy-pass", 111, "connecting to upstream", "http://10.10.10.20:8080/api/status"},
    {'2026/04/04 08:14:55 [error] 2210#2210: *88 connect() failed (111: Connection refused) while connecting to upstream, client: 192.168.10.101, server: solvethenetwork.com, request: "POST /login HTTP/1.1", upstream: "http://127.0.0.1:3000/login", host: "solvethenetwork.com"',
        "upstream-down wrong-proxy-pass", 111, "connecting to upstream", "http://127.0.0.1:3000/login"},
    {'nginx: [emerg] host not found in upstream "backend.solvethenetwork.com" in /etc/nginx/sites-available/solvethenetwork.com:12',
        "dns-resolution wrong-proxy-pass", null, null, null},
    {'2026/04/04 10:30:44 [error] 2210#2210: *204 no resolver defined to resolve backend.solvethenetwork.com, client: 192.168.10.77, server: solvethenetwork.com, request: "GET / HTTP/1.1", upstream: "http://backend.solvethenetwork.com:8080/", host: "solvethenetwork.com"',
        "dns-resolution", null, null, "http://backend.solvethenetwork.com:8080/"},
    {'2026/04/04 11:45:02 [error] 2210#2210: *310 upstream timed out (110: Connection timed out) while connecting to upstream, client: 192.168.10.99, server: solvethenetwork.com, request: "GET /reports/generate HTTP/1.1", upstream: "http://10.10.10.20:8080/reports/generate", host: "solvethenetwork.com"',
        "proxy-timeout unreachable", 110, "connecting to upstream", "http://10.10.10.20:8080/reports/generate"},
    {'2026/04/04 13:10:22 [error] 2210#2210: *415 upstream sent invalid header while reading response header from upstream, client: 192.168.10.33, server: solvethenetwork.com, request: "GET /healthz HTTP/1.1", upstream: "http://10.10.10.30:9000/healthz", host: "solvethenetwork.com"',
        "invalid-response wrong-proxy-pass", null, "reading response header from upstream", "http://10.10.10.30:9000/healthz"},
    {'2026/04/04 13:11:58 [error] 2210#2210: *420 upstream prematurely closed connection while reading response header from upstream, client: 192.168.10.33, server: solvethenetwork.com, request: "GET /healthz HTTP/1.1", upstream: "http://10.10.10.30:9000/healthz", host: "solvethenetwork.com"',
        "invalid-response upstream-down proxy-timeout", null, "reading response header from upstream", "http://10.10.10.30:9000/healthz"},
    {'2026/04/04 14:00:11 [error] 2210#2210: *511 connect() to unix:/run/php/php8.2-fpm.sock failed (2: No such file or directory) while connecting to upstream, client: 192.168.10.20, server: solvethenetwork.com, request: "GET /index.php HTTP/1.1", upstream: "fastcgi_pass unix:/run/php/php8.2-fpm.sock", host: "solvethenetwork.com"',
        "unix-socket upstream-down", 2, "connecting to upstream", "fastcgi_pass unix:/run/php/php8.2-fpm.sock"},
    {'2026/04/04 15:22:44 [warn] 2210#2210: 512 worker_connections are not enough while connecting to upstream',
        "connection-limit", null, "connecting to upstream", null},
}
for _, case in ipairs(article) do
    local entry = one(case[1])
    check.equal("article suspects " .. case[1]:sub(21, 80), suspects(entry), case[2])
    check.equal("article errno", entry.errno, case[3])
    check.equal("article phase", entry.phase, case[4])
    check.equal("article upstream", entry.upstream, case[5])
end

local whole = one(article[1][1])
check.equal("time", whole.time, "2026-04-04T08:12:33")
check.equal("level pid tid connection", {whole.level, whole.pid, whole.tid, whole.connection},
    {"error", 1234, 1234, 42})
check.equal("context", {whole.client, whole.server, whole.request, whole.host},
    {"192.168.10.45", "solvethenetwork.com", "GET /api/status HTTP/1.1", "solvethenetwork.com"})
check.equal("absent fields are null", {whole.subrequest, whole.referrer}, {null, null})
check.has("message holds errno and phase", whole.message,
    "connect() failed (111: Connection refused) while connecting to upstream")

-- message (with phase) -> suspects
local connecting, reading = " while connecting to upstream", " while reading response header from upstream"
local shaking, resolving = " while SSL handshaking to upstream", " while resolving"
local messages = {
    {"connect() failed (61: Connection refused)" .. connecting, "upstream-down wrong-proxy-pass"},
    {"kevent() reported that connect() failed (61: Connection refused)" .. connecting, "upstream-down wrong-proxy-pass"},
    {"connect() failed (10061: No connection could be made)" .. connecting, "upstream-down wrong-proxy-pass"},
    {"connect() failed (111: Connection refused)" .. resolving, "dns-resolution"},
    {"recv() failed (111: Connection refused)" .. resolving, "dns-resolution"},
    {"send() failed (111: Connection refused)" .. resolving, "dns-resolution"},
    {"connect() failed (113: No route to host)" .. connecting, "unreachable"},
    {"connect() failed (113: Host is unreachable)" .. connecting, "unreachable"},
    {"connect() to 10.0.0.1:80 failed (101: Network is unreachable)" .. connecting, "unreachable"},
    {"connect() to 10.0.0.1:80 failed (13: Permission denied)" .. connecting, "permission-denied"},
    {"connect() to 10.0.0.1:80 failed (99: Cannot assign requested address)" .. connecting, "port-exhaustion"},
    {"connect() to 10.0.0.1:80 failed (49: Can't assign requested address)" .. connecting, "port-exhaustion"},
    {"bind(10.0.0.9) failed (99: Cannot assign requested address)" .. connecting, "port-exhaustion wrong-proxy-pass"},
    {"bind() to 0.0.0.0:80 failed (98: Address already in use)", ""},
    {"connect() to unix:/run/a.sock failed (13: Permission denied)" .. connecting, "unix-socket permission-denied"},
    {"connect() to unix:/run/a.sock failed (111: Connection refused)" .. connecting, "unix-socket upstream-down"},
    {"connect() to unix:/run/a.sock failed (11: Resource temporarily unavailable)" .. connecting, "unix-socket connection-limit"},
    {"connect() to 10.0.0.9:514 failed (111: Connection refused) while logging to syslog", ""},
    {"connect() failed (111: Connection refused) while requesting certificate status", ""},
    {"upstream timed out (110: Connection timed out)" .. reading, "proxy-timeout"},
    {"upstream timed out (60: Operation timed out) while reading upstream", "proxy-timeout"},
    {"upstream timed out (110: Connection timed out)" .. shaking, "proxy-timeout tls-upstream"},
    {"recv() failed (104: Connection reset by peer)" .. reading, "invalid-response upstream-down"},
    {"recv() failed (104: Connection reset by peer) while sending to client", ""},
    {"recv() failed (104: Connection reset by peer) while keepalive", ""},
    {"recv() failed (104: Connection reset by peer) while waiting for request", ""},
    {"writev() failed (32: Broken pipe) while sending request to upstream", "invalid-response upstream-down"},
    {"writev() failed (111: Connection refused) while sending request to upstream", "upstream-down wrong-proxy-pass"},
    {"no live upstreams" .. connecting, "no-live-upstreams upstream-down"},
    {"upstream server temporarily disabled" .. connecting, "no-live-upstreams upstream-down"},
    {"upstream sent too big header" .. reading, "too-big-header"},
    {"upstream sent no valid HTTP/1.0 header" .. reading, "invalid-response wrong-proxy-pass"},
    {'upstream sent invalid header: "X Y\\x20..."' .. reading, "invalid-response wrong-proxy-pass"},
    {'upstream sent duplicate header line: "A: b", previous value: "A: c"' .. reading, "invalid-response"},
    {'upstream sent unknown "Transfer-Encoding": "x"' .. reading, "invalid-response"},
    {'upstream sent more data than specified in "Content-Length" header while reading upstream', ""},
    {"upstream sent unsupported FastCGI protocol version: 72" .. reading, "wrong-proxy-pass invalid-response"},
    {"upstream sent too large http2 frame: 4740180" .. reading, "wrong-proxy-pass invalid-response"},
    {"upstream prematurely closed FastCGI stdout" .. reading, "invalid-response upstream-down proxy-timeout"},
    {"upstream rejected request with error 2" .. reading, "invalid-response"},
    {'memcached sent invalid response: "HTTP/1.1 400"' .. reading, "invalid-response wrong-proxy-pass"},
    {'key: "a" was not found by memcached' .. reading, ""},
    {"SSL_do_handshake() failed (SSL: error:0A00010B:SSL routines::wrong version number)" .. shaking, "tls-upstream wrong-proxy-pass"},
    {"SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert handshake failure:SSL alert number 40)" .. shaking, "tls-upstream"},
    {"SSL_do_handshake() failed (SSL: error:0A00006C:SSL routines::bad key share) while SSL handshaking", ""},
    {"peer closed connection in SSL handshake (104: Connection reset by peer)" .. shaking, "tls-upstream wrong-proxy-pass"},
    {"peer closed connection in SSL handshake while SSL handshaking", ""},
    {"upstream SSL certificate verify error: (10:certificate has expired)" .. shaking, "tls-upstream"},
    {'upstream SSL certificate does not match "b.test"' .. shaking, "tls-upstream"},
    {"SSL_read() failed (SSL: error:0A000126:SSL routines::unexpected eof while reading) while reading upstream", "tls-upstream invalid-response"},
    {"b.test could not be resolved (3: Host not found)", "dns-resolution"},
    {"b.test could not be resolved (110: Operation timed out)", "dns-resolution"},
    {"no resolver defined to resolve b.test", "dns-resolution"},
    {'no port in upstream "b.test"', "wrong-proxy-pass"},
    {'invalid URL prefix in "b.test"', "wrong-proxy-pass"},
    {"512 worker_connections are not enough" .. connecting, "connection-limit"},
    {"socket() failed (24: Too many open files)" .. connecting, "connection-limit"},
    {"accept4() failed (24: Too many open files)", "connection-limit"},
    {"an upstream response is buffered to a temporary file /var/cache/nginx/proxy_temp/1/00/0000000001 while reading upstream", ""},
    {"a client request body is buffered to a temporary file /var/cache/nginx/client_temp/0000000001", ""},
    {"client prematurely closed connection while sending request to upstream", ""},
    {"epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too" .. connecting, ""},
    {"epoll_wait() reported that client prematurely closed connection, so upstream connection is closed too (104: Connection reset by peer)" .. reading, ""},
    {'FastCGI sent in stderr: "PHP message: PHP Warning:  x (111: Connection refused) while connecting to upstream in /a.php on line 3"' .. reading, ""},
    {'FastCGI sent in stderr: "Primary script unknown"' .. reading, ""},
    {'open() "/usr/share/nginx/html/50x.html" failed (2: No such file or directory)', ""},
    {'open() "/var/cache/nginx/proxy_temp/1" failed (13: Permission denied) while reading upstream', ""},
    {'cache file "/c/a" has md5 collision', ""},
    {'access forbidden by rule', ""},
    {"setsockopt(IP_TRANSPARENT) failed (1: Operation not permitted)" .. connecting, "permission-denied"},
    {"setsockopt(TCP_NODELAY) failed (22: Invalid argument) while keepalive", ""},
    {"invalid port in upstream \"b:99999\" in /etc/nginx/nginx.conf:12", "wrong-proxy-pass"},
}
for _, case in ipairs(messages) do
    check.equal("suspects of " .. case[1], suspects(one(head .. case[1] .. context)), case[2])
end
check.equal("a dropped duplicate header is a warning",
    suspects(one((head:gsub("error", "warn")) .. 'upstream sent duplicate header line: "A: b", previous value: "A: c", ignored'
        .. reading .. context)), "")
check.equal("a debug line is no evidence",
    suspects(one((head:gsub("error", "debug")) .. "connect() failed (111: Connection refused)" .. connecting)), "")
check.equal("unix by upstream", suspects(one(head .. "recv() failed (104: Connection reset by peer)" .. reading
    .. ', client: 1.1.1.1, server: a, request: "GET / HTTP/1.1", upstream: "http://unix:/run/a.sock:/", host: "a"')),
    "invalid-response unix-socket upstream-down")

-- errno only where nginx puts it
local function errno(text) return one(head .. text .. context).errno end
check.equal("errno: resolver code", errno("b.test could not be resolved (3: Host not found)"), null)
check.equal("errno: certificate", errno("upstream SSL certificate verify error: (10:certificate has expired)" .. shaking), null)
check.equal("errno: quoted", errno('FastCGI sent in stderr: "x (111: Connection refused)"' .. reading), null)
check.equal("errno: path", errno('open() "/x (111: Connection refused)" failed (2: No such file or directory)'), 2)
check.equal("errno: after TLS text", errno("SSL_do_handshake() failed (SSL: error:1:x) (104: Connection reset by peer)" .. shaking), 104)
check.equal("phase: path", one(head .. 'open() "/x while connecting to upstream" failed (2: No such file or directory)' .. context).phase, null)
local resolver = one("2026/04/04 08:14:55 [error] 2210#2210: recv() failed (111: Connection refused) while resolving, resolver: 127.0.0.53:53")
check.equal("resolver line", {suspects(resolver), resolver.phase, resolver.errno}, {"dns-resolution", "resolving", 111})
local stream = one(head .. "connect() failed (111: Connection refused)" .. connecting
    .. ', client: 10.0.0.1, server: 0.0.0.0:5432, upstream: "10.0.0.2:5432", bytes from/to client:0/0, bytes from/to upstream:0/0')
check.equal("stream line", {stream.server, stream.upstream}, {"0.0.0.0:5432", "10.0.0.2:5432"})
local sub = one(head .. "connect() failed (111: Connection refused)" .. connecting
    .. ', client: 10.0.0.1, server: , request: "GET /a HTTP/2.0", subrequest: "/auth", upstream: "http://10.0.0.2:80/auth", host: "a", referrer: "https://a/b"')
check.equal("subrequest line", {sub.server, sub.request, sub.subrequest, sub.upstream, sub.host, sub.referrer},
    {"", "GET /a HTTP/2.0", "/auth", "http://10.0.0.2:80/auth", "a", "https://a/b"})

for _, case in ipairs{
    {"refused", 111, "Connection refused"}, {"refused", 61, "Connection refused"}, {"refused", 10061, "x"},
    {"again", 35, "Resource temporarily unavailable"}, {"again", 11, "Resource temporarily unavailable"},
    {"reset", 104, "x"}, {"reset", 54, nil}, {"timeout", 110, nil}, {"timeout", 60, nil}, {"absent", 2, nil},
    {"denied", 13, nil}, {"denied", 1, nil}, {"exhausted-files", 24, nil}, {"address-unavailable", 99, nil},
    {"unreachable-host", 113, nil}, {"unreachable-net", 101, nil}, {"unreachable-net", 51, nil},
} do
    check.equal("kind of " .. case[2], nginx_error.kind_of_errno(case[2], case[3]), case[1])
end
check.equal("kind of nothing known", nginx_error.kind_of_errno(9999, "strange"), nil)

-- Prefixes, and lines without a date
local bare = article[1][1]
local dateless = bare:sub(21)
for name, line in pairs{
    rfc3164 = "Apr  4 08:12:33 web1 nginx[123]: " .. bare,
    rfc3164_no_pid = "Apr  4 08:12:33 web1 nginx: " .. bare,
    nginx_syslog = "<187>Apr  4 08:12:33 web1 nginx: " .. bare,
    nginx_syslog_nohostname = "<187>Apr  4 08:12:33 nginx: " .. bare,
    rfc5424 = "<187>1 2026-04-04T08:12:33.123Z web1 nginx 123 - - " .. bare,
    rfc5424_sd = '<187>1 2026-04-04T08:12:33.123Z web1 nginx 123 - [a@1 b="c\\]d"] ' .. bare,
    rsyslog_iso = "2026-04-04T08:12:33.123456+00:00 web1 nginx[123]: " .. bare,
    compose = "web-1  | " .. bare,
    compose_colour = "\27[36mweb-1  | \27[0m" .. bare,
    compose_time = "web-1  | 2026-04-04T08:12:33.123456789Z " .. bare,
    kubectl = "2026-04-04T08:12:33.123456789Z " .. bare,
    kubectl_prefix = "[pod/web-0/nginx] " .. bare,
    cri = "2026-04-04T08:12:33.123456789Z stderr F " .. bare,
    docker = '{"log":"' .. bare:gsub('"', '\\"') .. '\\n","stream":"stderr","time":"2026-04-04T08:12:33.1Z"}',
    journal = '{"MESSAGE":"' .. bare:gsub('"', '\\"') .. '","PRIORITY":"3"}',
    crlf = bare .. "\r",
    indented = "    " .. bare,
} do
    local entry = one(line)
    check.equal("prefix " .. name, {entry.time, suspects(entry), entry.upstream, entry.host},
        {whole.time, suspects(whole), whole.upstream, whole.host})
end
for _, line in ipairs{dateless, "08:12:33 " .. dateless, "1234#1234: *42 " .. dateless:match("%*42 (.*)"),
    "Apr  4 08:12:33 web1 nginx[123]: " .. dateless} do
    local entry = one(line)
    check.equal("lost date " .. line:sub(1, 40), {entry.time, entry.pid, entry.connection, suspects(entry), entry.upstream},
        {null, 1234, 42, suspects(whole), whole.upstream})
end
check.equal("console line", one("nginx: configuration file /etc/nginx/nginx.conf test failed").message,
    "configuration file /etc/nginx/nginx.conf test failed")
check.equal("no log line", one("hello world").unparsed, "hello world")
check.equal("access line", one('1.1.1.1 - - [04/Apr/2026:08:12:33 +0000] "GET / HTTP/1.1" 502 157 "-" "-"').suspects, nil)

-- Every prefix parses, and no field is ever half of the whole
local corpus = {sub and bare, article[8][1], article[3][1], head .. messages[30][1] .. context .. ', referrer: "http://r/"'}
for _, case in ipairs(messages) do
    corpus[#corpus + 1] = head .. case[1] .. context
end
local unquoted = {message = true, server = true, client = true, suspects = true}
for _, line in ipairs(corpus) do
    local full, bad = one(line), nil
    for stop = 0, #line do
        local ok, entries = pcall(nginx_error.parse, line:sub(1, stop))
        local entry = ok and entries[1]
        bad = bad or not ok and entries
        for name, value in pairs(entry and not entry.unparsed and entry or {}) do
            if not unquoted[name] and value ~= null and value ~= full[name]
                and not (name == "phase" and value == "SSL handshaking")
                and not (name == "request" and full.phase == "waiting for request") then
                bad = bad or name .. " at " .. stop .. ": " .. tostring(value)
            end
        end
    end
    check.ok("every prefix of " .. line:sub(21, 90), not bad, bad)
end

-- Hostile fields. `forged` never shows up as upstream, and the suspects stay those of the message.
local evil = '", upstream: "http://6.6.6.6:6666/'
local function hostile(name, line, want)
    local entry = one(line)
    local up = entry.upstream
    check.ok(name .. ": no forged upstream", up == nil or up == null or up:find("^http://127%.0%.0%.1:3000/") ~= nil, tostring(up))
    check.equal(name .. ": suspects", suspects(entry), want)
    return entry
end
local function tail(request, upstream, host, referrer)
    return ', client: 9.9.9.9, server: a.test, request: "' .. request .. '"'
        .. (upstream and ', upstream: "' .. upstream .. '"' or "")
        .. (host and ', host: "' .. host .. '"' or "") .. (referrer and ', referrer: "' .. referrer .. '"' or "")
end
local refused = head .. "connect() failed (111: Connection refused)" .. connecting
local real = "http://127.0.0.1:3000/"
local down = "upstream-down wrong-proxy-pass"
local e = hostile("request", refused .. tail("GET /" .. evil .. " HTTP/1.1", real .. evil, "a.test"), down)
check.has("request: upstream kept", e.upstream, real)
hostile("request without upstream", refused .. tail("GET /" .. evil .. " HTTP/1.1", nil, "a.test"), down)
hostile("request, h2", refused .. tail("GET / HTTP/1.1" .. evil .. " HTTP/2.0", real, "a.test"), down)
hostile("request, 0.9", refused .. tail("GET /" .. evil, nil, nil), down)
hostile("request, host too", refused .. tail('GET /", upstream: "http://6.6.6.6/", host: "x HTTP/1.1', real, "a.test"), down)
e = hostile("host", refused .. tail("GET / HTTP/1.1", real, "a.test" .. evil), down)
check.equal("host: forged is null", e.host, null)
e = hostile("host, no upstream", refused .. tail("GET / HTTP/1.1", nil, "a.test" .. evil), down)
e = hostile("referrer", refused .. tail("GET / HTTP/1.1", real, "a.test", "http://x/" .. evil .. '", host: "evil'), down)
check.equal("referrer: host and referrer", {e.upstream, e.host, e.referrer},
    {real, "a.test", "http://x/" .. evil .. '", host: "evil'})
hostile("referrer, version", refused .. tail("GET / HTTP/1.1", nil, "a.test", 'x HTTP/1.1' .. evil), down)
e = hostile("referrer ends like a request", refused .. tail("GET / HTTP/1.1", real, "a.test", 'x HTTP/1.1", host: "evil'), down)
check.equal("referrer ends like a request: first end counts", {e.request, e.upstream, e.host}, {"GET / HTTP/1.1", real, "a.test"})
hostile("referrer, client", refused .. tail("GET / HTTP/1.1", real, "a.test", ', client: 6.6.6.6, server: x, request: "GET / HTTP/1.1' .. evil), down)
hostile("bad request", (head:gsub("error", "info")) .. "client sent invalid request while reading client request line"
    .. tail("GET / HTTP/1.1" .. evil, nil, nil), "")
-- the message quotes what a client or an upstream chose
local inner = "x (111: Connection refused) while connecting to upstream" .. tail("GET / HTTP/1.1", "http://6.6.6.6:6666/", "b")
for _, text in ipairs{'open() "/srv/%s" failed (2: No such file or directory)', 'FastCGI sent in stderr: "%s"' .. reading,
    '"/srv/%s" is not found (2: No such file or directory)', 'directory index of "/srv/%s" is forbidden'} do
    local entry = hostile("message " .. text:sub(1, 20), head .. text:gsub("%%s", inner) .. tail("GET / HTTP/1.1", nil, "a.test"), "")
    check.equal("message: nothing read " .. text:sub(1, 20), {entry.errno, entry.phase, entry.upstream, entry.client}, {null, null, null, null})
    -- cut by nginx at 2048 bytes, before its own context
    local long = (head .. text:gsub("%%s", inner .. ("A"):rep(3000))):sub(1, 2047)
    entry = hostile("cut message " .. text:sub(1, 20), long, "")
    check.equal("cut message: nothing read", {entry.errno, entry.phase, entry.upstream, entry.client}, {null, null, null, null})
end
e = one(head .. 'connect() fai"led (111: Connection refused)' .. connecting .. context)
check.equal("not the head", suspects(e), "")

-- Forged lines: %0A in a path, line feeds in stderr
local fake = bare:gsub("10%.10%.10%.20", "6.6.6.6")
local function forged(name, text, honest)
    local entries = nginx_error.parse(text)
    check.equal(name, #nginx_error.failures(entries), honest)
end
local opening = head .. 'open() "/srv/'
local closing = '" failed (2: No such file or directory)' .. tail("GET /%0a2026 HTTP/1.1", nil, "a.test")
forged("forged line, then the rest", opening .. "\n" .. fake .. "\nx" .. closing .. "\n", 0)
forged("forged line that takes the rest in", opening .. "\n" .. fake .. closing .. "\n", 0)
forged("two forged lines", opening .. "\n" .. fake .. "\n" .. fake .. "\n" .. closing .. "\n", 0)
forged("forged opener looks whole", opening .. 'x" failed' .. context .. "\n" .. fake .. "\n" .. opening .. "y\n" .. closing .. "\n", 0)
local stuffed = (opening .. "\n" .. fake .. "\n" .. ("A"):rep(3000)):sub(1, 2047)
forged("forged line, context crowded out", stuffed .. "\n" .. bare .. "\n", 1)
forged("true lines around a broken one", bare .. "\n" .. opening .. "\n" .. fake .. "\nx" .. closing .. "\n" .. bare .. "\n", 2)
forged("PHP's stack trace", bare .. "\n" .. head .. 'FastCGI sent in stderr: "PHP message: PHP Fatal error: x\nStack trace:\n#0 {main}\n  thrown in /a.php on line 3"'
    .. reading .. context .. "\n" .. bare .. "\n", 2)
forged("a quoted message and then others", head .. 'upstream sent invalid header: "x"' .. reading .. context .. "\n" .. bare .. "\n" .. bare .. "\n", 3)

-- Junk
local seed = 12345
local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n
end
local crashed
for _ = 1, 3000 do
    local line = corpus[random(#corpus) + 1]
    local bytes = {line:byte(1, -1)}
    for _ = 1, 1 + random(8) do
        local at = random(#bytes) + 1
        local how = random(3)
        if how == 0 then bytes[at] = random(256)
        elseif how == 1 then table.insert(bytes, at, random(256))
        else table.remove(bytes, at) end
    end
    local ok, why = pcall(nginx_error.parse, string.char(table.unpack(bytes)))
    crashed = crashed or not ok and why
end
for _ = 1, 500 do
    local bytes = {}
    for i = 1, random(300) do bytes[i] = string.char(random(256)) end
    local ok, why = pcall(nginx_error.parse, table.concat(bytes))
    crashed = crashed or not ok and why
end
check.ok("junk never raises", not crashed, crashed)
check.equal("blank lines are no entries", #nginx_error.parse("\n\r\n  \n"), 0)
check.has("NUL inside", one(head .. "connect() failed\0 (111: Connection refused)" .. connecting .. context).message, "\0")

-- Linear time: instructions, and long runs that a careless pattern would square
local million = 1000000
for name, line in pairs{
    field = bare .. ("a"):rep(million), quotes = bare .. ('", upstream: "'):rep(million // 14),
    clients = head .. (', client: '):rep(million // 10), returns = ("\r"):rep(million) .. "x",
    parens = head .. (" (1: "):rep(million // 5), whiles = head .. (" while "):rep(million // 7),
    versions = refused .. ', client: a, server: b, request: "' .. (' HTTP/2.0", a: "'):rep(million // 16),
    digits = ("1"):rep(million), json = '{"log":"' .. ("a"):rep(million), blanks = (" "):rep(million) .. "x",
    stamp = "2026-04-04T08:12:33." .. ("1"):rep(million), brackets = "<1>1 a b c d e " .. ("[\\]"):rep(million // 3),
} do
    local count = check.instructions(nginx_error.parse, line)
    check.ok("1 MB of " .. name, count < 3000000, name .. " took " .. count)
end
local many = check.instructions(nginx_error.parse, (bare .. "\n"):rep(1000))
local more = check.instructions(nginx_error.parse, (bare .. "\n"):rep(4000))
check.ok("four times the lines, about four times the work", more < 5 * many, many .. " " .. more)

check.done()
