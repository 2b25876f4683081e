-- Asks a running nginx and our router for the same requests. arg[1]: its configuration. See routes_agree_with_nginx.sh.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local files = require "files"
local config = require "nginx_config"

local HOSTS = { "a.test", "x.a.test", "x.deep.a.test", "www.b.test", "www.b.com", "c.test", "z.c.test", "d1.test",
    "dx.test", "none" }
local URIS = { "/", "/api", "/api/", "/api/x/y", "/api/q.js", "/api/x/q.js", "/api/x.php", "/api/v/s/a.php",
    "/api/v/a.js", "/api/v/a.php", "/st/a.php", "/st/a", "/a.php", "/adm/a.php", "/img/a.png", "/IMG/x.jpeg", "/u/12/",
    "/u/1234", "/pp", "/pp/", "/%61pi/x", "//api//x", "/st/../a.php", "/only/", "/only", "/a/..", "/a/.",
    "/a.php/x?b.php" }

-- Each location of the fixture returns its own name, or passes to a closed port (502), or redirects (301).
local function ask_nginx(host, uri, port)
    local pipe = io.popen(("curl -q -s --path-as-is -w '|%%{http_code}' -H 'Host: %s' 'http://127.0.0.1:%d%s'")
        :format(host, port, uri))
    local body, code = pipe:read("a"):match("^(.*)|(%d+)$")
    pipe:close()
    return code == "200" and body or code
end

local function ask_router(c, host, uri, port)
    local server, location, notes = c:route { host = host, uri = uri, port = port, address = "127.0.0.1" }
    if not server then
        return location
    elseif not location then
        return "404"
    end
    for _, note in ipairs(notes) do
        if note:find("301", 1, true) then
            return "301"
        end
    end
    local answer = c:effective(location, "return")
    return answer and answer.args[2].text or "502"
end

local c = assert(config.load(arg[1], { read = files.read, list = files.list }))
for _, host in ipairs(HOSTS) do
    for _, uri in ipairs(URIS) do
        for _, port in ipairs { 18090, 18091 } do
            check.equal(("%s:%d%s"):format(host, port, uri), ask_router(c, host, uri, port), ask_nginx(host, uri, port))
        end
    end
end
check.done()
