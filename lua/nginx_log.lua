-- nginx_log.lua: what nginx logged about its upstreams lately, from wherever this nginx logs.
--
--   nginx_log.failures(host, nx, opts) -> {
--       { entry (nginx_error.parse), raw = line, result = the read it comes from, at = local seconds | nil } …,
--       newest last,
--       read = number of logs that could be read, problems = { sentences about those that could not },
--       moved = a sentence about a log that nginx writes under another name, or nil,
--       own = { { entry, raw, result, at, limit = "requests" | "connections" | nil, zone } … }, the last requests about which
--           nginx logged an error without asking an upstream; limit: they were turned away by limit_req or limit_conn }
--   nginx_log.quiet(nx) -> why an error log does not tell of failed requests, as a sentence part, or nil
--
-- opts.since: local seconds; older lines are left out (a line without a time is kept out too: what cannot be dated is
-- no news).  opts.clock: { now, epoch } of when.now; with it a log whose times are another zone's is read by its own
-- clock: an nginx that was started with another TZ, or before the host's zone was changed, writes such times.

local nginx_error = require "nginx_error"
local nginx_access = require "nginx_access"
local nginx_open_logs = require "nginx_open_logs"
local join = require("paths").join
local when = require "when"

local M = {}

local TAIL = 256 * 1024

