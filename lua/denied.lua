-- denied.lua: why the kernel does not let nginx connect (EACCES, EPERM), where no file's permission says so.
--
--   denied.lines(symptom) -> failures, newest first, one for each upstream
--   denied.reason(host, symptom, address) -> { text =, advice =, likelihood =, evidence = {…} } | nil, evidence
--
-- Each reason is read, not guessed: a route that prohibits (ip-route(8)), the system calls that systemd
-- leaves to nginx (systemd.exec(5), SystemCallFilter=), SELinux (its own file system, the label of
-- nginx's process, its denials), AppArmor (the label and its denials).

local direct = require "direct"
local nginx_errno = require "nginx_errno"
local nginx = require "nginx"
local service = require "service"

local M = {}

function M.lines(symptom)
    return direct.lines_for(symptom, function(entry)
        return entry.phase == "connecting to upstream"
            and nginx_errno.kind_of_errno(entry.errno, tostring(entry.message):match("%(%d+: ([^)]*)%)")) == "denied"
    end)
end

local function by_route(host, address, evidence)
    if not address.host then
        return nil
    end
    local r = host:run { "ip", "route", "get", (address.host:gsub("[%[%]]", "")) }
    if r.outcome ~= "exit" or not r.err:find("Permission denied", 1, true) then
        return nil
    end
    evidence[#evidence + 1] = r:show(r.err)
    local rules = host:run { "ip", "rule", "show" }
    for line in rules.out:gmatch("[^\n]*prohibit[^\n]*") do
        evidence[#evidence + 1] = rules:show(line)
    end
    local routes = host:run { "ip", "route", "show" }
    for line in routes.out:gmatch("[^\n]*prohibit[^\n]*") do
        evidence[#evidence + 1] = routes:show(line)
    end
    return { text = "this host's routing prohibits connections to " .. address.host .. ", for every program", likelihood = 95,
             advice = "Somebody set that on purpose: find out why, then take the rule or route away (`ip rule`, `ip route`)." }
end

-- A routing rule for nginx's user alone (ip-rule(8)); whoever asks for the route as root does not meet it.
local function by_rule_of_user(host, symptom, address, evidence)
    local uid = address.host and symptom.nx.worker_uid
    local r = uid and host:run { "ip", "rule", "show" }
    for line in (r and r.ok and r.out or ""):gmatch("[^\n]*%f[%w]prohibit%f[%W][^\n]*") do
        local first, last = line:match("%f[%w]uidrange (%d+)%-(%d+)")
        if first and uid >= tonumber(first) and uid <= tonumber(last) then
            evidence[#evidence + 1] = r:show(line)
            return { text = "a routing rule prohibits connections to nginx's user (uid " .. uid .. "): `" .. line:gsub("%s+", " ") .. "`",
                     likelihood = 92, advice = "Somebody set that on purpose: find out why, then take the rule away (`ip rule`)." }
        end
    end
    return nil
end

-- The unit that nginx really runs in, which need not be called so.
local function unit_of(host, symptom)
    local pid = nginx.worker(host, symptom.nx)
    local svc = pid and service.of_pid(host, pid)
    return (svc and svc.name or "nginx") .. ".service"
end

local function by_systemd(host, symptom, evidence)
    local unit = unit_of(host, symptom)
    local r = host:run { "systemctl", "show", "--no-pager",
                         "--property=SystemCallFilter,SystemCallErrorNumber,DropInPaths,FragmentPath", "--", unit }
    local filter = r.ok and r.out:match("SystemCallFilter=([^\n]*)")
    if not filter or filter == "" then
        return nil
    end
    -- systemd shows what is allowed, or, after a ~, what is not.
    local listed = (" " .. filter:gsub("^~", "") .. " "):find("[ ~]connect[ :]") ~= nil
    if listed ~= (filter:sub(1, 1) == "~") then
        return nil
    end
    local where = r.out:match("DropInPaths=([^\n]+)") or r.out:match("FragmentPath=([^\n]+)") or "its unit file"
    evidence[#evidence + 1] = r:show({ "DropInPaths=" .. (r.out:match("DropInPaths=([^\n]*)") or "") })
    return { text = "systemd does not leave nginx the system call connect (SystemCallFilter= of " .. unit .. ", " .. where .. ")",
             likelihood = 95, advice = "Allow it there, then `systemctl daemon-reload` and restart " .. unit .. "." }
end

-- The newest denial in the audit log, or in the kernel's journal where no auditd keeps one, that fits(line) -> evidence | nil
-- Lines: "avc:  denied  { name_connect } for  pid=71 comm="nginx" …" (security/selinux/avc.c),
-- 'apparmor="DENIED" operation="connect" … profile="…"' (security/apparmor/audit.c).
local function denial(host, fits)
    local logs = { host:run { "tail", "-c", "65536", "--", "/var/log/audit/audit.log" },
                   host:run { "journalctl", "--no-pager", "-o", "short-iso", "-n", "1000", "-k" } }
    for _, r in ipairs(logs) do
        local newest
        for line in (r.ok and r.out or ""):gmatch("[^\n]+") do
            newest = fits(line) and line or newest
        end
        if newest then
            return r:show(newest)
        end
    end
    return nil
end

local function by_selinux(host, address, evidence, read)
    local denied = denial(host, function(line)
        return line:find("avc: +denied +{ [%w_ ]+ } for ") and line:find(' comm="nginx" ', 1, true)
            and line:find(address.host and " tclass=tcp_socket" or " tclass=unix_stream_socket", 1, true)
    end)
    evidence[#evidence + 1] = read:show("")
    evidence[#evidence + 1] = denied
    local value, _, boolean = host:read("/sys/fs/selinux/booleans/httpd_can_network_connect")
    if address.host and value and value:find("^0") then
        evidence[#evidence + 1] = boolean:show((value:gsub("%s+$", "")))
        return { text = "SELinux is enforcing, nginx runs as httpd_t, and the boolean httpd_can_network_connect is off",
                 likelihood = 95, advice = "It holds for every web server of this host, so it is your decision: "
            .. "`setsebool -P httpd_can_network_connect on`. nginx needs no reload." }
    elseif address.unix then
        return { text = "SELinux is enforcing and nginx runs as httpd_t, while the socket's permissions let it in",
                 likelihood = denied and 92 or 80, advice = (denied and "" or "Look for the denial with `ausearch -m avc -c nginx`. ")
            .. "The socket's label (`ls -Z`) has to be one that httpd_t may connect to." }
    elseif denied then
        return { text = "SELinux is enforcing and its audit log says that it denied nginx (httpd_t) the connection", likelihood = 90,
                 advice = "`ausearch -m avc -c nginx | audit2why` says which rule would allow it; whether it should is your decision." }
    end
    return nil
end

-- label: "/usr/sbin/nginx (enforce)"
local function by_apparmor(host, label, evidence, read)
    local profile = label:match("^(.-)%s*%(enforce%)$")
    local denied = denial(host, function(line)
        return line:find('apparmor="DENIED"', 1, true) and line:find(' profile="' .. profile .. '" ', 1, true)
            and (line:find(' operation="connect"', 1, true) or line:find(' operation="create"', 1, true)
                or line:find('requested_mask="[%a ]*connect[%a ]*"'))
    end)
    evidence[#evidence + 1] = read:show(label)
    evidence[#evidence + 1] = denied
    return denied and { text = "AppArmor denies it: nginx runs under the profile " .. profile, likelihood = 93,
                        advice = "Allow it in the profile (/etc/apparmor.d, best in its local/ file) and load that with "
        .. "`apparmor_parser -r`; whether it should be allowed is your decision." } or nil
end

local function by_label(host, symptom, address, evidence)
    local pid = nginx.worker(host, symptom.nx)
    local label, _, read = nil, nil, nil
    if pid then
        label, _, read = host:read("/proc/" .. pid .. "/attr/current")
    end
    label = label and label:match("^[^%z\n]+")
    local enforce, _, mode = host:read("/sys/fs/selinux/enforce")
    if enforce and enforce:find("^1") and label and label:find(":httpd_t:", 1, true) then
        evidence[#evidence + 1] = mode:show("1")
        return by_selinux(host, address, evidence, read)
    elseif label and label:find("%(enforce%)$") then
        return by_apparmor(host, label, evidence, read)
    end
    return nil
end

function M.reason(host, symptom, address)
    local evidence = {}
    local reason = by_route(host, address, evidence) or by_rule_of_user(host, symptom, address, evidence)
        or by_systemd(host, symptom, evidence) or by_label(host, symptom, address, evidence)
    if reason then
        reason.evidence = evidence
    end
    return reason, evidence
end

return M
