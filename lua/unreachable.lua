-- unreachable.lua: what the playbook unreachable knows: no packet gets through to the backend, or none comes back.

local addresses = require "addresses"
local backend = require "backend"
local nginx_error = require "nginx_error"
local nginx_log = require "nginx_log"
local proxy_timeout = require "proxy_timeout"
local tcp = require "tcp_upstream"

local M = {}

local PATIENCE = 6 -- seconds: three attempts of TCP's handshake

-- The upstreams that could not be connected to, with the kind of the system's error.
function M.failing(symptom)
    local list = {}
    for _, upstream in ipairs(symptom.upstreams) do
        local entry = upstream.failure and upstream.failure.entry
        local kind = entry and entry.phase == "connecting to upstream" and upstream.address and upstream.address.port
            and nginx_error.kind_of_errno(entry.errno, entry.message)
        if kind == "unreachable-host" or kind == "unreachable-net" or kind == "timeout" or kind == "refused" then
            list[#list + 1] = { upstream = upstream, kind = kind, entry = entry }
        end
    end
    return list
end

local function bare(address)
    return (address:gsub("[%[%]]", ""))
end

local function cause(item, title, summary, likelihood)
    return { title = title, summary = summary, likelihood = likelihood, evidence = item.evidence, fixes = {},
             subject = { upstream = item.upstream.key } }
end

-- The lines of a host's packet filter that drop or reject, and that fit(line).
local function rules(target, fits)
    local r = target:run({ "nft", "list", "ruleset" })
    local lines = {}
    for line in (r.ok and r.out or ""):gmatch("[^\n]+") do
        local ends = line:find("%f[%w]drop%f[%W]") or line:find("%f[%w]reject%f[%W]")
        if ends and #lines < 5 and fits(line) then
            lines[#lines + 1] = line
        end
    end
    return lines, r
end

local function names(line, address)
    return line:find("%f[%d]" .. address.port .. "%f[%D]") or line:find(bare(address.host), 1, true)
end

local function filter_text(item, hosts)
    local words = {}
    for _, target in ipairs(hosts) do
        local lines, r = rules(target, function(line)
            return names(line, item.upstream.address)
        end)
        if #lines > 0 then
            item.evidence[#item.evidence + 1] = r:show(lines)
            words[#words + 1] = string.format("on %s: `%s`", target.name, lines[1]:match("^%s*(.-)%s*$"))
        end
    end
    return #words > 0 and " The packet filter says so " .. table.concat(words, ", and ") .. "." or ""
end

-- Is the number in nft's set, range or value ("8000", "8000-9000", "{ 80, 8000-9000 }")?
local function in_set(set, wanted)
    for from, to in set:gmatch("(%d+)%-?(%d*)") do
        local low = tonumber(from)
        if low <= wanted and wanted <= (tonumber(to) or low) then
            return true
        end
    end
    return false
end

-- What a rule says of a property such as "dport" or "meta skuid": a set in braces, or one value; and whether all others are meant.
-- nil where it says nothing.
local function value_of(line, word)
    local negated, rest = line:match("%f[%w]" .. word .. " (!?=? ?)(.*)")
    if not rest then
        return nil
    end
    return rest:match("^({[^}]*})") or rest:match("^(%S+)"), negated:find("!", 1, true) ~= nil
end

local function means(line, word, number, name)
    local value, negated = value_of(line, word)
    if not value then
        return nil
    end
    local named = in_set(value:gsub('"[^"]*"', ""), number) or (name ~= nil and value:find('"' .. name .. '"', 1, true) ~= nil)
    return named ~= negated
end

-- The first rule that ends connections of this user to this port, whoever else may connect (nft(8), meta skuid, skgid)
-- -> line, result
local function user_rule(host, user, port)
    local lines, r = rules(host, function(line)
        local his = means(line, "skuid", user.uid, user.name) or means(line, "skgid", user.gid, user.group)
        return his and means(line, "dport", port) ~= false
    end)
    return lines[1], r
end

-- nginx fails just now, and who asks directly does not: they differ in the user that they run as.
local function only_nginx(host, symptom, item)
    local user, key = symptom.nx.worker, item.upstream.key
    if not item.upstream.fresh or symptom.intermittent then
        return nil, key .. " takes connections now, asked directly from nginx's host"
    end
    local line, r = nil, nil
    if user and user.ok then
        line, r = user_rule(host, user, item.upstream.address.port)
    end
    if not line then
        return nil, key .. " takes connections from other programs of this host while nginx's fail: something concerns nginx alone, "
            .. "such as its user in a packet filter, its source address (proxy_bind) or its network namespace", true
    end
    item.evidence[#item.evidence + 1] = r:show(line)
    return cause(item, "A firewall shuts out nginx's own user", string.format("nginx%s cannot connect to %s, while who asks from the "
        .. "same host as another user can. The packet filter of %s says so of %s, as whom nginx's workers run: `%s`. Let that rule "
        .. "except port %d, if nginx is meant to get there.", item.written, key, host.name, user.name, line:match("^%s*(.-)%s*$"),
        item.upstream.address.port), 95)
end

local function route(host, item)
    local address = bare(item.upstream.address.host)
    local r = host:run({ "ip", "route", "get", address })
    item.evidence[#item.evidence + 1] = r:show(r.ok and r.out:match("[^\n]*") or r.err)
    return r.ok, r, r.out:match(" via (%S+)"), r.out:match(" dev (%S+)")
end

local function neighbour(host, item, address)
    local r = host:run({ "ip", "neigh", "show", address })
    local state = r.ok and r.out:match("(%u+)%s*$")
    if state then
        item.evidence[#item.evidence + 1] = r:show(r.out)
    end
    return state
end

local function no_way(host, item)
    local key, where = item.upstream.key, item.written
    local ok, r, via, dev = route(host, item)
    if r.outcome ~= "exit" then
        return nil, "the host's routes could not be read", true
    elseif not ok or r.out:find("^unreachable") then
        return cause(item, "There is no route to the backend", string.format("nginx cannot connect to %s%s: the host has no way "
            .. "to that address (ip route get: %s). Either the address is wrong, or a route or an interface is missing: "
            .. "look at `ip route` and at what should have set it.", key, where,
            (r.err ~= "" and r.err or r.out):match("[^\n]*"):gsub("^RTNETLINK answers: ", "")), 95)
    end
    local next_hop = via or bare(item.upstream.address.host)
    local state = neighbour(host, item, next_hop)
    if state == "FAILED" or state == "INCOMPLETE" then
        return cause(item, "No machine answers at the backend's address", string.format("nginx cannot connect to %s%s: %s%s is "
            .. "on the network of %s, and no machine there answers to it. The backend's host is off or has another address%s.",
            key, where, via and "the router " or "", next_hop, dev or "this host", via and ", or rather its router has" or ""), 94)
    end
    return cause(item, "The network refuses the way to the backend", string.format("nginx cannot connect to %s%s although the host "
        .. "has a route%s: a router or a firewall on the way answers that the host is unreachable.%s Open the way, or correct "
        .. "the address.", key, where, via and " via " .. via or "", filter_text(item, { host })), 88)
end

local function hosts_of(host, target)
    return target and target.name ~= host.name and { host, target } or { host }
end

local function silent(host, item, place, target, peer)
    local key = item.upstream.key
    if proxy_timeout.full_queue(host, item, peer) then
        return nil, "the backend's queue of connections is full, so it is the backend that takes no more"
    elseif not target then
        route(host, item)
        return cause(item, "Nothing answers at the backend's address", string.format("nginx gets no answer at all from %s%s, not even "
            .. "a refusal: a firewall on the way drops the packets, or the host is off. No host of the inventory has the "
            .. "address %s; with its host in the inventory more could be said.%s", key, item.written,
            item.upstream.address.host, filter_text(item, { host })), 80)
    end
    local entries, result = tcp.listening(target, item.upstream.address.host, item.upstream.address.port)
    local listener = entries and entries[1] and entries[1].entry
    if listener then
        item.evidence[#item.evidence + 1] = result:show(tcp.line_of(result, listener))
    end
    return cause(item, "A firewall drops what nginx sends to the backend", string.format("%s%s gets no answer at all from %s, "
        .. "asked by nginx or directly for %d s, though %s. So the packets are dropped on the way.%s Allow port %d there "
        .. "from this host; a longer time-out would mend nothing.", item.written == "" and "nginx" or "nginx" .. item.written,
        place == "here" and "" or " on " .. host.name, key, PATIENCE, listener and "a process listens there on " .. target.name
        or "a port without a listener would at least refuse", filter_text(item, hosts_of(host, target)),
        item.upstream.address.port), listener and 94 or 88)
end

local function rejected(host, item, target)
    local entries, result = nil, nil
    if target then
        entries, result = tcp.listening(target, item.upstream.address.host, item.upstream.address.port)
    end
    local listener = entries and entries[1] and entries[1].entry
    if not listener then
        return nil, item.upstream.key .. " refuses connections, so packets do get there and back"
    end
    item.evidence[#item.evidence + 1] = result:show(tcp.line_of(result, listener))
    return cause(item, "A firewall refuses what nginx sends to the backend", string.format("nginx%s is refused at %s, and so is "
        .. "who asks directly, yet a process listens there on %s: something between refuses in its place.%s Allow port %d from "
        .. "this host.", item.written, item.upstream.key, target.name, filter_text(item, hosts_of(host, target)),
        item.upstream.address.port), 93)
end

-- -> cause | nil, reason, true where that is no ruling out but not knowing
function M.look(host, symptom, item, peer)
    local uses = tcp.uses(symptom.nx.config, item.upstream)
    item.written = uses[1] and string.format(" (%s:%d)", uses[1].file, uses[1].line) or ""
    item.evidence = { nginx_log.show(item.upstream.failure) }
    local place, target = addresses.place(host, item.upstream.address.host, peer)
    if place == "unknown" then
        return nil, "it could not be read which addresses this host has", true
    elseif place == "elsewhere" then
        target = nil
    end
    local answers, results = backend.ask(host, { scheme = "http", address = item.upstream.key, uri = "/", seconds = PATIENCE })
    local answer = answers[1]
    item.evidence[#item.evidence + 1] = backend.shown(results[1])
    if not answer.tool then
        return nil, "curl is missing, so the backend could not be asked directly", true
    elseif answer.code or (answer.connect or 0) > 0 then
        return only_nginx(host, symptom, item)
    elseif item.kind == "refused" then
        return rejected(host, item, target)
    elseif item.kind == "timeout" then
        return silent(host, item, place, target, peer)
    end
    return no_way(host, item)
end

return M
