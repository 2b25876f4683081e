/* test_yaml.c: every mistake in a YAML file is named with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/yaml.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void refused_bytes(const char *text, size_t n, const char *want)
{
    struct problems p = {0};
    char *got;

    assert_null(yaml_parse(text, n, "f", &p));
    got = problems_text(&p);
    if (!strstr(got, want))
        fail_msg("got %s, not %s", got, want);
    free(got);
    problems_release(&p);
}

static void refused(const char *text, const char *want)
{
    refused_bytes(text, strlen(text), want);
}

static struct yaml_node *parsed(const char *text)
{
    struct problems p = {0};
    struct yaml_node *node = yaml_parse(text, strlen(text), "f", &p);

    if (!node)
        fail_msg("%s", p.items[0].text);
    return node;
}

static void everything_knows_its_place(void **state)
{
    struct yaml_node *root =
        parsed("# c\na: 1\nb:\n  - x\n  - {c: 'd'}\nlua: |  # why\n\n  one\n  two\n");
    const struct yaml_node *b = yaml_get(root, "b"), *lua = yaml_get(root, "lua");

    (void)state;
    assert_int_equal(root->count, 3);
    assert_int_equal(root->keys[0]->line, 2);
    assert_int_equal(yaml_get(root, "a")->column, 4);
    assert_true(yaml_get(root, "a")->plain);
    assert_int_equal(b->items[1]->line, 5);
    assert_false(yaml_get(b->items[1], "c")->plain);
    assert_true(lua->literal);
    assert_int_equal(lua->text_line, 7);
    assert_string_equal(lua->text, "\none\ntwo\n");
    assert_null(yaml_get(root, "none"));
    yaml_node_free(root);
}

static void a_tab_is_named_with_its_line(void **state)
{
    (void)state;
    refused("a:\n\tb: 1\n", "f:2:1: tab used for indentation; YAML wants spaces");
    refused("a:\n  b: 1\n \tc: 1\n", "f:3:2: tab used for indentation");
    refused("a: |\n\tx\n", "f:2:1: tab used for indentation");
}

static void anchors_aliases_and_tags_are_refused(void **state)
{
    (void)state;
    refused("a: &x 1\n", "f:1:4: anchors and aliases");
    refused("a: *x\n", "f:1:4: anchors and aliases");
    refused("a: &x [1]\n", "anchors and aliases");
    refused("&x a: 1\n", "anchors and aliases");
    refused("a: !!str 1\n", "f:1:4: tags");
}

static void a_key_that_comes_twice_names_the_first(void **state)
{
    (void)state;
    refused("a: 1\nb: 2\n\"a\": 3\n", "f:3:1: the key \"a\" comes twice; the first is in line 1");
    refused("a: 1\na: {b: [1]}\na: x\n", "f:3:1");
}

static void what_is_no_single_text_document_is_refused(void **state)
{
    char *deep = mem_alloc(5000);

    (void)state;
    refused("", "f:1:1: the file is empty");
    refused("# only this\n", "the file is empty");
    refused("a: 1\n---\nb: 2\n", "f:2:1: a second document");
    refused("[a]: 1\n", "a key must be a text");
    refused("? {a: 1}\n: 1\n", "a key must be a text");
    refused("a: [1\n", "f:2:1:");
    refused("a: 'x\n", "f:");
    refused("a: \"\\0\"\n", "f:1:4: a NUL character");
    refused_bytes("a: \0\n", 5, "f:1:4: a NUL byte");
    refused_bytes("a: 1\nb: \xff\n", 10, "f:2:4: a byte that is not UTF-8");
    refused_bytes("\xff\xfe"
                  "a\0",
                  4, "f:1:1: a byte that is not UTF-8");
    memset(deep, '[', 4000);
    refused(deep, "nested too deeply");
    free(deep);
}

static void a_huge_file_is_refused_by_its_size(void **state)
{
    char path[] = "/tmp/fettle-yaml-XXXXXX";
    struct problems p = {0};
    int fd = mkstemp(path);

    (void)state;
    assert_int_equal(ftruncate(fd, 50 << 20), 0);
    assert_null(yaml_load(path, &p));
    assert_non_null(strstr(p.items[0].text, "too large: 52428800 bytes"));
    close(fd);
    unlink(path);
    assert_null(yaml_load("/tmp", &p));
    assert_null(yaml_load("/nonexistent", &p));
    assert_int_equal(p.count, 3);
    problems_release(&p);
}

static void unknown_keys_come_with_the_nearest_known(void **state)
{
    static const char *const known[] = {"summary", "title", NULL};
    struct yaml_node *root = parsed("sumary: 1\ntitle: 2\nzzz: 3\n");
    struct problems p = {0};

    (void)state;
    assert_int_equal(yaml_only_keys(root, "f", known, &p), -1);
    assert_int_equal(p.count, 2);
    assert_string_equal(p.items[0].text, "unknown key \"sumary\"; did you mean \"summary\"?");
    assert_string_equal(p.items[1].text, "unknown key \"zzz\"");
    problems_release(&p);
    yaml_node_free(root);
}

static void plain_words_become_json_values_and_quoted_ones_stay(void **state)
{
    struct yaml_node *root = parsed("[8080, -1, 1.5, no, on, null, ~, '8080', 007, 0x1f, 1_000, "
                                    "99999999999999999999, web1, {8080: x}]");
    json_t *json = yaml_to_json(root);
    char *text = json_dumps(json, JSON_COMPACT);

    (void)state;
    assert_string_equal(text, "[8080,-1,1.5,false,true,null,null,\"8080\",\"007\",\"0x1f\","
                              "\"1_000\",\"99999999999999999999\",\"web1\",{\"8080\":\"x\"}]");
    free(text);
    json_decref(json);
    yaml_node_free(root);
}

static void random_bytes_never_crash_it(void **state)
{
    static const char letters[] = "a:-[]{}#&*!|>'\"%@`, \n\n  \t?\\0";
    int round;

    (void)state;
    srandom(3);
    for (round = 0; round < 20000; round++) {
        char text[40];
        size_t i, n = (size_t)random() % sizeof text;
        struct problems p = {0};

        for (i = 0; i < n; i++)
            text[i] = letters[(size_t)random() % (sizeof letters - 1)];
        yaml_node_free(yaml_parse(text, n, "f", &p));
        problems_release(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_knows_its_place),
        cmocka_unit_test(a_tab_is_named_with_its_line),
        cmocka_unit_test(anchors_aliases_and_tags_are_refused),
        cmocka_unit_test(a_key_that_comes_twice_names_the_first),
        cmocka_unit_test(what_is_no_single_text_document_is_refused),
        cmocka_unit_test(a_huge_file_is_refused_by_its_size),
        cmocka_unit_test(unknown_keys_come_with_the_nearest_known),
        cmocka_unit_test(plain_words_become_json_values_and_quoted_ones_stay),
        cmocka_unit_test(random_bytes_never_crash_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
