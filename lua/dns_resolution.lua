-- dns_resolution.lua: what the playbook dns-resolution knows about names, resolvers and addresses that moved.

local backend = require "backend"
local lines = require "lines"
local names = require "names"
local nginx_change = require "nginx_change"
local nginx_edit = require "nginx_edit"
local nginx_log = require "nginx_log"
local wrong = require "wrong_proxy_pass"

local M = {}

-- What a log line says about names: kind, name, code.
local function read_message(entry)
    local message = tostring(entry.message)
    local name = message:match("^no resolver defined to resolve (%S+)$")
    if name then
        return "no-resolver", name
    end
    local code
    name, code = message:match("^(%S+) could not be resolved %((%d+): ")
    if name then
        return "not-resolved", name, tonumber(code)
    end
    return nil
end

-- The newest line about names, a fresh one before others: {kind, name, code, failure}
function M.from_log(symptom)
    local found
    for i = #symptom.failures, 1, -1 do
        local failure = symptom.failures[i]
        local kind, name, code = read_message(failure.entry)
        if kind and names.is_name(name) and (not found or (failure.fresh and not found.failure.fresh)) then
            found = { kind = kind, name = name, code = code, failure = failure }
        end
    end
    return found
end

-- The pass that needs this name at run time.
function M.late_pass(config, name)
    local fallback
    for _, pass in ipairs(config:passes()) do
        if pass.target.variable then
            local target = pass.resolved or pass.target
            if target.host == name:lower() then
                return pass
            end
            fallback = fallback or pass
        end
    end
    return fallback
end

local function at(directive)
    return string.format("%s:%d", directive.file, directive.line)
end

