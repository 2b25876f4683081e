-- json.lua: the null and array marks that the C side understands, and a strict JSON reader.
--
--   M.null           the JSON null, where a Lua nil would drop the field (metatable __jsontype "null")
--   M.array(t)       marks t (in place) as an array, so that an empty one is [] and not {}; returns t
--   M.is_null(v)     true for M.null
--   M.decode(text [, max_depth])  -> value | nil, message
--
-- The message ends with the byte position (1-based) of what could not be read. null is M.null,
-- arrays are marked, numbers are Lua integers when they are written so and fit, else floats.
-- The grammar is RFC 8259, strictly: no comments, no trailing commas, no NaN, no lone control
-- characters in strings. A repeated name in an object keeps its last value. Depth is bounded since
-- the text comes from a host; a lone surrogate becomes U+FFFD rather than an error, as journald
-- and docker pass on what programs printed.
local M = {}

local find, sub, byte, char = string.find, string.sub, string.byte, string.char

M.null = setmetatable({}, {
    __jsontype = "null",
    __tostring = function() return "null" end,
    __newindex = function() error("null cannot be changed", 2) end,
})

local array_meta = {__jsontype = "array"}

function M.array(t)
    return setmetatable(t, array_meta)
end

function M.is_null(value)
    return rawequal(value, M.null)
end

local escapes = {
    ['"'] = '"', ["\\"] = "\\", ["/"] = "/", b = "\b", f = "\f", n = "\n", r = "\r", t = "\t",
}

local function refuse(what, at)
    return nil, what .. " at byte " .. at
end

local function skip(text, at)
    return find(text, "[^ \t\r\n]", at) or #text + 1
end

-- The \uXXXX at `at` (its backslash) -> UTF-8, next position; or nil, message.
local function read_unicode(text, at)
    local hex = text:match("^%x%x%x%x", at + 2)
    if not hex then
        return refuse("bad \\u escape", at)
    end
    local code, next_at = tonumber(hex, 16), at + 6
    if code >= 0xD800 and code <= 0xDBFF then
        local low = text:match("^\\u([dD][c-fC-F]%x%x)", next_at)
        if low then
            code = 0x10000 + (code - 0xD800) * 0x400 + (tonumber(low, 16) - 0xDC00)
            next_at = next_at + 6
        end
    end
    if code >= 0xD800 and code <= 0xDFFF then
        code = 0xFFFD
    end
    return utf8.char(code), next_at
end

local function read_escape(text, at)
    local letter = sub(text, at + 1, at + 1)
    if letter == "u" then
        return read_unicode(text, at)
    end
    if not escapes[letter] then
        return refuse("bad escape", at)
    end
    return escapes[letter], at + 2
end

-- The string whose opening quote is at `at`.
local function read_string(text, at)
    local parts, from = {}, at + 1
    while true do
        local stop = find(text, '["\\%c]', from)
        if not stop then
            return refuse("unfinished string", at)
        end
        local c = sub(text, stop, stop)
        parts[#parts + 1] = sub(text, from, stop - 1)
        if c == '"' then
            return table.concat(parts), stop + 1
        elseif c == "\\" then
            local piece, next_at = read_escape(text, stop)
            if not piece then
                return nil, next_at
            end
            parts[#parts + 1], from = piece, next_at
        elseif byte(c) == 127 then -- %c takes DEL too, which JSON allows as it is
            parts[#parts + 1], from = c, stop + 1
        else
            return refuse("control character in a string", stop)
        end
    end
end

local function read_number(text, at)
    local stop = select(2, find(text, "^-?%d+", at))
    if not stop or find(text, "^-?0%d", at) then
        return refuse("bad number", at)
    end
    stop = select(2, find(text, "^%.%d+", stop + 1)) or stop
    stop = select(2, find(text, "^[eE][+-]?%d+", stop + 1)) or stop
    if find(text, "^[%w.+-]", stop + 1) then
        return refuse("bad number", at)
    end
    return tonumber(sub(text, at, stop)), stop + 1
end

local words = {["true"] = true, ["false"] = false, null = M.null}
local read_value

local function read_word(text, at)
    local word = text:match("^%a+", at)
    if word == nil or words[word] == nil then
        return false, "unexpected character at byte " .. at
    end
    return true, words[word], at + #word
end

local function read_array(text, at, depth)
    local list, ok, value = M.array({}), nil, nil
    at = skip(text, at + 1)
    if sub(text, at, at) == "]" then
        return true, list, at + 1
    end
    while true do
        ok, value, at = read_value(text, at, depth)
        if not ok then
            return false, value
        end
        list[#list + 1] = value
        at = skip(text, at)
        local c = sub(text, at, at)
        if c == "]" then
            return true, list, at + 1
        elseif c ~= "," then
            return false, "expected , or ] at byte " .. at
        end
        at = skip(text, at + 1)
    end
end

local function read_object(text, at, depth)
    local object, ok, name, value = {}, nil, nil, nil
    at = skip(text, at + 1)
    if sub(text, at, at) == "}" then
        return true, object, at + 1
    end
    while true do
        if sub(text, at, at) ~= '"' then
            return false, "expected a name at byte " .. at
        end
        name, at = read_string(text, at)
        if not name then
            return false, at
        end
        at = skip(text, at)
        if sub(text, at, at) ~= ":" then
            return false, "expected : at byte " .. at
        end
        ok, value, at = read_value(text, skip(text, at + 1), depth)
        if not ok then
            return false, value
        end
        object[name] = value
        at = skip(text, at)
        local c = sub(text, at, at)
        if c == "}" then
            return true, object, at + 1
        elseif c ~= "," then
            return false, "expected , or } at byte " .. at
        end
        at = skip(text, at + 1)
    end
end

-- -> true, value, next position | false, message. Three results, as false is a value too.
function read_value(text, at, depth)
    local c = sub(text, at, at)
    if c == "{" or c == "[" then
        if depth == 0 then
            return false, "nested too deep at byte " .. at
        end
        return (c == "{" and read_object or read_array)(text, at, depth - 1)
    end
    if c ~= '"' and not find(c, "[-%d]") then
        return read_word(text, at)
    end
    local value, next_at = (c == '"' and read_string or read_number)(text, at)
    if value == nil then
        return false, next_at
    end
    return true, value, next_at
end

function M.decode(text, max_depth)
    local ok, value, at = read_value(text, skip(text, 1), max_depth or 32)
    if not ok then
        return nil, value
    end
    at = skip(text, at)
    if at <= #text then
        return refuse("trailing text", at)
    end
    return value
end

-- Text from a list of byte numbers: how journald prints a field that is not UTF-8.
function M.bytes_to_text(list)
    local parts = {}
    for i, value in ipairs(list) do
        if math.type(value) ~= "integer" or value < 0 or value > 255 then
            return nil, "not a byte at element " .. i
        end
        parts[i] = char(value)
    end
    return table.concat(parts)
end

return M
