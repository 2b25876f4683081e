-- urls.lua: an address that is asked, in its parts, and where it leads within nginx.
--
--   urls.split(url) -> { scheme, host, port, place, uri } | nil      nil: not http or https
--       host in lower case, without the port, an IPv6 address in its brackets; place: host and port as they are written;
--       uri: path and query, "/" at the least
--   urls.route(config, url [, uri]) -> as config:route (nginx_route.lua), with that uri instead of its own; nil where the url
--       is none
--
-- RFC 3986, 3; what follows a # never leaves the client.

local M = {}

function M.split(url)
    local scheme, place, uri = tostring(url):match("^(https?)://([^/?#]+)([^#]*)")
    if not scheme then
        return nil
    end
    local host, port = place:match("^(.-):(%d+)$")
    return { scheme = scheme, host = (host or place):lower(), port = tonumber(port) or (scheme == "https" and 443 or 80),
             place = place, uri = uri:sub(1, 1) == "/" and uri or "/" .. uri }
end

function M.route(config, url, uri)
    local q = M.split(url)
    if not q then
        return nil
    end
    return config:route({ scheme = q.scheme, host = q.host, port = q.port, uri = uri or q.uri })
end

return M
