-- invalid_response.lua: what the playbook of that name finds out about a backend that sends no HTTP.

local addresses = require "addresses"
local deaths = require "deaths"
local direct = require "direct"
local fpm = require "fpm"
local fpm_log = require "fpm_log"
local holders = require "holders"
local http_answer = require "http_answer"
local lines = require "lines"
local memory_kills = require "memory_kills"
local nginx_log = require "nginx_log"
local open_files = require "open_files"
local service = require "service"
local upstream = require "upstream"

local M = {}

local TIMES = 3
local BROKEN = { empty = true, reset = true, ["not-http"] = true, ["bad-header"] = true, short = true }

-- The last words of the service behind the address, where it is this host's and known.
local function service_words(host, address, evidence)
    local svc = deaths.service(host, address)
    for _, item in ipairs(svc and svc.evidence or {}) do
        evidence[#evidence + 1] = item
    end
    evidence[#evidence + 1] = svc and service.last_words(svc) or nil
    return svc
end

local function strangers(host, home, address)
    return home and home.name == host.name and holders.look(host, address) or nil
end

-- The host whose pools and services can be behind that address, or nil.
local function home_of(host, address, peer)
    if address.unix then
        return host
    end
    local where, home = addresses.place(host, address.host, peer)
    return (where == "here" or where == "peer") and home or nil
end

-- A pool on TCP that admits only certain addresses, of which nginx's host has none -> what it says | nil, evidence
local function shuts_out(host, home, address)
    local pool = home and address.port and fpm.of_address(home, address)
    if not pool then
        return nil
    end
    local list, entry = pool.pool:get("listen.allowed_clients")
    if not list or list == "" then
        return nil
    end
    for client in list:gmatch("[^,%s]+") do
        if addresses.place(host, client, function() return nil end) ~= "elsewhere" then
            return nil
        end
    end
    return string.format("PHP-FPM of %s admits only %s to pool [%s] (listen.allowed_clients, %s:%d), and none of these is an address "
        .. "of nginx's host. Add the one that nginx connects from, and restart PHP-FPM", home.name, list, pool.name, pool.file, entry.line),
        pool.read:show(lines.at(pool.text, entry.line) or "")
end

-- What became of the PHP process that was at work.
local function php_death(host, address, at)
    local pool = host and fpm.of_address(host, address)
    if not pool then
        return nil
    end
    local slow = fpm_log.find(host, pool, "execution timed out", at)
    local death = slow or fpm_log.find(host, pool, "exited on signal", at)
    if not death then
        return nil
    end
    local words = slow and "PHP-FPM ended the script, since it ran longer than request_terminate_timeout of pool ["
        .. pool.name .. "] (" .. pool.file .. ") allows"
        or "its PHP process died (" .. (death.line:match("exited on signal %d+ %b()") or "killed") .. ")"
    local svc = not slow and pool.service and service.named(host, pool.service)
    local kill = svc and death.at and memory_kills.near(host, svc, death.at)
    if kill then
        words = words .. ": " .. memory_kills.told(kill) .. ". " .. memory_kills.advice(svc, kill):gsub("%.$", "")
    end
    return words, death.result:show(death.line)
end

local function ask(host, question)
    local last
    for _ = 1, TIMES do
        last = direct.ask(host, question)
        if last.kind ~= "http" then
            return last
        end
    end
    return last
end

local function cause_of(failure, key, evidence)
    return { title = "The backend sends no valid HTTP answer", likelihood = 90, evidence = evidence,
             subject = { upstream = key },
             said = tostring(failure.entry.message):gsub(" while .*$", "") }
end

-- strange: what is strange about who listens there (holders.lua), or nil.
local function confirm(cause, confirmed, text, svc, strange)
    if strange then
        table.move(strange.evidence, 1, #strange.evidence, #cause.evidence + 1, cause.evidence)
        cause.summary, cause.said = text .. " " .. strange.text, nil
        return confirmed(cause)
    end
    cause.summary = text .. " nginx can pass no such answer on; it is the application that has to be mended"
        .. (svc and ": look at the log of " .. svc.name .. "." or ".")
    cause.said = nil
    return confirmed(cause)
end

-- Its process ended in the middle of the request: by its service's own words at that moment.
local function confirm_death(cause, confirmed, key, death)
    cause.evidence[#cause.evidence + 1] = death.shown
    cause.evidence[#cause.evidence + 1] = death.more
    cause.likelihood = 85
    cause.summary = string.format("nginx got no whole answer from %s, and %s said at that moment: \"%s\". So its process ended in "
        .. "the middle of the request. %s.", key, death.by or death.svc.name, death.said, death.reason
            and death.reason:gsub("^%l", string.upper)
            or "It is the application that has to be mended: look at the log of " .. death.svc.name)
    cause.said = nil
    return confirmed(cause)
end

-- The request's method and path, as a sentence part.
local function asked_for(entry)
    local request = tostring(entry.request):match("^(%u+ [^%s?]*)")
    return request and " for " .. request:sub(1, 120) or ""
end

local HAS_BODY = { POST = true, PUT = true, PATCH = true }

-- Broken pipe, or a reset, while nginx was still writing: whatever the request was, the other side had closed already.
-- Where nginx was done with writing, a reset still says that not all of it was read (RFC 2525, 2.17).
local function is_hung_up(entry)
    if entry.phase == "sending request to upstream" then
        return entry.errno == 32 or entry.errno == 104
    end
    return entry.phase == "reading response header from upstream" and entry.errno == 104
        and HAS_BODY[tostring(entry.request):match("^%u+")] == true
end

local function confirm_hung_up(cause, confirmed, failure, key, svc)
    cause.title, cause.likelihood = "The backend hangs up before it has the whole request", 80
    cause.summary = string.format("%s closed the connection before it had read the whole request%s (%s). So it refuses that "
        .. "request, most often an upload that is larger than it takes, or its process ended over it. A client gets 502 instead of "
        .. "the reason, which is in the application's own log%s: raise its limit there, or set nginx's client_max_body_size below "
        .. "it, so that nginx says 413.", key, asked_for(failure.entry), cause.said, svc and " (" .. svc.name .. ")" or "")
    cause.said = nil
    return confirmed(cause)
end

local function unasked(host, home, failure, address, key, why, evidence, confirmed, inconclusive)
    local cause = cause_of(failure, key, evidence)
    local closed, rule = shuts_out(host, home, address)
    if closed then
        evidence[#evidence + 1] = rule
        cause.title, cause.summary = "PHP-FPM does not admit nginx", string.format("nginx's connections to %s are closed: %s.", key, closed)
        cause.said = nil
        return confirmed(cause)
    end
    local words, shown = php_death(home, address, failure.at)
    evidence[#evidence + 1] = shown
    if words then
        return confirm(cause, confirmed, string.format("nginx got no whole answer from %s: %s.", key, words))
    end
    local death = deaths.find(home or host, address, { failure })
    if death and death.sure then
        return confirm_death(cause, confirmed, key, death)
    end
    local svc = service_words(host, address, evidence)
    if is_hung_up(failure.entry) then
        return confirm_hung_up(cause, confirmed, failure, key, svc)
    elseif not failure.fresh then
        return inconclusive { reason = string.format("nginx logged about %s: %s, at %s%s. That was not just now, and the backend cannot "
            .. "be asked past nginx: %s%s", key, cause.said, tostring(failure.entry.time), asked_for(failure.entry), why,
            svc and "; the log of " .. svc.name .. " may tell what became of that request" or ""), evidence = evidence }
    end
    cause.likelihood = 75
    return confirm(cause, confirmed, string.format("nginx logged about %s: %s. What it sends cannot be shown: %s.", key,
        cause.said, why), svc)
end

local function refused_in_tls(host, symptom, key)
    for _, one in ipairs(symptom.upstreams) do
        if one.key == key then
            return require("tls_upstream").refuses_late(host, symptom, one)
        end
    end
    return false
end

function M.judge(host, symptom, failure, confirmed, ruled_out, inconclusive, peer)
    local evidence = { nginx_log.show(failure) }
    local address = upstream.parse(failure.entry.upstream)
    if not address then
        return inconclusive { reason = "the log line does not say which upstream sent it", evidence = evidence }
    end
    local key, home = upstream.key(address), home_of(host, address, peer)
    if refused_in_tls(host, symptom, key) then
        return ruled_out { reason = key .. " sends no broken answer: it refuses nginx in TLS", evidence = evidence }
    end
    local question, why = direct.of_failure(symptom, failure)
    local answer = question and ask(host, question)
    if not answer or answer.kind == "unasked" then
        return unasked(host, home, failure, address, key, why or "curl could not ask it", evidence, confirmed, inconclusive)
    end
    evidence[#evidence + 1] = answer.result:show(answer.line)
    local other = answer.kind == "not-http" and http_answer.other_protocol(answer.result.out)
    if other then
        return ruled_out { reason = string.format("%s is no broken application: %s answers there", key, other), evidence = evidence }
    end
    -- It takes connections and drops them where it may open nothing more.
    local full = BROKEN[answer.kind] and home and home.name == host.name and open_files.find(host, address, 900)
    if full then
        evidence[#evidence + 1] = full.limits
        return ruled_out { reason = string.format("%s answers nothing, since %s may open no more files", key, full.service),
                           evidence = evidence }
    end
    local death = (answer.kind == "waits" or answer.kind == "empty" or answer.kind == "reset")
        and deaths.find(home or host, address, { failure })
    if death and death.reason then
        return confirm_death(cause_of(failure, key, evidence), confirmed, key, death)
    elseif BROKEN[answer.kind] then
        local cause = cause_of(failure, key, evidence)
        local svc = service_words(host, address, evidence)
        return confirm(cause, confirmed, string.format("%s, asked past nginx: %s%s.", key, answer.problem,
            answer.line ~= "" and string.format(' ("%s")', answer.line:sub(1, 120)) or ""), svc,
            strangers(host, home, address))
    elseif answer.kind == "http" and not failure.fresh then
        return ruled_out { reason = string.format("%s sends a valid answer now (%d)", key, answer.code), evidence = evidence }
    elseif answer.kind == "http" then
        local cause = cause_of(failure, key, evidence)
        cause.likelihood = 70
        local svc = service_words(host, address, evidence)
        return confirm(cause, confirmed, string.format("nginx logged about %s: %s. Asked past nginx %d times it answered "
            .. "properly, so it fails now and then, or at something that only nginx sends.", key, cause.said, TIMES), svc, strangers(host, home, address))
    end
    return inconclusive { reason = key .. ", asked past nginx: " .. answer.problem, evidence = evidence }
end

return M
