-- test_full_disk.lua: which file systems df calls full.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local full_disk = require "full_disk"

local mounts, lines = full_disk.parse([[
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/sda1         41152736 41152736         0     100% /
tmpfs                   64       64         0     100% /srv/our data
/dev/loop3          113536   113536         0     100% /snap/core/1
/dev/sda2         41152736  1152736  40000000       3% /home
none                     0        0         0       - /sys
cgroup                   0        0         0       0% /cgroup
]])
check.equal("full ones", mounts, { "/", "/srv/our data" })
check.equal("their lines", lines[1], "/dev/sda1         41152736 41152736         0     100% /")
check.equal("over its reserve", #full_disk.parse("/dev/sdb 100 120 -20 120% /data\n"), 1)
check.equal("no df's words", #full_disk.parse("df: /x: Permission denied\n\n"), 0)

check.done()
