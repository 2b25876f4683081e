/* test_inventory_run.c: executable inventories: run only where that is safe, and never for long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/problems.h"
#include "io/inventory_run.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *scratch, *program;

static void put_program(const char *text)
{
    struct err e = {0};

    assert_int_equal(file_write(program, text, strlen(text), &e), 0);
    assert_int_equal(chmod(program, 0755), 0);
}

static int begin(void **state)
{
    (void)state;
    scratch = mem_dup("/tmp/fettle-run-XXXXXX");
    if (!mkdtemp(scratch))
        return -1;
    program = mem_format("%s/hosts", scratch);
    return 0;
}

static int finish(void **state)
{
    char *command = mem_format("rm -r %s", scratch);
    int rc = system(command);

    (void)state;
    free(command);
    free(program);
    free(scratch);
    return rc;
}

static void check_fails(int timeout_ms, const char *want)
{
    struct err e = {0};
    struct buf out;

    assert_int_equal(inventory_run_within(program, timeout_ms, &out, &e), -1);
    if (!strstr(e.text, want))
        fail_msg("no \"%s\" in \"%s\"", want, e.text);
    buf_release(&out);
}

static void its_answer_is_the_inventory(void **state)
{
    struct problems p = {0};
    struct inventory *inv;

    (void)state;
    put_program("#!/bin/sh\n[ \"$*\" = --list ] && [ -z \"$(cat)\" ] || exit 1\n"
                "echo 'only a warning' >&2\n"
                "echo '{\"web\": {\"hosts\": [\"w1\"], \"vars\": {\"ansible_user\": \"u\"}},"
                " \"_meta\": {\"hostvars\": {\"w1\": {\"ansible_host\": \"192.0.2.1\"}}}}'\n");
    inv = inventory_load(scratch, inventory_run, &p);
    if (!inv)
        fail_msg("%s", problems_text(&p));
    assert_string_equal(inventory_host(inv, "w1")->address, "192.0.2.1");
    assert_string_equal(inventory_host(inv, "w1")->user, "u");
    inventory_free(inv);
}

static void what_it_says_on_failure_is_shown(void **state)
{
    (void)state;
    put_program("#!/bin/sh\necho 'no credentials' >&2\nexit 3\n");
    check_fails(60000, "it failed (--list, exit code 3): no credentials");
    put_program("#!/nonexistent/interpreter\n");
    check_fails(60000, ""); /* valgrind has words of its own for it */
}

static void it_does_not_hang_us(void **state)
{
    (void)state;
    put_program("#!/bin/sh\necho waiting >&2\nexec sleep 600\n");
    check_fails(2000, "it gave no answer to --list within 2 s");
}

static void it_does_not_flood_us(void **state)
{
    (void)state;
    put_program("#!/bin/sh\nexec head -c 20000000 /dev/zero\n");
    check_fails(60000, "its answer is too large");
}

static void what_others_may_write_is_not_run(void **state)
{
    char *ran = mem_format("%s.ran", program);

    (void)state;
    put_program("#!/bin/sh\n: >\"$0.ran\"\n");
    assert_int_equal(chmod(program, 0775), 0);
    check_fails(60000, "not run: others may write to");
    assert_int_equal(chmod(program, 0755), 0);
    assert_int_equal(chmod(scratch, 0777), 0);
    check_fails(60000, scratch);
    assert_int_equal(chmod(scratch, 0700), 0);
    if (geteuid() == 0) {
        assert_int_equal(chown(program, 12345, 0), 0);
        check_fails(60000, "it must be yours or root's");
    }
    assert_int_equal(access(ran, F_OK), -1);
    free(ran);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_answer_is_the_inventory),
        cmocka_unit_test(what_it_says_on_failure_is_shown),
        cmocka_unit_test(it_does_not_hang_us),
        cmocka_unit_test(it_does_not_flood_us),
        cmocka_unit_test(what_others_may_write_is_not_run),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
