-- parse.lua: what `fettle parse KIND` can read.
--
--   M.kinds[KIND]       = function(text, source) -> value | nil, message
--   M.parse(kind, text [, source]) -> value made fit for JSON | nil, message
--   M.names()           -> sorted array of kinds
--
-- Host output may hold any bytes while JSON holds Unicode: M.parse replaces what is no UTF-8, and
-- NUL, by U+FFFD in every string of the value. Modules that belong to others are loaded on use.
local json = require "json"

local M = {}

local function lazily(module, name)
    return function(text, source)
        return require(module)[name](text, source)
    end
end

M.kinds = {
    ["nginx-error"] = lazily("nginx_error", "parse"),
    ["nginx-access"] = lazily("nginx_access", "parse"),
    ["nginx-config"] = lazily("nginx_config", "for_parse"),
    ["php-fpm-pool"] = lazily("fpm_pool", "parse"),
    ["ss"] = lazily("ss", "parse"),
    ["systemctl-show"] = lazily("systemctl_show", "parse"),
    ["journal"] = lazily("journal", "parse"),
    ["resolv-conf"] = lazily("resolv_conf", "parse"),
    ["dig"] = lazily("dig", "parse"),
    ["stub-status"] = lazily("stub_status", "parse"),
    ["curl-timing"] = lazily("curl_timing", "parse"),
    ["openssl-s_client"] = lazily("openssl_s_client", "parse"),
}

local replacement = "\u{FFFD}"

-- utf8.len names the first bad byte; surrogates and code points beyond U+10FFFF are refused.
local function clean_text(text)
    local parts, from = {}, 1
    repeat
        local length, bad = utf8.len(text, from)
        parts[#parts + 1] = text:sub(from, length and -1 or bad - 1)
        if not length then
            parts[#parts + 1] = replacement
            from = bad + 1
        end
    until length
    return (table.concat(parts):gsub("\0", replacement))
end
M.clean_text = clean_text

local function clean(value, depth)
    if type(value) == "string" then
        return clean_text(value)
    elseif type(value) ~= "table" or json.is_null(value) or depth == 0 then
        return value
    end
    local copy = setmetatable({}, getmetatable(value))
    for key, item in pairs(value) do
        copy[type(key) == "string" and clean_text(key) or key] = clean(item, depth - 1)
    end
    return copy
end

function M.parse(kind, text, source)
    local reader = M.kinds[kind]
    if not reader then
        return nil, 'unknown kind "' .. tostring(kind) .. '"'
    end
    local value, message = reader(text, source)
    if value == nil then
        return nil, message
    end
    return clean(value, 64)
end

function M.names()
    local list = json.array({})
    for name in pairs(M.kinds) do
        list[#list + 1] = name
    end
    table.sort(list)
    return list
end

return M
