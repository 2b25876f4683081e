-- nginx_error.lua: reads nginx's error log, as evidence that a client cannot forge.
--
--   M.parse(text)            -> array of entries, one for each line that is not blank, in order
--   M.failures(entries)      -> array of the entries that are upstream failures (suspects not empty)
--   M.kind_of_errno(n, text) -> kind | nil (see nginx_errno.lua)
--
-- entry = {time, level, pid, tid, connection, message, errno, phase, client, server, request,
--   subrequest, upstream, host, referrer, suspects}; all always there, json.null where absent.
--   time      "YYYY-MM-DDTHH:MM:SS", the log's own local time; null when the line lost its date
--   message   all that nginx wrote before its context, so with "(111: Connection refused)" and
--             "while …"; errno and phase repeat these two
--   suspects  playbook names, most likely first (nginx_messages.lua)
-- A line that cannot be read, or that a client may have written as a whole, is {unparsed = line}.
--
-- THE GRAMMAR (src/core/ngx_log.c, ngx_log_error_core; src/http/ngx_http_request.c,
-- ngx_http_log_error and ngx_http_log_error_handler; stream, mail and the resolver likewise):
--
--   DATE TIME [LEVEL] PID#TID: [*CONNECTION ]TEXT[ (ERRNO: STRERROR)][ while ACTION]
--   [, client: A, server: S[, request: "R"][, subrequest: "U"][, upstream: "X"][, host: "H"]
--   [, referrer: "F"]]              or  [, resolver: A]
--
-- nginx escapes nothing in it, in no version so far: R, F, in old versions H, and the path part of
-- X are the client's bytes, and TEXT may quote a path, a name or what the upstream sent. So each
-- border is placed only where nginx's own rules leave a single reading, and what lies between two
-- possible readings is null:
--
--  * Up to ", client: ". When TEXT holds no quote, it holds nothing foreign, and the first
--    ", client: " is nginx's. When it holds one, it may imitate the rest of the line: then there
--    must be one ", client: " only, else errno, phase and all of the context are null. The
--    suspects rest on TEXT's literal head, which is nginx's in any case.
--  * errno and phase stand at the end of that part. Text that is quoted ends with its quote, so it
--    cannot reach there.
--  * R ends with ` HTTP/1.x"` where it first occurs: ngx_http_parse_request_line refuses a request
--    that goes on after its version. An HTTP/2 or /3 request line is put together by nginx and ends
--    with ` HTTP/2.0"` or ` HTTP/3.0"`; its path may hold ` HTTP/1.1"`, so when both occur nothing
--    is sure. Without any of them (HTTP/0.9, TLS sent to a plain port) R can be anything.
--  * X begins right after R (or U), so its address is nginx's. It ends at the first
--    `", host: "`, `", referrer: "` or the end, unless R holds one of these texts itself.
--  * H holds no quote or blank. F is the rest.
--
-- An incomplete trailing field: quoted ones are null, since half an address is a wrong address;
-- unquoted ones (client, server) are given as far as they go; an errno counts once its ": " is
-- there; a phase without context after it must be one that nginx has.
--
-- LINES. A path with %0A in it makes nginx itself write a line break (open() "…" failed), and an
-- upstream's stderr may hold one, so whole lines can be forged. They give themselves away by what
-- nginx appends after them; see mark_forged_lines below.
local json = require "json"
local log_prefix = require "log_prefix"
local nginx_errno = require "nginx_errno"
local nginx_messages = require "nginx_messages"

local M = {kind_of_errno = nginx_errno.kind_of_errno}

local null = json.null

-- NGX_MAX_ERROR_STR (src/core/ngx_log.h): a line with its line feed is never longer.
local max_line = 2048
-- Lines beyond this are not nginx's; reading their start keeps the work bounded.
local max_read = 16384

local levels = {
    emerg = true, alert = true, crit = true, error = true, warn = true, notice = true,
    info = true, debug = true,
}

-- log->action values that a line without context may end with (git grep 'action = "').
local known_phases = {
    ["connecting to upstream"] = true, ["SSL handshaking to upstream"] = true,
    ["SSL handshaking"] = true, ["sending request to upstream"] = true,
    ["reading response header from upstream"] = true, ["reading upstream"] = true,
    ["reading response from upstream"] = true, ["sending to client"] = true,
    ["sending response to client"] = true, ["reading client request line"] = true,
    ["reading client request headers"] = true, ["reading client request"] = true,
    ["waiting for request"] = true, ["keepalive"] = true, ["closing request"] = true,
    ["logging request"] = true, ["logging to syslog"] = true, ["resolving"] = true,
    ["requesting certificate status"] = true, ["reading PROXY protocol"] = true,
    ["proxying connection"] = true, ["proxying upgraded connection"] = true,
    ["initializing session"] = true, ["processing HTTP/2 connection"] = true,
    ["prereading client data"] = true,
}

