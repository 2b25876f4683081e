-- nginx_change.lua: several edits of one nginx configuration, as the edits of one fix.
--
--   nginx_change.addresses(host, nx, uses, to) -> edits for a fix | nil, reason
--       uses: of config:addresses(); to: "unix:/path" or "host:port"
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
    local edits = {}
    for i, path in ipairs(order) do
        local _, _, base = host:read(path, { limit = 1024 * 1024 })
        edits[i] = { path = path, base = base, content = contents[path] }
    end
    return edits
end

function M.one(host, edit, reason)
    if not edit then
        return nil, reason
    end
    local _, _, base = host:read(edit.path, { limit = 1024 * 1024 })
    return { { path = edit.path, base = base, content = edit.content } }
end

return M
