-- test_http_answer.lua: what a backend sent, judged as nginx would.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local http_answer = require "http_answer"

local function read(out, code)
    return http_answer.read({ out = out, err = "", outcome = "exit", code = code or 0, cut = false })
end

for _, case in ipairs {
    { "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 0, "http" },
    { "HTTP/1.0 502 Bad Gateway\nServer: x\n\n", 0, "http" },
    { "HTTP/1.1 200 OK\r\nX: a: b\r\n\r\n", 0, "http" },
    { "HTTP/1.1 200 OK\r\nword\r\n\r\n", 0, "http" },
    { "", 52, "empty" }, { "", 56, "reset" }, { "", 7, "refused" }, { "", 28, "waits" }, { "", 6, "unasked" },
    { "SSH-2.0-OpenSSH_9.2\r\n", 0, "not-http" }, { "hello\n", 0, "not-http" }, { "HTTP/1.1 ok\r\n\r\n", 0, "not-http" },
    { "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\n: x\r\n\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\nA b: x\r\n\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\nContent-Type: x\r\n", 0, "bad-header" },
    { "HTTP/1.1 200 OK\r\nA: b\r\n", 27, "huge" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 18, "short" },
    { "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 28, "waits" },
} do
    local answer = read(case[1], case[2])
    check.equal(("%q"):format(case[1]) .. " " .. case[2], answer.kind, case[3])
    check.ok("a line of the output: " .. case[1], case[1]:find(answer.line, 1, true), answer.line)
    check.ok("says what is wrong: " .. case[1], answer.problem ~= nil or case[3] == "http" or case[3] == "unasked")
end
check.equal("the header's size", read("HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody").head, 25)
check.equal("an SSH server", http_answer.other_protocol("SSH-2.0-x"), "an SSH server")
check.equal("no known server", http_answer.other_protocol("hello"), nil)
check.equal("an escape is not shown", read("\27[31mred\r\n").line, "")

check.done()