local function distinct_v4(resolved)
    local seen, list = {}, {}
    for _, address in ipairs(resolved) do
        if not seen[address] then
            seen[address] = true
            list[#list + 1] = address
        end
    end
    return list
end

local function bracketed(address)
    return address:find(":", 1, true) and "[" .. address .. "]" or address
end

-- Does the backend take connections at this address?  -> true | false, evidence
function M.takes_connections(host, address, port, scheme)
    local answers, results = backend.ask(host, { scheme = scheme or "http", address = bracketed(address) .. ":" .. port,
                                                 uri = "/", seconds = 5 })
    local shown = backend.shown(results[1])
    return answers[1].code ~= nil or (answers[1].connect or 0) > 0, shown
end

-- The address in the place of the name, where the configuration writes the name once and whole.
local function fixed_fix(host, symptom, use, name, address, recommended)
    local config, edits, reason = symptom.nx.config, nil, nil
    local set = use.set or (use.passes and use.passes[1] and use.passes[1].set)
    if set and set.args[2].text == name then
        edits, reason = nginx_change.one(host, nginx_edit.replace_argument(config, set.args[2], nil, bracketed(address)))
    elseif set then
        return nil, "the name is made of variables"
    else
        edits, reason = nginx_change.addresses(host, symptom.nx, { use }, bracketed(address) .. ":" .. use.address.port)
    end
    if not edits then
        return nil, reason
    end
    return wrong.nginx_fix(host, symptom, { id = "use-the-address", title = "Write the address " .. address .. " instead of the name",
        why = "Nothing has to be resolved any more. The price: when the backend moves, nginx has to be told, and unless "
            .. "proxy_set_header Host is set the backend sees the address as the request's host.",
        edits = edits, recommended = recommended })
end

local function use_of(config, pass)
    for _, use in ipairs(config:addresses()) do
        for _, one in ipairs(use.passes) do
            if one == pass then
                return use
            end
        end
    end
    return nil
end

-- The first of the host's own DNS servers that knows the name.
local function working_server(host, name, but)
    local servers, read = names.servers(host)
    for _, server in ipairs(servers) do
        if not but or but[server] == nil then
            local answer = names.dig(host, server, name)
            if answer and #answer > 0 then
                return server, answer, read
            end
        end
    end
    return nil, nil, read
end

local function add(list, ...)
    for _, item in ipairs({ ... }) do
        list[#list + 1] = item
    end
end

local function fixed_alternative(host, symptom, pass, name, resolved, evidence, alone)
    local use, list = pass and use_of(symptom.nx.config, pass), distinct_v4(resolved)
    local port = pass and (pass.resolved or pass.target).port
    if not use or not port or #list ~= 1 then
        return nil
    end
    local works, shown = M.takes_connections(host, list[1], port, (pass.resolved or pass.target).scheme)
    add(evidence, shown)
    return works and fixed_fix(host, symptom, use, name, list[1], alone) or nil
end

-- A variable in proxy_pass, and nobody to ask.
function M.no_resolver(host, symptom, found)
    local config, name, evidence = symptom.nx.config, found.name, { nginx_log.show(found.failure) }
    local pass = M.late_pass(config, name)
    add(evidence, pass and lines.shown(host, pass.directive))
    local resolved = names.resolve(host, name)
    add(evidence, resolved.result:show(resolved.result.out))
    local server, answer = working_server(host, name)
    local cause = { title = "nginx has no resolver for a name that it meets at run time", likelihood = 95, fixes = {},
                    evidence = evidence, subject = { name = name } }
    cause.summary = string.format("proxy_pass takes the backend's name from a variable%s, so nginx resolves %s at each "
        .. "request, by the servers of its own `resolver` directive: none is set, and it reads neither /etc/resolv.conf nor "
        .. "/etc/hosts for that.", pass and " (" .. at(pass.directive) .. ")" or "", name)
    if server and pass and pass.server then
        add(evidence, answer.result:show(answer.result.out))
        local edits, reason = nginx_change.one(host,
            nginx_edit.add_directive(config, pass.server, "resolver", server, "valid=30s"))
        cause.fixes[1] = edits and wrong.nginx_fix(host, symptom, { id = "add-resolver", edits = edits, recommended = true,
            title = "Let nginx ask " .. server .. ", as the host itself does",
            why = "That server knows the name. The price: nginx asks it again every 30 s, and answers 502 while it is away." })
        cause.summary = cause.summary .. (reason and " It is not added by itself: " .. reason .. "." or
            string.format(" The host's own server %s answers %s.", server, answer[1]))
    elseif #resolved == 0 then
        cause.summary = cause.summary .. " The host does not know the name either: correct the name, or the DNS."
    else
        cause.summary = cause.summary .. string.format(" The host knows it (%s), but no DNS server of /etc/resolv.conf was "
            .. "seen to: it may stand in /etc/hosts only.", resolved[1])
    end
    cause.fixes[#cause.fixes + 1] = fixed_alternative(host, symptom, pass, name, resolved, evidence, #cause.fixes == 0)
    return cause
end

local CODES = { [1] = "it calls the question malformed", [2] = "it answers SERVFAIL", [3] = "it says that there is no such name",
                [5] = "it refuses to answer", [110] = "it does not answer" }

local function resolver_servers(directive)
    local list = {}
    for i, arg in ipairs(directive.args) do
        if not arg.text:find("=", 1, true) then
            list[#list + 1] = { index = i, text = arg.text }
        end
    end
    return list
end

local function replace_resolver(host, symptom, directive, servers, server)
    if #servers ~= 1 then
        return nil, "resolver names several servers"
    end
    local edits, reason = nginx_change.one(host,
        nginx_edit.replace_argument(symptom.nx.config, directive, servers[1].index, server))
    return edits and wrong.nginx_fix(host, symptom, { id = "use-the-hosts-resolver", edits = edits, recommended = true,
        title = "Let nginx ask " .. server .. ", as the host itself does",
        why = string.format("%s was asked for the name just now and knows it; %s does not help.", server, servers[1].text) }),
        reason
end

-- `resolver` is set, and does not resolve the name.
function M.not_resolved(host, symptom, found)
    local config, name, evidence = symptom.nx.config, found.name, { nginx_log.show(found.failure) }
    local pass = M.late_pass(config, name)
    local directive = pass and config:effective(pass.directive, "resolver")
    add(evidence, directive and lines.shown(host, directive))
    local resolved = names.resolve(host, name)
    add(evidence, resolved.result:show(resolved.result.out))
    local servers, bad = directive and resolver_servers(directive) or {}, {}
    for _, one in ipairs(servers) do
        local answer = names.dig(host, one.text, name)
        bad[one.text] = answer and #answer == 0 or nil
        if answer and #answer > 0 then
            return nil, string.format("the resolver %s knows %s now (%s)", one.text, name, answer[1]),
                { answer.result:show(answer.result.out) }
        elseif answer then
            add(evidence, answer.result:show(answer.result.out ~= "" and answer.result.out or answer.result.err))
        end
    end
    local says = CODES[found.code] or "it gives error " .. tostring(found.code)
    local cause = { title = found.code == 3 and "The backend's name does not exist" or "nginx's resolver does not answer",
                    likelihood = 95, fixes = {}, evidence = evidence, subject = { name = name } }
    cause.summary = string.format("nginx asks %s%s for %s at each request, and %s.",
        servers[1] and servers[1].text or "its resolver", directive and " (" .. at(directive) .. ")" or "", name, says)
    if #resolved == 0 then
        cause.summary = cause.summary .. " The host does not know the name either: correct the name, or the DNS."
        return cause
    end
    local server, answer = working_server(host, name, bad)
    if server then
        local reason
        add(evidence, answer.result:show(answer.result.out))
        cause.title = "nginx asks the wrong DNS server"
        cause.fixes[1], reason = replace_resolver(host, symptom, directive, servers, server)
        cause.summary = cause.summary .. string.format(" The host itself asks %s, which answers %s.", server, answer[1])
            .. (cause.fixes[1] and "" or " It is not changed by itself: " .. tostring(reason) .. ".")
    else
        cause.summary = cause.summary .. string.format(" The host knows it (%s) by other means, such as /etc/hosts, which "
            .. "nginx's resolver does not read.", resolved[1])
    end
    cause.fixes[#cause.fixes + 1] = fixed_alternative(host, symptom, pass, name, resolved, evidence, #cause.fixes == 0)
    return cause
end

local function reload_fix(host, symptom, why, recommended)
    local nginx = require "nginx"
    local verify = wrong.nginx_fix(host, symptom, { edits = {} })
    return verify and { id = "reload-nginx", title = "Reload nginx, which resolves the names again", risk = "low",
        recommended = recommended, why = why, validate = verify.validate, verify = verify.verify,
        commands = { { argv = nginx.reload(host, symptom.nx), note = "nginx resolves the names again" } } } or nil
end

-- The name has another address than the one that nginx found when it started.
function M.changed(host, symptom, upstream, stale)
    local list, use = distinct_v4(stale.resolved), stale.use
    local evidence = { nginx_log.show(upstream.failure), lines.shown(host, use.argument.directive),
                       stale.resolved.result:show(stale.resolved.result.out) }
    local cause = { likelihood = 96, evidence = evidence, fixes = {}, subject = { upstream = upstream.key, name = stale.name } }
    local opening = string.format("nginx connects to %s, the address that %s (%s:%d) had when nginx read its configuration.",
        upstream.key, stale.name, use.file, use.line)
    if #list == 0 then
        cause.title = "The backend's name does not exist any more"
        cause.summary = opening .. " Now the name does not resolve at all, so a reload of nginx would be refused, and a "
            .. "restart would leave no nginx running. Correct the DNS first, or write the backend's address there."
        return cause
    end
    local pass = use.passes[1]
    local works, shown = M.takes_connections(host, list[1], use.address.port, pass and pass.target.scheme)
    add(evidence, shown)
    cause.title = "The backend's address has changed since nginx started"
    cause.summary = string.format("%s Now it is %s, and nginx asks again only when it is reloaded.", opening,
        table.concat(list, ", "))
    if not works then
        cause.summary = cause.summary .. " Nothing takes connections there either, so a reload alone does not help: look at "
            .. "the backend's host."
        return cause
    end
    cause.summary = cause.summary .. " Where that happens often, `resolver` with a variable in proxy_pass lets nginx ask at "
        .. "each request; the price is that it then depends on the DNS server at each request."
    cause.fixes[1] = reload_fix(host, symptom, "The backend takes connections at its new address. No request is dropped; the "
        .. "next move of the backend needs a reload again.", true)
    cause.fixes[2] = #list == 1 and fixed_fix(host, symptom, use, stale.name, list[1], false) or nil
    return cause
end

-- nginx still runs on an older configuration, since the one in its files names a host that is not found.
function M.refused_reload(host, symptom, refused, shown, missing)
    local first, evidence = missing[1], {}
    add(evidence, shown)
    local directive = first and first.use.argument.directive
    add(evidence, directive and lines.shown(host, directive))
    add(evidence, first and first.resolved.result:show(first.resolved.result.out))
    local name = first and first.name or refused
    local cause = { title = "nginx runs on an older configuration: a name in the new one is not found", likelihood = 92,
                    evidence = evidence, fixes = {}, subject = { name = name } }
    if first then
        cause.summary = string.format("%s (%s:%d) does not resolve on this host, so nginx refuses to load its configuration and "
            .. "goes on with an older one; a restart would leave no nginx running. Correct the name or the DNS, or write the "
            .. "backend's address there, then reload.", name, first.use.file, first.use.line)
        return cause
    end
    local resolved = names.resolve(host, name)
    add(evidence, resolved.result:show(resolved.result.out))
    cause.summary = string.format("When nginx was last reloaded, %s was not found, so it refused its configuration and went on "
        .. "with an older one. The name resolves now (%s): a reload makes the files take effect.", name, tostring(resolved[1]))
    if #resolved == 0 then
        return nil
    end
    cause.fixes[1] = reload_fix(host, symptom, "What kept nginx from it is over. It takes over everything that was changed in "
        .. "its files since.", true)
    return cause
end

return M
