-- test_memory_kills.lua: what the kernel says of a service whose process it ended for memory.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local memory_kills = require "memory_kills"

-- A host whose kernel and whose service say this.
local function world(kernel, journal, unit)
    local host = { name = "web1" }
    function host:run(argv)
        local text = argv[#argv] == "-k" and kernel or journal
        return { ok = true, out = text, show = function(_, line) return line end }
    end
    unit.Slice = unit.Slice or "system.slice"
    return host, { name = "shop", kind = "systemd", state = "crashed", unit = unit, host = host }
end

local GROUP = "2026-11-29T10:00:00+0000 web1 kernel: oom-kill:constraint=%s,nodemask=(null),cpuset=/,mems_allowed=0,%stask_memcg=%s,"
    .. "task=python3,pid=71,uid=33\n"
local KILLED = "2026-11-29T10:00:00+0000 web1 kernel: %s: Killed process 71 (python3) total-vm:230660kB, anon-rss:61468kB, "
    .. "file-rss:5844kB, shmem-rss:0kB, UID:33 pgtables:184kB oom_score_adj:0\n"
local EXITED = "2026-11-29T10:00:01+0000 web1 systemd[1]: shop.service: Main process exited, code=killed, status=9/KILL\n"
local SHOP = "/system.slice/shop.service"

local function own_limit(group)
    return GROUP:format("CONSTRAINT_MEMCG", "oom_memcg=" .. group .. ",", group) .. KILLED:format("Memory cgroup out of memory")
end

local host, svc = world(own_limit(SHOP), EXITED, { MemoryMax = "67108864" })
local kill = memory_kills.find(host, svc)
check.equal("who", kill.name, "python3")
check.equal("how large", kill.bytes, 61468 * 1024)
check.equal("by whose limit", kill.limit, SHOP)
check.equal("evidence", kill.shown:match("kernel: (.-):"), "Memory cgroup out of memory")
local text = memory_kills.explain(svc)
check.equal("told with the limit", text:match("used 61 MiB. shop may use no more than 64 MiB") ~= nil, true)

host, svc = world(own_limit("/machine.slice/web1" .. SHOP .. "/worker"), EXITED, {})
check.equal("a container's own group is above", memory_kills.find(host, svc) ~= nil, true)
host, svc = world(own_limit("/system.slice/shop-next.service"), EXITED, {})
check.equal("another service", memory_kills.find(host, svc), nil)
host, svc = world(own_limit("/user.slice/user-33.slice/user@33.service/app.slice/shop.service"), EXITED, {})
check.equal("a user's own service of that name", memory_kills.find(host, svc), nil)

host, svc = world(GROUP:format("CONSTRAINT_NONE", "", SHOP) .. KILLED:format("Out of memory"), EXITED, { MemoryMax = "67108864" })
check.equal("the host's memory", memory_kills.find(host, svc).limit, nil)
check.equal("whatever its own limit", memory_kills.explain(svc):match("The host had no memory left") ~= nil, true)

host, svc = world(own_limit("/shop.slice"):gsub("task_memcg=/shop.slice", "task_memcg=" .. SHOP), EXITED, { MemoryMax = "infinity" })
check.equal("a limit that is shared", memory_kills.explain(svc):match("/shop.slice, which shop shares") ~= nil, true)

host, svc = world("2019-01-01T10:00:00+0000 web1 kernel: Task in " .. SHOP .. " killed as a result of limit of " .. SHOP .. "\n"
    .. "2019-01-01T10:00:00+0000 web1 kernel: Memory cgroup out of memory: Kill process 71 (python3) score 900 or sacrifice child\n"
    .. "2019-01-01T10:00:00+0000 web1 kernel: Killed process 71 (python3) total-vm:230660kB, anon-rss:61468kB, file-rss:0kB\n", "", {})
check.equal("Linux 4", memory_kills.find(host, svc).limit, SHOP)
host, svc = world(KILLED:format("Out of memory"), EXITED, { ExecMainPID = "71" })
check.equal("no group: by the main process", memory_kills.find(host, svc) ~= nil, true)
host, svc = world(KILLED:format("Out of memory"), EXITED, { ExecMainPID = "72" })
check.equal("no group: another process", memory_kills.find(host, svc), nil)

host, svc = world(own_limit(SHOP), EXITED:gsub("10:00:01", "11:30:00"), {})
check.equal("it ended at another time", memory_kills.explain(svc), nil)
host, svc = world(own_limit(SHOP), EXITED:gsub("systemd%[1%]: ", "shop[71]: "), {})
check.equal("only systemd says that it ended", memory_kills.explain(svc), nil)
host, svc = world("", "", { MemoryMax = "67108864" })
svc.state = "oom-killed"
check.equal("systemd's word alone", memory_kills.explain(svc):match("^shop may use no more than 64 MiB") ~= nil, true)
svc.state = "stopped"
check.equal("stopped by hand", memory_kills.explain(svc), nil)

-- A client, or a program, that writes such a line anywhere else.
host, svc = world("2026-11-29T10:00:00+0000 web1 kernel: audit: comm=\"x\" Out of memory: Killed process 71 (python3) \n"
    .. "2026-11-29T10:00:00+0000 web1 shop[71]: Out of memory: Killed process 71 (python3) total-vm:1kB\n", EXITED, { ExecMainPID = "71" })
check.equal("only the kernel, from its line's beginning", memory_kills.find(host, svc), nil)
check.done()
