-- glob: file name patterns as glob(3) and fnmatch(3) read them: `*`, `?`, `[a-z]`, `[!a]`, `\x`.
--
-- match(pattern, name) -> boolean       one path component; a leading dot is matched only by a dot
-- has_magic(text) -> boolean            what nginx looks for before it calls glob(3): any of `*?[`
-- expand(pattern, list) -> { path, … } sorted by bytes | {}, { {path=, why=}, … }
--     list(dir) -> names | nil, why     "absent" is no match; any other reason is reported as the second value
--
-- Source: POSIX.1-2017 XCU 2.13; nginx src/core/ngx_conf_file.c (ngx_conf_include), src/os/unix/ngx_files.c
-- (ngx_open_glob: flags 0, so sorted, backslash escapes, no braces or tilde).

local M = {}

local CLASSES = {
    alpha = "%a", digit = "%d", alnum = "%w", upper = "%u", lower = "%l",
    space = "%s", punct = "%p", cntrl = "%c", xdigit = "%x",
}

-- A bracket expression at `at` -> { test, next offset }, or nil when its `]` is missing (then `[` is literal).
local function read_bracket(pattern, at)
    local negated = pattern:find("^%[[!^]", at) ~= nil
    local i = at + (negated and 2 or 1)
    local first, ranges, classes = i, {}, {}
    while true do
        local c = pattern:sub(i, i)
        if c == "" then
            return nil
        elseif c == "]" and i > first then
            break
        end
        local class = pattern:match("^%[:(%a+):%]", i)
        if class and CLASSES[class] then
            classes[#classes + 1] = CLASSES[class]
            i = i + #class + 4
        else
            if c == "\\" then
                i = i + 1
                c = pattern:sub(i, i)
            end
            local last = pattern:match("^%-([^%]])", i + 1)
            ranges[#ranges + 1] = { c, last or c }
            i = i + (last and 3 or 1)
        end
    end
    local function test(c)
        for _, range in ipairs(ranges) do
            if c >= range[1] and c <= range[2] then
                return not negated
            end
        end
        for _, class in ipairs(classes) do
            if c:find("^" .. class) then
                return not negated
            end
        end
        return negated
    end
    return { test = test }, i + 1
end

-- The pattern as a list of single-byte tests and stars.
local function compile(pattern)
    local parts, i = {}, 1
    while i <= #pattern do
        local c = pattern:sub(i, i)
        local bracket, after
        if c == "[" then
            bracket, after = read_bracket(pattern, i)
        end
        if bracket then
            parts[#parts + 1], i = bracket, after
        elseif c == "*" then
            parts[#parts + 1], i = { star = true }, i + 1
        elseif c == "?" then
            parts[#parts + 1], i = { any = true }, i + 1
        else
            if c == "\\" and i < #pattern then
                i = i + 1
                c = pattern:sub(i, i)
            end
            parts[#parts + 1], i = { byte = c }, i + 1
        end
    end
    return parts
end

local function fits(part, c)
    if part.test then
        return part.test(c)
    end
    return part.any or part.byte == c
end

-- Only the last star is ever gone back to, so the time is at most #pattern * #name.
local function match_parts(parts, name)
    local p, n, star, mark = 1, 1, nil, nil
    while n <= #name do
        local part = parts[p]
        if part and part.star then
            star, mark, p = p, n, p + 1
        elseif part and fits(part, name:sub(n, n)) then
            p, n = p + 1, n + 1
        elseif star then
            mark = mark + 1
            p, n = star + 1, mark
        else
            return false
        end
    end
    while parts[p] and parts[p].star do
        p = p + 1
    end
    return parts[p] == nil
end

function M.match(pattern, name)
    if name:sub(1, 1) == "." and not pattern:find("^\\?%.") then
        return false
    end
    return match_parts(compile(pattern), name)
end

function M.has_magic(text)
    return text:find("[*?[]") ~= nil
end

local function join(dir, name)
    if dir == "" or dir:sub(-1) == "/" then
        return dir .. name
    end
    return dir .. "/" .. name
end

-- All the paths under `dirs` whose next component matches.
local function step(dirs, component, list, problems)
    local found = {}
    for _, dir in ipairs(dirs) do
        local names, why = list(dir == "" and "." or dir)
        if not names and why ~= "absent" then
            problems[#problems + 1] = { path = dir, why = why or "failed" }
        end
        for _, name in ipairs(names or {}) do
            if M.match(component, name) then
                found[#found + 1] = join(dir, name)
            end
        end
    end
    return found
end

function M.expand(pattern, list)
    local dirs, problems = { pattern:sub(1, 1) == "/" and "/" or "" }, {}
    local listed = false
    for component in pattern:gmatch("[^/]+") do
        -- Literal components before the first wildcard need no listing; after it, it proves that they exist.
        if M.has_magic(component) or listed then
            dirs, listed = step(dirs, component, list, problems), true
        else
            dirs = { join(dirs[1], component) }
        end
    end
    table.sort(dirs)
    return dirs, problems
end

return M
