-- log_prefix.lua: takes off a log line what docker, syslog, journald and kubectl put before it.
--
--   M.strip(line) -> the program's own line
--
-- Prefixes are read by their grammar from the start of the line and never searched for, so text in
-- the middle of a line cannot pretend to be the start of one. Several may follow each other
-- (compose before a timestamp before nginx). What is no known prefix is left as it is.
-- Sources: RFC 3164 section 4.1, RFC 5424 section 6, Kubernetes' CRI log format (`TIME STREAM TAG
-- LOG`), docker's json-file driver, and nginx's src/core/ngx_syslog.c for what it sends itself.
local json = require "json"

local M = {}

local iso = "^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:[%d.,Z:+-]+ +"
local bsd = "^%a%a%a +%d%d? %d%d:%d%d:%d%d "
local function drop(line, pattern)
    local _, stop = line:find(pattern)
    return stop and line:sub(stop + 1) or nil
end

-- `nginx: ` or `nginx[123]: `; a tag holds no blank. Two patterns and not one with optional parts,
-- whose digits could match either way: patterns here take a time that is linear in the line.
local function drop_tag(line)
    return drop(line, "^[^%s:%[%]]+: ") or drop(line, "^[^%s:%[%]]+%[%d+%]: ")
end

-- After a syslog timestamp: an optional host, then a tag. Without a tag nothing is a prefix.
local function drop_host_and_tag(line)
    local after_host = drop(line, "^%S+ +")
    return drop_tag(line) or after_host and drop_tag(after_host)
end

local function drop_rfc5424(line)
    local rest = drop(line, "^<%d+>1 %S+ %S+ %S+ %S+ %S+ ")
    if not rest then
        return nil
    end
    local body = drop(rest, "^%- ?")
    while not body and rest:find("^%[") do
        -- structured data: its values may hold an escaped bracket
        local from = 1
        repeat
            local stop = rest:find("]", from, true)
            from = stop and stop + 1 or nil
        until not from or rest:sub(from - 2, from - 2) ~= "\\"
        if not from then
            return nil
        end
        rest = rest:sub(from)
        body = drop(rest, "^ ") or (rest == "" and "" or nil)
    end
    return body and (drop(body, "^\239\187\191") or body) -- a byte order mark may mark UTF-8
end

local function drop_timestamp(line)
    local rest = drop(line, iso)
    if not rest then
        return nil
    end
    return drop(rest, "^std%a%a%a [FP] ") or drop_host_and_tag(rest) or rest
end

local function drop_bsd(line)
    local rest = drop(line, "^<%d+>") or line
    rest = drop(rest, bsd)
    return rest and (drop_host_and_tag(rest) or drop(rest, "^%S+ ")) or nil
end

-- docker's json-file and journalctl -o json: the line is a field of an object.
local function unwrap_json(line)
    if line:sub(1, 1) ~= "{" then
        return nil
    end
    local object = json.decode(line, 4)
    if type(object) ~= "table" then
        return nil
    end
    local text = object.log or object.MESSAGE
    if type(text) == "table" then
        text = json.bytes_to_text(text)
    end
    return type(text) == "string" and text:match("^[^\r\n]*") or nil
end

local steps = {
    unwrap_json,
    drop_rfc5424,
    drop_timestamp,
    drop_bsd,
    function(line) return drop(line, "^[%w_.-]+ +| ") end, -- docker compose: `web-1  | `
    function(line) return drop(line, "^%[pod/[%w_.:/-]+%] ") end, -- kubectl logs --prefix
    function(line) return drop(line, "^\27%[[%d;]*m") end, -- compose colours its names
    function(line) return drop(line, "^[ \t]+") end,
}

function M.strip(line)
    for _ = 1, 6 do
        local rest
        for _, step in ipairs(steps) do
            rest = step(line)
            if rest then
                break
            end
        end
        if not rest then
            return line
        end
        line = rest
    end
    return line
end

return M
