-- test_curl_timing.lua: curl's times in both forms.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local curl = require "curl_timing"

check.equal("article", curl.parse("connect: 0.002s\nttfb: 65.481s\ntotal: 65.499s\n"),
    {code = null, connect = 0.002, ttfb = 65.481, total = 65.499, remote_ip = null, error = null})
check.equal("one line", curl.parse("502 0.001 0.002 0.003 127.0.0.1 \n"),
    {code = 502, connect = 0.001, ttfb = 0.002, total = 0.003, remote_ip = "127.0.0.1", error = null})
check.equal("failure", curl.parse("000 0.000000 0.000000 0.000098  Failed to connect to 127.0.0.1 port 9: Connection refused\n"),
    {code = 0, connect = 0.0, ttfb = 0.0, total = 0.000098, remote_ip = null, error = "Failed to connect to 127.0.0.1 port 9: Connection refused"})
check.equal("v6", curl.parse("200 0.1 0.2 0.3 ::1 ").remote_ip, "::1")
check.equal("nothing", {curl.parse("hello")}, {nil, "no curl timing found"})

check.done()
