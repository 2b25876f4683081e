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
        "journalctl --no-pager -o json -n 100 --since=15:00 -u nginx",
        "nginx -V",
        "/usr/local/nginx/sbin/nginx -V",
        "readlink -- /proc/12/exe",
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
                                           "systemctl restart -- nginx",
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
                                           "",
                                           NULL};
    size_t i;

    (void)state;
    for (i = 0; commands[i]; i++)
        if (asks(catalogue_reads, commands[i]))
            fail_msg("let through: %s", commands[i]);
}

static bool curl(const char *host, const char *format)
{
    char **argv = argv_split("curl -q -sS -g -o /dev/null --noproxy * --max-time 5 -I -H");
    bool yes;

    argv = argv_add(argv, host);
    argv = argv_add(argv, "-w");
    argv = argv_add(argv, format);
    argv = argv_add(argv, "--");
    argv = argv_add(argv, "http://127.0.0.1/x");
    yes = catalogue_reads(argv);
    argv_free(argv);
    return yes;
}

static void curl_only_asks_and_only_in_its_fixed_form(void **state)
{
    static const char format[] = "%{http_code} %{time_connect} %{time_starttransfer} "
                                 "%{time_total} %{remote_ip} %{errormsg}\\n";

    (void)state;
    assert_true(curl("Host: a.example", format));
    assert_false(curl("@/etc/shadow", format));
    assert_false(curl("X: y", format));
    assert_false(curl("Host: a", "%output{/etc/passwd}"));
    assert_false(asks(catalogue_reads, "curl -q http://a/"));
}

static void changes_and_validations_have_their_own_lists(void **state)
{
    (void)state;
    assert_true(asks(catalogue_changes, "systemctl restart -- php8.2-fpm"));
    assert_true(asks(catalogue_changes, "systemctl daemon-reload"));
    assert_true(asks(catalogue_changes, "/opt/n/nginx -p /opt/n -s reload"));
    assert_false(asks(catalogue_changes, "systemctl enable -- x"));
    assert_false(asks(catalogue_changes, "kill -9 1"));
    assert_true(asks(catalogue_validates, "nginx -t"));
    assert_true(asks(catalogue_validates, "php-fpm8.2 -t"));
    assert_true(asks(catalogue_validates, "/usr/sbin/php-fpm8.2 -t -y /etc/php/fpm.conf"));
    assert_false(asks(catalogue_validates, "nginx -s stop"));
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
    assert_int_equal(holds("systemctl restart -- php<text>"), CATALOGUE_NONE);
    assert_int_equal(holds("systemctl restart -- <unit>"), CATALOGUE_CHANGE);
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
        cmocka_unit_test(changes_and_validations_have_their_own_lists),
        cmocka_unit_test(a_declared_pattern_lies_in_one_list_or_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
