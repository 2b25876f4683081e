/* test_mask.c: secrets are masked, and what a playbook parses stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "model/record.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static void masks(const char *in, const char *want)
{
    size_t n;
    char *got = mask_secrets(in, strlen(in), &n);

    assert_string_equal(got, want);
    assert_int_equal(n, strlen(want));
    free(got);
}

static void stays(const char *text)
{
    masks(text, text);
}

static void values_of_secret_keys_are_masked(void **state)
{
    (void)state;
    masks("password = hunter2\nx", "password = [masked]\nx");
    masks("DB_PASSWORD=a b;c", "DB_PASSWORD=[masked]");
    masks("env[DB_PASSWORD] = \"x y\"", "env[DB_PASSWORD] = \"[masked]\"");
    masks("{\"api_key\": \"a\\\"b\", \"n\": 1}", "{\"api_key\": \"[masked]\", \"n\": 1}");
    masks("{\"token\":12345,\"n\":1}", "{\"token\":\"[masked]\",\"n\":1}");
    masks("GET /x?a=1&token=abc&b=2 HTTP", "GET /x?a=1&token=[masked]&b=2 HTTP");
    masks("Authorization: Bearer abc def", "Authorization: [masked]");
    masks("Cookie: a=b; c=d\r", "Cookie: [masked]\r");
    masks("-H \"X-Api-Key: abc\" x", "-H \"X-Api-Key: [masked]\" x");
    masks("    proxy_set_header Authorization \"Basic abc\";",
          "    proxy_set_header Authorization \"[masked]\";");
    masks("secure_link_secret foo;", "secure_link_secret [masked];");
    masks("set $api_key abc;", "set $api_key [masked];");
}

/* How large a header is has to be told from a record as well. */
static void a_long_value_keeps_its_length(void **state)
{
    char in[200], want[200];

    (void)state;
    memset(in, 'x', sizeof in);
    memcpy(in, "Set-Cookie: ", 12);
    in[12 + 64] = 0;
    masks(in, "Set-Cookie: [masked]");
    in[12 + 64] = 'x';
    in[12 + 65] = 0;
    strcpy(want, in);
    memset(want + 12, '*', 65);
    memcpy(want + 12, "[masked]", 8);
    masks(in, want);
}

static void escaped_quotes_around_a_value_stay_as_they_are(void **state)
{
    (void)state;
    masks("{\"MESSAGE\":\"x \\\"password\\\": \\\"ab\\\" y\"}",
          "{\"MESSAGE\":\"x \\\"password\\\": \\\"[masked]\\\" y\"}");
    masks("{\"MESSAGE\":\"Cookie: a=b\"}", "{\"MESSAGE\":\"Cookie: [masked]\"}");
    masks("{\"MESSAGE\":\"say \\\"Cookie: a=b\\\" x\"}",
          "{\"MESSAGE\":\"say \\\"Cookie: [masked]\\\" x\"}");
}

static void user_info_in_an_address_is_masked(void **state)
{
    (void)state;
    masks("proxy_pass http://u:p@10.0.0.1:8080/x@y;",
          "proxy_pass http://[masked]@10.0.0.1:8080/x@y;");
    stays("http://10.0.0.1/a@b");
}

static void a_private_key_is_masked_line_by_line(void **state)
{
    (void)state;
    masks("a\n-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----\nb\n",
          "a\n-----BEGIN RSA PRIVATE KEY-----\n[masked]\n[masked]\n-----END RSA PRIVATE "
          "KEY-----\nb\n");
    masks("-----BEGIN PRIVATE KEY-----\nabc", "-----BEGIN PRIVATE KEY-----\n[masked]");
    stays("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n");
}

static void what_playbooks_parse_stays(void **state)
{
    (void)state;
    stays(
        "2026/04/04 08:12:33 [error] 12#12: *5 connect() failed (111: Connection refused) while "
        "connecting to upstream, client: 10.0.0.9, server: a.example, request: \"GET / HTTP/1.1\", "
        "upstream: \"http://10.0.0.1:8080/\", host: \"a.example\"");
    stays("listen = /run/php/php8.2-fpm.sock\nlisten.owner = www-data\nlisten.mode = 0660\n");
    stays("ssl_password_file /etc/keys/global.pass;\nserver_tokens off;\n");
    stays("proxy_pass http://app;\nproxy_cookie_path / /x;\nproxy_pass_header Set-Cookie;\n");
    stays(
        "proxy_hide_header Authorization;\nproxy_set_header Authorization $http_authorization;\n");
    stays("proxy_set_header Cookie \"$http_cookie\";\nfastcgi_param HTTP_COOKIE $http_cookie;\n");
    stays("ssl_certificate_key /etc/ssl/private/a.pem;\nauth_basic_user_file /etc/nginx/passwd;\n");
    stays("PHP Parse error: syntax error, unexpected token \";\" in /a.php\n");
    stays("password authentication failed for user\n");
    stays("php_admin_value[session.cookie_path] = /\nproxy_cache_key $scheme$host;\n");
    stays("root:x:0:0:root:/root:/bin/bash\nPWD=/root\n");
    stays("{\"token\": null, \"secret\": {\"a\": 1}}");
}

static void the_number_of_lines_never_changes(void **state)
{
    static const char letters[] = "password=token: \"'\\\n-----BEGIN PRIVATE KEY-----\n\n;@://";
    int round;

    (void)state;
    srandom(5);
    for (round = 0; round < 20000; round++) {
        char text[64];
        size_t i, n = (size_t)random() % sizeof text, masked_len, before = 0, after = 0;
        char *got;

        for (i = 0; i < n; i++) {
            text[i] = letters[((size_t)random() % 7 ? i : (size_t)random()) % (sizeof letters - 1)];
            before += text[i] == '\n';
        }
        got = mask_secrets(text, n, &masked_len);
        for (i = 0; i < masked_len; i++)
            after += got[i] == '\n';
        assert_int_equal(before, after);
        free(got);
    }
}

static void a_hostile_line_takes_linear_time(void **state)
{
    static const char *const bits[] = {"password=",   "token: ",     "a://",      "Bearer ",
                                       "cookie=\\\"", "-----BEGIN ", "password ", NULL};
    size_t i, k, n = 4 << 20, len;
    char *text = malloc(n), *got;
    clock_t start = clock();

    (void)state;
    for (i = 0; bits[i]; i++) {
        size_t w = strlen(bits[i]);

        for (k = 0; k + w < n; k += w)
            memcpy(text + k, bits[i], w);
        memset(text + k, ';', n - k);
        got = mask_secrets(text, n, &len);
        free(got);
    }
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_secret_keys_are_masked),
        cmocka_unit_test(a_long_value_keeps_its_length),
        cmocka_unit_test(escaped_quotes_around_a_value_stay_as_they_are),
        cmocka_unit_test(user_info_in_an_address_is_masked),
        cmocka_unit_test(a_private_key_is_masked_line_by_line),
        cmocka_unit_test(what_playbooks_parse_stays),
        cmocka_unit_test(the_number_of_lines_never_changes),
        cmocka_unit_test(a_hostile_line_takes_linear_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
