-- test_log_prefix.lua: what stands before a program's line.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local strip = require("log_prefix").strip

for line, want in pairs{
    ["web-1  | x"] = "x", ["Apr  4 08:12:33 h nginx[1]: x: y"] = "x: y", ["Apr  4 08:12:33 h nginx: x"] = "x",
    ["2026-04-04T08:12:33Z stderr F x"] = "x", ["2026-04-04T08:12:33.5+02:00 x y"] = "x y", ['{"log":"x\\n"}'] = "x",
    ["<1>1 2026-04-04T08:12:33Z h a - - - \239\187\191x"] = "x", ["nothing: x"] = "nothing: x", ['{"other":1}'] = '{"other":1}',
    ["{broken"] = "{broken", [""] = "", ["nginx: [emerg] x"] = "nginx: [emerg] x",
} do
    check.equal("strip " .. line, strip(line), want)
end

check.done()
