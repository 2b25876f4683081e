-- nginx_limits.lua: how many connections and open files nginx's workers may have, and how that is raised.
--
--   nginx_limits.read(host, symptom) -> { connections =, set = directive | nil, files = | nil, files_set = directive | nil,
--                                         files_hard =, pid =, evidence = {…} }
--   nginx_limits.for_logins(host, symptom) -> sentence, evidence | nil     limits.conf speaks of nginx's user, in vain
--   nginx_limits.connections_fix(host, symptom, limits, verify) -> fix | nil, reason
--   nginx_limits.files_fix(host, symptom, limits, verify)       -> fix | nil, reason
--   nginx_limits.status(host, symptom) -> stub_status table, evidence | nil
--
-- Source: nginx src/event/ngx_event.c (worker_connections, 512 by default; every connection counts, the
-- client's and the upstream's), src/os/unix/ngx_process_cycle.c (a worker sets worker_rlimit_nofile for itself
-- while it is still root, so a reload is enough where it is set; limits.conf is for logins, pam_limits(8), and has no effect on a service).

local direct = require "direct"
local limits_conf = require "limits_conf"
local nginx = require "nginx"
local nginx_change = require "nginx_change"
local open_files = require "open_files"
local service = require "service"

local M = {}

local ENOUGH = 1024 -- connections of one worker that no host is too small for: about half a megabyte

local function events_of(config)
    return (config:each "events")()
end

function M.read(host, symptom)
    local config = symptom.nx.config
    local limits = { evidence = {}, connections = 512 }
    local events = events_of(config)
    for _, d in ipairs(events and config:named(events, "worker_connections") or {}) do
        if d.args[1] then
            limits.set, limits.connections = d, tonumber(d.args[1].text) or 512
        end
    end
    limits.files_set = config:effective(nil, "worker_rlimit_nofile")
    limits.pid = nginx.worker(host, symptom.nx)
    if limits.pid then
        local text, _, r = host:read("/proc/" .. limits.pid .. "/limits")
        local soft, hard = (text or ""):match("Max open files%s+(%S+)%s+(%S+)")
        limits.files, limits.files_hard = tonumber(soft), tonumber(hard)
        limits.evidence[1] = text and r:show(text:match("Max open files[^\n]*") or "") or nil
    end
    return limits
end

local function make(host, symptom, id, title, why, edits, verify)
    local nx = symptom.nx
    return {
        id = id, title = title, why = why, risk = "low", recommended = true, edits = edits,
        validate = { nginx.validate(nx) }, verify = verify,
        commands = { { argv = nginx.reload(host, nx), note = "new workers start with the new limit" } },
    }
end

-- A request that is passed on needs two connections, and each connection is an open file.
function M.connections_fix(host, symptom, limits, verify)
    local n = math.max(ENOUGH, 4 * limits.connections)
    local nx = symptom.nx
    if limits.files and limits.files < n and limits.files >= 2 * limits.connections then
        n = limits.files
    end
    local edits, reason = nginx_change.settings(host, nx, events_of, { { "worker_connections", tostring(n) } })
    if not edits then
        return nil, reason
    elseif limits.files and limits.files < n then
        return nil, string.format("a worker may open only %d files, which has to be raised first (worker_rlimit_nofile)", limits.files)
    end
    return make(host, symptom, "raise-worker-connections", "Let each worker have " .. n .. " connections",
        "A connection costs a worker about half a kilobyte, so this host can bear it; what nginx may open ("
            .. tostring(limits.files or "?") .. " files) allows it. nginx reloads without dropping a request.", edits, verify)
end

-- Where nginx's own configuration says nothing, its unit does; the master has the same few, so a reload may fail.
local function unit_fix(host, symptom, limits, verify)
    local svc = service.of_pid(host, symptom.nx.master.pid)
    if not svc then
        return nil, "the limit is what nginx was started with, and no unit of systemd's runs it: raise it there and restart nginx"
    end
    local full = { service = svc.name, soft = limits.files, least = 2 * limits.connections }
    local limit, reason = open_files.limit(host, full)
    if not limit then
        return nil, reason
    end
    local fix
    fix, reason = open_files.fix(full, limit, verify)
    if fix then
        fix.why = string.format("A worker with %d connections needs that many files, and log and temporary files besides. systemd's "
            .. "limit holds from nginx's next start on, so it is restarted, which ends the connections that are open.", limits.connections)
        fix.validate = { nginx.validate(symptom.nx) }
    end
    return fix, reason
end

-- What a person may have tried already.
function M.for_logins(host, symptom)
    local worker = symptom.nx.worker
    local item = worker and worker.ok and limits_conf.nofile(host, worker.name)
    if not item then
        return nil
    end
    return string.format(" %s:%d gives %s %s open files, which has no effect here: pam_limits applies that file to logins, and "
        .. "a service is none.", item.file, item.line, item.domain, item.value), item.shown
end

function M.files_fix(host, symptom, limits, verify)
    local nx = symptom.nx
    local master = nx.master
    if not master or master.uid ~= 0 then
        return nil, "nginx's master does not run as root, so it cannot raise its own limit: set LimitNOFILE= where it is started"
    end
    if not limits.files_set then
        if not limits.files then
            return nil, "the limit of the running workers could not be read"
        end
        return unit_fix(host, symptom, limits, verify)
    end
    local n = math.max(2 * limits.connections, 4 * (limits.files or 256), 1024)
    local edits, reason = nginx_change.settings(host, nx, function() return nil end, { { "worker_rlimit_nofile", tostring(n) } })
    if not edits then
        return nil, reason
    end
    return make(host, symptom, "raise-open-files", "Let each worker open " .. n .. " files",
        string.format("A worker with %d connections needs that many files, and log and temporary files besides. nginx sets the "
            .. "limit for its own workers, whatever systemd's LimitNOFILE= says.", limits.connections), edits, verify)
end

-- The page of stub_status, where the configuration has one that this host itself may ask.
function M.status(host, symptom)
    for d in symptom.nx.config:each("stub_status") do
        local location = d.parent
        local prefix = location and location.name == "location" and location.args[#location.args].text
        local server = location and location.parent
        if prefix and prefix:find("^/[%w/_.-]*$") and server then
            for _, child in ipairs(symptom.nx.config:children(server)) do
                local port = child.name == "listen" and child.args[1] and child.args[1].text:match("(%d+)$")
                if port then
                    local r = host:run(direct.argv({ http = 0, connect = "127.0.0.1:" .. port, url = "http://localhost" .. prefix }, 5),
                        { limit = 16384, timeout = 10, fresh = true })
                    local page = require("stub_status").parse(r.out)
                    if page then
                        return page, r:show(r.out:match("Reading:[^\n]*") or "")
                    end
                end
            end
        end
    end
    return nil
end

return M
