-- unit_file: systemd's unit files and drop-ins: read them, what holds in the end, and change one value or one word.
--
-- parse(text) -> { entries = { entry, … }, problems = { {line=, message=} } }
--     entry: { section=, key=, value=, line=, last_line= }   a continued line is one entry; its value has blanks there
-- words(value) -> { {text=, raw=, from=, to=}, … } | nil, reason     as systemd splits a command line or a list;
--     text is nil where an escape would have to be understood; raw is what is written, quotes and all
-- set_value(text, entry, value)  -> new text | nil, reason
-- set_word(text, entry, n, raw)  -> new text | nil, reason     the n-th word of the value becomes these bytes
-- add_line(text, entry, key, value) -> new text | nil, reason  a line of its own behind the entry, in its section
-- load(host, unit) -> { fragment=, files = { {path=, text=, read=, unit= parse(text)} … }, show= properties,
--                       shown= evidence } | nil, reason, result     the fragment, then the drop-ins as systemd applies them
-- all(loaded, section, key) -> entries in force, each with .file (of files): an empty assignment resets what was before
-- drop_in(host, loaded, name, section, key, value) -> edits that create a drop-in with this setting | nil, reason
-- editable(host, path) -> true | nil, reason      files of packages and of generators are nobody's to edit
--
-- After an edit the text is parsed again, and exactly the wanted setting must differ: what systemd would read otherwise
-- is refused.
--
-- Source: systemd src/shared/conf-parser.c (config_parse, parse_line: a comment within a continued line is skipped, a
-- backslash at the end becomes a blank), src/basic/extract-word.c; systemd.syntax(7), systemd.unit(5), systemd.service(5).

local systemctl_show = require "systemctl_show"

local M = {}

-- Reading ---------------------------------------------------------------------------------------------

-- text, line number, offset; the line end (LF or CRLF) is not part of it
local function each_line(text, visit)
    local number, at = 0, 1
    while at <= #text do
        local stop = text:find("\n", at, true) or #text + 1
        number = number + 1
        local line = text:sub(at, stop - 1)
        if line:sub(-1) == "\r" then
            line = line:sub(1, -2)
        end
        visit(line, number, at)
        at = stop + 1
    end
end

local function is_continued(line)
    return #line:match("\\*$") % 2 == 1
end

local function strip(text)
    local from = text:match("^[ \t\r]*()")
    local to = #text
    while to >= from and text:find("^[ \t\r]", to) do
        to = to - 1
    end
    return from, to
end

-- Where a byte of a logical line stands in the file.
local function offset_of(pieces, position)
    for i = #pieces, 1, -1 do
        if position >= pieces[i].start then
            return pieces[i].offset + position - pieces[i].start
        end
    end
end

