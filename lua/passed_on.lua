-- passed_on.lua: is the 502 nginx's own, or the backend's, which nginx only passed on?
--
-- nginx logs, at level error or above, why it makes a 502 itself (ngx_http_upstream_next and whoever
-- calls it), so a 502 without a line is one that the backend sent, where the log shows that level.

local lines = require "lines"
local listening = require "listening"
local nginx_log = require "nginx_log"
local upstream = require "upstream"
local urls = require "urls"

local M = {}

-- Levels at which an error log keeps what nginx says about a failed upstream.
local LOUD = { error = true, warn = true, notice = true, info = true, debug = true }

local function own_answer(config, block)
    for _, d in ipairs(block and config:children(block) or {}) do
        if d.name == "return" and d.args[1] and d.args[1].text:find("^50[24]$") then
            return d
        end
    end
    return nil
end

-- One that holds only under a condition (a file, a header): whether it does cannot be read from the configuration.
local function conditional_answer(config, block)
    for _, d in ipairs(block and config:children(block) or {}) do
        local answer = d.name == "if" and own_answer(config, d)
        if answer then
            return answer
        end
    end
    return nil
end

-- -> { keys = { "host:port", … } of the one pass that the URL goes through, pass, server, location,
--      by_configuration = a `return 502`, maybe = one within an `if`, why = what is not known }
function M.reached(symptom)
    local config = symptom.nx.config
    local out = { keys = {} }
    local server, location = urls.route(config, symptom.url)
    if not server then
        out.why = "which server answers is not certain"
        return out
    end
    out.server, out.location = server, location
    out.by_configuration = own_answer(config, location) or own_answer(config, server)
    out.maybe = conditional_answer(config, server) or conditional_answer(config, location)
    local passes = {}
    for _, reachable in ipairs(config:reachable_passes(server, location) or {}) do
        passes[reachable.pass.directive] = true
        out.count = (out.count or 0) + 1
    end
    for _, use in ipairs(config:addresses()) do
        for _, pass in ipairs(use.passes) do
            if passes[pass.directive] and use.key then
                out.keys[#out.keys + 1] = use.key
                out.pass = pass
            end
        end
    end
    return out
end

-- Would a 502 of nginx's own have been logged where we looked?
local function log_tells(config, place)
    local d = config:effective(place, "error_log")
    local path = d and d.args[1].text
    return path ~= "/dev/null" and (not d or not d.args[2] or LOUD[d.args[2].text] or false)
end

-- A backend that is this nginx itself: then the lines of its own failure are in the same log.
local function is_nginx(host, key)
    local address = upstream.parse(key)
    for _, entry in ipairs(address and address.port and listening.at(host, address) or {}) do
        for _, process in ipairs(type(entry.processes) == "table" and entry.processes or {}) do
            if process.name == "nginx" then
                return true
            end
        end
    end
    return false
end

local function says(symptom, found, said)
    local code = said.answer.code
    return string.format("%s answers %d by itself when it is asked past nginx (%s); nginx only passes that on. What it "
        .. "needs behind it (a database, an API, a backend of its own) failed: look at its own log.",
        said.key, code, said.question.url)
end

local function by_silence(symptom, found)
    local reached = found.reached
    local key = reached.keys[1]
    if found.own or #reached.keys ~= 1 or symptom.failures.read == 0 or not symptom.code
        or not log_tells(symptom.nx.config, reached.location or reached.server) or #symptom.failures.problems > 0
        or not reached.pass or reached.pass.kind == "proxy_pass" then
        return nil
    end
    return string.format("nginx answers %d for %s and logged no failure of its own, as it does for every 502 that it "
        .. "makes itself: the application behind %s sent that status, and nginx passed it on. Look at its own log.",
        symptom.failed_code or symptom.code, symptom.url, key)
end

-- Does nginx keep answers of this status that come through the pass?  -> the directive that says so | nil
-- (ngx_http_file_cache_valid: a status by its number, or `any`)
local function keeps(config, pass, code)
    local prefix = pass.kind:gsub("_pass$", "")
    local cache = config:effective(pass.directive, prefix .. "_cache")
    if not cache or not cache.args[1] or cache.args[1].text == "off" then
        return nil
    end
    local _, all = config:effective(pass.directive, prefix .. "_cache_valid")
    for _, d in ipairs(all) do
        for i = 1, #d.args - 1 do
            if d.args[i].text == "any" or d.args[i].text == tostring(code) then
                return d
            end
        end
    end
    return nil
end

-- nginx answers 502 every time and logs nothing, the backend is well, and such an answer may lie in nginx's cache.  -> cause | nil
local function from_cache(host, symptom, found, said)
    local code, pass = symptom.failed_code, found.reached.pass
    local d = code and not symptom.intermittent and said.answer.kind == "http" and said.answer.code < 400 and pass
        and keeps(symptom.nx.config, pass, code)
    if not d then
        return nil
    end
    local evidence = found.evidence
    evidence[#evidence + 1] = lines.shown(host, d)
    return { title = "nginx answers from its cache", likelihood = 82, evidence = evidence, fixes = {}, subject = { upstream = said.key },
             summary = string.format("nginx answers %d and logs no failure, and %s answers %d when it is asked past nginx: the %d is one that "
                 .. "the backend gave earlier and nginx has kept (%s %s, %s:%d). It passes when that time is over; take the entry out of "
                 .. "the cache if it must be sooner, and keep only answers that are worth it (for example %s 200 301 …).",
                 code, said.key, said.answer.code, code, d.name, d.args[#d.args].text, d.file, d.line, d.name) }
end

function M.verdict(host, symptom, found, confirmed, ruled_out, inconclusive)
    local title = "The backend itself answers " .. tostring(symptom.failed_code or symptom.code)
    for _, said in ipairs(found.answers) do
        local code = said.answer.code
        if (code == 502 or code == 504) and is_nginx(host, said.key) and found.own then
            return ruled_out { reason = said.key .. " is this host's nginx itself; its own failure is in the log",
                               evidence = { nginx_log.show(found.own) } }
        elseif code == 502 or code == 504 then
            return confirmed { title = title, likelihood = 90, evidence = found.evidence,
                               subject = { upstream = said.key }, summary = says(symptom, found, said) }
        end
    end
    if found.own then
        return ruled_out { reason = "nginx made the error itself, and logged why: it got no usable answer",
                           evidence = { nginx_log.show(found.own) } }
    end
    local first = found.answers[1]
    local kept = first and from_cache(host, symptom, found, first)
    if kept then
        return confirmed(kept)
    elseif first and first.answer.kind == "http" and found.reached.maybe then
        local d = found.reached.maybe
        return ruled_out { reason = string.format("nginx's own configuration answers %s here under a condition that seems to hold (%s:%d, "
            .. "within an `if`): %s answers %d when it is asked past nginx, and nginx logged no failure", d.args[1].text, d.file, d.line,
            first.key, first.answer.code), evidence = found.evidence }
    elseif first and first.answer.code then
        return ruled_out { reason = string.format("%s answers %d when it is asked past nginx", first.key, first.answer.code),
                           evidence = found.evidence }
    elseif first then
        return ruled_out { reason = string.format("asked past nginx, %s gives no answer of its own: %s", first.key,
            first.answer.problem), evidence = found.evidence }
    end
    local summary = by_silence(symptom, found)
    if summary then
        return confirmed { title = title, likelihood = 75, evidence = found.evidence, summary = summary,
                           subject = { upstream = found.reached.keys[1] } }
    end
    return inconclusive { reason = "the backend could not be asked past nginx: "
        .. (found.why or "no upstream is known that this address leads to"), evidence = found.evidence }
end

return M
