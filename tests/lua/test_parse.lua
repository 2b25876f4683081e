-- test_parse.lua: every kind that fettle parse knows.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local parse = require "parse"

check.equal("names", parse.names(), {"curl-timing", "dig", "journal", "nginx-access", "nginx-config", "nginx-error", "openssl-s_client",
    "php-fpm-pool", "resolv-conf", "ss", "stub-status", "systemctl-show"})
for _, kind in ipairs(parse.names()) do
    if kind ~= "nginx-config" and kind ~= "php-fpm-pool" then -- modules of their own, with their own tests
        check.no_error(kind .. " of nothing", parse.parse, kind, "")
        check.no_error(kind .. " of junk", parse.parse, kind, "\0\255{\"\n[=:;\n\n")
    end
end
check.equal("unknown", {parse.parse("x", "")}, {nil, 'unknown kind "x"'})
check.equal("bytes made fit for JSON", parse.parse("nginx-error", "a\0\255b\200")[1], {unparsed = "a\u{FFFD}\u{FFFD}b\u{FFFD}"})
check.ok("array mark kept", getmetatable(parse.parse("nginx-error", "")).__jsontype == "array")
check.equal("UTF-8 kept", parse.clean_text("é😀"), "é😀")

check.done()
