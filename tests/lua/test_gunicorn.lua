-- Where gunicorn's number of workers is set, by its command line, its configuration file and its environment; and what is
-- left to a person.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local gunicorn = require "gunicorn"

local UNIT = "/etc/systemd/system/shop.service"
local MASTER = "10 1 33 /usr/bin/python3 /usr/bin/gunicorn --bind x app:app"

-- A host with these files, whose gunicorn has so many workers and whose unit systemd shows like this.
local function made_up_host(files, workers, show)
    local host = { name = "h", vars = {} }
    local function result(out)
        return { ok = true, outcome = "exit", code = 0, out = out, show = function(_, text) return text end }
    end
    function host:memo(_, make)
        return make()
    end
    function host:run(argv)
        if argv[1] == "ps" then
            local lines = { MASTER }
            for n = 1, workers do
                lines[n + 1] = 10 + n .. " 10 33 /usr/bin/python3 /usr/bin/gunicorn --bind x app:app"
            end
            return result(table.concat(lines, "\n") .. "\n")
        end
        return result("Id=shop.service\nLoadState=loaded\nActiveState=active\nMainPID=10\nFragmentPath=" .. (files.fragment or UNIT)
            .. "\nDropInPaths=\nWorkingDirectory=/srv/shop\nCPUQuotaPerSecUSec=infinity\nMemoryMax=infinity\n" .. (show or ""))
    end
    function host:read(path)
        local text = files[path]
        if path == "/proc/10/cgroup" then
            text = "0::/system.slice/shop.service\n"
        elseif path:find("^/proc/%d+/status$") then
            text = "VmRSS:   10240 kB\nCpus_allowed_list:\t0-1,4\n"
        elseif path == "/proc/meminfo" then
            text = "MemAvailable:   204800 kB\n"
        end
        return text, not text and "absent" or nil, result(text or "")
    end
    function host:stat(path)
        return { type = "directory", uid = path == "/srv/open" and 33 or 0, mode = "755" }
    end
    function host:realpath(path)
        return path
    end
    return host
end

