-- The configuration is read as nginx reads it: grammar, includes, inheritance, servers, locations, passes.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local files = require "files"
local config = require "nginx_config"
local regex = require "regex"
local glob = require "glob"

local function words(text)
    local tree, err = config.parse(text, "t")
    if not tree then
        return ("%d:%d %s"):format(err.line, err.column, err.message)
    end
    local out = {}
    for _, d in ipairs(tree) do
        local list = { d.name }
        for _, a in ipairs(d.args) do
            list[#list + 1] = a.text
        end
        out[#out + 1] = table.concat(list, "|")
    end
    return table.concat(out, "\n")
end

-- Put together again from the ranges alone: every byte is in one directive or between two.
local function reprint(text, list, from, to)
    local out, at = {}, from
    for _, d in ipairs(list) do
        out[#out + 1] = text:sub(at, d.from - 1)
        assert(text:sub(d.name_from, d.name_to):find(d.name:sub(1, 1), 1, true))
        local inside = d.from
        for _, a in ipairs(d.args) do
            assert(text:sub(a.from, a.to) == a.raw, "raw")
            out[#out + 1] = text:sub(inside, a.from - 1) .. a.raw
            inside = a.to + 1
        end
        if d.block then
            out[#out + 1] = text:sub(inside, d.open) .. reprint(text, d.block, d.open + 1, d.to - 1)
            inside = d.to
        end
        out[#out + 1] = text:sub(inside, d.to)
        at = d.to + 1
    end
    out[#out + 1] = text:sub(at, to)
    return table.concat(out)
end

local function lossless(path)
    local text = files.read(path)
    local tree, err = config.parse(text, path)
    if check.ok(tree, path .. " is read: " .. (err and err.message or "")) then
        check.ok(reprint(text, tree, 1, #text) == text, path .. " is printed again byte by byte")
    end
end

local function grammar()
    check.eq(words(""), "", "an empty file")
    check.eq(words("# only a comment"), "", "a comment without a newline")
    check.eq(words("a b; c;"), "a|b\nc", "no newline at the end")
    check.eq(words("a b#c d; # e\r\nf\tg;\r\n"), "a|b#c|d\nf|g", "a # in a word, CRLF, tabs")
    check.eq(words("a 'x;{}\"' \"y'#\";"), "a|x;{}\"|y'#", "quotes hold anything")
    check.eq(words([[a \;b "q\"q" 'q\'q' \d\.\n;]]), "a|\\;b|q\"q|q'q|\\d\\.\n", "escapes")
    check.eq(words("a ${x}/b{c;}"), "a|${x}/b", "${x} opens no block")
    check.eq(words("a $z{ b; }"), "a|$z", "a brace behind $name opens a block")
    check.eq(words("a } b;"), '1:3 unexpected "}"', "a stray brace")
    check.eq(words("}"), '1:1 unexpected "}"', "a brace too many")
    check.eq(words(";"), '1:1 unexpected ";"', "an empty directive")
    check.eq(words('a "b"c;'), '1:6 unexpected "c"', "text behind a quote")
    check.eq(words("a\nb"), '2:2 unexpected end of file, expecting ";" or "}"', "no semicolon")
    check.eq(words("http {\n  a b;\n"), '3:1 unexpected end of file, expecting "}" of "http" opened in line 1', "unclosed")
    check.eq(words('a "b'), '1:5 unexpected end of file, expecting ";" or "}"', "an open quote")
    check.eq(words('if ($x = "}") { b; }'), "if|($x|=|}|)", "a quoted brace and a parenthesis")
    check.eq(words('a "";'), "a|", "an empty word")
    check.eq(words("\239\187\191user x;"), "user|x", "a byte order mark is skipped")
    check.ok(words("a " .. ("x"):rep(4095) .. ";"):find("^a|x"), "a word of 4095 bytes")
    check.eq(words("a " .. ("x"):rep(4096) .. ";"), "1:3 too long parameter", "a word of 4096 bytes")
    check.ok(words(("a {"):rep(300) .. ("}"):rep(300)):find("nested"), "the depth has a bound")
    check.eq(words("a $"), '1:4 unexpected end of file, expecting ";" or "}"', "a $ at the end")
    check.eq(words("a ${{{"), '1:7 unexpected end of file, expecting ";" or "}"', "open variable braces")
    check.eq(words("a \\"), '1:4 unexpected end of file, expecting ";" or "}"', "a backslash at the end")
end

local function lua_blocks()
    local text = 'location / { content_by_lua_block { local a = "}" -- }\n --[[ } ]] x = { [[}]], \'}\' } } b; }'
    local tree = config.parse(text, "t")
    local d = tree[1].block[1]
    check.eq(d.name, "content_by_lua_block", "a Lua block is a directive")
    check.eq(text:sub(d.raw_block.from, d.raw_block.to), d.raw_block.text, "with its code")
    check.eq(tree[1].block[2].name, "b", "and ends at its brace")
    check.eq(words("init_by_lua_block { x = '}'"):match("^%d+:%d+"), "1:19", "an unclosed one is placed")
end

local function big()
    local parts = {}
    for i = 1, 10000 do
        parts[i] = ("server_name a%d 'b c' # x\n ;\n"):format(i)
    end
    local start = os.clock()
    local tree = config.parse(table.concat(parts), "big")
    check.eq(#tree, 10000, "ten thousand directives")
    check.eq(tree[10000].line, 19999, "and the last one's line")
    check.ok(os.clock() - start < 3, "in linear time")
end

local function open(path, more)
    return config.load(path, { read = more and more.read or files.read, list = files.list, prefix = "/opt/nginx" })
end

local function loading()
    local c = open(here .. "/fixtures/nginx/nginx.conf")
    check.ok(c.complete, "the fixture is read as a whole")
    check.eq(#c.files, 4, "its files: one is included twice")
    check.eq(#c.files[here .. "/fixtures/nginx/snippets/fastcgi.conf"].uses, 2, "it knows who includes it")
end

local function queries(c)
    check.eq(c:user().name .. c:user().group, "www-datawww-data", "user")
    check.eq((c:pid()), "/run/nginx.pid", "pid")
    local logs = c:error_logs()
    check.eq(logs[1].path .. " " .. logs[1].level, "/opt/nginx/logs/error.log warn", "a relative log is in the prefix")
    check.eq(logs[2].kind .. " " .. logs[2].context, "syslog http", "a log to syslog")
    check.eq(c:access_logs()[1].format, "main", "the access log's format")
    local first
    for d in c:each("proxy_connect_timeout") do
        first = d
    end
    check.eq(first:path(), "http > server(example.com) > location /api/ > proxy_connect_timeout", "a path in words")
    local d, _, level = c:effective(first, "proxy_read_timeout")
    check.eq(d.args[1].text .. level.name, "30sserver", "inherited from the server")
    check.eq(#select(2, c:effective(first, "proxy_set_header")), 1, "a list inherited from http")
    check.eq(c:effective(first.parent.block[3], "proxy_connect_timeout").args[1].text, "5s", "by a nested location")
    local nested = c:effective(first.parent.block[3], "proxy_pass")
    check.eq(nested.args[1].text, "http://127.0.0.1:9001", "a pass of its own")
    check.eq(#c:passes(), 11, "all the passes")
    check.eq(c:passes()[2].target.upstream, "app", "to an upstream block")
    local app = c:upstream("APP")
    check.eq(app.servers[1].params.weight .. app.servers[1].address.port, "58081", "its server")
    check.eq(app.servers[2].address.unix .. tostring(app.servers[2].params.backup), "/run/app.socktrue", "its socket")
    local keys = {}
    for _, a in ipairs(c:addresses()) do
        keys[#keys + 1] = a.key or "?"
    end
    check.eq(table.concat(keys, " "), "unix:/run/php/php8.2-fpm.sock 127.0.0.1:9001 [::1]:8443 localhost:80 " ..
        "127.0.0.1:7000 late.internal:8080 127.0.0.1:7001 127.0.0.1:1 127.0.0.1:9000 127.0.0.1:9002 " ..
        "127.0.0.1:8081 unix:/run/app.sock", "all the addresses")
end

local function goes(c, host, uri, more)
    local q = { host = host, uri = uri, address = "10.0.0.1" }
    for k, v in pairs(more or {}) do
        q[k] = v
    end
    local server, location = c:route(q)
    if not server then
        return (location:gsub("[:;].*", ""))
    end
    return server:path():gsub("^http > ", "") .. " " .. (location and location:path():match("location .*") or "-")
end

local function routing(c)
    check.eq(goes(c, "example.com", "/"), "server(example.com) location /", "by name")
    check.eq(goes(c, "EXAMPLE.com.:80", "/api/x"), "server(example.com) location /api/", "case, dot and port")
    check.eq(goes(c, "a.b.example.com", "/api/admin/x"), "server(example.com) location /api/ > location /api/admin/",
        "a wildcard, a nested location")
    check.eq(goes(c, "nobody.test", "/"), "server(_) -", "the default server")
    check.eq(goes(c, "x.tenant.test", "/"), "cannot tell", "an unknown regular expression is not guessed")
    check.eq(goes(c, "www.shop.de", "/"), "cannot tell", "a wildcard at the end leads there, too")
    check.eq(goes(c, "example.com", "/index.php?x=1"), "server(example.com) location ~ \\.php$", "a regular expression")
    check.eq(goes(c, "example.com", "/static/a.php"), "server(example.com) location ^~ /static/", "^~ wins over it")
    check.eq(goes(c, "example.com", "/a/../health"), "server(example.com) location = /health", "normalised, exact")
    check.eq(goes(c, "example.com", "/API/x.JPEG"), "server(example.com) location ~* \\.(jpe?g|png)$", "without case")
    check.eq(goes(c, "x", "/", { port = 8080 }), "server location /", "by port")
    check.eq(goes(c, "x", "/", { port = 81 }), "no server listens on port 81", "nothing listens")
    check.eq(goes(c, "example.com", "/", { address = "10.0.0.1" }), "server(example.com) location /", "by address")
    check.eq(goes(c, "example.com", "/", { address = "::1" }), "server(_) -", "the v6 address has another server")
    check.eq(goes(c, "example.com", "/", { address = "10.0.0.1", scheme = "https", port = 80 }),
        "server(example.com) location /", "by scheme and port")
end

local function reaching(c)
    local server, location = c:route { host = "example.com", uri = "/", address = "10.0.0.1" }
    local found = c:reachable_passes(server, location)
    check.eq(#found, 1, "PHP through try_files")
    check.eq(found[1].pass.target.unix, "/run/php/php8.2-fpm.sock", "reaches the pool")
    check.ok(found[1].possible and found[1].via[1]:find("^try_files"), "possibly, by try_files")
    local _, fall = c:route { host = "example.com", uri = "/fall", address = "10.0.0.1" }
    found = c:reachable_passes(server, fall)
    check.eq(#found, 2, "the pass and its error page")
    check.eq(found[1].possible, false, "its own pass is sure")
    check.eq(found[2].pass.target.host, "localhost", "the named location is possible")
    local _, look = c:route { host = "example.com", uri = "/look", address = "10.0.0.1" }
    check.eq(c:reachable_passes(server, look)[1].possible, true, "a pass in an if")
end

local function broken_includes()
    local tree = {
        ["/c/nginx.conf"] = "http { include missing.conf; include secret.conf; include loop.conf; include bad.conf; }",
        ["/c/loop.conf"] = "include loop.conf;", ["/c/bad.conf"] = "server {",
    }
    local c = config.load("/c/nginx.conf", {
        read = function(path)
            if path == "/c/secret.conf" then
                return nil, "denied"
            end
            return tree[path], "absent"
        end,
        list = files.list,
    })
    local kinds = {}
    for _, p in ipairs(c.problems) do
        kinds[#kinds + 1] = p.kind
    end
    check.eq(table.concat(kinds, " "), "missing unreadable cycle syntax", "each problem is recorded")
    check.eq(c.complete, false, "and the configuration is not complete")
    check.eq(select(2, config.load("/none", { read = files.read })).why, "absent", "no main file")
end

-- In the engine a read yields to the event loop.
local function yielding()
    local co = coroutine.wrap(function()
        return config.load(here .. "/fixtures/nginx/nginx.conf", {
            read = function(path)
                coroutine.yield("read")
                return files.read(path)
            end,
            list = function(dir)
                coroutine.yield("list")
                return files.list(dir)
            end,
        })
    end)
    local c, waits = co(), 0
    while type(c) == "string" do
        waits, c = waits + 1, co()
    end
    check.ok(c.complete and waits >= 4, "reads may yield")
end

local function addresses()
    local function key(text, kind)
        local a, err = config.parse_address(text, kind)
        return a and (a.scheme or "-") .. " " .. (a.unix or (a.host or "?") .. ":" .. tostring(a.port)) .. " "
            .. (a.uri or "") or err
    end
    check.eq(key("http://h", "proxy_pass"), "http h:80 ", "http's port")
    check.eq(key("HTTPS://H/x", "proxy_pass"), "https h:443 /x", "https' port")
    check.eq(key("http://unix:/s.sock:/u", "proxy_pass"), "http /s.sock /u", "a socket with a URI")
    check.eq(key("http://[::1]:8/", "proxy_pass"), "http [::1]:8 /", "v6")
    check.eq(key("h:99999", "fastcgi_pass"), "invalid port", "a port too high")
    check.eq(key("h", "fastcgi_pass"), "- h:nil ", "no default port for FastCGI")
    check.eq(key("h", "server"), "- h:80 ", "80 in an upstream")
    check.eq(key("127.0.0.1:80", "proxy_pass"), "invalid URL prefix", "no scheme")
    check.eq(key("http://app$request_uri", "proxy_pass"), "http app:80 $request_uri", "a URI from a variable")
    check.eq(key("http://$h:80/", "proxy_pass"), "http ?:nil /", "a host from a variable")
    check.eq(key("grpcs://h:5", "grpc_pass"), "grpcs h:5 ", "grpc")
    check.eq(key("unix:", "fastcgi_pass"), "no path in the unix domain socket", "no path")
end

local function expressions()
    local function try(pattern, text, caseless)
        local r = regex.compile(pattern, caseless)
        return r and r.match(text)
    end
    check.eq(try("^/(a|ab)c$", "/abc"), true, "goes back in an alternative")
    check.eq(try("^(a+)+$", ("a"):rep(60) .. "b"), nil, "gives up in time")
    check.eq(try("\\.php(/|$)", "/x.php/y"), true, "php")
    check.eq(try("^/[^/.]+\\.(?:css|js)$", "/a.JS", true), true, "without case")
    check.eq(try("^(x{2}|y){2}$", "xxy"), true, "counted groups")
    check.eq(try("(\\w+)\\1", "aa"), nil, "a back reference is not known")
    check.eq(select(2, regex.compile("^(?<t>[^.]+)\\.x$").match("ab.x")).t, "ab", "a named capture")
    check.eq(glob.match("*.conf", ".hidden.conf"), false, "a star does not match a leading dot")
    check.eq(glob.match("[0-9]?-*.c[!x]", "10-a.cf"), true, "sets")
end

local function json_tree()
    local path = here .. "/fixtures/nginx/nginx.conf"
    local text = files.read(path)
    local tree = config.for_parse(text, { path = path, read = files.read, list = files.list })
    check.eq(text:sub(tree[1].from + 1, tree[1].to), "user www-data;", "a range, from 0, end excluded")
    local http = tree[6]
    local include = http.block[#http.block - 1]
    check.eq(#include.files, 2, "an include has its files")
    check.eq(include.files[1].directives[1].directive, "upstream", "with their directives")
    check.eq(#http.block[#http.block].files, 0, "a pattern without a match")
    local alone = config.for_parse("include x.conf;")
    check.eq(alone[1].errors[1], "includes cannot be followed here", "from standard input")
    check.eq(select(2, config.for_parse("a {")).line, 1, "an error has its line")
end

-- Debian's own files, where they are installed.
local function corpus()
    local pipe = io.popen("find /etc/nginx " .. here .. "/fixtures/nginx -type f -o -type l 2>/dev/null")
    for path in pipe:lines() do
        if files.read(path) then
            lossless(path)
        end
    end
    pipe:close()
    if files.read("/etc/nginx/nginx.conf") then
        check.ok(open("/etc/nginx/nginx.conf").complete, "this machine's nginx.conf is read as a whole")
    else
        print("no /etc/nginx here: only the fixtures were read")
    end
end

local c = open(here .. "/fixtures/nginx/nginx.conf")
for _, test in ipairs { grammar, lua_blocks, big, loading, queries, routing, reaching, broken_includes, yielding,
    addresses, expressions, json_tree, corpus } do
    test(c)
end
check.done()
