-- uwsgi.lua: the uWSGI applications of a host: which file sets each up, where it listens, which service runs it.
--
--   uwsgi.parse(text, file, vars) -> array of options { key, value, line }, in order
--       of the section [uwsgi]; keys with "-" for "_"; placeholders filled in; value = nil where one cannot be
--   uwsgi.sockets(options, cwd)   -> array of { protocol = "uwsgi"|"http"|"fastcgi"|"scgi", path | host, port, line, text }
--   uwsgi.find(host) -> array of applications, each
--       { file = ini | nil, text, read, options, sockets, service, cwd, shown(line) -> evidence, place(line) -> "FILE:LINE" }
--   uwsgi.option(app, key)        -> the last one's value, its line
--   uwsgi.workers(app)            -> how it gets more processes, as a sentence part; evidence | nil
--   uwsgi.of_socket(host, path), uwsgi.of_port(host, port) -> array of { app, socket }
--
-- Three ways of running it are known: a systemd unit that names an ini file or the options themselves, the emperor
-- (a folder of ini files), and Debian's own service "uwsgi" for /etc/uwsgi/apps-enabled.
--
-- Source: uwsgi core/ini.c (a comment is a line of its own that begins with ; or #), core/config.c and core/utils.c
-- (placeholders), core/socket.c (a colon means TCP; a path is bound as it is written, so it counts from the working
-- directory), core/init.c (`protocol` changes what `socket` speaks); Debian's /usr/share/uwsgi/init.

local join = require("paths").join

local M = {}

local UNIT_FOLDERS = { "/etc/systemd/system", "/lib/systemd/system", "/usr/local/lib/systemd/system" }
local DEBIAN_APPS, DEBIAN_DEFAULTS = "/etc/uwsgi/apps-enabled", "/usr/share/uwsgi/conf/default.ini"

local PROTOCOLS = {
    socket = "uwsgi", ["uwsgi-socket"] = "uwsgi", s = "uwsgi", ["http-socket"] = "http", http = "http",
    ["fastcgi-socket"] = "fastcgi", ["scgi-socket"] = "scgi",
}

-- Options ----------------------------------------------------------------------------------------------

-- What stands for something in a value, as far as the file itself tells it.
local function fill(value, file, known)
    local folder, base = file:match("^(.*/)([^/]*)$")
    local own = { n = base and base:gsub("%.[^.]*$", ""), s = base, p = file, d = folder }
    local missing = value:find("$(", 1, true) ~= nil or value:find("@(", 1, true) ~= nil
    value = value:gsub("%%%(([^)]*)%)", function(name)
        missing = missing or known[name] == nil
        return known[name] or ""
    end):gsub("%%(%a)", function(letter)
        return own[letter]
    end)
    return not missing and value or nil
end

function M.parse(text, file, vars)
    local options, known, section, number = {}, {}, nil, 0
    for key, value in pairs(vars or {}) do
        known[key] = value
    end
    for line in (text .. "\n"):gmatch("([^\n]*)\n") do
        number = number + 1
        line = line:match("^%s*(.-)%s*$")
        if line:find("^%[") then
            section = line:match("^%[(.*)%]$")
        elseif section == "uwsgi" and line ~= "" and not line:find("^[;#]") then
            local key, value = line:match("^(.-)%s*=%s*(.*)$")
            key, value = key or line, value or "true"
            value = fill(value, file, known)
            known[key] = value
            options[#options + 1] = { key = key:gsub("_", "-"), value = value, line = number }
        end
    end
    return options
end

local function absolute(path, cwd)
    if not cwd and path:sub(1, 1) ~= "/" then
        return nil
    end
    return join(cwd or "/", (path:gsub("^%./", "")))
end

local function read_socket(value, cwd)
    if value:find("^[@=]") or value:find("^fd://") then
        return nil -- an abstract, shared or inherited socket
    end
    local host, port = value:match("^(.*):(%d+)$")
    if port then
        return { host = (host == "" or host == "*") and "0.0.0.0" or host, port = tonumber(port) }
    end
    local path = absolute(value, cwd)
    return path and { path = path }
end

function M.sockets(options, cwd)
    local list, protocol = {}, nil
    for _, option in ipairs(options) do
        protocol = option.key == "protocol" and option.value or protocol
    end
    for _, option in ipairs(options) do
        local speaks = PROTOCOLS[option.key]
        local socket = speaks and option.value and read_socket(option.value, cwd)
        if socket then
            socket.protocol = (option.key == "socket" or option.key == "s") and protocol or speaks
            socket.line, socket.text, socket.option = option.line, option.value, option
            list[#list + 1] = socket
        end
    end
    return list
end

function M.option(app, key)
    for i = #app.options, 1, -1 do
        if app.options[i].key == key then
            return app.options[i].value or "", app.options[i]
        end
    end
    return nil
end

-- Applications -----------------------------------------------------------------------------------------

local function add(apps, app)
    app.sockets = M.sockets(app.options, app.cwd)
    -- An option's own file and line; those of a command line are seen in the unit.
    function app.place(option)
        return option.line and (option.file or app.file) .. ":" .. option.line or app.service
    end
    function app.shown(option)
        local read = option.read or app.read
        local line = option.line and require("lines").at(option.text or app.text, option.line)
        return read:show(line or "")
    end
    apps[#apps + 1] = app
end

local function add_file(host, apps, file, app, vars)
    local text, _, read = host:read(file)
    if not text then
        return nil
    end
    app.file, app.text, app.read = file, text, read
    for _, option in ipairs(M.parse(text, file, vars)) do
        app.options[#app.options + 1] = option
    end
    add(apps, app)
    return app
end

-- `emperor = FOLDER` or a pattern: each ini file there is an application, run in that folder.
local function add_vassals(host, apps, emperor, cwd)
    local value = M.option(emperor, "emperor")
    local folder = value and absolute(value:gsub("/[^/]*%*[^/]*$", ""), cwd)
    for _, name in ipairs(folder and host:list(folder) or {}) do
        if name:find("%.ini$") then
            add_file(host, apps, folder .. "/" .. name, { options = {}, service = emperor.service, cwd = folder })
        end
    end
end

-- The options of a command line, and the ini file that it names.
local function read_command(argv)
    local options, ini, own = {}, nil, false
    local words = {}
    for word in argv:gmatch("%S+") do
        words[#words + 1] = word:gsub("[\"';]", "")
    end
    for i, word in ipairs(words) do
        local key, value = word:match("^%-%-?([%w-]+)=?(.*)$")
        if not own then
            own = word:find("^uwsgi[^/]*$") ~= nil or word:find("/uwsgi[^/]*$") ~= nil
        elseif key and value == "" then
            value = words[i + 1] and not words[i + 1]:find("^%-") and words[i + 1] or "true"
            options[#options + 1] = { key = key, value = value }
        elseif key then
            options[#options + 1] = { key = key, value = value }
        elseif word:find("%.ini$") then
            ini = word
        end
        if own and key == "ini" then
            ini = value
        end
    end
    return own and options or nil, ini
end

local function add_unit(host, apps, unit, shown)
    local cwd = tostring(unit.WorkingDirectory or ""):match("^!?(/.*)$") or "/"
    for _, start in ipairs(type(unit.ExecStart) == "table" and unit.ExecStart or { unit.ExecStart }) do
        local options, ini = read_command(start:match("argv%[%]=(.-) ;") or "")
        local app = options and { options = options, cwd = cwd, read = shown, text = shown.out,
                                  service = (tostring(unit.Id):gsub("%.service$", "")) }
        if app and ini and absolute(ini, cwd) then
            app = add_file(host, apps, absolute(ini, cwd), app)
        elseif app then
            add(apps, app)
        end
        if app and M.option(app, "emperor") then
            add_vassals(host, apps, app, cwd)
        end
    end
end

local function from_units(host, apps)
    local r = host:run({ "grep", "-rlF", "-e", "uwsgi", "--", table.unpack(UNIT_FOLDERS) })
    local argv, seen = { "systemctl", "show", "--no-pager", "--property=Id,WorkingDirectory,ExecStart", "--" }, {}
    for name in r.out:gmatch("/([^/\n]+%.service)\n") do
        if not name:find("@%.service$") and not seen[name] and #argv < 100 then
            seen[name] = true
            argv[#argv + 1] = name
        end
    end
    local shown = argv[6] and host:run(argv)
    for _, unit in ipairs(shown and shown.ok and require("systemctl_show").parse(shown.out) or {}) do
        add_unit(host, apps, unit, shown)
    end
end

-- The service "uwsgi" of Debian's package: one for all that is enabled, each with the defaults before its own.
local function from_debian(host, apps)
    local names = host:list(DEBIAN_APPS) or {}
    local defaults, read
    for _, name in ipairs(names) do
        local base = name:match("^([^.].*)%.ini$")
        if base then
            local vars = { ["deb-confname"] = base, ["deb-confnamespace"] = "app" }
            if not read then
                defaults, _, read = host:read(DEBIAN_DEFAULTS)
            end
            local options = M.parse(defaults or "", DEBIAN_DEFAULTS, vars)
            for _, option in ipairs(options) do
                option.file, option.read, option.text = DEBIAN_DEFAULTS, read, defaults
            end
            add_file(host, apps, DEBIAN_APPS .. "/" .. name, { options = options, service = "uwsgi", cwd = "/" }, vars)
        end
    end
end

function M.find(host)
    return host:memo("uwsgi", function()
        local apps = {}
        from_units(host, apps)
        from_debian(host, apps)
        return apps
    end)
end

-- How it gets more processes, as a sentence part, and the line that says how many it has.
function M.workers(app)
    for _, key in ipairs({ "processes", "workers", "p" }) do
        local value, option = M.option(app, key)
        if value then
            return string.format("raise %s = %s (%s)", key, value, app.place(option)), app.shown(option)
        end
    end
    return "let it have more than its one process (processes = N in " .. (app.file or app.service) .. ")", nil
end

local function those(host, fits)
    local found = {}
    for _, app in ipairs(M.find(host)) do
        for _, socket in ipairs(app.sockets) do
            if fits(socket) then
                found[#found + 1] = { app = app, socket = socket }
                break
            end
        end
    end
    return found
end

local function real(path)
    return (path:gsub("^/var/run/", "/run/"))
end

function M.of_socket(host, path)
    return those(host, function(socket)
        return socket.path ~= nil and real(socket.path) == real(path)
    end)
end

function M.of_port(host, port)
    return those(host, function(socket)
        return socket.port == port
    end)
end

return M
