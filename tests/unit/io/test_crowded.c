/* test_crowded.c: a host that lets in one session at a time (MaxSessions 1). */
#include "helper.h"

#include "io/changer.h"

static struct sshd host_sshd;

struct change {
    int lines;
    bool done;
    enum outcome outcome;
    int code;
};

static void on_line(void *data, const char *line, size_t n)
{
    struct change *c = data;

    (void)n;
    assert_string_equal(line, "in|put");
    c->lines++;
}

static void on_end(void *data, const struct result *r)
{
    struct change *c = data;

    if (r->why)
        print_message("%s\n", r->why);
    c->done = true;
    c->outcome = r->outcome;
    c->code = r->code;
}

static void begin_change(struct world *w, struct change *c, const char *program)
{
    struct changer_calls calls = {on_line, on_end, c};

    *c = (struct change){0};
    assert_non_null(changer_start(w->target, program, "in\nput\n", 7, 0, &calls, NULL));
}

static void finish_change(struct world *w, const struct change *c)
{
    assert_true(c->done || loop_run(w->loop, &c->done) == 0);
    assert_int_equal(c->outcome, OUTCOME_EXIT);
    assert_int_equal(c->code, 7);
    assert_int_equal(c->lines, 1);
}

static const char program[] = "read a; read b; echo \"$a|$b\"; exit 7";

static void a_change_takes_the_session_of_an_idle_worker_and_gives_it_back(void **state)
{
    struct change c;
    struct world w;

    (void)state;
    world_open(&w, NULL, NULL);
    assert_reached(&w);
    begin_change(&w, &c, program);
    finish_change(&w, &c);
    reader_forget(w.target);
    assert_reached(&w);
    begin_change(&w, &c, program);
    finish_change(&w, &c);
    world_close(&w);
}

static void a_change_waits_for_a_busy_one(void **state)
{
    struct asked slow, after;
    struct change c;
    struct world w;

    (void)state;
    world_open(&w, NULL, NULL);
    assert_reached(&w);
    submit(&w, &slow, ARGV("sleep", "2"), 0, 0);
    begin_change(&w, &c, "sleep 1; read a; read b; echo \"$a|$b\"; exit 7");
    assert_int_equal(loop_run(w.loop, &slow.done), 0);
    assert_int_equal(slow.outcome, OUTCOME_EXIT);
    assert_false(c.done);
    submit(&w, &after, ARGV("echo", "after"), 0, 0);
    finish_change(&w, &c);
    assert_true(after.done || loop_run(w.loop, &after.done) == 0);
    assert_int_equal(after.outcome, OUTCOME_EXIT);
    asked_release(&slow);
    asked_release(&after);
    world_close(&w);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_change_takes_the_session_of_an_idle_worker_and_gives_it_back),
        cmocka_unit_test(a_change_waits_for_a_busy_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    int failed;

    if (sshd_missing()) {
        printf("skipped: %s\n", sshd_missing());
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    sshd_start(&host_sshd, "MaxSessions 1\n");
    over_ssh = &host_sshd;
    failed = run_all();
    way_over = "openssh";
    failed += run_all();
    sshd_stop(&host_sshd);
    return failed;
}
