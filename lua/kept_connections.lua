-- kept_connections.lua: does the backend close idle connections before nginx does, which keeps them for reuse?
--
--   kept_connections.look(host, symptom, failure) -> cause | nil       failure: a line of the log about this upstream
--   kept_connections.keeps(config, pass) -> { upstream, timeout = seconds, directive | nil } | nil
--       where nginx keeps connections open to what this pass leads to
--
-- A request that nginx sends on a kept connection while the backend closes it is lost.  nginx sends it again on a new
-- one, unless it may have had an effect (POST, LOCK, PATCH): then it answers 502.  So whoever opens connections has to
-- be the one who closes them: nginx's keepalive_timeout has to be shorter than the backend's.
--
-- Source: nginx src/http/ngx_http_upstream.c (ngx_http_upstream_next: a cached connection costs no try, and
-- NGX_HTTP_UPSTREAM_FT_NON_IDEMPOTENT), src/http/modules/ngx_http_upstream_keepalive_module.c (keepalive_timeout since
-- 1.15.3, 60 s by default).  A connection that one side closes stays in TIME-WAIT there and nowhere else (RFC 9293,
-- 3.6), which is how the fix is seen to work.

local deaths = require "deaths"
local direct = require "direct"
local lines = require "lines"
local nginx_change = require "nginx_change"
local nginx_log = require "nginx_log"
local timeouts = require "timeouts"
local upstream_text = require "upstream"
local wrong = require "wrong_proxy_pass"

local M = {}

local DEFAULT = 60
local SETTLES = 6 -- seconds that a verification has for seeing nginx close a connection
local NOT_AGAIN = { POST = true, LOCK = true, PATCH = true }

-- Messages of a connection that was closed under a request.
local CLOSED = { "^upstream prematurely closed connection", "^recv%(%) failed %(104:", "^writev%(%) failed %(32:",
                 "^writev%(%) failed %(104:", "^send%(%) failed %(32:", "^send%(%) failed %(104:" }

local function closed_under_it(entry)
    for _, pattern in ipairs(CLOSED) do
        if tostring(entry.message):find(pattern) then
            return entry.phase == "reading response header from upstream" or entry.phase == "sending request to upstream"
        end
    end
    return false
end

-- What nginx does there ----------------------------------------------------------------------------------

-- HTTP/1.1 without "Connection: close", which nginx sends unless it is told otherwise.
local function asks_to_keep(config, pass)
    local version = config:effective(pass.directive, "proxy_http_version")
    local _, headers = config:effective(pass.directive, "proxy_set_header")
    for _, d in ipairs(headers) do
        if d.args[1].text:lower() == "connection" then
            local value = d.args[2] and d.args[2].text:lower()
            return (value == "" or value == "keep-alive") and version ~= nil and version.args[1].text == "1.1"
        end
    end
    return false
end

function M.keeps(config, pass)
    local name = pass.kind == "proxy_pass" and (pass.resolved or pass.target).upstream
    local upstream = name and config:upstream(name)
    local keepalive = upstream and config:named(upstream.directive, "keepalive")[1]
    if not keepalive or not asks_to_keep(config, pass) then
        return nil
    end
    local directive = config:named(upstream.directive, "keepalive_timeout")[1]
    return { upstream = upstream, keepalive = keepalive, directive = directive,
             timeout = directive and timeouts.seconds(directive.args[1].text) or not directive and DEFAULT or nil }
end

local function kept_at(symptom, key)
    for _, pass in ipairs(direct.passes_of(symptom, key)) do
        local kept = M.keeps(symptom.nx.config, pass)
        if kept and kept.timeout then
            kept.pass = pass
            return kept
        end
    end
    return nil
end

-- What the log tells -------------------------------------------------------------------------------------

-- Would nginx have tried another connection for it?
local function is_tried_again(config, pass, method)
    local d = config:effective(pass.directive, "proxy_next_upstream")
    local words = {}
    for _, arg in ipairs(d and d.args or {}) do
        words[arg.text] = true
    end
    return (not d or words.error or false) and (not NOT_AGAIN[method] or words.non_idempotent or false)
end

-- -> the newest request that nginx could not send again, and how many there were; nil where another line of this
-- upstream tells of something else, or where nothing was lost
local function lost_requests(symptom, kept, key)
    local newest, count = nil, 0
    for _, failure in ipairs(symptom.failures) do
        local entry = failure.entry
        local address = upstream_text.parse(entry.upstream)
        if address and upstream_text.key(address) == key then
            local method = tostring(entry.request):match("^(%u+) ")
            if not closed_under_it(entry) or not method then
                return nil
            elseif not is_tried_again(symptom.nx.config, kept.pass, method) then
                newest, count = failure, count + 1
            end
        end
    end
    return newest, count
