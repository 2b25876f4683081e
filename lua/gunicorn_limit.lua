-- gunicorn_limit.lua: a gunicorn whose queue is full: has it too few workers, or do its workers hang?
--
--   gunicorn_limit.judge(host, symptom, found, app, setting | nil, since) -> { enough_seen = bool, text =, evidence = {…} }
--       found: { queue = failure, key = upstream's key }
--
-- A queue is full in both cases. They differ in whether requests are finished meanwhile: workers that hang finish
-- none. So what nginx handed on and got an answer to since it first found the queue full is counted, and what each
-- of these took at most follows from it, since all workers were at work in that time. More workers are the cure only
-- if that is well below what gunicorn and nginx wait, and if neither has given up waiting.

local direct = require "direct"
local gunicorn = require "gunicorn"
local nginx_errno = require "nginx_errno"
local nginx_log = require "nginx_log"
local served = require "served"
local timeouts = require "timeouts"
local upstream = require "upstream"
local when = require "when"

local M = {}

local WINDOW = 300 -- seconds
local ENOUGH = 10  -- finished requests that are no accident

local function of_key(failure, key)
    local address = upstream.parse(failure.entry.upstream)
    return address and upstream.key(address) == key
end

local function is_full(failure)
    local text = tostring(failure.entry.message):match("%(%d+: ([^)]*)%)")
    return nginx_errno.kind_of_errno(failure.entry.errno, text) == "again"
end

-- Since when, within the window, nginx has found the queue full.
local function full_since(symptom, key, now)
    for _, failure in ipairs(symptom.failures) do
        if failure.at and failure.at >= now - WINDOW and of_key(failure, key) and is_full(failure) then
            return failure.at
        end
    end
    return nil
end

-- A request that was handed over and not answered in time, or whose worker died over it.
local function unanswered(symptom, key)
    for i = #symptom.failures, 1, -1 do
        local failure = symptom.failures[i]
        local message = tostring(failure.entry.message)
        if of_key(failure, key) and failure.entry.phase ~= "connecting to upstream"
            and (message:find("^upstream timed out") or message:find("^upstream prematurely closed")
                or message:find("^recv%(%) failed")) then
            return failure
        end
    end
    return nil
end

-- The shortest time that anybody waits for an answer.
local function patience(symptom, key, setting)
    local shortest
    for _, pass in ipairs(direct.passes_of(symptom, key)) do
        local seconds = timeouts.at(symptom.nx.config, pass, "read").seconds
        shortest = seconds and math.min(shortest or seconds, seconds) or shortest
    end
    if setting.timeout and setting.timeout > 0 then
        shortest = math.min(shortest or setting.timeout, setting.timeout)
    end
    return shortest
end

local function no(text, evidence)
    return { enough_seen = false, text = text, evidence = evidence }
end

local HANGS = "More workers would hang as well: see what they wait for (a database, another service, a lock)."
local UNTOLD = "Before it gets more workers, see what they wait for (a database, another service, a lock)."

function M.judge(host, symptom, found, app, setting, since)
    local evidence = {}
    local now = when.now(host)
    local from = now and full_since(symptom, found.key, now)
    local killed, times = gunicorn.timed_out(host, app, since)
    if killed then
        evidence[1] = killed
        return no(string.format("gunicorn has killed %d workers lately that were silent for longer than its --timeout: requests "
            .. "take too long. %s", times, HANGS), evidence)
    end
    local failure = unanswered(symptom, found.key)
    if failure then
        evidence[1] = nginx_log.show(failure)
        return no("Requests that it had taken were not answered either, so it is not only the queue. " .. HANGS, evidence)
    elseif not from then
        return no("Since when its queue is full could not be told, so it is not known whether requests are finished meanwhile.",
            evidence)
    end
    local span = now - from
    -- A log's second is cut off: what was finished within the first one may have been handed on before.
    local done, why = served.since(host, symptom, found.key, from + 1)
    if not done then
        return no("Whether it finishes requests could not be seen: " .. why .. ".", evidence)
    elseif done.count == 0 then
        evidence[1] = done.read:show("")
        return no(string.format("nginx's access log has no answer of it since its queue was found full %s ago: its workers are "
            .. "stuck, or a request takes them longer than that. %s", when.duration(span), UNTOLD), evidence)
    end
    evidence[1] = done.result:show(done.line)
    local took = setting and setting.number * (setting.threads or 1) * (span + 1) / done.count
    local limit = setting and patience(symptom, found.key, setting)
    if not took or not limit then
        return no(string.format("It finished %d requests in the last %s.", done.count, when.duration(span)), evidence)
    elseif done.count < ENOUGH or now - done.last > math.max(5, 2 * took) then
        return no(string.format("It finished only %d requests in the last %s, the last one %s ago, which is too little to tell "
            .. "slow requests from too few workers. %s", done.count, when.duration(span), when.duration(now - done.last), UNTOLD),
            evidence)
    elseif took > limit / 2 then
        return no(string.format("A request keeps a worker for %.1f s, and is given up after %g s: they are too slow, whatever "
            .. "the number of workers. %s", took, limit, UNTOLD), evidence)
    end
    return { enough_seen = true, evidence = evidence, text = string.format("It does not hang: it finished %d requests in the last "
        .. "%s, at most %.1f s each, while others were turned away.", done.count, when.duration(span), took) }
end

return M
