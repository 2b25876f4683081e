-- nginx_errno.lua: what an operating system's error means to a connection, whatever its number.
--
--   M.kind_of_errno(n, text) -> kind | nil
--
-- kind is one of "refused", "reset", "closed" (EPIPE, ENOTCONN), "aborted", "timeout",
-- "unreachable-host", "unreachable-net", "absent", "denied", "exhausted-files",
-- "exhausted-memory", "address-unavailable", "address-in-use", "again", "not-a-socket", "invalid".
--
-- nginx prints `(N: text)` with the system's own number and text (src/core/ngx_log.c,
-- ngx_log_errno; src/os/unix/ngx_errno.c, src/os/win32/ngx_errno.c). The same number differs
-- between systems (35 is EDEADLK on Linux and EAGAIN on FreeBSD and macOS), so a known English
-- text decides; the number does when the text is unknown, cut or in another language.
-- Numbers: errno(3) of Linux (asm-generic), intro(2) of FreeBSD and macOS, winsock2.h.
local M = {}

local by_text = {
    ["connection refused"] = "refused",
    ["connection reset by peer"] = "reset",
    ["broken pipe"] = "closed",
    ["transport endpoint is not connected"] = "closed",
    ["socket is not connected"] = "closed",
    ["software caused connection abort"] = "aborted",
    ["connection timed out"] = "timeout",
    ["operation timed out"] = "timeout",
    ["no route to host"] = "unreachable-host",
    ["host is down"] = "unreachable-host",
    ["host is unreachable"] = "unreachable-host", -- musl, where nginx runs on Alpine
    ["network is unreachable"] = "unreachable-net",
    ["network unreachable"] = "unreachable-net", -- musl
    ["network is down"] = "unreachable-net",
    ["no such file or directory"] = "absent",
    ["permission denied"] = "denied",
    ["operation not permitted"] = "denied",
    ["access is denied"] = "denied",
    ["too many open files"] = "exhausted-files",
    ["too many open files in system"] = "exhausted-files",
    ["no file descriptors available"] = "exhausted-files", -- musl
    ["no buffer space available"] = "exhausted-memory",
    ["cannot allocate memory"] = "exhausted-memory",
    ["out of memory"] = "exhausted-memory", -- musl
    ["cannot assign requested address"] = "address-unavailable",
    ["can't assign requested address"] = "address-unavailable",
    ["address not available"] = "address-unavailable", -- musl
    ["address already in use"] = "address-in-use",
    ["address in use"] = "address-in-use", -- musl
    ["resource temporarily unavailable"] = "again",
    ["socket operation on non-socket"] = "not-a-socket",
    ["not a socket"] = "not-a-socket", -- musl
    ["protocol wrong type for socket"] = "not-a-socket",
    ["invalid argument"] = "invalid",
}

local by_number = {
    [1] = "denied", [2] = "absent", [11] = "again", [12] = "exhausted-memory", [13] = "denied",
    [22] = "invalid", [23] = "exhausted-files", [24] = "exhausted-files", [32] = "closed",
    -- Linux
    [88] = "not-a-socket", [91] = "not-a-socket", [98] = "address-in-use",
    [99] = "address-unavailable", [100] = "unreachable-net", [101] = "unreachable-net",
    [103] = "aborted", [104] = "reset", [105] = "exhausted-memory", [107] = "closed",
    [110] = "timeout", [111] = "refused", [112] = "unreachable-host", [113] = "unreachable-host",
    -- FreeBSD, macOS. The same numbers are STREAMS or file errors on Linux, which connect(),
    -- recv() and send() do not return there.
    [48] = "address-in-use", [49] = "address-unavailable", [50] = "unreachable-net",
    [51] = "unreachable-net", [53] = "aborted", [54] = "reset", [55] = "exhausted-memory",
    [57] = "closed", [60] = "timeout", [61] = "refused", [64] = "unreachable-host",
    [65] = "unreachable-host",
    -- Winsock
    [10013] = "denied", [10024] = "exhausted-files", [10035] = "again", [10038] = "not-a-socket",
    [10048] = "address-in-use", [10049] = "address-unavailable", [10050] = "unreachable-net",
    [10051] = "unreachable-net", [10053] = "aborted", [10054] = "reset",
    [10055] = "exhausted-memory", [10057] = "closed", [10060] = "timeout", [10061] = "refused",
    [10064] = "unreachable-host", [10065] = "unreachable-host",
}

function M.kind_of_errno(n, text)
    return type(text) == "string" and by_text[text:lower()] or by_number[n]
end

return M
