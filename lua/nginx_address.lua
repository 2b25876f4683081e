-- nginx_address: the addresses that nginx's *_pass directives, upstream `server` and `listen` lines name.
--
-- parse(text, kind) -> address | nil, message        kind: "proxy_pass", "fastcgi_pass", … or "server"
--   address: { text=, scheme="http"|"https"|"uwsgi"|"suwsgi"|"grpc"|"grpcs"|nil, unix="/path"|nil,
--              host= (lower case; v6 with its brackets), port= (number|nil), no_port=bool (none was written),
--              uri= (nil when none), variable=bool, before=, place=, after= }
--   `before .. place .. after == text`; place is what names the machine (host:port or unix:/path).
--   With variable=true, host and port are set only where they hold no variable.
-- key(address) -> "host:port" | "unix:/path" | nil    the form that error logs and ss use
-- parse_listen(text) -> { family="inet"|"inet6"|"unix", host="*"|…, first=, last= (ports), unix= } | nil, message
--
-- Source: nginx src/core/ngx_inet.c (ngx_parse_url), http/modules/ngx_http_{proxy,fastcgi,uwsgi,scgi,grpc,
-- memcached}_module.c: only proxy_pass has a URI part and default ports (80, 443); an upstream's `server`
-- has 80; the others have none, and nginx then answers 500 with "no port in upstream".

local M = {}

local SCHEMES = {
    proxy_pass = { http = 80, https = 443 },
    uwsgi_pass = { uwsgi = 0, suwsgi = 0 },
    grpc_pass = { grpc = 0, grpcs = 0 },
}

local function split_scheme(text, kind)
    local known = SCHEMES[kind]
    local scheme = text:match("^(%a+)://")
    if not (known and scheme and known[scheme:lower()]) then
        return nil, text
    end
    return scheme:lower(), text:sub(#scheme + 4)
end

local function default_port(kind, scheme)
    if kind == "server" then
        return 80
    end
    return kind == "proxy_pass" and SCHEMES.proxy_pass[scheme] or nil
end

local function parse_unix(a, rest, has_uri)
    local place, uri = rest, nil
    if has_uri then
        local colon = rest:find(":", 6, true)
        if colon then
            place, uri = rest:sub(1, colon - 1), rest:sub(colon + 1)
        end
    end
    if #place == 5 then
        return nil, "no path in the unix domain socket"
    end
    a.unix, a.uri, a.place = place:sub(6), uri, place
    a.after = rest:sub(#place + 1)
    return a
end

-- "host", "host:port", "[v6]:port" -> host, port text or nil
local function split_port(place)
    local v6, rest = place:match("^(%[[^%]]*%])(.*)$")
    if v6 then
        return v6, rest:match("^:(.*)$")
    end
    local host, port = place:match("^([^:]*):(.*)$")
    return host or place, port
end

local function set_port(a, text, default)
    if not text then
        a.no_port, a.port = true, default
        return a
    end
    if text:find("$", 1, true) then
        return a
    end
    local port = text:find("^%d+$") and tonumber(text)
    if not port or port < 1 or port > 65535 then
        return nil, "invalid port"
    end
    a.port = math.tointeger(port)
    return a
end

-- These variables start with the URI's slash (or are empty or `?`), so the host ends before them:
-- `proxy_pass http://backend$request_uri`.
local URI_VARIABLES = { request_uri = true, uri = true, document_uri = true, is_args = true }

local function uri_start(rest)
    local stop = rest:find("[/?]")
    local at, name = rest:match("()%$([%w_]+)")
    if not at then
        at, name = rest:match("()%${([%w_]+)}")
    end
    if at and URI_VARIABLES[name] and at > 1 and (not stop or at < stop) then
        return at
    end
    return stop
end

local function parse_inet(a, rest, kind, scheme)
    local stop = uri_start(rest)
    if stop and kind ~= "proxy_pass" then
        if not a.variable then
            return nil, "invalid host"
        end
    end
    a.place = stop and rest:sub(1, stop - 1) or rest
    a.after = rest:sub(#a.place + 1)
    if stop then
        a.uri = a.after
    end
    local host, port = split_port(a.place)
    if host == "" then
        return nil, "no host"
    end
    if host:find("$", 1, true) then
        return a -- what it becomes is known only at run time
    end
    a.host = host:lower()
    return set_port(a, port, default_port(kind, scheme))
end

function M.parse(text, kind)
    local a = { text = text, variable = text:find("%$[%w_{]") ~= nil }
    local scheme, rest = split_scheme(text, kind)
    a.scheme, a.before = scheme, text:sub(1, #text - #rest)
    if kind == "proxy_pass" and not scheme then
        if a.variable then
            a.place, a.after = text, ""
            return a
        end
        return nil, "invalid URL prefix"
    end
    if rest:sub(1, 5):lower() == "unix:" then
        return parse_unix(a, rest, kind == "proxy_pass")
    end
    return parse_inet(a, rest, kind, scheme)
end

function M.key(address)
    if address.unix then
        return "unix:" .. address.unix
    elseif address.host and address.port then
        return address.host .. ":" .. address.port
    end
    return nil
end

local function ports(text)
    local first, last = text:match("^(%d+)%-(%d+)$")
    first = tonumber(first or text:match("^%d+$"))
    last = tonumber(last) or first
    if not first or first < 1 or last > 65535 or last < first then
        return nil
    end
    return math.tointeger(first), math.tointeger(last)
end

function M.parse_listen(text)
    if text:sub(1, 5):lower() == "unix:" then
        return { family = "unix", unix = text:sub(6), host = text }
    end
    local first, last = ports(text)
    if first then
        return { family = "inet", host = "*", first = first, last = last }
    end
    local host, port = split_port(text)
    if port then
        first, last = ports(port)
        if not first then
            return nil, "invalid port"
        end
    else
        first, last = 80, 80
    end
    if host == "" then
        return nil, "no host"
    end
    local family = host:sub(1, 1) == "[" and "inet6" or "inet"
    if host == "0.0.0.0" then
        host = "*"
    end
    return { family = family, host = host:lower(), first = first, last = last }
end

return M
