-- timeouts.lua: how long nginx waits for its upstream, by what its configuration says at one place.
--
--   timeouts.seconds(text) -> nginx's time ("60", "1m30s", "500ms") in seconds | nil
--   timeouts.at(config, pass, what) -> {name, seconds, directive | nil, level}    what: "connect", "read", "send"
--       directive: nil where nginx's default of 60 s holds
--   timeouts.longest(nx, url) -> seconds until nginx must have given up on this address, as far as its passes tell
--
-- Source: nginx src/core/ngx_parse.c (ngx_parse_time), the modules' defaults in their documentation.

local urls = require "urls"

local M = {}

local UNITS = { ms = 0.001, s = 1, m = 60, h = 3600, d = 86400, w = 604800, M = 2592000, y = 31536000, [""] = 1 }
local PREFIX = { proxy_pass = "proxy", fastcgi_pass = "fastcgi", uwsgi_pass = "uwsgi", scgi_pass = "scgi",
                 grpc_pass = "grpc", memcached_pass = "memcached" }
local DEFAULT = 60

function M.seconds(text)
    local total, rest = 0, text
    while rest ~= "" do
        local number, unit, after = rest:match("^(%d+)(%a*)%s*(.*)$")
        if not number or not UNITS[unit] then
            return nil
        end
        total, rest = total + tonumber(number) * UNITS[unit], after
    end
    return text ~= "" and total or nil
end

function M.at(config, pass, what)
    local name = PREFIX[pass.kind] .. "_" .. what .. "_timeout"
    local directive, _, level = config:effective(pass.directive, name)
    local seconds = directive and directive.args[1] and M.seconds(directive.args[1].text) or nil
    return { name = name, directive = directive, level = level,
             seconds = directive and seconds or not directive and DEFAULT or nil }
end

function M.longest(nx, url)
    local server, location = urls.route(nx.config, url)
    local longest
    for _, item in ipairs(server and nx.config:reachable_passes(server, location) or {}) do
        for _, what in ipairs({ "connect", "read", "send" }) do
            local seconds = M.at(nx.config, item.pass, what).seconds
            longest = seconds and math.max(longest or 0, seconds) or longest
        end
    end
    return longest or DEFAULT
end

return M
