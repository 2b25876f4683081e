-- nginx_edit: changes to a loaded configuration that touch one argument or add one line, and nothing else.
--
-- replace_argument(config, directive, index, value) -> { path=, content= } | nil, reason
--     index counts the arguments from 1; an arg node in the place of directive needs no index (nil)
-- add_directive(config, block|nil, name, argument…) -> { path=, content= } | nil, reason
--     block: a directive with a block; nil is the top level of the main file
-- replace_address(config, use, address) -> { path=, content= } | nil, reason
--     use: a pass (config:passes) or an upstream's server (config:upstream); address: "host:port" or "unix:/path";
--     scheme, URI and parameters stay as they are
-- replace_target(config, pass, { scheme=, uri= }) -> { path=, content= } | nil, reason
--     the scheme, the URI or both of a proxy_pass; uri = "" takes it away
--
-- content is the whole new text of the file. Values are what nginx shall see; quoting is done here.
-- Refused: a file that several places include (the reason names them), a name that the block sets already, also by
-- an include, an addition that would switch off what is inherited, and any result that, when parsed again, differs
-- from the old file in more or in other than the one directive. `nginx -t` accepts most wrong edits; this does not.
-- Limit: two paths that are one file (symbolic links) are two files here; resolve them when writing.

local grammar = require "nginx_grammar"

local M = {}

-- These may be set several times in one block; they collide only when the first argument is the same.
local REPEATABLE = {
    proxy_set_header = true, fastcgi_param = true, uwsgi_param = true, scgi_param = true, grpc_set_header = true,
    add_header = true, proxy_hide_header = true, fastcgi_hide_header = true, proxy_pass_header = true,
    server = true, server_name = false, listen = true, allow = true, deny = true, error_page = true, set = true,
    error_log = true, access_log = true, include = true, location = true, env = true, load_module = true,
    log_format = true, map = true, upstream = true,
}

-- Of those, the ones that an inner block inherits only while it sets none of its own.
local INHERITED_AS_A_WHOLE = {
    proxy_set_header = true, fastcgi_param = true, uwsgi_param = true, scgi_param = true, grpc_set_header = true,
    add_header = true, error_page = true, allow = true, deny = true, error_log = true, access_log = true,
    proxy_hide_header = true, fastcgi_hide_header = true, proxy_pass_header = true,
}

-- Quoting ---------------------------------------------------------------------------------------------