-- The part before the message -> {time, level, pid, tid, connection}, position of the message;
-- or nil. A line may have lost its date, or the first half of it.
local function read_header(line)
    local head, at = {}, 1
    local y, m, d, clock = line:match("^(%d%d%d%d)/(%d%d)/(%d%d) (%d%d:%d%d:%d%d) ")
    if y then
        head.time, at = y .. "-" .. m .. "-" .. d .. "T" .. clock, 21
    else
        at = #line:match("^[%d/: ]*", 1) + 1
        if at > 21 then
            return nil
        end
    end
    local level, pid, tid, stop = line:match("^%[(%a+)%] (%d+)#(%d+): ()", at)
    if not level then
        level, stop = line:match("^%[(%a+)%] ()%*%d+ ", at)
    end
    if not level and not head.time then
        pid, tid, stop = line:match("^(%d+)#(%d+): ()") -- its level went with the date
    end
    if not stop or level and not levels[level] then
        return nil
    end
    head.level, head.pid, head.tid = level, tonumber(pid), tonumber(tid)
    local connection, after = line:match("^%*(%d+) ()", stop)
    head.connection = tonumber(connection)
    return head, after or stop
end

-- Start-up lines on standard error: `nginx: [emerg] …`, `nginx: configuration file … test failed`.
local function read_console_header(line)
    local level, stop = line:match("^nginx: %[(%a+)%] ()")
    if level and levels[level] then
        return {level = level}, stop
    end
    stop = line:match("^nginx: ()")
    return stop and {} or nil, stop
end

local function count_of(text, needle, from)
    local count, at = 0, from
    repeat
        local _, stop = text:find(needle, at, true)
        at = stop and stop + 1
        count = at and count + 1 or count
    until not at
    return count
end

-- errno and its text, at the very end of what precedes " while ". A quote after it would mean that
-- it is part of a quoted text.
local function read_errno(text, complete)
    if text:find("^%[lua%]") or text:find("^js") then
        return nil -- a script's own words
    end
    local number, reason = text:match(" %((%d+): ([^()\"]*)%)$")
    if not number and not complete and not text:find('"', 1, true) then
        number, reason = text:match(" %((%d+): ([^()]*)$")
    end
    if not number or #number > 9 then
        return nil
    end
    -- `x could not be resolved (3: Host not found)` has the resolver's code in its own text, and
    -- `(20: …)` of a certificate check is OpenSSL's.
    local before = text:sub(1, (text:find(" %(%d+: [^()]*%)?$")) - 1)
    if before:find(" could not be resolved$")
        or before:find("^upstream SSL certificate verify error") then
        return nil
    end
    return tonumber(number), reason
end

-- " while ACTION" at the end of the message -> phase or nil, text before it.
local function read_phase(text, complete)
    local at, last = 1, nil
    repeat
        local start, stop = text:find(" while ", at, true)
        last, at = start or last, stop
    until not start
    if not last then
        return nil, text
    end
    local phase = text:sub(last + 7)
    if complete and phase:find("^%a[%w /-]*$") or known_phases[phase] then
        return phase, text:sub(1, last - 1)
    end
    return nil, text
end

-- Where nginx's context starts -> start, position after its name, its name, sure. Nothing at all
-- when there is no context. `cut`: nginx ran out of room, so its own context may not be there.
local function find_context(line, from, cut)
    local start, stop = line:find(", client: ", from, true)
    local name = "client"
    local udp = line:find(", udp client: ", from, true)
    if udp and (not start or udp < start) then
        start, stop = udp, udp + #", udp client: " - 1
    end
    if not start then
        local resolver = line:match("(), resolver: [%x.:%[%]]+$", from)
        if resolver and not line:sub(from, resolver):find('"', 1, true) then
            return resolver, resolver + #", resolver: ", "resolver", true
        end
        return nil
    end
    if not line:sub(from, start):find('"', 1, true) then
        return start, stop + 1, name, true
    end
    local single = count_of(line, ", client: ", from) + count_of(line, ", udp client: ", from) == 1
    return start, stop + 1, name, single and not cut
end

local names_after = {", request: \"", ", subrequest: \"", ", upstream: \"", ", host: \"",
    ", referrer: \"", ", login: \"", ", bytes from/to client:", ", upstream: "}

-- The unquoted server ends where the next name begins; names of servers hold no quotes.
local function read_server(text, at)
    local stop = #text + 1
    for _, name in ipairs(names_after) do
        local found = text:find(name, at, true)
        stop = found and found < stop and found or stop
    end
    return text:sub(at, stop - 1), stop
