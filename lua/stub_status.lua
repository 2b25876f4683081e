-- stub_status.lua: reads nginx's stub_status page.
--
--   M.parse(text) -> {active, accepts, handled, requests, reading, writing, waiting, dropped}
--                    | nil, message
--
-- dropped = accepts - handled: connections that nginx took and had to give up, as happens when
-- worker_connections run out. Source: src/http/modules/ngx_http_stub_status_module.c.
local M = {}

function M.parse(text)
    local active = text:match("Active connections: (%d+)")
    local accepts, handled, requests =
        text:match("server accepts handled requests[^\n]*\n%s*(%d+) (%d+) (%d+)")
    local reading, writing, waiting = text:match("Reading: (%d+) Writing: (%d+) Waiting: (%d+)")
    if not (active and accepts and reading) then
        return nil, "not a stub_status page"
    end
    return {
        active = tonumber(active), accepts = tonumber(accepts), handled = tonumber(handled),
        requests = tonumber(requests), reading = tonumber(reading), writing = tonumber(writing),
        waiting = tonumber(waiting), dropped = tonumber(accepts) - tonumber(handled),
    }
end

return M
