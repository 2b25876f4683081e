-- proxy_timeout.lua: what the playbook proxy-timeout knows: which wait ended, how long the backend really takes,
-- and the one directive that decides.

local addresses = require "addresses"
local backend = require "backend"
local fpm = require "fpm"
local fpm_limit = require "fpm_limit"
local gunicorn = require "gunicorn"
local holders = require "holders"
local lines = require "lines"
local nginx = require "nginx"
local nginx_change = require "nginx_change"
local nginx_edit = require "nginx_edit"
local nginx_log = require "nginx_log"
local ss = require "ss"
local tcp = require "tcp_upstream"
local timeouts = require "timeouts"
local web = require "web"

local M = {}

local PATIENCE = 80      -- seconds that a backend is waited for, asked directly
local VERIFIABLE = 45    -- what takes longer cannot be asked again while the changed host waits for the word

local PHASES = {
    ["connecting to upstream"] = "connect",
    ["SSL handshaking to upstream"] = "handshake",
    ["sending request to upstream"] = "send",
    ["reading response header from upstream"] = "read",
    ["reading upstream"] = "body",
    ["reading response from upstream"] = "body",
}

-- The upstreams of which nginx logged that it gave up waiting, with the phase.
function M.timed_out(symptom)
    local list = {}
    for _, upstream in ipairs(symptom.upstreams) do
        local entry = upstream.failure and upstream.failure.entry
        if entry and tostring(entry.message):find("^upstream timed out") and PHASES[entry.phase] then
            list[#list + 1] = { upstream = upstream, phase = PHASES[entry.phase], entry = entry }
        end
    end
    return list
end

-- The request of the log line, as a URL's parts; only a GET may be asked again.
local function request_of(entry)
    local method, uri = tostring(entry.request):match("^(%u+) (%S+) HTTP/[%d.]+$")
    local host, port = tostring(entry.host):lower():match("^(.-):?(%d*)$")
    return { method = method, uri = uri, host = host ~= "nil" and host or "", port = tonumber(port) }
end

local function question_of(symptom, request)
    local asked = backend.question(symptom)
    if asked and asked.uri == request.uri then
        return asked
    end
    local server, location = symptom.nx.config:route({ host = request.host, port = request.port or 80, uri = request.uri or "/" })
    return server and { uri = request.uri or "/", host = request.host, place = request.host, scheme = "http",
                        server = server, location = location } or nil
end

-- The pass that served this request: the location's own among those that use the address, or the only one there is.
local function pass_of(item, uses)
    local all, own = {}, {}
    for _, use in ipairs(uses) do
        for _, pass in ipairs(use.passes) do
            all[#all + 1] = pass
            if item.question and pass.location == item.question.location then
                own[#own + 1] = pass
            end
        end
    end
    return #own == 1 and own[1] or #all == 1 and all[1] or nil
end

function M.prepare(host, symptom, item)
    local uses = tcp.uses(symptom.nx.config, item.upstream)
    item.request = request_of(item.entry)
    item.question = question_of(symptom, item.request)
    item.pass = pass_of(item, uses)
    item.evidence = { nginx_log.show(item.upstream.failure) }
    local what = (item.phase == "connect" or item.phase == "handshake") and "connect" or item.phase == "send" and "send" or "read"
    item.limit = item.pass and timeouts.at(symptom.nx.config, item.pass, what) or nil
    local directive = item.limit and item.limit.directive
    item.evidence[2] = directive and lines.shown(host, directive) or nil
    item.place = not item.limit and "" or directive and string.format(" (%s %s, %s:%d)", item.limit.name,
        directive.args[1].text, directive.file, directive.line)
        or string.format(" (%s, nginx's default)", item.limit.name)
end

local function seconds_text(seconds)
    return (string.format("%.3f", seconds):gsub("%.?0+$", "")) .. " s"
end

-- Twice what was measured, as a person would write it.
local function value_for(measured)
    local seconds = math.ceil(measured * 2)
    local step = seconds > 60 and 10 or seconds > 10 and 5 or 1
    return math.tointeger(math.ceil(seconds / step) * step)
end

local function edits_for(host, symptom, item, value)
    local config, limit = symptom.nx.config, item.limit
    if not item.pass or not item.pass.location then
        return nil, "which location served the request could not be told"
    end
    local directive = limit.directive
    if directive and directive.parent == item.pass.location then
        return nginx_change.one(host, nginx_edit.replace_argument(config, directive, 1, value))
    end
    return nginx_change.one(host, nginx_edit.add_directive(config, item.pass.location, limit.name, value))
end

local function raise(host, symptom, item, measured, total)
    local value = value_for(measured) .. "s"
    if not symptom.url or total > VERIFIABLE then
        return nil, value, total > VERIFIABLE and "it takes too long to be asked again afterwards"
            or "without a known address there is nothing to verify it by"
    end
    local edits, reason = edits_for(host, symptom, item, value)
    if not edits then
        return nil, value, reason
    end
    local times = math.max(1, math.min(5, math.tointeger(math.floor(VERIFIABLE / math.max(total, 1)))))
    local check = web.check(symptom.url, symptom.via, math.tointeger(math.ceil(total * 2)) + 5, times)
    return {
        id = "raise-" .. item.limit.name:gsub("_", "-"), title = "Let nginx wait up to " .. value .. " at this location",
        why = string.format("The backend took %s when it was asked directly; twice that leaves room. The price: a client and "
            .. "a connection wait that long when the backend hangs. What lasts is a faster backend.", seconds_text(measured)),
        risk = "low", recommended = true, edits = edits, validate = { nginx.validate(symptom.nx) },
        commands = { { argv = nginx.reload(host, symptom.nx), note = "nginx takes the new time-out" } },
        verify = { checks = { check }, text = symptom.url .. " is asked " .. (times == 1 and "once" or times .. " times")
            .. " and answers without an error" },
    }, value
end

local function cause_of(item, title, summary, likelihood, fix)
    return { title = title, summary = summary, likelihood = likelihood, evidence = item.evidence, fixes = { fix },
             subject = { upstream = item.upstream.key, phase = item.phase } }
end

local function with_fix(host, symptom, item, title, opening, measured, total)
    local fix, value, reason = raise(host, symptom, item, measured, total)
    if not fix then
        opening = opening .. string.format(" %s %s would be enough; it is not changed by itself: %s.", item.limit.name, value,
            reason)
    end
    return cause_of(item, title, opening, 92, fix)
end

-- Asks the backend for what nginx would ask it for -> answer, its result; nil where it must not or cannot be asked.
local function measure(host, symptom, item, seconds)
    local pass, question = item.pass, item.question
    local uri = pass and question and backend.sent(symptom.nx.config, question, pass)
    if not uri or item.request.method ~= "GET" or not item.upstream.address.port or not uri:find("^/[%w%-._~:/?#%[%]@!$&()*+,;=%%]*$") then
        return nil
    end
    local answers, results = backend.ask(host, { scheme = pass.target.scheme or "http", address = item.upstream.key,
        name = backend.name(symptom.nx.config, question, pass), uri = uri, seconds = seconds })
    item.evidence[#item.evidence + 1] = backend.shown(results[1])
    return answers[1], results[1]
end

local function measured_text(answer)
    return string.format("connect %s, first byte %s, total %s", seconds_text(answer.connect or 0),
        seconds_text(answer.first_byte or 0), seconds_text(answer.total or 0))
end

local function listening(host, item, peer)
    local place, target = addresses.place(host, item.upstream.address.host, peer)
    if place ~= "here" and place ~= "peer" then
        return nil
    end
    local entries, result = tcp.listening(target, item.upstream.address.host, item.upstream.address.port)
    return entries, result, target
end

-- Connections that wait for a worker of gunicorn, told as in pool_words below.
local function worker_words(host, item, peer)
    local entries, result, target = listening(host, item, peer)
    for _, listener in ipairs(target == host and entries or {}) do
        local entry = listener.entry
        local app = entry.recv_q > 0 and gunicorn.of_listener(host, entry)
        local setting = app and gunicorn.setting(host, app)
        if app then
            item.evidence[#item.evidence + 1] = result:show(tcp.line_of(result, entry))
            item.evidence[#item.evidence + 1] = setting and setting.shown or nil
            return string.format(" It is gunicorn, its number of workers is %d%s, and %d connections wait for one of them.",
                #app.workers, setting and ", " .. setting.where or "", entry.recv_q)
        end
    end
    return ""
end

-- What is strange about those that listen there (holders.lua), or nil.
local function holder_words(host, item, peer)
    local address = item.upstream.address
    local here = address.unix or addresses.place(host, address.host, peer) == "here"
    local found = here and holders.look(host, address)
    if not found then
        return nil
    end
    table.move(found.evidence, 1, #found.evidence, #item.evidence + 1, item.evidence)
    return " " .. found.text
end

-- -> cause | nil, reason, true where that is no ruling out but not knowing
function M.read(host, symptom, item, peer)
    local limit = item.limit
    local opening = string.format("nginx gave up waiting for %s to %s%s.", item.upstream.key,
        item.phase == "body" and "send more of its answer" or "begin its answer", item.place)
    if not limit or not limit.seconds then
        return nil, opening .. " Which location and time-out that was could not be told", true
    end
    if item.pass.kind ~= "proxy_pass" then
        return M.read_unmeasured(host, item, opening, peer)
    end
    local answer = measure(host, symptom, item, math.tointeger(math.min(PATIENCE, math.ceil(limit.seconds * 2) + 10)))
    if not answer then
        return cause_of(item, "The backend is slower than nginx waits", opening .. " The request was a "
            .. tostring(item.request.method) .. " or not one that may be repeated, so how long it takes was not measured.", 75)
    elseif not answer.code then
        if not answer.waits then
            return nil, item.upstream.key .. " was asked directly, and " .. answer.trouble
        end
        local asked = string.format(" Asked directly, it took the connection after %s and gave no answer within %s: it hangs, so "
            .. "a longer wait would mend nothing.", seconds_text(answer.connect or 0), seconds_text(answer.total or 0))
        local strange = holder_words(host, item, peer)
        return cause_of(item, "The backend hangs", opening .. asked .. (strange or " Look at the backend: what it waits for itself "
            .. "(a database, a lock, another service), and whether all its workers are busy." .. worker_words(host, item, peer)), 85)
    end
    local took = item.phase == "body" and answer.total - answer.first_byte or answer.first_byte
    if took <= limit.seconds then
        return nil, opening .. string.format(" Asked directly just now it took less (%s), so it is slow now and then, and no "
            .. "value follows from that", measured_text(answer)), true
    end
    return with_fix(host, symptom, item, "The backend is slower than nginx waits", opening .. string.format(" Asked directly it "
        .. "answers %d, but later: %s.", answer.code, measured_text(answer)), took, answer.total)
end

-- Requests that wait for a process of the pool look like a slow page.  That some wait now is told and no verdict:
-- those that were asked here to see the symptom are among them.
local function pool_words(host, item)
    local pool = fpm.of_address(host, item.upstream.address)
    local seen = pool and fpm_limit.look(host, pool, item.upstream.failure.at)
    if not seen or (seen.queue or 0) == 0 then
        return ""
    end
    for _, one in ipairs(seen.evidence) do
        item.evidence[#item.evidence + 1] = one
    end
    return string.format(" Right now %d connections wait for a process of pool [%s], which has %d of at most %s (pm.max_children "
        .. "in %s): if other requests keep them all at work, this one is not slow itself.", seen.queue, pool.name, seen.busy,
        tostring(seen.max or "?"), pool.file)
end

-- FastCGI and its like cannot be asked without nginx.
function M.read_unmeasured(host, item, opening, peer)
    if item.upstream.address.port then
        local answers, results = backend.ask(host, { scheme = "http", address = item.upstream.key, uri = "/", seconds = 3 })
        if answers[1].code then
            item.evidence[#item.evidence + 1] = backend.shown(results[1])
            return nil, "an HTTP server listens on " .. item.upstream.key .. ", which does not speak what "
                .. item.pass.kind .. " speaks"
        end
    end
    local strange = holder_words(host, item, peer)
    if strange then
        return cause_of(item, "The backend hangs", opening .. strange, 85)
    end
    return cause_of(item, "The backend is slower than nginx waits", opening .. string.format(" How long it really takes cannot be "
        .. "measured from outside with %s, so no value is proposed: look at what the request does there (PHP-FPM: "
        .. "request_slowlog_timeout, and max_execution_time and request_terminate_timeout, which should be lower than "
        .. "nginx's %s), and raise it for that location only if the work cannot be shorter.", item.pass.kind,
        item.limit.name) .. pool_words(host, item), 75)
end

-- A full queue drops what comes more (tcp(7), somaxconn): the client sees a time-out, not a refusal.
local function full_queue(host, item, peer)
    local entries, result, target = listening(host, item, peer)
    for _, listener in ipairs(entries or {}) do
        local entry = listener.entry
        if entry.recv_q > 0 and entry.recv_q >= entry.send_q then
            item.evidence[#item.evidence + 1] = result:show(tcp.line_of(result, entry))
            return entry, target
        end
    end
    return nil
end

M.full_queue = full_queue

function M.connect(host, symptom, item, peer)
    local limit = item.limit
    local opening = string.format("nginx gave up connecting to %s%s.", item.upstream.key, item.place)
    local entry, target = full_queue(host, item, peer)
    if entry then
        return cause_of(item, "The backend takes no more connections", opening .. string.format(" On %s its process listens, but "
            .. "%d connections wait to be accepted, and the queue holds %d: it is too busy, or it hangs. A longer wait in "
            .. "nginx mends nothing: look at the backend, and give it more workers if the load is right.", target.name,
            entry.recv_q, entry.send_q) .. (holder_words(host, item, peer) or worker_words(host, item, peer)), 90)
    end
    local patience = math.tointeger(math.min(20, math.ceil((limit and limit.seconds or 5) * 2) + 5))
    local answers, results = backend.ask(host, { scheme = "http", address = item.upstream.key, uri = "/", seconds = patience })
    local answer = answers[1]
    item.evidence[#item.evidence + 1] = backend.shown(results[1])
    if not answer.code and (answer.connect or 0) == 0 then
        return nil, string.format("no connection to %s comes about at all, asked directly for %d s: nothing answers there, "
            .. "which is no slowness", item.upstream.key, patience)
    elseif not limit or not limit.seconds then
        return nil, opening .. " Which location and time-out that was could not be told", true
    elseif answer.connect <= limit.seconds then
        return nil, opening .. string.format(" Just now it took the connection within %s, so it is slow now and then, and no "
            .. "value follows from that", seconds_text(answer.connect)), true
    end
    return with_fix(host, symptom, item, "Connecting to the backend takes longer than nginx waits", opening
        .. string.format(" Asked directly, the connection came about after %s.", seconds_text(answer.connect)),
        answer.connect, answer.total or answer.connect)
end

function M.send(_, _, item)
    return cause_of(item, "The backend does not take the request", string.format("nginx gave up sending the request to %s%s: the "
        .. "backend took the connection and stopped reading. The request was %s, which is not repeated, so nothing was "
        .. "measured. Look at what keeps the backend from reading: workers that are busy, a limit for uploads, a full disk.",
        item.upstream.key, item.place, tostring(item.entry.request):match("^%S+ [^%s?]*") or "not readable"), 80)
end

function M.handshake(host, _, item)
    local answers, results = backend.ask(host, { scheme = "http", address = item.upstream.key, uri = "/", seconds = 5 })
    item.evidence[#item.evidence + 1] = backend.shown(results[1])
    if answers[1].code then
        return nil, item.upstream.key .. " speaks plain HTTP, so no TLS handshake can end there"
    end
    return nil, string.format("the TLS handshake with %s did not end in time%s, and why was not seen", item.upstream.key,
        item.place), true
end

M.body = M.read

return M
