-- resolv_conf.lua: reads /etc/resolv.conf.
--
--   M.parse(text) -> {nameservers = array, search = array, options = {name = value | true},
--                     ignored = array of lines, used = array}
--
-- nameservers are all of them in order; used are the three that glibc asks (MAXNS), or 127.0.0.1
-- when none is named. Of several search (or domain) lines the last counts. A comment begins with
-- `;` or `#` in the first column. Source: resolv.conf(5). nginx itself does not read this file for
-- its `resolver`; it only uses it through getaddrinfo() when it reads its configuration.
local json = require "json"

local M = {}

local function words(text)
    local list = json.array({})
    for word in text:gmatch("%S+") do
        list[#list + 1] = word
    end
    return list
end

local readers = {
    nameserver = function(conf, values)
        conf.nameservers[#conf.nameservers + 1] = values[1]
    end,
    search = function(conf, values) conf.search = values end,
    domain = function(conf, values) conf.search = json.array({values[1]}) end,
    options = function(conf, values)
        for _, word in ipairs(values) do
            local name, value = word:match("^([^:]+):(.*)$")
            conf.options[name or word] = name and (tonumber(value) or value) or true
        end
    end,
    sortlist = function() end,
}

function M.parse(text)
    local conf = {nameservers = json.array({}), search = json.array({}), options = {},
        ignored = json.array({}), used = json.array({})}
    for line in text:gmatch("[^\r\n]+") do
        local name, rest = line:match("^(%a+)[ \t]+(%S.*)$")
        if name and readers[name] then
            readers[name](conf, words(rest))
        elseif not line:find("^[;#]") and line:find("%S") then
            conf.ignored[#conf.ignored + 1] = line
        end
    end
    for i = 1, math.min(3, #conf.nameservers) do
        conf.used[i] = conf.nameservers[i]
    end
    if #conf.used == 0 then
        conf.used[1] = "127.0.0.1"
    end
    return conf
end

return M
