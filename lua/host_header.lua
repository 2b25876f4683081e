-- host_header.lua: does the backend hang up on the name that nginx sends it?
--
-- Unless proxy_set_header says otherwise, nginx sends as Host what stands in proxy_pass (ngx_http_proxy_module.c,
-- $proxy_host): the name of the upstream block, or an address.  A backend with several virtual hosts may drop whoever
-- does not name one of them (nginx's own `return 444`).
--
--   host_header.look(host, symptom, key, failure) -> cause | nil
--       failure: the log line of a backend that took the connection and gave no answer
--
-- It is so where the backend gives no answer to the request as nginx sends it, and a good one to the same request with the
-- client's Host, and nothing else is different.

local direct = require "direct"
local lines = require "lines"
local nginx_change = require "nginx_change"
local nginx_edit = require "nginx_edit"
local nginx_log = require "nginx_log"
local wrong = require "wrong_proxy_pass"

local M = {}

local SILENT = { empty = true, reset = true }

-- The proxy_set_header lines that are in force for this pass, and whether Host is among them.
local function headers(config, pass)
    local _, all, level = config:effective(pass.directive, "proxy_set_header")
    for _, d in ipairs(all or {}) do
        if d.args[1] and d.args[1].text:lower() == "host" then
            return all, level, true
        end
    end
    return all or {}, level, false
end

local function with_name(question, name)
    local other = {}
    for k, v in pairs(question) do
        other[k] = v
    end
    other.url = question.url:gsub("^(https?://)[^/]*", function(scheme) return scheme .. name end)
    return other
end

-- Both questions, and what came back: { sent =, name =, silent =, good = answers, pass = } | nil
local function compare(host, symptom, failure)
    local asked = type(failure.entry.host) == "string" and failure.entry.host:lower():gsub(":%d+$", "")
    local question = direct.of_failure(symptom, failure)
    local sent = question and question.url:match("^https?://([^/]*)")
    if not sent or not asked or not asked:find("^[%w._-]+$") or asked == sent then
        return nil
    end
    local silent = direct.ask(host, question)
    local good = SILENT[silent.kind] and direct.ask(host, with_name(question, asked))
    if not good or good.kind ~= "http" or good.code >= 400 then
        return nil
    end
    return { pass = question.pass, sent = sent, name = asked, silent = silent, good = good }
end

-- A proxy_set_header in a block takes the place of all that it would inherit, so the line is added only where that drops none.
local function fix(host, symptom, pass, all, level)
    local block = pass.directive.parent
    if #all > 0 and level ~= block then
        return nil, string.format("the other proxy_set_header lines stand at %s:%d, and a line here would put them out of force",
            all[1].file, all[1].line)
    end
    local edits, reason = nginx_change.one(host, nginx_edit.add_directive(symptom.nx.config, block, "proxy_set_header", "Host", "$host"))
    if not edits then
        return nil, reason
    end
    return wrong.nginx_fix(host, symptom, { id = "pass-host", title = "Let nginx pass on the client's Host", recommended = true,
        why = "The backend answered that very request as soon as it came with the client's name. nginx reloads without dropping a request.",
        edits = edits })
end

local function look(host, symptom, key, failure)
    local config = symptom.nx.config
    local found = compare(host, symptom, failure)
    if not found then
        return nil
    end
    local all, level, is_set = headers(config, found.pass)
    if is_set then
        return nil
    end
    local change, reason = fix(host, symptom, found.pass, all, level)
    return { title = "The backend does not answer to the name that nginx sends", likelihood = 93,
             subject = { upstream = key, host = found.sent }, fixes = { change },
             evidence = { nginx_log.show(failure), lines.shown(host, found.pass), found.silent.result:show(""),
                          found.good.result:show(found.good.result.out:match("^[^\r\n]*")) },
             summary = string.format("nginx sends %s the Host \"%s\", which is what stands in proxy_pass (%s:%d), and the backend hangs up "
                 .. "on that name. Asked the same with the Host \"%s\", which the client sent, it answers %d. `proxy_set_header Host $host;` "
                 .. "passes that on.%s", key, found.sent, found.pass.file, found.pass.line, found.name, found.good.code,
                 reason and " It is not added by itself: " .. reason .. "." or "") }
end

function M.look(host, symptom, key, failure)
    return host:memo("host header " .. key, function()
        return look(host, symptom, key, failure) or false
    end) or nil
end

return M
