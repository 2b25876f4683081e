-- test_uwsgi.lua: the ini files of uWSGI.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local uwsgi = require "uwsgi"

local function sockets(text, cwd, vars)
    local list = {}
    for i, s in ipairs(uwsgi.sockets(uwsgi.parse(text, "/srv/shop/shop.ini", vars), cwd)) do
        list[i] = s.protocol .. " " .. (s.path or s.host .. ":" .. s.port) .. " " .. s.line
    end
    return list
end

check.equal("a path, a comment, another section", sockets("[uwsgi]\n; socket = /no\n#socket = /no\n  socket=/run/a.sock  \n[other]\nsocket = /b\n"),
    {"uwsgi /run/a.sock 4"})
check.equal("from the working directory", sockets("[uwsgi]\nsocket = ./shop.sock\nsocket = b.sock\n", "/srv/shop"),
    {"uwsgi /srv/shop/shop.sock 2", "uwsgi /srv/shop/b.sock 3"})
check.equal("no working directory known", sockets("[uwsgi]\nsocket = shop.sock\n"), {})
check.equal("ports", sockets("[uwsgi]\nsocket = :8000\nhttp-socket = 127.0.0.1:8001\nhttp=*:80\nsocket = [::1]:9\n"),
    {"uwsgi 0.0.0.0:8000 2", "http 127.0.0.1:8001 3", "http 0.0.0.0:80 4", "uwsgi [::1]:9 5"})
check.equal("protocol", sockets("[uwsgi]\nsocket = /a\nuwsgi-socket = /b\nprotocol = http\n"), {"http /a 2", "uwsgi /b 3"})
check.equal("underscores", sockets("[uwsgi]\nhttp_socket = :1\n"), {"http 0.0.0.0:1 2"})
check.equal("its own name", sockets("[uwsgi]\nsocket = /run/%n.sock\nsocket = %dx.sock\n"),
    {"uwsgi /run/shop.sock 2", "uwsgi /srv/shop/x.sock 3"})
check.equal("what was set before", sockets("[uwsgi]\nbase = /srv\nsocket = %(base)/a\nsocket = %(name)/b\n", nil, {name = "/run"}),
    {"uwsgi /srv/a 3", "uwsgi /run/b 4"})
check.equal("what only the environment knows", sockets("[uwsgi]\nsocket = $(HOME)/a\nsocket = %(nothing)/b\nsocket = @(file)\n"), {})
check.equal("abstract, inherited and shared ones", sockets("[uwsgi]\nsocket = @a\nsocket = fd://3\nsocket = =0\n"), {})
check.equal("a key alone", uwsgi.parse("[uwsgi]\r\nmaster\r\nchmod-socket=660\r\n", "/a.ini"),
    {{key = "master", value = "true", line = 2}, {key = "chmod-socket", value = "660", line = 3}})

check.done()
