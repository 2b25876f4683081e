-- nginx.lua: the nginx of a host: which one runs, with which configuration, what it logs.
--
-- Nothing here runs `nginx -t` or `-T`: as root they create the pid file and change the owner of
-- temporary folders.  The configuration is read file by file, as nginx follows its includes.
--
--   nginx.find(host [, url])   -> the nginx (table below), the same for all playbooks of a run; url: where several
--                      run, the one that listens where this address leads is meant
--       .ok            true where the configuration was read whole
--       .why           else what is missing, as a sentence
--       .running       a master process runs
--       .master        {pid, args}; .workers {uid=, user=<users.get>}
--       .binary .prefix .config_path
--       .config        as nginx_config.load gives it
--       .evidence      results worth showing
--   nginx.validate(nx), nginx.reload(host, nx)  -> argv of the commands that a fix needs
--   nginx.worker(host, nx)  -> the process id of one of its workers, or nil

local nginx_config = require "nginx_config"
local join = require("paths").join
local processes = require "processes"
local ss = require "ss"
local urls = require "urls"
local users = require "users"

local M = {}

local MASTER = "^nginx: master process (.+)$"
local FILE_LIMIT = 1024 * 1024

-- The inventory's word for it: vars: {nginx: {config:, prefix:, binary:, error_log:, reload:}}
local function told(host)
    local vars = host.vars.nginx
    return type(vars) == "table" and vars or {}
end

-- Anybody can call a process of theirs "nginx: master process /tmp/x", and what is named there would be
-- run.  So a binary counts only where nobody but root, or whoever fettle runs as, could have put it.
local function is_trusted(host, path)
    local me = tonumber((host:run({ "id", "-u" }).out:match("%d+")))
    local at = path
    while at ~= "" do
        local stat = host:stat(at)
        local others = stat and tonumber(stat.mode, 8) & 18 -- group's and others' right to write
        if not stat or (stat.uid ~= 0 and stat.uid ~= me) or (others ~= 0 and stat.type ~= "symlink") then
            return false
        end
        at = at:match("^(.*)/[^/]*$")
    end
    return true
end

-- A master's own words: binary, -c, -p.
local function read_master(process)
    local args = process.args:match(MASTER)
    local words = args and processes.words(args)
    if not words or not words[1] then
        return nil
    end
    return { pid = process.pid, uid = process.uid, args = args, line = process.line, binary = words[1],
             config = processes.option(words, "-c"), prefix = processes.option(words, "-p") }
end

local function pid_namespace(host, pid)
    local r = host:run({ "readlink", "--", "/proc/" .. pid .. "/ns/pid" })
    return r.ok and r.out or nil
end

