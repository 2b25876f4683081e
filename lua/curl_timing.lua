-- curl_timing.lua: reads what `curl -w` printed, in two forms.
--
--   M.parse(text) -> {code, connect, ttfb, total, remote_ip, error} | nil, message
--
-- seconds as numbers, code 0 when no answer came, json.null for what the form does not have.
--   * `connect: 0.002s`, `ttfb: 65.481s`, `total: 65.499s`, one a line, in any order;
--   * fettle's own: `%{http_code} %{time_connect} %{time_starttransfer} %{time_total}
--     %{remote_ip} %{errormsg}` on one line, where remote_ip may be empty.
-- Times are counted from the start, so ttfb holds connect. Source: curl(1), --write-out.
local json = require "json"

local M = {}

local null = json.null

local function read_line(line)
    local code, connect, ttfb, total, rest =
        line:match("^(%d%d%d) ([%d.]+) ([%d.]+) ([%d.]+)(.*)$")
    if not code then
        return nil
    end
    -- an empty remote_ip leaves two blanks in a row
    local ip, why = rest:match("^ ([%x.:]*) (.*)$")
    ip = ip or rest:match("^ ([%x.:]+)$")
    return {code = tonumber(code), connect = tonumber(connect) or null,
        ttfb = tonumber(ttfb) or null, total = tonumber(total) or null,
        remote_ip = ip and ip ~= "" and ip or null, error = why and why ~= "" and why or null}
end

function M.parse(text)
    local result = {code = null, connect = null, ttfb = null, total = null, remote_ip = null,
        error = null}
    local found = false
    for line in text:gmatch("[^\r\n]+") do
        local short = read_line(line)
        if short then
            return short
        end
        local name, seconds = line:match("^%s*(%l+):%s*([%d.]+)s?%s*$")
        if name == "code" then
            result.code, found = tonumber(seconds) or null, true
        elseif name and result[name] ~= nil then
            result[name], found = tonumber(seconds) or null, true
        end
    end
    if not found then
        return nil, "no curl timing found"
    end
    return result
end

return M
