-- test_stub_status.lua: nginx's own counters.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local stub = require "stub_status"

check.equal("article", stub.parse("Active connections: 512\nserver accepts handled requests\n 18293 18293 24100\nReading: 0 Writing: 512 Waiting: 0\n"),
    {active = 512, accepts = 18293, handled = 18293, requests = 24100, reading = 0, writing = 512, waiting = 0, dropped = 0})
check.equal("real page", stub.parse("Active connections: 1 \nserver accepts handled requests\n 9 7 5 \nReading: 0 Writing: 1 Waiting: 0 \n").dropped, 2)
check.equal("no page", {stub.parse("<html>404")}, {nil, "not a stub_status page"})

check.done()
