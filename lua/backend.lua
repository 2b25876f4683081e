-- backend.lua: the backend, asked past nginx, by curl from nginx's own host: what it answers to the request that
-- nginx would send it.
--
--   backend.question(symptom) -> {host, port, scheme, uri, server, location} | nil    the asked address, and where
--       nginx's configuration sends it (server and location are directives)
--   backend.sent(config, question, pass) -> uri | nil     the URI that nginx sends for it; nil: it cannot be told
--   backend.name(config, question, pass) -> the Host header that it sends with it
--   backend.ask(host, {scheme, address = "host:port", name, uri, seconds, times}) -> web answers, results
--   backend.shown(result) -> evidence
--
-- Only a GET is ever asked, of an address that the configuration or `ss` names.

local urls = require "urls"
local web = require "web"

local M = {}

function M.question(symptom)
    local q = urls.split(symptom.url)
    local server, location = urls.route(symptom.nx.config, symptom.url)
    if not server then
        return nil
    end
    q.server, q.location = server, location
    return q
end

-- The text that a location compares with the beginning of a URI, or nil where it compares otherwise.
function M.prefix(location)
    local first, second = location.args[1], location.args[2]
    if first and second then
        return first.text == "^~" and second.text or nil
    end
    local text = first and first.text or ""
    return text:sub(1, 1) == "/" and text or nil
end

-- ngx_http_proxy_module.c, ngx_http_proxy_create_request: a URI in proxy_pass takes the place of what the location
-- matched; without one the request's URI goes out as it came.
function M.sent(config, question, pass)
    local target = pass.resolved or pass.target
    if pass.kind ~= "proxy_pass" or pass.location ~= question.location or #config:named(pass.location, "rewrite") > 0
        or #config:named(question.server, "rewrite") > 0 then
        return nil
    elseif not target.uri then
        return question.uri
    elseif pass.target.variable then
        return target.uri
    end
    local prefix = M.prefix(pass.location)
    if not prefix or question.uri:sub(1, #prefix) ~= prefix then
        return nil
    end
    return target.uri .. question.uri:sub(#prefix + 1)
end

function M.name(config, question, pass)
    local target = pass.resolved or pass.target
    local _, all = config:effective(pass.directive, "proxy_set_header")
    for _, d in ipairs(all) do
        local value = d.args[2] and d.args[2].text
        if d.args[1].text:lower() == "host" and value then
            if value == "$host" then
                return question.host
            elseif value == "$http_host" then
                return question.place
            elseif not value:find("$", 1, true) then
                return value
            end
        end
    end
    return target.place
end

function M.ask(host, what)
    local name = what.name and what.name:find("^[%w._:%[%]-]+$") and what.name or what.address
    return web.ask(host, what.scheme .. "://" .. name .. what.uri, what.address, what.times or 1, what.seconds)
end

function M.shown(result)
    return result:show(result.out ~= "" and result.out or result.err)
end

-- Did every answer come, and below 400?
function M.all_well(answers)
    for _, answer in ipairs(answers) do
        if not answer.code or answer.code >= 400 then
            return false
        end
    end
    return #answers > 0
end

return M
