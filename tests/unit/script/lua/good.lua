-- good.lua: a module as the tests of script/ want one.
local M = {names = {"a", "b"}, sub = {deep = {1}}}
local count = 0
function M.count() count = count + 1 return count end
function M.fail()
    error("module fails")
end
return M
