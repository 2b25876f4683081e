-- other_request.lua: does the backend hang up on how nginx asks, and answer the same question put a little otherwise?
--
-- Two defaults of proxy_pass that a backend may not take (ngx_http_proxy_module.c): unless proxy_set_header says otherwise,
-- nginx sends as Host what stands in proxy_pass ($proxy_host), the name of the upstream block or an address, and a server
-- with several virtual hosts may drop whoever names none of them (nginx's own `return 444`); and it speaks HTTP/1.0 unless
-- proxy_http_version says 1.1.
--
--   other_request.look(host, symptom, key, failure) -> cause | nil
--       failure: the log line of a backend that took the connection and gave no answer
--
-- It is so where the backend gives no answer to the request as nginx sends it, and a good one to the same request with that
-- one thing changed.

local direct = require "direct"
local lines = require "lines"
local nginx_change = require "nginx_change"
local nginx_edit = require "nginx_edit"
local nginx_log = require "nginx_log"
local wrong = require "wrong_proxy_pass"

local M = {}

local SILENT = { empty = true, reset = true }

local function changed(question, key, value)
    local other = {}
    for k, v in pairs(question) do
        other[k] = v
    end
    other[key] = value
    return other
end

local function sets_host(config, pass)
    local _, all = config:effective(pass.directive, "proxy_set_header")
    for _, d in ipairs(all) do
        if d.args[1] and d.args[1].text:lower() == "host" then
            return true
        end
    end
    return false
end

-- With the name that the client asked for, where nginx sends another one by default.
local function by_name(config, question, failure)
    local sent = question.url:match("^https?://([^/]*)")
    local asked = type(failure.entry.host) == "string" and failure.entry.host:lower():gsub(":%d+$", "")
    if not asked or not asked:find("^[%w._-]+$") or asked == sent or sets_host(config, question.pass) then
        return nil
    end
    return { question = changed(question, "url", question.url:gsub("^(https?://)[^/]*", function(scheme) return scheme .. asked end)),
             id = "pass-host", title = "Let nginx pass on the client's Host", directive = { "proxy_set_header", "Host", "$host" },
             cause = "The backend does not answer to the name that nginx sends",
             says = function(place, code)
                 return string.format("the Host \"%s\", which is what stands in proxy_pass (%s), and the backend hangs up on that name. "
                     .. "Asked the same with the Host \"%s\", which the client sent, it answers %d.", sent, place, asked, code)
             end }
end

local function by_version(config, question)
    if question.http ~= 0 or config:effective(question.pass.directive, "proxy_http_version") then
        return nil
    end
    return { question = changed(question, "http", 1), id = "speak-http-1-1", title = "Let nginx speak HTTP/1.1 to the backend",
             directive = { "proxy_http_version", "1.1" }, cause = "The backend does not answer to HTTP/1.0",
             says = function(place, code)
                 return string.format("HTTP/1.0, as it does unless it is told otherwise (%s), and the backend hangs up on that. Asked the "
                     .. "same by HTTP/1.1 it answers %d.", place, code)
             end }
end

-- What is set in a block takes the place of all of that name that it would inherit, so a line is added only where that drops none.
local function fix(host, symptom, pass, way)
    local config, block = symptom.nx.config, pass.directive.parent
    local _, all, level = config:effective(pass.directive, way.directive[1])
    if #all > 0 and level ~= block then
        return nil, string.format("the other %s lines stand at %s:%d, and a line here would put them out of force", way.directive[1],
            all[1].file, all[1].line)
    end
    local edits, reason = nginx_change.one(host, nginx_edit.add_directive(config, block, table.unpack(way.directive)))
    if not edits then
        return nil, reason
    end
    return wrong.nginx_fix(host, symptom, { id = way.id, title = way.title, recommended = true, edits = edits,
        why = "The backend answered that very request as soon as it came so. nginx reloads without dropping a request." })
end

local function cause_of(host, symptom, key, failure, pass, way, silent, good)
    local change, reason = fix(host, symptom, pass, way)
    return { title = way.cause, likelihood = 93, subject = { upstream = key }, fixes = { change },
             evidence = { nginx_log.show(failure), lines.shown(host, pass), silent.result:show(""),
                          good.result:show(good.result.out:match("^[^\r\n]*")) },
             summary = string.format("nginx sends %s ", key)
                 .. way.says(string.format("%s:%d", pass.file, pass.line), good.code)
                 .. string.format(" `%s;` in that location mends it.", table.concat(way.directive, " "))
                 .. (reason and " It is not added by itself: " .. reason .. "." or "") }
end

local function look(host, symptom, key, failure)
    local config, question = symptom.nx.config, direct.of_failure(symptom, failure)
    local ways = {}
    for _, make in ipairs(question and { by_name, by_version } or {}) do
        ways[#ways + 1] = make(config, question, failure)
    end
    local silent = #ways > 0 and direct.ask(host, question)
    for _, way in ipairs(silent and SILENT[silent.kind] and ways or {}) do
        local good = direct.ask(host, way.question)
        if good.kind == "http" and good.code < 400 then
            return cause_of(host, symptom, key, failure, question.pass, way, silent, good)
        end
    end
    return nil
end

function M.look(host, symptom, key, failure)
    return host:memo("other request " .. key, function()
        return look(host, symptom, key, failure) or false
    end) or nil
end

return M
