/* test_base.c: buffers, words for a shell, texts for a terminal, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/problems.h"
#include "base/text.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void a_buffer_keeps_what_fits_and_says_that_more_came(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 5);
    assert_int_equal(buf_puts(&b, "abc"), 0);
    assert_int_equal(buf_puts(&b, "defg"), -1);
    assert_string_equal(b.data, "abcde");
    assert_true(b.cut);
    assert_int_equal(buf_puts(&b, "x"), -1);
    assert_int_equal(b.len, 5);
    buf_clear(&b);
    assert_false(b.cut);
    assert_int_equal(buf_puts(&b, "12345"), 0);
    buf_drop(&b, 2);
    assert_string_equal(b.data, "345");
    buf_drop(&b, 99);
    assert_string_equal(b.data, "");
    buf_release(&b);
}

static void a_buffer_of_no_bytes_takes_none(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 0);
    assert_int_equal(buf_puts(&b, ""), 0);
    assert_int_equal(buf_puts(&b, "a"), -1);
    assert_string_equal(b.data, "");
    buf_release(&b);
}

/* The judge is a real shell: what it hands to printf must be the words themselves. */
static void a_shell_reads_quoted_words_back(void **state)
{
    static const char *const list[] = {"",       "plain", "two words", "it's", "$HOME `id` $(id)",
                                       "a\nb",   "\\",    "*",         "~",    "-n",
                                       "\"dq\"", "a;b",   "\x01\xff",  "''",   "!x",
                                       "#c",     "a=b",   "{a,b}",     "\t",   "'",
                                       NULL};
    char command[4096], got[4096], **words = NULL;
    struct buf b, want;
    size_t i, n;
    FILE *f;

    (void)state;
    for (i = 0; list[i]; i++)
        words = argv_add(words, list[i]);
    buf_init(&b, sizeof command);
    buf_puts(&b, "printf '%s\\001' ");
    argv_quote(&b, words);
    f = popen(b.data, "r");
    assert_non_null(f);
    n = fread(got, 1, sizeof got, f);
    assert_int_equal(pclose(f), 0);
    buf_init(&want, sizeof got);
    for (i = 0; words[i]; i++) {
        buf_puts(&want, words[i]);
        buf_puts(&want, "\x01");
    }
    assert_int_equal(n, want.len);
    assert_memory_equal(got, want.data, n);
    argv_free(words);
    buf_release(&b);
    buf_release(&want);
}

static void words_split_at_blanks_and_grow_one_by_one(void **state)
{
    char **argv = argv_split("  a  b\tc\n");
    char **copy;

    (void)state;
    assert_int_equal(argv_len(argv), 3);
    copy = argv_dup(argv);
    assert_true(argv_equal(argv, copy));
    copy = argv_add(copy, "d");
    assert_false(argv_equal(argv, copy));
    assert_string_equal(copy[3], "d");
    argv_free(argv);
    argv_free(copy);
    assert_null(argv_dup(NULL));
    argv_free(NULL);
}

static void check_clean(const char *in, size_t n, const char *want)
{
    char *clean = text_clean_dup(in, n);

    assert_string_equal(clean, want);
    free(clean);
}

static void nothing_reaches_a_terminal_that_it_would_act_on(void **state)
{
    (void)state;
    check_clean("\x1b[31mred", 8, "\\x1b[31mred");
    check_clean("tab\tline\n", 9, "tab\tline\n");
    check_clean("a\0b\r", 4, "a\\x00b\\x0d");
    check_clean("\xc2\x9b", 2, "\\u{009b}");           /* C1: CSI in one character */
    check_clean("\xe2\x80\xae", 3, "\\u{202e}");       /* right-to-left override */
    check_clean("\xc3\xa9", 2, "\xc3\xa9");            /* a letter stays */
    check_clean("\xc0\xaf", 2, "\\xc0\\xaf");          /* overlong */
    check_clean("\xed\xa0\x80", 3, "\\xed\\xa0\\x80"); /* a surrogate */
    check_clean("\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80");
    check_clean("\xe2\x80", 2, "\\xe2\\x80"); /* cut in the middle */
}

static void utf8_is_told_from_other_bytes(void **state)
{
    (void)state;
    assert_true(text_is_utf8("gr\xc3\xbc\xc3\x9f", 6));
    assert_true(text_is_utf8("", 0));
    assert_false(text_is_utf8("a\0b", 3));
    assert_false(text_is_utf8("\xff", 1));
}

static char *scratch_folder(void)
{
    char *path = mem_dup("/tmp/fettle-test-XXXXXX");

    assert_non_null(mkdtemp(path));
    return path;
}

