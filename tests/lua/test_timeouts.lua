-- test_timeouts.lua: nginx's times, and which directive decides where.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local config = require "nginx_config"
local timeouts = require "timeouts"

check.equal("no unit", timeouts.seconds("60"), 60)
check.equal("several units", timeouts.seconds("1m30s"), 90)
check.equal("milliseconds", timeouts.seconds("500ms"), 0.5)
check.equal("no time", timeouts.seconds("soon"), nil)
check.equal("an unknown unit", timeouts.seconds("5parsecs"), nil)
check.equal("empty", timeouts.seconds(""), nil)

local text = [[
http {
    proxy_read_timeout 5s;
    server {
        location / { proxy_pass http://a:1; }
        location /slow/ { proxy_read_timeout 2m; proxy_pass http://a:1; }
        location /php/ { fastcgi_pass a:2; }
    }
}
]]
local loaded = config.load("/n.conf", { read = function() return text end, list = function() return {} end })

local function read_of(location, what)
    for _, pass in ipairs(loaded:passes()) do
        if pass.location.args[1].text == location then
            local limit = timeouts.at(loaded, pass, what)
            return { limit.name, limit.seconds, limit.directive and limit.directive.line or 0 }
        end
    end
end

check.equal("inherited", read_of("/", "read"), { "proxy_read_timeout", 5, 2 })
check.equal("its own", read_of("/slow/", "read"), { "proxy_read_timeout", 120, 5 })
check.equal("another module's", read_of("/php/", "read"), { "fastcgi_read_timeout", 60, 0 })
check.equal("the default", read_of("/", "connect"), { "proxy_connect_timeout", 60, 0 })
check.equal("the longest of an address", timeouts.longest({ config = loaded }, "http://x/slow/1"), 120)
check.equal("of one without", timeouts.longest({ config = loaded }, "http://x/php/"), 60)

check.done()
