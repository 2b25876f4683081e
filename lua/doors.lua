-- doors.lua: where an nginx can be asked from its own host, and who it is that answers there.
--
--   doors.server_of(nx, name, port) -> server, listen | nil     the server for a name (nil: any) at a port (nil: any)
--   doors.compose(listen, name, path) -> url, via               how to ask it: via is HOST:PORT
--   doors.here(nx, url) -> url, via | nil                        the same page of this nginx, whatever the name resolves to
--   doors.is_elsewhere(host, answer) -> ip | nil                 what answered (web.answer) is no address of this host
--   doors.stranger(host, nx, answer, url, via) -> sentence part, evidence | nil     who listens there, where it is not nginx
--   doors.open(host, nx) -> sentence part, evidence | nil        where nginx listens
--   doors.for_balancers(nx, url, via) -> the `listen … proxy_protocol` at that port | nil

local address = require "nginx_address"
local addresses = require "addresses"
local ss = require "ss"
local urls = require "urls"

local M = {}

local function listens(server)
    local found = {}
    for _, d in ipairs(server.block or {}) do
        if d.name == "listen" and d.args[1] then
            local listen = address.parse_listen(d.args[1].text)
            if listen and listen.family ~= "unix" then
                listen.ssl = false
                for i = 2, #d.args do
                    listen.ssl = listen.ssl or d.args[i].text == "ssl"
                end
                found[#found + 1] = listen
            end
        end
    end
    if #found == 0 then
        found[1] = { family = "inet", host = "*", first = 80, ssl = false }
    end
    return found
end

-- Where to knock for this server: an address that reaches it from the host itself.
local function door(listen)
    local host = listen.host
    if host == nil or host == "*" or host == "0.0.0.0" then
        host = "127.0.0.1"
    elseif host == "[::]" then
        host = "[::1]"
    end
    return host .. ":" .. tostring(listen.first or 80)
end

-- The server that answered a logged request, as far as its log line tells.
function M.server_of(nx, name, port)
    local fallback
    for server in nx.config:each("server") do
        if server.block and server:path():find("^http") then
            for _, listen in ipairs(listens(server)) do
                if not port or listen.first == port then
                    if name and nx.config:is_named(server, name) then
                        return server, listen
                    end
                    fallback = fallback or { server, listen }
                end
            end
        end
    end
    if fallback then
        return fallback[1], fallback[2]
    end
    return nil
end

function M.compose(listen, name, path)
    local via = door(listen)
    if not name or name == "" or not name:find("^[%w.-]+$") then
        name = via:match("^(.*):%d+$")
    end
    local scheme, port = listen.ssl and "https" or "http", listen.first or 80
    local shown = port == (listen.ssl and 443 or 80) and "" or ":" .. port
    return string.format("%s://%s%s%s", scheme, name, shown, path), via
end

function M.here(nx, url)
    local q = urls.split(url)
    if not q then
        return nil
    end
    local server, listen = M.server_of(nx, q.host, q.port)
    if not server then
        server, listen = M.server_of(nx, q.host, nil) -- a balancer in front may speak another scheme at another port
    end
    if not server then
        return nil
    end
    return M.compose(listen, q.host, q.uri)
end

function M.is_elsewhere(host, answer)
    return answer.ip and addresses.place(host, answer.ip, function() return nil end) == "elsewhere" and answer.ip or nil
end

local function name_of(entry)
    local list = type(entry.processes) == "table" and entry.processes or {}
    return list[1] and list[1].name
end

-- By the name of its binary, of which the kernel keeps 15 bytes (a build of one's own may be called nginx-debug).
local function is_nginx(nx, name)
    local own = nx.master and nx.master.binary:match("([^/]+)$")
    return name == "nginx" or name == "openresty" or (own ~= nil and name == own:sub(1, 15))
end

function M.stranger(host, nx, answer, url, via)
    local q, r = urls.split(url), host:run({ "ss", "-H", "-ltnp" })
    local port = via and tonumber(via:match(":(%d+)$")) or q and q.port
    local found
    for _, item in ipairs(r.ok and answer.ip and ss.listens(ss.listeners(r.out), answer.ip, port) or {}) do
        local name = name_of(item.entry)
        if not name or is_nginx(nx, name) then
            return nil -- or nobody may see who it is
        end
        found = found or item.entry
    end
    if not found then
        return nil
    end
    return string.format("%s listens there (port %d), and not nginx", name_of(found), port), r:show(ss.line_of(r, found))
end

-- Such a server closes each connection that does not begin with a line of the PROXY protocol, as a balancer's do.
function M.for_balancers(nx, url, via)
    local q = urls.split(url)
    local port = via and tonumber(via:match(":(%d+)$")) or q and q.port
    for d in nx.config:each("listen") do
        local listen = d.args[1] and address.parse_listen(d.args[1].text)
        for i = 2, #d.args do
            if listen and (listen.first or 80) == port and d.args[i].text == "proxy_protocol" then
                return d
            end
        end
    end
    return nil
end

function M.open(host, nx)
    local r = host:run({ "ss", "-H", "-ltnp" })
    local texts, shown, seen = {}, {}, {}
    for _, entry in ipairs(r.ok and ss.listeners(r.out) or {}) do
        local text = (entry.address:find(":", 1, true) and "[" .. entry.address .. "]" or entry.address) .. ":" .. entry.port
        if is_nginx(nx, name_of(entry)) and #texts < 6 and not seen[text] then
            seen[text] = true
            texts[#texts + 1], shown[#shown + 1] = text, ss.line_of(r, entry)
        end
    end
    return #texts > 0 and "nginx listens on " .. table.concat(texts, ", ") or nil, #shown > 0 and r:show(shown) or nil
end

return M
