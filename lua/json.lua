-- json: marks for values that Lua's tables alone cannot say: null, and "this table is an array".
-- The engine turns them into JSON.

local M = {}

M.null = setmetatable({}, { __jsontype = "null", __tostring = function() return "null" end })

local ARRAY = { __jsontype = "array" }

-- Marks t (default: a new table) as an array, so that an empty one becomes [] and not {}.
function M.array(t)
    return setmetatable(t or {}, ARRAY)
end

return M
