-- test_systemctl_show.lua: units and their states.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local show = require "systemctl_show"

local units = show.parse("Id=a.service\nLoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\nDescription=A = b\n"
    .. "ExecStart={ path=/a }\nExecStart={ path=/b }\nStatusText=one\ntwo\n\nId=b.service\r\nLoadState=not-found\nActiveState=inactive\n")
check.equal("two units", #units, 2)
check.equal("values", {units[1].Id, units[1].Description, units[1].ExecStart, units[1].StatusText},
    {"a.service", "A = b", {"{ path=/a }", "{ path=/b }"}, "one\ntwo"})
check.equal("carriage return", units[2].Id, "b.service")
check.equal("words", show.words("a  b c"), {"a", "b", "c"})
for _, case in ipairs{
    {"crashed", "loaded", "failed", "failed", "exit-code"}, {"crashed", "loaded", "failed", "failed", "core-dump"},
    {"crashed", "loaded", "failed", "failed", "signal"}, {"crashed", "loaded", "failed", "failed", "watchdog"},
    {"oom-killed", "loaded", "failed", "failed", "oom-kill"}, {"failed-start-limit", "loaded", "failed", "failed", "start-limit-hit"},
    {"running", "loaded", "active", "running", "success"}, {"stopped", "loaded", "inactive", "dead", "success"},
    {"masked", "masked", "inactive", "dead", "success"}, {"running", "masked", "active", "running", "success"},
    {"absent", "not-found", "inactive", "dead", "success"}, {"running", "not-found", "active", "running", "success"},
    {"starting", "loaded", "activating", "start", "success"}, {"auto-restarting", "loaded", "activating", "auto-restart", "exit-code"},
    {"stopping", "loaded", "deactivating", "stop-sigterm", "success"}, {"reloading", "loaded", "reloading", "reload", "success"},
    {"bad-unit", "bad-setting", "inactive", "dead", "success"}, {"unknown"},
} do
    check.equal("state " .. table.concat(case, " "),
        (show.state{LoadState = case[2], ActiveState = case[3], SubState = case[4], Result = case[5]}), case[1])
end
for _, case in ipairs{
    {"auto-restarting", "activating", "start", "success", "2"}, {"starting", "activating", "start", "success", "0"},
    {"auto-restarting", "deactivating", "stop-post", "exit-code", "2"}, {"stopping", "deactivating", "stop-sigterm", "success", "2"},
    {"stopping", "deactivating", "stop-post", "exit-code", "0"}, {"running", "active", "running", "success", "2"},
} do
    check.equal("restarts " .. table.concat(case, " "), (show.state{LoadState = "loaded", ActiveState = case[2],
        SubState = case[3], Result = case[4], NRestarts = case[5]}), case[1])
end
check.equal("detail", select(2, show.state(units[1])), "exit-code")
check.equal("nothing", #show.parse(""), 0)

check.done()
