-- nginx_change.lua: several edits of one nginx configuration, as the edits of one fix.
--
--   nginx_change.addresses(host, nx, uses, to) -> edits for a fix | nil, reason
--       uses: of config:addresses(); to: "unix:/path" or "host:port"
--   nginx_change.settings(host, nx, find, list) -> edits for a fix | nil, reason
--       find(config) -> the block directive (nil: the top level), found anew after each edit;
--       list: { {name, argument…}, … }, each replaced where the block sets it, else added
--   nginx_change.block_of(config, pass) -> such a find for the block that a *_pass is in
--
--   nginx_change.one(host, edit | nil, reason) -> edits for a fix | nil, reason     of nginx_edit's single edit
--
-- Each edit is made on the text that the one before left, so several places of one file add up.  A configuration may
-- include files from anywhere, and what a fix may edit is declared: the reason names the file that is not.

local nginx_config = require "nginx_config"
local nginx_edit = require "nginx_edit"

local M = {}

local function reload(host, nx, contents)
    return nginx_config.load(nx.config_path, {
        prefix = nx.prefix,
        read = function(path)
            if contents[path] then
                return contents[path]
            end
            return host:read(path, { limit = 1024 * 1024 })
        end,
        list = function(path)
            return host:list(path)
        end,
    })
end

-- The place of this use in a configuration that was loaded again: same file, same line.
local function again(config, use)
    for _, candidate in ipairs(config:addresses()) do
        if candidate.file == use.file and candidate.line == use.line and candidate.key == use.key then
            return candidate
        end
    end
    return nil
end

-- A draft is what the configuration becomes, edit by edit: the files that changed, in order, and what nginx would
-- read then.
local function draft_of(nx)
    return { config = nx.config, contents = {}, order = {} }
end

-- What nginx_edit or set_one gave.  -> true | false: there is nothing to do | nil, reason
local function take(host, nx, draft, edit, reason)
    if not edit then
        return edit, reason
    elseif not draft.contents[edit.path] then
        draft.order[#draft.order + 1] = edit.path
    end
    draft.contents[edit.path] = edit.content
    local config, problem = reload(host, nx, draft.contents)
    if not config then
        return nil, "the edited configuration cannot be read: " .. tostring(problem.message)
    end
    draft.config = config
    return true
end

local function closed(host, path)
    local real = host:realpath(path) or path
    if real ~= path then
        return string.format("%s leads to %s, which is outside the folders that fettle edits: make the change there by hand", path, real)
    end
    return path .. " is outside the folders that fettle edits: make the change by hand, or name nginx's main file in the inventory, "
        .. "vars: {nginx: {config: PATH}}, if it is in the same folder"
end

local function as_edits(host, draft)
    local edits = {}
    for i, path in ipairs(draft.order) do
        if not host:may_edit(path) then
            return nil, closed(host, path)
        end
        local _, _, base = host:read(path, { limit = 1024 * 1024 })
        edits[i] = { path = path, base = base, content = draft.contents[path] }
    end
    return edits
end

-- One argument that has to change, as an edit; false where all are as wanted.
local function set_one(config, block, change)
    local there = config:named(block, change[1])[1]
    if not there then
        return nginx_edit.add_directive(config, block, table.unpack(change))
    elseif #there.args ~= #change - 1 then
        return nil, string.format("%s:%d sets %s in another form", there.file, there.line, change[1])
    end
    for i, arg in ipairs(there.args) do
        if arg.text ~= change[i + 1] then
            return nginx_edit.replace_argument(config, there, i, change[i + 1])
        end
    end
    return false
end

function M.settings(host, nx, find, list)
    local draft = draft_of(nx)
    for _, change in ipairs(list) do
        repeat
            local taken, reason = take(host, nx, draft, set_one(draft.config, find(draft.config), change))
            if taken == nil then
                return nil, reason
            end
        until not taken
    end
    return as_edits(host, draft)
end

-- By its place among all passes, which no setting that is added changes.
function M.block_of(config, pass)
    local number
    for i, candidate in ipairs(config:passes()) do
        number = candidate.directive == pass.directive and i or number
    end
    return function(now)
        return now:passes()[number].directive.parent
    end
end

local function target_of(use)
    return use.value or use.server_entry or use.passes[1]
end

function M.addresses(host, nx, uses, to)
    local draft = draft_of(nx)
    for _, use in ipairs(uses) do
        local here = again(draft.config, use)
        if not here then
            return nil, "the place in " .. use.file .. " was not found again"
        end
        local taken, reason = take(host, nx, draft, nginx_edit.replace_address(draft.config, target_of(here), to))
        if not taken then
            return nil, reason
        end
    end
    return as_edits(host, draft)
end

function M.one(host, edit, reason)
    if not edit then
        return nil, reason
    elseif not host:may_edit(edit.path) then
        return nil, closed(host, edit.path)
    end
    local _, _, base = host:read(edit.path, { limit = 1024 * 1024 })
    return { { path = edit.path, base = base, content = edit.content } }
end

return M
