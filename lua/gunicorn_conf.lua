-- gunicorn_conf: gunicorn's configuration file, which is Python: the settings in it that are plain values.
--
-- number(text, name) -> { value=, line=, from=, to= } | nil, reason     reason is nil where the file does not mention it
-- word(text, name)   -> { value=, line= } | nil, reason                 the same for a quoted word (worker_class)
-- set(text, name, n) -> new text | nil, reason                          only the digits change
--
-- Python is not understood here. A setting is read where it is a statement of its own at the start of a line, with a
-- plain value, and the file has the name nowhere else outside of strings and comments: then nothing else can have set
-- it. Files that can set names in other ways (import *, exec, globals()) are refused.
--
-- Source: gunicorn/app/base.py (the module's names are the settings), the Python language reference, 2.1 and 2.4.

local M = {}

local OTHER_WAYS = { "globals", "locals", "vars", "exec", "eval", "__import__", "setattr" }

local function string_end(text, at)
    local c = text:sub(at, at)
    local quote = text:sub(at, at + 2) == c:rep(3) and c:rep(3) or c
    local i = at + #quote
    while i <= #text do
        if text:sub(i, i) == "\\" then
            i = i + 2
        elseif text:sub(i, i + #quote - 1) == quote then
            return i + #quote - 1
        elseif #quote == 1 and text:sub(i, i) == "\n" then
            return nil
        else
            i = i + 1
        end
    end
    return nil
end

-- The text with blanks for what is in strings and comments, and where statements begin at the start of a line.
local function survey(text)
    local out, starts, depth, at, fresh = {}, {}, 0, 1, true
    while at <= #text do
        local c = text:sub(at, at)
        if fresh and depth == 0 then
            starts[at] = true
        end
        fresh = false
        if c == "#" then
            local stop = (text:find("\n", at, true) or #text + 1) - 1
            out[#out + 1] = (" "):rep(stop - at + 1)
            at = stop + 1
        elseif c == '"' or c == "'" then
            local stop = string_end(text, at)
            if not stop then
                return nil, "a string in it does not end"
            end
            out[#out + 1] = c .. text:sub(at + 1, stop - 1):gsub("[^\n]", " ") .. c
            at = stop + 1
        else
            if c:find("[%(%[{]") then
                depth = depth + 1
            elseif c:find("[%)%]}]") then
                depth = depth - 1
            elseif c == "\n" then
                fresh = not text:sub(at - 2, at - 1):gsub("\r$", ""):find("\\$")
            end
            out[#out + 1] = c
            at = at + 1
        end
    end
    return table.concat(out), starts
end

local function line_of(text, at)
    return select(2, text:sub(1, at - 1):gsub("\n", "")) + 1
end

local function mentions(masked, name)
    local list = {}
    for at in masked:gmatch("%f[%w_]()" .. name .. "%f[^%w_]") do
        list[#list + 1] = at
    end
    return list
end

-- Where the only statement that sets the name has its value -> position in text, line
local function find(text, name)
    local masked, starts = survey(text)
    if not masked then
        return nil, starts
    end
    for _, word in ipairs(OTHER_WAYS) do
        if #mentions(masked, word) > 0 then
            return nil, "it may set names through " .. word .. "()"
        end
    end
    if masked:find("import[ \t]*%*") then
        return nil, "it takes settings from another file (import *)"
    end
    local list = mentions(masked, name)
    if #list == 0 then
        return nil
    end
    local value = starts[list[1]] and masked:match("^" .. name .. "[ \t]*=[ \t]*()[^=]", list[1])
    if #list > 1 or not value then
        return nil, ("it has %s in line %d in a way that is not a plain setting"):format(name, line_of(text, list[#list]))
    end
    return { at = value, line = line_of(text, value) }
end

-- Nothing but blanks and a comment until the end of the line.
local function ends_at(text, at)
    return text:find("^[ \t\r]*[#\n]", at) or not text:find("[^ \t\r]", at)
end

function M.number(text, name)
    local place, why = find(text, name)
    if not place then
        return nil, why
    end
    local digits, behind = text:match("^(%d+)()", place.at)
    if not digits or #digits > 6 or not ends_at(text, behind) then
        return nil, ("%s is computed in line %d"):format(name, place.line)
    end
    return { value = tonumber(digits), line = place.line, from = place.at, to = behind - 1 }
end

function M.word(text, name)
    local place, why = find(text, name)
    if not place then
        return nil, why
    end
    local _, value, behind = text:match("^([\"'])([%w_.]+)%1()", place.at)
    if not value or not ends_at(text, behind) then
        return nil, ("%s is computed in line %d"):format(name, place.line)
    end
    return { value = value, line = place.line }
end

function M.set(text, name, n)
    local old, why = M.number(text, name)
    if not old then
        return nil, why or ("it does not set %s"):format(name)
    elseif old.value == n then
        return nil, ("%s is %d already"):format(name, n)
    end
    local content = text:sub(1, old.from - 1) .. ("%d"):format(n) .. text:sub(old.to + 1)
    local new = M.number(content, name)
    if not new or new.value ~= n or new.line ~= old.line then
        return nil, "the edit would not say what was asked for"
    end
    return content
end

return M
