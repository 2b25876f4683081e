-- test_said.lua: what systemd and a service said about its last run.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local said = require "said"

local function journal(...)
    local lines = {}
    for i, text in ipairs({ ... }) do
        lines[i] = "2026-04-04T08:12:33+0000 web1 " .. text
    end
    return table.concat(lines, "\n") .. "\n"
end

local function text_of(entry)
    return entry and entry.text
end

local words = said.read(journal(
    "systemd[1]: Starting shop.service - The shop...",
    "shop[7]: OSError: [Errno 28] No space left on device",
    "systemd[1]: Starting shop.service - The shop...",
    "shop[8]: [INFO] Listening",
    "systemd[1]: Started shop.service - The shop.",
    "shop[8]: Traceback (most recent call last):",
    "shop[8]:   File \"/srv/error.py\", line 1, in <module>",
    "shop[8]: KeyError: 'price'",
    "shop[8]: Retrying in 1 second, error.",
    "shop[8]: bye",
    "systemd[1]: shop.service: Main process exited, code=exited, status=1/FAILURE"))
check.equal("the run before is not this one", #words.run, 9)
check.equal("its beginning was seen", { words.whole, said.read(journal("shop[7]: bye")).whole }, { true, nil })
check.equal("what complains tells more than what came last", text_of(said.telling(words.run)), "KeyError: 'price'")
check.equal("systemd's own line", { said.by_systemd(words.run, "status=(%d+)/(%u+)$") }, { "1", "FAILURE" })
check.equal("none of systemd's", { said.by_systemd(words.run, "bye") }, {})

local plain = said.read(journal("systemd[1]: Starting shop.service...", "check[9]: relation \"orders\" is locked", "check[9]: [INFO] ended"))
check.equal("nobody complains", said.telling(plain.run), nil)
check.equal("then the last that is no mere notice", text_of(said.telling(plain.run, true)), "relation \"orders\" is locked")

local both = said.read(journal("shop[9]: error: the cache is cold", "shop[9]: bind: Address already in use", "shop[9]: error: giving up"))
check.equal("the system's own word for the error comes first", text_of(said.telling(both.run)), "bind: Address already in use")
check.equal("before exec it is systemd that speaks", said.by_systemd(said.read(journal(
    "(gunicorn)[9]: shop.service: Failed at step EXEC spawning /srv/x: No such file or directory")).run,
    "Failed at step (%u+)"), "EXEC")
check.equal("a program that calls itself systemd", said.by_systemd(said.read(journal(
    "systemd[99]: skipped because of an unmet condition check (x)")).all, "skipped"), nil)
check.equal("no journal's lines", #said.read("-- No entries --\n\n[\n: \n").all, 0)

local run = said.read("2026-11-29T23:15:35+0000 web1 systemd[1]: Failed to start shop-app.service - The shop.\n"
    .. "2026-11-29T23:15:36+0000 web1 migrate[163]: relation orders is locked\n"
    .. "2026-11-29T23:15:36+0000 web1 systemd[1]: Starting shop-app.service - The shop...\n"
    .. "2026-11-29T23:15:36+0000 web1 systemd[1]: shop-app.service: Failed with result 'exit-code'.\n").run
check.equal("a word that overtook systemd's", run[1].text, "relation orders is locked")
check.equal("and the rest", #run, 3)
run = said.read("2026-11-29T23:15:33+0000 web1 migrate[15]: of the run before, whose beginning was cut off\n"
    .. "2026-11-29T23:15:36+0000 web1 systemd[1]: Starting shop-app.service - The shop...\n").run
check.equal("whose run it was is not known", #run, 1)
check.done()
