-- Edits change one argument or add one line, and refuse whatever could change more.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local files = require "files"
local config = require "nginx_config"
local edit = require "nginx_edit"

local function load_one(text, others)
    others = others or {}
    others["/c/nginx.conf"] = text
    return assert(config.load("/c/nginx.conf", {
        read = function(path)
            return others[path], "absent"
        end,
        list = files.list,
    }))
end

local function first(c, name, nth)
    for d in c:each(name) do
        nth = (nth or 1) - 1
        if nth == 0 then
            return d
        end
    end
end

local function replaced(text, name, index, value)
    local c = load_one(text)
    local done, why = edit.replace_argument(c, first(c, name), index, value)
    return done and done.content or why
end

local function added(text, block, name, ...)
    local c = load_one(text)
    local done, why = edit.add_directive(c, block and first(c, block), name, ...)
    return done and done.content or why
end

local function replacing()
    check.eq(replaced("a  b ; # c", "a", 1, "x"), "a  x ; # c", "only the argument's bytes")
    check.eq(replaced("a 'b';", "a", 1, "it's"), "a 'it\\'s';", "the old quotes are kept")
    check.eq(replaced("a b;", "a", 1, "x y"), 'a "x y";', "quotes where they are needed")
    check.eq(replaced("a b;", "a", 1, ""), 'a "";', "an empty value")
    check.eq(replaced("a b;", "a", 1, "${x}/y"), "a ${x}/y;", "a variable needs none")
    check.eq(replaced("a b;", "a", 1, "\\.php$"), 'a "\\.php$";', "a backslash is kept")
    check.eq(replaced("a 'b';", "a", 1, "\\n\\"), "a '\\\\n\\\\';", "an escape is written so that it is none")
    check.eq(replaced("a b;", "a", 1, "x;{}#'\""), 'a "x;{}#\'\\"";', "hostile bytes")
    check.eq(replaced("a b;", "a", 1, "x\ny"), "the new value holds a control character", "no newline")
    check.eq(replaced("a b;", "a", 1, "b"), 'it is "b" already', "nothing to do")
    check.eq(replaced("a b;", "a", 2, "b"), '"a" has no argument 2', "no such argument")
    check.eq(replaced("h {\r\n\ta b;\r\n}", "a", 1, "x"), "h {\r\n\ta x;\r\n}", "CRLF and tabs stay")
end

local function adding()
    check.eq(added("h {\n    a b; # c\n}\n", "h", "n", "1"), "h {\n    a b; # c\n    n 1;\n}\n", "behind the last line")
    check.eq(added("h {\r\n\ta b;\r\n}\r\n", "h", "n", "1"), "h {\r\n\ta b;\r\n\tn 1;\r\n}\r\n", "CRLF and a tab")
    check.eq(added("h { a b; }", "h", "n", "1"), "h { a b; n 1; }", "a block on one line")
    check.eq(added("h { }\n", "h", "n", "1 2"), 'h { n "1 2"; }\n', "an empty block")
    check.eq(added("h {}", "h", "n"), "h { n; }", "an empty block without a blank")
    check.eq(added("s {\n  h {\n  }\n}\n", "h", "n"), "s {\n  h {\n    n;\n  }\n}\n", "an empty block on two lines")
    check.eq(added("l {\n  proxy_pass x;\n  root y;\n}\n", "l", "proxy_read_timeout", "9s"),
        "l {\n  proxy_pass x;\n  proxy_read_timeout 9s;\n  root y;\n}\n", "beside its family")
    check.eq(added("user x;\nevents {\n}\n", nil, "worker_rlimit_nofile", "4"),
        "user x;\nworker_rlimit_nofile 4;\nevents {\n}\n", "at the top level before the blocks")
    check.eq(added("events {\n}\n", nil, "n", "4"), "n 4;\nevents {\n}\n", "at the top of all")
    check.eq(added("s {\n  l {\n    a;\n  }\n}", "s", "n"), "s {\n  l {\n    a;\n  }\n  n;\n}", "behind a block")
    check.eq(added("h {\n  a b;\n}\n", "h", "a", "c"), '"a" is set there already, at /c/nginx.conf:2', "no collision")
    check.eq(added("proxy_set_header A b;\nl {\n}\n", "l", "proxy_set_header", "C", "d"),
        'it would switch off the 1 "proxy_set_header" that are inherited from /c/nginx.conf:1', "nothing is hidden")
    check.eq(added("l {\n  proxy_set_header A b;\n}\n", "l", "proxy_set_header", "C", "$d"),
        "l {\n  proxy_set_header A b;\n  proxy_set_header C $d;\n}\n", "a list grows")
    check.ok(added("l {\n  proxy_set_header A b;\n}\n", "l", "proxy_set_header", "a", "c"):find("already"), "not twice")
    check.eq(added("h { }", "h", "n; evil"), "the directive's name is not one", "a name is a name")
end

local function sharing()
    local c = load_one("s { include /c/i; }\ns { include /c/i; }", { ["/c/i"] = "root /x;" })
    local done, why = edit.replace_argument(c, first(c, "root"), 1, "/y")
    check.eq(done, nil, "a shared file is refused")
    check.eq(why, '"/c/i" is shared, it is included from /c/nginx.conf:1 (s) and /c/nginx.conf:2 (s)', "with the places")
    c = load_one("s {\n  include /c/i;\n}\n", { ["/c/i"] = "t { root /x; }" })
    done = edit.replace_argument(c, first(c, "root"), 1, "/y")
    check.eq(done, { path = "/c/i", content = "t { root /y; }" }, "an include of one place is edited there")
    done, why = edit.add_directive(c, first(c, "s"), "t", "1")
    check.eq(why, '"t" is set there already, at /c/i:1', "a collision with an include")
end

local function moved(text, address, upstream)
    local c = load_one(text)
    local use = upstream and c:upstream(upstream).servers[1] or c:passes()[1]
    local done, why = edit.replace_address(c, use, address)
    return done and done.content or why
end

local function addresses()
    check.eq(moved("l { proxy_pass http://a:1/x; }", "b:2"), "l { proxy_pass http://b:2/x; }", "the URI stays")
    check.eq(moved("l { proxy_pass http://a:1/x; }", "unix:/s"), "l { proxy_pass http://unix:/s:/x; }", "to a socket")
    check.eq(moved("l { proxy_pass http://unix:/s:/x; }", "b:2"), "l { proxy_pass http://b:2/x; }", "from a socket")
    check.eq(moved("l { fastcgi_pass unix:/s; }", "unix:/t"), "l { fastcgi_pass unix:/t; }", "FastCGI")
    check.eq(moved("upstream u { server a:1 weight=2; }", "b:2", "u"), "upstream u { server b:2 weight=2; }", "upstream")
    check.ok(moved("upstream u { server a:1; } l { proxy_pass http://u; }", "b:2"):find("upstream"), "not the name")
    check.eq(moved("server { set $x http://a:1; location / { proxy_pass $x; } }", "b:2"),
        "server { set $x http://b:2; location / { proxy_pass $x; } }", "a variable is set elsewhere")
    check.ok(moved("l { proxy_pass http://$h; }", "b:2"):find("variables"), "an unknown variable is refused")
    check.ok(moved("l { proxy_pass http://a; }", "b; evil"):find("not one"), "an address is an address")
end

for _, test in ipairs { replacing, adding, sharing, addresses } do
    test()
end
check.done()
