-- openssl_s_client.lua: reads what `openssl s_client -connect …` prints (OpenSSL 1.0 to 3.x).
--
--   M.parse(text) -> {connected, handshake, protocol, cipher, verify_code, verify_text,
--                     verify_errors = array of {depth, code, text}, chain = array of {depth,
--                     subject, issuer, not_before, not_after}, subject, issuer, alpn,
--                     peer_name_mismatch, errors = array of text}
--
-- connected: the TCP connection came about. handshake: TLS was agreed on. verify_code is a number
-- (0: all well) or json.null; note that s_client goes on after a verify error. errors are OpenSSL's
-- own error lines, without thread and file. peer_name_mismatch is true for codes 62 and 64
-- (-verify_hostname, -verify_ip). What a certificate says is the peer's text: a subject is only
-- read from its own line. Source: openssl-s_client(1), openssl-verification-options(1).
local json = require "json"

local M = {}

local null = json.null

-- `140…:error:1408F10B:SSL routines:…:wrong version number:file.c:332:` and
-- `00…:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:file.c:354:`
local function read_error(line)
    local text = line:match("^%x+:error:(.*)$")
    if text then
        return (text:gsub(":[^:]*%.c:%d+:.*$", ""))
    end
    return line:match("^connect: ?(.*)$") or line:match("^(connect:errno=%d+)")
        or line:match("^(write:errno=%d+)") or line:match("^(read:errno=%d+)")
        or line:match("^(BIO_lookup[%w_]*: .*)$")
end

local function read_chain(result, line)
    local depth, subject = line:match("^ ?(%d+) s:%s*(.*)$")
    local last = result.chain[#result.chain]
    if depth then
        table.insert(result.chain, {depth = tonumber(depth), subject = subject, issuer = null,
            not_before = null, not_after = null})
    elseif last then
        last.issuer = line:match("^   i:%s*(.*)$") or last.issuer
        local before, after = line:match("^   v:NotBefore: (.-); NotAfter: (.*)$")
        last.not_before, last.not_after = before or last.not_before, after or last.not_after
    end
end

local function read_verify(result, line)
    local code, text = line:match("^%s*Verify return code: (%d+) %((.*)%)")
    if not code then
        code, text = line:match("^Verification error: ()(.*)$")
        code = nil
    end
    if code then
        result.verify_code, result.verify_text = tonumber(code), text
    elseif text and result.verify_code == null then
        result.verify_text = text
    end
    local error_code, error_text = line:match("^verify error:num=(%d+):(.*)$")
    if error_code then
        table.insert(result.verify_errors,
            {depth = result.depth or null, code = tonumber(error_code), text = error_text})
    end
    result.depth = tonumber(line:match("^depth=(%d+) ")) or result.depth
end

local function read_session(result, line)
    local protocol, cipher = line:match("^New, (%S+), Cipher is (%S+)")
    if cipher and cipher ~= "(NONE)" then
        result.handshake, result.cipher, result.protocol = true, cipher, protocol
    end
    result.protocol = result.handshake and line:match("^%s+Protocol%s*: (%S+)") or result.protocol
    result.alpn = line:match("^ALPN protocol: (%S+)") or result.alpn
    result.subject = line:match("^subject=%s*(.*)$") or result.subject
    result.issuer = line:match("^issuer=%s*(.*)$") or result.issuer
    result.connected = result.connected or line:find("^CONNECTED%(") ~= nil
end

local function is_name_code(code)
    return code == 62 or code == 64
end

function M.parse(text)
    local result = {connected = false, handshake = false, protocol = null, cipher = null,
        verify_code = null, verify_text = null, verify_errors = json.array({}),
        chain = json.array({}), subject = null, issuer = null, alpn = null,
        peer_name_mismatch = false, errors = json.array({})}
    for line in text:gmatch("[^\r\n]+") do
        read_session(result, line)
        read_verify(result, line)
        read_chain(result, line)
        result.errors[#result.errors + 1] = read_error(line)
    end
    result.depth = nil
    for _, problem in ipairs(result.verify_errors) do
        result.peer_name_mismatch = result.peer_name_mismatch or is_name_code(problem.code)
    end
    result.peer_name_mismatch = result.peer_name_mismatch or is_name_code(result.verify_code)
    return result
end

return M
