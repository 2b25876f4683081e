-- unix_socket.lua: what the playbook unix-socket knows about the sockets of PHP-FPM and its like.

local fpm = require "fpm"
local fpm_pool = require "fpm_pool"
local lines = require "lines"
local nginx = require "nginx"
local nginx_change = require "nginx_change"
local nginx_log = require "nginx_log"
local own_view = require "own_view"
local join = require("paths").join
local service = require "service"
local socket_access = require "socket_access"
local ss = require "ss"
local uwsgi = require "uwsgi"
local web = require "web"

local M = {}

-- The two lines that every verdict here rests on: what nginx logged, and what it is told to use.
function M.log_and_config(symptom, found, host)
    local evidence = {}
    if found.socket.failure then
        evidence[1] = nginx_log.show(found.socket.failure)
    end
    for _, use in ipairs(found.uses or {}) do
        evidence[#evidence + 1] = #evidence < 4 and lines.shown(host, use) or nil
    end
    if #evidence == 0 then
        evidence = { symptom.shown[1] }
    end
    return evidence
end

-- The whole path of a listener.  ss prints what was bound, and who binds "app.sock" means it from the working
-- directory that the process had then; nearly always it is still there.
function M.bound_path(host, entry)
    local first = type(entry.processes) == "table" and entry.processes[1]
    if type(entry.path) ~= "string" or entry.abstract or entry.path:sub(1, 1) == "/" or not first then
        return entry.path
    end
    local r = host:run({ "readlink", "--", "/proc/" .. first.pid .. "/cwd" })
    local folder = r.ok and r.out:match("^(/[^\n]*)\n?$")
    return folder and join(folder, (entry.path:gsub("^%./", ""))) or entry.path
end

-- Who listens on this path?  ss prints the path that was bound, so both names of /run count.  connected: nginx
-- was not refused there, so somebody does, and one who has moved to another folder since is recognised by the name.
function M.listeners(entries, path, host, connected)
    local real = host:realpath(path) or path
    local names = { [path] = true, [real] = true, [(real:gsub("^/run/", "/var/run/"))] = true }
    local name = "^%.?/?" .. path:match("[^/]*$"):gsub("%p", "%%%0") .. "$"
    local list = {}
    for _, entry in ipairs(entries) do
        if names[M.bound_path(host, entry)] or (connected and type(entry.path) == "string" and entry.path:find(name)) then
            entry.line = entry.path
            list[#list + 1] = entry
        end
    end
    return list
end

function M.who(listeners)
    local first = listeners[1]
    if first and type(first.processes) == "table" and first.processes[1] then
        return string.format("%s (pid %d)", first.processes[1].name, first.processes[1].pid)
    end
    return "a process"
end

-- True where no variable hides an address: then what nginx connects to is written in its files.  Else false, the pass.
function M.knows_all_addresses(config)
    for _, pass in ipairs(config:passes()) do
        local place = pass.target.place or "$" -- what a variable behind it says is only the path
        if pass.target.variable and not (pass.resolved or pass.all_known) and place:find("$", 1, true) then
            return false, pass
        end
    end
    return true
end

local function written_at(found)
    local use = found.uses and found.uses[1]
    return use and string.format(" (%s:%d)", use.file, use.line) or ""
end

local function add(list, more)
    for _, item in ipairs(more or {}) do
        list[#list + 1] = item
    end
end

-- How every fix here is verified: the address that failed, or, where none is known, the socket.
function M.verify(symptom, path)
    if symptom.url and symptom.code then
        return { text = symptom.url .. " is asked five times and answers without an error each time",
                 checks = { web.check(symptom.url, symptom.via) } }
    end
    return { text = "somebody listens on " .. path,
             checks = { { argv = { "ss", "-H", "-lxnp" }, times = 2, exit = 0,
                          out = (path:gsub("[][.*+?(){}|^$\\]", "[%0]")) } } }
end

-- The pool's settings that decide who may connect, as the file has them now.
local function admits(host, user, pool)
    local users = require "users"
    local owner = pool.pool:get("listen.owner")
    local group = pool.pool:get("listen.group")
    local mode = pool.pool:get("listen.mode") or "0660"
    if pool.pool:get("listen.acl_users") or pool.pool:get("listen.acl_groups") then
        return nil -- what an access list says is seen on the socket itself
    end
    local owner_user = owner and users.get(host, owner) or { uid = 0, gid = 0 }
    local group_line = group and host:run({ "getent", "group", "--", group })
    local gid = group_line and tonumber(group_line.out:match("^[^:]*:[^:]*:(%d+)")) or (not group and 0) or nil
    if not owner_user.uid or not gid then
        return nil
    end
    return users.may(user, { uid = owner_user.uid, gid = gid, mode = mode }, "w")
end

-- The smallest change of the pool's file that lets `user` connect: its group, and a mode that
-- gives the group its right.  -> edit | nil, reason
local function admit_edit(pool, user)
    local text = pool.text
    local changed, reason = fpm_pool.set(text, pool.name, "listen.group", user.group)
    if not changed then
        return nil, reason
    end
    local mode = tonumber(pool.pool:get("listen.mode") or "0660", 8) or 0
    if mode & 48 ~= 48 or mode & 2 ~= 0 then -- 060; never for everybody
        changed, reason = fpm_pool.set(changed, pool.name, "listen.mode",
            string.format("0%o", (mode | 48) & ~7 & 511))
        if not changed then
            return nil, reason
        end
    end
    return { path = pool.file, base = pool.read, content = changed }
end

-- Where the group is right already, only the mode is wrong.
local function mode_edit(pool)
    local mode = tonumber(pool.pool:get("listen.mode") or "0660", 8) or 0
    local changed, reason = fpm_pool.set(pool.text, pool.name, "listen.mode",
        string.format("0%o", (mode | 48 | 384) & 511))
    if not changed then
        return nil, reason
    end
    return { path = pool.file, base = pool.read, content = changed }
end

local function permission_edit(host, pool, user)
    if not host:may_edit(pool.file) then
        return nil, pool.file .. " is no file that fettle edits"
    end
    local group = pool.pool:get("listen.group")
    local line = group and host:run({ "getent", "group", "--", group })
    local gid = line and tonumber(line.out:match("^[^:]*:[^:]*:(%d+)"))
    local owner = pool.pool:get("listen.owner")
    if (gid and user.groups[gid] and not (owner == user.name)) then
        return mode_edit(pool)
    elseif owner == user.name then
        return mode_edit(pool)
    end
    return admit_edit(pool, user)
end

local function start_fix(host, symptom, found, svc, options)
    local commands = service.start_commands(svc, options.running)
    if not commands then
        return nil
    end
    local fix = {
        id = "restart-" .. service.slug(svc.name),
        title = (options.running and "Restart " or "Start ") .. svc.name,
        why = options.why, risk = "low", recommended = options.recommended, commands = commands,
        verify = M.verify(symptom, found.path),
    }
    local pool = svc.pool
    local user = symptom.nx.worker
    if pool and user and user.ok and admits(host, user, pool) == false then
        local edit = permission_edit(host, pool, user)
        local validate = fpm.validate(pool)
        if not (edit and validate) then
            return nil
        end
        fix.edits, fix.validate = { edit }, { validate }
        if options.running then
            fix.id = "pool-permissions"
        else
            fix.why = fix.why .. " As " .. pool.file .. " stands, " .. user.name
                .. " could not connect to the new socket either, so the pool's settings change with it."
        end
        fix.title = "Let " .. user.name .. " connect, and " .. fix.title:gsub("^%u", string.lower)
    end
    return fix
end

local function cannot_start(svc)
    if svc.state == "masked" then
        return svc.name .. " is masked, so somebody does not want it to run. If that is over, run "
            .. "`systemctl unmask " .. svc.name .. "` and start it."
    elseif svc.state == "absent" then
        return svc.name .. " is not installed as a service. Install it, or point nginx at the socket "
            .. "of the one that is."
    end
    return svc.name .. " could not be told how to start. Name its commands in the inventory: vars: "
        .. "{services: {" .. svc.name .. ": {restart: [...]}}}."
end

-- Why this service will not start while its old socket file is there, as a sentence part, or nil.  gunicorn, uWSGI and
-- PHP-FPM take such a file away themselves; nginx does only when it ends well (ngx_close_listening_sockets), so its
-- bind() fails, as that of many programs does, which then say so.
local function kept_out(host, svc)
    if svc.kind ~= "systemd" then
        return nil
    end
    local r = host:run({ "systemctl", "show", "--no-pager", "--property=ExecStart", "--", svc.name })
    if r.out:find("ExecStart={ path=[^ ;]*/nginx ;") then
        return "nginx does not take away a socket file that is there already, and does not start beside it"
    end
    local words = host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "15", "-u", svc.name })
    if words.ok and (words.out:find("Address already in use", 1, true) or words.out:find("EADDRINUSE", 1, true)) then
        return "its journal says that the address is in use already, so it does not start beside the old file"
    end
    return nil
end

local function service_cause(host, symptom, found, svc, title, opening)
    local evidence = found.evidence
    add(evidence, svc.evidence)
    local words = service.last_words(svc)
    if words then
        evidence[#evidence + 1] = words
    end
    local summary = opening .. " " .. service.describe(svc) .. " (" .. svc.how .. ")."
    local running = svc.state == "running"
    if svc.kind ~= "systemd" then
        summary = opening .. " It is the socket of " .. svc.name .. " (" .. svc.how .. ")."
    end
    local cause = { title = title, likelihood = 95, evidence = evidence, fixes = {},
                    subject = { upstream = found.socket.key, service = svc.name } }
    local may_start = svc.kind ~= "unknown" and svc.state ~= "masked" and svc.state ~= "absent"
    local hindrance = require("hindrance").of(svc, { path = found.path, held = #(found.listeners or {}) > 0 })
    add(evidence, hindrance.evidence)
    summary = summary .. (hindrance.text ~= "" and " " .. hindrance.text or "")
    local fix = may_start and not hindrance.lasting and start_fix(host, symptom, found, svc, { recommended = true, running = running,
        why = "Whoever listens on the socket makes its file when it starts." })
    cause.summary = (fix or hindrance.lasting) and summary or (summary .. " " .. cannot_start(svc))
    if fix then
        cause.fixes[1] = fix
    end
    return cause
end

-- Does every pass that uses the socket speak this protocol?
local function speaks(found, kind)
    for _, use in ipairs(found.uses or {}) do
        for _, pass in ipairs(use.passes) do
            if pass.kind ~= kind then
                return false
            end
        end
    end
    return found.uses ~= nil
end

-- Pools of PHP-FPM whose socket somebody listens on right now and nginx is not told to use.
-- sockets: result of `ss -H -lxnp`  -> array of { pool, listener }
function M.free_pools(host, config, sockets)
    local used, entries, list, seen = config:used_keys(), ss.unix_listeners(sockets.out), {}, {}
    for _, pool in ipairs(fpm.find(host)) do
        if pool.path and not used["unix:" .. pool.path] and not seen[pool.path] then
            seen[pool.path] = true
            local listener = M.listeners(entries, pool.path, host)[1]
            list[#list + 1] = listener and { pool = pool, listener = listener }
        end
    end
    return list
end

local function pool_sockets(host, symptom, found)
    local list = {}
    for i, item in ipairs(M.free_pools(host, symptom.nx.config, found.ss)) do
        local pool = item.pool
        local line = lines.at(pool.text, pool.listen_line)
        list[i] = { path = pool.path, who = string.format("Pool [%s] (%s)", pool.name, pool.file), good = true,
                    shown = line and pool.read:show(line) }
    end
    return list
end

-- Sockets that speak uwsgi, that somebody listens on and that nginx is not told to use.
local function uwsgi_sockets(host, symptom, found)
    local used, entries, list, seen = symptom.nx.config:used_keys(), ss.unix_listeners(found.ss.out), {}, {}
    for _, app in ipairs(uwsgi.find(host)) do
        for _, socket in ipairs(app.sockets) do
            local path = socket.protocol == "uwsgi" and socket.path
            if path and not used["unix:" .. path] and not seen[path] and M.listeners(entries, path, host)[1] then
                seen[path] = true
                list[#list + 1] = { path = path, good = true, shown = app.shown(socket.option),
                                    who = string.format("uWSGI (%s)", app.place(socket.option)) }
            end
        end
    end
    return list
end

-- Why somebody who seems to be in no location's use may be in one all the same, or nil.
function M.hidden_use(config)
    local all, pass = M.knows_all_addresses(config)
    return not all and string.format("%s:%d leads where a variable says, which may be there", pass.file, pass.line) or nil
end

-- What nginx could mean instead.  -> array of { path, who, shown, good }, and why none of them is certain, or nil
local function other_sockets(host, symptom, found)
    if speaks(found, "fastcgi_pass") then
        return pool_sockets(host, symptom, found)
    end
    local list
    if speaks(found, "uwsgi_pass") then
        list = uwsgi_sockets(host, symptom, found)
    elseif speaks(found, "proxy_pass") then
        list = require("http_sockets").find(host, symptom, found)
    else
        return {}
    end
    local idle = #list > 0 and require("wrong_proxy_pass").idle_services(host) or {}
    if #idle > 0 then
        return list, table.concat(idle, ", ") .. " should run and does not, and could be meant as well"
    elseif #list == 1 and not list[1].good then
        return list, string.format("asked directly it answers %d, which is no success", list[1].answer.code)
    end
    return list, #list > 0 and M.hidden_use(symptom.nx.config) or nil
end

local function address_fix(host, symptom, found, other, recommended)
    local nx = symptom.nx
    local access = socket_access.check(host, nx.worker, other.path)
    local edits, reason = nginx_change.addresses(host, nx, found.uses, "unix:" .. other.path)
    if not edits then
        return nil, reason
    end
    if access.verdict ~= "allowed" then
        return nil, access.why
    end
    return {
        id = "use-" .. service.slug(other.path:match("([^/]+)$")),
        title = "Point nginx at " .. other.path,
        why = string.format("%s listens there, and %s may connect. nginx reloads without dropping a request.",
            other.who, nx.worker.name),
        risk = "low", recommended = recommended, edits = edits,
        validate = { nginx.validate(nx) },
        commands = { { argv = nginx.reload(host, nx), note = "nginx takes the new address" } },
        verify = M.verify(symptom, other.path),
    }
end

local function wrong_path(host, symptom, found, confirmed, others, doubt)
    local cause = { title = "nginx and the backend mean different sockets", likelihood = 90,
                    evidence = found.evidence, fixes = {}, subject = { upstream = found.socket.key } }
    local names, problem = {}, nil
    for _, other in ipairs(others) do
        names[#names + 1] = other.path
        cause.evidence[#cause.evidence + 1] = other.shown
        local fix, reason = address_fix(host, symptom, found, other, #others == 1 and not doubt)
        problem = problem or reason
        cause.fixes[#cause.fixes + 1] = fix
    end
    local php = speaks(found, "fastcgi_pass")
    cause.summary = string.format("nginx connects to %s%s, but %s; %s on %s.", found.path, written_at(found),
        php and "no pool is set to listen there" or "nobody listens there and no systemd unit names it",
        php and "PHP-FPM listens" or #others == 1 and others[1].who .. " listens" or "HTTP servers listen",
        table.concat(names, " and "))
    if #others > 1 then
        cause.summary = cause.summary .. " Choose the one that this site belongs to."
    elseif #cause.fixes == 0 then
        cause.summary = cause.summary .. " It is not changed by itself: " .. tostring(problem) .. "."
    elseif doubt then
        cause.likelihood = 80
        cause.summary = cause.summary .. " Whether that one is meant, a person has to say: " .. doubt .. "."
    end
    return confirmed(cause)
end

function M.missing(host, symptom, found, confirmed, inconclusive)
    local svc, candidates = service.of_socket(host, found.path)
    local opening = string.format("nginx connects to %s%s, and that file does not exist.", found.path,
        written_at(found))
    if svc then
        return confirmed(service_cause(host, symptom, found, svc, "The backend's socket is missing", opening))
    elseif candidates and #candidates > 1 then
        return confirmed {
            title = "The backend's socket is missing", likelihood = 80, evidence = found.evidence,
            subject = { upstream = found.socket.key },
            summary = opening .. " Several services claim it: " .. table.concat(candidates, ", ")
                .. ". Start the one that should serve this site.",
        }
    end
    local others, doubt = other_sockets(host, symptom, found)
    if #others > 0 then
        return wrong_path(host, symptom, found, confirmed, others, doubt)
    end
    local problems = fpm.find(host).problems
    if #problems > 0 then
        return inconclusive { reason = opening .. " Which service should make it is not known: " .. problems[1],
                              evidence = found.evidence }
    end
    local idle, shown = require("hindrance").idle(host, require("wrong_proxy_pass").idle_services(host))
    local owner = service.of_folder(host, found.path)
    if owner then
        idle = string.format("%s Its folder is there for %s, which %s (%s): look why that makes no such socket.", idle, owner.name,
            owner.state == "running" and "runs" or "does not", owner.how)
        add(found.evidence, owner.evidence)
        add(found.evidence, { service.last_words(owner) })
    end
    add(found.evidence, shown)
    return confirmed {
        title = "The backend's socket is missing", likelihood = 80, evidence = found.evidence,
        subject = { upstream = found.socket.key },
        summary = opening .. " No PHP-FPM pool and no systemd unit of this host names it." .. idle .. " Find out which "
            .. "service should listen there, or tell fettle: vars: {services: {\"" .. found.path .. "\": NAME}}.",
    }
end

function M.stale(host, symptom, found, confirmed, inconclusive)
    local svc, candidates = service.of_socket(host, found.path)
    local opening = string.format("%s exists%s, but nobody listens on it: its process is gone and left the file behind.",
        found.path, written_at(found))
    found.evidence[#found.evidence + 1] = found.ss:show("")
    if svc then
        local cause = service_cause(host, symptom, found, svc, "A stale socket file that nobody listens on", opening)
        local why = cause.fixes[1] and kept_out(host, svc)
        if why then
            cause.fixes, cause.summary = {}, string.format("%s A start alone does not help: %s. Take the file away (rm %s), then start %s.",
                cause.summary, why, found.path, svc.name)
        end
        return confirmed(cause)
    end
    local others, doubt = {}, nil
    if not candidates or #candidates == 0 then
        others, doubt = other_sockets(host, symptom, found)
    end
    if #others > 0 then
        return wrong_path(host, symptom, found, confirmed, others, doubt)
    end
    return confirmed {
        title = "A stale socket file that nobody listens on", likelihood = 80, evidence = found.evidence,
        subject = { upstream = found.socket.key },
        summary = opening .. (candidates and #candidates > 1
            and " Several services claim it: " .. table.concat(candidates, ", ") .. "."
            or " No PHP-FPM pool and no systemd unit of this host names it.")
            .. " Start the service that should listen there.",
    }
end

local function denied_without_fix(found, access, user, confirmed, advice)
    return confirmed {
        title = "nginx may not connect to the backend's socket", likelihood = 95, evidence = found.evidence,
        subject = { upstream = found.socket.key, user = user.name },
        summary = "nginx's workers run as " .. user.name .. " and may not connect to " .. found.path .. ": "
            .. access.why .. ". " .. advice,
    }
end

-- What to change so that uWSGI's next socket lets nginx in: `chmod-socket` sets its mode, and it belongs to whom
-- uWSGI runs as, unless `chown-socket` says otherwise (core/socket.c).
local function uwsgi_advice(svc, user, stat, found)
    local app, text = svc.app, nil
    local mode, option = uwsgi.option(app, "chmod-socket")
    local owner, given = uwsgi.option(app, "chown-socket")
    found.evidence[#found.evidence + 1] = option and app.shown(option)
    found.evidence[#found.evidence + 1] = given and app.shown(given)
    text = mode and string.format("chmod-socket = %s in %s sets that mode. ", mode, app.place(option))
        or string.format("%s sets no chmod-socket, so its mode follows from the umask. ", app.file or svc.name)
    if user.groups[stat.gid] then
        return string.format("%sThe group is one of %s's: write chmod-socket = 660 there and restart %s.", text, user.name, svc.name)
    elseif owner then
        return string.format("%sWrite chown-socket = %s:%s in %s, chmod-socket = 660 beside it, and restart %s.", text,
            owner:match("^[^:]*"), user.group, app.place(given), svc.name)
    end
    return string.format("%sLet it run in nginx's group (Group=%s in the unit %s) with chmod-socket = 660, and restart it; "
        .. "chmod-socket = 666 lets in every user of this host.", text, user.group, svc.name)
end

function M.denied(host, symptom, found, confirmed)
    local access, user = found.access, symptom.nx.worker
    add(found.evidence, access.evidence)
    add(found.evidence, { user.result:show(user.result.out) })
    if access.what == "folder" then
        return denied_without_fix(found, access, user, confirmed, "Give " .. user.name
            .. " the right to pass that folder (mode x), or let the backend listen elsewhere.")
    end
    local svc = service.of_socket(host, found.path)
    local pool = svc and svc.pool
    if svc and svc.app then
        add(found.evidence, svc.evidence)
        return denied_without_fix(found, access, user, confirmed, uwsgi_advice(svc, user, access.stat, found))
    elseif not pool then
        return denied_without_fix(found, access, user, confirmed,
            "Set owner, group or mode where the service that listens is configured.")
    end
    local admitted = admits(host, user, pool)
    if admitted == nil then
        return denied_without_fix(found, access, user, confirmed, pool.pool:get("listen.acl_users")
            and string.format("Pool [%s] in %s lets in only whom listen.acl_users names (an access control list; "
                .. "owner, group and mode do not count then): add %s there and restart %s.", pool.name, pool.file,
                user.name, svc.name)
            or string.format("What pool [%s] in %s gives the socket could not be told.", pool.name, pool.file))
    end
    local drifted = admitted
    local why = drifted
        and (pool.file .. " asks for permissions that let " .. user.name
            .. " in; the socket got others since. A restart makes it anew.")
        or "PHP-FPM gives the socket the owner, group and mode of its pool's file when it starts, so the file has to say so."
    local fix = start_fix(host, symptom, found, svc, { recommended = true, running = true, why = why })
    local summary = string.format("nginx's workers run as %s and may not connect to %s: %s.", user.name, found.path, access.why)
    return confirmed {
        title = "nginx may not connect to the backend's socket", likelihood = 95, evidence = found.evidence,
        subject = { upstream = found.socket.key, service = svc.name, user = user.name },
        summary = summary .. (drifted and " The pool's own file is right." or string.format(
            " Pool [%s] in %s sets that.", pool.name, pool.file))
            .. (fix and "" or " Change listen.owner, listen.group or listen.mode there and restart " .. svc.name .. "."),
        fixes = fix and { fix } or {},
    }
end

-- The host has the socket, and nginx may connect to it: does nginx see it at all?  -> cause | nil
function M.unseen(host, symptom, found)
    local nx, failure = symptom.nx, found.socket.failure
    local pid = failure and found.socket.fresh and nginx.worker(host, nx)
    if not pid then
        return nil
    end
    local _, why, read = own_view.stat(host, pid, found.path)
    if why ~= "absent" then
        return nil
    end
    local svc = service.of_pid(host, nx.master.pid)
    local setting, shown = nil, nil
    if svc then
        setting, shown = own_view.setting(host, svc.name, "files", found.path)
    end
    add(found.evidence, { read:show(read.err), shown })
    return {
        title = "nginx does not see the backend's socket", likelihood = 95, evidence = found.evidence, fixes = {},
        subject = { upstream = found.socket.key },
        summary = string.format("%s is there%s, and %s listens on it, but nginx has a view of the files of its own%s, in which it is "
            .. "not. Let the backend listen below /run (RuntimeDirectory= in its unit) and point nginx there%s.", found.path,
            written_at(found), M.who(found.listeners), setting and " (" .. setting .. ")" or "",
            setting and ", or take that setting back and restart nginx" or ""),
    }
end

return M
