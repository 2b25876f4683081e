-- prelude.lua: what a step can call, on top of the few primitives of hostapi.c.
--
-- Nothing here is trusted more than a step is: what a command may be is decided in C, when it
-- is submitted.  The one exception are the two reads that complete an edit's fingerprint, which
-- a playbook need not declare.  `core` stays in here.

local core = ...
local P = {}

local STAT = "%F|%a|%u|%g|%U|%G|%s|%Y|%i"
local MAX_LINES, MAX_EXCERPT = 200, 16384

local ids = setmetatable({}, {__mode = "k"})      -- host object -> its index in the world
local genuine = setmetatable({}, {__mode = "k"})  -- result -> {inner, id}
local evidences = setmetatable({}, {__mode = "k"}) -- evidence -> what is in it
local memos = {}                                  -- host index -> key -> the memo
local waits_for = {}                              -- task -> the memo that it waits for

-- Results ----------------------------------------------------------------------------------

local function lines_of(text)
    if type(text) == "table" then return text end
    local lines = {}
    for line in (tostring(text or "") .. "\n"):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
    return lines
end

-- Evidence is what the host said, not what a step makes of it: so every line is looked up.
local function show(result, text)
    local g = genuine[result]
    if not g then core.fail("show is called on a result, with a colon: result:show(…)") end
    local kept, size = {}, 0
    for i, line in ipairs(lines_of(text)) do
        if type(line) ~= "string" then core.fail("show takes a text or a list of lines") end
        line = line:gsub("[\r\n]+$", "")
        if line ~= "" and not g.inner.out:find(line, 1, true)
            and not g.inner.err:find(line, 1, true) then
            core.fail('line is not in the output of "' .. table.concat(g.inner.argv, " ") .. '": "'
                .. line:sub(1, 200) .. '"')
        end
        size = size + #line + 1
        if i > MAX_LINES or size > MAX_EXCERPT then break end
        kept[#kept + 1] = line:gsub("%z", "\u{2400}") -- a symbol for what C and JSON cannot hold
    end
    local inner = {host = g.inner.host, argv = g.inner.argv, outcome = g.inner.outcome,
        code = g.inner.code, at = g.inner.at, excerpt = table.concat(kept, "\n")}
    local ev = core.freeze(inner)
    evidences[ev] = inner
    return ev
end

local function result_of(inner, id)
    inner.argv = core.freeze(inner.argv)
    inner.show = show
    local result = core.freeze(inner)
    genuine[result] = {inner = inner, id = id}
    return result
end

-- A word that C could not hold, since a host said so, must not become another word: a control character fits no class.
local function fit(argv)
    if type(argv) ~= "table" then return argv end
    local words = {}
    for i = 1, #argv do
        local word = argv[i]
        if type(word) == "string" and (#word > 65536 or word:find("\0", 1, true)) then
            word = word:sub(1, 4096):gsub("%z", "?") .. "\1"
        end
        words[i] = word
    end
    return words
end

local function run_list(id, requests, engine)
    for _, request in ipairs(requests) do request.argv = fit(request.argv) end
    local results = core.run(id, requests, engine)
    for i, inner in ipairs(results) do results[i] = result_of(inner, id) end
    return results
end

local function run(id, argv, opts, engine)
    return run_list(id, {{argv = argv, opts = opts}}, engine)[1]
end

-- The C locale's words of strerror(3), which all of coreutils print.
local function why_of(result)
    if result.cut then return "cut" end
    if result.outcome ~= "exit" then return "failed" end
    if result.err:find("No such file or directory", 1, true) then return "absent" end
    if result.err:find("Not a directory", 1, true) then return "absent" end
    if result.err:find("Permission denied", 1, true) then return "denied" end
    if result.err:find("Is a directory", 1, true) then return "directory" end
    return "failed"
end

-- Hosts ------------------------------------------------------------------------------------

local methods = {}

local function id_of(host, name)
    return ids[host] or core.fail("host:" .. name .. " is called on a host, with a colon")
end

function methods.run(host, argv, opts)
    return run(id_of(host, "run"), argv, opts)
end

function methods.run_all(host, list)
    local id = id_of(host, "run_all")
    if type(list) ~= "table" then core.fail("host:run_all takes a list of {argv, opts}") end
    local requests = {}
    for i, item in ipairs(list) do
        if type(item) ~= "table" then core.fail("host:run_all takes a list of {argv, opts}") end
        if type(item[1]) == "table" then
            requests[i] = {argv = item[1], opts = item[2]}
        else
            requests[i] = {argv = item}
        end
    end
    return run_list(id, requests)
end

function methods.read(host, path, opts)
    local id, argv, limits = id_of(host, "read"), {"cat", "--", path}, nil
    if opts then
        limits = {limit = opts.limit, timeout = opts.timeout, fresh = opts.fresh}
        if opts.tail then
            argv = {"tail", "-c", opts.tail, "--", path}
            limits.limit = limits.limit or opts.tail
        end
    end
    local result = run(id, argv, limits)
    if result.ok then return result.out, nil, result end
    return nil, why_of(result), result
end

function methods.list(host, path)
    local result = run(id_of(host, "list"), {"ls", "-1A", "--", path})
    if not result.ok then return nil, why_of(result), result end
    local names = {}
    for name in result.out:gmatch("[^\n]+") do names[#names + 1] = name end
    return names, nil, result
end

local function stat_of(text)
    local kind, mode, uid, gid, owner, group, size, mtime, inode =
        text:match("^([^|]*)|(%d+)|(%d+)|(%d+)|([^|]*)|([^|]*)|(%d+)|(%d+)|(%d+)\n?$")
    if not kind then return nil end
    local short = {["regular file"] = "file", ["regular empty file"] = "file",
        ["symbolic link"] = "symlink", ["character special file"] = "character device",
        ["block special file"] = "block device"}
    return {type = short[kind] or kind, mode = mode, uid = math.tointeger(tonumber(uid)),
        gid = math.tointeger(tonumber(gid)), owner = owner, group = group,
        size = math.tointeger(tonumber(size)), mtime = math.tointeger(tonumber(mtime)),
        inode = math.tointeger(tonumber(inode))}
end

local function stat(id, path, engine)
    local result = run(id, {"stat", "-c", STAT, "--", path}, nil, engine)
    if not result.ok then return nil, why_of(result), result end
    local facts = stat_of(result.out)
    if not facts then return nil, "failed", result end
    return facts, nil, result
end

local function realpath(id, path, engine)
    local result = run(id, {"readlink", "-f", "--", path}, nil, engine)
    if not result.ok then
        local why = why_of(result) -- readlink says nothing at all of what is not there
        if why == "failed" and result.outcome == "exit" and result.err == "" then why = "absent" end
        return nil, why, result
    end
    return (result.out:gsub("\n$", "")), nil, result
end

function methods.stat(host, path) return stat(id_of(host, "stat"), path) end

function methods.realpath(host, path) return realpath(id_of(host, "realpath"), path) end

-- Also the file that a symlink leads to has to be one: it is the one that would change.
function methods.may_edit(host, path)
    local id = id_of(host, "may_edit")
    if type(path) ~= "string" then core.fail("host:may_edit takes a path") end
    return core.may_edit(id, path) and core.may_edit(id, realpath(id, path, true) or path)
end

-- Memos: one playbook computes, the others wait for it -----------------------------------------

local function refuse_circle(memo, me, key)
    while memo and not memo.done and core.alive(memo.owner) do
        if memo.owner == me then core.fail('memo "' .. key .. '" waits for itself') end
        memo = waits_for[memo.owner]
    end
end

local function wait_for(memo, me, key)
    refuse_circle(memo, me, key)
    waits_for[me] = memo
    while not memo.done and core.alive(memo.owner) do core.sleep() end
    waits_for[me] = nil
    return memo.done
end

local function compute(memo, me, make)
    memo.owner = me
    local ok, value = pcall(make)
    memo.done, memo.ok, memo.value = true, ok, value
    core.wake()
end

function methods.memo(host, key, make)
    local id, me = id_of(host, "memo"), core.me()
    if type(key) ~= "string" or type(make) ~= "function" then
        core.fail("host:memo takes a key and a function")
    end
    memos[id] = memos[id] or {}
    local memo = memos[id][key]
    -- Whoever was computing may have ended in the middle: then the next one begins anew.
    if not memo or not wait_for(memo, me, key) then
        memo = {}
        memos[id][key] = memo
        compute(memo, me, make)
    end
    if not memo.ok then error(memo.value, 0) end
    return memo.value
end

local function host_of(id)
    local inner = core.host(id)
    for name, method in pairs(methods) do inner[name] = method end
    local host = core.freeze(inner)
    ids[host] = id
    return host
end

local function peer(address)
    if type(address) ~= "string" then core.fail("peer takes an address as text") end
    local id = core.peer(address)
    return id and host_of(id) or nil
end

-- Verdicts -----------------------------------------------------------------------------------

local function copy_of(t, what)
    if type(t) ~= "table" then core.fail(what .. " takes a table") end
    local copy = {}
    for key, value in pairs(t) do copy[key] = value end
    return copy
end

-- A step's own words may have a host's in them: what C cannot hold is shown, and no text is endless.
local function plain(t)
    for key, value in pairs(t) do
        if type(value) == "string" then
            value = value:gsub("%z", "\u{2400}")
            t[key] = #value > MAX_EXCERPT and value:sub(1, MAX_EXCERPT) .. "…" or value
        end
    end
    return t
end

local function evidence_of(list)
    if list == nil then return nil end
    if type(list) ~= "table" then core.fail("evidence is not a list") end
    local plain = {}
    for i, ev in ipairs(list) do
        if genuine[ev] then
            core.fail("evidence[" .. i .. "] is a result: write result:show(…)")
        end
        plain[i] = evidences[ev] or core.fail("evidence[" .. i .. "] does not come from result:show(…)")
    end
    return plain
end

local function base_of(edit, id, where)
    local g = type(edit.base) == "table" and genuine[edit.base]
    if not g then core.fail(where .. ".base is not the result of host:read (its third value)") end
    local argv = g.inner.argv
    if #argv ~= 3 or argv[1] ~= "cat" or argv[3] ~= edit.path then
        core.fail(where .. '.base is not a whole read of "' .. tostring(edit.path) .. '"')
    end
    if g.id ~= id then core.fail(where .. ".base was read on another host") end
    if g.inner.cut or not g.inner.ok then
        core.fail(where .. ".base is not the whole file: the read was cut or failed")
    end
    return g.inner.out
end

-- A file that is to be created: a read has shown that it is not there, and no symlink is on the way. Its folder may be
-- missing too, if the one above is there.  As edit_of: -> edit | nil, why
local function creation_of(edit, id, where)
    local path = edit.path
    local folder, name = path:match("^(/.+)/([^/]+)$")
    if not folder then core.fail(where .. ': "' .. path .. '" is no path of a file to create') end
    local facts = stat(id, folder, true)
    local there = facts and folder or folder:match("^(/.+)/[^/]+$")
    if there ~= folder then facts = there and stat(id, there, true) end
    if not facts or facts.type ~= "directory" or realpath(id, there, true) ~= there then
        return nil, 'there is no folder for "' .. path .. '"'
    end
    edit.absent, edit.folder_absent = true, there ~= folder
    edit.before, edit.base, edit.real = "", nil, path
    edit.uid, edit.gid, edit.mode = 0, 0, tonumber("644", 8)
    return edit
end

local function shows_absence(edit, id)
    local g = type(edit.base) == "table" and genuine[edit.base]
    local argv = g and g.inner.argv
    return g and g.id == id and #argv == 3 and argv[1] == "cat" and argv[3] == edit.path and not g.inner.ok
        and g.inner.err:find("No such file or directory", 1, true) and why_of(g.inner) == "absent"
end

-- The transaction compares these with what it finds: whose file it is, and which one in truth.
-- -> edit | nil, why: the host does not say so
local function edit_of(edit, id, where)
    edit = copy_of(edit, where)
    if shows_absence(edit, id) then return creation_of(edit, id, where) end
    edit.before = base_of(edit, id, where)
    edit.base = nil
    edit.real = realpath(id, edit.path, true)
    if not edit.real then return nil, 'where "' .. edit.path .. '" leads could not be read' end
    local facts, why = stat(id, edit.real, true)
    if not facts then return nil, 'owner and mode of "' .. edit.real .. '" could not be read (' .. why .. ")" end
    if facts.type ~= "file" then return nil, '"' .. edit.real .. '" is no regular file' end
    edit.uid, edit.gid, edit.mode = facts.uid, facts.gid, tonumber(facts.mode, 8)
    return edit
end

local function fix_of(fix, where)
    fix = plain(copy_of(fix, where))
    local id = 0
    if fix.host ~= nil then
        id = ids[fix.host] or core.fail(where .. ".host is not a host")
    end
    fix.host = id
    if fix.edits ~= nil then
        local edits = {}
        if type(fix.edits) ~= "table" then core.fail(where .. ".edits is not a list") end
        for i, edit in ipairs(fix.edits) do
            local why
            edits[i], why = edit_of(edit, id, where .. ".edits[" .. i .. "]")
            if not edits[i] then return nil, why end
        end
        fix.edits = edits
    end
    return fix
end

local function unprepared(t, why)
    return plain { evidence = t.evidence,
                   reason = tostring(t.summary) .. " The fix could not be prepared, however: " .. why .. "." }
end

local function verdict(kind)
    return core.wrap(function(t)
        t = plain(copy_of(t, kind))
        t.evidence = evidence_of(t.evidence)
        if t.fixes ~= nil then
            local fixes = {}
            if type(t.fixes) ~= "table" then core.fail("fixes is not a list") end
            for i, fix in ipairs(t.fixes) do
                local why
                fixes[i], why = fix_of(fix, "fixes[" .. i .. "]")
                -- What cannot be mended as it should be was perhaps not understood either.
                if not fixes[i] then return core.verdict("inconclusive", unprepared(t, why)) end
            end
            t.fixes = fixes
        end
        return core.verdict(kind, t)
    end)
end

local function symptom(state)
    return core.wrap(function(t)
        t = plain(copy_of(t, state))
        local evidence = evidence_of(t.evidence)
        t.evidence = nil
        t.state = state
        return core.symptom(state, t, evidence)
    end)
end

-- Globals ------------------------------------------------------------------------------------

function P.globals(kind, params, seen, found)
    local g = {}
    if kind == "parse" then
        local host = host_of(0)
        g.source = {
            read = function(path) return host:read(path, {limit = 8 * 1024 * 1024}) end,
            list = function(path) return host:list(path) end,
        }
        return g
    end
    g.host, g.params, g.peer = host_of(0), params, core.wrap(peer)
    if kind == "symptom" then
        for _, state in ipairs{"present", "absent", "unknown"} do g[state] = symptom(state) end
        return g
    end
    g.symptom, g.found, g.go = seen, found, core.go
    for _, name in ipairs{"confirmed", "ruled_out", "inconclusive"} do g[name] = verdict(name) end
    return g
end

return P
