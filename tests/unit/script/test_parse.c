/* test_parse.c: parsers as filters, and lint. */
#include "world.h"
#include "script/check.h"
#include "script/parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static json_t *parse(const char *kind, const char *text, const char *source, struct err *e)
{
    struct target *local = world_target();

    return parse_text(NULL, local, TEST_FOLDER "/lua", kind, text, strlen(text), source, e);
}

static void text_becomes_json(void **state)
{
    struct err e = {0};
    json_t *j = parse("lines", "a\n\xff\n", NULL, &e);

    (void)state;
    assert_int_equal(json_array_size(j), 2);
    assert_string_equal(json_string_value(json_object_get(json_array_get(j, 1), "line")), "\\xff");
    assert_true(json_is_null(json_object_get(json_array_get(j, 0), "none")));
    json_decref(j);
    j = parse("lines", "", NULL, &e);
    assert_true(json_is_array(j) && json_array_size(j) == 0);
    json_decref(j);
}

static void includes_are_followed(void **state)
{
    struct err e = {0};
    json_t *j;

    (void)state;
    world_clear();
    world_answer("cat -- /inner", 0, "hello", "");
    world_answer("ls -1A -- /d", 0, "x\n", "");
    j = parse("include", "/inner", "/outer", &e);
    assert_string_equal(json_string_value(json_object_get(j, "inner")), "hello");
    assert_string_equal(json_string_value(json_object_get(j, "path")), "/outer");
    assert_int_equal(json_array_size(json_object_get(j, "names")), 1);
    json_decref(j);
}

static void errors_are_told_apart(void **state)
{
    struct err e = {0};

    (void)state;
    assert_null(parse("nothing", "", NULL, &e));
    assert_int_equal(e.code, ERR_USAGE);
    assert_string_equal(e.text, "unknown kind \"nothing\" (there are bad, include, lines, worse)");
    assert_null(parse("bad", "", NULL, &e));
    assert_string_equal(e.text, "cannot read as \"bad\": line 3 makes no sense");
    assert_null(parse("worse", "", NULL, &e));
    assert_string_equal(e.text, "cannot read as \"worse\": line 3, column 7: unexpected \"}\"");
}

static void lint_names_the_line(void **state)
{
    struct playbook *b = world_playbook("one", "a", "local x =\n= 2", "b", "return 1", NULL);
    struct incident *i = world_incident("x = = 1", b, NULL);
    struct problems p = {0};

    (void)state;
    assert_int_equal(check_playbook(b, &p), -1);
    assert_int_equal(p.count, 1);
    assert_int_equal(p.items[0].line, 42);
    assert_string_equal(p.items[0].text, "step \"a\": unexpected symbol near '='");
    problems_release(&p);
    world_free_incident(i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_becomes_json),
        cmocka_unit_test(includes_are_followed),
        cmocka_unit_test(errors_are_told_apart),
        cmocka_unit_test(lint_names_the_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
