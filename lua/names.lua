-- names.lua: the names in nginx's configuration, and what they resolve to: for the host (getaddrinfo, which nginx
-- uses when it reads its configuration), for a DNS server (which nginx's `resolver` asks at each request).
--
--   names.fixed(config) -> uses of config:addresses() whose host is a name, resolved once, when nginx starts
--   names.resolve(host, name) -> { known = bool, addresses…, result }
--   names.stale(host, symptom, upstream) -> {use, name, resolved} | nil
--       the upstream that failed is at an address that the name in the configuration does not have (any more)
--   names.unresolved(host, config) -> { {use, name, resolved} … }   nginx would refuse to load this configuration
--   names.keeps_old_configuration(host, symptom) -> why nginx could not load the newest one, a sentence part | nil
--   names.refused_name(host, symptom) -> the name for which nginx refused a configuration lately, evidence | nil
--   names.dig(host, server, name) -> { ok, addresses…, status, result } | nil where dig is missing
--   names.servers(host) -> { the DNS servers that the host itself asks }, result

local dig = require "dig"
local resolv_conf = require "resolv_conf"

local M = {}

local function is_name(text)
    return type(text) == "string" and text:find("%a") ~= nil and not text:find("^%[") and text ~= "localhost"
        and text:find("^[%w._-]+$") ~= nil and not text:find("^%-")
end

M.is_name = is_name

function M.fixed(config)
    local list = {}
    for _, use in ipairs(config:addresses()) do
        local pass = use.passes[1]
        local late = pass and pass.target.variable and not use.upstream
        if use.address and not use.address.unix and is_name(use.address.host) and not late then
            list[#list + 1] = use
        end
    end
    return list
end

-- `getent ahosts` ends with 2 where nothing was found, be it that the name is unknown or that no server answers.
function M.resolve(host, name)
    local r = host:run({ "getent", "ahosts", "--", name }, { timeout = 20 })
    local found = { result = r, known = r.outcome == "exit" and (r.code == 0 or r.code == 2), code = r.code }
    for address in r.out:gmatch("([%x.:]+)%s+STREAM") do
        found[#found + 1] = address
    end
    return found
end

local function has(list, address)
    local plain = address:gsub("^%[", ""):gsub("%]$", "")
    for _, one in ipairs(list) do
        if one == plain then
            return true
        end
    end
    return false
end

function M.stale(host, symptom, upstream)
    local address = upstream.address
    if not (address and address.port and upstream.failure) or is_name(address.host) then
        return nil
    end
    local first
    for _, use in ipairs(symptom.nx.config:addresses()) do
        if use.key == upstream.key then
            return nil
        end
    end
    for _, use in ipairs(M.fixed(symptom.nx.config)) do
        if use.address.port == address.port then
            local resolved = M.resolve(host, use.address.host)
            if not resolved.known or has(resolved, address.host) then
                return nil
            end
            first = first or { use = use, name = use.address.host, resolved = resolved }
        end
    end
    return first
end

function M.unresolved(host, config)
    local list, seen = {}, {}
    for _, use in ipairs(M.fixed(config)) do
        local name = use.address.host
        if not seen[name] then
            seen[name] = true
            local resolved = M.resolve(host, name)
            if resolved.known and #resolved == 0 then
                list[#list + 1] = { use = use, name = name, resolved = resolved }
            end
        end
    end
    return list
end

-- A reload that was refused is told where whoever asked for it looked: in the journal of nginx's service, or in its log.
-- -> name, evidence
function M.refused_name(host, symptom)
    for i = #symptom.failures, 1, -1 do
        local failure = symptom.failures[i]
        local name = tostring(failure.entry.message):match('^host not found in upstream "([^":/]+)')
        if name then
            return name, require("nginx_log").show(failure)
        end
    end
    local r = host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "100", "-u", "nginx.service" })
    local found, line
    for text in (r.ok and r.out or ""):gmatch("[^\n]+") do
        local name = text:match('^%S+ %S+ nginx%[%d+%]: [^"]*%[emerg%] [^"]*host not found in upstream "([^":/]+)')
        found, line = name or found, name and text or line
    end
    return found, found and r:show(line) or nil
end

-- Where nginx could not take its newest configuration, since a name in it is or was not found: why, else nil.
function M.keeps_old_configuration(host, symptom)
    local missing = M.unresolved(host, symptom.nx.config)[1]
    if missing then
        return "nginx cannot load its configuration as it is: " .. missing.name .. " is not found"
    end
    local name = M.refused_name(host, symptom)
    return name and "nginx refused its configuration lately, since " .. name .. " was not found" or nil
end

-- `server`: as nginx's resolver writes it, "10.0.0.1", "10.0.0.1:5353" or "[v6]:53".
function M.dig(host, server, name)
    local address, port = server:match("^(.-):(%d+)$")
    if not address or (address:find(":", 1, true) and not address:find("^%[")) then
        address, port = server, "53"
    end
    local r = host:run({ "dig", "+time=2", "+tries=1", "-p", port, "@" .. address:gsub("[%[%]]", ""), name, "A" },
        { timeout = 10 })
    if r.outcome == "not-started" or r.code == 127 then
        return nil
    end
    local parsed = dig.parse(r.out)
    local found = { result = r, status = parsed.status, ok = parsed.complete, error = parsed.error }
    for _, record in ipairs(parsed.answer) do
        if record.type == "A" then
            found[#found + 1] = record.data
        end
    end
    return found
end

function M.servers(host)
    local text, _, read = host:read("/etc/resolv.conf")
    local list = {}
    for _, server in ipairs(text and resolv_conf.parse(text).nameservers or {}) do
        if server:find("^[%x.:]+$") then
            list[#list + 1] = server:find(":", 1, true) and "[" .. server .. "]" or server
        end
    end
    return list, read
end

return M