local function read_logical(unit, pieces, section)
    local parts = {}
    for i, piece in ipairs(pieces) do
        parts[i] = piece.text
    end
    local line = table.concat(parts)
    local from, to = strip(line)
    local inner = line:sub(from, to)
    if inner == "" then
        return section
    elseif inner:sub(1, 1) == "[" then
        local name = inner:match("^%[([^%[%]]+)%]$")
        if not name then
            unit.problems[#unit.problems + 1] = { line = pieces[1].line, message = "this section header cannot be read" }
        end
        return name or section
    end
    local equals = inner:find("=", 1, true)
    if not equals or equals == 1 or not section then
        unit.problems[#unit.problems + 1] = { line = pieces[1].line, message = "this line cannot be read" }
        return section
    end
    local _, key_end = strip(inner:sub(1, equals - 1))
    local value_from = line:match("^[ \t\r]*()", from + equals)
    unit.entries[#unit.entries + 1] = {
        section = section, key = inner:sub(1, key_end), value = value_from <= to and line:sub(value_from, to) or "",
        line = pieces[1].line, last_line = pieces[#pieces].line, pieces = pieces, at = value_from,
    }
    return section
end

function M.parse(text)
    local unit = { entries = {}, problems = {} }
    local section, pieces, start = nil, {}, 1
    each_line(text, function(line, number, offset)
        if line:find("[%z\r]") then
            unit.problems[#unit.problems + 1] = { line = number, message = "this line holds a control character" }
        end
        if line:find("^[ \t]*[#;]") then
            return
        end
        local continued = is_continued(line)
        pieces[#pieces + 1] = { text = continued and line:sub(1, -2) .. " " or line, offset = offset, start = start,
                                line = number }
        start = start + #line
        if not continued then
            section = read_logical(unit, pieces, section)
            pieces, start = {}, 1
        end
    end)
    if #pieces > 0 then
        unit.problems[#unit.problems + 1] = { line = pieces[1].line, message = "the last line is continued, and nothing follows" }
        read_logical(unit, pieces, section)
    end
    return unit
end

-- One word from `at` -> word, position behind it | nil, reason
local function read_word(value, at)
    local i, text, quote = at, {}, nil
    local plain = true
    while i <= #value do
        local c = value:sub(i, i)
        if c == "\\" then
            plain, i = false, i + 1
            if i > #value then
                return nil, "a backslash stands at the end"
            end
        elseif quote and c == quote then
            quote = nil
        elseif not quote and (c == '"' or c == "'") then
            quote = c
        elseif not quote and c:find("[ \t]") then
            break
        else
            text[#text + 1] = c
        end
        i = i + 1
    end
    if quote then
        return nil, "a quote is not closed"
    end
    return { raw = value:sub(at, i - 1), text = plain and table.concat(text) or nil, from = at, to = i - 1 }, i
end

function M.words(value)
    local list, at = {}, value:match("^[ \t]*()")
    while at <= #value do
        local word, behind = read_word(value, at)
        if not word then
            return nil, behind
        end
        list[#list + 1] = word
        at = value:match("^[ \t]*()", behind)
    end
    return list
end

-- Changing --------------------------------------------------------------------------------------------

local function same(a, b)
    return a.section == b.section and a.key == b.key and a.value == b.value
end

-- The old and the new text may differ in one entry only: number `wanted.index`, which is new or has a new value.
local function prove(before, content, wanted)
    local after = M.parse(content)
    local shift = wanted.added and 1 or 0
    if #after.entries ~= #before.entries + shift or #after.problems ~= #before.problems then
        return nil, "the edit would change how other lines are read"
    end
    for i, entry in ipairs(after.entries) do
        local old = before.entries[(wanted.added and i > wanted.index) and i - 1 or i]
        if i ~= wanted.index and not same(entry, old) then
            return nil, ("the edit would also change line %d"):format(entry.line)
        elseif i == wanted.index and not (entry.section == wanted.section and entry.key == wanted.key
            and entry.value == wanted.value) then
            return nil, "the edit would not say what was asked for"
        end
    end
    return content
end

local function is_line(text)
    return type(text) == "string" and not text:find("[%z\1-\8\10-\31\127]")
end

-- The same entry of this very text: what was read from another one has other offsets.
local function find(unit, entry)
    for i, own in ipairs(unit.entries) do
        if own.line == entry.line and same(own, entry) then
            return own, i
        end
    end
    return nil
end

local function replace(text, entry, from, to, raw)
    local first, last = offset_of(entry.pieces, entry.at + from - 1), offset_of(entry.pieces, entry.at + to - 1)
    if to >= from and last - first ~= to - from then
        return nil, "what is to be changed spans two lines"
    end
    return text:sub(1, first - 1) .. raw .. text:sub(first + to - from + 1)
end

function M.set_value(text, entry, value)
    local unit = M.parse(text)
    local own, index = find(unit, entry)
    if not own then
        return nil, "the line is not there any more"
    elseif not is_line(value) or value == "" or is_continued(value) or value:find("^[ \t]") or value:find("[ \t]$") then
        return nil, "the new value is not a line of text"
    elseif own.value == "" then
        return nil, "the line has no value that could be changed"
    elseif own.value == value then
        return nil, ("%s= is %s already"):format(own.key, value)
    end
    local content, why = replace(text, own, 1, #own.value, value)
    if not content then
        return nil, why
    end
    return prove(unit, content, { index = index, section = own.section, key = own.key, value = value })
end

function M.set_word(text, entry, n, raw)
    local unit = M.parse(text)
    local own, index = find(unit, entry)
    local words = own and M.words(own.value)
    local word = words and words[n]
    if not word then
        return nil, "the word is not there any more"
    elseif word.raw:find("$", 1, true) then
        return nil, ("%s is a variable, which systemd replaces"):format(word.raw)
    elseif not word.text or word.raw:find("%", 1, true) then
        return nil, ("%s has an escape or a specifier in it"):format(word.raw)
    elseif not is_line(raw) or #(M.words(raw) or {}) ~= 1 or raw:find("[\\$%%]") then
        return nil, "the new word is not one plain word"
    elseif word.raw == raw then
        return nil, ("it is %s already"):format(raw)
    end
    local content, why = replace(text, own, word.from, word.to, raw)
    if not content then
        return nil, why
    end
    return prove(unit, content, { index = index, section = own.section, key = own.key,
        value = own.value:sub(1, word.from - 1) .. raw .. own.value:sub(word.to + 1) })
end

function M.add_line(text, entry, key, value)
    local unit = M.parse(text)
    local own, index = find(unit, entry)
    if not own then
        return nil, "the line is not there any more"
    elseif not key:find("^%a[%w-]*$") or not is_line(value) or value == "" or is_continued(value) then
        return nil, "the new setting is not a line of text"
    end
    local last = own.pieces[#own.pieces]
    local stop = text:find("\n", last.offset, true)
    local line = key .. "=" .. value
    local content
    if not stop then
        content = text .. (text:find("\r\n", 1, true) and "\r\n" or "\n") .. line
    else
        content = text:sub(1, stop) .. line .. (text:sub(stop - 1, stop - 1) == "\r" and "\r\n" or "\n") .. text:sub(stop + 1)
    end
    return prove(unit, content, { index = index + 1, added = true, section = own.section, key = key, value = value })
end

-- What holds ------------------------------------------------------------------------------------------

local PROPERTIES = "Id,LoadState,FragmentPath,DropInPaths,NeedDaemonReload,WorkingDirectory,MainPID,"
    .. "LimitNOFILE,LimitNOFILESoft,MemoryMax,MemoryCurrent,CPUQuotaPerSecUSec"

local function add_file(host, loaded, path)
    local text, why, read = host:read(path, { limit = 256 * 1024 })
    if not text then
        return nil, path .. " cannot be read (" .. tostring(why) .. ")", read
    end
    loaded.files[#loaded.files + 1] = { path = path, text = text, read = read, unit = M.parse(text) }
    return true
end

function M.load(host, unit)
    local r = host:run({ "systemctl", "show", "--no-pager", "--property=" .. PROPERTIES, "--", unit })
    local show = r.ok and systemctl_show.parse(r.out)[1]
    local fragment = show and show.FragmentPath
    if not show or show.LoadState ~= "loaded" or type(fragment) ~= "string" or fragment:sub(1, 1) ~= "/" then
        return nil, "systemd does not tell which files the unit " .. unit .. " is made of", r
    elseif (show.DropInPaths or ""):find("[\"'\\]") then
        return nil, "the unit has a drop-in with an unusual name", r
    end
    local loaded = { fragment = fragment, files = {}, show = show, name = show.Id or unit }
    local paths = { fragment }
    for _, path in ipairs(systemctl_show.words(show.DropInPaths)) do
        paths[#paths + 1] = path
    end
    for _, path in ipairs(paths) do
        local ok, why, read = add_file(host, loaded, path)
        if not ok then
            return nil, why, read
        end
    end
    loaded.shown = r:show({ "FragmentPath=" .. fragment, "DropInPaths=" .. (show.DropInPaths or "") })
    return loaded
end

function M.all(loaded, section, key)
    local list = {}
    for _, file in ipairs(loaded.files) do
        for _, entry in ipairs(file.unit.entries) do
            if entry.section == section and entry.key == key then
                entry.file = file
                if entry.value == "" then
                    list = {}
                else
                    list[#list + 1] = entry
                end
            end
        end
    end
    return list
end

function M.place(entry)
    return string.format("%s:%d", entry.file.path, entry.line)
end

-- The first line of the setting, as evidence.
function M.shown(entry)
    local line = require("lines").at(entry.file.text, entry.line)
    return line and entry.file.read:show(line) or nil
end

function M.editable(host, path)
    if not path:find("^/etc/systemd/system/") then
        return nil, path .. " belongs to a package or was generated"
    end
    local real = host:realpath(path)
    if real ~= path then
        return nil, path .. " is a link to another file"
    end
    return true
end

-- A drop-in of this name wins over those before it in the order of names, whatever folder they are in (systemd.unit(5)).
function M.drop_in(host, loaded, name, section, key, value)
    for i = 2, #loaded.files do
        local file = loaded.files[i]
        local other = file.path:match("[^/]+$")
        if other == name then
            return nil, "there is a drop-in of that name already, " .. file.path
        end
        for _, entry in ipairs(file.unit.entries) do
            if other > name and entry.section == section and entry.key == key then
                return nil, file.path .. " would win over a new drop-in"
            end
        end
    end
    local folder = "/etc/systemd/system/" .. loaded.name .. ".d"
    local path = folder .. "/" .. name
    local stat, why = host:stat(folder)
    local _, missing, read = host:read(path)
    if not loaded.name:find("^[%w@:_.-]+$") or missing ~= "absent" then
        return nil, path .. " is there already, or cannot be read"
    elseif not (stat and stat.type == "directory" or why == "absent") or host:realpath("/etc/systemd/system") ~= "/etc/systemd/system" then
        return nil, folder .. " is no plain folder"
    end
    return { { path = path, base = read, content = ("[%s]\n%s=%s\n"):format(section, key, value) } }
end

-- What a person puts into a drop-in of their own, and how.
function M.advice(unit, lines)
    return string.format("`systemctl edit %s`, with the lines \"%s\", then `systemctl restart %s`", unit,
        table.concat(lines, "\", \""), unit)
end

return M
