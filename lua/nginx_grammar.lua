-- nginx_grammar: one configuration file's text -> its directives, with the byte range of each part.
--
-- parse(text, file) -> { directive, … } | nil, { file=, line=, column=, message= }
--
-- A directive:
--   name, name_from, name_to     the first word, without its quotes; the range is of the raw bytes
--   args = { arg, … }            arg: { text=, raw=, from=, to=, quote='"'|"'"|nil, directive= }
--   file, line, column           where the name starts (1-based; the column counts bytes)
--   from, to                     the whole directive, to its `;` or its block's `}` (1-based, inclusive)
--   block = { directive, … }     nil for a simple directive; open = offset of its `{`
--   raw_block = { text=, from=, to= }   the code between the braces of a `*_by_lua_block { … }`
--   parent                       the directive whose block this one is in, nil at the top of the file
--   ordinal                      its number in the file, counted from 1 in the order of the text
--
-- Facts from nginx: src/core/ngx_conf_file.c (ngx_conf_read_token, ngx_conf_parse): a word ends at blank,
-- `;` or `{`, so `#`, quotes and `}` in its middle belong to it; only a word's first byte can open a
-- quote or a comment; after a closing quote must come a blank, `;`, `{` or `)`; `${` does not open a block;
-- of the escapes only \" \' \\ \t \r \n are replaced, others keep their backslash; no word or comment
-- may be longer than the read buffer of 4096 bytes.
-- OpenResty's raw Lua blocks: lua-nginx-module, "content_by_lua_block" in its README.
--
-- The scanner jumps from one byte that matters to the next with string.find, so time is linear in the size
-- and few Lua instructions are spent (a step has a budget of them).

local M = {}

local BUFFER = 4096      -- NGX_CONF_BUFFER
local MAX_DEPTH = 200    -- nginx has no limit but its C stack; nobody nests this deep in good faith

local ESCAPES = { ['"'] = '"', ["'"] = "'", ["\\"] = "\\", t = "\t", r = "\r", n = "\n" }

