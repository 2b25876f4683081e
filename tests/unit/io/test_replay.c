/* test_replay.c: answers from a record. */
#include "helper.h"

static json_t *line(const char *host, const char *argument, const char *outcome, const char *out)
{
    return json_pack("{s:s, s:s, s:[s,s], s:s, s:i, s:s, s:i, s:s, s:s}", "kind", "read", "host",
                     host, "argv", "echo", argument, "at", "2026-04-04T08:12:33.250Z", "took_ms",
                     12, "outcome", outcome, "code", 3, "out", out, "err", "said");
}

static void world_replay(struct world *w, json_t *lines)
{
    struct target_options o = {.replay = "record"};

    record_lines = lines;
    world_open(w, &o, NULL);
    assert_string_equal(target_transport(w->target), "replay");
}

static void world_replayed(struct world *w)
{
    world_close(w);
    json_decref(record_lines);
}

static void ask_fresh(struct world *w, struct asked *a, char *const *argv)
{
    struct request q = {.argv = argv, .fresh = true};
    struct err e = {0};

    memset(a, 0, sizeof *a);
    assert_int_equal(reader_submit(w->target, &q, on_answer, a, &e), 0);
    assert_int_equal(loop_run(w->loop, &a->done), 0);
}

static void answers_come_in_their_order_and_the_last_stays(void **state)
{
    static const char *const expected[] = {"first", "second", "second"};
    struct world w;
    struct asked a;
    size_t i;

    (void)state;
    world_replay(&w, json_pack("[o,o,o,o]", line("here", "x", "exit", "first"),
                               line("there", "x", "exit", "not ours"),
                               line("here", "y", "timeout", "other"),
                               line("here", "x", "exit", "second")));
    for (i = 0; i < 3; i++) {
        ask_fresh(&w, &a, ARGV("echo", "x"));
        assert_int_equal(a.outcome, OUTCOME_EXIT);
        assert_int_equal(a.code, 3);
        assert_int_equal(a.took_ms, 12);
        assert_string_equal(a.out.data, expected[i]);
        assert_string_equal(a.err.data, "said");
        asked_release(&a);
    }
    ask(&w, &a, ARGV("echo", "y"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_TIMEOUT);
    asked_release(&a);
    world_replayed(&w);
}

static void what_was_never_asked_is_lost(void **state)
{
    struct world w;
    struct asked a;

    (void)state;
    world_replay(&w, json_pack("[o]", line("there", "x", "exit", "not ours")));
    ask(&w, &a, ARGV("echo", "x"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_LOST);
    assert_string_equal(a.why, "not in the record");
    asked_release(&a);
    world_replayed(&w);
}

static void bytes_and_cuts_are_kept(void **state)
{
    struct world w;
    struct asked a;
    json_t *binary = line("here", "b", "exit", ""), *cut = line("here", "c", "exit", "abcdef");

    (void)state;
    json_object_del(binary, "out");
    json_object_set_new(binary, "out_base64", json_string("AP+AYQo="));
    json_object_set_new(cut, "out_cut", json_true());
    world_replay(&w, json_pack("[o,o,o]", binary, cut, line("here", "d", "exit", "abcdef")));
    ask(&w, &a, ARGV("echo", "b"), 0, 0);
    assert_int_equal(a.out.len, 5);
    assert_memory_equal(a.out.data, "\0\377\200a\n", 5);
    asked_release(&a);
    ask(&w, &a, ARGV("echo", "c"), 0, 0);
    assert_true(a.out.cut);
    asked_release(&a);
    ask(&w, &a, ARGV("echo", "d"), 4, 0);
    assert_string_equal(a.out.data, "abcd");
    assert_true(a.out.cut);
    asked_release(&a);
    world_replayed(&w);
}

static void damaged_base64_is_no_empty_answer(void **state)
{
    struct world w;
    struct asked a;
    json_t *binary = line("here", "b", "exit", "");

    (void)state;
    json_object_set_new(binary, "err_base64", json_string("AP+A*"));
    world_replay(&w, json_pack("[o]", binary));
    ask(&w, &a, ARGV("echo", "b"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_LOST);
    asked_release(&a);
    world_replayed(&w);
}

static void a_record_that_is_not_there_is_an_error(void **state)
{
    struct host h = {.name = (char[]){"here"}, .transport = (char[]){"local"}};
    struct loop *l = loop_new(NULL);
    struct err e = {0};

    (void)state;
    assert_null(target_new(l, &h, &(struct target_options){.replay = "nowhere"}, &e));
    assert_string_equal(e.text, "cannot read \"nowhere\"");
    h.transport = (char[]){"replay"};
    assert_null(target_new(l, &h, NULL, &e));
    assert_int_equal(e.code, ERR_DATA);
    loop_free(l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_come_in_their_order_and_the_last_stays),
        cmocka_unit_test(what_was_never_asked_is_lost),
        cmocka_unit_test(bytes_and_cuts_are_kept),
        cmocka_unit_test(damaged_base64_is_no_empty_answer),
        cmocka_unit_test(a_record_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
