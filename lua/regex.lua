-- regex: the part of PCRE that nginx configurations commonly use, matched by bounded backtracking.
--
-- compile(pattern, caseless) -> regex | nil, "cannot tell: …"
-- regex.match(text) -> true, captures | false | nil, "cannot tell: …"
--     captures: by number and by name, strings; groups that took no part are absent
--
-- Knows: literals, `.`, classes with ranges, \d \w \s \h and their negations, [:alpha:] and the like, ^ $ \A \z
-- \Z \b \B, groups (plain, `?:`, named), `|`, greedy, lazy and possessive quantifiers, (?=…) (?!…), (?i) in
-- front. Everything else (lookbehind, back references, recursion, \p, (*VERBS)) is refused and not guessed,
-- and so is a match that needs more than MAX_STEPS: a wrong answer would send a diagnosis to the wrong server.
-- Source: pcre2pattern(3). nginx compiles without multi-line, dot-all and UTF-8.

local M = {}

local MAX_STEPS = 20000  -- each step may be a Lua call level deep; far below Lua's own stack limit
local MAX_REPEAT = 1000
local MAX_GROUPS_DEEP = 50

local SHORTHAND = { d = "%d", w = "[%w_]", s = "%s", h = "[ \t]", D = "%D", W = "[^%w_]", S = "%S", H = "[^ \t]" }
local CONTROL = { n = "\n", r = "\r", t = "\t", f = "\f", e = "\27", a = "\a" }
local POSIX = {
    alpha = "%a", digit = "%d", alnum = "%w", upper = "%u", lower = "%l",
    space = "%s", punct = "%p", cntrl = "%c", xdigit = "%x", word = "[%w_]",
}

-- Errors in a pattern are raised inside compile() with this table, and caught there only.
local function refuse(what)
    error({ refused = what }, 0)
end

local function pattern_test(lua_pattern)
    return function(c)
        return c:find(lua_pattern) ~= nil
    end
end

local function literal_test(c, caseless)
    if not caseless or not c:find("%a") then
        return function(other)
            return other == c
        end
    end
    local lower = c:lower()
    return function(other)
        return other:lower() == lower
    end
end

-- An escape at p.at (after the backslash) that stands for one byte: test, and the byte where it is a literal.
local function read_escape(p)
    local c = p.text:sub(p.at, p.at)
    p.at = p.at + 1
    if SHORTHAND[c] then
        return pattern_test(SHORTHAND[c])
    elseif CONTROL[c] then
        return literal_test(CONTROL[c], false), CONTROL[c]
    elseif c == "x" then
        local hex = p.text:match("^%x%x", p.at)
        if not hex then
            refuse("\\x without two digits")
        end
        p.at = p.at + 2
        c = string.char(tonumber(hex, 16))
        return literal_test(c, p.caseless), c
    elseif c == "" or c:find("%w") then
        refuse("\\" .. c)
    end
    return literal_test(c, p.caseless), c
end

local function range_test(low, high, caseless)
    return function(c)
        if c >= low and c <= high then
            return true
        end
        if not caseless then
            return false
        end
        local lower, upper = c:lower(), c:upper()
        return (lower >= low and lower <= high) or (upper >= low and upper <= high)
    end
end

-- One element of a class: test, byte (nil for a set of bytes)
local function read_class_item(p)
    local posix = p.text:match("^%[:(%a+):%]", p.at)
    if posix and POSIX[posix] then
        p.at = p.at + #posix + 4
        return pattern_test(POSIX[posix])
    end
    local c = p.text:sub(p.at, p.at)
    p.at = p.at + 1
    if c == "\\" then
        return read_escape(p)
    elseif c == "" or (c == "[" and p.text:find("^[:.=]", p.at)) then
        refuse("a class that does not end")
    end
    return literal_test(c, p.caseless), c
end