-- The masters of this host itself, and apart from them those that ps shows too but that live in a
-- container: their files are not the ones that have these names here.
local function all_masters(host, list)
    local masters, contained = {}, {}
    local own = pid_namespace(host, "self")
    for _, process in ipairs(list) do
        local master = read_master(process)
        local space = master and pid_namespace(host, master.pid)
        if master and own and space and space ~= own then
            contained[#contained + 1] = master
        elseif master then
            masters[#masters + 1] = master
        end
    end
    return masters, contained
end

local function config_of(master, defaults)
    local prefix = master.prefix or defaults.prefix
    local config = master.config or defaults.config
    if config and config:sub(1, 1) ~= "/" and prefix then
        config = join(prefix, config)
    end
    return config, prefix
end

-- `nginx -V` says what was compiled in (it writes to standard error).
local function compiled(host, binary)
    local r = host:run({ binary, "-V" })
    local text = r.out .. r.err
    local function option(name)
        return text:match("%-%-" .. name .. "='([^']*)'") or text:match("%-%-" .. name .. "=(%S+)")
    end
    local prefix = option("prefix") or "/usr/local/nginx"
    return { ok = r.ok, result = r, prefix = prefix, version = text:match("nginx version: (%S+)"),
             config = join(prefix, option("conf%-path") or "conf/nginx.conf"),
             error_log = option("error%-log%-path") or "logs/error.log",
             access_log = option("http%-log%-path") or "logs/access.log" }
end

-- An upgrade of the binary in the middle (USR2) has two masters of one configuration, and the new one is the old one's child.
local function successor(masters, list, defaults)
    local newest
    for _, master in ipairs(masters) do
        local config, prefix = config_of(master, defaults)
        local first, its_prefix = config_of(masters[1], defaults)
        if config ~= first or prefix ~= its_prefix then
            return nil
        end
        for _, child in ipairs(processes.children(list, master.pid)) do
            newest = child.args:find(MASTER) and child.pid or newest
        end
    end
    for _, master in ipairs(masters) do
        if master.pid == newest then
            return master
        end
    end
    return nil
end

-- Which master is meant, where several run?  The one that the inventory names, or the only one.
local function choose(masters, wanted, defaults)
    if not (wanted.config or wanted.prefix) then
        return #masters == 1 and masters[1] or nil
    end
    local chosen
    for _, master in ipairs(masters) do
        local config, prefix = config_of(master, defaults)
        local fits = (not wanted.config or config == wanted.config)
            and (not wanted.prefix or (prefix and join(prefix, "") == join(wanted.prefix, "")))
        if fits then
            if chosen then
                return nil
            end
            chosen = master
        end
    end
    return chosen
end

local function runs(master, list, pid)
    if master.pid == pid then
        return true
    end
    for _, child in ipairs(processes.children(list, master.pid)) do
        if child.pid == pid then
            return true
        end
    end
    return false
end

-- Who listens where the address leads: { entry of ss.lua … }.  A name may be any of this host's addresses.
local function at_the_door(host, url)
    local q = urls.split(url)
    local r = q and host:run({ "ss", "-H", "-ltnp" })
    local found = {}
    for _, entry in ipairs(r and r.ok and ss.listeners(r.out) or {}) do
        if entry.port == q.port and (not q.host:find("^[%d.:%[%]]+$") or #ss.listens({ entry }, q.host, q.port) > 0) then
            found[#found + 1] = entry
        end
    end
    return found
end

-- The only one of several masters that listens where the address leads, or nil.
local function by_address(host, masters, list, url)
    local chosen
    for _, entry in ipairs(url and at_the_door(host, url) or {}) do
        for _, process in ipairs(type(entry.processes) == "table" and entry.processes or {}) do
            for _, master in ipairs(masters) do
                if runs(master, list, process.pid) then
                    if chosen and chosen ~= master then
                        return nil
                    end
                    chosen = master
                end
            end
        end
    end
    return chosen
end

local function list_masters(masters)
    local lines = {}
    for i, master in ipairs(masters) do
        lines[i] = string.format("pid %d (%s)", master.pid, master.args)
    end
    return table.concat(lines, ", ")
end

local function load_config(host, nx)
    local config, problem = nginx_config.load(nx.config_path, {
        prefix = nx.prefix,
        read = function(path)
            return host:read(path, { limit = FILE_LIMIT })
        end,
        list = function(path)
            return host:list(path)
        end,
    })
    if not config then
        nx.why = string.format("the configuration %s cannot be read: %s", nx.config_path,
            type(problem) == "table"
                and string.format("%s:%s: %s", problem.file, problem.line or "?", problem.message)
                or tostring(problem))
        return
    end
    nx.config = config
    nx.ok = config.complete
    if not config.complete then
        local first = config.problems[1] or {}
        nx.why = string.format("a part of the configuration cannot be read: %s",
            type(first) == "table" and (first.message or "?") or tostring(first))
    end
end

local function find_workers(host, list, nx)
    for _, process in ipairs(processes.children(list, nx.master.pid)) do
        if process.args:find("^nginx: worker process") then
            nx.worker_uid = process.uid
            nx.worker = users.get(host, process.uid)
            return
        end
    end
end

local function find(host, url)
    local wanted, list = told(host), processes.list(host)
    local nx = { evidence = { list.result } }
    if not list.ok then
        nx.why = "the list of processes cannot be read"
        return nx
    end
    local masters, contained = all_masters(host, list)
    local binary = wanted.binary or (masters[1] and masters[1].binary) or "nginx"
    if not binary:find("^/") or not is_trusted(host, binary) then
        binary = "nginx"
    end
    local defaults = compiled(host, binary)
    nx.compiled, nx.binary, nx.version = defaults, binary, defaults.version
    nx.master = choose(masters, wanted, defaults)
    if not nx.master and #masters > 1 and not (wanted.config or wanted.prefix) then
        nx.master = successor(masters, list, defaults) or by_address(host, masters, list, url)
    end
    nx.masters = masters
    if #masters > 1 and not nx.master then
        nx.why = "several nginx run here: " .. list_masters(masters)
            .. "; name the address that fails (-p url=URL), or the one that is meant in the inventory: vars: {nginx: {config: PATH}}"
        return nx
    end
    if not nx.master and #contained > 0 then
        nx.why = "nginx runs here only in a container: " .. list_masters(contained)
            .. "; add the container itself to the inventory as a host"
        return nx
    end
    if not nx.master and not defaults.ok then
        nx.why = "no nginx runs here and none is installed"
        return nx
    end
    nx.running = nx.master ~= nil
    nx.config_path, nx.prefix = config_of(nx.master or wanted, defaults)
    load_config(host, nx)
    if nx.running then
        find_workers(host, list, nx)
    end
    return nx
end

function M.find(host, url)
    return host:memo("nginx", function()
        return find(host, url)
    end)
end

-- The options that make a command of this binary mean this very nginx.
local function flags(nx)
    local words = {}
    if nx.prefix and nx.compiled and join(nx.prefix, "") ~= join(nx.compiled.prefix, "") then
        words[#words + 1] = "-p"
        words[#words + 1] = nx.prefix
    end
    if nx.compiled and nx.config_path ~= nx.compiled.config then
        words[#words + 1] = "-c"
        words[#words + 1] = nx.config_path
    end
    return words
end

local function command(nx, last)
    local argv = { nx.binary == "/usr/sbin/nginx" and "nginx" or nx.binary }
    for _, word in ipairs(flags(nx)) do
        argv[#argv + 1] = word
    end
    for _, word in ipairs(last) do
        argv[#argv + 1] = word
    end
    return argv
end

function M.validate(nx)
    return command(nx, { "-t" })
end

-- A reload keeps every request that is under way.  Through systemd where it minds this nginx.
function M.reload(host, nx)
    local wanted = told(host)
    if type(wanted.reload) == "table" then
        return wanted.reload
    end
    local unit = host:run({ "systemctl", "show", "--no-pager",
                            "--property=Id,LoadState,ActiveState,MainPID", "--", "nginx.service" })
    local pid = unit.ok and tonumber(unit.out:match("MainPID=(%d+)"))
    if pid and pid > 0 and nx.master and pid == nx.master.pid then
        return { "systemctl", "reload", "nginx" }
    end
    return command(nx, { "-s", "reload" })
end

M.join = join

-- The process id of one of its workers, or nil: none runs, or ps could not be read.
function M.worker(host, nx)
    local list = processes.list(host)
    for _, process in ipairs(list.ok and nx.master and processes.children(list, nx.master.pid) or {}) do
        if process.args:find("^nginx: worker process") then
            return process.pid
        end
    end
    return nil
end

return M
