-- PHP-FPM's pools are read as PHP reads them, and one value is changed with all other bytes left alone.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local files = require "files"
local fpm = require "fpm_pool"

local POOL = files.read(here .. "/fixtures/fpm/www.conf")

local function reading()
    local conf = fpm.parse(POOL, "www.conf")
    local www = conf:section("WWW")
    check.eq(www.name .. www.line, "www3", "a section, without case")
    check.eq((www:get("listen")), "/run/php/www.sock", "$pool in a value")
    check.eq((www:get("listen.owner")), "www-data", "a comment behind a value")
    check.eq((www:get("pm.max_children")), "7", "the later one wins")
    check.eq((www:get("env[PATH]")), "/bin;x", "an array's entry, quotes hold a semicolon")
    check.eq((www:get("clear_env")), "", "no is empty")
    check.eq(www:get("listen.mode"), nil, "a commented value is none")
    check.eq(conf:includes()[1], "/etc/php/8.2/fpm/pool.d/*.conf", "an include")
    check.eq(#conf:pools(), 2, "pools without global")
    check.eq(#conf.problems, 0, "all of it is read")
    local _, entry = www:get("listen")
    check.eq(POOL:sub(entry.from, entry.to), "/run/php/$pool.sock", "the value's bytes")
    check.eq(fpm.parse("x y\n").problems[1].line, 1, "a line that cannot be read")
    check.eq(fpm.listen_address("9000").port, 9000, "a port alone")
    check.eq(fpm.listen_address("127.0.0.1:9000").host, "127.0.0.1", "an address")
    check.eq(fpm.listen_address("/run/x").unix, "/run/x", "a socket")
end

local function set(text, section, key, value)
    local new, why = fpm.set(text, section, key, value)
    return new or why
end

local function changing()
    check.eq(set("[w]\na = 1 ; c\n", "w", "a", "2"), "[w]\na = 2 ; c\n", "only the value")
    check.eq(set("[w]\na = \"1\"\n", "w", "a", "2"), "[w]\na = \"2\"\n", "quotes stay")
    check.eq(set("[w]\r\na=1\r\n", "w", "a", "2"), "[w]\r\na=2\r\n", "CRLF")
    check.eq(set("[w]\na =\n", "w", "a", "2"), "[w]\na = 2\n", "a value where there was none")
    check.eq(set("[w]\n;listen.mode = 0660\nb = 1\n", "w", "listen.mode", "0666"),
        "[w]\n;listen.mode = 0660\nlisten.mode = 0666\nb = 1\n", "behind its comment, in its style")
    check.eq(set("[w]\n;m=1\n", "w", "m", "2"), "[w]\n;m=1\nm=2\n", "without blanks, as the comment")
    check.eq(set("[w]\nb = 1\n\n[x]\n", "w", "m", "2"), "[w]\nb = 1\nm = 2\n\n[x]\n", "else at the section's end")
    check.eq(set("[w]\nb = 1", "w", "m", "2"), "[w]\nb = 1\nm = 2", "no newline at the end")
    check.eq(set("[w]\n[x]\n", "w", "m", "a b"), "[w]\nm = \"a b\"\n[x]\n", "an empty section, quotes")
    check.eq(set("[w]\na = 1\na = 2\n", "w", "a", "3"), '"a" is set twice, in lines 2 and 3', "twice is refused")
    check.eq(set("[w]\na = 1\n", "v", "a", "3"), 'there is no section "v"', "no section")
    check.eq(set("[w]\na = 1\n", "w", "a", "1"), '"a" is "1" already', "nothing to do")
    check.eq(set("[w]\na = 1\n", "w", "a", "1\nb = 2"), "the new value is not a line of text", "no second line")
    check.eq(set("[w]\nclear_env = no\n", "w", "clear_env", "yes"), "[w]\nclear_env = yes\n", "booleans")
end

-- Debian's pool, where PHP-FPM is installed.
local function corpus()
    local path = "/etc/php/8.2/fpm/pool.d/www.conf"
    local text = files.read(path)
    if not text then
        print("no " .. path .. " here: only the fixtures were read")
        return
    end
    check.eq(#fpm.parse(text).problems, 0, "this machine's pool is read")
    local new, why = fpm.set(text, "www", "listen.mode", "0666")
    check.ok(new and #new > #text, "and a mode can be set: " .. tostring(why))
end

for _, test in ipairs { reading, changing, corpus } do
    test()
end
check.done()
