-- test_resolv_conf.lua: /etc/resolv.conf.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local resolv = require "resolv_conf"

local conf = resolv.parse("# c\n; d\nnameserver 10.10.10.1\nnameserver\t::1 # x\nnameserver 3.3.3.3\nnameserver 4.4.4.4\ndomain a.test\nsearch b.test c.test\noptions ndots:2 rotate\nbogus\n")
check.equal("nameservers", {conf.nameservers, conf.used}, {{"10.10.10.1", "::1", "3.3.3.3", "4.4.4.4"}, {"10.10.10.1", "::1", "3.3.3.3"}})
check.equal("search, options", {conf.search, conf.options, conf.ignored}, {{"b.test", "c.test"}, {ndots = 2, rotate = true}, {"bogus"}})
check.equal("empty", resolv.parse("").used, {"127.0.0.1"})

check.done()