local function unique(list)
    local seen, out = {}, {}
    for _, item in ipairs(list) do
        if not seen[item] then
            seen[item] = true
            out[#out + 1] = item
        end
    end
    return out
end

local function set_of(list)
    local set = {}
    for _, item in ipairs(list) do
        set[item] = true
    end
    return set
end

-- The files that hold this nginx's errors; `elsewhere` lists what is no file (syslog, stderr).
function M.error_logs(host, nx)
    local paths, elsewhere = {}, {}
    local vars = type(host.vars.nginx) == "table" and host.vars.nginx or {}
    if vars.error_log then
        paths[1] = vars.error_log
    end
    for _, log in ipairs(nx.config and nx.config:error_logs() or {}) do
        if log.kind == "file" then
            paths[#paths + 1] = join(nx.prefix, log.path)
        else
            elsewhere[#elsewhere + 1] = log.kind
        end
    end
    if #paths == 0 and #elsewhere == 0 and nx.compiled then
        local default = nx.compiled.error_log
        if default == "stderr" or default:find("^syslog:") then
            elsewhere[1] = default
        else
            paths[1] = join(nx.prefix, default)
        end
    end
    return unique(paths), unique(elsewhere)
end

-- Levels at which nginx says that an upstream failed.
local LOUD = { error = true, warn = true, notice = true, info = true, debug = true }

-- The first setting that keeps failed requests out of an error log, as a sentence part, or nil.
function M.quiet(nx)
    for _, log in ipairs(nx.config and nx.config:error_logs() or {}) do
        if not LOUD[log.level] or log.path == "/dev/null" then
            return string.format("%s:%d has error_log %s %s", log.file, log.line, log.value, log.level)
        end
    end
    return nil
end

function M.access_logs(nx)
    local paths = {}
    for _, log in ipairs(nx.config and nx.config:access_logs() or {}) do
        if log.kind == "file" then
            paths[#paths + 1] = join(nx.prefix, log.path)
        end
    end
    if #paths == 0 and nx.compiled then
        paths[1] = join(nx.prefix, nx.compiled.access_log)
    end
    return unique(paths)
end

-- The same, under the names that nginx writes them by now.
function M.written_access_logs(host, nx)
    local paths = {}
    local configured = set_of(M.access_logs(nx))
    for i, path in ipairs(M.access_logs(nx)) do
        local other = nginx_open_logs.instead(host, nx, path, configured)
        paths[i] = other and other.path or path
    end
    return paths
end

local function tail(host, path)
    return host:run({ "tail", "-c", tostring(TAIL), "--", path },
        { fresh = true, limit = TAIL + 1024 })
end

-- A log that is not there yet has nothing in it.
local function is_absent(result)
    return result.outcome == "exit" and result.code == 1
        and result.err:find("No such file or directory", 1, true) ~= nil
end

local function newer(entry, since, shift)
    local at = when.seconds(entry.time)
    at = at and at + (shift or 0)
    return at, since == nil or (at ~= nil and at >= since)
end

-- ngx_http_limit_req_module.c, ngx_http_limit_conn_module.c; with ", dry run" nobody is turned away.
local function read_limit(message)
    local zone = message:match('^limiting requests, excess: [%d.]+ by zone "([%w_.-]+)"')
    if zone then
        return "requests", zone
    end
    zone = message:match('^limiting connections by zone "([%w_.-]+)"')
    return zone and "connections", zone
end

local MOST_OWN = 64
local GRAVE = { error = true, crit = true, alert = true, emerg = true }

local function note_own(entry, raw, result, since, into)
    local limit, zone = read_limit(tostring(entry.message))
    local at, fresh = newer(entry, since, into.shift)
    local own = type(entry.request) == "string" and type(entry.upstream) ~= "string" and (limit or GRAVE[entry.level])
    if own and fresh and raw ~= "" and at then
        into.own[#into.own + 1] = { entry = entry, raw = raw, result = result, at = at, limit = limit, zone = zone }
        if #into.own > MOST_OWN then
            table.remove(into.own, 1)
        end
    end
end

local function last_time(entries)
    for i = #entries, 1, -1 do
        local at = not entries[i].unparsed and when.seconds(entries[i].time)
        if at then
            return at
        end
    end
    return nil
end

local LEEWAY = 120 -- seconds that a log may be ahead

local function seconds_of_zone(offset)
    local sign, hours, minutes = tostring(offset):match("^([+-])(%d%d)(%d%d)$")
    local seconds = sign and tonumber(hours) * 3600 + tonumber(minutes) * 60
    return seconds and (sign == "-" and -seconds or seconds)
end

-- By how much nginx's clock on the wall is off the host's: an access log names the zone that its times are in.
local function zone_shift(host, nx, clock)
    local newest, shift
    for _, path in ipairs(M.access_logs(nx)) do
        local r = tail(host, path)
        local line = r.ok and r.out:match("([^\n]+)\n*$")
        local entry = line and nginx_access.parse(line)[1]
        local at = entry and not entry.unparsed and when.seconds(entry.time)
        local zone = at and seconds_of_zone(entry.offset)
        if zone and (not newest or at - zone > newest) then
            newest, shift = at - zone, clock.now - clock.epoch - zone
        end
    end
    return shift or 0
end

-- Only where the times as they stand are no use: all that failed is old, or the last line is not written yet.
local function needs_shift(entries, opts)
    local last = last_time(entries)
    if not last or last > opts.clock.now + LEEWAY then
        return last ~= nil
    end
    local old = false
    for _, entry in ipairs(entries) do
        if not entry.unparsed and #entry.suspects > 0 then
            if select(2, newer(entry, opts.since)) then
                return false
            end
            old = true
        end
    end
    return old
end

-- A log that is written so fast that what is read of it does not reach back far enough says nothing about the rest.
local function note_short(path, entries, opts, into)
    local first = entries[1] and not entries[1].unparsed and when.seconds(entries[1].time)
    if first and opts.since and first + into.shift > opts.since then
        into.problems[#into.problems + 1] = string.format("the last %d KiB of the error log %s go back to %s only", TAIL // 1024, path,
            tostring(entries[1].time))
    end
end

-- The text as a whole goes to the parser: forged lines give themselves away by their neighbours.
local function collect(host, nx, path, result, opts, into)
    local text, since = result.out, opts.since
    local cut = #text >= TAIL
    if cut then
        -- `tail -c` cuts the first line somewhere in its middle.
        text = text:match("^[^\n]*\n(.*)$") or ""
    end
    local raws = {}
    for line in text:gmatch("[^\n]+") do
        if line:find("%S") then
            raws[#raws + 1] = line
        end
    end
    local entries = nginx_error.parse(text)
    into.shift = since and opts.clock and needs_shift(entries, opts) and zone_shift(host, nx, opts.clock) or 0
    if cut then
        note_short(path, entries, opts, into)
    end
    for i, entry in ipairs(entries) do
        local raw = #raws == #entries and raws[i] or ""
        if not entry.unparsed and #entry.suspects > 0 then
            local at, fresh = newer(entry, since, into.shift)
            if fresh then
                into[#into + 1] = { entry = entry, raw = raw, result = result, at = at }
            end
        elseif not entry.unparsed then
            note_own(entry, raw, result, since, into)
        end
    end
end

local function by_time(list)
    for i, item in ipairs(list) do
        item.order = i
    end
    table.sort(list, function(a, b)
        if a.at ~= b.at then
            return (a.at or 0) < (b.at or 0)
        end
        return a.order < b.order
    end)
end

-- What systemd keeps of an nginx that logs to standard error or to syslog.
local function from_journal(host, what, since, found)
    local journal = require "journal"
    local r = host:run({ "journalctl", "--no-pager", "-o", "json", "-n", "500", "-u",
                         "nginx.service" }, { fresh = true, limit = 1024 * 1024 })
    if not r.ok or not r.out:find("^{") then
        found.problems[#found.problems + 1] = "nginx logs to " .. what .. ", and the journal of nginx.service "
            .. (r.ok and "has nothing of it" or "cannot be read")
        return
    end
    found.read = found.read + 1
    for _, item in ipairs(journal.parse(r.out)) do
        local entry = type(item.message) == "string" and nginx_error.parse(item.message)[1]
        if entry and not entry.unparsed and entry.suspects and #entry.suspects > 0 then
            local at, fresh = newer(entry, since)
            if fresh then
                found[#found + 1] = { entry = entry, raw = item.message, result = r, at = at,
                                      indirect = true }
            end
        end
    end
end

local function is_stream(path)
    return path:find("^/dev/std%a+$") ~= nil or path:find("^/proc/self/fd/[12]$") ~= nil
end

-- Is the log nginx's own standard error or output under a file's name, as images of containers have it?  Then who reads
-- the file gets what is theirs, not nginx's.
local function leads_to_stream(host, path)
    local stat = not is_stream(path) and host:stat(path)
    if not stat or stat.type ~= "symlink" then
        return is_stream(path)
    end
    local r = host:run({ "ls", "-la", "--", path })
    return is_stream(r.ok and r.out:match(" %-> (/%S+)\n?$") or "")
end

local function from_file(host, nx, path, opts, found)
    local r = tail(host, path)
    found.results[#found.results + 1] = r
    if r.outcome == "exit" and r.code == 0 then
        found.read = found.read + 1
        collect(host, nx, path, r, opts, found)
    elseif is_absent(r) then
        found.read = found.read + 1
    else
        found.problems[#found.problems + 1] = "the error log " .. path .. " cannot be read: "
            .. (r.err:match("^[^\n]+") or r.outcome)
    end
end

-- A file that says nothing may be one that nginx does not write any more.
local function from_moved(host, nx, paths, opts, found)
    local configured = set_of(paths)
    for _, path in ipairs(paths) do
        local other = nginx_open_logs.instead(host, nx, path, configured)
        if other then
            found.read = math.max(0, found.read - 1)
            if other.path then
                found.moved = found.moved or other.says
                from_file(host, nx, other.path, opts, found)
            else
                found.problems[#found.problems + 1] = other.says
            end
        end
    end
end

function M.failures(host, nx, opts)
    local found = { read = 0, problems = {}, results = {}, own = {} }
    opts = opts or {}
    local paths, elsewhere = M.error_logs(host, nx)
    local files = {}
    for _, path in ipairs(paths) do
        local list = leads_to_stream(host, path) and elsewhere or files
        list[#list + 1] = path
    end
    for _, path in ipairs(files) do
        from_file(host, nx, path, opts, found)
    end
    if #found == 0 then
        from_moved(host, nx, files, opts, found)
    end
    if #elsewhere > 0 then
        from_journal(host, elsewhere[1], opts.since, found)
    end
    by_time(found)
    return found
end

-- Evidence of one failure: its own line, where the output it came from shows it as it is.
function M.show(failure)
    return failure.result:show(failure.indirect and "" or failure.raw)
end

-- The newest request in the access logs that was answered 502 or 504 and may be asked again
-- (GET or HEAD): {request entry, raw, result}, or nil.
function M.last_failed_request(host, nx)
    local newest
    for _, path in ipairs(M.written_access_logs(host, nx)) do
        local r = tail(host, path)
        for line in (r.outcome == "exit" and r.code == 0 and r.out or ""):gmatch("[^\n]+") do
            if line:find('" 50[24] ') then
                local entry = nginx_access.parse(line)[1]
                if entry and not entry.unparsed and (entry.method == "GET" or entry.method == "HEAD") then
                    newest = { entry = entry, raw = line, result = r }
                end
            end
        end
    end
    return newest
end

-- The newest time that the access logs say that such a request was answered without an error of the server's side:
-- {raw, result}, or nil.
function M.answered(host, nx, method, path)
    local newest
    for _, log in ipairs(M.access_logs(nx)) do
        local r = tail(host, log)
        for line in (r.outcome == "exit" and r.code == 0 and r.out or ""):gmatch("[^\n]+") do
            local entry = line:find(method .. " " .. path, 1, true) and nginx_access.parse(line)[1]
            if entry and not entry.unparsed and entry.method == method and type(entry.uri) == "string"
                and entry.uri:gsub("%?.*$", "") == path and (tonumber(entry.status) or 500) < 500 then
                newest = { raw = line, result = r }
            end
        end
    end
    return newest
end

return M