end

-- The end of R: position of its closing quote, or nil when several or none are possible.
local function find_request_end(text, at)
    local candidates, first, binary, binaries = 0, nil, nil, 0
    for major, after in text:gmatch(' HTTP/(%d)%.?%d?"()', at) do
        candidates = candidates + 1
        -- a name, the end, or the beginning of a name in a line that was cut
        local follows = text:find('^, %l+: "', after) or text:find("^,? ?%l*:? ?$", after)
        if follows and candidates == 1 and major == "1" then
            first = after - 1
        elseif follows and (major == "2" or major == "3") then
            binary, binaries = after - 1, binaries + 1
        end
    end
    if binaries == 0 then
        return first
    end
    return not first and binaries == 1 and binary or nil
end

-- The closing quote of a field that one of `next_names` may follow, or that ends the line.
-- -> its position, or nil when the line is cut inside the field.
local function find_field_end(text, at, next_names)
    local best
    for _, name in ipairs(next_names) do
        local found = text:find('", ' .. name .. ': "', at, true)
        best = found and (not best or found < best) and found or best
    end
    if best then
        return best
    end
    return #text >= at and text:sub(-1) == '"' and #text or nil
end

local function opens(text, at, name)
    local _, stop = text:find('^, ' .. name .. ': "', at)
    return stop and stop + 1 or nil
end

local function read_referrer(text, at, entry)
    local from = opens(text, at, "referrer")
    if from and #text >= from and text:sub(-1) == '"' then
        entry.referrer = text:sub(from, -2)
    end
end

local function read_host(text, at, entry)
    local from = opens(text, at, "host")
    if not from then
        return read_referrer(text, at, entry)
    end
    local stop = find_field_end(text, from, {"referrer"})
    local host = stop and text:sub(from, stop - 1)
    if host and not host:find('[%s"]') then
        entry.host = host
        read_referrer(text, stop + 1, entry)
    end
end

-- `, upstream: "X"` and what follows it. `foreign` is what the client may have put into X.
local function read_upstream(text, at, entry, foreign)
    local from = opens(text, at, "upstream")
    if not from then
        return read_host(text, at, entry)
    end
    if foreign:find('", host: "', 1, true) or foreign:find('", referrer: "', 1, true) then
        return
    end
    local stop = find_field_end(text, from, {"host", "referrer"})
    if not stop then
        -- the stream module counts bytes after it
        stop = text:match('^[^"]*()", bytes from/to client:', from)
    end
    if stop then
        entry.upstream = text:sub(from, stop - 1)
        read_host(text, stop + 1, entry)
    end
end

-- U is the subrequest's path, decoded, so it too may imitate what follows.
local function read_subrequest(text, at, entry, foreign)
    local from = opens(text, at, "subrequest")
    if not from then
        return read_upstream(text, at, entry, foreign)
    end
    local stop = find_field_end(text, from, {"upstream", "host", "referrer"})
    if not stop or count_of(text, '", upstream: "', from) > 1 then
        return
    end
    entry.subrequest = text:sub(from, stop - 1)
    read_upstream(text, stop + 1, entry, foreign)
end

local function read_request(text, at, entry)
    local from = opens(text, at, "request")
    if not from then
        return read_subrequest(text, at, entry, "")
    end
    local stop = find_request_end(text, from)
    if not stop then
        -- No version to anchor at: only a line without any further quote is clear.
        if text:match('^[^"]*"()$', from) then
            entry.request = text:sub(from, -2)
        end
        return
    end
    entry.request = text:sub(from, stop - 1)
    read_subrequest(text, stop + 1, entry, entry.request)
end

-- A request that nginx has not accepted yet may be any bytes, and it has no upstream.
local function before_request(entry)
    local phase = entry.phase ~= null and entry.phase or ""
    return entry.message:find("^client sent ") or phase:find("^reading client ")
        or phase == "waiting for request"
end

local function read_context(line, at, entry)
    local client, next_at = line:match("^([^%s,\"]*)()", at)
    entry.client = client ~= "" and client or null
    local server_at = select(2, line:find("^[%l ]*, server: ", next_at))
    if not server_at then
        return
    end
    entry.server, next_at = read_server(line, server_at + 1)
    if before_request(entry) then
        if opens(line, next_at, "request") then
            entry.request = line:match(', request: "([^"]*)"$', next_at) or null
        end
        return
    end
    read_request(line, next_at, entry)
end

local function is_unix(entry)
    if entry.message:find("^connect%(%) to unix:") then
        return true
    end
    local upstream = entry.upstream ~= null and entry.upstream or ""
    return (upstream:find("^unix:") or upstream:find("^[%a_]+://unix:")
        or upstream:find("^[%a_]+ unix:")) ~= nil