end

-- What the backend does ----------------------------------------------------------------------------------

local function header(answer, name)
    for _, line in ipairs(answer.lines) do
        local key, value = line:match("^([^:]+):%s*(.-)%s*$")
        if key and key:lower() == name then
            return value, line
        end
    end
    return nil
end

-- pause: in seconds, one that divides a minute, as curl's --rate wants it
local function argv(question, pause)
    return { "curl", "-q", "-sS", "-g", "-k", "-o", "/dev/null", "-o", "/dev/null", "--http1.1", "--noproxy", "*", "--max-time", "5",
             "--rate", tostring(60 // pause) .. "/m", question.socket and "--unix-socket" or "--connect-to",
             question.socket or "::" .. question.connect, "-w", "%{http_code}|%{num_connects}|", "--", question.url, question.url }
end

-- Is a connection still open after these pauses?  Side by side.
local function try(host, question, pauses, seen)
    local commands = {}
    for i, pause in ipairs(pauses) do
        commands[i] = { argv(question, pause), { fresh = true, timeout = pause + 15 } }
    end
    for i, r in ipairs(host:run_all(commands)) do
        local first, again = r.out:match("^%d%d%d|(%d+)|%d%d%d|(%d+)|")
        if not r.ok or first ~= "1" then
            seen.failed = true
        elseif again == "0" and pauses[i] > (seen.least or 0) then
            seen.least, seen.open = pauses[i], r
        elseif again ~= "0" and pauses[i] < (seen.most or math.huge) then
            seen.most, seen.closed = pauses[i], r
        end
    end
end

-- Two requests on one connection, with pauses between them: how long is it kept at least, and how long at most?
-- -> { least = seconds | nil, most = seconds | nil, shown = evidence } | nil: it could not be measured
local function measure(host, question, longest)
    local seen = { shown = {} }
    try(host, question, { 2, 5 }, seen)
    if seen.most == 2 then
        try(host, question, { 1 }, seen)
    elseif seen.least == 5 and longest > 5 then
        try(host, question, { 10, 20 }, seen)
    end
    if seen.failed or (seen.least and seen.most and seen.least >= seen.most) then
        return nil
    end
    for _, r in ipairs({ seen.open or seen.closed, seen.open and seen.closed or nil }) do
        seen.shown[#seen.shown + 1] = r:show(r.out)
    end
    return seen
end

-- -> { text, seconds = it is surely kept for so long | nil, most, shown = evidence } | nil
local function backend_keeps(host, question, kept)
    local answer = direct.ask(host, question, 5)
    if answer.kind ~= "http" or answer.code >= 500 or tostring((header(answer, "connection"))):lower():find("close", 1, true) then
        return nil
    end
    local value, line = header(answer, "keep-alive")
    local said = value and tonumber(value:match("timeout=(%d+)"))
    if said then
        return { seconds = said, most = said, shown = { answer.result:show(line) },
                 text = string.format("after %d s, as its header %q says", said, line) }
    end
    local seen = measure(host, question, kept.timeout)
    if not seen or not seen.most then
        return nil
    end
    return { seconds = seen.least, most = seen.most, shown = seen.shown,
             text = seen.least and string.format("after more than %d and at most %d s, as two requests with a pause between them show",
                 seen.least, seen.most) or string.format("within %d s, as two requests with a pause between them show", seen.most) }
end

-- The fix ------------------------------------------------------------------------------------------------

local function supports_timeout(nx)
    local major, minor, patch = tostring(nx.version):match("/(%d+)%.(%d+)%.(%d+)")
    if not major then
        return false
    end
    local n = tonumber(major) * 1000000 + tonumber(minor) * 1000 + tonumber(patch)
    return n >= 1015003
end

-- nginx is seen to close a connection by itself, just now: after the questions before it, so it is one of nginx's.
local function close_check(address, seconds)
    if address.unix or seconds > SETTLES then
        return nil
    end
    local there = (address.host .. ":" .. address.port):gsub("[%[%].]", "\\%0")
    return { argv = { "ss", "-H", "-tano" }, times = 1, exit = 0,
             out = "TIME-WAIT +0 +0 +[^ ]+ +" .. there .. " +timer:\\(timewait,59sec" }
end

local function fix(host, symptom, kept, address, backend)
    local seconds = backend.seconds and backend.seconds - 1
    if not seconds or seconds < 1 then
        return nil, "it keeps them for too short a time"
    elseif not supports_timeout(symptom.nx) then
        return nil, "this nginx has no keepalive_timeout for upstreams (since 1.15.3)"
    elseif not (symptom.url and direct.of_url(symptom, upstream_text.key(address))) then
        return nil, "no address is known that leads there, to verify it by (-p url=URL)"
    end
    local name = kept.upstream.name
    local edits, reason = nginx_change.settings(host, symptom.nx, function(config)
        return config:upstream(name).directive
    end, { { "keepalive_timeout", seconds .. "s" } })
    local made = edits and wrong.nginx_fix(host, symptom, {
        id = "close-connections-first", title = string.format("Let nginx close idle connections to %s after %d s", name, seconds),
        why = "Then nginx is always the first to close one, and never sends a request on a connection that is being closed. "
            .. "Connections are still reused as long as requests come faster than that.",
        recommended = true, edits = edits })
    local check = made and close_check(address, seconds)
    if check then
        made.verify.checks[2] = check
        made.verify.text = made.verify.text .. ", and nginx is seen to close an idle connection to "
            .. upstream_text.key(address) .. " by itself"
    end
    return made, reason
end

-- ---------------------------------------------------------------------------------------------------------

local function question_for(symptom, failure, key, address)
    local q = direct.of_failure(symptom, failure) or (symptom.url and direct.of_url(symptom, key))
        or { url = "http://localhost/", socket = address.unix, connect = not address.unix and key or nil }
    q.http = 1 -- as nginx speaks there
    return q
end

local function evidence_of(host, newest, kept, backend, well)
    local evidence = { nginx_log.show(newest), lines.shown(host, kept.keepalive) }
    evidence[#evidence + 1] = kept.directive and lines.shown(host, kept.directive) or nil
    evidence[#evidence + 1] = well and well.result:show(well.raw) or nil
    table.move(backend.shown, 1, #backend.shown, #evidence + 1, evidence)
    return evidence
end

function M.look(host, symptom, failure)
    local address = upstream_text.parse(failure.entry.upstream)
    local key = address and upstream_text.key(address)
    local kept = key and kept_at(symptom, key)
    local newest, count = nil, nil
    if kept and not (symptom.code and symptom.code >= 500 and not symptom.intermittent) then
        newest, count = lost_requests(symptom, kept, key)
    end
    local death = newest and deaths.find(host, address, symptom.failures)
    if not newest or death then
        return nil
    end
    local backend = backend_keeps(host, question_for(symptom, newest, key, address), kept)
    if not backend or kept.timeout < (backend.seconds or backend.most) then
        return nil
    end
    local method, path = tostring(newest.entry.request):match("^(%u+) ([^ ?]+)")
    local well = path and nginx_log.answered(host, symptom.nx, method, path)
    local certain = well ~= nil and death == false
    local cause = { title = "The backend closes idle connections before nginx does", likelihood = certain and 85 or 65,
                    evidence = evidence_of(host, newest, kept, backend, well), fixes = {},
                    subject = { upstream = key, block = kept.upstream.name } }
    cause.summary = string.format("nginx keeps connections to %s open for reuse (keepalive, %s:%d) for up to %d s%s, but the "
        .. "backend closes an idle one %s. A request that nginx sends just then is lost: nginx sends it again, but not a POST, "
        .. "which may have been carried out; so %s answered with 502. Asked directly, the backend is well.", key,
        kept.keepalive.file, kept.keepalive.line, math.ceil(kept.timeout),
        kept.directive and string.format(" (keepalive_timeout, %s:%d)", kept.directive.file, kept.directive.line)
            or " (nginx's default)", backend.text, (count == 1 and "one request " or count .. " requests ")
            .. (certain and (count == 1 and "was" or "were") or "may have been"))
    local made, reason = fix(host, symptom, kept, address, backend)
    cause.fixes[1] = made
    if not certain then
        cause.summary = cause.summary .. (death == nil and " Whether its process ended just then, which looks the same to nginx, "
            .. "could not be seen" or " The access log shows no such request that was answered well, so the application may as well "
            .. "break at it") .. ": look at its own log first."
    end
    if made then
        made.recommended = certain
    else
        cause.summary = cause.summary .. string.format(" Either set keepalive_timeout in the upstream %s (%s:%d) below that time, or "
            .. "let the backend keep connections for longer than %d s (gunicorn: --keep-alive; node: server.keepAliveTimeout)%s.",
            kept.upstream.name, kept.upstream.file, kept.upstream.line, math.ceil(kept.timeout),
            reason and ". It is not changed by itself: " .. reason or "")
    end
    return cause
end

return M
