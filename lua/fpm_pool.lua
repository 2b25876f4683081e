-- fpm_pool: PHP-FPM's configuration, `[global]` and pools: read it, and change one value.
--
-- parse(text, file) -> { file=, problems={ {line=, message=} }, sections={ section, … } }
--     section: { name="global"|pool, line=, entries={ entry, … } }   entries before any section are global ones;
--              a section that occurs again continues the first one of that name
--     entry: { key=, index=, value=, raw=, line=, from=, to=, quote= }    index: PATH in env[PATH]
--              from..to: the value's raw bytes, 1-based inclusive; from = to + 1 where there is none
-- conf:section(name) -> section | nil      conf:pools() -> { section, … }      conf:includes() -> { pattern, … }
-- section:get(key) -> value | nil, entry    the last one wins; $pool is expanded; key as `env[PATH]`, too
-- set(text, section, key, value) -> new text | nil, reason
-- listen_address(value) -> { unix= } | { host=, port= } | { port= }
--
-- Source: php-src sapi/fpm/fpm/fpm_conf.c (each line is parsed by itself, so nothing spans lines; `[global]`, pool
-- and option names are compared without case; a setter replaces what an earlier line set; $pool is replaced in
-- values), Zend/zend_ini_scanner.l (`;` starts a comment outside of quotes; on/yes/true are 1, off/no/false/none/
-- null are empty), fpm_sockets.c (fpm_sockets_domain_from_address: a colon or only digits mean TCP).

local M = {}

local BOOLEAN = { on = "1", yes = "1", ["true"] = "1", off = "", no = "", ["false"] = "", none = "", null = "" }

local Section = {}
Section.__index = Section

local Conf = {}
Conf.__index = Conf