end

local fields = {"time", "level", "pid", "tid", "connection", "message", "errno", "phase", "client",
    "server", "request", "subrequest", "upstream", "host", "referrer"}

local function new_entry(head)
    local entry = {}
    for _, name in ipairs(fields) do
        entry[name] = head[name] == nil and null or head[name]
    end
    return entry
end

local function copy(list)
    return json.array(table.move(list, 1, #list, 1, {}))
end

-- One line without its prefix -> entry, or nil when it is none.
local function read_line(line)
    local head, at = read_header(line)
    if not head then
        head, at = read_console_header(line)
    end
    if not head then
        return nil
    end
    local entry = new_entry(head)
    local cut = #line >= max_line - 8
    local start, after, name, sure = find_context(line, at, cut)
    entry.message = line:sub(at, start and start - 1)
    local reason
    -- A line of a connection that ends before its context was cut, maybe inside a quoted text.
    local quoted = entry.message:find('"', 1, true) ~= nil
    if sure or not start and not (quoted and (cut or head.connection)) then
        local phase, text = read_phase(entry.message, start ~= nil)
        local number
        number, reason = read_errno(text, start ~= nil)
        entry.phase, entry.errno = phase or null, number or null
    end
    if sure and name == "client" then
        read_context(line, after, entry)
    end
    entry.suspects = copy(nginx_messages.suspects{
        message = entry.message,
        level = head.level,
        phase = entry.phase ~= null and entry.phase or nil,
        kind = entry.errno ~= null and nginx_errno.kind_of_errno(entry.errno, reason) or nil,
        unix = is_unix(entry),
        resolver = name == "resolver",
    })
    return entry
end

-- A record of one physical line, with what is needed to tell forged lines.
local function new_record(raw)
    local seen = log_prefix.strip(raw:sub(1, max_read))
    local entry = read_line(seen)
    local client = seen:find(", client: ", 1, true)
    local quote = seen:find('"', 1, true)
    local record = {raw = raw, entry = entry, size = #seen + 1}
    -- An entry with a quote in its message may go on in the next line.
    record.opener = entry and quote ~= nil and (not client or quote < client)
    -- What nginx appends to a broken entry: a line without header that has the context, or a line
    -- whose own "context" is followed by the end of a quoted text and the true context. nginx
    -- never writes `" text, client: ` after a first `, client: `.
    if client and not entry then
        record.closer = true
    elseif client then
        local second = seen:find(", client: ", client + 1, true)
        record.closer = second and seen:sub(client, second):find('" %l[^"]*$') ~= nil or false
    end
    return record
end

-- Lines between an entry that may have been broken by a line feed and the context that nginx
-- appended at its end were chosen by a client or an upstream, at most NGX_MAX_ERROR_STR bytes.
-- Which of the lines in between are nginx's own cannot be told, so none is evidence. The first
-- possible opener counts, as a forger may write a second one. Where nginx ran out of room and
-- appended nothing, the entry has its full length to the byte.
local function mark_forged_lines(records)
    local openers, first = {}, 1
    local offset = 0
    for index, record in ipairs(records) do
        offset = offset + record.size
        while openers[first] and offset - openers[first].start > max_line do
            first = first + 1
        end
        local full = false
        for i = first, #openers do
            full = full or offset - openers[i].start == max_line
        end
        local opener = openers[first]
        if opener and (record.closer or full) then
            for between = opener.index + 1, index do
                records[between].entry = nil
            end
            openers, first = {}, 1
        elseif record.opener then
            openers[#openers + 1] = {start = offset - record.size, index = index}
        end
    end
end

-- Not `gsub("\r+$", "")`: on a line of carriage returns that takes the square of its length.
local function drop_returns(line)
    local stop = #line
    while stop > 0 and line:byte(stop) == 13 do
        stop = stop - 1
    end
    return line:sub(1, stop)
end

local function split(text)
    local records, at = {}, 1
    while at <= #text do
        local stop = text:find("\n", at, true) or #text + 1
        local line = text:sub(at, stop - 1)
        local kept = drop_returns(line)
        local record = kept:find("%S") and new_record(kept) or {size = 1}
        record.size = record.size + #line - #kept
        records[#records + 1] = record
        at = stop + 1
    end
    return records
end

function M.parse(text)
    local records, entries = split(text), json.array({})
    mark_forged_lines(records)
    for _, record in ipairs(records) do
        if record.raw then
            entries[#entries + 1] = record.entry or {unparsed = record.raw}
        end
    end
    return entries
end

function M.failures(entries)
    local list = json.array({})
    for _, entry in ipairs(entries) do
        if entry.suspects and #entry.suspects > 0 then
            list[#list + 1] = entry
        end
    end
    return list
end

return M