-- What nginx makes of a word's bytes.
function M.unescape(raw)
    if not raw:find("\\", 1, true) then
        return raw
    end
    local out, at = {}, 1
    while true do
        local slash = raw:find("\\", at, true)
        if not slash then
            break
        end
        local plain = ESCAPES[raw:sub(slash + 1, slash + 1)]
        out[#out + 1] = raw:sub(at, slash - 1)
        out[#out + 1] = plain or "\\"
        at = slash + (plain and 2 or 1)
    end
    out[#out + 1] = raw:sub(at)
    return table.concat(out)
end

-- Lines are counted forward only: every position asked for is at or after the one asked before.
local function advance(s, position)
    while true do
        local newline = s.text:find("\n", s.counted, true)
        if not newline or newline >= position then
            return
        end
        s.line = s.line + 1
        s.line_start = newline + 1
        s.counted = newline + 1
    end
end

local function fail(s, position, message)
    if position < s.line_start then -- an error may point back (to an open brace): count from the start
        s.line, s.line_start, s.counted = 1, 1, 1
    end
    advance(s, position)
    return nil, { file = s.file, line = s.line, column = position - s.line_start + 1, message = message }
end

-- Past blanks and comments: the offset of the next byte that matters (#text + 1 at the end).
local function skip_blanks(s)
    local text, at = s.text, s.at
    while true do
        at = text:find("[^ \t\r\n]", at)
        if not at then
            return #text + 1
        end
        if text:byte(at) ~= 35 then -- '#'
            return at
        end
        local newline = text:find("\n", at, true)
        local length = (newline or #text + 1) - at
        if length >= BUFFER and not (length == BUFFER and not newline) then
            return nil, at
        end
        if not newline then
            return #text + 1
        end
        at = newline
    end
end

-- The end of a quoted word: offset of the closing quote, or nil.
local function quoted_end(text, at, quote)
    local stop = quote == '"' and '["\\]' or "['\\]"
    while true do
        at = text:find(stop, at)
        if not at then
            return nil
        end
        if text:byte(at) ~= 92 then
            return at
        end
        at = at + 2 -- the escaped byte never ends the word
    end
end

-- The end of an unquoted word: offset of the blank, `;` or `{` after it, or nil.
local function plain_end(text, at)
    local first = text:byte(at)
    if first ~= 92 and first ~= 36 then
        at = at + 1
    end
    while true do
        at = text:find("[ \t\r\n;{\\$]", at)
        if not at then
            return nil
        end
        local byte = text:byte(at)
        if byte == 92 then -- backslash: takes the next byte with it
            at = at + 2
        elseif byte == 36 then -- '$': braces right after it are part of the word
            at = text:find("[^{]", at + 1)
            if not at then
                return nil
            end
        else
            return at
        end
    end
end

local function end_of_file(s)
    return fail(s, #s.text + 1, 'unexpected end of file, expecting ";" or "}"')
end

-- nginx keeps a word's bytes in its buffer until the byte after the word is read, and after a blank one more: does
-- it have to read a byte that does not fit? (Checked against nginx 1.22 by tests/lua/edits_accepted_by_nginx.sh.)
local function too_long(text, start, stop, quote)
    if not stop then
        return start + BUFFER <= #text
    end
    local after = quote and stop + 1 or stop
    if text:find("^[ \t\r\n]", after) then
        after = after + 1
    end
    return after - start >= BUFFER and after <= #text
end

-- One word that starts at `at`. Leaves s.at behind it.
local function read_word(s, at)
    local text = s.text
    local quote = text:sub(at, at)
    if quote ~= '"' and quote ~= "'" then
        quote = nil
    end
    local start = quote and at + 1 or at
    local stop
    if quote then
        stop = quoted_end(text, start, quote)
    else
        stop = plain_end(text, start)
    end
    if too_long(text, start, stop, quote) then
        local hint = quote and ', probably missing terminating "' .. quote .. '"' or ""
        return fail(s, at, "too long parameter" .. hint)
    end
    if not stop then
        return end_of_file(s)
    end
    local to = quote and stop or stop - 1
    s.at = to + 1
    if quote and not text:find("^[ \t\r\n;{)]", s.at) then
        if s.at > #text then
            return end_of_file(s)
        end
        return fail(s, s.at, 'unexpected "' .. text:sub(s.at, s.at) .. '"')
    end
    return { text = M.unescape(text:sub(start, stop - 1)), raw = text:sub(at, to), from = at, to = to, quote = quote }
end

-- Lua code ends at the brace that matches; strings, comments and long brackets of Lua may hold braces.
local function lua_block_end(text, at)
    local depth = 1
    while true do
        at = text:find("[{}\"'%[%-]", at)
        if not at then
            return nil
        end
        local c = text:sub(at, at)
        if c == "{" then
            depth = depth + 1
        elseif c == "}" then
            depth = depth - 1
            if depth == 0 then
                return at
            end
        elseif c == '"' or c == "'" then
            at = quoted_end(text, at + 1, c)
        else -- `[[`, `[=[`, `--`, `--[[`; a lone `[` or `-` is plain code
            local level = text:match("^%[(=*)%[", at) or text:match("^%-%-%[(=*)%[", at)
            if level then
                local _, stop = text:find("]" .. level .. "]", at, true)
                at = stop
            elseif text:find("^%-%-", at) then
                at = text:find("\n", at, true)
            end
        end
        if not at then
            return nil
        end
        at = at + 1
    end
end

local function read_lua_block(s, directive, open)
    local stop = lua_block_end(s.text, open + 1)
    if not stop then
        return fail(s, open, 'unexpected end of file, expecting the "}" of a Lua block')
    end
    directive.open = open
    directive.raw_block = { text = s.text:sub(open + 1, stop - 1), from = open + 1, to = stop - 1 }
    directive.to = stop
    s.at = stop + 1
    return directive
end

local function new_directive(s, word, parent)
    advance(s, word.from)
    s.count = s.count + 1
    return {
        name = word.text, name_from = word.from, name_to = word.to, args = {}, file = s.file,
        line = s.line, column = word.from - s.line_start + 1, from = word.from, parent = parent, ordinal = s.count,
    }
end

local function next_position(s)
    local at, long = skip_blanks(s)
    if not at then
        return fail(s, long, 'too long parameter: a comment of more than 4095 bytes')
    end
    return at
end

-- The words of a directive up to its `;` (s.at behind it) or `{` (directive.open set).
local function read_words(s, directive)
    local text = s.text
    while true do
        local at, err = next_position(s)
        if not at then
            return nil, err
        end
        local c = text:sub(at, at)
        if c == "" then
            return end_of_file(s)
        elseif c == ";" then
            directive.to, s.at = at, at + 1
            return directive
        elseif c == "{" then
            if directive.name:find("_by_lua_block$") then
                return read_lua_block(s, directive, at)
            end
            directive.open, directive.block, s.at = at, {}, at + 1
            return directive
        elseif c == "}" then
            return fail(s, at, 'unexpected "}"')
        end
        local word, why = read_word(s, at)
        if not word then
            return nil, why
        end
        word.directive = directive
        directive.args[#directive.args + 1] = word
    end
end

local function close_block(s, open, at)
    if #open == 0 then
        return fail(s, at, 'unexpected "}"')
    end
    open[#open].to = at
    open[#open] = nil
    s.at = at + 1
    return true
end

-- One directive into `list`; a block's directive is pushed on the stack of open ones.
local function read_directive(s, at, list, open)
    local word, err = read_word(s, at)
    if not word then
        return nil, err
    end
    local directive = new_directive(s, word, open[#open])
    directive, err = read_words(s, directive)
    if not directive then
        return nil, err
    end
    list[#list + 1] = directive
    if directive.block then
        if #open >= MAX_DEPTH then
            return fail(s, directive.from, "blocks are nested more than " .. MAX_DEPTH .. " deep")
        end
        open[#open + 1] = directive
    end
    return true
end

local function unclosed(s, block)
    local _, err = fail(s, #s.text + 1, "")
    err.message = ('unexpected end of file, expecting "}" of "%s" opened in line %d'):format(block.name, block.line)
    return nil, err
end

-- An explicit stack instead of recursion: a hostile file cannot use up the C or Lua stack.
function M.parse(text, file)
    local s = { text = text, file = file or "", at = 1, line = 1, line_start = 1, counted = 1, count = 0 }
    local tree, open = {}, {}
    if text:find("^\239\187\191") then
        tree.bom = true -- nginx itself would take it for a part of the first name, and refuse that
        s.at = 4
    end
    while true do
        local at, err = next_position(s)
        if not at then
            return nil, err
        end
        local c, done = text:sub(at, at), nil
        if c == "" then
            if #open > 0 then
                return unclosed(s, open[#open])
            end
            return tree
        elseif c == "}" then
            done, err = close_block(s, open, at)
        elseif c == ";" or c == "{" then
            done, err = fail(s, at, 'unexpected "' .. c .. '"')
        else
            local list = #open > 0 and open[#open].block or tree
            done, err = read_directive(s, at, list, open)
        end
        if not done then
            return nil, err
        end
    end
end

return M
