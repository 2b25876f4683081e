-- symptom.lua: is nginx answering 502 here, for which address, and what does it log about it?
--
--   symptom.look(host, params) -> {
--     state = "present" | "absent" | "unknown", summary = sentence, evidence = {…},
--     url, via (HOST:PORT asked instead of what the URL's host resolves to), code (last answer),
--     failed_code (the first answer that was 502 or 504),
--     nx = nginx.find(host), failures = nginx_log.failures since params.since,
--     upstreams = { {key = "unix:/run/x.sock" | "10.0.0.5:8080", address, failure | nil, count,
--                    fresh = it failed when it was asked just now} … }, newest first,
--     waits = true where nginx took the request and gave no answer for as long as it was asked,
--     intermittent = true where it fails now and then,
--     answer = the last one (web.answer), silent = true where there was none, fresh_failure = true where nginx logged one since,
--     clock = { now, epoch } of when.now before anything was asked }
--
-- An address that sends on to another one of this nginx is followed, and one that leads to another host is asked of this
-- nginx as well: url and via are then what failed.
--
-- The address is asked first and the log read afterwards: the line that our own question left is
-- the freshest evidence there is.

local doors = require "doors"
local nginx = require "nginx"
local nginx_log = require "nginx_log"
local redirect = require "redirect"
local repairs = require "repairs"
local service = require "service"
local timeouts = require "timeouts"
local unix_socket = require "unix_socket"
local upstream = require "upstream"
local urls = require "urls"
local web = require "web"
local when = require "when"

local M = {}

local TIMES = 3
local MOST_REDIRECTS = 3
local MOST_PATIENCE = 66 -- seconds: nginx's default of 60 and a little more

-- What a URL on a curl command line may hold; anything else a client sent is not asked again.
local PLAIN_PATH = "^/[%w%-._~:/?#%[%]@!$&()*+,;=%%]*$"

-- The newest GET or HEAD that failed, as a URL; nothing else is ever repeated.
local function from_errors(nx, failures)
    for i = #failures, 1, -1 do
        local entry = failures[i].entry
        local method, path = tostring(entry.request):match("^(%u+) (%S+) HTTP/[%d.]+$")
        if (method == "GET" or method == "HEAD") and path:find(PLAIN_PATH) then
            local host = type(entry.host) == "string" and entry.host:lower() or nil
            local name, port = host, nil
            if host and host:find(":%d+$") then
                name, port = host:match("^(.*):(%d+)$")
            end
            name = name or (type(entry.server) == "string" and entry.server:lower()) or nil
            local server, listen = doors.server_of(nx, name, tonumber(port))
            if server then
                local url, via = doors.compose(listen, name, path)
                return { url = url, via = via, from = nginx_log.show(failures[i]) }
            end
        end
    end
    return nil
end

local function from_access(host, nx)
    local last = nginx_log.last_failed_request(host, nx)
    local path = last and last.entry.uri
    if type(path) ~= "string" or not path:find(PLAIN_PATH) then
        return nil
    end
    local server, listen = doors.server_of(nx, nil, nil)
    if not server then
        return nil
    end
    local url, via = doors.compose(listen, nil, path)
    return { url = url, via = via, from = last.result:show(last.raw), at = last.entry.time }
end

local function group(failures)
    local list, known = {}, {}
    for i = #failures, 1, -1 do
        local parsed = upstream.parse(failures[i].entry.upstream)
        local key = parsed and upstream.key(parsed)
        if key and known[key] then
            known[key].count = known[key].count + 1
        elseif key and #list < 16 then
            known[key] = { key = key, address = parsed, failure = failures[i], count = 1,
                           fresh = failures[i].fresh }
            list[#list + 1] = known[key]
        end
    end
    return list
end

-- Where no log line names the upstream, the configuration does: which passes this URL can reach.
local function from_route(nx, url)
    local server, location = urls.route(nx.config, url)
    if not server then
        return {}
    end
    local list, known = {}, {}
    for _, reachable in ipairs(nx.config:reachable_passes(server, location) or {}) do
        for _, use in ipairs(nx.config:addresses()) do
            for _, pass in ipairs(use.passes) do
                if pass.directive == reachable.pass.directive and use.key and not known[use.key] then
                    known[use.key] = true
                    list[#list + 1] = { key = use.key, count = 0, address = upstream.parse(use.key) }
                end
            end
        end
    end
    return list
end

local function is_failure(answer)
    return answer.code == 502 or answer.code == 504
end

local function count(answers, test)
    local n = 0
    for _, answer in ipairs(answers) do
        n = n + (test(answer) and 1 or 0)
    end
    return n
end

local function seconds_of(text)
    local n, unit = tostring(text):match("^(%d+)([smhd]?)$")
    return n and tonumber(n) * ({ s = 1, m = 60, h = 3600, d = 86400, [""] = 1 })[unit] or 900
end

local function add_evidence(seen, results)
    for _, r in ipairs(results) do
        seen.evidence[#seen.evidence + 1] = r:show(r.out)
    end
end

-- What was asked and what came back, into `seen`.
local function judge_answers(seen, answers)
    seen.answer = answers[#answers]
    local failed = count(answers, is_failure)
    seen.code = answers[#answers].code
    for _, answer in ipairs(answers) do
        seen.failed_code = seen.failed_code or (is_failure(answer) and answer.code or nil)
    end
    if count(answers, function(a) return a.waits end) > 0 then
        seen.state = "present"
        seen.summary = string.format("%s: nginx takes the request and gives no answer within %d s", seen.url,
            seen.patience)
    elseif failed > 0 then
        seen.state = "present"
        seen.intermittent = failed < #answers
        seen.summary = string.format("%s answers %s", seen.url, web.codes(answers))
    elseif count(answers, function(a) return a.code == nil end) > 0 then
        seen.state = "unknown"
        seen.silent = true
        seen.summary = string.format("nginx itself gives no answer at %s: %s", seen.url, web.codes(answers))
    elseif count(answers, function(a) return a.code >= 500 end) > 0 and #seen.failures > 0 then
        seen.state = "present"
        seen.summary = string.format("%s answers %s", seen.url, web.codes(answers))
    else
        local error = count(answers, function(a) return a.code >= 500 end) > 0
        seen.state = "absent"
        seen.summary = string.format("%s answers %s%s", seen.url, web.codes(answers), error and ": an error, but not one that "
            .. "nginx makes of a backend that fails; who answers so says why in its own log" or "")
    end
end

-- Lines about an address that the configuration does not have any more are history: unless a
-- variable hides addresses, everything nginx can connect to is written in it.
local function is_history(nx, failure)
    local parsed = upstream.parse(failure.entry.upstream)
    if not parsed then
        return false
    end
    if not unix_socket.knows_all_addresses(nx.config) then
        return false
    end
    for _, use in ipairs(nx.config:addresses()) do
        local address = use.address
        if use.key == upstream.key(parsed)
            or (address and parsed.port and address.port == parsed.port and (address.host or ""):find("%a")) then
            return false
        end
    end
    return true
end

-- Takes out what is no news: what was logged before fettle's last repair, and what is about another
-- configuration.  What our own questions have just provoked is news whatever it is about.
local function drop_history(host, seen, clock)
    local kept = { read = seen.failures.read, problems = seen.failures.problems, moved = seen.failures.moved,
                   own = seen.failures.own }
    local repaired
    for _, failure in ipairs(seen.failures) do
        failure.fresh = seen.code ~= nil and failure.at ~= nil and clock.now ~= nil and failure.at >= clock.now
        seen.fresh_failure = seen.fresh_failure or failure.fresh
        if not failure.fresh and repaired == nil then
            repaired = repairs.last(host) or 0
        end
        local old = clock.now and failure.at and failure.at <= (repaired or 0) + (clock.now - clock.epoch)
        if failure.fresh or not (old or is_history(seen.nx, failure)) then
            kept[#kept + 1] = failure
        end
    end
    seen.history = #seen.failures - #kept
    seen.failures = kept
end

-- The newest request that failed; a configuration that was refused ([emerg]) is no request.
local function last_failed(failures)
    for i = #failures, 1, -1 do
        if failures[i].entry.level ~= "emerg" then
            return failures[i]
        end
    end
    return nil
end

-- Nothing fails right now: is it over, or does it come and go?
local function judge_logs(seen, since)
    local last = last_failed(seen.failures)
    if last then
        seen.state, seen.intermittent = "present", true
        seen.summary = (seen.summary and seen.summary .. " now, but " or "")
            .. string.format("%d requests failed at an upstream in the last %s, the last one at %s",
                #seen.failures, when.duration(since), tostring(last.entry.time))
        seen.evidence[#seen.evidence + 1] = nginx_log.show(last)
    elseif seen.failures.read == 0 then
        seen.state = "unknown"
        seen.summary = (seen.summary and seen.summary .. ", but " or "")
            .. (seen.failures.problems[1] or "no error log could be read")
    elseif seen.state == "absent" and seen.history > 0 then
        seen.summary = seen.summary .. "; what the log still shows was before the last repair, or is about "
            .. "an address that nginx does not use any more"
    elseif seen.state ~= "absent" and #seen.failures.problems > 0 then
        seen.state = "unknown"
        seen.summary = (seen.no_curl and seen.url .. " cannot be asked, since this host has no curl" or "no address is known to ask")
            .. ", and not all logs tell what failed: " .. seen.failures.problems[1]
            .. (seen.no_curl and "" or ". Name the address that shows the error: -p url=URL")
    elseif seen.state ~= "absent" and nginx_log.quiet(seen.nx) then
        seen.state = "unknown"
        seen.summary = "no address is known to ask, and the error log says nothing about requests that fail: "
            .. nginx_log.quiet(seen.nx) .. ". Name the address that shows the error: -p url=URL"
    elseif seen.state ~= "absent" then
        local lately = "no request has failed at an upstream in the last " .. when.duration(since)
        seen.state = seen.no_curl and "unknown" or "absent"
        seen.summary = seen.no_curl and string.format("%s cannot be asked, since this host has no curl, and %s", seen.url, lately)
            or lately .. ", and no address is known to ask"
    end
end

local LIMITS = { requests = "limit_req", connections = "limit_conn" }

-- The directive of nginx's that turns requests away by this zone.
local function limit_directive(nx, limited)
    for d in nx.config:each(LIMITS[limited.limit]) do
        for _, arg in ipairs(d.args) do
            if arg.text == limited.zone or arg.text == "zone=" .. limited.zone then
                return string.format(" (%s:%d)", d.file, d.line)
            end
        end
    end
    return ""
end

-- Why nginx gave an error of its own, as a sentence part.
local function own_words(nx, own)
    if own.limit then
        return string.format("nginx itself turns requests away there, by %s with the zone \"%s\"%s, and asks nobody", LIMITS[own.limit],
            own.zone, limit_directive(nx, own))
    end
    return string.format("nginx itself says why: \"%s\"", tostring(own.entry.message):sub(1, 160))
end

-- What nginx logged just now about the very request that was asked, or nil.
local function own_error(seen, clock)
    local path = urls.split(seen.url).uri:match("^[^?]*")
    for i = #seen.failures.own, 1, -1 do
        local own = seen.failures.own[i]
        local asked = own.entry.request:match("^%u+ ([^ ?]*)")
        if own.at >= clock.now and asked == path then
            return own
        end
    end
    return nil
end

-- An error that nginx makes itself is not the one that is looked for, and no sign of health either.
local function judge_own_error(seen, clock)
    local own = seen.state == "absent" and (seen.code or 0) >= 500 and clock.now and own_error(seen, clock)
    if own then
        seen.state = "unknown"
        seen.summary = string.format("%s, but no connection to a backend failed: %s", seen.summary, own_words(seen.nx, own))
        seen.evidence[#seen.evidence + 1] = own.result:show(own.raw)
    end
end

local function choose_address(host, seen, params)
    if params.url then
        return { url = params.url }
    end
    return from_errors(seen.nx, seen.failures) or from_errors(seen.nx, nginx_log.failures(host, seen.nx))
        or from_access(host, seen.nx)
end

local function timed_out_lately(failures)
    for _, failure in ipairs(failures) do
        if tostring(failure.entry.message):find("^upstream timed out") then
            return true
        end
    end
    return false
end

-- A page that takes long is not one that fails: unless the log tells of time-outs, nginx is given the time
-- that it gives its upstream.
local function ask_patiently(host, seen)
    local answers, results = web.ask(host, seen.url, seen.via, TIMES)
    seen.patience = web.PATIENCE
    if answers[#answers].waits and not timed_out_lately(seen.failures) then
        seen.patience = math.tointeger(math.min(MOST_PATIENCE, math.ceil(timeouts.longest(seen.nx, seen.url)) + 5))
        if seen.patience > web.PATIENCE then
            answers, results = web.ask(host, seen.url, seen.via, 1, seen.patience)
        end
    end
    seen.waits = answers[#answers].waits or nil
    return answers, results
end

local function ask(host, seen, since_at)
    local answers, results = ask_patiently(host, seen)
    if not answers[1].tool then
        seen.no_curl = true
        return
    end
    add_evidence(seen, { results[#results] })
    seen.failures = nginx_log.failures(host, seen.nx, { since = since_at, clock = seen.clock })
    judge_answers(seen, answers)
end

-- What its service says of an nginx that does not run, behind a semicolon; "" where nobody says anything.
local function why_down(host, seen)
    local svc = service.named(host, "nginx")
    local words = svc.kind == "systemd" and svc.unit and svc.state ~= "absent" and service.last_words(svc)
    if not words then
        return ""
    end
    table.move(svc.evidence, 1, #svc.evidence, #seen.evidence + 1, seen.evidence)
    seen.evidence[#seen.evidence + 1] = words
    local said = words.excerpt:match(".*(%[emerg%][^\n]*)")
    return "; " .. service.describe(svc) .. (said and ": " .. said:gsub("^(%[emerg%] )%d+#%d+: ", "%1") or "")
end

local KEPT = { "url", "via", "code", "failed_code", "summary", "state", "waits", "patience", "intermittent", "failures", "answer",
               "silent" }

local function keep(seen)
    local before = {}
    for _, name in ipairs(KEPT) do
        before[name] = seen[name]
    end
    return before
end

local function restore(seen, before)
    for _, name in ipairs(KEPT) do
        seen[name] = before[name]
    end
end

-- Has this nginx logged a failure since it was asked?  Then the question came to it, by whatever way.
local function came_to_us(seen)
    for _, failure in ipairs(seen.failures) do
        if seen.clock and failure.at and failure.at >= seen.clock.now then
            return true
        end
    end
    return false
end

-- A name may lead to a balancer, or to the host that served it before: what this nginx says is asked of itself.
local function ask_here(host, seen, since_at)
    local ip = not seen.via and seen.answer and not came_to_us(seen) and doors.is_elsewhere(host, seen.answer)
    local url, via
    if ip then
        url, via = doors.here(seen.nx, seen.url)
    end
    if not url then
        return
    end
    local before, asked = keep(seen), seen.url
    seen.url, seen.via, seen.failed_code, seen.intermittent, seen.waits, seen.silent = url, via, nil, nil, nil, nil
    ask(host, seen, since_at)
    if seen.state == "present" or before.state ~= "present" then
        seen.summary = string.format("%s leads to %s, which is no address of this host; here %s", asked, ip, seen.summary)
        return
    end
    local here = seen.summary
    restore(seen, before)
    seen.state = "unknown"
    seen.summary = string.format("%s, but that is said by %s, which is no address of this host; here %s. Ask there", before.summary, ip, here)
end

-- Who is it that answers, or nobody?
local function judge_door(host, seen)
    local words, shown
    if seen.silent and tostring(seen.answer.trouble):find("no connection", 1, true) then
        words, shown = doors.open(host, seen.nx)
        seen.summary = words and seen.summary .. ". " .. words or seen.summary
    elseif seen.silent then
        local d = doors.for_balancers(seen.nx, seen.url, seen.via)
        seen.summary = d and string.format("%s; it expects the PROXY protocol of a balancer there (%s:%d), so it cannot be asked from here",
            seen.summary, d.file, d.line) or seen.summary
    elseif seen.state == "present" and seen.failed_code and not seen.fresh_failure then
        words, shown = doors.stranger(host, seen.nx, seen.answer, seen.url, seen.via)
        if words then
            seen.state, seen.summary = "unknown", seen.summary .. ", but " .. words
        end
    end
    seen.evidence[#seen.evidence + 1] = shown
end

-- An address that only sends on to another one of this nginx: what fails there is what the client sees.  Where nothing
-- does, the address that was meant stays.
local function follow(host, seen, since_at)
    local before, came_by = keep(seen), seen.url
    for _ = 1, MOST_REDIRECTS do
        local to = seen.state == "absent" and redirect.is(seen.code) and redirect.next(host, seen.nx, seen.url, seen.via)
        if not to then
            break
        end
        seen.url, seen.via = to.url, to.via
        ask(host, seen, since_at)
    end
    if seen.state == "present" and seen.url ~= came_by then
        seen.summary = string.format("%s sends on to %s", came_by, seen.summary:gsub("^(%S+) answers", "%1, which answers"))
        return
    end
    restore(seen, before)
end

function M.look(host, params)
    local nx = nginx.find(host, params.url)
    local seen = { nx = nx, evidence = {}, failures = {}, upstreams = {}, state = "unknown",
                   host_name = host.name }
    seen.shown = seen.evidence -- the same, for the playbooks: the report takes `evidence`
    for _, r in ipairs(nx.evidence) do
        seen.evidence[#seen.evidence + 1] = r:show(nx.master and nx.master.line or "")
    end
    if not nx.config then
        seen.summary = nx.why
        return seen
    end
    if not nx.running then
        seen.summary = "nginx does not run on this host (its configuration is " .. nx.config_path
            .. "), so it answers nothing, not even 502" .. why_down(host, seen)
        return seen
    end
    local since = seconds_of(params.since or "15m")
    local clock = {}
    clock.now, clock.epoch = when.now(host)
    local since_at = clock.now and clock.now - since
    seen.clock = clock.now and clock or nil
    seen.failures = nginx_log.failures(host, nx, { since = since_at, clock = seen.clock })
    local chosen = choose_address(host, seen, params)
    if chosen then
        seen.url, seen.via = chosen.url, chosen.via
        ask(host, seen, since_at)
        ask_here(host, seen, since_at)
        follow(host, seen, since_at)
    end
    drop_history(host, seen, clock)
    if seen.answer then
        judge_door(host, seen)
    end
    judge_own_error(seen, clock)
    -- Not where nginx itself gave no answer: then the log has nothing to say about it.
    if seen.state == "absent" or not seen.summary then
        judge_logs(seen, since)
    end
    if seen.failures.moved then
        seen.summary = seen.summary .. "; " .. seen.failures.moved
    end
    seen.upstreams = group(seen.failures)
    if #seen.upstreams == 0 and seen.url and seen.state == "present" then
        seen.upstreams = from_route(nx, seen.url)
    end
    return seen
end

return M
