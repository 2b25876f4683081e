-- test_urls.lua: the parts of an address.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local urls = require "urls"

local function parts(url)
    local q = urls.split(url)
    return q and table.concat({ q.scheme, q.host, q.port, q.place, q.uri }, " ")
end

check.equal("all of it", parts("https://Shop.example:8443/cart?a=/b#top"), "https shop.example 8443 Shop.example:8443 /cart?a=/b")
check.equal("the scheme's own port", parts("http://shop.example/"), "http shop.example 80 shop.example /")
check.equal("and TLS's", parts("https://shop.example"), "https shop.example 443 shop.example /")
check.equal("a query without a path", parts("http://shop.example?x"), "http shop.example 80 shop.example /?x")
check.equal("IPv6", parts("http://[::1]/x"), "http [::1] 80 [::1] /x")
check.equal("IPv6 with a port", parts("http://[::1]:81/x"), "http [::1] 81 [::1]:81 /x")
check.equal("another scheme", parts("ftp://shop.example/"), nil)
check.equal("none", parts(nil), nil)

local asked
local config = { route = function(_, question) asked = question return "server", "location" end }
check.equal("where it leads", { urls.route(config, "http://shop.example:81/x?y") }, { "server", "location" })
check.equal("as it was asked", asked, { scheme = "http", host = "shop.example", port = 81, uri = "/x?y" })
urls.route(config, "http://shop.example/x", "/z")
check.equal("with another path", asked.uri, "/z")
check.equal("nowhere", urls.route(config, "shop.example"), nil)
check.done()
