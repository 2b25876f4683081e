-- paths.lua: paths as the programs mean them that were given them.
--
--   paths.join(folder, path) -> path     relative to that folder, unless it is absolute

local M = {}

function M.join(folder, path)
    if path:sub(1, 1) == "/" then
        return path
    end
    return (folder:gsub("/*$", "/")) .. path
end

return M
