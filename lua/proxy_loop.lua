-- proxy_loop.lua: does nginx pass a request on to itself, in a circle that leads to no backend?
--
-- Each round takes two more connections of a worker, so what nginx logs in the end is a limit that is reached
-- ("worker_connections are not enough") and connections that are reset: no limit mends that.
--
--   proxy_loop.find(host, symptom, peer) -> { hops = { { pass, address, question, uri } … }, pass } | nil
--       what symptom.url goes through until it is where it has been, and the pass that closes the circle
--   proxy_loop.cause(host, symptom, loop) -> cause
--
-- Only what is certain counts: one pass at each stage, no rewrite, no variable; everything else is no circle.

local addresses = require "addresses"
local backend = require "backend"
local lines = require "lines"
local names = require "names"
local wrong = require "wrong_proxy_pass"

local M = {}

local MOST_HOPS = 8 -- a path that grows with each round never comes back to the very same place

-- The only proxy_pass that a request which ended in this location goes through, or nil.
local function only_pass(config, question)
    local passes = config:reachable_passes(question.server, question.location)
    local pass = #passes == 1 and not passes[1].possible and passes[1].pass
    return pass and pass.kind == "proxy_pass" and pass or nil
end

-- The only address that this pass leads to, or nil.
local function only_address(config, pass)
    local found
    for _, use in ipairs(config:addresses()) do
        for _, own in ipairs(use.passes) do
            if own.directive == pass.directive then
                if found or not (use.address and use.address.host and use.address.port) then
                    return nil
                end
                found = use.address
            end
        end
    end
    return found
end

local function is_here(host, name, peer)
    if not names.is_name(name) then
        return addresses.place(host, name, peer) == "here"
    end
    local resolved = names.resolve(host, name)
    for _, address in ipairs(resolved) do
        if addresses.place(host, address, peer) ~= "here" then
            return false
        end
    end
    return #resolved > 0
end

-- The request as it comes back in, if what is passed on comes back to this nginx.  -> question | nil
local function next_question(host, config, hop, peer)
    local target, address = hop.pass.resolved or hop.pass.target, hop.address
    local name = (backend.name(config, hop.question, hop.pass) or ""):gsub(":%d+$", "")
    local server, location = config:route({ scheme = target.scheme or "http", host = name, port = address.port, uri = hop.uri,
        address = not names.is_name(address.host) and address.host or nil })
    if not server or not location or not is_here(host, address.host, peer) then
        return nil
    end
    return { scheme = target.scheme or "http", host = name, port = address.port, place = name .. ":" .. address.port,
             uri = hop.uri, server = server, location = location }
end

local function hop_of(config, question)
    local pass = only_pass(config, question)
    local address = pass and only_address(config, pass)
    local uri = address and backend.sent(config, question, pass)
    return uri and { pass = pass, address = address, question = question, uri = uri } or nil
end

local function walk(host, symptom, peer)
    local config, question = symptom.nx.config, backend.question(symptom)
    local hops = {}
    while question and question.location and #hops < MOST_HOPS do
        local hop = hop_of(config, question)
        local onward = hop and next_question(host, config, hop, peer)
        if not onward then
            return nil
        end
        hops[#hops + 1] = hop
        for _, earlier in ipairs(hops) do
            if earlier.question.location == onward.location and earlier.question.uri == onward.uri then
                return { hops = hops, pass = hop.pass }
            end
        end
        question = onward
    end
    return question and question.location and { hops = hops, pass = hops[#hops].pass } or nil
end

function M.find(host, symptom, peer)
    if symptom.state ~= "present" or not symptom.url then
        return nil
    end
    return host:memo("proxy loop", function()
        return walk(host, symptom, peer) or false
    end) or nil
end

local function at(pass)
    return string.format("%s:%d", pass.file, pass.line)
end

-- Whom else could it mean?  As a sentence, or "".
local function instead(host, symptom, hop, evidence)
    local r = host:run({ "ss", "-H", "-ltnp" })
    local upstream = { key = hop.address.host .. ":" .. hop.address.port, address = hop.address }
    local texts = {}
    for _, other in ipairs(r.ok and wrong.candidates(host, symptom, upstream, host, r, "proxy_pass") or {}) do
        if other.name ~= "nginx" then
            texts[#texts + 1], evidence[#evidence + 1] = other.text, other.evidence
        end
    end
    return #texts > 0 and " On this host there is " .. table.concat(texts, ", ") .. "." or ""
end

function M.cause(host, symptom, loop)
    local evidence, places = { symptom.shown[#symptom.shown] }, {}
    for i, hop in ipairs(loop.hops) do
        places[i] = string.format("%s (%s)", hop.pass.argument.text, at(hop.pass))
        evidence[#evidence + 1] = i <= 4 and lines.shown(host, hop.pass) or nil
    end
    local others = instead(host, symptom, loop.hops[1], evidence)
    return { title = "nginx passes the request on to itself", likelihood = 97, evidence = evidence, fixes = {},
             subject = { upstream = loop.hops[1].address.host .. ":" .. loop.hops[1].address.port },
             summary = string.format("%s is passed on to %s, where this same nginx listens and passes it on again: it goes round until "
                 .. "a worker has no connection left. No limit is to be raised: let the last of these proxy_pass name the "
                 .. "application that is meant.%s", symptom.url, table.concat(places, ", then to "), others) }
end

return M
