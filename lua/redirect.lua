-- redirect.lua: where an answer sends the client on to, if that is this same nginx: a browser would ask there next, so
-- the address that somebody gave ("http://…") may be well while what it leads to is not.
--
--   redirect.next(host, nx, url, via) -> { url, via } | nil
--       asks the address once more, since its headers are needed; nil also where it leads to another machine
--   redirect.is(code) -> boolean
--
-- The codes and the relative forms: RFC 9110, 15.4 and 10.2.2.

local direct = require "direct"
local http_answer = require "http_answer"
local urls = require "urls"

local M = {}

local CODES = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local PLAIN_URI = "^/[%w%-._~:/?%[%]@!$&()*+,;=%%]*$"

function M.is(code)
    return CODES[code] == true
end

local function location_of(host, url, connect)
    local answer = http_answer.read(host:run(direct.argv({ http = 1, connect = connect, url = url }),
        { limit = 96 * 1024, timeout = 15, fresh = true }))
    for _, line in ipairs(answer.kind == "http" and answer.lines or {}) do
        local value = line:match("^[Ll][Oo][Cc][Aa][Tt][Ii][Oo][Nn]:%s*(%S+)%s*$")
        if value then
            return value
        end
    end
    return nil
end

-- Is it a name of this nginx, word by word?
local function is_ours(config, name)
    for server in config:each("server") do
        if server.block and config:is_named(server, name) then
            return true
        end
    end
    return false
end

function M.next(host, nx, url, via)
    local from = urls.split(url)
    local text = from and location_of(host, url, via or from.host .. ":" .. from.port)
    if text and text:find("^/[^/]") or text == "/" then
        text = from.scheme .. "://" .. from.place .. text
    end
    local to = text and urls.split(text)
    if not to or not to.uri:find(PLAIN_URI) or not to.place:find("^[%w._:%[%]-]+$")
        or (to.host ~= from.host and not is_ours(nx.config, to.host)) then
        return nil
    end
    local door = (via or from.host .. ":0"):match("^(.*):%d+$") -- the machine that answered, and no other
    return { url = to.scheme .. "://" .. to.place .. to.uri, via = (via or to.host ~= from.host) and door .. ":" .. to.port or nil }
end

return M
