-- test_dig.lua: answers, empty answers and none.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local dig = require "dig"

local full = dig.parse([[

; <<>> DiG 9.18.24 <<>> a.test @10.10.10.1
;; global options: +cmd
;; Got answer:
;; ->>HEADER<<- opcode: QUERY, status: NOERROR, id: 4711
;; flags: qr rd ra; QUERY: 1, ANSWER: 2, AUTHORITY: 0, ADDITIONAL: 1

;; OPT PSEUDOSECTION:
; EDNS: version: 0, flags:; udp: 1232
;; QUESTION SECTION:
;a.test.			IN	A

;; ANSWER SECTION:
a.test.		300	IN	CNAME	b.test.
b.test.		300	IN	A	10.10.10.20

;; Query time: 2 msec
;; SERVER: 10.10.10.1#53(10.10.10.1) (UDP)
]])
check.equal("header", {full.status, full.id, full.flags, full.counts.answer, full.complete}, {"NOERROR", 4711, {"qr", "rd", "ra"}, 2, true})
check.equal("answer", full.answer, {{name = "a.test.", ttl = 300, class = "IN", type = "CNAME", data = "b.test."}, {name = "b.test.", ttl = 300, class = "IN", type = "A", data = "10.10.10.20"}})
check.equal("question", full.question, {{name = "a.test.", class = "IN", type = "A"}})
check.equal("server", {full.server, full.query_ms}, {"10.10.10.1#53", 2})
local empty = dig.parse(";; ANSWER SECTION:\n(empty)\n\n;; Query time: 2 msec\n;; SERVER: 10.10.10.1#53(10.10.10.1)\n")
check.equal("article", {#empty.answer, empty.status, empty.server, empty.query_ms}, {0, null, "10.10.10.1#53", 2})
check.equal("NXDOMAIN", dig.parse(";; ->>HEADER<<- opcode: QUERY, status: NXDOMAIN, id: 1\n").status, "NXDOMAIN")
check.has("no server", dig.parse(";; connection timed out; no servers could be reached\n").error, "connection timed out")
check.has("refused", dig.parse(";; communications error to 127.0.0.1#53: connection refused\n").error, "connection refused")

check.done()
