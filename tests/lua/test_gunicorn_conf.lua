-- gunicorn's configuration file: a plain number is found and changed, and nothing is made of what is not plain.

local here = io.popen("cd '" .. (arg[0]:match("^(.*)/[^/]*$") or ".") .. "' && pwd"):read("l")
package.path = here .. "/?.lua;" .. here .. "/../../lua/?.lua;" .. package.path
local check = require "check"
local conf = require "gunicorn_conf"

local CONF = table.concat({ '"""Settings of the shop.', "workers = 7 is what we had.", '"""', "import os  # workers", "",
    'bind = "unix:/run/shop-app/app.sock"', "workers = 1  # one for each processor", "worker_class = 'sync'",
    "timeout = 30", "raw_env = [", '    "A=1", # workers', "]", "" }, "\n")

local function number(text, name)
    local found, why = conf.number(text, name or "workers")
    return found and found.value or why
end

local function set(text, n)
    local new, why = conf.set(text, "workers", n)
    return new or why
end

local found = conf.number(CONF, "workers")
check.equal("a number among strings and comments", found.value .. " in " .. found.line, "1 in 7")
check.equal("only its digits change", set(CONF, 15), (CONF:gsub("workers = 1  ", "workers = 15  ")))
check.equal("a word", conf.word(CONF, "worker_class").value, "sync")
check.equal("what is not there", number(CONF, "threads"), nil)
check.equal("and is not added", set("bind = 'x'\n", 3), "it does not set workers")
check.equal("CRLF", set("workers=1\r\nx = 1\r\n", 2), "workers=2\r\nx = 1\r\n")
check.equal("no newline at the end", set("workers = 1", 2), "workers = 2")
check.equal("nothing to do", set("workers = 1\n", 1), "workers is 1 already")
check.equal("a formula", number("workers = 2 * n + 1\n"), "workers is computed in line 1")
check.equal("a call", number("workers = cpu_count()\n"), "workers is computed in line 1")
check.equal("digits with more behind them", number("workers = 1_0\n"), "workers is computed in line 1")
check.equal("a second statement on the line", number("workers = 1; x = 2\n"), "workers is computed in line 1")
check.equal("a value that goes on", number("workers = 1 \\\n + 2\n"), "workers is computed in line 1")
check.equal("set twice", number("workers = 1\nworkers = 2\n"), "it has workers in line 2 in a way that is not a plain setting")
check.equal("set in a block", number("if x:\n    workers = 1\n"), "it has workers in line 2 in a way that is not a plain setting")
check.equal("used for another setting", number("workers = 1\nthreads = workers\n"),
    "it has workers in line 2 in a way that is not a plain setting")
check.equal("an argument of that name", number("f(\nworkers=1\n)\n"), "it has workers in line 2 in a way that is not a plain setting")
check.equal("behind a continuation", number("x = y or \\\nworkers = 1\n"), "it has workers in line 2 in a way that is not a plain setting")
check.equal("a comparison", number("workers == 1\n"), "it has workers in line 1 in a way that is not a plain setting")
check.equal("added to", number("workers += 1\n"), "it has workers in line 1 in a way that is not a plain setting")
check.equal("taken from elsewhere", number("workers = 1\nfrom base import *\n"), "it takes settings from another file (import *)")
check.equal("set by name", number("workers = 1\nglobals()['workers'] = 2\n"), "it may set names through globals()")
check.equal("a string without an end", number("x = 'y\nworkers = 1\n"), "a string in it does not end")
check.equal("a longer name is another", number("workers = 1\nworkers_max = 2\nmy_workers = 3\n"), 1)
check.equal("a quote within a string", number("x = 'it\\'s'\nworkers = 1\n"), 1)
check.equal("a word with more behind it", conf.word("worker_class = 'a' + b\n", "worker_class"), nil)
check.done()
