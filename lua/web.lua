-- web.lua: asks an address by curl, from the host itself, as often as needed and no more.
--
-- Only GET, never a body, no proxy, no configuration file of curl's; the answer's
-- body is thrown away.  Certificates are not checked: whether a browser would
-- trust this host is another question than whether its upstream answers.

local M = {}

M.PATIENCE = 10 -- seconds for one answer

local FORMAT = "%{http_code}|%{time_connect}|%{time_starttransfer}|%{time_total}|%{remote_ip}"

-- curl's own exit codes (man curl, EXIT CODES), as far as they say something about the other side.
local TROUBLE = {
    [6] = "its name could not be resolved",
    [7] = "no connection came about", -- refused, or no way there, or no local port left: curl does not tell them apart
    [28] = "it gave no answer in time",
    [35] = "the TLS handshake failed",
    [52] = "it closed the connection without an answer",
    [56] = "the connection was reset",
}

-- The argv that asks for `url`.  `via` (optional) is "HOST:PORT" of the server to ask
-- whatever the URL's own host resolves to.  `seconds`: the longest wait.
function M.argv(url, via, seconds)
    local argv = { "curl", "-q", "-sS", "-g", "-k", "-o", "/dev/null", "--noproxy", "*",
                   "--max-time", tostring(seconds or M.PATIENCE) }
    if via then
        argv[#argv + 1] = "--connect-to"
        argv[#argv + 1] = "::" .. via
    end
    for _, word in ipairs({ "-w", FORMAT, "--", url }) do
        argv[#argv + 1] = word
    end
    return argv
end

-- What one run of that argv said: {code = 200 | nil, connect, first_byte, total (seconds),
-- ip (who answered),
-- trouble = "no connection came about" | nil, waits = true where it took the request and gave no
-- answer in time, tool = false where curl is missing}.
function M.answer(result)
    local code, connect, first, total, ip =
        result.out:match("^(%d%d%d)|([%d.]+)|([%d.]+)|([%d.]+)|([%x.:]*)")
    local answer = {
        connect = tonumber(connect), first_byte = tonumber(first), total = tonumber(total),
        ip = ip and ip ~= "" and ip or nil,
        tool = result.outcome ~= "not-started",
    }
    if code and code ~= "000" then
        answer.code = tonumber(code)
    elseif result.outcome == "exit" then
        answer.trouble = TROUBLE[result.code] or ("curl ended with status " .. result.code)
        answer.waits = result.code == 28 and (answer.connect or 0) > 0
    else
        answer.trouble = "curl did not end properly (" .. result.outcome .. ")"
    end
    return answer
end

-- Asks `times` times in a row; returns the answers and the results (evidence).
function M.ask(host, url, via, times, seconds)
    local answers, results = {}, {}
    for i = 1, times do
        results[i] = host:run(M.argv(url, via, seconds), { fresh = true, timeout = (seconds or M.PATIENCE) + 5 })
        answers[i] = M.answer(results[i])
        if not answers[i].tool or answers[i].waits then
            break
        end
    end
    return answers, results
end

-- "502, 502, 502" or "no answer (no connection came about)"
function M.codes(answers)
    local words = {}
    for i, a in ipairs(answers) do
        words[i] = a.code and tostring(a.code) or ("no answer (" .. a.trouble .. ")")
    end
    return table.concat(words, ", ")
end

-- The check that a fix is verified by: the same question, answered without an error of
-- the server's side, five times in a row.
function M.check(url, via, seconds, times)
    return { argv = M.argv(url, via, seconds), times = times or 5, exit = 0, out = "^[1-4][0-9][0-9][|]" }
end

return M
