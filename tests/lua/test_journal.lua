-- test_journal.lua: journalctl -o json.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local journal = require "journal"

local entries = journal.parse('{"__REALTIME_TIMESTAMP":"1775290353123456","_SYSTEMD_UNIT":"nginx.service","MESSAGE":"hi","PRIORITY":"3","_PID":"12","SYSLOG_IDENTIFIER":"nginx"}\n'
    .. '{"MESSAGE":[104,105,255],"UNIT":"a.service","_SYSTEMD_UNIT":"init.scope"}\n{"MESSAGE":null}\n{"MESSAGE":["a","b"]}\n{"MESSAGE":"cu')
check.equal("count", #entries, 5)
check.equal("entry", entries[1], {time = "2026-04-04T08:12:33.123456Z", unit = "nginx.service", message = "hi", priority = 3, pid = 12, identifier = "nginx"})
check.equal("bytes, subject", {entries[2].message, entries[2].unit, entries[2].time}, {"hi\255", "a.service", null})
check.equal("too large", entries[3].message, null)
check.equal("repeated", entries[4].message, "a")
check.equal("cut", entries[5], {unparsed = '{"MESSAGE":"cu'})
check.equal("other JSON", {journal.parse("[1]")[1].unparsed, journal.parse("3")[1].unparsed, journal.parse("null")[1].unparsed}, {"[1]", "3", "null"})
check.equal("leap day", journal.iso("1709164800000000"), "2024-02-29T00:00:00.000000Z")
check.equal("epoch", journal.iso("0"), "1970-01-01T00:00:00.000000Z")
check.equal("last second", journal.iso("1704067199999999"), "2023-12-31T23:59:59.999999Z")
check.equal("absurd", journal.iso("99999999999999999999"), nil)

check.done()
