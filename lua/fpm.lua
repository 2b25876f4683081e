-- fpm.lua: the PHP-FPM pools of a host: where each listens, which file says so, which service runs it.
--
--   fpm.find(host) -> { {name, listen, path (if a socket), file, text, read = result, pool (fpm_pool section),
--                        service, binary, config} …, problems = {sentences} }
--   fpm.of_address(host, address) -> pool | nil
--   fpm.of_socket(pools, path), fpm.of_port(pools, address, port) -> list of pools

local fpm_pool = require "fpm_pool"
local glob = require "glob"
local processes = require "processes"

local M = {}

local MASTER = "^php%-fpm: master process %((.+)%)%s*$"

-- Debian keeps one php-fpm.conf for each version, others one for all.
local function known_configs(host)
    local configs, seen = {}, {}
    local function add(config, service, binary)
        if not seen[config] then
            seen[config] = true
            configs[#configs + 1] = { config = config, service = service, binary = binary }
        end
    end
    local vars = host.vars.php_fpm
    if type(vars) == "table" and vars.config then
        -- The inventory's word is the last: this host's other pools are somebody else's.
        add(vars.config, vars.service, vars.binary)
        return configs
    end
    for _, version in ipairs(host:list("/etc/php") or {}) do
        if version:find("^%d+%.%d+$") then
            add("/etc/php/" .. version .. "/fpm/php-fpm.conf", "php" .. version .. "-fpm",
                "php-fpm" .. version)
        end
    end
    add("/etc/php-fpm.conf", "php-fpm", "php-fpm")
    for _, process in ipairs(processes.list(host)) do
        local config = process.uid == 0 and process.args:match(MASTER)
        if config then
            add(config)
        end
    end
    return configs
end

local function included(host, pattern)
    local folder, name = pattern:match("^(.*)/([^/]*)$")
    if not folder then
        return {}
    end
    if not name:find("[*?%[]") then
        return { pattern }
    end
    local files = {}
    for _, entry in ipairs(host:list(folder) or {}) do
        if glob.match(name, entry) then
            files[#files + 1] = folder .. "/" .. entry
        end
    end
    table.sort(files)
    return files
end

local function add_pools(host, origin, path, pools, depth)
    local text, why, read = host:read(path)
    if not text then
        if why ~= "absent" then
            pools.problems[#pools.problems + 1] = path .. " cannot be read (" .. why .. ")"
        end
        return
    end
    local conf = fpm_pool.parse(text, path)
    for _, problem in ipairs(conf.problems) do
        pools.problems[#pools.problems + 1] = string.format("%s:%d: %s", path, problem.line, problem.message)
    end
    for _, section in ipairs(conf:pools()) do
        local listen, entry = section:get("listen")
        if listen then
            pools[#pools + 1] = { name = section.name, listen = listen, listen_line = entry.line,
                path = listen:match("^/.*"), file = path, text = text, read = read, pool = section,
                service = origin.service, binary = origin.binary, config = origin.config }
        end
    end
    for _, pattern in ipairs(depth > 0 and conf:includes() or {}) do
        for _, file in ipairs(included(host, pattern)) do
            add_pools(host, origin, file, pools, depth - 1)
        end
    end
end

function M.find(host)
    return host:memo("fpm", function()
        local pools = { problems = {} }
        for _, origin in ipairs(known_configs(host)) do
            add_pools(host, origin, origin.config, pools, 2)
        end
        return pools
    end)
end

function M.of_socket(pools, path)
    local found = {}
    for _, pool in ipairs(pools) do
        if pool.path == path or pool.path == path:gsub("^/run/", "/var/run/")
            or pool.path == path:gsub("^/var/run/", "/run/") then
            found[#found + 1] = pool
        end
    end
    return found
end

function M.of_port(pools, port)
    local found = {}
    for _, pool in ipairs(pools) do
        if pool.listen:match("^%d+$") == tostring(port)
            or pool.listen:match(":(%d+)$") == tostring(port) then
            found[#found + 1] = pool
        end
    end
    return found
end

-- The pool that listens on an upstream's address, or nil.
function M.of_address(host, address)
    local pools = M.find(host)
    return (address.unix and M.of_socket(pools, address.unix) or M.of_port(pools, address.port))[1]
end

-- The command that says whether the pool files are accepted; nil where the binary is not known.
-- By its name: what a playbook may run is `php-fpm…`, not any file of that name somewhere.
function M.validate(pool)
    local name = pool.binary and pool.binary:match("([^/]+)$")
    if not name then
        return nil
    elseif pool.config == "/etc/php/" .. tostring(name:match("^php%-fpm([%d.]+)$")) .. "/fpm/php-fpm.conf" then
        return { name, "-t" }
    end
    return { name, "-y", pool.config, "-t" }
end

return M
