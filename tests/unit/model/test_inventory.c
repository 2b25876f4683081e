/* test_inventory.c: hosts, groups and vars, merged from files and looked up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *scratch; /* a folder of this test's own */

static void put_file(const char *name, const char *text)
{
    char *path = mem_format("%s/%s", scratch, name), *folder = mem_dup(path);
    struct err e = {0};

    *strrchr(folder, '/') = '\0';
    assert_int_equal(file_make_folders(folder, &e), 0);
    assert_int_equal(file_write(path, text, strlen(text), &e), 0);
    free(path);
    free(folder);
}

static void begin(void)
{
    scratch = mem_dup("/tmp/fettle-model-XXXXXX");
    assert_non_null(mkdtemp(scratch));
}

static void finish(void)
{
    char *command = mem_format("rm -r %s", scratch);

    assert_int_equal(system(command), 0);
    free(command);
    free(scratch);
}

/* Each line of `want` must be there, at its place; and nothing more. */
static void check_problems(struct problems *p, const char *const *want)
{
    char *text = problems_text(p);
    size_t n;

    for (n = 0; want[n]; n++)
        if (!strstr(text, want[n]))
            fail_msg("no \"%s\" in:\n%s", want[n], text);
    if (p->count != n)
        fail_msg("%zu problems, not %zu:\n%s", p->count, n, text);
    free(text);
    problems_release(p);
}

static struct inventory *loaded(void)
{
    struct problems p = {0};
    struct inventory *inv = inventory_load(scratch, NULL, &p);

    if (!inv)
        fail_msg("%s", problems_text(&p));
    return inv;
}

static void refused(const char *const *want)
{
    struct problems p = {0};

    assert_null(inventory_load(scratch, NULL, &p));
    check_problems(&p, want);
    finish();
}

static void check_vars(const struct inventory *inv, const char *host, const char *want)
{
    char *got = json_dumps(inventory_host(inv, host)->vars, JSON_COMPACT | JSON_SORT_KEYS);

    assert_string_equal(got, want);
    free(got);
}

static void check_select(const struct inventory *inv, const char *pattern, const char *want)
{
    struct err e = {0};
    const struct host **list = inventory_select(inv, pattern, &e);
    char got[200] = "";
    size_t i;

    for (i = 0; list && list[i]; i++) {
        strcat(got, i ? " " : "");
        strcat(got, list[i]->name);
    }
    assert_string_equal(list ? got : e.text, want);
    free(list);
}

static void put_good(void)
{
    begin();
    put_file("a.yaml",
             "hosts:\n"
             "  web1: {address: 192.0.2.10, port: 2222, user: ops, become: sudo}\n"
             "  web2: {address: '2001:DB8::1', become: 'sudo:www', vars: {a: {x: 1}, b: own}}\n"
             "  app1: {address: App.Example, become: false}\n"
             "vars: {a: {x: 0, y: 0}, z: all}\n");
    put_file("b.yml", "hosts:\n  here: {transport: local}\n  bare:\n"
                      "groups:\n"
                      "  all-web: {hosts: [edge, web2], vars: {a: {y: 2}, b: outer, c: outer}}\n"
                      "  edge: [web1]\n"
                      "  named: {hosts: [web1], vars: {c: inner}}\n"
                      "  top: [named, all-web, web1]\n");
}

static void files_of_a_folder_are_one_inventory(void **state)
{
    struct inventory *inv;

    (void)state;
    put_good();
    inv = loaded();
    assert_int_equal(inv->host_count, 6);
    assert_int_equal(inventory_host(inv, "web1")->port, 2222);
    assert_string_equal(inventory_host(inv, "web1")->transport, "ssh");
    assert_string_equal(inventory_host(inv, "web2")->become, "sudo:www");
    assert_null(inventory_host(inv, "app1")->become);
    assert_string_equal(inventory_host(inv, "here")->transport, "local");
    assert_string_equal(inventory_host(inv, "localhost")->transport, "local");
    assert_true(inventory_host(inv, "localhost")->implied);
    assert_string_equal(inv->groups[0].name, "all-web");
    assert_int_equal(argv_len(inv->groups[3].members), 2);
    inventory_free(inv);
    finish();
}

static void vars_of_the_host_win_over_its_groups_and_those_over_all(void **state)
{
    struct inventory *inv;

    (void)state;
    put_good();
    inv = loaded();
    check_vars(inv, "web2",
               "{\"a\":{\"x\":1,\"y\":2},\"b\":\"own\",\"c\":\"outer\",\"z\":\"all\"}");
    check_vars(inv, "app1", "{\"a\":{\"x\":0,\"y\":0},\"z\":\"all\"}");
    check_vars(inv, "localhost", "{}");
    inventory_free(inv);
    finish();
}

static void hosts_are_chosen_by_name_group_glob_and_without(void **state)
{
    struct inventory *inv;

    (void)state;
    put_good();
    inv = loaded();
    check_select(inv, "app1,web1,web1", "web1 app1");
    check_select(inv, "top", "web1 web2");
    check_select(inv, "web*,!web2", "web1");
    check_select(inv, "all", "web1 web2 app1 here bare");
    check_select(inv, "!top", "app1 here bare");
    check_select(inv, "localhost", "localhost");
    check_select(inv, "wbe1", "there is no host or group \"wbe1\"; did you mean \"web1\"?");
    check_select(inv, "web1,!web1", "no host is meant by \"web1,!web1\"");
    inventory_free(inv);
    finish();
}

