-- files: what the host object does in the engine (read, list), with plain io, for the Lua tests.

local M = {}

function M.read(path)
    local file = io.open(path, "rb")
    if not file then
        return nil, "absent"
    end
    local text = file:read("a")
    file:close()
    if not text then
        return nil, "directory"
    end
    return text
end

function M.list(dir)
    local pipe = io.popen("ls -1A '" .. dir .. "' 2>/dev/null && echo ok")
    local names = {}
    for line in pipe:lines() do
        names[#names + 1] = line
    end
    pipe:close()
    if names[#names] ~= "ok" then
        return nil, "absent"
    end
    names[#names] = nil
    return names
end

return M
