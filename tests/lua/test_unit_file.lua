-- Unit files are read as systemd reads them, and one value, one word or one line is changed with all other bytes left
-- alone.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local unit_file = require "unit_file"

local SHOP = table.concat({
    "# The shop", "[Unit]", "Description=The shop; a = b", "", "[Service]", "; a comment",
    "ExecStart=/usr/bin/gunicorn \\", "  # not part of it", "  --workers 1 \\", "  --bind unix:%t/app.sock \"app:app\"",
    "Environment = A=1 'B=2 3'", "LimitNOFILE=64", "  Restart = always  ", "Environment=", "Environment=C=3", "",
    "[Install]", "WantedBy=multi-user.target", "" }, "\n")

local function entry(text, key, n)
    for _, one in ipairs(unit_file.parse(text).entries) do
        if one.key == key then
            n = (n or 1) - 1
            if n == 0 then
                return one
            end
        end
    end
end

local function texts(value)
    local list, why = unit_file.words(value)
    local out = {}
    for i, word in ipairs(list or {}) do
        out[i] = word.text or "?"
    end
    return list and table.concat(out, "|") or why
end

local function reading()
    local unit = unit_file.parse(SHOP)
    check.equal("nothing is unreadable", #unit.problems, 0)
    check.equal("all settings", #unit.entries, 8)
    local exec = entry(SHOP, "ExecStart")
    check.equal("a continued line is one, comments within are none of it", texts(exec.value),
        "/usr/bin/gunicorn|--workers|1|--bind|unix:%t/app.sock|app:app")
    check.equal("where it begins and ends", exec.line .. "-" .. exec.last_line, "7-10")
    check.equal("its section", exec.section, "Service")
    check.equal("blanks around the equals sign and at the end", entry(SHOP, "Restart").value, "always")
    check.equal("quotes", texts(entry(SHOP, "Environment").value), "A=1|B=2 3")
    check.equal("a value may hold signs of comments", entry(SHOP, "Description").value, "The shop; a = b")
    check.equal("two backslashes are no continuation", #unit_file.parse("[A]\nb=c\\\\\nd=e\n").entries, 2)
    check.equal("an empty value", entry("[A]\nb=\n", "b").value, "")
    check.equal("CRLF", entry("[A]\r\nb=c\r\nd=e \\\r\n f\r\n", "d").value, "e   f")
    check.equal("no newline at the end", entry("[A]\nb=c", "b").value, "c")
    check.equal("a line without a section", unit_file.parse("b=c\n").problems[1].line, 1)
    check.equal("a line that is none", unit_file.parse("[A]\nb\n").problems[1].line, 2)
    check.equal("a header that is none", unit_file.parse("[A\n").problems[1].line, 1)
    check.equal("a continuation into nothing", unit_file.parse("[A]\nb=c \\").problems[1].line, 2)
    check.equal("an open quote", texts("a \"b"), "a quote is not closed")
    check.equal("a backslash at the end", texts("a b\\"), "a backslash stands at the end")
    check.equal("an escape is not understood, the words around it are", texts("a b\\x20c d"), "a|?|d")
    check.equal("quotes within a word", texts("--name='a b' c"), "--name=a b|c")
    check.equal("nothing", texts(""), "")
    check.equal("bytes that no unit file has", unit_file.parse("[A]\nb=\0\n").problems[1].line, 2)
end

local function answer(text, why)
    return text or why
end

local function word(text, key, n, raw)
    return answer(unit_file.set_word(text, entry(text, key), n, raw))
end

local function words()
    local changed = word(SHOP, "ExecStart", 3, "5")
    check.equal("one word of a continued line", changed, (SHOP:gsub("%-%-workers 1", "--workers 5")))
    check.equal("a joined option", word("[S]\nE=x --workers=1\n", "E", 2, "--workers=12"), "[S]\nE=x --workers=12\n")
    check.equal("CRLF stays", word("[S]\r\nE=x -w 1\r\n", "E", 3, "5"), "[S]\r\nE=x -w 5\r\n")
    check.equal("the last byte of a file", word("[S]\nE=x -w 1", "E", 3, "5"), "[S]\nE=x -w 5")
    check.equal("blanks before the value", word("[S]\nE =  x 1 y\n", "E", 2, "5"), "[S]\nE =  x 5 y\n")
    check.equal("the quotes of the word itself", word("[S]\nE=x \"W=1\" y\n", "E", 2, '"W=5"'), "[S]\nE=x \"W=5\" y\n")
    check.equal("a variable", word("[S]\nE=x -w ${N}\n", "E", 3, "5"), "${N} is a variable, which systemd replaces")
    check.equal("a specifier", word("[S]\nE=x -w %i\n", "E", 3, "5"), "%i has an escape or a specifier in it")
    check.equal("an escape", word("[S]\nE=x -w \\x31\n", "E", 3, "5"), "\\x31 has an escape or a specifier in it")
    check.equal("specifiers and variables elsewhere stay", word("[S]\nE=x %i $A 1\n", "E", 4, "5"), "[S]\nE=x %i $A 5\n")
    check.equal("two words", word("[S]\nE=x 1\n", "E", 2, "5 6"), "the new word is not one plain word")
    check.equal("a second line", word("[S]\nE=x 1\n", "E", 2, "5\nF=1"), "the new word is not one plain word")
    check.equal("a continuation", word("[S]\nE=x 1\nF=1\n", "E", 2, "5\\"), "the new word is not one plain word")
    check.equal("a word that is not there", word("[S]\nE=x 1\n", "E", 3, "5"), "the word is not there any more")
    check.equal("nothing to do", word("[S]\nE=x 1\n", "E", 2, "1"), "it is 1 already")
    check.equal("an entry of another text", answer(unit_file.set_word("[S]\nE=y 1\n", entry("[S]\nE=x 1\n", "E"), 2, "5")),
        "the word is not there any more")
end

local function values()
    local function set(text, key, value)
        return answer(unit_file.set_value(text, entry(text, key), value))
    end
    check.equal("only the value", set(SHOP, "LimitNOFILE", "1024"), (SHOP:gsub("LimitNOFILE=64", "LimitNOFILE=1024")))
    check.equal("blanks at the end stay", set("[S]\nL = 1  \nM=2\n", "L", "5"), "[S]\nL = 5  \nM=2\n")
    check.equal("a value over two lines", set("[S]\nL=1 \\\n 2\n", "L", "5"), "what is to be changed spans two lines")
    check.equal("no value", set("[S]\nL=\n", "L", "5"), "the line has no value that could be changed")
    check.equal("the same value", set("[S]\nL=5\n", "L", "5"), "L= is 5 already")
    check.equal("no second line", set("[S]\nL=1\n", "L", "5\nM=1"), "the new value is not a line of text")
    check.equal("no continuation", set("[S]\nL=1\nM=1\n", "L", "5\\"), "the new value is not a line of text")
    local function add(text, key, name, value)
        return answer(unit_file.add_line(text, entry(text, key), name, value))
    end
    check.equal("behind a continued line", add(SHOP, "ExecStart", "Environment", "W=5"),
        (SHOP:gsub("\"app:app\"\n", "\"app:app\"\nEnvironment=W=5\n")))
    check.equal("a line with CRLF", add("[S]\r\nE=x\r\n[I]\r\n", "E", "F", "1"), "[S]\r\nE=x\r\nF=1\r\n[I]\r\n")
    check.equal("where no newline was at the end", add("[S]\nE=x", "E", "F", "1"), "[S]\nE=x\nF=1")
    check.equal("no continuation is added", add("[S]\nE=x\n[I]\n", "E", "F", "1\\"), "the new setting is not a line of text")
    check.equal("no section is added", add("[S]\nE=x\n", "E", "[I]\nF", "1"), "the new setting is not a line of text")
    check.equal("behind a continuation into nothing", add("[S]\nE=x \\", "E", "F", "1"),
        "the edit would change how other lines are read")
end

-- A host that has these files and this answer of systemctl's.
local function made_up_host(files, drop_ins)
    local host = {}
    function host:run(argv)
        local out = "Id=shop.service\nLoadState=loaded\nFragmentPath=/etc/systemd/system/shop.service\nDropInPaths=" .. drop_ins .. "\n"
        return { ok = true, out = out, argv = argv, show = function(_, lines) return lines end }
    end
    function host:read(path)
        return files[path], not files[path] and "absent" or nil, { show = function(_, line) return line end }
    end
    function host:realpath(path)
        return path
    end
    function host:stat()
        return nil, "absent"
    end
    return host
end

local function effective()
    local host = made_up_host({
        ["/etc/systemd/system/shop.service"] = "[Service]\nExecStart=/bin/a\nEnvironment=A=1\nLimitNOFILE=1\n",
        ["/run/systemd/system/shop.service.d/a.conf"] = "[Service]\nEnvironment=B=1\nLimitNOFILE=2\n",
        ["/etc/systemd/system/shop.service.d/b.conf"] = "[Service]\nExecStart=\nExecStart=/bin/b\n[Unit]\nLimitNOFILE=3\n",
    }, "/run/systemd/system/shop.service.d/a.conf /etc/systemd/system/shop.service.d/b.conf")
    local loaded = unit_file.load(host, "shop.service")
    local exec = unit_file.all(loaded, "Service", "ExecStart")
    check.equal("an empty assignment resets the list", #exec .. exec[1].value, "1/bin/b")
    check.equal("and its place is told", unit_file.place(exec[1]), "/etc/systemd/system/shop.service.d/b.conf:3")
    check.equal("lists add up", #unit_file.all(loaded, "Service", "Environment"), 2)
    local limits = unit_file.all(loaded, "Service", "LimitNOFILE")
    check.equal("the last one holds, of this section only", limits[#limits].value, "2")
    check.equal("what systemd generated or packages brought is not edited", unit_file.editable(host, limits[#limits].file.path), nil)
    check.equal("what is under /etc is", unit_file.editable(host, exec[1].file.path), true)
    local function drop_in(name, key)
        local edits, reason = unit_file.drop_in(host, loaded, name, "Service", key, "5")
        return edits and edits[1].path .. " " .. edits[1].content or reason
    end
    check.equal("a new drop-in", drop_in("c.conf", "LimitNOFILE"),
        "/etc/systemd/system/shop.service.d/c.conf [Service]\nLimitNOFILE=5\n")
    check.equal("one that would lose", drop_in("0.conf", "LimitNOFILE"), "/run/systemd/system/shop.service.d/a.conf would win over a new drop-in")
    check.equal("what later ones set otherwise does not matter", drop_in("aa.conf", "LimitNOFILE"),
        "/etc/systemd/system/shop.service.d/aa.conf [Service]\nLimitNOFILE=5\n")
    check.equal("one that hides another", drop_in("a.conf", "LimitNOFILE"),
        "there is a drop-in of that name already, /run/systemd/system/shop.service.d/a.conf")
    local none, why = unit_file.load(made_up_host({}, ""), "shop.service")
    check.equal("a file that cannot be read", none or why, "/etc/systemd/system/shop.service cannot be read (absent)")
end

for _, test in ipairs { reading, words, values, effective } do
    test()
end
check.done()
