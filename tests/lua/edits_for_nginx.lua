-- Writes edited configurations into the folder arg[1], for edits_accepted_by_nginx.sh to show to a real nginx:
-- ok-N.conf must be accepted, bad-N.conf (what our grammar refuses) must be refused.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local files = require "files"
local config = require "nginx_config"
local edit = require "nginx_edit"

local folder = assert(arg[1], "the folder to write into")
local count = 0

local function write(kind, text)
    count = count + 1
    local file = assert(io.open(("%s/%s-%d.conf"):format(folder, kind, count), "wb"))
    file:write(text)
    file:close()
end

local BASE = [[
error_log %s/error.log;
pid %s/nginx.pid;
events {
	worker_connections 64;
}
http {
	access_log off;
	upstream app {
		server 127.0.0.1:18081 weight=2;
		keepalive 4;
	}
	server {
		listen 127.0.0.1:18080;
		server_name "~^(?<who>.+)\.example$";
		location / {
			proxy_pass http://app/; # the application
			proxy_set_header X-A "a;{}\"b";
		}
		location ~ \.php$ { fastcgi_pass unix:/run/php.sock; }
		location /x { if ($arg_x = "}") { return 204; } proxy_pass http://127.0.0.1:1/y; }
		location /e { }
	}
}
]]
BASE = BASE:gsub("%%s", (folder:gsub("%%", "%%%%")))

local function load_base(text)
    local path = folder .. "/base.conf"
    return assert(config.load(path, { read = function() return text end, list = files.list }))
end

local function block(c, name, argument)
    for d in c:each(name) do
        if d.block and not argument or (d.args[#d.args] and d.args[#d.args].text == argument) then
            return d
        end
    end
end

local function first(c, name)
    return c:each(name)()
end

local function pass(c, nth)
    return c:passes()[nth]
end

local EDITS = {
    function(c) return edit.replace_address(c, c:upstream("app").servers[1], "127.0.0.1:18082") end,
    function(c) return edit.replace_address(c, c:upstream("app").servers[1], "unix:/run/app.sock") end,
    function(c) return edit.replace_address(c, pass(c, 2), "unix:/run/php/other.sock") end,
    function(c) return edit.replace_address(c, pass(c, 3), "unix:/run/app.sock") end,
    function(c) return edit.replace_address(c, pass(c, 3), "[::1]:8080") end,
    function(c) return edit.replace_argument(c, first(c, "proxy_set_header"), 2, "x;{}#'\" \\n\\") end,
    function(c) return edit.replace_argument(c, block(c, "events").block[1], 1, "1024") end,
    function(c) return edit.add_directive(c, block(c, "location", "/"), "proxy_read_timeout", "120s") end,
    function(c) return edit.add_directive(c, block(c, "location", "/e"), "proxy_pass", "http://127.0.0.1:2") end,
    function(c) return edit.add_directive(c, block(c, "location", "\\.php$"), "fastcgi_param", "A", "b c;{}") end,
    function(c) return edit.add_directive(c, block(c, "server"), "proxy_read_timeout", "90s") end,
    function(c) return edit.add_directive(c, block(c, "http"), "resolver", "127.0.0.1", "valid=30s") end,
    function(c) return edit.add_directive(c, block(c, "upstream", "app"), "server", "127.0.0.1:18083", "backup") end,
    function(c) return edit.add_directive(c, block(c, "events"), "multi_accept", "on") end,
    function(c) return edit.add_directive(c, nil, "worker_rlimit_nofile", "4096") end,
}

for _, text in ipairs { BASE, (BASE:gsub("\n", "\r\n")), (BASE:gsub("\n*$", "")) } do
    write("ok", text)
    for i, make in ipairs(EDITS) do
        local done, why = make(load_base(text))
        if not done then
            error(("edit %d was refused: %s"):format(i, why))
        end
        write("ok", done.content)
    end
end

-- Words in `set`, where nginx takes any text: its grammar and ours must say the same.
local ODD = {
    "a#b", "'#'", "\"a;b\"", "'{'", "a}b", "\\;a", "a\\ b", "${arg_x}y", "'${arg_x}'", "\"\\\"\"", "''",
    "a\"b", "a'b'c", "\\", "a}", "'a'b", "\"a", "a{", "}", "a\n#c\n", "\\{", "$arg_x;#", "'a\nb'",
    ("x"):rep(4095), ("x"):rep(4096), "'" .. ("x"):rep(4094) .. "'", "'" .. ("x"):rep(4095) .. "'",
    ("x"):rep(4094) .. " ", ("x"):rep(4095) .. " ", "'" .. ("x"):rep(4093) .. "' ", "'" .. ("x"):rep(4094) .. "' ",
    "a #" .. ("c"):rep(4094) .. "\n", "a #" .. ("c"):rep(4095) .. "\n",
}
for _, word in ipairs(ODD) do
    local text = ("pid %s/p; error_log %s/e; events {} http { access_log off; server { listen 127.0.0.1:18080;\nset $odd %s;\n} }\n")
        :format(folder, folder, word)
    write(config.parse(text, "odd") and "ok" or "bad", text)
end
