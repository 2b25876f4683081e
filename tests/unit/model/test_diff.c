/* test_diff.c: a diff is what `patch` takes, whatever the two files are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void check(const char *before, const char *after, const char *want)
{
    char *got = diff_unified("/etc/x.conf", before, strlen(before), after, strlen(after));

    assert_string_equal(got, want);
    free(got);
}

#define HEAD "--- a/etc/x.conf\n+++ b/etc/x.conf\n"

static void equal_files_have_no_diff(void **state)
{
    (void)state;
    check("a\n", "a\n", "");
    check("", "", "");
}

static void a_changed_line_comes_with_three_lines_around(void **state)
{
    (void)state;
    check("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nfive\n6\n7\n8\n9\n",
          HEAD "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

static void an_empty_side_names_the_line_before(void **state)
{
    (void)state;
    check("", "a\n", HEAD "@@ -0,0 +1 @@\n+a\n");
    check("a\n", "", HEAD "@@ -1 +0,0 @@\n-a\n");
}

static void a_missing_newline_at_the_end_is_said(void **state)
{
    (void)state;
    check("a\nb", "a\nb\n", HEAD "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b\n");
    check("a\n", "b", HEAD "@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file\n");
}

static void names_with_blanks_and_quotes_stay_one_name(void **state)
{
    char *got = diff_unified("/a b", "x\n", 2, "", 0);

    (void)state;
    assert_non_null(strstr(got, "--- a/a b\t\n"));
    free(got);
    got = diff_unified("/a\"\n", "x\n", 2, "", 0);
    assert_non_null(strstr(got, "--- \"a/a\\\"\\012\"\n"));
    free(got);
}

static void a_new_file_comes_from_nowhere(void **state)
{
    char *got = diff_created("/etc/a.conf", "x\ny\n", 4);

    (void)state;
    assert_string_equal(got, "--- /dev/null\n+++ b/etc/a.conf\n@@ -0,0 +1,2 @@\n+x\n+y\n");
    free(got);
}

static void bytes_that_are_no_text_are_only_said_to_differ(void **state)
{
    char *got = diff_unified("/a", "x\0y", 3, "x", 1);

    (void)state;
    assert_string_equal(got, "Binary files a/a and b/a differ\n");
    free(got);
}

static void random_file(struct buf *b, size_t lines, int variety)
{
    size_t i;

    buf_init(b, 1 << 24);
    for (i = 0; i < lines; i++)
        buf_addf(b, "%c%s", 'a' + (int)(random() % variety), random() % 9 ? "\n" : "-x\n");
    if (b->len && random() % 4 == 0)
        b->data[--b->len] = '\0';
}

static void random_edit(struct buf *b, const struct buf *from)
{
    size_t i;

    buf_init(b, 1 << 24);
    for (i = 0; i < from->len; i++) {
        if ((i == 0 || from->data[i - 1] == '\n') && random() % 8 == 0)
            buf_puts(b, "new\n");
        if (random() % 12)
            buf_add(b, from->data + i, 1);
    }
}

static void apply(const char *folder, const struct buf *a, const struct buf *b, int round)
{
    char *path = mem_format("%s/f", folder), *patch = mem_format("%s/p", folder);
    char *command = mem_format("patch -s -f -p1 -d %s < %s/p >/dev/null && test ! -e %s/f.orig",
                               folder, folder, folder);
    char *diff = diff_unified("/f", a->data, a->len, b->data, b->len);
    struct err e = {0};
    struct buf got;

    assert_int_equal(file_write(path, a->data, a->len, &e), 0);
    assert_int_equal(file_write(patch, diff, strlen(diff), &e), 0);
    if (*diff && system(command) != 0)
        fail_msg("round %d: patch refused:\n%s", round, diff);
    if (b->len || file_read(path, 1 << 24, &got, &e) == 0) {
        if (b->len)
            assert_int_equal(file_read(path, 1 << 24, &got, &e), 0);
        assert_int_equal(got.len, b->len);
        assert_memory_equal(got.data, b->data, b->len);
    }
    buf_release(&got);
    free(path);
    free(patch);
    free(command);
    free(diff);
}

static void patch_makes_the_one_file_into_the_other(void **state)
{
    char folder[] = "/tmp/fettle-diff-XXXXXX";
    char *command;
    int round;

    (void)state;
    srandom(1);
    assert_non_null(mkdtemp(folder));
    for (round = 0; round < 150; round++) {
        struct buf a, b;

        random_file(&a, (size_t)random() % 40, 1 + round % 9);
        if (round % 2)
            random_edit(&b, &a);
        else
            random_file(&b, (size_t)random() % 40, 1 + round % 9);
        apply(folder, &a, &b, round);
        buf_release(&a);
        buf_release(&b);
    }
    command = mem_format("rm -r %s", folder);
    assert_int_equal(system(command), 0);
    free(command);
}

static void files_that_share_nothing_are_replaced_as_a_whole(void **state)
{
    char folder[] = "/tmp/fettle-diff-XXXXXX";
    struct buf a, b;
    char *command;
    int i;

    (void)state;
    assert_non_null(mkdtemp(folder));
    buf_init(&a, 1 << 24);
    buf_init(&b, 1 << 24);
    buf_puts(&a, "first\n");
    buf_puts(&b, "first\n");
    for (i = 0; i < 20000; i++) {
        buf_addf(&a, "left %d\n", i);
        buf_addf(&b, "right %d\n", i);
    }
    apply(folder, &a, &b, 0);
    buf_release(&a);
    buf_release(&b);
    command = mem_format("rm -r %s", folder);
    assert_int_equal(system(command), 0);
    free(command);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_files_have_no_diff),
        cmocka_unit_test(a_changed_line_comes_with_three_lines_around),
        cmocka_unit_test(an_empty_side_names_the_line_before),
        cmocka_unit_test(a_missing_newline_at_the_end_is_said),
        cmocka_unit_test(names_with_blanks_and_quotes_stay_one_name),
        cmocka_unit_test(a_new_file_comes_from_nowhere),
        cmocka_unit_test(bytes_that_are_no_text_are_only_said_to_differ),
        cmocka_unit_test(patch_makes_the_one_file_into_the_other),
        cmocka_unit_test(files_that_share_nothing_are_replaced_as_a_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
