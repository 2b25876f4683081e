/* test_pattern.c: which commands a pattern lets through, and which never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "model/pattern.h"

#include <stdlib.h>
#include <string.h>

static bool matches(const char *pattern, const char *command)
{
    struct pattern p;
    struct err e = {0};
    char **argv = argv_split(command);
    bool yes;

    if (pattern_parse_text(&p, pattern, &e) != 0)
        fail_msg("%s", e.text);
    yes = pattern_matches(&p, argv);
    pattern_release(&p);
    argv_free(argv);
    return yes;
}

static bool resembles(const char *pattern, const char *command)
{
    struct pattern p;
    char **argv = argv_split(command);
    bool yes;

    assert_int_equal(pattern_parse_text(&p, pattern, NULL), 0);
    yes = pattern_resembles(&p, argv);
    pattern_release(&p);
    argv_free(argv);
    return yes;
}

static void what_differs_in_a_value_resembles(void **state)
{
    (void)state;
    assert_true(resembles("cat -- <path>", "cat -- /etc/passwd"));
    assert_true(resembles("cat -- <path>", "cat -- ../x"));
    assert_true(resembles("cat -- <path>", "cat -- -n"));
    assert_true(resembles("grep -e <text> -- <path>...", "grep -e x -- a b"));
    assert_true(resembles("systemctl show --property=<names> -- <unit>", "systemctl show --property=; -- *"));
    assert_false(resembles("systemctl show --property=<names> -- <unit>", "systemctl show -p x -- y"));
    assert_false(resembles("cat -- <path>", "cat /etc/passwd"));
    assert_false(resembles("cat -- <path>", "cat -- /a /b"));
    assert_false(resembles("cat -- <path>", "tac -- /a"));
}

static bool word_matches(const char *pattern, const char *word)
{
    struct pattern p;
    struct err e = {0};
    char *argv[] = {(char *)(uintptr_t)word, NULL};
    bool yes;

    if (pattern_parse_text(&p, pattern, &e) != 0)
        fail_msg("%s", e.text);
    yes = pattern_matches(&p, argv);
    pattern_release(&p);
    return yes;
}

static bool within(const char *inner, const char *outer)
{
    struct pattern a, b;
    bool yes;

    assert_int_equal(pattern_parse_text(&a, inner, NULL), 0);
    assert_int_equal(pattern_parse_text(&b, outer, NULL), 0);
    yes = pattern_within(&a, &b);
    pattern_release(&a);
    pattern_release(&b);
    return yes;
}

static void refused(const char *text, const char *why)
{
    struct pattern p;
    struct err e = {0};

    assert_int_equal(pattern_parse_text(&p, text, &e), -1);
    assert_null(p.words);
    if (!strstr(e.text, why))
        fail_msg("\"%s\" does not say \"%s\"", e.text, why);
}

static void malformed_patterns_are_refused_with_the_reason(void **state)
{
    (void)state;
    refused("", "empty");
    refused("cat <file>", "unknown class \"<file>\"");
    refused("cat <path", "without \">\"");
    refused("cat <path><name>", "more than one class");
    refused("cat <path>... x", "only goes with the last word");
    refused("cat \x01", "control character");
}

static void a_pattern_binds_the_whole_argv(void **state)
{
    (void)state;
    assert_true(matches("id -u", "id -u"));
    assert_false(matches("id -u", "id"));
    assert_false(matches("id -u", "id -u root"));
    assert_false(matches("id -u", "id -un"));
    assert_true(matches("a <name>...", "a b c d"));
    assert_false(matches("a <name>...", "a"));
    assert_false(matches("a <name>...", "a b -c"));
    assert_false(matches("a <name>", "a b c"));
}

static void a_path_is_absolute_and_never_climbs(void **state)
{
    (void)state;
    assert_true(word_matches("<path>", "/etc/nginx/nginx.conf"));
    assert_true(word_matches("<path>", "/with blank/..x/x..y"));
    assert_false(word_matches("<path>", "etc/passwd"));
    assert_false(word_matches("<path>", "-rf"));
    assert_false(word_matches("<path>", "/etc/../etc/shadow"));
    assert_false(word_matches("<path>", "/etc/.."));
    assert_false(word_matches("<path>", "/a\nb"));
    assert_true(word_matches("/etc/nginx/<path>.conf", "/etc/nginx/conf.d/a.conf"));
    assert_false(word_matches("/etc/nginx/<path>.conf", "/etc/nginx/.conf"));
    assert_false(word_matches("/etc/nginx/<path>", "/etc/nginx/../shadow"));
    assert_false(word_matches("/etc/nginx<path>", "/etc/nginx/../shadow"));
    assert_false(word_matches("/etc/.<path>", "/etc/./../shadow"));
    assert_false(word_matches("/etc/.<path>", "/etc/../shadow"));
    assert_false(word_matches("--file=<path>", "--file=../x"));
    assert_false(word_matches("/etc/nginx/<path>", "/etc/nginx/"));
}

static void no_value_becomes_an_option(void **state)
{
    static const char *const classes[] = {"<path>", "<unit>", "<name>", "<names>", "<int>",
                                          "<host>", "<addr>", "<url>",  "<text>",  NULL};
    size_t i;

    (void)state;
    for (i = 0; classes[i]; i++) {
        assert_false(word_matches(classes[i], "-x"));
        assert_false(word_matches(classes[i], "--output=/x"));
        assert_false(word_matches(classes[i], ""));
    }
}

static void each_class_takes_what_it_says(void **state)
{
    (void)state;
    assert_true(word_matches("<unit>", "php8.2-fpm@pool\\x2da.service"));
    assert_false(word_matches("<unit>", "a;b"));
    assert_true(word_matches("<name>", "www-data"));
    assert_false(word_matches("<name>", ".."));
    assert_false(word_matches("<name>", "a/b"));
    assert_true(word_matches("--property=<names>", "--property=Id,ActiveState"));
    assert_false(word_matches("--property=<names>", "--property=Id,,X"));
    assert_false(word_matches("--property=<names>", "--property=Id,"));
    assert_true(word_matches("<int>", "10"));
    assert_false(word_matches("<int>", "1e9"));
    assert_false(word_matches("<int>", "1234567890123456789"));
    assert_true(word_matches("<host>", "fe80::1%eth0"));
    assert_false(word_matches("<host>", "a b"));
    assert_true(word_matches("<addr>", "10.0.0.1:80"));
    assert_true(word_matches("<addr>", "[::1]:80"));
    assert_false(word_matches("<addr>", "::1:80"));
    assert_false(word_matches("<addr>", "host"));
    assert_false(word_matches("<addr>", "host:"));
    assert_false(word_matches("<addr>", ":80"));
    assert_true(word_matches("<url>", "https://a.example/x?y=1&z"));
    assert_false(word_matches("<url>", "file:///etc/passwd"));
    assert_false(word_matches("<url>", "http://"));
    assert_false(word_matches("<url>", "http://a b"));
    assert_false(word_matches("<url>", "http://a\"b"));
    assert_false(word_matches("<url>", "http://a\\b"));
    assert_true(word_matches("<text>", "anything; at 'all' gr\xc3\xbc\xc3\x9f"));
    assert_false(word_matches("<text>", "a\nb"));
}

static void a_narrower_pattern_lies_within_a_wider_one(void **state)
{
    (void)state;
    assert_true(within("cat -- /etc/nginx/<path>", "cat -- <path>"));
    assert_true(within("cat -- /proc/<int>/limits", "cat -- <path>"));
    assert_true(within("cat -- /etc/php/<name>/fpm.conf", "cat -- <path>"));
    assert_true(within("cat -- /etc/passwd", "cat -- <path>"));
    assert_true(within("a <path>", "a <text>"));
    assert_true(within("a b c", "a <name>..."));
    assert_true(within("a <int>...", "a <name>..."));
    assert_true(within("a php<int>-fpm", "a <unit>"));
    assert_true(within("a http://127.0.0.1:<int>/", "a <url>"));
    assert_true(within("systemctl show --property=Id,<names>", "systemctl show <text>") == false);
}

static void a_wider_pattern_does_not(void **state)
{
    (void)state;
    assert_false(within("cat -- <path>", "cat -- /etc/<path>"));
    assert_false(within("cat -- /etc/../<path>", "cat -- <path>"));
    assert_false(within("cat -- etc/<path>", "cat -- <path>"));
    assert_false(within("cat -- <text>", "cat -- <path>"));
    assert_false(within("cat -- <name>", "cat -- <path>"));
    assert_false(within("a <name>...", "a <name>"));
    assert_false(within("a", "a <name>..."));
    assert_false(within("a -<text>", "a <text>"));
    assert_false(within("a ftp://<host>/", "a <url>"));
    assert_false(within("a http://<path>", "a <url>"));
    assert_false(within("a /x/<path>.conf", "a /x/<path>.cfg"));
}

/* What lies within by the rule must do so for every word: tried with words made at random. */
static void within_never_lets_a_word_through_that_the_outer_refuses(void **state)
{
    static const char *const words[] = {
        "<path>",   "/a<path>", "/a/<path>", "/a/.<path>", "/.<path>",  "<path>.c",  "/<path>/b",
        "<name>",   ".<name>",  "/a/<name>", "/a/.<name>", "/<name>/b", "<int>",     "a<int>",
        "/<int>/a", "<unit>",   "<host>",    "a:<int>",    "<addr>",    "<names>",   "a,<names>",
        "<text>",   "a<text>",  "-<text>",   "-<path>",    "<host>.",   "/a=<path>", "a=<path>",
        "/<addr>",  ".<unit>",  "=<text>"};
    static const char letters[] = "a./-=:,1.";
    const size_t n = sizeof words / sizeof *words;
    size_t i, j, round;

    (void)state;
    srandom(7);
    for (i = 0; i < n; i++)
        for (j = 0; j < n; j++) {
            if (!within(words[i], words[j]))
                continue;
            for (round = 0; round < 400; round++) {
                char word[10];
                size_t k, len = 1 + (size_t)random() % 8;

                for (k = 0; k < len; k++)
                    word[k] = letters[(size_t)random() % (sizeof letters - 1)];
                word[len] = '\0';
                if (word_matches(words[i], word) && !word_matches(words[j], word))
                    fail_msg("%s matches %s, not %s", word, words[i], words[j]);
            }
        }
}

static void the_text_of_a_pattern_is_its_words(void **state)
{
    struct pattern p;
    char *text;

    (void)state;
    assert_int_equal(pattern_parse_text(&p, "  cat  --  <path>", NULL), 0);
    text = pattern_text(&p);
    assert_string_equal(text, "cat -- <path>");
    free(text);
    pattern_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_differs_in_a_value_resembles),
        cmocka_unit_test(malformed_patterns_are_refused_with_the_reason),
        cmocka_unit_test(a_pattern_binds_the_whole_argv),
        cmocka_unit_test(a_path_is_absolute_and_never_climbs),
        cmocka_unit_test(no_value_becomes_an_option),
        cmocka_unit_test(each_class_takes_what_it_says),
        cmocka_unit_test(a_narrower_pattern_lies_within_a_wider_one),
        cmocka_unit_test(a_wider_pattern_does_not),
        cmocka_unit_test(within_never_lets_a_word_through_that_the_outer_refuses),
        cmocka_unit_test(the_text_of_a_pattern_is_its_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