static void an_address_is_the_same_however_it_is_written(void **state)
{
    struct inventory *inv;

    (void)state;
    put_good();
    inv = loaded();
    assert_string_equal(inventory_by_address(inv, "192.0.2.10")->name, "web1");
    assert_string_equal(inventory_by_address(inv, "::ffff:192.0.2.10")->name, "web1");
    assert_string_equal(inventory_by_address(inv, "[2001:db8:0:0::1]")->name, "web2");
    assert_string_equal(inventory_by_address(inv, "app.EXAMPLE")->name, "app1");
    assert_string_equal(inventory_by_address(inv, "WEB1")->name, "web1");
    assert_null(inventory_by_address(inv, "192.0.2.1"));
    assert_null(inventory_by_address(inv, "localhost"));
    inventory_free(inv);
    finish();
}

static void every_mistake_is_named_with_its_place(void **state)
{
    static const char *const want[] = {
        "a.yaml:2:10: unknown key \"adress\"; did you mean \"address\"?",
        "a.yaml:3:15: \"port\" must be a number from 1 to 65535",
        "a.yaml:4:20: \"transport\" must be local, ssh, openssh or replay",
        "a.yaml:5:17: \"become\" must be sudo, sudo:USER or none",
        "a.yaml:6:3: a host's name is made of",
        "a.yaml:7:15: \"user\" must not start with \"-\"",
        "a.yaml:8:8: a host must be a map",
        "a.yaml:10:7: there is no host or group \"w2x\"",
        "a.yaml:12:8: the group \"g2\" holds itself by way of \"g3\"",
        "a.yaml:13:1: unknown key \"var\"; did you mean \"vars\"?",
        NULL};

    (void)state;
    begin();
    put_file("a.yaml", "hosts:\n"
                       "  web1: {adress: x}\n"
                       "  w2: {port:  70000}\n"
                       "  w3: {transport:  telnet}\n"
                       "  w4: {become:  root}\n"
                       "  -x: {}\n"
                       "  w5: {user:  -oProxyCommand=x}\n"
                       "  w6:  []\n"
                       "groups:\n"
                       "  g: [w2x]\n"
                       "  g2: [g3]\n"
                       "  g3: [g2]\n"
                       "var: {}\n");
    refused(want);
}

static void what_is_defined_twice_names_both_places(void **state)
{
    static const char *const want[] = {"b.yaml:2:3: \"web1\" is already defined in ", "/a.yaml:2",
                                       NULL};
    static const char *const vars[] = {"b.yaml:1:8: the var \"a\" is already set", NULL};
    struct problems p = {0};
    char *text;

    (void)state;
    begin();
    put_file("a.yaml", "hosts:\n  web1: {}\n");
    put_file("b.yaml", "groups:\n  web1: []\n");
    assert_null(inventory_load(scratch, NULL, &p));
    text = problems_text(&p);
    assert_non_null(strstr(text, want[0]));
    assert_non_null(strstr(text, want[1]));
    assert_int_equal(p.count, 1);
    free(text);
    problems_release(&p);
    put_file("a.yaml", "vars: {a: 1}\n");
    put_file("b.yaml", "vars: {a: 1}\n");
    refused(vars);
}

static void a_path_that_is_not_there_is_an_error(void **state)
{
    struct problems p = {0};

    (void)state;
    assert_null(inventory_load("/nonexistent/hosts", NULL, &p));
    assert_int_equal(p.count, 1);
    problems_release(&p);
}

static void without_an_inventory_there_is_the_local_machine(void **state)
{
    struct inventory *inv;
    struct problems p = {0};

    (void)state;
    begin();
    setenv("XDG_CONFIG_HOME", scratch, 1);
    assert_int_equal(chdir(scratch), 0);
    inv = inventory_load(NULL, NULL, &p);
    assert_non_null(inv);
    assert_int_equal(inv->host_count, 1);
    check_select(inv, "all", "localhost");
    inventory_free(inv);
    finish();
}

static void the_inventory_names_commands_exactly(void **state)
{
    struct inventory *inv;
    const struct host *h;
    char **start = argv_split("/opt/app/run --now"), **reload = argv_split("openresty -s reload");
    char **other = argv_split("/opt/app/run --now --more");

    (void)state;
    begin();
    put_file("a.yaml",
             "hosts:\n  web1: {vars: {services: {app: {start: /opt/app/run --now, pid: 3},"
             " 8080: app}, nginx: {reload: [openresty, -s, reload]}}}\n  web2: {}\n");
    inv = loaded();
    h = inventory_host(inv, "web1");
    assert_true(host_names_command(h, start));
    assert_true(host_names_command(h, reload));
    assert_false(host_names_command(h, other));
    assert_false(host_names_command(h, start + 2));
    assert_false(host_names_command(inventory_host(inv, "web2"), start));
    argv_free(start);
    argv_free(reload);
    argv_free(other);
    inventory_free(inv);
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_a_folder_are_one_inventory),
        cmocka_unit_test(vars_of_the_host_win_over_its_groups_and_those_over_all),
        cmocka_unit_test(hosts_are_chosen_by_name_group_glob_and_without),
        cmocka_unit_test(an_address_is_the_same_however_it_is_written),
        cmocka_unit_test(every_mistake_is_named_with_its_place),
        cmocka_unit_test(what_is_defined_twice_names_both_places),
        cmocka_unit_test(a_path_that_is_not_there_is_an_error),
        cmocka_unit_test(without_an_inventory_there_is_the_local_machine),
        cmocka_unit_test(the_inventory_names_commands_exactly),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
