-- gunicorn.lua: how many workers a gunicorn has, where that is set, and how many more the host can bear.
--
--   gunicorn.of_listener(host, listener) -> app | nil, reason     listener: of ss, with its processes
--       app: { master = process, workers = { processes }, service = "shop-app", evidence = {…} }
--   gunicorn.setting(host, app) -> setting | nil, reason
--       setting: { number=, where=, shown=, class=, threads=, timeout=, edit(n) -> edits | nil, reason }
--   gunicorn.room(host, app, setting) -> { cpus=, rss=, available=, workers= how many it may have, evidence = {…} } | nil, reason
--   gunicorn.timed_out(host, app, since) -> evidence | nil, n     workers that gunicorn itself has killed for their slowness
--   gunicorn.fix(app, setting, room, verify) -> fix | nil, reason
--
-- The configured number has to be the number of workers that run: where it is not, something else sets it, and nothing
-- is changed.
--
-- Source: gunicorn/app/base.py (load_config: the configuration file, then GUNICORN_CMD_ARGS, then the command line, the
-- last one wins; WEB_CONCURRENCY is the default of --workers, else 1), docs.gunicorn.org/en/stable/design.html
-- ("(2 x $num_cores) + 1 as the number of workers to start off with").

local gunicorn_conf = require "gunicorn_conf"
local journal = require "journal"
local lines = require "lines"
local processes = require "processes"
local service = require "service"
local timeouts = require "timeouts"
local unit_file = require "unit_file"
local when = require "when"

local M = {}

local SAMPLE = 8
local ENVIRONMENT_FILES = { "^/etc/default/[%w/._@-]+$", "^/etc/sysconfig/[%w/._@-]+$" }
local CONF_NAMES = { ["gunicorn.conf.py"] = true, ["gunicorn_conf.py"] = true, ["gunicorn_config.py"] = true,
                     ["gunicorn.py"] = true }

-- Who it is ------------------------------------------------------------------------------------------

