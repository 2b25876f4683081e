/* test_catalogue.c: only what is known to read can be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/mem.h"
#include "model/catalogue.h"

#include <stdlib.h>
#include <string.h>

static bool asks(bool (*list)(char *const *), const char *command)
{
    char **argv = argv_split(command);
    bool yes = list(argv);

    argv_free(argv);
    return yes;
}

static void what_the_steps_need_can_be_read(void **state)
{
    static const char *const commands[] = {
        "cat -- /etc/nginx/nginx.conf",
        "tail -c 65536 -- /var/log/nginx/error.log",
        "stat -c %F|%a|%u|%g|%U|%G|%s|%Y|%i -- /run/php.sock",
        "ls -la -- /run/php",
        "grep -rlF -e upstream -- /etc/nginx /etc/php",
        "ss -H -ltnp",
        "id -Gn -- www-data",
        "systemctl show --no-pager --property=Id,ActiveState -- a.service b.service",
        "journalctl --no-pager -o short-iso -n 15 -u nginx",
        "nginx -V",
        "/usr/local/nginx/sbin/nginx -V",
        "readlink -- /proc/12/exe",
        "dig +time=2 +tries=1 -p 53 @10.0.0.1 app.internal A",
        "ip route get 10.0.0.1",
        "ip neigh show 10.0.0.1",
        "nft list ruleset",
        "openssl s_client -connect 10.0.0.1:443 -servername a.b -verify_hostname a.b -CAfile /a.crt",
        "openssl s_client -connect [::1]:443 -noservername",
        NULL};
    size_t i;

    (void)state;
    for (i = 0; commands[i]; i++)
        if (!asks(catalogue_reads, commands[i]))
            fail_msg("refused: %s", commands[i]);
}

static void nothing_that_writes_can_be_read(void **state)
{
    static const char *const commands[] = {"rm -rf /",
                                           "cat /etc/passwd -- x",
                                           "cat -- --help",
                                           "systemctl restart nginx",
                                           "nginx -t",
                                           "nginx -T",
                                           "find / -delete",
                                           "sort -o /x /y",
                                           "sh -c id",
                                           "cat",
                                           "systemctl show --no-pager --property=Id -- --host=evil",
                                           "/tmp/x/nginxx -V",
                                           "ls -1A -- /a/../b",
                                           "journalctl --vacuum-size=1",
                                           "ss -H -ltnp -K",
                                           "nft flush ruleset",
                                           "nft list ruleset -f /x",
                                           "ip route del 10.0.0.1",
                                           "ip route get -batch",
                                           "ip neigh flush 10.0.0.1",
                                           "dig -f /etc/passwd",
                                           "openssl s_client -connect -proxy",
                                           "openssl enc -in /etc/shadow",
                                           "",
                                           NULL};
    size_t i;

    (void)state;
    for (i = 0; commands[i]; i++)
        if (asks(catalogue_reads, commands[i]))
            fail_msg("let through: %s", commands[i]);
}

#define ANSWER "%{http_code}|%{time_connect}|%{time_starttransfer}|%{time_total}|%{remote_ip}"
#define CURL "curl -q -sS -g -k -o /dev/null --noproxy * --max-time 5 "

static void curl_only_asks_and_only_in_its_fixed_form(void **state)
{
    (void)state;
    assert_true(asks(catalogue_reads, CURL "-w " ANSWER " -- http://a/"));
    assert_true(asks(catalogue_reads, CURL "--connect-to ::[::1]:80 -w " ANSWER " -- https://a/x?y"));
    assert_false(asks(catalogue_reads, CURL "-w %output{/etc/passwd} -- http://a/"));
    assert_false(asks(catalogue_reads, CURL "-w " ANSWER " -- file:///etc/passwd"));
    assert_false(asks(catalogue_reads, CURL "-H @/etc/shadow -w " ANSWER " -- http://a/"));
    assert_false(asks(catalogue_reads, CURL "-X POST -w " ANSWER " -- http://a/"));
    assert_false(asks(catalogue_reads, "curl -q http://a/"));
}

static void who_is_asked_is_known(void **state)
{
    static const struct {
        const char *argv[8], *peer;
    } cases[] = {
        {{"curl", "-q", "--connect-to", "::[::1]:80", "--", "http://a/"}, "[::1]:80"},
        {{"openssl", "s_client", "-connect", "[::1]:80"}, "[::1]:80"},
        {{"curl", "--unix-socket", "/run/a.sock", "--", "http://a/"}, "/run/a.sock"},
        {{"curl", "-q", "--", "http://a/"}, NULL},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *peer = catalogue_peer((char *const *)cases[i].argv);

        assert_int_equal(!peer, !cases[i].peer);
        if (peer)
            assert_string_equal(peer, cases[i].peer);
    }
}

static void keys_and_devices_are_not_shown(void **state)
{
    (void)state;
    assert_false(asks(catalogue_reads, "cat -- /etc/shadow"));
    assert_false(asks(catalogue_reads, "tail -c 100 -- /etc/shadow-"));
    assert_false(asks(catalogue_reads, "cat -- /root/.ssh/id_ed25519"));
    assert_false(asks(catalogue_reads, "cat -- /etc/nginx/tls/site.key"));
    assert_false(asks(catalogue_reads, "cat -- /proc/1/environ"));
    assert_false(asks(catalogue_reads, "cat -- /dev/sda"));
    assert_true(asks(catalogue_reads, "cat -- /etc/nginx/keys.conf"));
    assert_true(asks(catalogue_reads, "ls -la -- /root/.ssh"));
}

static void changes_and_validations_have_their_own_lists(void **state)
{
    (void)state;
    assert_true(asks(catalogue_changes, "systemctl restart php8.2-fpm"));
    assert_true(asks(catalogue_changes, "systemctl daemon-reload"));
    assert_true(asks(catalogue_changes, "/opt/n/nginx -p /opt/n -s reload"));
    assert_false(asks(catalogue_changes, "systemctl enable x"));
    assert_false(asks(catalogue_changes, "kill -9 1"));
    assert_true(asks(catalogue_validates, "nginx -t"));
    assert_true(asks(catalogue_validates, "php-fpm8.2 -t"));
    assert_true(asks(catalogue_validates, "php-fpm8.2 -y /etc/php/fpm.conf -t"));
    assert_false(asks(catalogue_validates, "/tmp/php-fpm8.2 -t"));
    assert_false(asks(catalogue_validates, "/tmp/x -t"));
    assert_false(asks(catalogue_validates, "nginx -s stop"));
    assert_false(asks(catalogue_changes, "/tmp/x -s reload"));
}

static enum catalogue_kind holds(const char *text)
{
    struct pattern p;
    enum catalogue_kind kind;

    assert_int_equal(pattern_parse_text(&p, text, NULL), 0);
    kind = catalogue_holds(&p);
    pattern_release(&p);
    return kind;
}

static void a_declared_pattern_lies_in_one_list_or_none(void **state)
{
    (void)state;
    assert_int_equal(holds("cat -- /etc/nginx/<path>"), CATALOGUE_READ);
    assert_int_equal(holds("systemctl restart php<text>"), CATALOGUE_NONE);
    assert_int_equal(holds("systemctl restart <unit>"), CATALOGUE_CHANGE);
    assert_int_equal(holds("nginx -t"), CATALOGUE_VALIDATE);
    assert_int_equal(holds("<path>/nginx -V"), CATALOGUE_READ);
    assert_int_equal(holds("<path> -V"), CATALOGUE_NONE);
    assert_int_equal(holds("rm -rf <path>"), CATALOGUE_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_steps_need_can_be_read),
        cmocka_unit_test(nothing_that_writes_can_be_read),
        cmocka_unit_test(curl_only_asks_and_only_in_its_fixed_form),
        cmocka_unit_test(who_is_asked_is_known),
        cmocka_unit_test(keys_and_devices_are_not_shown),
        cmocka_unit_test(changes_and_validations_have_their_own_lists),
        cmocka_unit_test(a_declared_pattern_lies_in_one_list_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
