-- nginx_access.lua: reads access logs in the combined format, also with more fields behind it.
--
--   M.parse(text) -> array of {client, user, time, offset, request, method, uri, protocol, status,
--                              bytes, referrer, agent, extra, fields}
--
-- time is "YYYY-MM-DDTHH:MM:SS" as the log has it, offset "+0000". extra is the text behind the
-- combined fields or json.null; fields are its `name=value` words (upstream_status=502), value in
-- quotes or not. "-" becomes json.null, as do method, uri and protocol of a request that is not
-- METHOD URI PROTOCOL. A line that cannot be read is {unparsed = line}.
--
-- Unlike the error log, values are escaped here (src/http/modules/ngx_http_log_module.c,
-- ngx_http_log_escape): `"`, `\` and bytes below 32 or above 126 are printed as \xXX, so the next
-- quote does end a value. With escape=json it is \" instead, and with escape=none nothing is safe;
-- so a quote that neither blank nor end follows makes the line unreadable.
local json = require "json"
local log_prefix = require "log_prefix"

local M = {}

local null = json.null
local max_read = 65536

local months = {Jan = 1, Feb = 2, Mar = 3, Apr = 4, May = 5, Jun = 6, Jul = 7, Aug = 8, Sep = 9,
    Oct = 10, Nov = 11, Dec = 12}

local stamp_pattern =
    '() %[(%d%d/%a%a%a/%d%d%d%d:%d%d:%d%d:%d%d [+-]%d%d%d%d)%] ()"'

local function dash(value)
    return value ~= "-" and value or null
end

local function unescape(text)
    if not text:find("\\", 1, true) then
        return text
    end
    text = text:gsub('\\([x"\\])(%x?%x?)', function(kind, hex)
        if kind ~= "x" then
            return kind .. hex
        end
        return #hex == 2 and string.char(tonumber(hex, 16)) or nil
    end)
    return text
end

-- The quoted value whose opening quote is at `at` -> text, position behind it; nil if unfinished.
local function read_quoted(line, at)
    local from = at + 1
    while line:byte(at) == 34 do
        local stop = line:find('["\\]', from)
        if not stop then
            return nil
        elseif line:byte(stop) == 34 then
            return unescape(line:sub(at + 1, stop - 1)), stop + 1
        end
        from = stop + 2 -- an escape of either kind hides one character at least
    end
    return nil
end

local function read_time(text)
    local day, name, year, clock, offset =
        text:match("^(%d%d)/(%a%a%a)/(%d%d%d%d):(%d%d:%d%d:%d%d) ([+-]%d%d%d%d)$")
    if not day or not months[name] then
        return nil
    end
    return string.format("%s-%02d-%sT%s", year, months[name], day, clock), offset
end

-- `name=value` words behind the combined fields; several upstreams are `a, b` or `a : b` there.
local function read_fields(text)
    local fields, at = {}, 1
    while true do
        local start, stop, name = text:find("%f[%w_]([%a_][%w_]*)[=:]", at)
        if not start then
            return fields
        end
        local value, next_at = read_quoted(text, stop + 1)
        if not value then
            value, next_at = text:match("^([^%s\"]*)()", stop + 1)
            while value:sub(-1) == "," do -- a list goes on behind its comma
                local more, behind = text:match("^( [^%s=\"]+)()", next_at)
                if not more then
                    break
                end
                value, next_at = value .. more, behind
            end
        end
        fields[name] = dash(value)
        at = next_at
    end
end

local function read(line)
    local client, user_at = line:match("^(%S+) %- ()")
    -- A user's name may hold blanks and brackets, yet no quote, so `] "` ends the time for sure.
    local stop, stamp, at = line:match(stamp_pattern, user_at or #line + 1)
    local user = stop and line:sub(user_at, stop - 1)
    local time, offset = read_time(stamp or "")
    local request, behind
    if time then
        request, behind = read_quoted(line, at)
    end
    local status, bytes, next_at = line:match("^ (%d%d%d) (%d+)()", behind or #line + 1)
    if not request or not status then
        return {unparsed = line}
    end
    local entry = {client = client, user = dash(user), time = time, offset = offset,
        request = dash(request), status = tonumber(status), bytes = tonumber(bytes),
        method = null, uri = null, protocol = null, referrer = null, agent = null,
        extra = null, fields = {}}
    local method, uri, protocol = request:match("^(%u+) (%S+) (HTTP/[%d.]+)$")
    if method then
        entry.method, entry.uri, entry.protocol = method, uri, protocol
    end
    local referrer, after_referrer = read_quoted(line, next_at + 1)
    local agent, after_agent = read_quoted(line, (after_referrer or #line) + 1)
    if referrer and agent then
        entry.referrer, entry.agent, next_at = dash(referrer), dash(agent), after_agent
    end
    local extra = line:sub(next_at):match("^%s*(%S.*)$")
    if extra then
        entry.extra, entry.fields = extra, read_fields(extra)
    end
    return entry
end

function M.parse(text)
    local entries = json.array({})
    for line in text:gmatch("[^\r\n]+") do
        local entry = read(line:sub(1, max_read))
        if entry.unparsed then
            -- docker and syslog put their own words in front
            local again = read(log_prefix.strip(line:sub(1, max_read)))
            entry = again.unparsed and {unparsed = line} or again
        end
        entries[#entries + 1] = entry
    end
    return entries
end

return M