local function read_class(p)
    local negated = p.text:sub(p.at, p.at) == "^"
    if negated then
        p.at = p.at + 1
    end
    local tests, first = {}, p.at
    while p.text:sub(p.at, p.at) ~= "]" or p.at == first do
        local test, low = read_class_item(p)
        if low and p.text:find("^%-[^%]]", p.at) then
            p.at = p.at + 1
            local _, high = read_class_item(p)
            if not high or high < low then
                refuse("a range in a class")
            end
            test = range_test(low, high, p.caseless)
        end
        tests[#tests + 1] = test
    end
    p.at = p.at + 1
    return function(c)
        for i = 1, #tests do
            if tests[i](c) then
                return not negated
            end
        end
        return negated
    end
end

local read_alternatives

local GROUP_NAMES = { "^%?P?<([%a_][%w_]*)>", "^%?'([%a_][%w_]*)'" }

local function read_group(p)
    p.deep = p.deep + 1
    if p.deep > MAX_GROUPS_DEEP then
        refuse("groups nested too deep")
    end
    local node = { kind = "group" }
    local name
    for _, form in ipairs(GROUP_NAMES) do
        local _, stop, found = p.text:find(form, p.at)
        if stop then
            name, p.at = found, stop + 1
            break
        end
    end
    if name or not p.text:find("^[?*]", p.at) then
        p.groups = p.groups + 1
        node.index = p.groups
        if name then
            p.names[name] = p.groups
        end
    elseif p.text:find("^%?:", p.at) then
        p.at = p.at + 2
    elseif p.text:find("^%?[=!]", p.at) then
        node.kind, node.negated = "look", p.text:sub(p.at + 1, p.at + 1) == "!"
        p.at = p.at + 2
    else
        refuse("(" .. p.text:sub(p.at, p.at + 2))
    end
    node.body = read_alternatives(p)
    if p.text:sub(p.at, p.at) ~= ")" then
        refuse("a group that does not end")
    end
    p.at, p.deep = p.at + 1, p.deep - 1
    return node
end

local ANCHORS = { A = "start", z = "very_end", Z = "end", b = "word", B = "no_word" }

local function read_atom(p)
    local c = p.text:sub(p.at, p.at)
    p.at = p.at + 1
    if c == "." then
        return { kind = "byte", test = function(b) return b ~= "\n" end }
    elseif c == "[" then
        return { kind = "byte", test = read_class(p) }
    elseif c == "(" then
        return read_group(p)
    elseif c == "^" then
        return { kind = "anchor", what = "start" }
    elseif c == "$" then
        return { kind = "anchor", what = "end" }
    elseif c == "\\" then
        local anchor = ANCHORS[p.text:sub(p.at, p.at)]
        if anchor then
            p.at = p.at + 1
            return { kind = "anchor", what = anchor }
        end
        return { kind = "byte", test = (read_escape(p)) }
    elseif c:find("[*+?]") then
        refuse("a quantifier with nothing before it")
    end
    return { kind = "byte", test = literal_test(c, p.caseless) }
end

local SIMPLE = { ["*"] = { 0, MAX_REPEAT * 1000 }, ["+"] = { 1, MAX_REPEAT * 1000 }, ["?"] = { 0, 1 } }

-- min, max, or nothing when no quantifier stands here. `{` that is none is a literal in PCRE.
local function read_bounds(p)
    local simple = SIMPLE[p.text:sub(p.at, p.at)]
    if simple then
        p.at = p.at + 1
        return simple[1], simple[2]
    end
    local low, comma, high, stop = p.text:match("^{(%d+)(,?)(%d*)}()", p.at)
    if not low or (comma == "" and high ~= "") then
        return nil
    end
    p.at = stop
    low = tonumber(low)
    high = comma == "" and low or tonumber(high) or MAX_REPEAT * 1000
    if low > MAX_REPEAT or high < low then
        refuse("a repetition of " .. low)
    end
    return low, high
end

local function read_quantified(p)
    local atom = read_atom(p)
    local min, max = read_bounds(p)
    if not min then
        return atom
    end
    if atom.kind == "anchor" or atom.kind == "look" then
        refuse("a repeated assertion")
    end
    local node = { kind = "repeat", body = atom, min = min, max = max }
    local mode = p.text:match("^[?+]", p.at)
    if mode then
        p.at = p.at + 1
        node.lazy, node.possessive = mode == "?", mode == "+"
    end
    if p.text:find("^[*+?]", p.at) then
        refuse("a quantifier of a quantifier")
    end
    return node
end

function read_alternatives(p)
    local node, sequence = { kind = "or", { kind = "sequence" } }, nil
    sequence = node[1]
    while p.at <= #p.text do
        local c = p.text:sub(p.at, p.at)
        if c == ")" then
            break
        elseif c == "|" then
            p.at = p.at + 1
            sequence = { kind = "sequence" }
            node[#node + 1] = sequence
        else
            sequence[#sequence + 1] = read_quantified(p)
        end
    end
    return node
end

-- From here: each node becomes a function(i) -> end of the whole match or false, that calls what follows it.

local build

local function spend(s)
    s.steps = s.steps + 1
    if s.steps > MAX_STEPS then
        error({ refused = "a match that takes too long" }, 0)
    end
end

local function is_word(s, i)
    return i >= 1 and s.text:find("^[%w_]", i) ~= nil
end

local ANCHOR_TESTS = {
    start = function(_, i) return i == 1 end,
    very_end = function(s, i) return i == #s.text + 1 end,
    ["end"] = function(s, i)
        return i == #s.text + 1 or (i == #s.text and s.text:sub(i, i) == "\n")
    end,
    word = function(s, i) return is_word(s, i - 1) ~= is_word(s, i) end,
    no_word = function(s, i) return is_word(s, i - 1) == is_word(s, i) end,
}

local builders = {}

function builders.byte(s, node, follow)
    local test = node.test
    return function(i)
        spend(s)
        local c = s.text:sub(i, i)
        return c ~= "" and test(c) and follow(i + 1)
    end
end

function builders.anchor(s, node, follow)
    local test = ANCHOR_TESTS[node.what]
    return function(i)
        return test(s, i) and follow(i)
    end
end

function builders.sequence(s, node, follow)
    for n = #node, 1, -1 do
        follow = build(s, node[n], follow)
    end
    return follow
end

builders["or"] = function(s, node, follow)
    local ways = {}
    for n = 1, #node do
        ways[n] = build(s, node[n], follow)
    end
    return function(i)
        spend(s)
        for n = 1, #ways do
            local stop = ways[n](i)
            if stop then
                return stop
            end
        end
        return false
    end
end

function builders.group(s, node, follow)
    local index = node.index
    if not index then
        return build(s, node.body, follow)
    end
    local starts = {} -- a stack: the group may be inside a repetition
    local body = build(s, node.body, function(i)
        local old, from = s.captures[index], starts[#starts]
        s.captures[index] = { from, i - 1 }
        starts[#starts] = nil
        local stop = follow(i)
        if not stop then
            s.captures[index] = old
            starts[#starts + 1] = from
        end
        return stop
    end)
    return function(i)
        starts[#starts + 1] = i
        local stop = body(i)
        if not stop then
            starts[#starts] = nil
        end
        return stop
    end
end

local function itself(i)
    return i
end

function builders.look(s, node, follow)
    local body = build(s, node.body, itself)
    return function(i)
        local found = body(i) and true or false
        return found ~= node.negated and follow(i)
    end
end

-- Repeated single bytes need no recursion: count how far they go, then try the rest from there.
local function repeat_bytes(s, node, follow)
    local test, min, max = node.body.test, node.min, node.max
    local function reach(i, most)
        local count = 0
        while count < most and i + count <= #s.text and test(s.text:sub(i + count, i + count)) do
            spend(s)
            count = count + 1
        end
        return count
    end
    local function lazy(i)
        local count = reach(i, min)
        while count >= min do
            local stop = follow(i + count)
            if stop or count == max or reach(i + count, 1) == 0 then
                return stop
            end
            count = count + 1
        end
        return false
    end
    if node.lazy then
        return lazy
    end
    return function(i)
        local count = reach(i, max)
        local least = node.possessive and math.max(count, min) or min
        while count >= least do
            spend(s)
            local stop = follow(i + count)
            if stop then
                return stop
            end
            count = count - 1
        end
        return false
    end
end

local function repeat_possessive(s, node, follow)
    local once = build(s, node.body, itself)
    return function(i)
        local count = 0
        while count < node.max do
            local stop = once(i)
            if not stop or (stop == i and count >= node.min) then
                break
            end
            i, count = stop, count + 1
        end
        return count >= node.min and follow(i)
    end
end

builders["repeat"] = function(s, node, follow)
    if node.body.kind == "byte" then
        return repeat_bytes(s, node, follow)
    elseif node.possessive then
        return repeat_possessive(s, node, follow)
    end
    local frames = {} -- count and start of the repetitions that are under way, innermost last
    local body
    local function go(count, i)
        spend(s)
        local function again()
            if count >= node.max then
                return false
            end
            frames[#frames + 1] = { count, i }
            local stop = body(i)
            frames[#frames] = nil
            return stop
        end
        if count < node.min then
            return again()
        elseif node.lazy then
            return follow(i) or again()
        end
        return again() or follow(i)
    end
    body = build(s, node.body, function(i)
        local frame = frames[#frames]
        if i == frame[2] and frame[1] >= node.min then
            return false -- an empty repetition would go on for ever
        end
        frames[#frames] = nil
        local stop = go(frame[1] + 1, i)
        frames[#frames + 1] = frame
        return stop
    end)
    return function(i)
        return go(0, i)
    end
end

function build(s, node, follow)
    return builders[node.kind](s, node, follow)
end

local function captures_of(s, names)
    local out = {}
    for index, range in pairs(s.captures) do
        out[index] = s.text:sub(range[1], range[2])
    end
    for name, index in pairs(names) do
        out[name] = out[index]
    end
    return out
end

local function search(s, start)
    for i = 1, #s.text + 1 do
        s.captures = {}
        if start(i) then
            return true
        end
    end
    return false
end

-- pcall is safe here: nothing below it ever yields.
local function guarded(work)
    local good, result = pcall(work)
    if good then
        return result
    elseif type(result) == "table" and result.refused then
        return nil, "cannot tell: the regular expression has or needs " .. result.refused
    end
    return nil, "cannot tell: " .. tostring(result)
end

local function parse(text, caseless)
    if text:sub(1, 4) == "(?i)" then
        text, caseless = text:sub(5), true
    end
    local p = { text = text, at = 1, caseless = caseless, groups = 0, names = {}, deep = 0 }
    local tree = read_alternatives(p)
    if p.at <= #text then
        refuse("a ) too many")
    end
    return { tree = tree, names = p.names }
end

function M.compile(pattern, caseless)
    local parsed, why = guarded(function()
        return parse(pattern, caseless)
    end)
    if not parsed then
        return nil, why
    end
    local regex = { pattern = pattern }
    function regex.match(text)
        -- Built anew for each match: a search that was cut off leaves its stacks in disorder.
        local s = { text = text, steps = 0, captures = {} }
        local found, cut = guarded(function()
            return search(s, build(s, parsed.tree, itself))
        end)
        if found then
            return true, captures_of(s, parsed.names)
        end
        return found, cut
    end
    return regex
end

return M
