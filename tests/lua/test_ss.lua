-- test_ss.lua: listening sockets, TCP and unix.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local ss = require "ss"

local tcp = ss.listeners([[
LISTEN 0      511        127.0.0.1:3000       0.0.0.0:*    users:(("node",pid=4502,fd=22))
LISTEN 0 511 0.0.0.0:8080 0.0.0.0:* users:(("java",pid=7812,fd=45))
LISTEN 0      511          0.0.0.0:80         0.0.0.0:*    users:(("nginx",pid=2,fd=6),("nginx",pid=1,fd=6))
LISTEN 0      4096   127.0.0.53%lo:53         0.0.0.0:*
LISTEN 129    128                *:9000             *:*    users:(("a "b" (c),d",pid=7,fd=8))
LISTEN 0      128             [::]:443           [::]:*    
LISTEN 0      128 [::ffff:127.0.0.1]:8081          *:*
LISTEN 0      128 [fe80::1]%eth0:22              [::]:*
ESTAB  0      0        10.0.0.1:80        10.0.0.2:5
garbage
]])
check.equal("count", #tcp, 8)
check.equal("node", {tcp[1].address, tcp[1].port, tcp[1].processes, tcp[1].send_q},
    {"127.0.0.1", 3000, {{name = "node", pid = 4502, fd = 22}}, 511})
check.equal("two processes", #tcp[3].processes, 2)
check.equal("interface", {tcp[4].address, tcp[4].interface, tcp[4].port, tcp[4].processes}, {"127.0.0.53", "lo", 53, null})
check.equal("odd name", tcp[5].processes, {{name = 'a "b" (c),d', pid = 7, fd = 8}})
check.equal("star", {tcp[5].address, tcp[5].recv_q}, {"*", 129})
check.equal("v6", {tcp[6].address, tcp[6].port, tcp[6].family}, {"::", 443, "inet6"})
check.equal("mapped", tcp[7].address, "::ffff:127.0.0.1")
check.equal("v6 interface", {tcp[8].address, tcp[8].interface, tcp[8].port}, {"fe80::1", "eth0", 22})

local function how(address, port)
    local list = {}
    for _, hit in ipairs(ss.listens(tcp, address, port)) do list[#list + 1] = hit.how end
    return table.concat(list, " ")
end
check.equal("exact", how("127.0.0.1", 3000), "exact")
check.equal("other address", how("10.0.0.1", 3000), "")
check.equal("other port", how("127.0.0.1", 3001), "")
check.equal("wildcard", how("10.10.10.20", "8080"), "wildcard")
check.equal("v4 wildcard is not v6", how("::1", 8080), "")
check.equal("star takes both", how("::1", 9000) .. how("10.0.0.1", 9000), "wildcardwildcard")
check.equal("v6 wildcard", how("[::1]", 443), "wildcard")
check.equal("v4 on a v6 wildcard", how("10.0.0.1", 443), "maybe-v6only")
check.equal("mapped takes v4", how("127.0.0.1", 8081), "mapped")

local unix = ss.unix_listeners([[
u_str LISTEN 0      511               /run/php/php8.2-fpm.sock 12345            * 0    users:(("php-fpm8.2",pid=9,fd=8),("php-fpm8.2",pid=10,fd=8))
u_str LISTEN 0      128    /srv/my app/a * 1 b.sock 222 * 0
u_str LISTEN 0      128    @/tmp/.X11-unix/X0 333            * 0    users:(("Xorg",pid=1,fd=1))
u_seq LISTEN 0      128    /run/udev/control 444            * 0
u_str ESTAB  0      0      /run/x 555 * 556
]])
check.equal("unix count", #unix, 4)
check.equal("fpm", {unix[1].path, unix[1].inode, #unix[1].processes, unix[1].processes[2].pid}, {"/run/php/php8.2-fpm.sock", 12345, 2, 10})
check.equal("path with blanks", {unix[2].path, unix[2].processes}, {"/srv/my app/a * 1 b.sock", null})
check.equal("abstract", {unix[3].path, unix[3].abstract}, {"@/tmp/.X11-unix/X0", true})
check.equal("generic", {#ss.parse("State Recv-Q\nLISTEN 0 1 *:1 *:*\nu_str LISTEN 0 1 /a 1 * 0\nnonsense\n"),
    ss.parse("nonsense")[1].unparsed}, {3, "nonsense"})
check.equal("nothing", #ss.listeners(""), 0)

check.done()
