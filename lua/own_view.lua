-- own_view.lua: what a process sees of the network and of the files, where that is not what its host sees.
--
-- A service may have a network or a view of the files of its own: systemd's PrivateNetwork=, PrivateTmp=, ProtectHome= and
-- their like (systemd.exec(5)), a container, a chroot. The kernel shows both below /proc/PID (proc(5): net, root).
--
--   own_view.listens(host, pid, port) -> evidence | nil      it, or who shares its network, listens there, and
--                                                            the host's own network does not have that socket
--   own_view.stat(host, pid, path)    -> stat | nil, why, result     of the file that is there for this process
--   own_view.setting(host, unit, kind [, path]) -> text, evidence | nil      which setting of the unit makes it so, and where it
--                                                 stands; kind: "network" | "files" (that hide this path)
--   own_view.set_at(host, unit, name, value)   -> text, evidence | nil       where this setting of a unit stands

local systemctl_show = require "systemctl_show"
local unit_file = require "unit_file"

local M = {}

-- Those that can hide a path, or a network; the value that says "not at all" is "no", or nothing.
local SETTINGS = {
    network = { "PrivateNetwork", "NetworkNamespacePath" },
    files = { "PrivateTmp", "ProtectHome", "RootDirectory", "RootImage", "TemporaryFileSystem", "InaccessiblePaths" },
}
local TMP = { "^/tmp/", "^/var/tmp/" }
local HOME = { "^/home/", "^/root/", "^/run/user/" }

local LISTENING = "0A" -- TCP_LISTEN, include/net/tcp_states.h

-- The listening sockets of a table of the kernel's on this port -> { [inode] = line }
local function sockets(text, port)
    local found = {}
    for line in (text or ""):gmatch("[^\n]+") do
        local own, state, inode = line:match("^%s*%d+: %x+:(%x+) %x+:%x+ (%x%x) %S+ %S+ %S+%s+%d+%s+%d+ (%d+) ")
        if own and tonumber(own, 16) == port and state == LISTENING then
            found[inode] = line
        end
    end
    return found
end

function M.listens(host, pid, port)
    for _, name in ipairs({ "tcp", "tcp6" }) do
        local text, _, read = host:read("/proc/" .. pid .. "/net/" .. name)
        local shared = host:read("/proc/net/" .. name)
        for inode, line in pairs(shared and sockets(text, port) or {}) do
            if not sockets(shared, port)[inode] then
                return read:show(line)
            end
        end
    end
    return nil
end

function M.stat(host, pid, path)
    return host:stat("/proc/" .. pid .. "/root" .. path)
end

local function hides(name, path)
    if name == "PrivateTmp" or name == "ProtectHome" then
        for _, pattern in ipairs(name == "PrivateTmp" and TMP or HOME) do
            if path:find(pattern) then
                return true
            end
        end
        return false
    end
    return true
end

-- A setting of a unit with this value, and where it is written -> "NAME=VALUE, FILE:LINE", evidence | nil
function M.set_at(host, unit, name, value)
    local loaded = unit_file.load(host, unit)
    local entries = loaded and unit_file.all(loaded, "Service", name) or {}
    local last = entries[#entries]
    local text = name .. "=" .. value
    if not last then
        return text
    end
    return text .. ", " .. unit_file.place(last), unit_file.shown(last)
end

function M.setting(host, unit, kind, path)
    local names = SETTINGS[kind]
    local r = host:run({ "systemctl", "show", "--no-pager", "--property=" .. table.concat(names, ","), "--", unit })
    local show = r.ok and systemctl_show.parse(r.out)[1] or {}
    for _, name in ipairs(names) do
        local value = show[name]
        if type(value) == "string" and value ~= "" and value ~= "no" and (not path or hides(name, path)) then
            return M.set_at(host, unit, name, value)
        end
    end
    return nil
end

return M