local function app_of(host, workers)
    local processes = {}
    for pid = 10, 10 + workers do
        processes[#processes + 1] = { pid = pid, name = "gunicorn" }
    end
    return gunicorn.of_listener(host, { processes = processes })
end

-- "where | what the edit makes of the file", or why not
local function raise(files, workers, n, show)
    local host = made_up_host(files, workers, show)
    local setting, why = gunicorn.setting(host, app_of(host, workers))
    if not setting then
        return why
    end
    local edits
    edits, why = setting.edit(n or 7)
    return setting.where .. " | " .. (edits and edits[1].path .. " " .. edits[1].content or why)
end

local function unit(lines)
    return "[Service]\n" .. lines .. "\n"
end

local function who()
    local host = made_up_host({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn app:app") }, 2)
    local app = app_of(host, 2)
    check.equal("the master, its workers and its service", app.master.pid .. " " .. #app.workers .. " " .. app.service, "10 2 shop")
    check.equal("another process is none", gunicorn.of_listener(made_up_host({}, 0), { processes = { { pid = 99 } } }), nil)
    check.equal("who cannot see processes cannot tell", gunicorn.of_listener(host, {}), nil)
end

local function by_command_line()
    check.equal("a word of its own", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn --workers 2 app:app") }, 2),
        "set by --workers in " .. UNIT .. ":2 | " .. UNIT .. " " .. unit("ExecStart=/usr/bin/gunicorn --workers 7 app:app"))
    check.equal("joined", raise({ [UNIT] = unit("ExecStart=/usr/bin/python3 -m gunicorn -w2 app:app") }, 2),
        "set by --workers in " .. UNIT .. ":2 | " .. UNIT .. " " .. unit("ExecStart=/usr/bin/python3 -m gunicorn -w7 app:app"))
    check.equal("with =", raise({ [UNIT] = unit("ExecStart=/usr/bin/env gunicorn --workers=2 app:app") }, 2),
        "set by --workers in " .. UNIT .. ":2 | " .. UNIT .. " " .. unit("ExecStart=/usr/bin/env gunicorn --workers=7 app:app"))
    check.equal("not the number that run", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -w 2 app:app") }, 3),
        "it seems to be 2, set by --workers in " .. UNIT .. ":2, but 3 run")
    check.equal("twice", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -w 2 -w 3 app:app") }, 3), "its command line sets --workers twice")
    check.equal("a variable", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -w ${N} app:app") }, 3),
        "its command line sets --workers to what is no plain number")
    check.equal("options from a variable", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn $OPTIONS app:app") }, 1),
        UNIT .. ":2 takes options from $OPTIONS")
    check.equal("a variable as a value hides nothing", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -b $ADDRESS -w 1 app:app") }, 1),
        "set by --workers in " .. UNIT .. ":2 | " .. UNIT .. " " .. unit("ExecStart=/usr/bin/gunicorn -b $ADDRESS -w 7 app:app"))
    check.equal("a shell", raise({ [UNIT] = unit("ExecStart=/bin/sh -c 'gunicorn app:app'") }, 1), UNIT .. ":2 starts gunicorn through something else")
    check.equal("two commands", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn a:a\nExecStart=/usr/bin/gunicorn b:b") }, 1),
        "its unit has not one command line")
    check.equal("a unit that systemd has not read yet", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -w 2 app:app") }, 2, 7,
        "NeedDaemonReload=yes\n"), "the files of shop were changed since systemd read them (systemctl daemon-reload)")
    local packaged = "/lib/systemd/system/shop.service"
    check.has("a package's unit", raise({ fragment = packaged, [packaged] = unit("ExecStart=/usr/bin/gunicorn -w 2 app:app") }, 2),
        "use `systemctl edit shop`, with the lines \"[Service]\", \"ExecStart=\", \"ExecStart=/usr/bin/gunicorn -w 7 app:app\"")
end

local function by_drop_in()
    local packaged, dropped = "/lib/systemd/system/shop.service", UNIT .. ".d/workers.conf "
    check.equal("a package's unit that sets nothing", raise({ fragment = packaged, [packaged] = unit("ExecStart=/usr/bin/gunicorn a:a") }, 1),
        "gunicorn's default, which nothing changes | " .. dropped .. unit("Environment=WEB_CONCURRENCY=7"))
    local set = unit("Environment=WEB_CONCURRENCY=2\nExecStart=/usr/bin/gunicorn a:a")
    check.equal("a package's unit that sets it", raise({ fragment = packaged, [packaged] = set }, 2),
        "set by WEB_CONCURRENCY in " .. packaged .. ":2 | " .. dropped .. unit("Environment=WEB_CONCURRENCY=7"))
    check.has("a drop-in that is there already", raise({ fragment = packaged, [packaged] = set, [UNIT .. ".d/workers.conf"] = "" }, 2),
        "workers.conf is there already, or cannot be read: use `systemctl edit shop`")
end

local function by_conf()
    local plain = unit("ExecStart=/usr/bin/gunicorn app:app")
    check.equal("in the folder that it starts in", raise({ [UNIT] = plain, ["/srv/shop/gunicorn.conf.py"] = "workers = 2\n" }, 2),
        "set by workers in /srv/shop/gunicorn.conf.py:1 | /srv/shop/gunicorn.conf.py workers = 7\n")
    local named = unit("ExecStart=/usr/bin/gunicorn -c conf/gunicorn.conf.py app:app")
    check.equal("a file that is named", raise({ [UNIT] = named, ["/srv/shop/conf/gunicorn.conf.py"] = "workers = 2\n",
        ["/srv/shop/gunicorn.conf.py"] = "workers = 3\n" }, 2),
        "set by workers in /srv/shop/conf/gunicorn.conf.py:1 | /srv/shop/conf/gunicorn.conf.py workers = 7\n")
    check.equal("and that is not there", raise({ [UNIT] = named }, 1), "/srv/shop/conf/gunicorn.conf.py cannot be read (absent)")
    check.equal("the command line wins", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -w 2 app:app"),
        ["/srv/shop/gunicorn.conf.py"] = "workers = 3\n" }, 2):match("^[^|]*"), "set by --workers in " .. UNIT .. ":2 ")
    check.equal("a formula", raise({ [UNIT] = plain, ["/srv/shop/gunicorn.conf.py"] = "workers = 2 * n\n" }, 2),
        "/srv/shop/gunicorn.conf.py: workers is computed in line 1")
    check.equal("a file of another name", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -c /srv/shop/settings.py app:app"),
        ["/srv/shop/settings.py"] = "workers = 2\n" }, 2),
        "set by workers in /srv/shop/settings.py:1 | a file of that name is not edited by itself")
    check.equal("a folder that somebody else may write", raise({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn -c /srv/open/gunicorn.conf.py a:a"),
        ["/srv/open/gunicorn.conf.py"] = "workers = 2\n" }, 2),
        "set by workers in /srv/open/gunicorn.conf.py:1 | /srv/open can be written by others than root")