-- The raw value in a line from `at`: its first and last byte and its quote.
local function value_range(line, at)
    local from = line:match("^[ \t]*()", at)
    local quote = line:match('^["\']', from)
    if quote then
        local i = from + 1
        while i <= #line do
            local c = line:sub(i, i)
            if c == "\\" and quote == '"' then
                i = i + 1
            elseif c == quote then
                return from, i, quote
            end
            i = i + 1
        end
        return nil
    end
    local stop = (line:find(";", from, true) or #line + 1) - 1
    local to = stop
    while to >= from and line:find("^[ \t\r]", to) do
        to = to - 1
    end
    return from, to
end

local function plain_value(raw, quote)
    if not quote then
        return BOOLEAN[raw:lower()] or raw
    end
    local inner = raw:sub(2, -2)
    if quote == '"' then
        inner = inner:gsub('\\(["\\])', "%1")
    end
    return inner
end

-- key, index, offset behind the `=`
local function read_key(line)
    local key, after = line:match("^[ \t]*([%w_.%-]+)[ \t]*()")
    if not key then
        return nil
    end
    local index, behind = line:match("^%[([^%]]*)%][ \t]*()", after)
    after = behind or after
    if line:sub(after, after) ~= "=" then
        return nil
    end
    return key, index, after + 1
end

local function read_entry(line, number, offset)
    local key, index, at = read_key(line)
    if not key then
        return nil
    end
    local from, to, quote = value_range(line, at)
    if not from then
        return nil
    end
    local raw = line:sub(from, to)
    return {
        key = key, index = index, value = plain_value(raw, quote), raw = raw, quote = quote,
        line = number, from = offset + from - 1, to = offset + to - 1,
    }
end

local function open_section(conf, name, line, offset)
    local section = conf:section(name)
    if not section then
        section = setmetatable({ name = name, line = line, from = offset, entries = {} }, Section)
        conf.sections[#conf.sections + 1] = section
    end
    return section
end

local function read_line(conf, line, number, offset)
    if line:find("^[ \t\r]*$") or line:find("^[ \t]*;") then
        return
    end
    local name = line:match("^[ \t]*%[([^%]]+)%]")
    if name then
        conf.current = open_section(conf, name, number, offset)
        return
    end
    local entry = read_entry(line, number, offset)
    if not entry then
        conf.problems[#conf.problems + 1] = { line = number, message = "this line cannot be read" }
        return
    end
    conf.current = conf.current or open_section(conf, "global", number, offset)
    entry.section = conf.current.name
    conf.current.entries[#conf.current.entries + 1] = entry
end

local function each_line(text, visit)
    local number, at = 0, 1
    while at <= #text do
        local stop = text:find("\n", at, true) or #text + 1
        number = number + 1
        visit(text:sub(at, stop - 1), number, at)
        at = stop + 1
    end
end

function M.parse(text, file)
    local conf = setmetatable({ file = file, sections = {}, problems = {} }, Conf)
    each_line(text, function(line, number, offset)
        read_line(conf, line, number, offset)
    end)
    return conf
end

function Conf:section(name)
    for _, section in ipairs(self.sections) do
        if section.name:lower() == name:lower() then
            return section
        end
    end
    return nil
end

function Conf:pools()
    local list = {}
    for _, section in ipairs(self.sections) do
        if section.name:lower() ~= "global" then
            list[#list + 1] = section
        end
    end
    return list
end

function Conf:includes()
    local list = {}
    for _, section in ipairs(self.sections) do
        for _, entry in ipairs(section.entries) do
            if entry.key == "include" then
                list[#list + 1] = entry.value
            end
        end
    end
    return list
end

local function full_key(entry)
    return entry.index and entry.key:lower() .. "[" .. entry.index .. "]" or entry.key:lower()
end

local function canonical(key)
    local name, index = key:match("^([^%[]+)%[(.*)%]$")
    return name and name:lower() .. "[" .. index .. "]" or key:lower()
end

local function entries_of(section, key)
    local list = {}
    for _, entry in ipairs(section and section.entries or {}) do
        if full_key(entry) == canonical(key) then
            list[#list + 1] = entry
        end
    end
    return list
end

function Section:get(key)
    local list = entries_of(self, key)
    local entry = list[#list]
    if not entry then
        return nil
    end
    return (entry.value:gsub("%$pool", (self.name:gsub("%%", "%%%%")))), entry
end

function M.listen_address(value)
    if value:find("^%d+$") then
        return { port = math.tointeger(tonumber(value)) }
    end
    local host, port = value:match("^(.*):(%d+)$")
    if host then
        return { host = host, port = math.tointeger(tonumber(port)) }
    end
    return { unix = value }
end

-- Editing ---------------------------------------------------------------------------------------------

local function written(value, quote)
    if not quote and value:find('[;"\'%[%]{}|&~!()^=%s]') then
        quote = '"'
    end
    if not quote then
        return value
    elseif quote == "'" then
        return not value:find("'", 1, true) and "'" .. value .. "'" or nil
    end
    return '"' .. value:gsub('["\\]', "\\%0") .. '"'
end

-- Everything in order, as lines of "section key value": what the proof compares.
local function listing(conf)
    local list = {}
    for _, section in ipairs(conf.sections) do
        for _, entry in ipairs(section.entries) do
            list[#list + 1] = { line = entry.line, key = section.name .. "\0" .. full_key(entry), value = entry.value }
        end
    end
    table.sort(list, function(a, b)
        return a.line < b.line
    end)
    return list
end

-- Exactly one entry may differ: `changed` from before, or one that is new.
local function prove(before, content, wanted)
    local old, new = listing(before), listing(M.parse(content, before.file))
    local added = #new - #old
    if added ~= (wanted.line and 0 or 1) then
        return nil, "the edit would change the number of entries"
    end
    local i, seen = 1, false
    for _, entry in ipairs(new) do
        local was = old[i]
        local is_it = entry.key == wanted.key and entry.value == wanted.value and not seen
        if was and was.key == entry.key and was.value == entry.value then
            i = i + 1
        elseif is_it and (not wanted.line or (was and was.line == wanted.line)) then
            seen, i = true, wanted.line and i + 1 or i
        else
            return nil, ("the edit would also change line %d"):format(entry.line)
        end
    end
    if not seen then
        return nil, "the edit would not say what was asked for"
    end
    return content
end

local function replace(text, entry, value)
    local raw = written(value, entry.quote)
    if not raw then
        return nil, "the value cannot be written in the quotes that are there"
    end
    local gap = entry.to < entry.from and text:sub(entry.from - 1, entry.from - 1) == "=" and " " or ""
    return text:sub(1, entry.from - 1) .. gap .. raw .. text:sub(entry.to + 1)
end

local function escape(text)
    return (text:gsub("%W", "%%%0"))
end

-- The lines of a section (all its parts) with what is needed to place a new one.
local function survey(text, name, key)
    local found = { comments = {} }
    local current, inside = "global", name:lower() == "global"
    each_line(text, function(line, number, offset)
        local section = line:match("^[ \t]*%[([^%]]+)%]")
        if section then
            current = section
            inside = current:lower() == name:lower()
        end
        if not inside then
            return
        end
        local comment = line:match("^[ \t]*;+[ \t]*" .. escape(key) .. "[ \t]*=")
        if comment then
            found.comments[#found.comments + 1] = { line = line, offset = offset, number = number }
        elseif section or read_entry(line, number, offset) and not line:find("^[ \t]*;") then
            found.last = { line = line, offset = offset, number = number, section = section ~= nil }
            found.style = not section and line or found.style
        end
    end)
    return found
end

-- A new line behind the given one, with its line end.
local function insert_behind(text, at, line)
    local stop = at.offset + #at.line - 1
    local ending = at.line:sub(-1) == "\r" and "\r" or ""
    if text:sub(stop + 1, stop + 1) ~= "\n" then
        return text .. (text:find("\r\n", 1, true) and "\r\n" or "\n") .. line
    end
    return text:sub(1, stop + 1) .. line .. ending .. "\n" .. text:sub(stop + 2)
end

local function add(text, name, key, value)
    local found = survey(text, name, key)
    local raw = written(value)
    -- Of several commented examples the last is the nearest to where a person would look for the setting.
    local comment = found.comments[#found.comments]
    if comment then
        local indent, spelled, equals = comment.line:match("^([ \t]*);+[ \t]*(" .. escape(key) .. ")([ \t]*=[ \t]*)")
        if equals:sub(-1) == "=" and equals:find("^ ") then
            equals = equals .. " "
        end
        return insert_behind(text, comment, indent .. spelled .. equals .. raw)
    elseif not found.last then
        return nil, ('there is no section "%s"'):format(name)
    end
    local style = found.style or "x = y"
    local indent = style:match("^[ \t]*")
    local spaces = style:match("^[^=]-([ \t]*)=") or " "
    local behind = style:match("^[^=]*=([ \t]*)") or " "
    return insert_behind(text, found.last, indent .. key .. (#spaces > 1 and " " or spaces) .. "=" .. behind .. raw)
end

function M.set(text, name, key, value)
    if type(value) ~= "string" or value:find("[%z\1-\8\10-\31\127]") then
        return nil, "the new value is not a line of text"
    end
    local conf = M.parse(text)
    local section = conf:section(name)
    if not section then
        return nil, ('there is no section "%s"'):format(name)
    end
    local list = entries_of(section, key)
    if #list > 1 then
        return nil, ('"%s" is set twice, in lines %d and %d'):format(key, list[1].line, list[2].line)
    end
    local content, why
    if list[1] then
        if list[1].value == value then
            return nil, ('"%s" is "%s" already'):format(key, value)
        end
        content, why = replace(text, list[1], value)
    else
        content, why = add(text, section.name, key, value)
    end
    if not content then
        return nil, why
    end
    return prove(conf, content, {
        key = section.name .. "\0" .. canonical(key), line = list[1] and list[1].line or nil,
        value = plain_value(value, nil) ~= value and not (list[1] and list[1].quote) and plain_value(value) or value,
    })
end

return M
