-- test_nginx_messages.lua: every message that nginx's source has about an upstream, as a line of a log, leads to
-- the playbooks that it should; whatever wraps the line, cuts it, or stands in the fields that a client chooses.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local nginx_error = require "nginx_error"
local rows = require "messages_of_nginx"

local phase = " while reading response header from upstream"
local context = ', client: 10.0.0.1, server: a.test, request: "GET / HTTP/1.1", upstream: "http://127.0.0.1:3000/", host: "a.test"'

local sample = {["%V"] = "b.test", ["%s"] = "x", ["%ui"] = "7", ["%uz"] = "7", ["%d"] = "7", ["%i"] = "7",
    ["%z"] = "7", ["%O"] = "7", ["%p"] = "0", ["%l"] = "7", ["%*s"] = "x", ["%04Xi"] = "8182", ["%02xd"] = "07"}

-- The format as nginx prints it, with `text` for what a peer or a client chose.
local function render(format, text)
    return (format:gsub("%%[%*%d]*u?[%a]i?[dz]?", function(spec)
        for n = #spec, 2, -1 do
            local value = sample[spec:sub(1, n)]
            if value then
                local foreign = spec:sub(1, n) == "%V" or spec:sub(1, n) == "%*s"
                return (foreign and text or value) .. spec:sub(n + 1)
            end
        end
    end))
end

local function line_of(level, message, tail)
    return "2026/04/04 08:12:33 [" .. level .. "] 2210#2210: *88 " .. message .. (tail or phase .. context)
end

local function suspects(line)
    local entry = nginx_error.parse(line .. "\n")[1]
    return entry and entry.suspects and table.concat(entry.suspects, " ") or "unparsed"
end

-- The same words in two modules are one row.
local places = 0
for _, row in ipairs(rows) do
    for _ in row[3]:gmatch("%S+") do
        places = places + 1
    end
end
check.ok("all of them are here", #rows >= 239 and places >= 290, #rows .. " in " .. places .. " places")

-- Where a message quotes what may be anybody's, not being sure is right as well; another playbook never is.
local function not_misled(name, line, want, message)
    local got = suspects(line)
    check.ok(name, got == want or got == "" and message:find('["(%%]') ~= nil, 'got "' .. got .. '", want "' .. want .. '"')
end

for _, row in ipairs(rows) do
    local format, level, source, want = table.unpack(row)
    local message = render(format, nil)
    local name = source .. ": " .. format
    check.ok("rendered " .. name, not message:find("%%[uVszd]"), message)
    check.equal(name, suspects(line_of(level, message)), want)
    -- The same line as others pass it on, and without the context that nginx had no room for.
    local bare = line_of(level, message)
    check.equal("docker's " .. name, suspects('{"log":"' .. bare:gsub("\\", "\\\\"):gsub('"', '\\"')
        .. '\\n","stream":"stderr","time":"2026-04-04T08:12:33.1Z"}'), want)
    check.equal("kubectl's " .. name, suspects("[pod/web-0/nginx] 2026-04-04T08:12:33.1Z " .. bare), want)
    check.equal("syslog's " .. name, suspects("Apr  4 08:12:33 web1 nginx[123]: " .. bare), want)
    check.equal("cut " .. name, suspects(line_of(level, message, phase .. context:sub(1, 60))), want)
    check.equal("debug " .. name, suspects(line_of("debug", message)), "")
    -- What a client or a peer put into it changes nothing: neither another message's words nor a whole line.
    for _, evil in ipairs{"connect() failed (111: Connection refused) while connecting to upstream",
        'x", upstream: "http://6.6.6.6/', "upstream sent too big header", ", client: 6.6.6.6, server: y"} do
        local entry = nginx_error.parse(line_of(level, render(format, evil)) .. "\n")[1]
        local upstream = entry and entry.upstream
        check.ok("forged upstream in " .. name, type(upstream) ~= "string" or not upstream:find("6.6.6.6", 1, true), upstream)
        if format:find("^[%w%(%)_ \"]*[:\"]? ?\"?%%") and format:sub(1, 1) ~= "%" then
            not_misled("forged words in " .. name, line_of(level, render(format, evil)), want, format)
        end
        local request = ', client: 10.0.0.1, server: a.test, request: "GET /' .. evil .. ' HTTP/1.1", upstream: "http://127.0.0.1:3000/"'
        not_misled("forged request after " .. name, line_of(level, message, phase .. request), want, message)
        not_misled("forged host after " .. name, line_of(level, message, phase .. context:gsub('a%.test"$', "") .. evil .. '"'), want, message)
        not_misled("forged referrer after " .. name, line_of(level, message, phase .. context .. ', referrer: "' .. evil .. '"'), want, message)
    end
end

-- By the system's number, whatever language its text is in: Linux, FreeBSD and macOS, Windows.
local connect = {
    ["upstream-down wrong-proxy-pass"] = {111, 61, 10061},
    ["proxy-timeout unreachable"] = {110, 60, 10060},
    ["unreachable"] = {113, 65, 10065, 101, 51, 10051},
    ["upstream-down connection-limit"] = {104, 54, 10054},
    ["permission-denied"] = {13, 10013},
    ["connection-limit"] = {24, 10024},
    ["port-exhaustion"] = {99, 49, 10049},
}
for want, numbers in pairs(connect) do
    for _, number in ipairs(numbers) do
        local message = "connect() to 10.0.0.2:80 failed (" .. number .. ": sagt das System) while connecting to upstream"
        check.equal("errno " .. number, suspects(line_of("error", message, context)), want)
        check.equal("errno " .. number .. " of a resolver", suspects(line_of("error",
            "recv() failed (" .. number .. ": x) while resolving, resolver: 127.0.0.53:53", "")), "dns-resolution")
        check.equal("errno " .. number .. " of a log server", suspects(line_of("error",
            "connect() to 10.0.0.9:514 failed (" .. number .. ": x) while logging to syslog", "")), "")
    end
end

check.done()
