-- test_limits_conf.lua: what limits.conf gives a user.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local limits_conf = require "limits_conf"

local list = limits_conf.parse("# <domain> <type> <item> <value>\n*\tsoft core 0\nwww-data  hard  nofile 65535 # for nginx\nbroken line\n@web - nofile 10")
check.equal("comments and what is no entry are left out", #list, 3)
check.equal("the value, without its comment", list[2].value, "65535")
check.equal("its line", list[2].line, 3)
check.equal("both limits at once", list[3].type, "-")

local files = { ["/etc/security/limits.conf"] = "www-data soft nofile 100\n",
                ["/etc/security/limits.d/10-web.conf"] = "nginx soft nofile 7\n\n* soft nofile 200\n",
                ["/etc/security/limits.d/20-web.conf.bak"] = "* soft nofile 300\n" }
local host = {}
function host:list() return { "20-web.conf.bak", "10-web.conf" } end
function host:read(path) return files[path], nil, { show = function(_, line) return line end } end

local found = limits_conf.nofile(host, "www-data")
check.equal("the last one that is about the user, in its file", found.file, "/etc/security/limits.d/10-web.conf")
check.equal("by its line", found.line, 3)
check.equal("shown as it is written", found.shown, "* soft nofile 200")
files = {}
check.equal("nothing says so", limits_conf.nofile(host, "www-data"), nil)
check.done()
