-- upstream.lua: the address at the end of an error log line, taken apart.
--
-- nginx writes the upstream as `scheme://` and what it connected to: `http://10.0.0.5:8080/uri`,
-- `fastcgi://127.0.0.1:9000`, `http://unix:/run/app.sock:/uri`, `fastcgi://unix:/run/php.sock:`
-- (ngx_http_upstream.c, ngx_http_upstream_log_error).

local M = {}

-- "fastcgi://unix:/run/php.sock:" -> {scheme="fastcgi", unix="/run/php.sock"}
-- "http://10.0.0.5:8080/uri"      -> {scheme="http", host="10.0.0.5", port=8080, uri="/uri"}
-- nil for what is neither.  A path ends at the first colon that the URI follows, or at the last.
function M.parse(text)
    if type(text) ~= "string" then
        return nil
    end
    local scheme, rest = text:match("^(%a[%w+.-]*)://(.*)$")
    rest = rest or text:match("(unix:/.*)$") or text
    local path = rest:match("^unix:(/.*)$")
    if path then
        local file, uri = path:match("^(.-):(/.*)$")
        return { scheme = scheme, unix = file or path:gsub(":$", ""), uri = uri }
    end
    local host, port, uri = rest:match("^(%[[%x:.]+%]):(%d+)(.*)$")
    if not host then
        host, port, uri = rest:match("^([%w._-]+):(%d+)(.*)$")
    end
    if not host then
        return nil
    end
    return { scheme = scheme, host = host, port = tonumber(port), uri = uri ~= "" and uri or nil }
end

-- One text for one place to connect to: what log lines, configuration and ss are compared by.
function M.key(address)
    if address.unix then
        return "unix:" .. address.unix
    end
    return (address.host or "?") .. ":" .. tostring(address.port or "?")
end

return M