local function is_gunicorn(args)
    if args:find("^gunicorn: master") then
        return true
    end
    local words = processes.words(args)
    for i = 1, math.min(#words, 3) do
        if words[i]:find("^gunicorn%d*$") or words[i]:find("/gunicorn%d*$") then
            return true
        end
    end
    return words[2] == "-m" and (words[3] or ""):find("^gunicorn") ~= nil
end

function M.of_listener(host, listener)
    local pids, list = {}, processes.list(host)
    for _, one in ipairs(type(listener.processes) == "table" and listener.processes or {}) do
        pids[one.pid] = true
    end
    local masters, workers = {}, {}
    for _, process in ipairs(list) do
        if pids[process.pid] and not pids[process.ppid] then
            masters[#masters + 1] = process
        end
    end
    local master = masters[1]
    if #masters ~= 1 or not is_gunicorn(master.args) then
        return nil, "it is no gunicorn"
    end
    for _, process in ipairs(processes.children(list, master.pid)) do
        if pids[process.pid] then
            workers[#workers + 1] = process
        end
    end
    local app = { master = master, workers = workers, evidence = { list.result:show(master.line) } }
    local svc, shown = service.of_pid(host, master.pid)
    if svc and svc.pid == master.pid then
        app.service = svc.name
        app.evidence[2] = shown
    end
    return app
end

-- Where its settings are ------------------------------------------------------------------------------

local function option_at(words, from, short, long)
    local found = {}
    for i = from, #words do
        local text = words[i].text or ""
        if text == short or text == long then
            found[#found + 1] = { word = i + 1, prefix = "", value = words[i + 1] and words[i + 1].text }
        elseif text:sub(1, #long + 1) == long .. "=" then
            found[#found + 1] = { word = i, prefix = long .. "=", value = text:sub(#long + 2) }
        elseif text:sub(1, 2) == short and text:sub(2, 2) ~= "-" then
            found[#found + 1] = { word = i, prefix = short, value = text:sub(3) }
        end
    end
    return found
end

-- Where gunicorn's own words begin; nil where the command line is not its own.
local function own_words(words)
    for i = 1, math.min(#words, 4) do
        local name = (words[i].text or ""):gsub("^[@:+!-]*", "")
        if name:find("^gunicorn%d*$") or name:find("/gunicorn%d*$") then
            return i + 1
        elseif name == "-m" and words[i + 1] and (words[i + 1].text or ""):find("^gunicorn") then
            return i + 2
        end
    end
    return nil
end

-- A word that is nothing but a variable may become any option, unless it is an option's value.
local function hidden_option(words, from)
    for i = from, #words do
        local before = words[i - 1].raw
        if words[i].raw:sub(1, 1) == "$" and (i == from or before:sub(1, 1) ~= "-" or before:find("=", 1, true)) then
            return words[i].raw
        end
    end
    return nil
end

-- The last assignment of a variable in Environment= lines.
local function in_environment(loaded, name)
    local found
    for _, entry in ipairs(unit_file.all(loaded, "Service", "Environment")) do
        for i, word in ipairs(unit_file.words(entry.value) or {}) do
            local value = word.text and word.text:match("^" .. name .. "=(.*)$")
            if value or (word.raw:find(name, 1, true) and not word.text) then
                found = { entry = entry, word = i, raw = word.raw, value = value or "?" }
            end
        end
    end
    return found
end

-- … and in the files of EnvironmentFile=, which win (systemd.exec(5)).
local function in_environment_files(read, loaded, name)
    local found
    for _, entry in ipairs(unit_file.all(loaded, "Service", "EnvironmentFile")) do
        local path = entry.value:gsub("^%-", "")
        if not path:find("^/[%w/._@-]+$") then
            return nil, "EnvironmentFile=" .. entry.value .. " is not one plain path"
        end
        local text, why, result = read(path)
        if not text and not (why == "absent" and entry.value:sub(1, 1) == "-") then
            return nil, path .. " cannot be read (" .. tostring(why) .. ")"
        end
        local number, at = 0, 1
        while text and at <= #text do
            local stop = text:find("\n", at, true) or #text + 1
            local line = text:sub(at, stop - 1)
            number = number + 1
            if line:find("%f[%w_]" .. name .. "%f[^%w_]") and not line:find("^[ \t]*[#;]") then
                if found and found.path == path then
                    return nil, path .. " has " .. name .. " twice"
                end
                local from, value, to = line:match("^" .. name .. "=[\"']?()(%d+)()[\"']?[ \t\r]*$")
                found = { path = path, line = number, value = value or "?", text = text, result = result,
                          from = from and at + from - 1, to = to and at + to - 2 }
            end
            at = stop + 1
        end
    end
    return found
end

local function base_of(loaded)
    local folder = tostring(loaded.show.WorkingDirectory or ""):gsub("^[!-]", "")
    if folder == "" then
        return "/"
    end
    return folder:sub(1, 1) == "/" and folder:gsub("/*$", "") .. "/" or nil
end

-- The configuration file -> { path=, text=, result= } | nil, reason     nil alone: there is none
local function conf_file(read, loaded, words, from)
    local named = option_at(words, from, "-c", "--config")
    local base = base_of(loaded)
    if #named > 1 or (named[1] and (not named[1].value or named[1].value:find("[$%%]"))) then
        return nil, "which configuration file it reads could not be told"
    elseif not base then
        return nil, "the folder that it starts in could not be told"
    end
    local path = named[1] and named[1].value:gsub("^file:", "") or "gunicorn.conf.py"
    if path:find("^python:") then
        return nil, "its configuration is a Python module"
    elseif path:sub(1, 1) ~= "/" then
        path = base .. path:gsub("^%./", "")
    end
    local text, why, result = read(path)
    if not text and (named[1] or why ~= "absent") then
        return nil, path .. " cannot be read (" .. tostring(why) .. ")"
    end
    return text and { path = path, text = text, result = result } or nil
end

-- A setting that has to be known, but is not changed: from the command line, the file, or by default.
local function known(words, from, conf, short, long, name, read_conf, default)
    local options = option_at(words, from, short, long)
    if #options > 0 then
        return #options == 1 and options[1].value or nil
    end
    local value, why
    if conf then
        value, why = read_conf(conf.text, name)
    end
    if why then
        return nil
    end
    return value and value.value or default
end

-- Whoever may write a folder on the way to a file may put another one there: then it is not ours to edit as root.
local function only_root_writes(host, path)
    local folder = path
    repeat
        folder = folder:match("^(.*)/[^/]*$") or ""
        local stat = host:stat(folder == "" and "/" or folder)
        if not stat or stat.uid ~= 0 or tonumber(stat.mode, 8) & 18 ~= 0 then
            return nil, (folder == "" and "/" or folder) .. " can be written by others than root"
        end
    until folder == ""
    return true
end

local function edits_of(host, path, result, content, why)
    local ok
    if content then
        ok, why = only_root_writes(host, path)
        if ok and host:realpath(path) ~= path then
            ok, why = nil, path .. " is a link to another file"
        end
    end
    if not ok then
        return nil, why
    end
    return { { path = path, base = result, content = content } }
end

-- What a package's unit sets in its environment, a drop-in sets otherwise; its command line is left to a person.
local function unit_edits(host, app, entry, content, why, advice, variable)
    local ok, reason = unit_file.editable(host, entry.file.path)
    local edits
    if not ok and variable then
        edits, reason = unit_file.drop_in(host, app.loaded, "workers.conf", "Service", "Environment", variable)
    end
    if not ok then
        return edits, not edits and reason .. ": use " .. unit_file.advice(app.service, advice) or nil
    end
    return edits_of(host, entry.file.path, entry.file.read, content, why)
end

-- By how much of it is set where: the command line, the file, the environment, nowhere.
local function by_command_line(host, app, exec, words, options)
    local option = options[1]
    if #options > 1 then
        return nil, "its command line sets --workers twice"
    elseif not (option.value or ""):find("^%d+$") then
        return nil, "its command line sets --workers to what is no plain number"
    end
    return { number = tonumber(option.value), where = "set by --workers in " .. unit_file.place(exec),
        shown = unit_file.shown(exec),
        edit = function(n)
            local raw = option.prefix .. n
            local word = words[option.word]
            local line = exec.value:sub(1, word.from - 1) .. raw .. exec.value:sub(word.to + 1)
            local content, why = unit_file.set_word(exec.file.text, exec, option.word, raw)
            return unit_edits(host, app, exec, content, why, { "[Service]", "ExecStart=", "ExecStart=" .. line })
        end }
end

local function by_conf(host, conf, number)
    local where = string.format("set by workers in %s:%d", conf.path, number.line)
    return { number = number.value, where = where,
        shown = conf.result:show(lines.at(conf.text, number.line)),
        edit = function(n)
            if not CONF_NAMES[conf.path:match("[^/]+$")] then
                return nil, "a file of that name is not edited by itself"
            end
            return edits_of(host, conf.path, conf.result, gunicorn_conf.set(conf.text, "workers", n))
        end }
end

local function by_environment_file(host, found)
    return { number = tonumber(found.value), where = string.format("set by WEB_CONCURRENCY in %s:%d", found.path, found.line),
        shown = found.result:show(lines.at(found.text, found.line)),
        edit = function(n)
            local known_place = false
            for _, pattern in ipairs(ENVIRONMENT_FILES) do
                known_place = known_place or found.path:find(pattern) ~= nil
            end
            if not known_place then
                return nil, "a file of that name is not edited by itself"
            end
            return edits_of(host, found.path, found.result, found.text:sub(1, found.from - 1) .. n .. found.text:sub(found.to + 1))
        end }
end

local function by_environment(host, app, found)
    local quote, value, behind = found.raw:match("^([\"']?)WEB_CONCURRENCY=(%d+)([\"']?)$")
    if not value or quote ~= behind then
        return nil, "WEB_CONCURRENCY is set to what is no plain number"
    end
    return { number = tonumber(value), where = "set by WEB_CONCURRENCY in " .. unit_file.place(found.entry),
        shown = unit_file.shown(found.entry),
        edit = function(n)
            local content, why = unit_file.set_word(found.entry.file.text, found.entry, found.word,
                quote .. "WEB_CONCURRENCY=" .. n .. quote)
            return unit_edits(host, app, found.entry, content, why, { "[Service]", "Environment=WEB_CONCURRENCY=" .. n },
                "WEB_CONCURRENCY=" .. n)
        end }
end

-- Would the unit set the variable to this value if the file had this content?
local function holds(loaded, file, content, name, value)
    local before = file.unit
    file.unit = unit_file.parse(content)
    local found = in_environment(loaded, name)
    file.unit = before
    return found ~= nil and found.value == value
end

local function by_default(host, app, exec)
    return { number = 1, where = "gunicorn's default, which nothing changes", shown = unit_file.shown(exec),
        edit = function(n)
            local content, why = unit_file.add_line(exec.file.text, exec, "Environment", "WEB_CONCURRENCY=" .. n)
            if content and not holds(app.loaded, exec.file, content, "WEB_CONCURRENCY", tostring(n)) then
                content, why = nil, "a later line of its unit takes such a setting back"
            end
            return unit_edits(host, app, exec, content, why, { "[Service]", "Environment=WEB_CONCURRENCY=" .. n },
                "WEB_CONCURRENCY=" .. n)
        end }
end

local function workers_of(host, app, read, loaded, exec, words, from, conf)
    local options = option_at(words, from, "-w", "--workers")
    if #options > 0 then
        return by_command_line(host, app, exec, words, options)
    end
    local number, why
    if conf then
        number, why = gunicorn_conf.number(conf.text, "workers")
    end
    if why then
        return nil, conf.path .. ": " .. why
    elseif number then
        return by_conf(host, conf, number)
    end
    local file
    file, why = in_environment_files(read, loaded, "WEB_CONCURRENCY")
    if why then
        return nil, why
    elseif file then
        if not file.from then
            return nil, file.path .. " sets WEB_CONCURRENCY to what is no plain number"
        end
        return by_environment_file(host, file)
    end
    local set = in_environment(loaded, "WEB_CONCURRENCY")
    if set then
        return by_environment(host, app, set)
    end
    return by_default(host, app, exec)
end

local function resolve(host, app, loaded, read)
    for _, file in ipairs(loaded.files) do
        if #file.unit.problems > 0 then
            return nil, string.format("%s:%d: %s", file.path, file.unit.problems[1].line, file.unit.problems[1].message)
        end
    end
    local execs = unit_file.all(loaded, "Service", "ExecStart")
    local exec = execs[1]
    local words, why = nil, "its unit has not one command line"
    if #execs == 1 then
        words, why = unit_file.words(exec.value)
    end
    local from = words and own_words(words)
    if not from then
        return nil, words and unit_file.place(exec) .. " starts gunicorn through something else" or why
    elseif hidden_option(words, from) then
        return nil, unit_file.place(exec) .. " takes options from " .. hidden_option(words, from)
    end
    local arguments, unreadable = in_environment_files(read, loaded, "GUNICORN_CMD_ARGS")
    if unreadable then
        return nil, unreadable
    elseif arguments or in_environment(loaded, "GUNICORN_CMD_ARGS") then
        return nil, "GUNICORN_CMD_ARGS sets options in its environment"
    end
    local conf
    conf, why = conf_file(read, loaded, words, from)
    if why then
        return nil, why
    end
    local setting
    setting, why = workers_of(host, app, read, loaded, exec, words, from, conf)
    if not setting then
        return nil, why
    end
    setting.class = known(words, from, conf, "-k", "--worker-class", "worker_class", gunicorn_conf.word, "sync")
    setting.threads = tonumber(known(words, from, conf, "--threads", "--threads", "threads", gunicorn_conf.number, 1))
    setting.timeout = tonumber(known(words, from, conf, "-t", "--timeout", "timeout", gunicorn_conf.number, 30))
    return setting
end

function M.setting(host, app)
    if not app.service then
        return nil, "which systemd service it belongs to could not be told"
    end
    local loaded, why = unit_file.load(host, app.service .. ".service")
    if not loaded then
        return nil, why
    elseif loaded.show.NeedDaemonReload == "yes" then
        return nil, "the files of " .. app.service .. " were changed since systemd read them (systemctl daemon-reload)"
    end
    app.loaded = loaded
    local function read(path)
        return host:read(path, { limit = 256 * 1024 })
    end
    local setting
    setting, why = resolve(host, app, loaded, read)
    if not setting then
        return nil, why
    elseif setting.number ~= #app.workers then
        return nil, string.format("it seems to be %d, %s, but %d run", setting.number, setting.where, #app.workers)
    end
    return setting
end

-- How many more -----------------------------------------------------------------------------------------

local function count_cpus(list)
    local n = 0
    for first, last in (list or ""):gmatch("(%d+)%-?(%d*)") do
        n = n + (tonumber(last) or tonumber(first)) - tonumber(first) + 1
    end
    return n
end

-- The processors that it may use: what it may run on, and systemd's CPUQuota=.
local function cpus_of(host, app, room)
    local text, _, r = host:read("/proc/" .. app.master.pid .. "/status")
    local line = text and text:match("Cpus_allowed_list:[^\n]*")
    local n = count_cpus(line and line:match(":(.*)"))
    local quota = app.loaded.show.CPUQuotaPerSecUSec
    if n == 0 then
        return nil
    elseif quota and quota ~= "infinity" then
        local seconds = timeouts.seconds((quota:gsub(" ", "")))
        if not seconds then
            return nil
        end
        n = math.max(1, math.min(n, seconds // 1))
    end
    room.evidence[#room.evidence + 1] = r:show(line)
    return math.tointeger(n)
end

local function largest_worker(host, app, room)
    local largest, shown = nil, nil
    for i = 1, math.min(#app.workers, SAMPLE) do
        local text, _, r = host:read("/proc/" .. app.workers[i].pid .. "/status")
        local line = text and text:match("VmRSS:[^\n]*")
        local kib = line and tonumber(line:match("(%d+) kB"))
        if kib and kib * 1024 > (largest or 0) then
            largest, shown = kib * 1024, r:show(line)
        end
    end
    room.evidence[#room.evidence + 1] = shown
    return largest
end

-- Half of what is left, of the host's memory and of what the unit may use.
local function memory_left(host, app, room)
    local text, _, r = host:read("/proc/meminfo")
    local line = text and text:match("MemAvailable:[^\n]*")
    local left = line and tonumber(line:match("(%d+) kB"))
    if not left then
        return nil
    end
    room.evidence[#room.evidence + 1] = r:show(line)
    local max, current = tonumber(app.loaded.show.MemoryMax), tonumber(app.loaded.show.MemoryCurrent)
    left = left * 1024
    if max then
        left = math.min(left, math.max(0, max - (current or max)))
    end
    return left
end

function M.room(host, app, setting)
    local room = { evidence = {} }
    room.cpus, room.rss, room.available = cpus_of(host, app, room), largest_worker(host, app, room), memory_left(host, app, room)
    if not room.cpus or not room.rss or not room.available then
        return nil, "how many processors and how much memory it may use could not be read"
    end
    room.workers = math.min(2 * room.cpus + 1, setting.number + room.available // 2 // room.rss)
    return room
end

-- gunicorn kills a worker that is silent for longer than --timeout, and logs that.
function M.timed_out(host, app, seconds)
    if not app.service then
        return nil, 0
    end
    local _, now = when.now(host)
    local r = host:run({ "journalctl", "--no-pager", "-o", "json", "-n", "300", "-u", app.service }, { fresh = true })
    local last, n = nil, 0
    for _, entry in ipairs(r.ok and now and journal.parse(r.out) or {}) do
        local at = type(entry.time) == "string" and when.seconds(entry.time)
        if at and at >= now - seconds and type(entry.message) == "string"
            and entry.message:find("^%[[^%]]+%] %[%d+%] %[CRITICAL%] WORKER TIMEOUT %(pid:%d+%)") then
            n, last = n + 1, entry.message
        end
    end
    for line in (last and r.out or ""):gmatch("[^\n]+") do
        if line:find("WORKER TIMEOUT", 1, true) then
            return r:show(line), n
        end
    end
    return nil, 0
end

function M.fix(app, setting, room, verify)
    local n = room.workers
    if n <= setting.number then
        return nil, string.format("with %d processors and %d MiB of memory left this host carries no more", room.cpus,
            room.available // 1048576)
    end
    local edits, reason = setting.edit(n)
    if not edits then
        return nil, reason
    end
    local commands = { { argv = { "systemctl", "restart", app.service }, note = "gunicorn starts with the new number" } }
    if edits[1].path:find("^/etc/systemd/system/") then
        table.insert(commands, 1, { argv = { "systemctl", "daemon-reload" }, note = "systemd reads the unit's files again" })
    end
    return {
        id = "raise-workers", title = string.format("Let %s have %d workers", app.service, n), risk = "medium",
        recommended = true, edits = edits, commands = commands, verify = verify,
        why = string.format("gunicorn's own advice is twice the processors and one more, and it may use %d of them; a worker takes "
            .. "%d MiB, and %d MiB of memory are left, of which half is the most that is used. The restart ends what waits in "
            .. "the queue. If slow requests are what fills it, more workers only help for a while.", room.cpus,
            room.rss // 1048576 + 1, room.available // 1048576),
    }
end

return M
