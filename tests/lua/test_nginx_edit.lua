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
    check.equal("only the argument's bytes", replaced("a  b ; # c", "a", 1, "x"), "a  x ; # c")
    check.equal("the old quotes are kept", replaced("a 'b';", "a", 1, "it's"), "a 'it\\'s';")
    check.equal("quotes where they are needed", replaced("a b;", "a", 1, "x y"), 'a "x y";')
    check.equal("an empty value", replaced("a b;", "a", 1, ""), 'a "";')
    check.equal("a variable needs none", replaced("a b;", "a", 1, "${x}/y"), "a ${x}/y;")
    check.equal("a backslash is kept", replaced("a b;", "a", 1, "\\.php$"), 'a "\\.php$";')
    check.equal("an escape is written so that it is none", replaced("a 'b';", "a", 1, "\\n\\"), "a '\\\\n\\\\';")
    check.equal("hostile bytes", replaced("a b;", "a", 1, "x;{}#'\""), 'a "x;{}#\'\\"";')
    check.equal("no newline", replaced("a b;", "a", 1, "x\ny"), "the new value holds a control character")
    check.equal("nothing to do", replaced("a b;", "a", 1, "b"), 'it is "b" already')
    check.equal("no such argument", replaced("a b;", "a", 2, "b"), '"a" has no argument 2')
    check.equal("CRLF and tabs stay", replaced("h {\r\n\ta b;\r\n}", "a", 1, "x"), "h {\r\n\ta x;\r\n}")
end

local function adding()
    check.equal("behind the last line", added("h {\n    a b; # c\n}\n", "h", "n", "1"), "h {\n    a b; # c\n    n 1;\n}\n")
    check.equal("CRLF and a tab", added("h {\r\n\ta b;\r\n}\r\n", "h", "n", "1"), "h {\r\n\ta b;\r\n\tn 1;\r\n}\r\n")
    check.equal("a block on one line", added("h { a b; }", "h", "n", "1"), "h { a b; n 1; }")
    check.equal("an empty block", added("h { }\n", "h", "n", "1 2"), 'h { n "1 2"; }\n')
    check.equal("an empty block without a blank", added("h {}", "h", "n"), "h { n; }")
    check.equal("an empty block on two lines", added("s {\n  h {\n  }\n}\n", "h", "n"), "s {\n  h {\n    n;\n  }\n}\n")
    check.equal("beside its family", added("l {\n  proxy_pass x;\n  root y;\n}\n", "l", "proxy_read_timeout", "9s"), "l {\n  proxy_pass x;\n  proxy_read_timeout 9s;\n  root y;\n}\n")
    check.equal("at the top level before the blocks", added("user x;\nevents {\n}\n", nil, "worker_rlimit_nofile", "4"), "user x;\nworker_rlimit_nofile 4;\nevents {\n}\n")
    check.equal("at the top of all", added("events {\n}\n", nil, "n", "4"), "n 4;\nevents {\n}\n")
    check.equal("behind a block", added("s {\n  l {\n    a;\n  }\n}", "s", "n"), "s {\n  l {\n    a;\n  }\n  n;\n}")
    check.equal("no collision", added("h {\n  a b;\n}\n", "h", "a", "c"), '"a" is set there already, at /c/nginx.conf:2')
    check.equal("nothing is hidden", added("proxy_set_header A b;\nl {\n}\n", "l", "proxy_set_header", "C", "d"), 'it would switch off the 1 "proxy_set_header" that are inherited from /c/nginx.conf:1')
    check.equal("a list grows", added("l {\n  proxy_set_header A b;\n}\n", "l", "proxy_set_header", "C", "$d"), "l {\n  proxy_set_header A b;\n  proxy_set_header C $d;\n}\n")
    check.ok("not twice", added("l {\n  proxy_set_header A b;\n}\n", "l", "proxy_set_header", "a", "c"):find("already"))
    check.equal("a name is a name", added("h { }", "h", "n; evil"), "the directive's name is not one")
