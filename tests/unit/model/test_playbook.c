/* test_playbook.c: a playbook is taken as a whole, or every mistake in it is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/lua_scan.h"
#include "model/playbook.h"

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

static const char good[] = "playbook: upstream-down\n"
                           "incident: nginx-502\n"
                           "title: t\n"
                           "summary: s\n"
                           "references: [a]\n"
                           "params:\n"
                           "  times: {type: int, default: 3, help: h}\n"
                           "signatures: ['connect() failed']\n"
                           "commands:\n"
                           "  - cat -- /etc/nginx/<path>\n"
                           "  - [systemctl, restart, <unit>]\n"
                           "  - nginx -t\n"
                           "files: [/etc/nginx/<path>]\n"
                           "steps:\n"
                           "  - id: first\n"
                           "    title: t\n"
                           "    lua: |\n"
                           "      return go \"second\"\n"
                           "  - id: second\n"
                           "    title: t\n"
                           "    lua: |\n"
                           "      -- go \"nowhere\"\n"
                           "      return ruled_out{}\n";

static const char incident[] = "incident: nginx-502\n"
                               "title: t\n"
                               "summary: s\n"
                               "commands:\n"
                               "  - ss -H -ltnp\n"
                               "symptom:\n"
                               "  title: t\n"
                               "  lua: |\n"
                               "    return absent{}\n";

static char *path_of(const char *name)
{
    return mem_format("%s/%s", scratch, name);
}

static void refused(const char *name, const char *text, const char *const *want)
{
    struct problems p = {0};
    bool is_incident;
    char *path;

    begin();
    put_file(name, text);
    path = path_of(name);
    assert_null(playbook_load(path, &is_incident, &p));
    check_problems(&p, want);
    free(path);
    finish();
}

static void a_good_playbook_is_taken(void **state)
{
    struct problems p = {0};
    struct playbook *b;
    bool is_incident = true;
    char *path, *argv[] = {mem_dup("cat"), mem_dup("--"), mem_dup("/etc/nginx/x"), NULL};

    (void)state;
    begin();
    put_file("upstream-down.yaml", good);
    path = path_of("upstream-down.yaml");
    b = playbook_load(path, &is_incident, &p);
    if (!b)
        fail_msg("%s", problems_text(&p));
    assert_false(is_incident);
    assert_int_equal(b->step_count, 2);
    assert_int_equal(b->steps[0].lua_line, 18);
    assert_string_equal(playbook_step(b, "second")->lua, "-- go \"nowhere\"\nreturn ruled_out{}\n");
    assert_string_equal(playbook_param(b, "times")->fallback, "3");
    assert_int_equal(b->commands[1].line, 11);
    assert_true(playbook_allows_command(b, NULL, argv));
    assert_true(playbook_allows_file(b, "/etc/nginx/nginx.conf"));
    assert_false(playbook_allows_file(b, "/etc/nginx/../passwd"));
    assert_false(playbook_allows_file(b, "/etc/passwd"));
    argv[2][1] = 'x';
    assert_false(playbook_allows_command(b, NULL, argv));
    assert_int_equal(strlen(b->sha256), 64);
    free(argv[0]);
    free(argv[1]);
    free(argv[2]);
    playbook_free(b);
    free(path);
    finish();
}

static void all_mistakes_come_at_once_with_their_places(void **state)
{
    static const char text[] = "playbook: other\n"
                               "incident: nginx-502\n"
                               "titel: t\n"
                               "summary: s\n"
                               "references: x\n"
                               "params:\n"
                               "  a: {type: itn}\n"
                               "  b: {type: int, default: x}\n"
                               "commands:\n"
                               "  - rm -rf /\n"
                               "  - cat <file>\n"
                               "files: [etc/<path>, /a /b]\n"
                               "steps:\n"
                               "  - id: first\n"
                               "    title: t\n"
                               "    lua: |\n"
                               "      return go \"secnd\"\n"
                               "  - id: second\n"
                               "    title: t\n"
                               "    lua: |\n"
                               "      return go(x)\n"
                               "  - id: first\n"
                               "    title: t\n"
                               "    lua: return 1\n"
                               "  - id: fourth\n"
                               "    title: t\n";
    static const char *const want[] = {
        "mistakes.yaml:1:1: the key \"title\" is missing",
        "mistakes.yaml:1:11: \"playbook\" is \"other\", but the file is named \"mistakes\"",
        "mistakes.yaml:3:1: unknown key \"titel\"; did you mean \"title\"?",
        "mistakes.yaml:5:13: \"references\" must be a list",
        "mistakes.yaml:7:13: unknown param type \"itn\", did you mean \"int\"?",
        "mistakes.yaml:8:27: \"b\" must be a whole number, not \"x\"",
        "mistakes.yaml:10:5: \"rm -rf /\" is not a read, change or validation that fettle knows",
        "mistakes.yaml:11:5: unknown class \"<file>\"",
        "mistakes.yaml:12:9: a file pattern must be absolute",
        "mistakes.yaml:12:21: a file pattern must be one word",
        "mistakes.yaml:24:10: \"lua\" must be a block",
        "mistakes.yaml:25:5: the key \"lua\" is missing",
        NULL};

    (void)state;
    refused("mistakes.yaml", text, want);
}

static void branches_are_followed_from_the_first_step(void **state)
{
    static const char text[] =
        "playbook: b\nincident: nginx-502\ntitle: t\nsummary: s\ncommands: []\nsteps:\n"
        "  - id: first\n"
        "    title: t\n"
        "    lua: |\n"
        "\n"
        "      return go \"secnd\"\n"
        "  - id: second\n"
        "    title: t\n"
        "    lua: |\n"
        "      return go(x) or go \"third\"\n"
        "  - id: third\n"
        "    title: t\n"
        "    lua: |\n"
        "      return go 'second'\n"
        "  - id: first\n"
        "    title: t\n"
        "    lua: |\n"
        "      return 1\n";
    static const char *const want[] = {
        "b.yaml:11: there is no step \"secnd\"; did you mean \"second\"?",
        "b.yaml:12: nothing leads to the step \"second\"",
        "b.yaml:15: \"go\" takes a step's id written out",
        "b.yaml:16: nothing leads to the step \"third\"",
        "b.yaml:20: the step id \"first\" comes twice; the first is in line 7",
        NULL};

    (void)state;
    refused("b.yaml", text, want);
}

static void an_incident_only_reads(void **state)
{
    static const char text[] = "incident: other\ntitle: t\nsummary: s\ncommands:\n  - nginx -t\n"
                               "steps: []\nsymptom:\n  id: x\n  title: t\n  lua: |\n    return 1\n";
    static const char *const want[] = {
        "i.yaml:1:11: \"incident\" is \"other\", but the file is named \"i\"",
        "i.yaml:5:5: \"nginx -t\" is no read; an incident only looks",
        "i.yaml:6:1: unknown key \"steps\"", "i.yaml:8:3: unknown key \"id\"", NULL};

    (void)state;
    refused("i.yaml", text, want);
}

static void wrong_shapes_are_named_and_not_walked(void **state)
{
    static const char *const list[] = {"a playbook must be a map", NULL};
    static const char *const scalars[] = {
        "\"steps\" must be a list",      "\"commands\" must be a list",
        "\"params\" must be a map",      "\"title\" must be a text",
        "\"files\" must be a list",      "\"signatures\" must be a list",
        "\"summary\" must not be empty", NULL};

    (void)state;
    refused("a.yaml", "- x\n", list);
    refused("a.yaml",
            "playbook: a\nincident: i\ntitle: [x]\nsummary: ''\nsteps: x\ncommands: x\n"
            "params: x\nfiles: x\nsignatures: {a: b}\n",
            scalars);
}

static void check_go(const char *lua, size_t n, const char *first, size_t line)
{
    struct lua_go *list;
    size_t count = lua_scan_go(lua, strlen(lua), &list);

    if (count != n)
        fail_msg("%zu in %s", count, lua);
    if (n) {
        assert_int_equal(list[0].line, line);
        if (first)
            assert_string_equal(list[0].target, first);
        else
            assert_null(list[0].target);
    }
    lua_scan_free(list, count);
}

static void go_is_found_outside_comments_and_strings(void **state)
{
    (void)state;
    check_go("return go \"a\"", 1, "a", 1);
    check_go("\n\nreturn go 'a'", 1, "a", 3);
    check_go("go(\"a\")", 1, "a", 1);
    check_go("go ( [[a]] )", 1, "a", 1);
    check_go("go[==[a]==]", 1, "a", 1);
    check_go("go --[[x]] --y\n 'a'", 1, "a", 1);
    check_go("-- go 'a'", 0, NULL, 0);
    check_go("--[[ go 'a'\n]] --[=[ ]] go 'b' ]=]", 0, NULL, 0);
    check_go("x = \"go 'a' \\\" go 'b'\"", 0, NULL, 0);
    check_go("x = [[ go 'a' ]]", 0, NULL, 0);
    check_go("x.go('a'); x:go('b'); gone 'a'; ago 'a'; goto x", 0, NULL, 0);
    check_go("x = y..go 'a'", 1, "a", 1);
    check_go("go(x)", 1, NULL, 1);
    check_go("go('a' .. x)", 1, NULL, 1);
    check_go("local f = go", 1, NULL, 1);
    check_go("go '\\97'", 1, NULL, 1);
    check_go("x = 'a\\\nb' go 'c'", 1, "c", 2);
    check_go("go '", 1, "", 1);
    check_go("go 'a' go 'b'", 2, "a", 1);
    check_go("--", 0, NULL, 0);
    check_go("[==", 0, NULL, 0);
    check_go("'\\", 0, NULL, 0);
}

static struct incident *load(const char *name, struct problems *p, struct err *e)
{
    return incident_load(name, scratch, p, e);
}

static void loads(const char *name, size_t count)
{
    struct problems p = {0};
    struct err e = {0};
    struct incident *i = load(name, &p, &e);

    if (!i)
        fail_msg("%s: %s %s", name, e.text, problems_text(&p));
    assert_string_equal(i->symptom.incident, "nginx-502");
    assert_int_equal(i->count, count);
    incident_free(i);
}

static void fails(const char *name, enum err_code code, const char *want)
{
    struct problems p = {0};
    struct err e = {0};

    assert_null(load(name, &p, &e));
    assert_int_equal(e.code, code);
    if (!strstr(e.text, want))
        fail_msg("got: %s", e.text);
    problems_release(&p);
}

static void an_incident_is_found_by_name_by_playbook_and_by_path(void **state)
{
    char *file, *folder, **names;
    struct err e = {0};

    (void)state;
    begin();
    put_file("playbooks/nginx-502.yaml", incident);
    put_file("playbooks/nginx-502/upstream-down.yaml", good);
    file = path_of("playbooks/nginx-502/upstream-down.yaml");
    folder = path_of("playbooks/nginx-502/");
    loads("nginx-502", 1);
    loads("upstream-down", 1);
    loads("nginx-502/upstream-down", 1);
    loads(file, 1);
    loads(folder, 1);
    *strrchr(folder, '/') = '\0';
    loads(folder, 1);
    fails("upstream-donw", ERR_USAGE, "did you mean \"upstream-down\"?");
    fails("../x", ERR_USAGE, "no name");
    fails("/nonexistent.yaml", ERR_USAGE, "there is no file");
    names = incident_names(scratch, &e);
    assert_int_equal(argv_len(names), 1);
    assert_string_equal(names[0], "nginx-502");
    argv_free(names);
    put_file("playbooks/nginx-502/broken.yaml", "x: 1\n");
    fails("nginx-502", ERR_DATA, "wrong");
    loads("upstream-down", 1);
    free(file);
    free(folder);
    finish();
}

static void a_playbook_elsewhere_is_loaded_with_the_known_incident(void **state)
{
    struct problems p = {0};
    struct err e = {0};
    struct incident *i;
    char *file;

    (void)state;
    begin();
    put_file("nginx-502.yaml", incident);
    put_file("mine/nginx-502/upstream-down.yaml", good);
    file = path_of("mine/nginx-502/upstream-down.yaml");
    i = load(file, &p, &e);
    assert_non_null(i);
    incident_free(i);
    free(file);
    finish();
}

static void durations_and_numbers_are_checked(void **state)
{
    static const struct param number = {.name = (char *)(uintptr_t) "n", .type = PARAM_INT};
    static const struct param url = {.name = (char *)(uintptr_t) "u", .type = PARAM_URL};
    struct err e = {0};

    (void)state;
    assert_int_equal(duration_seconds("90"), 90);
    assert_int_equal(duration_seconds("30s"), 30);
    assert_int_equal(duration_seconds("15m"), 900);
    assert_int_equal(duration_seconds("2h"), 7200);
    assert_int_equal(duration_seconds("1d"), 86400);
    assert_int_equal(duration_seconds(""), -1);
    assert_int_equal(duration_seconds("m"), -1);
    assert_int_equal(duration_seconds("1mm"), -1);
    assert_int_equal(duration_seconds("-1"), -1);
    assert_int_equal(duration_seconds("9999999999"), -1);
    assert_int_equal(param_check(&number, "-5", &e), 0);
    assert_int_equal(param_check(&number, "99999999999999999999", &e), -1);
    assert_int_equal(param_check(&number, " 5", &e), -1);
    assert_int_equal(param_check(&url, "http://a/", &e), 0);
    assert_int_equal(param_check(&url, "file:///a", &e), -1);
    assert_non_null(strstr(e.text, "\"u\" must be an address"));
}

static void the_data_folder_is_the_variable_s_or_an_error(void **state)
{
    struct err e = {0};
    char *folder;

    (void)state;
    setenv("FETTLE_DATA", "/somewhere", 1);
    folder = data_folder(&e);
    assert_string_equal(folder, "/somewhere");
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_playbook_is_taken),
        cmocka_unit_test(all_mistakes_come_at_once_with_their_places),
        cmocka_unit_test(branches_are_followed_from_the_first_step),
        cmocka_unit_test(an_incident_only_reads),
        cmocka_unit_test(wrong_shapes_are_named_and_not_walked),
        cmocka_unit_test(go_is_found_outside_comments_and_strings),
        cmocka_unit_test(an_incident_is_found_by_name_by_playbook_and_by_path),
        cmocka_unit_test(a_playbook_elsewhere_is_loaded_with_the_known_incident),
        cmocka_unit_test(durations_and_numbers_are_checked),
        cmocka_unit_test(the_data_folder_is_the_variable_s_or_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
