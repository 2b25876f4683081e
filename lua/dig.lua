-- dig.lua: reads what BIND's `dig` prints (without +short).
--
--   M.parse(text) -> {status, id, flags = array, counts = {query, answer, authority, additional},
--                     question, answer, authority, additional = arrays of records,
--                     server, query_ms, error, complete}
--
-- record = {name, ttl, class, type, data}; question records have no ttl and data. status is
-- "NOERROR", "NXDOMAIN", "SERVFAIL", … or json.null without an answer; error is then what dig says
-- (";; connection timed out; no servers could be reached"). server is "address#port".
-- complete is false when no answer's header was seen. Source: dig(1).
local json = require "json"

local M = {}

local null = json.null

local sections = {QUESTION = "question", ANSWER = "answer", AUTHORITY = "authority",
    ADDITIONAL = "additional"}

local function read_question(line)
    local name, class, kind = line:match("^;(%S+)%s+(%u+)%s+(%S+)%s*$")
    return name and {name = name, class = class, type = kind} or nil
end

local function read_record(line)
    local name, ttl, class, kind, data =
        line:match("^([^;%s]%S*)%s+(%d+)%s+(%u+)%s+(%S+)%s+(%S.*)$")
    return name
        and {name = name, ttl = tonumber(ttl), class = class, type = kind, data = data} or nil
end

local function read_header(result, line)
    local status, id = line:match("^;; %->>HEADER<<%- opcode: %u+, status: (%u+), id: (%d+)")
    if status then
        result.status, result.id, result.complete = status, tonumber(id), true
        return true
    end
    local flags, query, answer, authority, additional = line:match(
        "^;; flags: ?([%l ]*); QUERY: (%d+), ANSWER: (%d+), AUTHORITY: (%d+), ADDITIONAL: (%d+)")
    if flags then
        for flag in flags:gmatch("%l+") do
            result.flags[#result.flags + 1] = flag
        end
        result.counts = {query = tonumber(query), answer = tonumber(answer),
            authority = tonumber(authority), additional = tonumber(additional)}
        return true
    end
    return false
end

-- What dig says when it got no answer. Old versions put ";; ", new ones nothing in front.
local function read_error(line)
    local text = line:gsub("^;; ", "")
    if text:find("^connection timed out") or text:find("^communications error")
        or text:find("^no servers could be reached") or text:find("^UDP setup with ")
        or text:find("^Connection to ") or text:find("^dig: ") then
        return text
    end
    return nil
end

function M.parse(text)
    local result = {status = null, id = null, flags = json.array({}), counts = null,
        question = json.array({}), answer = json.array({}), authority = json.array({}),
        additional = json.array({}), server = null, query_ms = null, error = null, complete = false}
    local section
    for line in text:gmatch("[^\r\n]+") do
        local name = line:match("^;; (%u+) %u*SECTION:") or line:match("^;; (%u+) SECTION:")
        local record = section and (section == "question" and read_question or read_record)(line)
        if name then
            section = sections[name]
        elseif record then
            table.insert(result[section], record)
        elseif not read_header(result, line) then
            local query_ms = line:match("^;; Query time: (%d+) msec")
            result.query_ms = tonumber(query_ms) or result.query_ms
            result.server = line:match("^;; SERVER: ([^%s(]+)") or result.server
            result.error = read_error(line) or result.error
        end
    end
    return result
end

return M