end

local function sharing()
    local c = load_one("s { include /c/i; }\ns { include /c/i; }", { ["/c/i"] = "root /x;" })
    local done, why = edit.replace_argument(c, first(c, "root"), 1, "/y")
    check.equal("a shared file is refused", done, nil)
    check.equal("with the places", why, '"/c/i" is shared, it is included from /c/nginx.conf:1 (s) and /c/nginx.conf:2 (s)')
    c = load_one("s {\n  include /c/i;\n}\n", { ["/c/i"] = "t { root /x; }" })
    done = edit.replace_argument(c, first(c, "root"), 1, "/y")
    check.equal("an include of one place is edited there", done, { path = "/c/i", content = "t { root /y; }" })
    done, why = edit.add_directive(c, first(c, "s"), "t", "1")
    check.equal("a collision with an include", why, '"t" is set there already, at /c/i:1')
end

local function moved(text, address, upstream)
    local c = load_one(text)
    local use = upstream and c:upstream(upstream).servers[1] or c:passes()[1]
    local done, why = edit.replace_address(c, use, address)
    return done and done.content or why
end

local function addresses()
    check.equal("the URI stays", moved("l { proxy_pass http://a:1/x; }", "b:2"), "l { proxy_pass http://b:2/x; }")
    check.equal("to a socket", moved("l { proxy_pass http://a:1/x; }", "unix:/s"), "l { proxy_pass http://unix:/s:/x; }")
    check.equal("from a socket", moved("l { proxy_pass http://unix:/s:/x; }", "b:2"), "l { proxy_pass http://b:2/x; }")
    check.equal("FastCGI", moved("l { fastcgi_pass unix:/s; }", "unix:/t"), "l { fastcgi_pass unix:/t; }")
    check.equal("upstream", moved("upstream u { server a:1 weight=2; }", "b:2", "u"), "upstream u { server b:2 weight=2; }")
    check.ok("not the name", moved("upstream u { server a:1; } l { proxy_pass http://u; }", "b:2"):find("upstream"))
    check.equal("a variable is set elsewhere", moved("server { set $x http://a:1; location / { proxy_pass $x; } }", "b:2"), "server { set $x http://b:2; location / { proxy_pass $x; } }")
    check.ok("an unknown variable is refused", moved("l { proxy_pass http://$h; }", "b:2"):find("variables"))
    check.ok("an address is an address", moved("l { proxy_pass http://a; }", "b; evil"):find("not one"))
end

local function retargeted(text, change)
    local c = load_one(text)
    local done, why = edit.replace_target(c, c:passes()[1], change)
    return done and done.content or why
end

local function targets()
    check.equal("the scheme alone", retargeted("l { proxy_pass https://a:1/x; # y\n}", { scheme = "http" }), "l { proxy_pass http://a:1/x; # y\n}")
    check.equal("the port that the scheme stood for", retargeted("l { proxy_pass https://a; }", { scheme = "http" }), "l { proxy_pass http://a:443; }")
    check.equal("an upstream has its own", retargeted("upstream u { server a:1; } l { proxy_pass https://u; }", { scheme = "http" }), "upstream u { server a:1; } l { proxy_pass http://u; }")
    check.equal("no URI", retargeted("l { proxy_pass http://a:1/x/; }", { uri = "" }), "l { proxy_pass http://a:1; }")
    check.equal("a URI", retargeted("l { proxy_pass http://a:1; }", { uri = "/" }), "l { proxy_pass http://a:1/; }")
    check.equal("of a socket", retargeted("l { proxy_pass http://unix:/s; }", { uri = "/" }), "l { proxy_pass http://unix:/s:/; }")
    check.ok("a variable is refused", retargeted("l { proxy_pass http://a:1$x; }", { uri = "" }):find("variables"))
end

for _, test in ipairs { replacing, adding, sharing, addresses, targets } do
    test()
end
check.done()
