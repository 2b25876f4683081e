-- test_nginx_errno.lua: numbers and texts of several systems.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local kind = require("nginx_errno").kind_of_errno

for _, case in ipairs{
    {"refused", 111, "Connection refused"}, {"refused", 61, nil}, {"refused", 10061, "Es konnte keine Verbindung hergestellt werden"},
    {"unreachable-host", 113, "No route to host"}, {"unreachable-host", 65, "No route to host"},
    {"again", 35, "Resource temporarily unavailable"}, {"timeout", 10060, nil}, {"denied", 10013, nil}, {"reset", 10054, nil},
    {"exhausted-files", 24, "Too many open files"}, {"exhausted-files", 24, "No file descriptors available"},
} do
    check.equal(case[1] .. " " .. case[2], kind(case[2], case[3]), case[1])
end
check.equal("35 alone could be a deadlock", kind(35, nil), nil)
check.equal("no number", kind(nil, nil), nil)

check.done()
