-- What the host-facing modules make of a host's answers: times, users, addresses, curl, processes.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local when = require "when"
local users = require "users"
local upstream = require "upstream"
local web = require "web"
local processes = require "processes"
local socket_access = require "socket_access"

-- A host that answers from a table: the argv as one text -> {output, exit status, error text}.
local function fake(answers)
    local host = { name = "fake", vars = {}, asked = {} }
    function host:run(argv)
        local key = table.concat(argv, " ")
        local a = answers[key] or { "", 127, "not in the table: " .. key }
        self.asked[#self.asked + 1] = key
        return { argv = argv, out = a[1], code = a[2] or 0, err = a[3] or "", ok = (a[2] or 0) == 0,
                 outcome = a[2] == 127 and "not-started" or "exit",
                 show = function(_, text) return text end }
    end
    function host:memo(_, f) return f() end
    function host:stat(path)
        local a = answers["stat " .. path]
        if not a then
            return nil, "absent", self:run({ "true" })
        end
        return { type = a[1], mode = a[2], uid = a[3], gid = a[4], owner = a[5], group = a[6] }, nil,
            self:run({ "stat", path })
    end
    function host:realpath(path) return path end
    return host
end

-- Times
check.equal("the epoch is zero", when.seconds("1970-01-01 00:00:00"), 0)
check.equal("a log's time", when.seconds("2026/04/04 08:12:33"), 1775290353)
check.equal("the same with a T", when.seconds("2026-04-04T08:12:33"), 1775290353)
check.equal("a leap day", when.seconds("2024-03-01T00:00:00") - when.seconds("2024-02-28T00:00:00"), 2 * 86400)
check.equal("no time is nil", when.seconds("yesterday"), nil)
check.equal("a table (null) is nil", when.seconds({}), nil)
check.equal("duration", when.duration(95), "1 min 35 s")
local local_now, epoch = when.now(fake { ["date +%s,%Y-%m-%dT%H:%M:%S"] = { "1775290353,2026-04-04T10:12:33\n" } })
check.equal("the host's clock and the epoch differ by its zone", local_now - epoch, 7200)
check.equal("no date, no time", (when.now(fake {})), nil)

-- Upstreams in a log line
check.equal("a socket with a final colon", upstream.parse("fastcgi://unix:/run/php.sock:").unix, "/run/php.sock")
check.equal("a socket with a URI", upstream.parse("http://unix:/run/a.sock:/x?y").unix, "/run/a.sock")
check.equal("its key", upstream.key(upstream.parse("http://unix:/run/a.sock:/x")), "unix:/run/a.sock")
check.equal("host and port", upstream.key(upstream.parse("http://10.0.0.5:8080/a/b")), "10.0.0.5:8080")
check.equal("an IPv6 address", upstream.key(upstream.parse("http://[::1]:8080/")), "[::1]:8080")
check.equal("a name of an upstream block has no port", upstream.parse("http://backend/"), nil)
check.equal("null is nil", upstream.parse({}), nil)

-- Permissions, as the kernel sees them
local user = { uid = 33, gid = 33, name = "www-data", groups = { [33] = true } }
local function may(uid, gid, mode, want)
    return users.may(user, { uid = uid, gid = gid, mode = mode }, want)
end
check.equal("the owner's bits", may(33, 0, "600", "w"), true)
check.equal("the group's bits", may(0, 33, "660", "w"), true)
check.equal("everybody's bits", may(0, 0, "666", "w"), true)
check.equal("neither", may(0, 0, "660", "w"), false)
check.equal("the owner's bits count for the owner alone", may(33, 33, "066", "w"), false)
check.equal("the group's bits come before everybody's", may(0, 33, "606", "w"), false)
check.equal("root may", users.may({ uid = 0, groups = {} }, { uid = 1, gid = 1, mode = "000" }, "w"), true)
local acl = "# file: x\nuser::rw-\nuser:www-data:rw-\ngroup::---\nmask::%s\nother::---\n"
check.equal("an ACL lets in", users.acl_allows(user, {}, acl:format("rw-"), "w"), true)
check.equal("its mask may take that away", users.acl_allows(user, {}, acl:format("r--"), "w"), false)
check.equal("an ACL without extra entries says nothing",
    users.acl_allows(user, {}, "user::rw-\ngroup::rw-\nother::---\n", "w"), nil)
check.equal("somebody else's entry says nothing about us",
    users.acl_allows(user, {}, "user:bob:rw-\nmask::rw-\n", "w"), nil)

local host = fake { ["getent passwd -- 33"] = { "www-data:x:33:33:www:/var/www:/bin/false\n" },
                    ["id -G -- www-data"] = { "33 1000\n" }, ["id -gn -- www-data"] = { "www-data\n" } }
local got = users.get(host, 33)
check.equal("a user's name", got.name, "www-data")
check.equal("all the groups", got.groups[1000], true)
check.equal("nobody of that number", users.get(fake {}, 34).ok, nil)

-- The way to a socket
local function way(folder, socket, extra)
    local answers = { ["stat /"] = { "directory", "755", 0, 0, "root", "root" },
                      ["stat /run"] = folder, ["stat /run/x.sock"] = socket }
    for key, value in pairs(extra or {}) do
        answers[key] = value
    end
    return socket_access.check(fake(answers),
        { ok = true, uid = 33, gid = 33, name = "www-data", groups = { [33] = true } }, "/run/x.sock")
end
local open = { "directory", "755", 0, 0, "root", "root" }
check.equal("a socket of one's group", way(open, { "socket", "660", 0, 33, "root", "www-data" }).verdict, "allowed")
local denied = way(open, { "socket", "660", 0, 0, "root", "root" })
check.equal("a socket of root's", denied.verdict, "denied")
check.equal("it is the socket that refuses", denied.what, "socket")
denied = way({ "directory", "700", 0, 0, "root", "root" }, { "socket", "666", 0, 0, "root", "root" })
check.equal("a closed folder", denied.where, "/run")
check.equal("it is the folder that refuses", denied.what, "folder")
check.equal("a way that cannot be looked at is unknown", way(nil, nil).verdict, "unknown")
check.equal("an ACL opens a closed socket", way(open, { "socket", "660", 0, 0, "root", "root" },
    { ["getfacl -p -- /run/x.sock"] = { "user:www-data:rw-\nmask::rw-\n" }, ["id -Gn -- www-data"] = { "www-data\n" } }).verdict,
    "allowed")
check.equal("no user, no verdict", socket_access.check(fake {}, nil, "/x").verdict, "unknown")

-- curl's answers
local function answer(out, code, outcome)
    return web.answer({ out = out, code = code, outcome = outcome or "exit" })
end
check.equal("a status", answer("502|0.001|0.002|0.003|127.0.0.1", 0).code, 502)
check.equal("refused has no status", answer("000|0.000|0.000|0.001|", 7).code, nil)
check.equal("who could not connect says so", answer("000|0.000|0.000|0.001|", 7).trouble, "no connection came about")
check.equal("connected and then silent is waiting", answer("000|0.001|0.000|10.0|127.0.0.1", 28).waits, true)
check.equal("never connected is not", answer("000|0.000|0.000|10.0|", 28).waits, false)
check.equal("no curl at all", answer("", 127, "not-started").tool, false)
check.equal("the check wants no error of the server's side", ("502|"):find((web.check("http://a/").out:gsub("^%^", "^"))), nil)

-- Command lines
local words = processes.words("/usr/sbin/nginx -c /x/nginx.conf -p/y -g daemon off;")
check.equal("an option's next word", processes.option(words, "-c"), "/x/nginx.conf")
check.equal("an option's own rest", processes.option(words, "-p"), "/y")
check.equal("an option that is not there", processes.option(words, "-e"), nil)
local list = processes.list(fake { ["ps -ww -eo pid=,ppid=,uid=,args="] =
    { "    1     0     0 /sbin/init\n   20     1    33 nginx: worker process\n" } })
check.equal("children", processes.children(list, 1)[1].uid, 33)

check.done()
