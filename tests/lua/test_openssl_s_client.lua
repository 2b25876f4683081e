-- test_openssl_s_client.lua: the TLS handshake as openssl tells it.
local here = arg[0]:match("^(.*)/[^/]*$") or "."
package.path = here .. "/?.lua;" .. package.path
local check = require "check"
local json = require "json"
local null = json.null
local s_client = require "openssl_s_client"

local good = s_client.parse([[
CONNECTED(00000003)
depth=0 CN = b.test
verify error:num=10:certificate has expired
notAfter=Jan  1 00:00:00 2026 GMT
verify return:1
---
Certificate chain
 0 s:CN = b.test
   i:CN = ca
   a:PKEY: rsaEncryption, 2048 (bit); sigalg: RSA-SHA256
   v:NotBefore: Jan  1 00:00:00 2025 GMT; NotAfter: Jan  1 00:00:00 2026 GMT
---
subject=CN = b.test
issuer=CN = ca
---
New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384
ALPN protocol: h2
    Verify return code: 10 (certificate has expired)
---
]])
check.equal("connected", {good.connected, good.handshake, good.protocol, good.cipher, good.alpn}, {true, true, "TLSv1.3", "TLS_AES_256_GCM_SHA384", "h2"})
check.equal("verify", {good.verify_code, good.verify_text, good.verify_errors}, {10, "certificate has expired", {{depth = 0, code = 10, text = "certificate has expired"}}})
check.equal("chain", good.chain, {{depth = 0, subject = "CN = b.test", issuer = "CN = ca", not_before = "Jan  1 00:00:00 2025 GMT", not_after = "Jan  1 00:00:00 2026 GMT"}})
check.equal("subject", {good.subject, good.issuer}, {"CN = b.test", "CN = ca"})
local plain = s_client.parse("CONNECTED(00000003)\n40B7:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:354:\n---\nno peer certificate available\nNew, (NONE), Cipher is (NONE)\nVerify return code: 0 (ok)\n")
check.equal("plain http", {plain.connected, plain.handshake, plain.errors}, {true, false, {"0A00010B:SSL routines:ssl3_get_record:wrong version number"}})
check.equal("refused", {s_client.parse("connect:errno=111\n").connected, s_client.parse("connect:errno=111\n").errors[1]}, {false, "errno=111"})
check.equal("name", s_client.parse("depth=0 CN = a\nverify error:num=62:hostname mismatch\n").peer_name_mismatch, true)

check.done()
