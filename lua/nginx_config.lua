-- nginx_config: what a whole nginx configuration says: files, includes, inheritance, upstreams, logs.
--
-- parse(text, file) -> tree | nil, error            one file; shapes and errors: nginx_grammar
-- parse_address(text, kind) -> address | nil, message         shapes: nginx_address
-- load(path, opts) -> config | nil, { file=, line=, column=, message=, why= }
--     opts.read(path) -> text | nil, why      why: "absent", "denied", "directory", … ; may yield
--     opts.list(dir) -> names | nil, why      may yield
--     opts.prefix                             nginx's prefix (-p): relative log and pid paths start there
-- for_parse(text, source) -> JSON-able array | nil, error       what `fettle parse nginx-config` prints
--
-- A config:
--   path, prefix, tree, complete=bool, problems = { {kind=, path=, why=, file=, line=, message=}, … }
--       kind: "missing" (nginx would refuse it, too), "unreadable", "syntax", "cycle", "limit", "bom".
--       complete=false means that something is not known: a caller then has to be inconclusive.
--   files = { {path=, text=, tree=, uses = { include directive, … }}, … }, also by path; the main file has no use
--   config:each(name) -> iterator over directives, in nginx's order, through includes
--   config:children(block|nil) -> { directives directly in the block, through includes }
--   config:named(block|nil, name) -> { those of this name among them }
--   config:is_named(server, name) -> boolean      has it that server_name, word by word
--   directive:path() -> "http > server(example.com) > location /api/"
--   config:effective(directive|nil, name) -> directive|nil, { all at that level }, level (block directive or nil)
--   config:passes() -> { {directive=, kind=, argument=, target=, server=, location=, file=, line=, resolved=, set=} }
--       target: a parsed address plus upstream = name of the upstream block; parse_error when it is none.
--       resolved: the address when its only variable has one literal `set` in the same server; set: that directive
--       alternatives: { {address=, argument=, own=}, … } of a variable with a `map` or several `set`s; all_known: these are all
--   config:upstream(name) -> { name=, directive=, servers={ {arg=, directive=, address=, params=, file=, line=} } }|nil
--   config:upstreams() -> { the same, … }
--   config:used_keys() -> { [key of an address] = true }, of all that it connects to
--   config:addresses() -> { {key=, address=, argument=, upstream=name|nil, server_entry=, passes={…}, file=, line=} }
--       value: of one that is a variable's value: what nginx_edit.replace_address takes for it
--   config:user() -> {name=, group=, directive=}|nil     config:pid() -> path|nil, directive
--   config:error_logs() -> { {value=, kind="file"|"stderr"|"syslog"|"memory", path=, level=, context=, …} }
--   config:access_logs() -> { {value=, kind="file"|"syslog"|"off", path=, format=, variable=, context=, …} }
--   config:route{…}, config:reachable_passes(server, location): nginx_route
--
-- Source: nginx src/core/ngx_conf_file.c (ngx_conf_include: relative to the directory of the main file, glob(3)
-- only when one of `*?[` occurs, no match is fine), ngx_log.c, ngx_http_upstream.c, and the modules' merge_loc_conf.

local grammar = require "nginx_grammar"
local addresses = require "nginx_address"
local glob = require "glob"

local M = { parse = grammar.parse, parse_address = addresses.parse }

local MAX_FILES = 1000
local MAX_DEPTH = 20

local PASS_KINDS = { "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass" }
local IS_PASS = {}
for _, kind in ipairs(PASS_KINDS) do
    IS_PASS[kind] = true
end

-- Not inherited by the blocks inside. A pass is, but only by `if` and `limit_except` (see effective).
local NOT_INHERITED = {
    location = true, server = true, server_name = true, listen = true, upstream = true, rewrite = true,
    ["return"] = true, set = true, ["if"] = true, try_files = true, internal = true, limit_except = true,
    stub_status = true, empty_gif = true, ["break"] = true, include = true, types_hash = true,
}

local Directive = {}
Directive.__index = Directive

local Config = {}
Config.__index = Config

