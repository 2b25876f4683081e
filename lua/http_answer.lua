-- http_answer.lua: what a backend sent when it was asked past nginx, judged by nginx's own rules.
--
--   M.read(result) of `curl -i --raw --http0.9 …` -> answer
--       .kind     "http", "empty" (closed without a byte), "reset", "refused", "waits", "not-http",
--                 "bad-header", "huge" (a header that has no end in what is read), "short" (less body than
--                 promised), "unasked" (curl itself failed)
--       .code     the status, where a status line came
--       .head     bytes up to and with the blank line; .lines = the header lines
--       .line     the line that is at fault or that says most: always one of the output's, "" if none
--       .problem  for every kind but "http" and "unasked": what is wrong, as a sentence part
--
-- The grammar is what nginx wants, not what curl forgives: src/http/ngx_http_parse.c
-- (ngx_http_parse_status_line, ngx_http_parse_header_line) and ngx_http_upstream.c (one
-- Content-Length, one Transfer-Encoding, not both).  curl's exit codes: man curl, EXIT CODES.

local M = {}

local BY_EXIT = {
    [7] = { "refused", "it refuses the connection" },
    [52] = { "empty", "it closes the connection without sending a byte" },
    [28] = { "waits", "it takes the connection and sends no whole answer in time" },
}

-- What other protocols say first, so that a wrong port is not called a broken application.
local OTHERS = {
    { "^SSH%-", "an SSH server" }, { "^220[ -]", "a mail or FTP server" }, { "^%-ERR", "a Redis server" },
    { "^%+OK", "a POP3 server" }, { "^%* OK", "an IMAP server" }, { "^\21\3", "a TLS server" },
    { "^....\10[%d.]+", "a MySQL server" }, { "^....\255", "a MySQL server" },
}

function M.other_protocol(text)
    for _, entry in ipairs(OTHERS) do
        if text:find(entry[1]) then
            return entry[2]
        end
    end
    return nil
end

local function first_line(text)
    return (text:match("^([^\r\n]*)"))
end

local function bad(answer, kind, line, problem)
    answer.kind, answer.line, answer.problem = kind, line, problem
    return answer
end

-- A line of the output may hold what no terminal shows; then the status is the evidence.
local function shown(line)
    return line:find("^[\32-\126\t]*$") and line:sub(1, 400) or ""
end

-- A single word without a colon is a header without a value to nginx, strange as it is.
local function header_fault(line)
    local name = line:match("^([^:]*)")
    if name == "" then
        return "a header line has no name"
    elseif name:find("[%c%z]") or line:find("%z") then
        return "a header line holds a control character"
    elseif name:find(" ", 1, true) then
        return line:find(":", 1, true) and "a header's name holds a blank" or "a header line has no colon"
    end
    return nil
end

-- curl gives up at a header line of 100 KiB (27) or a header of 300 KiB; fettle's own limit cuts before that.
local function has_no_end(result)
    return result.cut or result.code == 27 or result.err:find("Too large response headers", 1, true) ~= nil
end

local function read_lines(answer, head)
    local seen = {}
    for line in head:gmatch("([^\n]*)\n") do
        line = line:gsub("\r$", "")
        if #answer.lines > 0 or answer.status_read then
            local fault = line ~= "" and header_fault(line)
            if fault then
                return bad(answer, "bad-header", shown(line), fault)
            end
            local name = line:match("^([^:]*):")
            name = name and name:lower()
            if (name == "content-length" or name == "transfer-encoding") and seen[name] then
                return bad(answer, "bad-header", shown(line), "it sends the header " .. name .. " twice")
            end
            seen[name or ""] = line
            answer.lines[#answer.lines + 1] = line
        end
        answer.status_read = true
    end
    if seen["content-length"] and not seen["content-length"]:find(":%s*%d+%s*$") then
        return bad(answer, "bad-header", shown(seen["content-length"]), "its Content-Length is no number")
    elseif seen["content-length"] and seen["transfer-encoding"] then
        return bad(answer, "bad-header", shown(seen["transfer-encoding"]),
            "it sends both Content-Length and Transfer-Encoding")
    end
    answer.promised = seen["content-length"]
    return answer
end

function M.read(result)
    local text = result.out
    local answer = { result = result, lines = {}, line = "" }
    local by_exit = result.outcome == "exit" and BY_EXIT[result.code]
    if text == "" then
        if by_exit then
            return bad(answer, by_exit[1], "", by_exit[2])
        elseif result.outcome == "exit" and result.code == 56 then
            return bad(answer, "reset", "", "it resets the connection without an answer")
        end
        answer.kind = "unasked"
        return answer
    end
    local code = text:match("^HTTP/%d+%.%d+ +(%d%d%d)[ \r\n]")
    if not code then
        return bad(answer, "not-http", shown(first_line(text)), "what it sends does not begin like an HTTP answer")
    end
    answer.code, answer.line = tonumber(code), shown(first_line(text))
    local stop = select(2, text:find("\r?\n\r?\n"))
    answer.head = stop or #text
    if not stop and has_no_end(result) then
        return bad(answer, "huge", answer.line, "its header does not end within what a proxy could ever hold")
    end
    read_lines(answer, text:sub(1, answer.head))
    if answer.kind then
        return answer
    elseif not stop then
        return bad(answer, "bad-header", answer.line, "the headers end without the blank line after them")
    elseif result.outcome == "exit" and (result.code == 18 or result.code == 56) then
        return bad(answer, "short", shown(answer.promised or answer.line),
            string.format("it closes the connection after %d bytes of the body, before the length that it promised",
                #text - answer.head))
    elseif result.outcome == "exit" and result.code == 28 then
        return bad(answer, "waits", shown(answer.promised or answer.line), "it begins an answer and does not end it in time")
    end
    answer.kind = "http"
    return answer
end

return M