end

local function by_environment()
    local exec = "ExecStart=/usr/bin/gunicorn app:app"
    check.equal("nothing sets it", raise({ [UNIT] = unit(exec) }, 1),
        "gunicorn's default, which nothing changes | " .. UNIT .. " " .. unit(exec .. "\nEnvironment=WEB_CONCURRENCY=7"))
    check.equal("nothing sets it, and a later line would take it back", raise({ [UNIT] = unit(exec .. "\nEnvironment=") }, 1),
        "gunicorn's default, which nothing changes | a later line of its unit takes such a setting back")
    check.equal("the unit's environment", raise({ [UNIT] = unit("Environment=A=1 \"WEB_CONCURRENCY=2\"\n" .. exec) }, 2),
        "set by WEB_CONCURRENCY in " .. UNIT .. ":2 | " .. UNIT .. " " .. unit("Environment=A=1 \"WEB_CONCURRENCY=7\"\n" .. exec))
    local with_file = unit("Environment=WEB_CONCURRENCY=9\nEnvironmentFile=-/etc/default/shop\n" .. exec)
    check.equal("a file of it wins", raise({ [UNIT] = with_file, ["/etc/default/shop"] = "A=1\r\nWEB_CONCURRENCY=2\r\n" }, 2),
        "set by WEB_CONCURRENCY in /etc/default/shop:2 | /etc/default/shop A=1\r\nWEB_CONCURRENCY=7\r\n")
    check.equal("one that may be missing", raise({ [UNIT] = with_file }, 9):match("^[^|]*"), "set by WEB_CONCURRENCY in " .. UNIT .. ":2 ")
    check.equal("set twice in it", raise({ [UNIT] = with_file, ["/etc/default/shop"] = "WEB_CONCURRENCY=2\nWEB_CONCURRENCY=3\n" }, 3),
        "/etc/default/shop has WEB_CONCURRENCY twice")
    check.equal("options in the environment", raise({ [UNIT] = unit("Environment=\"GUNICORN_CMD_ARGS=-w 3\"\n" .. exec) }, 3),
        "GUNICORN_CMD_ARGS sets options in its environment")
end

local function room()
    local host = made_up_host({ [UNIT] = unit("ExecStart=/usr/bin/gunicorn --threads 4 -k gthread -t 90 app:app") }, 1)
    local app = app_of(host, 1)
    local setting = gunicorn.setting(host, app)
    check.equal("what else is set", setting.class .. setting.threads .. " " .. setting.timeout, "gthread4 90")
    local found = gunicorn.room(host, app, setting)
    check.equal("twice the processors and one", found.cpus .. " " .. found.workers, "3 7")
    app.loaded.show.CPUQuotaPerSecUSec = "1s 500ms"
    check.equal("as far as its quota goes", gunicorn.room(host, app, setting).workers, 3)
    app.loaded.show.CPUQuotaPerSecUSec, app.loaded.show.MemoryMax, app.loaded.show.MemoryCurrent = "infinity", "104857600", "52428800"
    check.equal("as far as its memory goes", gunicorn.room(host, app, setting).workers, 3)
    setting.number = 7
    local fix, why = gunicorn.fix(app, setting, gunicorn.room(host, app, setting), {})
    check.equal("no more than that", fix or why, "with 3 processors and 50 MiB of memory left this host carries no more")
end

for _, test in ipairs { who, by_command_line, by_drop_in, by_conf, by_environment, room } do
    test()
end
check.done()