-- A directive as a person would name it.
local function label(d)
    if d.name == "server" and d.block then
        local name
        for _, child in ipairs(d.block) do
            if child.name == "server_name" and child.args[1] and not name then
                name = child.args[1].text
            end
        end
        return name and "server(" .. name .. ")" or "server"
    elseif d.block and #d.args > 0 then
        local words = { d.name }
        for _, arg in ipairs(d.args) do
            words[#words + 1] = arg.text
        end
        return table.concat(words, " ")
    end
    return d.name
end

function Directive:path()
    local parts, d = {}, self
    while d do
        table.insert(parts, 1, label(d))
        d = d.parent
    end
    return table.concat(parts, " > ")
end

-- Loading ---------------------------------------------------------------------------------------------

local function directory(path)
    return path:match("^(.*/)[^/]*$") or ""
end

local function problem(config, kind, include, path, message, why)
    config.complete = false
    config.problems[#config.problems + 1] = {
        kind = kind, path = path, why = why, message = message,
        file = include and include.file or path, line = include and include.line or nil, include = include,
    }
end

local load_file

-- The paths that an include names, and whether it did so by a pattern.
local function include_paths(config, include)
    local name = include.args[1].text
    if name:sub(1, 1) ~= "/" then
        name = config.directory .. name
    end
    if not glob.has_magic(name) then
        return { name }
    end
    if not config.list then
        problem(config, "unreadable", include, name, "patterns cannot be followed here", "not-followed")
        return {}
    end
    local paths, failed = glob.expand(name, config.list)
    for _, f in ipairs(failed) do
        problem(config, "unreadable", include, f.path, ('cannot list "%s": %s'):format(f.path, f.why), f.why)
    end
    return paths
end

local function in_chain(chain, path)
    for _, seen in ipairs(chain) do
        if seen == path then
            return true
        end
    end
    return false
end

local function follow(config, include, chain)
    include.included = {}
    if not config.read then
        problem(config, "unreadable", include, include.args[1].text, "includes cannot be followed here", "not-followed")
        return
    end
    for _, path in ipairs(include_paths(config, include)) do
        if in_chain(chain, path) then
            problem(config, "cycle", include, path, ('"%s" includes itself'):format(path))
        elseif #chain >= MAX_DEPTH or config.loaded >= MAX_FILES then
            problem(config, "limit", include, path, ('more than %d files or %d levels of includes')
                :format(MAX_FILES, MAX_DEPTH))
        else
            load_file(config, path, include, chain)
        end
    end
end

-- Gives each directive its place in the whole configuration, in nginx's order.
local function adopt(config, list, parent, chain)
    for _, d in ipairs(list) do
        setmetatable(d, Directive)
        d.parent = parent
        config.count = config.count + 1
        d.seq = config.count
        local named = config.by_name[d.name]
        if not named then
            named = {}
            config.by_name[d.name] = named
        end
        named[#named + 1] = d
        if d.name == "include" and #d.args == 1 and not d.block then
            follow(config, d, chain)
        elseif d.block then
            adopt(config, d.block, d, chain)
        end
    end
end

-- The text of a file, read once however often it is included.
local function file_entry(config, path)
    local entry = config.files[path]
    if not entry then
        local text, why = config.read(path)
        entry = { path = path, text = text, why = why, uses = {} }
        config.files[path] = entry
        if text then
            config.files[#config.files + 1] = entry
        end
    end
    return entry
end

function load_file(config, path, include, chain)
    local entry = file_entry(config, path)
    config.loaded = config.loaded + 1
    if not entry.text then
        local missing = entry.why == "absent"
        problem(config, missing and "missing" or "unreadable", include, path,
            ('cannot read "%s": %s'):format(path, tostring(entry.why)), entry.why)
        return
    end
    -- Parsed again for each use: the same directive in two servers is two directives.
    local tree, err = grammar.parse(entry.text, path)
    if not tree then
        problem(config, "syntax", include, path, ("%s:%d:%d: %s"):format(path, err.line, err.column, err.message))
        local last = config.problems[#config.problems]
        last.file, last.line, last.column = path, err.line, err.column
        return
    end
    if tree.bom then
        problem(config, "bom", nil, path, "the file starts with a byte order mark, which nginx refuses")
    end
    entry.tree = entry.tree or tree
    entry.uses[#entry.uses + 1] = include
    include.included[#include.included + 1] = { path = path, tree = tree }
    local deeper = table.move(chain, 1, #chain, 1, {})
    deeper[#deeper + 1] = path
    adopt(config, tree, include.parent, deeper)
end

local function new_config(path, opts)
    return setmetatable({
        path = path, directory = directory(path), prefix = opts.prefix, read = opts.read, list = opts.list,
        files = {}, problems = {}, complete = true, by_name = {}, flat = {}, count = 0, loaded = 1,
    }, Config)
end

local function load_text(path, text, opts)
    local config = new_config(path, opts)
    local tree, err = grammar.parse(text, path)
    if not tree then
        return nil, err
    end
    local entry = { path = path, text = text, tree = tree, uses = {} }
    config.tree, config.files[1], config.files[path] = tree, entry, entry
    if tree.bom then
        problem(config, "bom", nil, path, "the file starts with a byte order mark, which nginx refuses")
    end
    adopt(config, tree, nil, { path })
    return config
end

function M.load(path, opts)
    if path:sub(1, 1) ~= "/" and opts.prefix then
        path = opts.prefix:gsub("/*$", "/", 1) .. path
    end
    local text, why = opts.read(path)
    if not text then
        return nil, { file = path, message = ('cannot read "%s": %s'):format(path, tostring(why)), why = why }
    end
    return load_text(path, text, opts)
end

-- Asking ----------------------------------------------------------------------------------------------

function Config:each(name)
    local list, i = self.by_name[name] or {}, 0
    return function()
        i = i + 1
        return list[i]
    end
end

local function flatten(list, out)
    for _, d in ipairs(list) do
        out[#out + 1] = d
        for _, file in ipairs(d.included or {}) do
            flatten(file.tree, out)
        end
    end
    return out
end

function Config:children(block)
    local list = block and (block.block or {}) or self.tree
    if not self.flat[list] then
        self.flat[list] = flatten(list, {})
    end
    return self.flat[list]
end

-- Those that this very level sets, its includes too.
function Config:named(block, name)
    local found = {}
    for _, d in ipairs(self:children(block)) do
        if d.name == name then
            found[#found + 1] = d
        end
    end
    return found
end

-- Is that, in lower case, one of the server's names, word by word?
function Config:is_named(server, name)
    for _, d in ipairs(self:named(server, "server_name")) do
        for _, arg in ipairs(d.args) do
            if arg.text:lower() == name then
                return true
            end
        end
    end
    return false
end

-- Does a value set outside of this block hold inside it?
local function passes_through(block, name)
    if IS_PASS[name] then
        return block.name == "if" or block.name == "limit_except"
    end
    return not NOT_INHERITED[name]
end

-- The nearest level that sets it: nginx merges a level's arrays (proxy_set_header, add_header, error_page, …)
-- and its single values alike only where the inner level sets none.
function Config:effective(context, name)
    local block = context
    if block and not block.block then
        block = block.parent
    end
    while true do
        local found = self:named(block, name)
        if #found > 0 then
            return found[1], found, block
        elseif not block or not passes_through(block, name) then
            return nil, {}, nil
        end
        block = block.parent
    end
end

local function ancestor(d, name)
    repeat
        d = d.parent
    until not d or (d.name == name and d.block)
    return d
end

-- Directives of stream{} and mail{} share names with http's and mean other things.
local function in_http(d)
    while d.parent do
        d = d.parent
    end
    return d.name ~= "stream" and d.name ~= "mail"
end

-- `set $x http://app:8080; proxy_pass $x;` is how people make nginx resolve names late. When the server has exactly
-- one literal `set` of the only variable in front of the URI, the address is known all the same.
local function resolve_variable(config, pass)
    local name = pass.target.place and pass.target.place:match("%$([%w_]+)")
    local found
    for set in config:each("set") do
        if name and set.args[1] and set.args[1].text == "$" .. name and ancestor(set, "server") == pass.server then
            if found or not set.args[2] or set.args[2].text:find("$", 1, true) then
                return
            end
            found = set
        end
    end
    if found then
        local text = pass.argument.text:gsub("%$" .. name .. "%f[^%w_]", (found.args[2].text:gsub("%%", "%%%%")))
        pass.resolved, pass.set = addresses.parse(text, pass.kind), found
    end
end

-- What the only variable in front of the URI can be: the values of its `map`, or of several literal `set`s in the same
-- server.  A value that is made of variables itself leaves the pass in the dark (all_known = false).
local MAP_WORDS = { hostnames = true, volatile = true, include = true }

local function values_of(config, name, pass)
    local values = {}
    for map in config:each("map") do
        if map.block and map.args[2] and map.args[2].text == "$" .. name then
            for _, d in ipairs(config:children(map)) do
                values[#values + 1] = not MAP_WORDS[d.name] and d.args[1] or nil
            end
        end
    end
    for set in config:each("set") do
        if set.args[2] and set.args[1].text == "$" .. name and ancestor(set, "server") == pass.server then
            values[#values + 1] = set.args[2]
        end
    end
    return values
end

-- The value by itself, as it can be edited in its own place.
local function own_address(arg, pass)
    local kind = arg.text:find("://", 1, true) and pass.kind or "server"
    return { argument = arg, kind = kind, address = addresses.parse(arg.text, kind) }
end

local function find_alternatives(config, pass)
    local name = pass.target.place and pass.target.place:match("%$([%w_]+)")
    local values = name and values_of(config, name, pass) or {}
    pass.alternatives, pass.all_known = {}, #values > 0
    for _, arg in ipairs(values) do
        local text = pass.argument.text:gsub("%$" .. name .. "%f[^%w_]", (arg.text:gsub("%%", "%%%%")))
        local address = not arg.text:find("$", 1, true) and addresses.parse(text, pass.kind)
        if address and not (address.place or ""):find("$", 1, true) then
            pass.alternatives[#pass.alternatives + 1] = { address = address, argument = arg, own = own_address(arg, pass) }
        else
            pass.all_known = false
        end
    end
end

-- Only a name without a port can mean an upstream block (ngx_http_upstream_add).
local function link_upstream(config, address)
    if address and address.host and address.no_port then
        local upstream = config:upstream(address.host)
        address.upstream = upstream and upstream.name
    end
end

local function new_pass(config, d)
    local arg = d.args[1]
    local target, err = addresses.parse(arg.text, d.name)
    local pass = {
        directive = d, kind = d.name, argument = arg, file = d.file, line = d.line,
        target = target or { text = arg.text, parse_error = err },
        server = ancestor(d, "server"), location = ancestor(d, "location"),
    }
    if pass.target.variable and not pass.target.host then
        resolve_variable(config, pass)
        if not pass.resolved then
            find_alternatives(config, pass)
        end
    end
    for _, alternative in ipairs(pass.alternatives or {}) do
        link_upstream(config, alternative.address)
    end
    link_upstream(config, pass.target)
    link_upstream(config, pass.resolved)
    return pass
end

function Config:passes()
    if self.pass_list then
        return self.pass_list
    end
    local list = {}
    for _, kind in ipairs(PASS_KINDS) do
        for d in self:each(kind) do
            if d.args[1] and in_http(d) then
                list[#list + 1] = new_pass(self, d)
            end
        end
    end
    table.sort(list, function(a, b)
        return a.directive.seq < b.directive.seq
    end)
    self.pass_list = list
    return list
end

local function upstream_server(d)
    local params = {}
    for i = 2, #d.args do
        local key, value = d.args[i].text:match("^([^=]+)=(.*)$")
        params[key or d.args[i].text] = value or true
    end
    local address, err = addresses.parse(d.args[1].text, "server")
    return {
        arg = d.args[1], directive = d, params = params, file = d.file, line = d.line,
        address = address or { text = d.args[1].text, parse_error = err },
    }
end

function Config:upstreams()
    if self.upstream_list then
        return self.upstream_list
    end
    local list = {}
    for d in self:each("upstream") do
        if d.block and d.args[1] and in_http(d) then
            local servers = {}
            for _, server in ipairs(self:named(d, "server")) do
                if server.args[1] then
                    servers[#servers + 1] = upstream_server(server)
                end
            end
            list[#list + 1] = { name = d.args[1].text, directive = d, servers = servers, file = d.file, line = d.line }
        end
    end
    self.upstream_list = list
    return list
end

function Config:upstream(name)
    for _, upstream in ipairs(self:upstreams()) do
        if upstream.name:lower() == name:lower() then
            return upstream
        end
    end
    return nil
end

local function passes_to(config, upstream)
    local found = {}
    for _, pass in ipairs(config:passes()) do
        local leads = (pass.resolved or pass.target).upstream == upstream.name
        for _, alternative in ipairs(pass.alternatives or {}) do
            leads = leads or alternative.address.upstream == upstream.name
        end
        if leads then
            found[#found + 1] = pass
        end
    end
    return found
end

function Config:addresses()
    local list = {}
    local function add(address, entry)
        entry.address, entry.key = address, addresses.key(address)
        list[#list + 1] = entry
    end
    for _, pass in ipairs(self:passes()) do
        local address = pass.resolved or pass.target
        for _, alternative in ipairs(pass.alternatives or {}) do
            local arg = alternative.argument
            if not alternative.address.upstream then
                add(alternative.address, { argument = arg, value = alternative.own, passes = { pass },
                    file = arg.directive.file, line = arg.directive.line })
            end
        end
        if not address.upstream and not pass.all_known then
            local arg = pass.set and pass.set.args[2] or pass.argument
            add(address, { argument = arg, passes = { pass }, file = arg.directive.file, line = arg.directive.line })
        end
    end
    for _, upstream in ipairs(self:upstreams()) do
        local passes = passes_to(self, upstream)
        for _, server in ipairs(upstream.servers) do
            add(server.address, { argument = server.arg, upstream = upstream.name, server_entry = server,
                passes = passes, file = server.file, line = server.line })
        end
    end
    return list
end

function Config:used_keys()
    local used = {}
    for _, use in ipairs(self:addresses()) do
        used[use.key or ""] = true
    end
    return used
end

local function absolute(config, path)
    if path:sub(1, 1) == "/" or not config.prefix then
        return path
    end
    return config.prefix:gsub("/*$", "/", 1) .. path
end

local function log_target(config, value)
    if value == "stderr" or value == "off" then
        return value
    end
    local kind = value:match("^(syslog):") or value:match("^(memory):")
    if kind then
        return kind
    end
    return "file", absolute(config, value)
end

local function new_log(config, d)
    local value = d.args[1].text
    local kind, path = log_target(config, value)
    return {
        directive = d, value = value, kind = kind, path = path, file = d.file, line = d.line,
        context = d.parent and d.parent:path() or "main", variable = value:find("$", 1, true) ~= nil,
    }
end

function Config:error_logs()
    local list = {}
    for d in self:each("error_log") do
        if d.args[1] then
            local log = new_log(self, d)
            if log.kind == "off" then -- error_log knows no "off": it is a file of that name
                log.kind, log.path = "file", absolute(self, "off")
            end
            log.level = d.args[2] and d.args[2].text or "error"
            list[#list + 1] = log
        end
    end
    return list
end

function Config:access_logs()
    local list = {}
    for d in self:each("access_log") do
        if d.args[1] then
            local log = new_log(self, d)
            if log.kind == "stderr" then -- access_log knows no "stderr"
                log.kind, log.path = "file", absolute(self, "stderr")
            end
            local format = d.args[2] and d.args[2].text
            log.format = format and not format:find("=", 1, true) and format or "combined"
            list[#list + 1] = log
        end
    end
    return list
end

function Config:user()
    local d = self:effective(nil, "user")
    if not d or not d.args[1] then
        return nil
    end
    -- Without a group nginx takes the group of the same name (ngx_set_user).
    return { name = d.args[1].text, group = d.args[2] and d.args[2].text or d.args[1].text, directive = d }
end

function Config:pid()
    local d = self:effective(nil, "pid")
    if not d or not d.args[1] then
        return nil
    end
    return absolute(self, d.args[1].text), d
end

function Config:route(request)
    return require("nginx_route").route(self, request)
end

function Config:reachable_passes(server, location)
    return require("nginx_route").reachable_passes(self, server, location)
end

-- As JSON ---------------------------------------------------------------------------------------------

local to_json

local function included_files(json, config, d)
    local files = {}
    for i, file in ipairs(d.included or {}) do
        files[i] = { file = file.path, directives = to_json(json, config, file.tree) }
    end
    return json.array(files)
end

local function include_errors(json, config, d)
    local errors = {}
    for _, p in ipairs(config.problems) do
        if p.include == d then
            errors[#errors + 1] = p.message
        end
    end
    return json.array(errors)
end

-- Byte ranges are 0-based and half-open ("from" included, "to" not), as most languages slice.
local function directive_json(json, config, d)
    local args, ranges = {}, {}
    for i, arg in ipairs(d.args) do
        args[i], ranges[i] = arg.text, json.array { arg.from - 1, arg.to }
    end
    if d.raw_block then
        args[#args + 1], ranges[#ranges + 1] = d.raw_block.text, json.array { d.raw_block.from - 1, d.raw_block.to }
    end
    local out = {
        directive = d.name, args = json.array(args), arg_ranges = json.array(ranges), file = d.file, line = d.line,
        column = d.column, from = d.from - 1, to = d.to, block = d.block and to_json(json, config, d.block) or json.null,
    }
    if d.included then
        out.files, out.errors = included_files(json, config, d), include_errors(json, config, d)
    end
    return out
end

function to_json(json, config, list)
    local out = {}
    for i, d in ipairs(list) do
        out[i] = directive_json(json, config, d)
    end
    return json.array(out)
end

-- source: { path=, read=, list= }, all may be nil (text from standard input): an include's "files" is then empty
-- and its "errors" says so. `block` is null for simple directives and for raw Lua blocks (their code is the last arg).
function M.for_parse(text, source)
    source = source or {}
    local config, err = load_text(source.path or "-", text, { read = source.read, list = source.list })
    if not config then
        return nil, err
    end
    return to_json(require "json", config, config.tree)
end

return M
