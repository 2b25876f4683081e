/* test_journal.c: the host's words, also those that no honest host says. */
#include "base/mem.h"
#include "change/journal.h"
#include "change/sentence.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static char *hear(struct journal *j, const char *line)
{
    struct journal_line l;
    char *text;

    if (journal_parse(&l, line, strlen(line)))
        return NULL;
    text = journal_hear(j, &l);
    journal_line_release(&l);
    return text;
}

static void expect(struct journal *j, const char *line, const char *want)
{
    char *text = hear(j, line);

    assert_non_null(text);
    assert_string_equal(text, want);
    free(text);
}

static void lines_become_plain_sentences(void **state)
{
    struct journal j;

    (void)state;
    journal_init(&j);
    expect(&j, "1 1700000000 start r-1 77", "started on the host");
    expect(&j, "2 1700000000 lock", "locking the host");
    expect(&j, "3 1700000000 check", "locked the host; checking that nothing has moved since");
    expect(&j, "4 1700000000 shadow ok", "accepted in a private copy");
    expect(&j, "5 1700000000 backup 1 /etc/a%20b", "keeping a copy of /etc/a b");
    expect(&j, "6 1700000000 write 1 /etc/a%20b 00", "writing /etc/a b");
    expect(&j, "7 1700000000 validate 1 nginx -t", "asking nginx -t");
    expect(&j, "8 1700000000 validated 1 0", "accepted");
    expect(&j, "9 1700000000 command 1 nginx -s reload", "running nginx -s reload");
    expect(&j, "10 1700000000 commanded 1 124", "nginx -s reload ran out of time (exit 124)");
    expect(&j, "11 1700000000 put-back command 1 124",
           "putting everything back: nginx -s reload ran out of time (exit 124)");
    expect(&j, "12 1700000000 restore 1 /etc/a%20b", "putting back /etc/a b");
    expect(&j, "13 1700000000 end rolled-back command 1 124",
           "everything was put back: nginx -s reload ran out of time (exit 124)");
    assert_true(j.ended);
    assert_string_equal(j.end[0], "rolled-back");
    assert_true(j.has_failed);
    assert_string_equal(j.failed[0], "nginx");
    journal_release(&j);
}

static void repeated_lines_are_told_once(void **state)
{
    struct journal j;
    char *text;

    (void)state;
    journal_init(&j);
    expect(&j, "1 1700000000 lock", "locking the host");
    assert_null(hear(&j, "1 1700000000 lock"));
    text = hear(&j, "0 1700000000 end refused-locked r-2 9 8 boot 1700000000 bob");
    assert_non_null(strstr(text, "locked by bob since "));
    assert_non_null(strstr(text, "run r-2"));
    free(text);
    journal_release(&j);
}

static void waiting_says_until_when(void **state)
{
    struct journal j;
    char *text;

    (void)state;
    journal_init(&j);
    text = hear(&j, "5 1700000000 waiting 1700000120");
    assert_true(j.waiting);
    assert_int_equal(j.deadline, 1700000120);
    free(text);
    journal_release(&j);
}

static void output_of_a_failure_is_kept(void **state)
{
    struct journal j;

    (void)state;
    journal_init(&j);
    free(hear(&j, "1 1 validate 1 nginx -t"));
    free(hear(&j, "2 1 validated 1 1 unknown%20directive%0Aline%202"));
    free(hear(&j, "3 1 commanded 1 1 later"));
    assert_string_equal(j.output, "unknown directive\nline 2");
    journal_release(&j);
}

static void terminal_escapes_never_reach_a_sentence(void **state)
{
    struct journal j;
    char *text;

    (void)state;
    journal_init(&j);
    text = hear(&j, "1 1 note %1B%5D0;owned%07%1B[2J%0Anext%C2%9B");
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\n'));
    assert_null(strchr(text, '\a'));
    free(text);
    journal_release(&j);
}

static void what_is_no_journal_line_is_no_journal_line(void **state)
{
    static const char *const bad[] = {
        "", " ", "1", "1 2", "x 2 lock", "1 x lock", "-1 2 lock", "99999999999999999999 1 lock",
        "Welcome to web1 today", "1  ",
    };
    struct journal_line l;
    char *huge = mem_alloc(JOURNAL_LINE_MAX + 2);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
        assert_int_equal(journal_parse(&l, bad[i], strlen(bad[i])), -1);
    assert_int_equal(journal_parse(&l, "1 2 lo\0ck", 9), -1);
    memset(huge, 'a', JOURNAL_LINE_MAX + 1);
    memcpy(huge, "1 2 ", 4);
    assert_int_equal(journal_parse(&l, huge, JOURNAL_LINE_MAX + 1), -1);
    free(huge);
}

static void bad_escapes_stay_as_they_came(void **state)
{
    struct journal_line l;

    (void)state;
    assert_int_equal(journal_parse(&l, "1 2 w %00 %zz % %4 %41 %c3%a9", 29), 0);
    assert_string_equal(l.words[1], "%00");
    assert_string_equal(l.words[2], "%zz");
    assert_string_equal(l.words[3], "%");
    assert_string_equal(l.words[4], "%4");
    assert_string_equal(l.words[5], "A");
    assert_string_equal(l.words[6], "\xc3\xa9");
    journal_line_release(&l);
}

static uint64_t seed;

static unsigned chance(unsigned below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % below;
}

/* Valid words in random places, random numbers, random bytes. */
static size_t random_line(char *line, size_t max)
{
    static const char *const words[] = {
        "start", "lock", "check", "shadow", "ok", "failed", "backup", "write", "validate",
        "validated", "command", "commanded", "waiting", "put-back", "undo-command", "restore",
        "conflict", "reactivate", "reactivated", "changed", "end", "rolled-back", "refused-locked",
        "refused-drift", "refused-invalid", "put-back-failed", "recovered", "%41%00%ZZ%", "note",
        "63", "64", "999999999999999", "9999999999999999999", "-1", "0", "refused-", "%0A%1B",
    };
    size_t n = (size_t)snprintf(line, max, "%u %u", chance(5000), chance(2000000000));
    unsigned i, count = chance(8);

    for (i = 0; i < count && n + 64 < max; i++)
        n += (size_t)snprintf(line + n, max - n, " %s",
                              words[chance(sizeof(words) / sizeof(*words))]);
    for (i = chance(4); i && n; i--)
        line[chance((unsigned)n)] = (char)chance(256);
    return n;
}

static void any_bytes_are_survived(void **state)
{
    struct journal j;
    struct journal_line l;
    char line[512];
    int i;

    (void)state;
    seed = 502;
    journal_init(&j);
    for (i = 0; i < 50000; i++) {
        size_t n = random_line(line, sizeof(line));
        char *exact = mem_dupn(line, n); /* so that the sanitizer sees one byte too far */
        char *text;

        if (journal_parse(&l, exact, n) == 0) {
            text = journal_hear(&j, &l);
            assert_true(!text || strlen(text) <= 4 * 600);
            free(text);
            journal_line_release(&l);
        }
        free(exact);
        if (chance(50) == 0) {
            journal_release(&j);
            journal_init(&j);
        }
    }
    journal_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_become_plain_sentences),
        cmocka_unit_test(repeated_lines_are_told_once),
        cmocka_unit_test(waiting_says_until_when),
        cmocka_unit_test(output_of_a_failure_is_kept),
        cmocka_unit_test(terminal_escapes_never_reach_a_sentence),
        cmocka_unit_test(what_is_no_journal_line_is_no_journal_line),
        cmocka_unit_test(bad_escapes_stay_as_they_came),
        cmocka_unit_test(any_bytes_are_survived),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
