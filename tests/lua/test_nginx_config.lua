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
    if check.ok(path .. " is read: " .. (err and err.message or ""), tree) then
        check.ok(path .. " is printed again byte by byte", reprint(text, tree, 1, #text) == text)
    end
end

local function grammar()
    check.equal("an empty file", words(""), "")
    check.equal("a comment without a newline", words("# only a comment"), "")
    check.equal("no newline at the end", words("a b; c;"), "a|b\nc")
    check.equal("a # in a word, CRLF, tabs", words("a b#c d; # e\r\nf\tg;\r\n"), "a|b#c|d\nf|g")
    check.equal("quotes hold anything", words("a 'x;{}\"' \"y'#\";"), "a|x;{}\"|y'#")
    check.equal("escapes", words([[a \;b "q\"q" 'q\'q' \d\.\n;]]), "a|\\;b|q\"q|q'q|\\d\\.\n")
    check.equal("${x} opens no block", words("a ${x}/b{c;}"), "a|${x}/b")
    check.equal("a brace behind $name opens a block", words("a $z{ b; }"), "a|$z")
    check.equal("a stray brace", words("a } b;"), '1:3 unexpected "}"')
    check.equal("a brace too many", words("}"), '1:1 unexpected "}"')
    check.equal("an empty directive", words(";"), '1:1 unexpected ";"')
    check.equal("text behind a quote", words('a "b"c;'), '1:6 unexpected "c"')
    check.equal("no semicolon", words("a\nb"), '2:2 unexpected end of file, expecting ";" or "}"')
    check.equal("unclosed", words("http {\n  a b;\n"), '3:1 unexpected end of file, expecting "}" of "http" opened in line 1')
    check.equal("an open quote", words('a "b'), '1:5 unexpected end of file, expecting ";" or "}"')
    check.equal("a quoted brace and a parenthesis", words('if ($x = "}") { b; }'), "if|($x|=|}|)")
    check.equal("an empty word", words('a "";'), "a|")
    check.equal("a byte order mark is skipped", words("\239\187\191user x;"), "user|x")
    check.ok("a word of 4095 bytes", words("a " .. ("x"):rep(4095) .. ";"):find("^a|x"))
    check.equal("a word of 4096 bytes", words("a " .. ("x"):rep(4096) .. ";"), "1:3 too long parameter")
    check.ok("the depth has a bound", words(("a {"):rep(300) .. ("}"):rep(300)):find("nested"))
    check.equal("a $ at the end", words("a $"), '1:4 unexpected end of file, expecting ";" or "}"')
    check.equal("open variable braces", words("a ${{{"), '1:7 unexpected end of file, expecting ";" or "}"')
    check.equal("a backslash at the end", words("a \\"), '1:4 unexpected end of file, expecting ";" or "}"')
end

local function lua_blocks()
    local text = 'location / { content_by_lua_block { local a = "}" -- }\n --[[ } ]] x = { [[}]], \'}\' } } b; }'
    local tree = config.parse(text, "t")
    local d = tree[1].block[1]
    check.equal("a Lua block is a directive", d.name, "content_by_lua_block")
    check.equal("with its code", text:sub(d.raw_block.from, d.raw_block.to), d.raw_block.text)
    check.equal("and ends at its brace", tree[1].block[2].name, "b")
    check.equal("an unclosed one is placed", words("init_by_lua_block { x = '}'"):match("^%d+:%d+"), "1:19")
end

local function big()
    local parts = {}
    for i = 1, 10000 do
        parts[i] = ("server_name a%d 'b c' # x\n ;\n"):format(i)
    end
    local start = os.clock()
    local tree = config.parse(table.concat(parts), "big")
    check.equal("ten thousand directives", #tree, 10000)
    check.equal("and the last one's line", tree[10000].line, 19999)
    check.ok("in linear time", os.clock() - start < 3)
end

local function open(path, more)
    return config.load(path, { read = more and more.read or files.read, list = files.list, prefix = "/opt/nginx" })
end

local function loading()
    local c = open(here .. "/fixtures/nginx/nginx.conf")
    check.ok("the fixture is read as a whole", c.complete)
    check.equal("its files: one is included twice", #c.files, 4)
    check.equal("it knows who includes it", #c.files[here .. "/fixtures/nginx/snippets/fastcgi.conf"].uses, 2)
end

local function queries(c)
    check.equal("user", c:user().name .. c:user().group, "www-datawww-data")
    check.equal("pid", (c:pid()), "/run/nginx.pid")
    local logs = c:error_logs()
    check.equal("a relative log is in the prefix", logs[1].path .. " " .. logs[1].level, "/opt/nginx/logs/error.log warn")
    check.equal("a log to syslog", logs[2].kind .. " " .. logs[2].context, "syslog http")
    check.equal("the access log's format", c:access_logs()[1].format, "main")
    local first
    for d in c:each("proxy_connect_timeout") do
        first = d
    end
    check.equal("a path in words", first:path(), "http > server(example.com) > location /api/ > proxy_connect_timeout")
    local d, _, level = c:effective(first, "proxy_read_timeout")
    check.equal("inherited from the server", d.args[1].text .. level.name, "30sserver")
    check.equal("a list inherited from http", #select(2, c:effective(first, "proxy_set_header")), 1)
    check.equal("by a nested location", c:effective(first.parent.block[3], "proxy_connect_timeout").args[1].text, "5s")
    local nested = c:effective(first.parent.block[3], "proxy_pass")
    check.equal("a pass of its own", nested.args[1].text, "http://127.0.0.1:9001")
    check.equal("all the passes", #c:passes(), 11)
    check.equal("to an upstream block", c:passes()[2].target.upstream, "app")
    local app = c:upstream("APP")
    check.equal("its server", app.servers[1].params.weight .. app.servers[1].address.port, "58081")
    check.equal("its socket", app.servers[2].address.unix .. tostring(app.servers[2].params.backup), "/run/app.socktrue")
    local keys = {}
    for _, a in ipairs(c:addresses()) do
        keys[#keys + 1] = a.key or "?"
    end
    check.equal("all the addresses", table.concat(keys, " "), "unix:/run/php/php8.2-fpm.sock 127.0.0.1:9001 [::1]:8443 localhost:80 " ..
        "127.0.0.1:7000 late.internal:8080 127.0.0.1:7001 127.0.0.1:1 127.0.0.1:9000 127.0.0.1:9002 " ..
        "127.0.0.1:8081 unix:/run/app.sock")
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
    check.equal("by name", goes(c, "example.com", "/"), "server(example.com) location /")
    check.equal("case, dot and port", goes(c, "EXAMPLE.com.:80", "/api/x"), "server(example.com) location /api/")
    check.equal("a wildcard, a nested location", goes(c, "a.b.example.com", "/api/admin/x"), "server(example.com) location /api/ > location /api/admin/")
    check.equal("the default server", goes(c, "nobody.test", "/"), "server(_) -")
    check.equal("an unknown regular expression is not guessed", goes(c, "x.tenant.test", "/"), "cannot tell")
    check.equal("a wildcard at the end leads there, too", goes(c, "www.shop.de", "/"), "cannot tell")
    check.equal("a regular expression", goes(c, "example.com", "/index.php?x=1"), "server(example.com) location ~ \\.php$")
    check.equal("^~ wins over it", goes(c, "example.com", "/static/a.php"), "server(example.com) location ^~ /static/")
    check.equal("normalised, exact", goes(c, "example.com", "/a/../health"), "server(example.com) location = /health")
    check.equal("without case", goes(c, "example.com", "/API/x.JPEG"), "server(example.com) location ~* \\.(jpe?g|png)$")
    check.equal("by port", goes(c, "x", "/", { port = 8080 }), "server location /")
    check.equal("nothing listens", goes(c, "x", "/", { port = 81 }), "no server listens on port 81")
    check.equal("by address", goes(c, "example.com", "/", { address = "10.0.0.1" }), "server(example.com) location /")
    check.equal("the v6 address has another server", goes(c, "example.com", "/", { address = "::1" }), "server(_) -")
    check.equal("by scheme and port", goes(c, "example.com", "/", { address = "10.0.0.1", scheme = "https", port = 80 }), "server(example.com) location /")
end

local function reaching(c)
    local server, location = c:route { host = "example.com", uri = "/", address = "10.0.0.1" }
    local found = c:reachable_passes(server, location)
    check.equal("PHP through try_files", #found, 1)
    check.equal("reaches the pool", found[1].pass.target.unix, "/run/php/php8.2-fpm.sock")
    check.ok("possibly, by try_files", found[1].possible and found[1].via[1]:find("^try_files"))
    local _, fall = c:route { host = "example.com", uri = "/fall", address = "10.0.0.1" }
    found = c:reachable_passes(server, fall)
    check.equal("the pass and its error page", #found, 2)
    check.equal("its own pass is sure", found[1].possible, false)
    check.equal("the named location is possible", found[2].pass.target.host, "localhost")
    local _, look = c:route { host = "example.com", uri = "/look", address = "10.0.0.1" }
    check.equal("a pass in an if", c:reachable_passes(server, look)[1].possible, true)
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
    check.equal("each problem is recorded", table.concat(kinds, " "), "missing unreadable cycle syntax")
    check.equal("and the configuration is not complete", c.complete, false)
    check.equal("no main file", select(2, config.load("/none", { read = files.read })).why, "absent")
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
    check.ok("reads may yield", c.complete and waits >= 4)
end

local function addresses()
    local function key(text, kind)
        local a, err = config.parse_address(text, kind)
        return a and (a.scheme or "-") .. " " .. (a.unix or (a.host or "?") .. ":" .. tostring(a.port)) .. " "
            .. (a.uri or "") or err
    end
    check.equal("http's port", key("http://h", "proxy_pass"), "http h:80 ")
    check.equal("https' port", key("HTTPS://H/x", "proxy_pass"), "https h:443 /x")
    check.equal("a socket with a URI", key("http://unix:/s.sock:/u", "proxy_pass"), "http /s.sock /u")
    check.equal("v6", key("http://[::1]:8/", "proxy_pass"), "http [::1]:8 /")
    check.equal("a port too high", key("h:99999", "fastcgi_pass"), "invalid port")
    check.equal("no default port for FastCGI", key("h", "fastcgi_pass"), "- h:nil ")
    check.equal("80 in an upstream", key("h", "server"), "- h:80 ")
    check.equal("no scheme", key("127.0.0.1:80", "proxy_pass"), "invalid URL prefix")
    check.equal("a URI from a variable", key("http://app$request_uri", "proxy_pass"), "http app:80 $request_uri")
    check.equal("a host from a variable", key("http://$h:80/", "proxy_pass"), "http ?:nil /")
    check.equal("grpc", key("grpcs://h:5", "grpc_pass"), "grpcs h:5 ")
    check.equal("no path", key("unix:", "fastcgi_pass"), "no path in the unix domain socket")
end

local function expressions()
    local function try(pattern, text, caseless)
        local r = regex.compile(pattern, caseless)
        return r and r.match(text)
    end
    check.equal("goes back in an alternative", try("^/(a|ab)c$", "/abc"), true)
    check.equal("gives up in time", try("^(a+)+$", ("a"):rep(60) .. "b"), nil)
    check.equal("php", try("\\.php(/|$)", "/x.php/y"), true)
    check.equal("without case", try("^/[^/.]+\\.(?:css|js)$", "/a.JS", true), true)
    check.equal("counted groups", try("^(x{2}|y){2}$", "xxy"), true)
    check.equal("a back reference is not known", try("(\\w+)\\1", "aa"), nil)
    check.equal("a named capture", select(2, regex.compile("^(?<t>[^.]+)\\.x$").match("ab.x")).t, "ab")
    check.equal("a star does not match a leading dot", glob.match("*.conf", ".hidden.conf"), false)
    check.equal("sets", glob.match("[0-9]?-*.c[!x]", "10-a.cf"), true)
end

-- What a variable can be is written in its map, or where it is set.
local function values()
    local function keys(text)
        local c = config.load("/n.conf", { read = function() return "http {" .. text .. "}" end, list = function() return {} end })
        local list = {}
        for _, use in ipairs(c:addresses()) do
            list[#list + 1] = (use.key or "?") .. (use.value and " " .. use.value.argument.text or "")
        end
        return list, c:passes()[1]
    end
    local map = "map $uri $b { hostnames; volatile; default 10.0.0.1:80; ~^/a 10.0.0.2; }"
    check.equal("a map", keys(map .. "server { location / { proxy_pass http://$b; } }"), { "10.0.0.1:80 10.0.0.1:80", "10.0.0.2:80 10.0.0.2" })
    check.equal("a map of whole URLs", keys("map $uri $b { default https://10.0.0.1/x; } server { location / { proxy_pass $b; } }"),
        { "10.0.0.1:443 https://10.0.0.1/x" })
    local list, pass = keys("map $uri $b { default app; x 10.0.0.1:81; } upstream app { server 10.0.0.3:1; }"
        .. "server { location / { proxy_pass http://$b; } }")
    check.equal("a map that names an upstream", list, { "10.0.0.1:81 10.0.0.1:81", "10.0.0.3:1" })
    check.equal("all of it is known", pass.all_known, true)
    list, pass = keys("map $uri $b { default $host; x 10.0.0.1:81; } server { location / { proxy_pass http://$b; } }")
    check.equal("a value of variables", pass.all_known, false)
    list = keys("server { set $b 10.0.0.1:1; if ($x) { set $b 10.0.0.2:1; } location / { proxy_pass http://$b/x; } }")
    check.equal("two sets", list, { "10.0.0.1:1 10.0.0.1:1", "10.0.0.2:1 10.0.0.2:1" })
    check.equal("a capture", select(2, keys("server { location ~ ^/(?<p>.*)$ { proxy_pass http://h:$p; } }")).all_known, nil)
end

local function json_tree()
    local path = here .. "/fixtures/nginx/nginx.conf"
    local text = files.read(path)
    local tree = config.for_parse(text, { path = path, read = files.read, list = files.list })
    check.equal("a range, from 0, end excluded", text:sub(tree[1].from + 1, tree[1].to), "user www-data;")
    local http = tree[6]
    local include = http.block[#http.block - 1]
    check.equal("an include has its files", #include.files, 2)
    check.equal("with their directives", include.files[1].directives[1].directive, "upstream")
    check.equal("a pattern without a match", #http.block[#http.block].files, 0)
    local alone = config.for_parse("include x.conf;")
    check.equal("from standard input", alone[1].errors[1], "includes cannot be followed here")
    check.equal("an error has its line", select(2, config.for_parse("a {")).line, 1)
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
        check.ok("this machine's nginx.conf is read as a whole", open("/etc/nginx/nginx.conf").complete)
    else
        print("no /etc/nginx here: only the fixtures were read")
    end
end

local c = open(here .. "/fixtures/nginx/nginx.conf")
for _, test in ipairs { grammar, lua_blocks, big, loading, queries, routing, reaching, broken_includes, yielding,
    addresses, expressions, values, json_tree, corpus } do
    test(c)
end
check.done()