static size_t count_entries(const char *folder)
{
    DIR *d = opendir(folder);
    size_t n = 0;

    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void a_file_is_replaced_as_a_whole_and_nothing_is_left_beside(void **state)
{
    char *folder = scratch_folder();
    char *path = mem_format("%s/a/b/file", folder);
    char *parent = mem_format("%s/a/b", folder);
    char *command = mem_format("rm -r %s", folder);
    struct err e = {0};
    struct stat st;
    struct buf b;

    (void)state;
    assert_int_equal(file_write(path, "x", 1, &e), -1);
    assert_non_null(strstr(e.text, path));
    assert_int_equal(file_make_folders(parent, &e), 0);
    assert_int_equal(file_make_folders(parent, &e), 0);
    assert_int_equal(file_write(path, "first", 5, &e), 0);
    assert_int_equal(file_write(path, "a\0b", 3, &e), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(count_entries(parent), 1);
    assert_int_equal(file_read(path, 100, &b, &e), 0);
    assert_int_equal(b.len, 3);
    assert_memory_equal(b.data, "a\0b", 3);
    buf_release(&b);
    assert_int_equal(file_read(path, 2, &b, &e), -1);
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(b.len, 0);
    buf_release(&b);
    assert_true(file_is_folder(parent));
    assert_false(file_is_folder(path));
    assert_int_equal(system(command), 0);
    free(folder);
    free(path);
    free(parent);
    free(command);
}

static void what_is_no_file_is_written_to_and_never_replaced(void **state)
{
    char folder[] = "/tmp/fettle-base.XXXXXX", got[8] = "";
    char *pipe = mem_format("%s/pipe", mkdtemp(folder)), *link = mem_format("%s/link", folder);
    char *file = mem_format("%s/file", folder);
    struct err e = {0};
    struct stat st;
    int fd;

    (void)state;
    assert_int_equal(mkfifo(pipe, 0600), 0);
    fd = open(pipe, O_RDWR);
    assert_int_equal(file_write(pipe, "plan", 4, &e), 0);
    assert_int_equal(read(fd, got, sizeof got), 4);
    assert_string_equal(got, "plan");
    close(fd);
    assert_int_equal(lstat(pipe, &st), 0);
    assert_true(S_ISFIFO(st.st_mode));

    assert_int_equal(file_write(file, "old", 3, &e), 0);
    assert_int_equal(symlink("file", link), 0);
    assert_int_equal(file_write(link, "newer", 5, &e), 0);
    assert_int_equal(lstat(link, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_size, 5);
    unlink(pipe);
    unlink(link);
    unlink(file);
    rmdir(folder);
    free(pipe);
    free(link);
    free(file);
}

static void without_home_the_password_file_knows_it(void **state)
{
    const char *home = getenv("HOME"), *set = getenv("XDG_STATE_HOME");
    char *was = mem_dup(home), *state_was = mem_dup(set);
    char *wanted = mem_format("%s/.local/state/fettle", getpwuid(getuid())->pw_dir), *folder;

    (void)state;
    unsetenv("HOME");
    unsetenv("XDG_STATE_HOME");
    folder = file_state_folder();
    assert_string_equal(folder, wanted);
    if (was)
        setenv("HOME", was, 1);
    if (state_was)
        setenv("XDG_STATE_HOME", state_was, 1);
    free(was);
    free(state_was);
    free(folder);
    free(wanted);
}

static void a_missing_file_is_named(void **state)
{
    struct err e = {0};
    struct buf b;

    (void)state;
    assert_int_equal(file_read("/nonexistent/x", 10, &b, &e), -1);
    assert_string_equal(e.text, "cannot open \"/nonexistent/x\": No such file or directory");
    buf_release(&b);
}

static void sha256_is_that_of_the_standard(void **state)
{
    char text[DIGEST_TEXT_SIZE];

    (void)state;
    digest_sha256("abc", 3, text); /* FIPS 180-2, appendix B.1 */
    assert_string_equal(text, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    digest_sha256("", 0, text);
    assert_string_equal(text, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void random_tokens_differ_and_have_their_length(void **state)
{
    char a[17], b[17], huge[200];
    struct err e = {0};

    (void)state;
    assert_int_equal(digest_random(a, 8, &e), 0);
    assert_int_equal(digest_random(b, 8, &e), 0);
    assert_int_equal(strlen(a), 16);
    assert_string_not_equal(a, b);
    assert_int_equal(digest_random(huge, 99, &e), -1);
}

static void an_error_reads_as_one_sentence(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(err_set(&e, ERR_DATA, "bad \"%s\"", "x"), -1);
    assert_int_equal(err_prefix(&e, "host \"%s\"", "web1"), -1);
    assert_string_equal(e.text, "host \"web1\": bad \"x\"");
    assert_int_equal(e.code, ERR_DATA);
    assert_int_equal(err_set(NULL, ERR_DATA, "x"), -1);
}

static void problems_beyond_a_hundred_are_only_counted(void **state)
{
    struct problems p = {0};
    char *text;
    int i;

    (void)state;
    for (i = 0; i < 103; i++)
        problems_add(&p, "f.yaml", (size_t)i + 1, 2, "wrong");
    text = problems_text(&p);
    assert_int_equal(p.count, 100);
    assert_non_null(strstr(text, "f.yaml:1:2: wrong\n"));
    assert_non_null(strstr(text, "and 3 more\n"));
    free(text);
    problems_release(&p);
}

static void a_moment_is_written_as_rfc_3339(void **state)
{
    char text[CLOCK_TEXT_SIZE];

    (void)state;
    clock_format(1775290353042, text);
    assert_string_equal(text, "2026-04-04T08:12:33.042Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_buffer_keeps_what_fits_and_says_that_more_came),
        cmocka_unit_test(a_buffer_of_no_bytes_takes_none),
        cmocka_unit_test(a_shell_reads_quoted_words_back),
        cmocka_unit_test(words_split_at_blanks_and_grow_one_by_one),
        cmocka_unit_test(nothing_reaches_a_terminal_that_it_would_act_on),
        cmocka_unit_test(utf8_is_told_from_other_bytes),
        cmocka_unit_test(a_file_is_replaced_as_a_whole_and_nothing_is_left_beside),
        cmocka_unit_test(what_is_no_file_is_written_to_and_never_replaced),
        cmocka_unit_test(without_home_the_password_file_knows_it),
        cmocka_unit_test(a_missing_file_is_named),
        cmocka_unit_test(sha256_is_that_of_the_standard),
        cmocka_unit_test(random_tokens_differ_and_have_their_length),
        cmocka_unit_test(an_error_reads_as_one_sentence),
        cmocka_unit_test(problems_beyond_a_hundred_are_only_counted),
        cmocka_unit_test(a_moment_is_written_as_rfc_3339),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
