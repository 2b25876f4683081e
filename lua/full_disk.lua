-- full_disk.lua: which local file systems have no room left.
--
--   full_disk.find(host) -> { { mount =, what = "room" | "inodes" }, … }, evidence | nil     nil: df could not be run
--
-- df -P (POSIX) prints a line for each: what, size, used, available, "100%", mount point, which may hold blanks. Those that
-- can never be written to, such as squashfs images on loop devices, are always full and say nothing.

local M = {}

local ASKED = { { what = "room", argv = { "df", "-P", "-k", "-l" } }, { what = "inodes", argv = { "df", "-P", "-i", "-l" } } }

local function is_image(device)
    return device:find("^/dev/loop") ~= nil or device:find("squash", 1, true) ~= nil
end

-- -> mount points without room, their lines
function M.parse(text)
    local mounts, lines = {}, {}
    for line in text:gmatch("[^\n]+") do
        local device, size, free, mount = line:match("^(%S+)%s+(%d+)%s+%d+%s+(%-?%d+)%s+%d+%%%s+(/.*)$")
        if device and tonumber(size) > 0 and tonumber(free) <= 0 and not is_image(device) then
            mounts[#mounts + 1], lines[#lines + 1] = mount, line
        end
    end
    return mounts, lines
end

function M.find(host)
    local found, evidence = {}, {}
    for _, asked in ipairs(ASKED) do
        local r = host:run(asked.argv)
        if r.outcome ~= "exit" or not r.out:find("^Filesystem") then
            return nil
        end
        local mounts, lines = M.parse(r.out)
        for _, mount in ipairs(mounts) do
            found[#found + 1] = { mount = mount, what = asked.what }
        end
        evidence[#evidence + 1] = #lines > 0 and r:show(lines) or nil
    end
    return found, evidence
end

return M
