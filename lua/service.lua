-- service.lua: the service behind an address: which one it is, how it is, how it is started.
--
-- A service is started through what minds it: the inventory's own commands where they are named
-- (containers, supervisors), systemd where it runs, else `service`.
--
--   service.named(host, name)     -> svc (table below)
--   service.of_port(host, port)   -> svc | nil, candidates   the one service that belongs to a port
--   service.of_socket(host, path) -> svc | nil, candidates   … or to a Unix socket
--   service.of_folder(host, path) -> svc | nil         the one whose RuntimeDirectory= the socket's folder is
--   service.unit_of_pid(host, pid) -> name, evidence | nil     … its name alone
--   service.of_pid(host, pid)     -> svc, evidence | nil       systemd's service that a process runs in
--
--   svc.name, .kind = "inventory"|"systemd"|"sysv"|"unknown", .how = why we think so (a sentence part)
--   svc.state = "running"|"stopped"|"crashed"|"oom-killed"|"masked"|"absent"|"starting"|
--               "failed-start-limit"|"auto-restarting"|"unknown"
--   svc.evidence = { results' evidence }
--   svc.pool = the PHP-FPM pool, where it is one; svc.app, svc.socket = uWSGI's (uwsgi.find)

local fpm = require "fpm"
local lines = require "lines"
local nginx = require "nginx"
local nginx_address = require "nginx_address"
local systemctl_show = require "systemctl_show"
local uwsgi = require "uwsgi"

local M = {}

local PROPERTIES = "Id,LoadState,ActiveState,SubState,UnitFileState,Result,ExecMainCode,"
    .. "ExecMainStatus,ExecMainPID,MainPID,NRestarts,MemoryMax,Slice,FragmentPath,Triggers"

local function has_systemd(host)
    return host:memo("systemd runs", function()
        return { yes = host:stat("/run/systemd/system") ~= nil }
    end).yes
end

local function commands_of(entry)
    if type(entry) ~= "table" then
        return nil
    end
    return entry.restart or entry.start
end

-- The inventory's entry under any of these keys: a unit's name, or a table of commands.
local function told(host, ...)
    local services = type(host.vars.services) == "table" and host.vars.services or {}
    for _, key in ipairs({ ... }) do
        local entry = services[key]
        if type(entry) == "string" and type(services[entry]) == "table" then
            return services[entry], entry
        elseif type(entry) == "string" then
            return nil, entry
        elseif type(entry) == "table" then
            return entry, entry.unit or key
        end
    end
    return nil, nil
end

local function read_unit(host, svc)
    local r = host:run({ "systemctl", "show", "--no-pager", "--property=" .. PROPERTIES, "--",
                         svc.name })
    local unit = r.ok and systemctl_show.parse(r.out)[1]
    if not unit then
        svc.state = "unknown"
        svc.evidence = { r:show("") }
        return
    end
    svc.unit = unit
    svc.state = systemctl_show.state(unit)
    svc.pid = tonumber(unit.MainPID)
    local lines = {}
    for line in r.out:gmatch("[^\n]+") do
        if line:find("^LoadState=") or line:find("^ActiveState=") or line:find("^Result=")
            or line:find("^SubState=") or line:find("^ExecMainStatus=") then
            lines[#lines + 1] = line
        end
    end
    svc.evidence = { r:show(lines) }
end

function M.named(host, name, how)
    local entry = told(host, name)
    local svc = { name = name, how = how or "named", host = host, evidence = {}, state = "unknown" }
    if commands_of(entry) then
        svc.kind, svc.entry = "inventory", entry
    elseif has_systemd(host) then
        svc.kind = "systemd"
        read_unit(host, svc)
    elseif host:stat("/etc/init.d/" .. name) then
        svc.kind = "sysv"
    else
        svc.kind = "unknown"
    end
    return svc
end

local function from_pools(host, pools)
    local names, svc = {}, nil
    for _, pool in ipairs(pools) do
        local name = pool.service
        if name and not names[name] then
            names[name] = true
            names[#names + 1] = name
            svc = M.named(host, name, string.format("pool [%s] in %s listens there", pool.name, pool.file))
            svc.pool = pool
        end
    end
    if #names == 1 then
        return svc
    end
    return nil, names
end

local UNIT_FOLDERS = { "/etc/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system" }

-- The first line of `body` that holds `text` as a word of its own: "8000" must not find "18000".
local function line_that_names(body, text)
    for line in body:gmatch("[^\n]+") do
        local from, to = line:find(text, 1, true)
        if from and not line:find("^%s*[#;]") and not line:sub(from - 1, from - 1):find("%w")
            and not line:sub(to + 1, to + 1):find("[%w/]") then
            return line
        end
    end
    return nil
end

-- systemd itself may hold the socket and start the service at the first connection (systemd.socket(5)): then that
-- unit is the one that listens, whatever the service's own file says.
local function is_listener(unit, line)
    return unit:find("%.socket$") ~= nil and line:find("^%s*ListenStream%s*=") ~= nil
end

-- Units whose own file holds this text: the socket that listens, else services.
local function units_that_name(host, text)
    local r = host:run({ "grep", "-rlF", "-e", text, "--", table.unpack(UNIT_FOLDERS) })
    local found, sockets, seen = {}, {}, {}
    for path in r.out:gmatch("[^\n]+") do
        local unit = path:match("/([^/]+%.service)$") or path:match("/([^/]+%.socket)$")
        if unit and not seen[unit] and not unit:find("@%.%a+$") then
            local body, _, read = host:read(path)
            local line = line_that_names(body or "", text)
            local list = line and (is_listener(unit, line) and sockets or unit:find("%.service$") and found)
            if list then
                seen[unit] = true
                list[#list + 1] = { unit = unit, path = path, line = line, read = read }
            end
        end
    end
    return #sockets > 0 and sockets or found
end

-- Units that name the socket as it is called within their own working directory.
local function units_that_run_there(host, path)
    local folder, base = path:match("^(/.*)/([^/]+)$")
    local found = {}
    for _, unit in ipairs(folder and units_that_name(host, base) or {}) do
        local before = unit.line:sub(1, unit.line:find(base, 1, true) - 1)
        local r = host:run({ "systemctl", "show", "--no-pager", "--property=WorkingDirectory", "--", unit.unit })
        if not before:find("[/%w._-]$") and r.out:match("WorkingDirectory=!?([^\n]*)") == folder then
            found[#found + 1] = unit
        end
    end
    return found
end

local function add_unit_files(unit, files)
    local values = unit.EnvironmentFiles
    for _, value in ipairs(type(values) == "table" and values or { values }) do
        files[#files + 1] = value:match("^(/%S+)")
    end
    values = unit.ExecStart
    for _, value in ipairs(type(values) == "table" and values or { values }) do
        for word in (value:match("argv%[%]=(.-) ;") or ""):gmatch("%S+") do
            local path = word:match("(/[%w/._-]+)$")
            if path and not path:find("^/s?bin/") and not path:find("^/usr/") then
                files[#files + 1] = path
            end
        end
    end
end

local WANTS = "/etc/systemd/system/multi-user.target.wants"

-- The names of enabled services.  An instance of a template is in no list of unit files, only among what the host starts.
local function enabled_services(host)
    local names, seen = {}, {}
    local function put(name)
        if not seen[name] and not name:find("@%.service$") and #names < 200 then
            seen[name] = true
            names[#names + 1] = name
        end
    end
    local list = host:run({ "systemctl", "list-unit-files", "--no-pager", "--no-legend", "--type=service" })
    for name, state in list.out:gmatch("(%S+%.service)%s+(%S+)[^\n]*") do
        if state == "enabled" then
            put(name)
        end
    end
    for _, name in ipairs(host:list(WANTS) or {}) do
        if name:find("^[%w:_.][%w:_.-]*@[%w:_.@\\-]+%.service$") then
            put(name)
        end
    end
    return names
end

-- The line that names the text among what the unit is given, or its own program's files.
local function unit_that_names(host, unit, text, shown)
    local starts = type(unit.ExecStart) == "table" and unit.ExecStart or { unit.ExecStart }
    for _, value in ipairs(unit.Id:find("@", 1, true) and starts or {}) do
        local line = line_that_names("ExecStart=" .. value, text)
        if line then
            return { unit = unit.Id, path = "its ExecStart=", line = line, read = shown }
        end
    end
    local files = {}
    if unit.ActiveState ~= "active" then
        add_unit_files(unit, files)
    else -- what runs is only meant if its own program, a script, says so: others name a port that they ask
        files[1] = starts[1] and starts[1]:match("path=(/%S+) ;")
    end
    for _, path in ipairs(files) do
        local body, _, read = nil, nil, nil
        if not path:find("^/s?bin/") and not path:find("^/usr/") then
            body, _, read = host:read(path)
        end
        local line = body and (unit.ActiveState ~= "active" or body:find("^#!")) and line_that_names(body, text)
        if line then
            return { unit = unit.Id, path = path, line = line, read = read }
        end
    end
    return nil
end

-- Enabled units whose instance, environment files, or own program's files as far as the command line names them, hold
-- this text; of those that run only scripts.  Few files, each read whole: no search through folders.
local function units_that_read(host, text)
    local argv = { "systemctl", "show", "--no-pager",
                   "--property=Id,ActiveState,EnvironmentFiles,ExecStart", "--", table.unpack(enabled_services(host)) }
    local shown = argv[6] and host:run(argv)
    local idle, running = {}, {}
    for _, unit in ipairs(shown and systemctl_show.parse(shown.out) or {}) do
        local found = unit_that_names(host, unit, text, shown)
        local list = unit.ActiveState ~= "active" and idle or running
        list[#list + 1] = found
    end
    return #idle > 0 and idle or running
end

-- The service of the only uWSGI application that listens there.
local function from_apps(host, apps)
    local app, socket = apps[1] and apps[1].app, apps[1] and apps[1].socket
    if #apps ~= 1 or not app.service then
        return nil
    end
    local svc = M.named(host, app.service, app.place(socket.option) .. " says that uWSGI listens there")
    svc.evidence[#svc.evidence + 1] = app.shown(socket.option)
    svc.app, svc.socket = app, socket
    return svc
end

local function from_units(host, text, apps)
    if not has_systemd(host) then
        return from_apps(host, apps), {}
    end
    local units = units_that_name(host, text)
    if #units == 0 then
        units = units_that_run_there(host, text)
    end
    if #units == 0 and #apps > 0 then
        local names = {}
        for i, item in ipairs(apps) do
            names[i] = tostring(item.app.service)
        end
        return from_apps(host, apps), names
    elseif #units == 0 then
        units = units_that_read(host, text)
    end
    if #units == 1 then
        local unit = units[1]
        local svc = M.named(host, (unit.unit:gsub("%.service$", "")), unit.path .. " names it")
        svc.evidence[#svc.evidence + 1] = unit.read:show(unit.line)
        return svc
    end
    local names = {}
    for i, unit in ipairs(units) do
        names[i] = unit.unit
    end
    return nil, names
end

local function by_address(host, text, keys, pools, apps)
    local entry, name = told(host, table.unpack(keys))
    if name then
        local svc = M.named(host, name, "the inventory says so")
        if commands_of(entry) then
            svc.kind, svc.entry = "inventory", entry
        end
        svc.pool = pools[1]
        return svc
    end
    local svc, names = from_pools(host, pools)
    if svc or (names and #names > 1) then
        return svc, names
    end
    return from_units(host, text, apps)
end

-- An nginx that is down may be the backend of another one.
local function from_nginx(host, port)
    local nx = nginx.find(host)
    if nx.running or not nx.config then
        return nil
    end
    for d in nx.config:each("listen") do
        local listen = d.args[1] and nginx_address.parse_listen(d.args[1].text)
        if listen and listen.first and listen.first <= port and port <= (listen.last or listen.first) then
            local svc = M.named(host, "nginx", string.format("%s:%d lets it listen there", d.file, d.line))
            svc.evidence[#svc.evidence + 1] = lines.shown(host, d)
            return svc.kind == "systemd" and svc.state ~= "absent" and svc or nil
        end
    end
    return nil
end

function M.of_port(host, port)
    local svc, names = by_address(host, tostring(port), { tostring(port), "127.0.0.1:" .. port },
        fpm.of_port(fpm.find(host), port), uwsgi.of_port(host, port))
    if svc or (names and #names > 0) then
        return svc, names
    end
    return from_nginx(host, port), names
end

-- systemd makes /run/NAME for the one service whose RuntimeDirectory= says so, and nobody else puts a socket there.
function M.of_folder(host, path)
    local folder = path:match("^/run/([^/]+)/[^/]+$") or path:match("^/var/run/([^/]+)/[^/]+$")
    local setting = folder and "RuntimeDirectory=" .. folder
    local found = {}
    for _, unit in ipairs(setting and has_systemd(host) and units_that_name(host, setting) or {}) do
        local exact = unit.line:match("^%s*(RuntimeDirectory=[^%s/]+)%s*$") == setting
        found[#found + 1] = exact and unit.unit:find("%.service$") and unit or nil
    end
    if #found ~= 1 then
        return nil
    end
    local svc = M.named(host, (found[1].unit:gsub("%.service$", "")), found[1].path .. " makes its folder")
    svc.evidence[#svc.evidence + 1] = found[1].read:show(found[1].line)
    return svc
end

function M.of_socket(host, path)
    local svc, names = by_address(host, path, { path, "unix:" .. path }, fpm.of_socket(fpm.find(host), path),
        uwsgi.of_socket(host, path))
    if svc or (names and #names > 0) then
        return svc, names
    end
    local owner = M.of_folder(host, path)
    return owner and M.is_down(owner) and owner or nil, names
end

-- By the kernel's word: systemd keeps each service in a control group of its own (systemd.resource-control(5)).
function M.unit_of_pid(host, pid)
    local text, _, r = host:read("/proc/" .. pid .. "/cgroup")
    local line = text and (text:match("0::[^\n]*") or text:match("%d+:name=systemd:[^\n]*"))
    local unit = line and not line:find("/user@", 1, true) and line:match("/([^/]+)%.service%f[/\0]")
    return unit or nil, unit and r:show(line) or nil
end

function M.of_pid(host, pid)
    local unit, shown = M.unit_of_pid(host, pid)
    local svc = unit and M.named(host, unit, "process " .. pid .. " runs in it")
    if not svc or svc.kind ~= "systemd" then
        return nil
    end
    return svc, shown
end

-- Is it down, in a way that starting it may mend?
function M.is_down(svc)
    return svc.state == "stopped" or svc.state == "crashed" or svc.state == "oom-killed"
        or svc.state == "failed-start-limit" or svc.state == "auto-restarting"
end

local WORDS = {
    running = "runs", stopped = "is stopped", crashed = "has crashed",
    ["oom-killed"] = "was killed for memory", masked = "is masked", absent = "is not installed",
    starting = "is starting", ["failed-start-limit"] = "failed too often and is not tried again",
    ["auto-restarting"] = "fails and is started again and again",
    reloading = "is reloading", stopping = "is stopping", ["bad-unit"] = "has a unit file that systemd cannot read",
    unknown = "is in a state that cannot be read",
}

-- "php8.2-fpm is stopped", with the exit status where it crashed.
function M.describe(svc)
    local text = svc.name .. " " .. (WORDS[svc.state] or svc.state)
    if svc.state == "crashed" and svc.unit and svc.unit.ExecMainStatus then
        -- 0 where it was not its main process that failed, but a command before it.
        local status = svc.unit.ExecMainStatus ~= "0" and ", status " .. svc.unit.ExecMainStatus or ""
        text = text .. " (" .. (svc.unit.Result or "failed") .. status .. ")"
    end
    return text
end

-- A part of a fix's id: "php8.2-fpm.service" -> "php8-2-fpm"
function M.slug(text)
    return (text:gsub("%.service$", ""):lower():gsub("[^a-z0-9]+", "-"))
end

-- What stops it again: with a socket goes the service that it may have started.
local function stop_argv(svc)
    local triggered = svc.name:find("%.socket$") and svc.unit and tostring(svc.unit.Triggers):match("^(%S+%.service)$")
    return { "systemctl", "stop", svc.name, triggered or nil }
end

-- The fix's commands that (re)start a service.  What did not run before is stopped again by an undo;
-- `running`: it was seen to listen, whatever its supervisor says.
function M.start_commands(svc, running)
    local was_down = not running and svc.state ~= "running" and svc.state ~= "starting"
    if svc.kind == "inventory" then
        return { { argv = svc.entry.restart or svc.entry.start, undo = was_down and svc.entry.stop or nil,
                   note = "starts " .. svc.name } }
    elseif svc.kind == "systemd" then
        local commands = {}
        -- What failed may have failed too often to be tried again, and systemd does not say so until it
        -- is asked to start it (StartLimitBurst= in systemd.unit(5)).
        if was_down and svc.state ~= "stopped" then
            commands[1] = { argv = { "systemctl", "reset-failed", svc.name },
                            note = "lets systemd try " .. svc.name .. " again, however often it failed" }
        end
        commands[#commands + 1] = { argv = { "systemctl", "restart", svc.name },
            undo = was_down and stop_argv(svc) or nil,
            note = "starts " .. svc.name .. " through systemd" }
        return commands
    elseif svc.kind == "sysv" then
        return { { argv = { "service", svc.name, "restart" },
                   undo = was_down and { "service", svc.name, "stop" } or nil,
                   note = "starts " .. svc.name } }
    end
    return nil
end

-- What the service said last, as evidence; nil where no journal is.
function M.last_words(svc)
    if svc.kind ~= "systemd" then
        return nil
    end
    local r = svc.host:run({ "journalctl", "--no-pager", "-o", "short-iso", "-n", "15", "-u", svc.name })
    if not r.ok or not r.out:find("%S") then
        return nil
    end
    return r:show(r.out)
end

return M
