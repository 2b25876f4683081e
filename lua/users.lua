-- users.lua: who someone is on a host, and whether they may pass a file's permissions.

local M = {}

local function field(line, n)
    local i = 0
    for part in (line .. ":"):gmatch("([^:]*):") do
        i = i + 1
        if i == n then
            return part
        end
    end
end

-- `who`: a name or a numeric uid.  -> {name, uid, gid, groups = {[gid]=true}, group = name}, or nil, result
function M.get(host, who)
    return host:memo("user " .. tostring(who), function()
        local r = host:run({ "getent", "passwd", "--", tostring(who) })
        local line = r.ok and r.out:match("^[^\n]+") or ""
        local uid, gid = (field(line, 3) or ""):match("^%d+$"), (field(line, 4) or ""):match("^%d+$")
        if not uid or not gid then
            return { result = r }
        end
        local user = { ok = true, name = field(line, 1), uid = tonumber(uid), gid = tonumber(gid), groups = {}, result = r }
        local ids = host:run({ "id", "-G", "--", user.name })
        local group = host:run({ "id", "-gn", "--", user.name })
        user.ok = ids.ok
        user.ids_result = ids
        for gid in ids.out:gmatch("%d+") do
            user.groups[tonumber(gid)] = true
        end
        user.group = group.ok and group.out:match("^[^\n]+") or nil
        return user
    end)
end

local BIT = { r = 4, w = 2, x = 1 }

-- May `user` do `want` ("w", "x", …) to something with this stat?  As the kernel decides: the
-- owner's bits count for the owner alone, then the group's, then everybody's (path_resolution(7)).
-- Root may.  ACLs are not in a stat: see M.acl_allows.
function M.may(user, stat, want)
    if user.uid == 0 then
        return true
    end
    local mode = tonumber(stat.mode, 8)
    local shift = 0
    if stat.uid == user.uid then
        shift = 6
    elseif user.groups[stat.gid] then
        shift = 3
    end
    return (mode >> shift) & BIT[want] ~= 0
end

-- What an access control list says about `user`, from `getfacl -p` output: true, false, or nil
-- where the list has no entry beyond the plain permissions (acl(5), ACCESS CHECK ALGORITHM).
function M.acl_allows(user, group_names, text, want)
    local mask, named_user, named_group, extended = nil, nil, nil, false
    for line in text:gmatch("[^\n]+") do
        local kind, name, bits = line:match("^(%l+):([^:]*):([rwx-]+)")
        if kind == "mask" then
            mask = bits
        elseif kind == "user" and name ~= "" then
            extended = true
            if name == user.name then
                named_user = bits
            end
        elseif kind == "group" and name ~= "" then
            extended = true
            if group_names[name] and bits:find(want, 1, true) then
                named_group = bits
            end
        end
    end
    if not extended then
        return nil
    end
    local bits = named_user or named_group
    if not bits then
        return nil
    end
    return bits:find(want, 1, true) ~= nil and (mask == nil or mask:find(want, 1, true) ~= nil)
end

return M
