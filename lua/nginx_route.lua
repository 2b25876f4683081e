-- nginx_route: which server and location a request goes to, and which passes it may reach from there.
--
-- route(config, { scheme=, host=, port=, address=, uri= }) -> server, location|nil, notes | nil, "cannot tell: …"
--     server, location are directives; location is nil when the server's own level answers.
--     defaults: scheme http, port by the scheme, uri "/". host may carry a port. address: the local IP (or unix:/path)
--     that the client connected to; without it, all listening addresses of the port must agree on the server.
--     notes: strings, such as "the server has a rewrite at its own level, which may change the URI".
-- find_location(config, server, uri) -> location|nil, how | nil, nil, "cannot tell: …"
--     how: "exact", "prefix", "regex", "redirect" (nginx answers 301 to add a slash), "server"
-- reachable_passes(config, server, location|nil) -> { {pass=, possible=bool, via={ "try_files /index.php", … }}, … }, notes
--     possible=false: the location's own pass, nothing before it. Otherwise it depends on files, variables or `if`.
--
-- Source: nginx src/http/ngx_http.c (ngx_http_add_listen, server names), ngx_http_request.c
-- (ngx_http_find_virtual_server), ngx_http_core_module.c (ngx_http_core_location, ngx_http_core_find_location,
-- ngx_http_core_find_static_location), ngx_hash.c (longest wildcard wins), ngx_http_parse.c (normalised URI).

local addresses = require "nginx_address"
local regex = require "regex"

local M = {}

local PASSES = { "proxy_pass", "fastcgi_pass", "uwsgi_pass", "scgi_pass", "grpc_pass", "memcached_pass" }

-- Servers ---------------------------------------------------------------------------------------------

