/* test_record.c: a record is private, appended, and read back as far as it goes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/record.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *fresh_state(void)
{
    char *folder = mem_dup("/tmp/fettle-record-XXXXXX");

    assert_non_null(mkdtemp(folder));
    setenv("XDG_STATE_HOME", folder, 1);
    return folder;
}

static void remove_state(char *folder)
{
    char *command = mem_format("rm -r %s", folder);

    assert_int_equal(system(command), 0);
    free(command);
    free(folder);
}

static char *write_run(const char *run)
{
    struct err e = {0};
    struct record *r = record_create(run, &e);
    char *path;

    if (!r)
        fail_msg("%s", e.text);
    record_add(r, "run", json_pack("{s:s}", "schema", "fettle/1"));
    record_add(r, "read",
               json_pack("{s:s, s:s, s:[s], s:{s:s}}", "out", "password=abc\nx", "out_base64",
                         "dG9rZW49YWJj", "argv", "Cookie: a", "deep", "excerpt", "token=z"));
    assert_false(record_failed(r));
    path = mem_dup(record_path(r));
    record_close(r);
    return path;
}

static void a_record_is_private_and_made_once(void **state)
{
    char *folder = fresh_state(), *path = write_run("20260404T081233-3f9a1c");
    struct err e = {0};
    struct stat st;

    (void)state;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    *strrchr(path, '/') = '\0';
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_null(record_create("20260404T081233-3f9a1c", &e));
    assert_null(record_create("../x", &e));
    assert_null(record_create("", &e));
    free(path);
    remove_state(folder);
}

static void secrets_do_not_reach_the_file(void **state)
{
    char *folder = fresh_state(), *path = write_run("a");
    struct err e = {0};
    json_t *lines = record_load("a", &e), *read = json_array_get(lines, 1);

    (void)state;
    assert_int_equal(json_array_size(lines), 2);
    assert_string_equal(json_string_value(json_object_get(read, "kind")), "read");
    assert_non_null(json_object_get(read, "at"));
    assert_string_equal(json_string_value(json_object_get(read, "out")), "password=[masked]\nx");
    assert_string_equal(json_string_value(json_object_get(read, "out_base64")),
                        "dG9rZW49W21hc2tlZF0=");
    json_decref(lines);
    free(path);
    remove_state(folder);
}

static void runs_are_listed_newest_first_and_found_by_prefix(void **state)
{
    char *folder = fresh_state(), *one = write_run("2026-a1"), *two = write_run("2026-b1");
    char *three = write_run("2026-b");
    struct err e = {0};
    char **runs = record_runs(&e);
    json_t *lines;

    (void)state;
    assert_int_equal(argv_len(runs), 3);
    assert_string_equal(runs[0], "2026-b1");
    assert_string_equal(runs[2], "2026-a1");
    argv_free(runs);
    json_decref(lines = record_load("2026-a", &e));
    assert_non_null(lines);
    json_decref(lines = record_load("2026-b", &e)); /* exact wins */
    assert_non_null(lines);
    json_decref(lines = record_load(two, &e));
    assert_non_null(lines);
    assert_null(record_load("2026", &e));
    assert_non_null(strstr(e.text, "could be any of 3"));
    assert_null(record_load("x", &e));
    assert_string_equal(e.text, "there is no run \"x\"");
    free(one);
    free(two);
    free(three);
    remove_state(folder);
}

static void a_last_line_that_was_cut_is_left_out_and_a_broken_one_named(void **state)
{
    char *folder = fresh_state(), *path = write_run("a");
    struct err e = {0};
    json_t *lines;
    int fd = open(path, O_WRONLY | O_APPEND);

    (void)state;
    assert_int_equal(write(fd, "{\"kind\":\"re", 11), 11);
    lines = record_load(path, &e);
    assert_int_equal(json_array_size(lines), 2);
    json_decref(lines);
    assert_int_equal(write(fd, "\n{}\n", 4), 4);
    close(fd);
    assert_null(record_load(path, &e));
    assert_non_null(strstr(e.text, "line 3"));
    free(path);
    remove_state(folder);
}

static void run_names_are_times_and_chance(void **state)
{
    struct err e = {0};
    char *a = record_new_run(&e), *b = record_new_run(&e);

    (void)state;
    assert_int_equal(strlen(a), 23);
    assert_int_equal(a[8], 'T');
    assert_int_equal(a[15], '-');
    assert_string_not_equal(a, b);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_private_and_made_once),
        cmocka_unit_test(secrets_do_not_reach_the_file),
        cmocka_unit_test(runs_are_listed_newest_first_and_found_by_prefix),
        cmocka_unit_test(a_last_line_that_was_cut_is_left_out_and_a_broken_one_named),
        cmocka_unit_test(run_names_are_times_and_chance),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
