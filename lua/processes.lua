-- processes.lua: what runs on a host, from one `ps`.

local M = {}

-- uid and not the user's name: ps cuts long names (procps shows "systemd+").
local ARGV = { "ps", "-ww", "-eo", "pid=,ppid=,uid=,args=" }

-- -> { {pid, ppid, uid, args, line} … }, result; nil where ps could not be read.
function M.list(host)
    return host:memo("processes", function()
        local r = host:run(ARGV, { limit = 2 * 1024 * 1024 })
        if not r.ok then
            return { result = r }
        end
        local list = { result = r, ok = true }
        for line in r.out:gmatch("[^\n]+") do
            local pid, ppid, uid, args = line:match("^%s*(%d+)%s+(%d+)%s+(%d+)%s+(.*)$")
            if pid then
                list[#list + 1] = { pid = tonumber(pid), ppid = tonumber(ppid),
                                    uid = tonumber(uid), args = args, line = line }
            end
        end
        return list
    end)
end

function M.children(list, pid)
    local found = {}
    for _, p in ipairs(list) do
        if p.ppid == pid then
            found[#found + 1] = p
        end
    end
    return found
end

-- The words of a command line that ps printed.  ps joins them with blanks, so a word that has
-- one inside is seen as two: good enough to find options, not to run anything.
function M.words(args)
    local words = {}
    for word in args:gmatch("%S+") do
        words[#words + 1] = word
    end
    return words
end

-- The value of option `-x VALUE` or `-xVALUE` among words, or nil.
function M.option(words, option)
    for i, word in ipairs(words) do
        if word == option then
            return words[i + 1]
        elseif word:sub(1, #option) == option and #word > #option then
            return word:sub(#option + 1)
        end
    end
    return nil
end

return M