local function http_servers(config)
    local list = {}
    for d in config:each("server") do
        if d.block and (not d.parent or d.parent.name == "http") then
            list[#list + 1] = d
        end
    end
    return list
end

local function listen_of(d)
    local listen = addresses.parse_listen(d.args[1].text)
    if not listen then
        return nil
    end
    for i = 2, #d.args do
        local word = d.args[i].text
        if word == "default_server" or word == "default" then
            listen.default = true
        end
        listen.ssl = listen.ssl or word == "ssl"
        listen.v4_too = listen.v4_too or word == "ipv6only=off"
    end
    return listen
end

local function listens(config, server)
    local list = {}
    for _, d in ipairs(config:named(server, "listen")) do
        local listen = d.args[1] and listen_of(d)
        if listen then
            list[#list + 1] = listen
        end
    end
    if #list == 0 then -- nginx's default, when it was started as root
        list[1] = { family = "inet", host = "*", first = 80, last = 80 }
    end
    return list
end

local function serves(listen, request)
    if request.unix then
        return listen.unix == request.unix
    end
    return listen.first and request.port >= listen.first and request.port <= listen.last
end

-- The servers of each listening address of the request's port, in the order of the configuration.
local function groups_for(config, request)
    local groups = {}
    for _, server in ipairs(http_servers(config)) do
        for _, listen in ipairs(listens(config, server)) do
            if serves(listen, request) then
                local group = groups[listen.host]
                if not group then
                    group = { host = listen.host, family = listen.family, servers = {} }
                    groups[listen.host], groups[#groups + 1] = group, group
                end
                group.servers[#group.servers + 1] = server
                group.default = group.default or (listen.default and server)
                group.ssl, group.v4_too = group.ssl or listen.ssl, group.v4_too or listen.v4_too
            end
        end
    end
    return groups
end

-- The group that accepts a connection to a known local address: the address itself, else the wildcard.
local function groups_of_address(groups, address)
    local v6 = address:find(":", 1, true) ~= nil
    local exact = groups[address:lower()] or groups["[" .. address:lower() .. "]"]
    if exact then
        return { exact }
    end
    for _, group in ipairs(groups) do
        if group.family == "inet" and group.host:find("%a") then
            return nil, ('cannot tell: it depends on what "%s" resolves to'):format(group.host)
        end
    end
    local v4_any = not v6 and groups["*"]
    local v6_any = (v6 or (groups["[::]"] and groups["[::]"].v4_too)) and groups["[::]"]
    return { v4_any or v6_any or nil }
end

local function names_of(config, server)
    local names = {}
    for _, d in ipairs(config:named(server, "server_name")) do
        for _, arg in ipairs(d.args) do
            names[#names + 1] = arg.text
        end
    end
    if #names == 0 then
        names[1] = ""
    end
    return names
end

-- What kind of name it is, and the text that has to be equal to, or to begin or to end, the host.
local function classify(name)
    if name:sub(1, 1) == "~" then
        return "regex", name:sub(2)
    end
    name = name:lower()
    if name:sub(1, 2) == "*." then
        return "head", name:sub(2)
    elseif name:sub(1, 1) == "." then
        return "dot", name
    elseif name:sub(-2) == ".*" then
        return "tail", name:sub(1, -2)
    end
    return "exact", name
end

-- A name's rank when it fits the host: exact before the longest head, before the longest tail. 0: does not fit.
local function rank(kind, text, host)
    if (kind == "exact" and text == host) or (kind == "dot" and text:sub(2) == host) then
        return 3000000
    elseif (kind == "head" or kind == "dot") and #host > #text and host:sub(-#text) == text then
        return 2000000 + #text
    elseif kind == "tail" and #host > #text and host:sub(1, #text) == text then
        return 1000000 + #text
    end
    return 0
end

local function match_regex(pattern, caseless, text)
    local compiled, why = regex.compile(pattern, caseless)
    if not compiled then
        return nil, why .. (' in "%s"'):format(pattern)
    end
    local found, cut = compiled.match(text)
    if found == nil then
        return nil, cut .. (' in "%s"'):format(pattern)
    end
    return found
end

-- The first regular expression that fits; nginx tries them in order, after all the plain names.
local function by_regex(config, group, host)
    for _, server in ipairs(group.servers) do
        for _, name in ipairs(names_of(config, server)) do
            local kind, text = classify(name)
            if kind == "regex" then
                local found, why = match_regex(text, true, host) -- the host is lower case already
                if found == nil then
                    return nil, why
                elseif found then
                    return server
                end
            elseif name == "$hostname" then
                return nil, "cannot tell: a server is named by $hostname"
            end
        end
    end
    return group.default or group.servers[1]
end

local function server_in(config, group, host)
    local best, best_rank = nil, 0
    for _, server in ipairs(group.servers) do
        for _, name in ipairs(names_of(config, server)) do
            local kind, text = classify(name)
            local r = rank(kind, text, host)
            if r > best_rank then -- of equal names the first one counts, nginx warns about the others
                best, best_rank = server, r
            end
        end
    end
    if best then
        return best
    end
    return by_regex(config, group, host)
end

local function find_server(config, request)
    local groups = groups_for(config, request)
    if request.address and not request.unix and request.address:find("^[%x.:%[%]]+$") then
        local chosen, why = groups_of_address(groups, request.address)
        if not chosen then
            return nil, why
        end
        groups = chosen
    end
    local server
    for _, group in ipairs(groups) do
        local found, why = server_in(config, group, request.host)
        if not found then
            return nil, why
        elseif server and server ~= found then
            return nil, "cannot tell: the server depends on the local address that is connected to"
        end
        server = found
        request.ssl = request.ssl or group.ssl
    end
    if not server then
        return nil, ("no server listens on port %s"):format(tostring(request.unix or request.port))
    end
    return server
end

-- Locations -------------------------------------------------------------------------------------------

local MODIFIERS = { ["="] = "exact", ["^~"] = "no_regex", ["~"] = "regex", ["~*"] = "caseless" }

-- kind, text of a location's arguments: the modifier may be a word of its own or the start of the only word.
local function location_kind(d)
    if #d.args >= 2 then
        return MODIFIERS[d.args[1].text], d.args[2].text
    end
    local text = d.args[1] and d.args[1].text or ""
    for _, modifier in ipairs { "=", "^~", "~*", "~" } do
        if text:sub(1, #modifier) == modifier then
            return MODIFIERS[modifier], text:sub(#modifier + 1)
        end
    end
    return text:sub(1, 1) == "@" and "named" or "prefix", text
end

local function has_pass(config, location)
    for _, kind in ipairs(PASSES) do
        if #config:named(location, kind) > 0 then
            return true
        end
    end
    return false
end

-- exact, longest prefix, and the location that nginx redirects to by adding a slash (301).
local function static_location(config, block, uri)
    local exact, prefix, redirect, longest = nil, nil, nil, -1
    for _, d in ipairs(config:named(block, "location")) do
        local kind, text = location_kind(d)
        if kind == "exact" and text == uri then
            exact = d
        elseif kind == "prefix" or kind == "no_regex" then
            if uri:sub(1, #text) == text and #text > longest then
                prefix, longest = d, #text
            elseif text == uri .. "/" and has_pass(config, d) then
                redirect = d
            end
        end
    end
    if prefix and longest == #uri then
        redirect = nil
    end
    return exact, prefix, redirect
end

local function regex_location(config, block, uri)
    for _, d in ipairs(config:named(block, "location")) do
        local kind, text = location_kind(d)
        if kind == "regex" or kind == "caseless" then
            local found, why = match_regex(text, kind == "caseless", uri)
            if found == nil then
                return nil, why
            elseif found then
                return d
            end
        end
    end
    return nil
end

-- location, how, final | nil, nil, error. final: the outer levels try no regular expressions any more.
local function search(config, block, uri)
    local exact, prefix, redirect = static_location(config, block, uri)
    if exact then
        return exact, "exact", true
    elseif redirect then
        return redirect, "redirect", true
    end
    local location, how, final
    if prefix then
        local inner_error
        location, how, final, inner_error = search(config, prefix, uri)
        if inner_error then
            return nil, nil, nil, inner_error
        elseif final then
            return location, how, true
        end
        location, how = location or prefix, how or "prefix"
    end
    if not prefix or location_kind(prefix) ~= "no_regex" then
        local found, why = regex_location(config, block, uri)
        if why then
            return nil, nil, nil, why
        elseif found then
            local inner, inner_how, _, inner_error = search(config, found, uri)
            if inner_error then
                return nil, nil, nil, inner_error
            end
            return inner or found, inner_how or "regex", true
        end
    end
    return location, how, false
end

function M.find_location(config, server, uri)
    local location, how, _, why = search(config, server, uri)
    if why then
        return nil, nil, why
    end
    return location, how or "server"
end

function M.named_location(config, server, name)
    for _, d in ipairs(config:named(server, "location")) do
        if d.args[1] and #d.args == 1 and d.args[1].text == name then
            return d
        end
    end
    return nil
end

-- Without arguments, decoded, slashes merged, dots resolved: what locations are compared with.
local function normalise(uri, merge)
    local path = uri:match("^[^?#]*")
    path = path:gsub("%%(%x%x)", function(hex)
        return string.char(tonumber(hex, 16))
    end)
    if merge then
        path = path:gsub("/+", "/")
    end
    local parts = {}
    for part in path:gmatch("/([^/]*)") do
        if part == ".." then
            parts[#parts] = nil
        elseif part ~= "." then
            parts[#parts + 1] = part
        end
    end
    if path:find("/%.%.?$") then
        parts[#parts + 1] = ""
    end
    return "/" .. table.concat(parts, "/")
end

local function merges_slashes(config, server)
    local d = config:effective(server, "merge_slashes")
    return not (d and d.args[1] and d.args[1].text == "off")
end

-- Routing ---------------------------------------------------------------------------------------------

local function read_request(q)
    local host = (q.host or ""):lower():gsub("%.$", "")
    local port = tonumber(q.port)
    local bare, written = host:match("^(.-):(%d+)$")
    if bare and (not bare:find(":", 1, true) or bare:find("^%[.*%]$")) then
        host, port = bare, port or tonumber(written)
    end
    local scheme = q.scheme or "http"
    return {
        scheme = scheme, host = host:gsub("%.$", ""), uri = q.uri or "/", address = q.address,
        port = port or (scheme == "https" and 443 or 80),
        unix = q.address and q.address:match("^unix:(.*)$"),
    }
end

local function add_note(notes, yes, text)
    if yes then
        notes[#notes + 1] = text
    end
end

local function notes_about(config, server, location, how, request)
    local notes = {}
    add_note(notes, request.scheme == "https" and not request.ssl, "the port that is asked for speaks no TLS")
    for _, name in ipairs { "rewrite", "return", "if" } do
        add_note(notes, #config:named(server, name) > 0,
            ('the server has "%s" at its own level, which comes first and may change the outcome'):format(name))
        add_note(notes, location and #config:named(location, name) > 0,
            ('the location has "%s", which may change the outcome'):format(name))
    end
    add_note(notes, #config:named(location or server, "try_files") > 0,
        "try_files decides by the files that exist")
    add_note(notes, how == "redirect", "nginx answers 301 to add a slash, nothing is passed on")
    add_note(notes, not config.complete, "a part of the configuration could not be read")
    return notes
end

function M.route(config, q)
    local request = read_request(q)
    local server, why = find_server(config, request)
    if not server then
        return nil, why
    end
    local uri = normalise(request.uri, merges_slashes(config, server))
    local location, how, cannot = M.find_location(config, server, uri)
    if cannot then
        return nil, cannot
    end
    return server, location, notes_about(config, server, location, how, request)
end

-- What can be reached ---------------------------------------------------------------------------------

-- The block that a directive's own location (or server) is, with `if` and `limit_except` seen through.
local function home(d)
    local block = d.parent
    while block and (block.name == "if" or block.name == "limit_except") do
        block = block.parent
    end
    return block
end

local function is_conditional(d)
    return d.parent and d.parent ~= home(d)
end

-- An internal target such as `/index.php?$args`: the path to look up, and whether it is all known.
local function target_path(text)
    local path = text:gsub("%$is_args.*$", ""):gsub("%${is_args}.*$", ""):match("^[^?]*")
    local variable = path:find("$", 1, true)
    if not variable then
        return path, true
    elseif variable == 1 then
        return nil
    end
    return path:sub(1, variable - 1) .. "x", false -- some text in the place of what the variable holds
end

-- Each jump: { to = "@name" or "/path", via = text }
local jumps_of = {}

function jumps_of.try_files(d)
    local last = d.args[#d.args]
    return last and { { to = last.text, via = "try_files " .. last.text } } or {}
end

function jumps_of.error_page(d)
    local last = d.args[#d.args]
    return last and #d.args > 1 and { { to = last.text, via = "error_page " .. last.text } } or {}
end

function jumps_of.rewrite(d)
    local target, flag = d.args[2], d.args[3] and d.args[3].text
    if not target or flag == "break" or flag == "redirect" or flag == "permanent" then
        return {}
    end
    return { { to = target.text, via = "rewrite to " .. target.text } }
end

function jumps_of.index(d)
    local list = {}
    for _, arg in ipairs(d.args) do
        if not arg.text:find("^/") then
            list[#list + 1] = { to = "/" .. arg.text, via = "index " .. arg.text }
        end
    end
    return list
end

local function first_argument(d)
    return d.args[1] and { { to = d.args[1].text, via = d.name .. " " .. d.args[1].text } } or {}
end

jumps_of.auth_request, jumps_of.mirror = first_argument, first_argument

-- Directives of this level that send a request elsewhere; inherited ones where nginx inherits them.
local function jump_directives(config, block)
    local found = {}
    for _, name in ipairs { "try_files", "error_page", "auth_request", "mirror", "index" } do
        local _, all = config:effective(block, name)
        -- A location with a pass has a handler of its own, so `index` does nothing there.
        if name ~= "index" or (block.name == "location" and not has_pass(config, block)) then
            table.move(all, 1, #all, #found + 1, found)
        end
    end
    for d in config:each("rewrite") do
        if home(d) == block then
            found[#found + 1] = d
        end
    end
    return found
end

local function goes_nowhere(to)
    return to:find("^=%d") or to:find("^%a+://") or to == "off"
end

local function visit_later(walk, location, via, jump)
    if not location or walk.seen[location] then
        return
    end
    walk.seen[location] = true
    local path = table.move(via, 1, #via, 1, {})
    path[#path + 1] = jump.via
    walk.queue[#walk.queue + 1] = { block = location, via = path }
end

local function follow_jump(config, walk, jump, via)
    if goes_nowhere(jump.to) then
        return
    elseif jump.to:sub(1, 1) == "@" then
        visit_later(walk, M.named_location(config, walk.server, jump.to), via, jump)
        return
    end
    local path, known = target_path(jump.to)
    if not path or path:sub(1, 1) ~= "/" then
        add_note(walk.notes, true, ('cannot tell where "%s" leads'):format(jump.via))
        return
    end
    add_note(walk.notes, not known, ('"%s" depends on a variable'):format(jump.via))
    local location, _, why = M.find_location(config, walk.server, path)
    add_note(walk.notes, why, why)
    visit_later(walk, location, via, jump)
end

local function own_passes(config, walk, step, jumps)
    local before = #step.via > 0
    for _, d in ipairs(jumps) do
        before = before or d.name == "try_files" or d.name == "rewrite"
    end
    before = before or #config:named(step.block, "return") > 0
    for _, pass in ipairs(config:passes()) do
        if home(pass.directive) == step.block then
            walk.found[#walk.found + 1] = {
                pass = pass, via = step.via, possible = before or is_conditional(pass.directive) or false,
            }
        end
    end
end

function M.reachable_passes(config, server, location)
    local walk = { server = server, queue = {}, seen = {}, found = {}, notes = {} }
    local start = location or server
    walk.seen[start], walk.queue[1] = true, { block = start, via = {} }
    local at = 1
    while walk.queue[at] do
        local step = walk.queue[at]
        local jumps = jump_directives(config, step.block)
        own_passes(config, walk, step, jumps)
        for _, d in ipairs(jumps) do
            for _, jump in ipairs(jumps_of[d.name](d)) do
                follow_jump(config, walk, jump, step.via)
            end
        end
        at = at + 1
    end
    return walk.found, walk.notes
end

return M
