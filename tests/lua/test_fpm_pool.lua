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
    check.equal("a section, without case", www.name .. www.line, "www3")
    check.equal("$pool in a value", (www:get("listen")), "/run/php/www.sock")
    check.equal("a comment behind a value", (www:get("listen.owner")), "www-data")
    check.equal("the later one wins", (www:get("pm.max_children")), "7")
    check.equal("an array's entry, quotes hold a semicolon", (www:get("env[PATH]")), "/bin;x")
    check.equal("no is empty", (www:get("clear_env")), "")
    check.equal("a commented value is none", www:get("listen.mode"), nil)
    check.equal("an include", conf:includes()[1], "/etc/php/8.2/fpm/pool.d/*.conf")
    check.equal("pools without global", #conf:pools(), 2)
    check.equal("all of it is read", #conf.problems, 0)
    local _, entry = www:get("listen")
    check.equal("the value's bytes", POOL:sub(entry.from, entry.to), "/run/php/$pool.sock")
    check.equal("a line that cannot be read", fpm.parse("x y\n").problems[1].line, 1)
    check.equal("a port alone", fpm.listen_address("9000").port, 9000)
    check.equal("an address", fpm.listen_address("127.0.0.1:9000").host, "127.0.0.1")
    check.equal("a socket", fpm.listen_address("/run/x").unix, "/run/x")
end

local function set(text, section, key, value)
    local new, why = fpm.set(text, section, key, value)
    return new or why
end

local function changing()
    check.equal("only the value", set("[w]\na = 1 ; c\n", "w", "a", "2"), "[w]\na = 2 ; c\n")
    check.equal("quotes stay", set("[w]\na = \"1\"\n", "w", "a", "2"), "[w]\na = \"2\"\n")
    check.equal("CRLF", set("[w]\r\na=1\r\n", "w", "a", "2"), "[w]\r\na=2\r\n")
    check.equal("a value where there was none", set("[w]\na =\n", "w", "a", "2"), "[w]\na = 2\n")
    check.equal("behind its comment, in its style", set("[w]\n;listen.mode = 0660\nb = 1\n", "w", "listen.mode", "0666"), "[w]\n;listen.mode = 0660\nlisten.mode = 0666\nb = 1\n")
    check.equal("without blanks, as the comment", set("[w]\n;m=1\n", "w", "m", "2"), "[w]\n;m=1\nm=2\n")
    check.equal("else at the section's end", set("[w]\nb = 1\n\n[x]\n", "w", "m", "2"), "[w]\nb = 1\nm = 2\n\n[x]\n")
    check.equal("no newline at the end", set("[w]\nb = 1", "w", "m", "2"), "[w]\nb = 1\nm = 2")
    check.equal("an empty section, quotes", set("[w]\n[x]\n", "w", "m", "a b"), "[w]\nm = \"a b\"\n[x]\n")
    check.equal("twice is refused", set("[w]\na = 1\na = 2\n", "w", "a", "3"), '"a" is set twice, in lines 2 and 3')
    check.equal("no section", set("[w]\na = 1\n", "v", "a", "3"), 'there is no section "v"')
    check.equal("nothing to do", set("[w]\na = 1\n", "w", "a", "1"), '"a" is "1" already')
    check.equal("no second line", set("[w]\na = 1\n", "w", "a", "1\nb = 2"), "the new value is not a line of text")
    check.equal("booleans", set("[w]\nclear_env = no\n", "w", "clear_env", "yes"), "[w]\nclear_env = yes\n")
end

-- Debian's pool, where PHP-FPM is installed.
local function corpus()
    local path = "/etc/php/8.2/fpm/pool.d/www.conf"
    local text = files.read(path)
    if not text then
        print("no " .. path .. " here: only the fixtures were read")
        return
    end
    check.equal("this machine's pool is read", #fpm.parse(text).problems, 0)
    local new, why = fpm.set(text, "www", "listen.mode", "0666")
    check.ok("and a mode can be set: " .. tostring(why), new and #new > #text)
end

for _, test in ipairs { reading, changing, corpus } do
    test()
end
check.done()
