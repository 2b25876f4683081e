-- lines.lua: a line of a file that was read, and as evidence.
--
--   lines.at(text, number)    -> the line without its end | nil
--   lines.shown(host, place)  -> evidence | nil     place: { file =, line = }, such as a directive of nginx's
--                                                   or a use of an address

local M = {}

function M.at(text, number)
    local n = 0
    for line in (text .. "\n"):gmatch("([^\n]*)\n") do
        n = n + 1
        if n == number then
            return (line:gsub("\r$", ""))
        end
    end
    return nil
end

function M.shown(host, place)
    local text, _, read = host:read(place.file, { limit = 1024 * 1024 })
    local line = text and M.at(text, place.line)
    return line and read:show(line) or nil
end

return M
