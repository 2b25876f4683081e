-- test_json.lua: the strict reader, its marks and its positions.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null

check.equal("values", json.decode(' {"a":[1,2.5,-3e2,true,false,null],"b":{}} '),
    {a = {1, 2.5, -300.0, true, false, null}, b = {}})
check.equal("escapes", json.decode('"\\u00e9\\ud83d\\ude00\\n\\"\\\\\\/"'), "é😀\n\"\\/")
check.equal("lone surrogate", json.decode('"\\ud800x"'), "\u{FFFD}x")
check.equal("integers stay integers", math.type(json.decode("12")), "integer")
check.equal("false at the top", json.decode("false"), false)
check.ok("empty array is marked", getmetatable(json.decode("[]")).__jsontype == "array")
check.ok("null is marked", getmetatable(null).__jsontype == "null" and json.is_null(json.decode("null")))
check.equal("bytes", json.bytes_to_text({72, 0, 255}), "H\0\255")
check.equal("bad bytes", {json.bytes_to_text({1, 256})}, {nil, "not a byte at element 2"})
for text, at in pairs{
    [""] = 1, ["{"] = 2, ["[1,]"] = 4, ['{"a":1,}'] = 8, ["01"] = 1, ["1."] = 1, ["+1"] = 1, ["nul"] = 1,
    ['"a'] = 1, ['"\\x"'] = 2, ["[1 2]"] = 4, ["1 2"] = 3, ["'a'"] = 1, ['"\t"'] = 2, ["NaN"] = 1, ['{"a" 1}'] = 6,
} do
    local value, message = json.decode(text)
    check.ok("refused: " .. text, value == nil and message and message:find("at byte " .. at .. "$"), tostring(message))
end
check.has("depth", select(2, json.decode(("["):rep(100))), "nested too deep at byte 33")
check.ok("depth allowed", json.decode(("["):rep(32) .. ("]"):rep(32)))
check.ok("linear", check.instructions(json.decode, '"' .. ("a\\n"):rep(300000) .. '"') < 3e7)

check.done()
