-- header_buffer.lua: the buffer that a backend's response header has to fit into, and how it is enlarged.
--
--   header_buffer.sizes(config, pass) -> { buffer=, number=, size=, busy= | nil } in bytes, and where they are set
--   header_buffer.wanted(head)        -> bytes | nil     room for a header of `head` bytes; nil: no buffer's business
--   header_buffer.fix(host, symptom, pass, bytes, url) -> fix | nil, reason   url: what has to answer then
--   header_buffer.text(bytes)         -> "16k"
--
-- Source: nginx src/http/modules/ngx_http_proxy_module.c (ngx_http_proxy_merge_loc_conf; the other
-- modules alike): buffer_size is one memory page by default, and busy_buffers_size, by default twice
-- the larger buffer, must not be more than all buffers but one.  That is why a larger buffer_size
-- alone is often refused, and the buffers have to grow with it.

local nginx = require "nginx"
local nginx_change = require "nginx_change"
local web = require "web"

local M = {}

local PAGE = 4096
local LARGEST = 64 * 1024 -- browsers and servers refuse cookies and headers long before this
local FACTOR = { k = 1024, m = 1024 * 1024, [""] = 1 }

local function bytes(text)
    local n, unit = tostring(text):lower():match("^(%d+)([km]?)$")
    return n and tonumber(n) * FACTOR[unit] or nil
end

function M.text(n)
    return n % 1024 == 0 and n // 1024 .. "k" or tostring(n)
end

local function prefix(pass)
    return (pass.kind:gsub("_pass$", "_"))
end

local function setting(config, pass, name)
    return config:effective(pass.directive.parent, prefix(pass) .. name)
end

function M.sizes(config, pass)
    local buffer, buffers = setting(config, pass, "buffer_size"), setting(config, pass, "buffers")
    local busy = setting(config, pass, "busy_buffers_size")
    return {
        buffer = buffer and bytes(buffer.args[1].text) or PAGE, set = buffer,
        number = buffers and tonumber(buffers.args[1].text) or 8,
        size = buffers and bytes(buffers.args[2] and buffers.args[2].text) or PAGE,
        busy = busy and bytes(busy.args[1].text),
    }
end

-- A quarter more than what was measured, as a power of two: headers are not the same each time.
function M.wanted(head)
    local n = PAGE
    while n < head + head // 4 do
        n = n * 2
    end
    return n <= LARGEST and n or nil
end

local function changes(config, pass, n)
    local now, list = M.sizes(config, pass), { { prefix(pass) .. "buffer_size", M.text(n) } }
    local largest = math.max(n, now.size)
    local busy = now.busy or 2 * largest
    if busy < largest or busy > (now.number - 1) * now.size then
        list[#list + 1] = { prefix(pass) .. "buffers", tostring(math.max(now.number, 4)), M.text(largest) }
        if now.busy and now.busy < largest then
            list[#list + 1] = { prefix(pass) .. "busy_buffers_size", M.text(2 * largest) }
        end
    end
    return list
end

function M.fix(host, symptom, pass, n, url)
    local nx = symptom.nx
    local list = changes(nx.config, pass, n)
    local edits, reason = nginx_change.settings(host, nx, nginx_change.block_of(nx.config, pass), list)
    if not edits then
        return nil, reason
    end
    local words = {}
    for i, change in ipairs(list) do
        words[i] = table.concat(change, " ")
    end
    return {
        id = "enlarge-header-buffer", title = "Make room for the header: " .. table.concat(words, ", "), risk = "low",
        recommended = true, edits = edits, validate = { nginx.validate(nx) },
        why = "Only this location gets larger buffers; they cost memory only while a request is under way. nginx "
            .. "refuses a larger header buffer that its other buffers do not go with, so they are set together.",
        commands = { { argv = nginx.reload(host, nx), note = "nginx takes the new sizes" } },
        verify = { text = url .. " is asked five times and answers without an error each time",
                   checks = { web.check(url, symptom.via) } },
    }
end

return M