-- Inside quotes: the quote itself, and each backslash that nginx would take for an escape.
local function quoted(value, quote)
    local out, i = {}, 1
    while i <= #value do
        local c, follow = value:sub(i, i), value:sub(i + 1, i + 1)
        if c == quote or (c == "\\" and (follow == "" or follow:find("[\"'\\trn]"))) then
            c = "\\" .. c
        end
        out[#out + 1] = c
        i = i + 1
    end
    return quote .. table.concat(out) .. quote
end

local function needs_quotes(value)
    return value == "" or value:find("^[#\"'}]") ~= nil
        or value:gsub("%${[%w_]+}", ""):find("[ \t\r\n;{\\]") ~= nil
end

-- The value as it is written in the file, in the old one's style.
local function written(value, old)
    if old and old.quote then
        return quoted(value, old.quote)
    elseif needs_quotes(value) then
        return quoted(value, '"')
    end
    return value
end

local function check_value(value)
    if type(value) ~= "string" then
        return nil, "the new value is not a string"
    elseif value:find("[%z\1-\8\10-\31\127]") then
        return nil, "the new value holds a control character"
    end
    return true
end

-- The place -------------------------------------------------------------------------------------------

local function place(include)
    return ("%s:%d (%s)"):format(include.file, include.line, include.parent and include.parent:path() or "main")
end

-- A file that several includes share would change all of them.
local function file_of(config, path)
    local entry = config.files[path]
    if not entry or not entry.text then
        return nil, ('"%s" is not a file of this configuration'):format(tostring(path))
    end
    local uses = #entry.uses + (path == config.path and 1 or 0)
    if uses > 1 then
        local places = {}
        for _, include in ipairs(entry.uses) do
            places[#places + 1] = place(include)
        end
        return nil, ('"%s" is shared, it is included from %s'):format(path, table.concat(places, " and "))
    end
    return entry
end

-- Proof -----------------------------------------------------------------------------------------------

local function flatten(tree, depth, out)
    for _, d in ipairs(tree) do
        out[#out + 1] = { directive = d, depth = depth }
        if d.block then
            flatten(d.block, depth + 1, out)
        end
    end
    return out
end

local function words(d)
    local list = { d.name }
    for _, arg in ipairs(d.args) do
        list[#list + 1] = arg.text
    end
    return list
end

local function same_words(a, b)
    if #a ~= #b then
        return false
    end
    for i = 1, #a do
        if a[i] ~= b[i] then
            return false
        end
    end
    return true
end

local function same(a, b)
    local x, y = a.directive, b.directive
    return a.depth == b.depth and (x.block ~= nil) == (y.block ~= nil)
        and (x.raw_block and x.raw_block.text) == (y.raw_block and y.raw_block.text) and same_words(words(x), words(y))
end

-- The old and the new tree may differ in one place only: `changed` = ordinal whose words become `wanted`,
-- or `added` = ordinal of the new directive.
local function prove(entry, content, change)
    local tree, err = grammar.parse(content, entry.path)
    if not tree then
        return nil, ("the edit would not be read by nginx: %s in line %d"):format(err.message, err.line)
    end
    local before, after = flatten(entry.tree, 0, {}), flatten(tree, 0, {})
    local shift = change.added and 1 or 0
    if #after ~= #before + shift then
        return nil, "the edit would change the number of directives"
    end
    local touched = after[change.added or change.changed]
    if not touched or not same_words(words(touched.directive), change.wanted) or touched.depth ~= change.depth then
        return nil, "the edit would not say what was asked for"
    end
    for i, old in ipairs(before) do
        local new = after[(change.added and i >= change.added) and i + 1 or i]
        if i ~= change.changed and not same(old, new) then
            return nil, ('the edit would also change "%s" in line %d'):format(old.directive.name, old.directive.line)
        end
    end
    return { path = entry.path, content = content }
end

local function depth_of(d)
    local file, depth = d.file, 0
    local at = d.parent
    -- Depth within the file: the blocks of including files do not count.
    while at and at.file == file do
        depth, at = depth + 1, at.parent
    end
    return depth
end

-- Replacing -------------------------------------------------------------------------------------------

function M.replace_argument(config, where, index, value)
    local directive = where.directive and where.raw and where.directive or where
    local arg = where.raw and where or directive.args[index]
    if not arg then
        return nil, ('"%s" has no argument %s'):format(directive.name, tostring(index))
    end
    local good, why = check_value(value)
    if not good then
        return nil, why
    end
    local entry, shared = file_of(config, directive.file)
    if not entry then
        return nil, shared
    end
    if arg.text == value then
        return nil, ('it is "%s" already'):format(value)
    end
    local wanted = { directive.name }
    for i, a in ipairs(directive.args) do
        wanted[i + 1] = a == arg and value or a.text
    end
    local content = entry.text:sub(1, arg.from - 1) .. written(value, arg) .. entry.text:sub(arg.to + 1)
    return prove(entry, content, { changed = directive.ordinal, wanted = wanted, depth = depth_of(directive) })
end

local function new_place(address)
    if type(address) == "table" then
        address = require("nginx_address").key(address)
    end
    if type(address) ~= "string" or address:find("[%s;{}\"'\\$]") or address == "" then
        return nil, "the new address is not one"
    end
    return address
end

function M.replace_address(config, use, address)
    local current = use.resolved or use.target or use.address
    local arg = use.resolved and use.set.args[2] or use.argument or use.arg
    local wanted, why = new_place(address)
    if not wanted then
        return nil, why
    end
    local kind = use.kind or "server"
    local parse = require("nginx_address").parse
    local here = use.resolved and (parse(arg.text, kind) or parse(arg.text, "fastcgi_pass")) or current
    if current.upstream then
        return nil, ('it goes to the upstream "%s": change the address in there'):format(current.upstream)
    elseif not here or not here.place or here.variable then
        return nil, ('the address in "%s" is made of variables'):format(arg.text)
    end
    local after = here.after
    if here.uri and wanted:find("^unix:") and not here.unix then
        after = ":" .. after -- a socket's path ends at a colon
    elseif here.unix and not wanted:find("^unix:") then
        after = after:gsub("^:", "")
    end
    local text = here.before .. wanted .. after
    local parsed, invalid = parse(text, kind)
    if not parsed and not use.resolved then
        return nil, ('"%s": %s'):format(text, invalid)
    end
    return M.replace_argument(config, arg, nil, text)
end

-- The port that the old scheme stood for has to be written out.
local function place_of(target, change)
    local place = target.place
    if change.scheme and target.no_port and target.port and not target.upstream and not target.unix then
        place = place .. ":" .. target.port
    end
    return place
end

function M.replace_target(config, pass, change)
    local target = pass.target
    if target.variable or not target.place or not target.scheme then
        return nil, ('the address in "%s" is made of variables'):format(pass.argument.text)
    end
    local uri = change.uri or target.uri or ""
    if target.unix and uri ~= "" then
        uri = ":" .. uri
    end
    local text = (change.scheme or target.scheme) .. "://" .. place_of(target, change) .. uri
    return M.replace_argument(config, pass.argument, nil, text)
end

-- Adding ----------------------------------------------------------------------------------------------

local function clash(config, block, name, args)
    for _, d in ipairs(config:named(block, name)) do
        local equal = d.args[1] and args[1] and d.args[1].text:lower() == args[1]:lower()
        if not REPEATABLE[name] or equal then
            return ('"%s" is set there already, at %s:%d'):format(name, d.file, d.line)
        end
    end
    return nil
end

-- Adding the first one of a list at this level would silently drop the list of the outer level.
local function hides(config, block, name)
    if not INHERITED_AS_A_WHOLE[name] or not block then
        return nil
    end
    local first, all, level = config:effective(block, name)
    if first and level ~= block then
        return ('it would switch off the %d "%s" that are inherited from %s:%d')
            :format(#all, name, first.file, first.line)
    end
    return nil
end

local function family(name)
    return name:match("^([^_]+)_") or name
end

-- The sibling behind which the new line stands best: of its family, else a simple directive, else the last.
local function sibling_for(siblings, name)
    local of_family, simple
    for _, d in ipairs(siblings) do
        if not d.block and not d.raw_block then
            if family(d.name) == family(name) then
                of_family = d
            end
            simple = d
        end
    end
    return of_family or simple or siblings[#siblings]
end

local function line_start(text, at)
    local before = text:sub(1, at - 1)
    return #before - #before:match("[^\n]*$") + 1
end

local function indent_at(text, at)
    return text:sub(line_start(text, at), at - 1):match("^[ \t]*")
end

local function newline_of(text)
    return text:find("\r\n", 1, true) and "\r\n" or "\n"
end

-- One more level than the block's own line, in the unit that the file uses.
local function inner_indent(text, block)
    local outer = indent_at(text, block.from)
    local unit = text:match("\n(\t)") or text:match("\n(  +)[^ \t]") or "    "
    if #outer > 0 and unit ~= "\t" and block.parent and block.parent.file == block.file then
        local above = indent_at(text, block.parent.from)
        if #outer > #above then
            unit = outer:sub(#above + 1)
        end
    end
    return outer .. unit
end

-- Behind the end of a directive: on its own line, after a comment that follows it; on the same line when the rest
-- of the line holds code.
local function insert_after(text, d, line)
    local newline = newline_of(text)
    local rest = text:match("^[^\n]*", d.to + 1)
    if not rest:find("^[ \t\r]*$") and not rest:find("^[ \t]*#") then
        return text:sub(1, d.to) .. " " .. line .. text:sub(d.to + 1)
    end
    local stop = d.to + #rest
    local ending = text:sub(stop + 1, stop + 1) == "\n"
    local indent = indent_at(text, d.from)
    if not ending then
        return text .. newline .. indent .. line
    end
    return text:sub(1, stop + 1) .. indent .. line .. newline .. text:sub(stop + 2)
end

local function insert_first(text, block, line)
    local newline = newline_of(text)
    if not block then
        return line .. newline .. text
    end
    local rest = text:match("^[^\n]*", block.open + 1)
    if block.open + 1 + #rest > block.to then -- `{ }` on one line
        return text:sub(1, block.open) .. " " .. line .. " " .. text:sub(block.to)
    end
    local stop = block.open + #rest
    return text:sub(1, stop + 1) .. inner_indent(text, block) .. line .. newline .. text:sub(stop + 2)
end

-- At the top level a new setting belongs before the first block, where people look for it.
local function top_siblings(tree)
    local list = {}
    for _, d in ipairs(tree) do
        if d.block then
            break
        end
        list[#list + 1] = d
    end
    return list
end

local function last_ordinal(d)
    local last = d.ordinal
    for _, child in ipairs(d.block or {}) do
        last = last_ordinal(child)
    end
    return last
end

local function checked_line(name, args)
    local parts, wanted = { name }, { name }
    if type(name) ~= "string" or not name:find("^[%w_]+$") then
        return nil, "the directive's name is not one"
    end
    for i, value in ipairs(args) do
        local good, why = check_value(value)
        if not good then
            return nil, why
        end
        parts[i + 1], wanted[i + 1] = written(value), value
    end
    return table.concat(parts, " ") .. ";", wanted
end

function M.add_directive(config, block, name, ...)
    local args = { ... }
    local line, wanted = checked_line(name, args)
    if not line then
        return nil, wanted
    elseif block and not block.block then
        return nil, ('"%s" has no block'):format(block.name)
    end
    local entry, shared = file_of(config, block and block.file or config.path)
    if not entry then
        return nil, shared
    end
    local refusal = clash(config, block, name, args) or hides(config, block, name)
    if refusal then
        return nil, refusal
    end
    local siblings = block and block.block or top_siblings(entry.tree)
    local after = sibling_for(siblings, name)
    local content = after and insert_after(entry.text, after, line) or insert_first(entry.text, block, line)
    local ordinal = after and last_ordinal(after) + 1 or (block and block.ordinal + 1 or 1)
    local depth = block and depth_of(block) + 1 or 0
    return prove(entry, content, { added = ordinal, wanted = wanted, depth = depth })
end

return M
