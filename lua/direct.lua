-- direct.lua: the backend behind nginx, asked by itself: the same request, past nginx.
--
--   direct.of_failure(symptom, failure) -> question | nil, why     what nginx asked when this line was logged
--   direct.of_url(symptom, upstream)    -> question | nil, why     what symptom.url leads to, at this upstream
--       question: { url, connect = "HOST:PORT" | nil, socket = path | nil, http = 0 | 1, pass, key }
--   direct.ask(host, question [, seconds]) -> answer (http_answer.read)
--   direct.pass_of(symptom, key, request_uri) -> pass | nil        the *_pass that leads to an address
--   direct.url_of(symptom, failure) -> url                         the failed request, to be asked again of nginx
--   direct.lines_for(symptom, fits) -> failures                    the newest line of each upstream that fits(entry)
--   direct.place(host, pass) -> "FILE:LINE", evidence | nil
--
-- Only GET is ever asked, and only what nginx itself was asked or asked for: nothing is tried out.

local http_answer = require "http_answer"
local lines = require "lines"
local upstream = require "upstream"
local urls = require "urls"

local M = {}

local PLAIN_URI = "^/[%w%-._~:/?#%[%]@!$&()*+,;=%%]*$"
local LIMIT = 96 * 1024

-- Of the passes that lead to an address, those that the logged request could have gone through.
function M.passes_of(symptom, key)
    local found = {}
    for _, use in ipairs(symptom.nx.config:addresses()) do
        if use.key == key then
            for _, pass in ipairs(use.passes) do
                found[#found + 1] = pass
            end
        end
    end
    return found
end

function M.pass_of(symptom, key, uri)
    local passes = M.passes_of(symptom, key)
    if #passes == 1 then
        return passes[1]
    end
    local server, location = urls.route(symptom.nx.config, symptom.url, uri or "/")
    for _, pass in ipairs(passes) do
        if pass.server == server and pass.location == location then
            return pass
        end
    end
    return nil
end

local function host_header(config, pass, asked)
    local directive, all = config:effective(pass.directive.parent, "proxy_set_header")
    for _, d in ipairs(directive and all or {}) do
        if d.args[1] and d.args[1].text:lower() == "host" and d.args[2] then
            local value = d.args[2].text
            if value == "$host" or value == "$http_host" then
                return asked
            end
            return not value:find("$", 1, true) and value or nil
        end
    end
    return nil
end

local function version(config, pass)
    local d = config:effective(pass.directive.parent, "proxy_http_version")
    return d and d.args[1] and d.args[1].text == "1.1" and 1 or 0
end

local function question(symptom, pass, address, uri, asked)
    local config = symptom.nx.config
    if pass.kind ~= "proxy_pass" then
        return nil, "it speaks " .. pass.kind:gsub("_pass$", "") .. ", which nothing on this host can ask by itself"
    elseif not uri:find(PLAIN_URI) then
        return nil, "the request holds characters that are not repeated"
    end
    local target = pass.resolved or pass.target
    local name = host_header(config, pass, asked) or target.place or address.host
    if not (name and name:find("^[%w._-]+:?%d*$")) then
        name = "localhost"
    end
    local q = { pass = pass, http = version(config, pass), key = upstream.key(address) }
    if address.unix then
        q.socket = address.unix
    else
        q.connect = address.host .. ":" .. tostring(address.port)
    end
    q.url = (target.scheme or "http") .. "://" .. name .. uri
    return q
end

function M.of_failure(symptom, failure)
    local entry = failure.entry
    local address = upstream.parse(entry.upstream)
    local method, uri = tostring(entry.request):match("^(%u+) (%S+) HTTP/[%d.]+$")
    if not address then
        return nil, "the log line does not name the address"
    elseif method ~= "GET" and method ~= "HEAD" then
        return nil, "the request that failed was no GET, and nothing else is repeated"
    end
    local pass = M.pass_of(symptom, upstream.key(address), uri)
    if not pass then
        return nil, "which location the request went through is not certain"
    end
    local asked = type(entry.host) == "string" and entry.host or nil
    return question(symptom, pass, address, address.uri or uri, asked)
end

-- ngx_http_proxy_create_request: a URI in proxy_pass replaces what the location's prefix matched.
local function upstream_uri(pass, location, uri)
    local target = pass.resolved or pass.target
    if target.variable or pass.set then
        return nil
    elseif not target.uri or target.uri == "" then
        return uri
    end
    local prefix = location and location.args[#location.args].text
    if not prefix or prefix:find("^[@~]") or (#location.args == 2 and location.args[1].text:find("~", 1, true)
        and location.args[1].text ~= "^~") or uri:sub(1, #prefix) ~= prefix then
        return nil
    end
    return target.uri .. uri:sub(#prefix + 1)
end

function M.of_url(symptom, key)
    local q = urls.split(symptom.url)
    if not q then
        return nil, "no address is known to ask"
    end
    local host, uri = q.place, q.uri
    local server, location, notes = urls.route(symptom.nx.config, symptom.url)
    local pass = server and M.pass_of(symptom, key, uri)
    if not pass then
        return nil, "which location the request goes through is not certain"
    end
    for _, note in ipairs(notes or {}) do
        if note:find("rewrite", 1, true) then
            return nil, "a rewrite may change what nginx asks for"
        end
    end
    local address = upstream.parse(key)
    local there = pass.location == location and upstream_uri(pass, location, uri)
    if not there then
        return nil, "what nginx makes of the request's path is not certain"
    end
    return question(symptom, pass, address, there, host)
end

function M.argv(q, seconds)
    return { "curl", "-q", "-sS", "-g", "-k", "-i", "--raw", "--http0.9", "--http1." .. q.http, "--noproxy", "*",
             "--max-time", tostring(seconds or 10), q.socket and "--unix-socket" or "--connect-to",
             q.socket or "::" .. q.connect, "--", q.url }
end

function M.ask(host, q, seconds)
    return http_answer.read(host:run(M.argv(q, seconds), { limit = LIMIT, timeout = (seconds or 10) + 5, fresh = true }))
end

-- The address of the request that failed, as it can be asked again of the nginx that symptom.url is asked of.
function M.url_of(symptom, failure)
    local base, host = tostring(symptom.url):match("^(https?://([^/]+))")
    local uri = tostring(failure.entry.request):match("^GET (%S+) HTTP/[%d.]+$")
    if base and uri and uri:find(PLAIN_URI) and failure.entry.host == host then
        return base .. uri
    end
    return symptom.url
end

function M.lines_for(symptom, fits)
    local list, known = {}, {}
    for i = #symptom.failures, 1, -1 do
        local failure = symptom.failures[i]
        local key = tostring(failure.entry.upstream ~= nil and upstream.parse(failure.entry.upstream)
            and upstream.key(upstream.parse(failure.entry.upstream)))
        if fits(failure.entry) and not known[key] and #list < 16 then
            known[key] = true
            list[#list + 1] = failure
        end
    end
    return list
end

-- "/etc/nginx/x:12" of the pass, and its line as evidence.
function M.place(host, pass)
    return pass.file .. ":" .. pass.line, lines.shown(host, pass)
end

return M
