-- test_nginx_access.lua: the combined format and what people add to it.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local access = require "nginx_access"

local function one(line) return access.parse(line)[1] end
local entry = one('192.168.10.45 - infrarunbook-admin [04/Apr/2026:08:12:33 +0000] "GET /api/status HTTP/1.1" 502 157 "-" "Mozilla/5.0"')
check.equal("article", {entry.client, entry.user, entry.time, entry.offset, entry.method, entry.uri, entry.protocol, entry.status, entry.bytes, entry.referrer, entry.agent, entry.extra},
    {"192.168.10.45", "infrarunbook-admin", "2026-04-04T08:12:33", "+0000", "GET", "/api/status", "HTTP/1.1", 502, 157, null, "Mozilla/5.0", null})
entry = one('::1 - - [04/Apr/2026:08:12:33 +0000] "GET / HTTP/2.0" 502 157 upstream=10.0.0.1:80, 10.0.0.2:80 upstream_status=502, 504 upstream_response_time=- request_time=0.001')
check.equal("article's own format", {entry.user, entry.agent, entry.fields.upstream, entry.fields.upstream_status, entry.fields.upstream_response_time, entry.fields.request_time},
    {null, null, "10.0.0.1:80, 10.0.0.2:80", "502, 504", null, "0.001"})
entry = one('1.1.1.1 - - [04/Apr/2026:08:12:33 +0000] "GET /\\x22 502 1 \\x22 HTTP/1.1" 404 1 "http://a/\\x5C" "a b" rt=1 ua="10.0.0.1:80"')
check.equal("escapes", {entry.request, entry.status, entry.referrer, entry.fields.rt, entry.fields.ua},
    {'GET /" 502 1 " HTTP/1.1', 404, "http://a/\\", "1", "10.0.0.1:80"})
entry = one('1.1.1.1 - - [04/Apr/2026:08:12:33 +0000] "\\x16\\x03\\x01" 400 157 "-" "-"')
check.equal("TLS on a plain port", {entry.request, entry.method, entry.agent}, {"\22\3\1", null, null})
check.equal("prefix", one('web-1  | 1.1.1.1 - - [04/Apr/2026:08:12:33 +0000] "GET / HTTP/1.1" 200 1 "-" "-"').status, 200)
for _, line in ipairs{"hello", '1.1.1.1 - - [04/Apr/2026:08:12:33 +0000] "GET', '1.1.1.1 - - [04/Xxx/2026:08:12:33 +0000] "GET / HTTP/1.1" 200 1'} do
    check.equal("unparsed " .. line, one(line).unparsed, line)
end
check.equal("odd user", one('1.1.1.1 - a [b] c [04/Apr/2026:08:12:33 +0000] "GET / HTTP/1.1" 200 1 "-" "-"').user, "a [b] c")
local line, bad = '1.1.1.1 - - [04/Apr/2026:08:12:33 +0000] "GET /\\x22 HTTP/1.1" 404 1 "http://a/\\x5C" "a b" rt=1 ua="x"', nil
for stop = 1, #line do
    bad = bad or not pcall(access.parse, line:sub(1, stop)) and stop
end
check.ok("every prefix", not bad, bad)

check.done()
