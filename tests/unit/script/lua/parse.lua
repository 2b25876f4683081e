-- parse.lua: kinds for the tests of script/.
local M = {kinds = {}}
local null = setmetatable({}, {__jsontype = "null"})
M.kinds["lines"] = function(text)
    local list = setmetatable({}, {__jsontype = "array"})
    for line in text:gmatch("[^\n]+") do list[#list + 1] = {line = line, none = null} end
    return list
end
M.kinds["include"] = function(text, source)
    local inner, why = source.read(text)
    local names = source.list("/d")
    return {path = source.path, inner = inner, why = why, names = names}
end
M.kinds["bad"] = function() return nil, "line 3 makes no sense" end
M.kinds["worse"] = function() return nil, {line = 3, column = 7, message = "unexpected \"}\""} end
return M
