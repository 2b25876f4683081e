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
-- Each edit is made on the text that the one before left, so several places of one file add up.

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

local function as_edits(host, contents, order)
    local edits = {}
    for i, path in ipairs(order) do
        local _, _, base = host:read(path, { limit = 1024 * 1024 })
        edits[i] = { path = path, base = base, content = contents[path] }
    end
    return edits
end

local function own_setting(config, block, name)
    for _, d in ipairs(config:children(block)) do
        if d.name == name then
            return d
        end
    end
    return nil
end

-- One argument that has to change, as an edit; false where all are as wanted.
local function set_one(config, block, change)
    local there = own_setting(config, block, change[1])
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
    local contents, config, order = {}, nx.config, {}
    for _, change in ipairs(list) do
        repeat
            local edit, reason = set_one(config, find(config), change)
            if edit == nil then
                return nil, reason
            elseif edit then
                if not contents[edit.path] then
                    order[#order + 1] = edit.path
                end
                contents[edit.path] = edit.content
                config, reason = reload(host, nx, contents)
                if not config then
                    return nil, "the edited configuration cannot be read: " .. tostring(reason.message)
                end
            end
        until not edit
    end
    return as_edits(host, contents, order)
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
    return use.server_entry or use.passes[1]
end

function M.addresses(host, nx, uses, to)
    local contents, config, order = {}, nx.config, {}
    for _, use in ipairs(uses) do
        local here = again(config, use)
        if not here then
            return nil, "the place in " .. use.file .. " was not found again"
        end
        local edit, reason = nginx_edit.replace_address(config, target_of(here), to)
        if not edit then
            return nil, reason
        end
        if not contents[edit.path] then
            order[#order + 1] = edit.path
        end
        contents[edit.path] = edit.content
        config, reason = reload(host, nx, contents)
        if not config then
            return nil, "the edited configuration cannot be read: " .. tostring(reason.message)
        end
    end
    return as_edits(host, contents, order)
end

function M.one(host, edit, reason)
    if not edit then
        return nil, reason
    end
    local _, _, base = host:read(edit.path, { limit = 1024 * 1024 })
    return { { path = edit.path, base = base, content = edit.content } }
end

return M
