-- check.lua: the few assertions that the Lua tests share.
--
-- A test file is run as `lua5.4 tests/lua/test_x.lua [LUA_DIR]`; LUA_DIR defaults to `lua` beside
-- the `tests` folder that this file lives in. It begins with
--     local here = arg[0]:match("^(.*)/[^/]*$") or "."
--     package.path = here .. "/?.lua;" .. package.path
--     local check = require "check"
-- and ends with `check.done()`, which prints `N passed, N failed` and exits non-zero on a failure.
local M = {passed = 0, failed = 0}

local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = (arg[1] or os.getenv("FETTLE_LUA") or here .. "/../../lua") .. "/?.lua;" .. package.path

-- A value as text, keys sorted, so that a difference can be read in one line.
local function show(value, depth)
    depth = depth or 0
    if type(value) == "string" then
        return string.format("%q", value)
    end
    if type(value) ~= "table" then
        return tostring(value)
    end
    local meta = getmetatable(value)
    if meta and meta.__jsontype == "null" then
        return "null"
    end
    if depth > 8 then
        return "{...}"
    end
    local parts, keys = {}, {}
    for key in pairs(value) do
        keys[#keys + 1] = key
    end
    table.sort(keys, function(a, b) return tostring(a) < tostring(b) end)
    for _, key in ipairs(keys) do
        local text = show(value[key], depth + 1)
        parts[#parts + 1] = type(key) == "number" and text or tostring(key) .. "=" .. text
    end
    return "{" .. table.concat(parts, ", ") .. "}"
end
M.show = show

local function fail(name, text)
    M.failed = M.failed + 1
    io.stdout:write("FAIL ", name, ": ", text, "\n")
    return false
end

-- `ok(name, condition [, detail])`
function M.ok(name, condition, detail)
    if condition then
        M.passed = M.passed + 1
        return true
    end
    return fail(name, detail == nil and "not true" or type(detail) == "string" and detail or show(detail))
end

-- `equal(name, got, want)`: deep, by value; json.null equals only json.null.
function M.equal(name, got, want)
    local a, b = show(got), show(want)
    return M.ok(name, a == b, "got " .. a .. ", want " .. b)
end

-- `has(name, text, part)`: plain substring.
function M.has(name, text, part)
    return M.ok(name, type(text) == "string" and text:find(part, 1, true) ~= nil, text)
end

-- `no_error(name, f, …)`: returns what f returns, or nil after a failure.
function M.no_error(name, f, ...)
    local ok, value = pcall(f, ...)
    if not ok then
        fail(name, tostring(value))
        return nil
    end
    M.passed = M.passed + 1
    return value
end

-- How many VM instructions f(…) takes, in steps of 1000: a bound that does not depend on the machine.
function M.instructions(f, ...)
    local count = 0
    debug.sethook(function() count = count + 1000 end, "", 1000)
    f(...)
    debug.sethook()
    return count
end

function M.done()
    io.stdout:write(string.format("%d passed, %d failed\n", M.passed, M.failed))
    os.exit(M.failed == 0 and 0 or 1)
end

return M
