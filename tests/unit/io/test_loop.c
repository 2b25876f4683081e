/* test_loop.c: the loop and its timers. */
#include "helper.h"

#include <signal.h>

struct fired {
    struct loop *loop;
    bool done;
    int count;
};

static void fire(void *data)
{
    struct fired *f = data;

    f->count++;
    f->done = true;
}

static void interrupt(void *data)
{
    (void)data;
    raise(SIGINT);
}

static void hang_up(void *data)
{
    (void)data;
    raise(SIGHUP);
}

static void a_timer_fires_once_after_its_time(void **state)
{
    struct fired f = {0};
    int64_t began = clock_monotonic_ms();

    (void)state;
    f.loop = loop_new(NULL);
    loop_timer_start(f.loop, 50, fire, &f);
    assert_int_equal(loop_run(f.loop, &f.done), 0);
    assert_true(clock_monotonic_ms() - began >= 49);
    f.done = false;
    assert_int_equal(loop_run(f.loop, &f.done), -1);
    assert_int_equal(f.count, 1);
    loop_free(f.loop);
}

static void a_stopped_timer_does_not_fire(void **state)
{
    struct fired f = {0};

    (void)state;
    f.loop = loop_new(NULL);
    loop_timer_stop(loop_timer_start(f.loop, 1, fire, &f));
    loop_timer_stop(NULL);
    assert_int_equal(loop_run(f.loop, &f.done), -1);
    assert_false(loop_interrupted(f.loop));
    assert_int_equal(f.count, 0);
    loop_free(f.loop);
}

static void an_interruption_ends_the_run_until_it_is_dealt_with(void **state)
{
    struct fired f = {0};

    (void)state;
    f.loop = loop_new(NULL);
    loop_timer_start(f.loop, 10, interrupt, NULL);
    loop_timer_start(f.loop, 200, fire, &f);
    assert_int_equal(loop_run(f.loop, &f.done), -1);
    assert_true(loop_interrupted(f.loop));
    assert_false(f.done);
    assert_int_equal(loop_run(f.loop, &f.done), -1);
    loop_uninterrupt(f.loop);
    assert_int_equal(loop_run(f.loop, &f.done), 0);
    loop_free(f.loop);
}

static void a_terminal_that_closes_interrupts_unless_nohup_was_meant(void **state)
{
    struct fired f = {0};
    int nohup;

    (void)state;
    for (nohup = 0; nohup < 2; nohup++) {
        signal(SIGHUP, nohup ? SIG_IGN : SIG_DFL);
        f.done = false;
        f.loop = loop_new(NULL);
        loop_timer_start(f.loop, 10, hang_up, NULL);
        loop_timer_start(f.loop, 100, fire, &f);
        assert_int_equal(loop_run(f.loop, &f.done), nohup ? 0 : -1);
        assert_int_equal(loop_interrupted(f.loop), !nohup);
        loop_uninterrupt(f.loop);
        loop_run(f.loop, &f.done);
        loop_free(f.loop);
    }
    signal(SIGHUP, SIG_DFL);
}

static void an_idle_target_does_not_hold_the_loop(void **state)
{
    struct world w;
    struct asked a;
    bool never = false;

    (void)state;
    world_open(&w, NULL, NULL);
    ask(&w, &a, ARGV("true"), 0, 0);
    assert_int_equal(loop_run(w.loop, &never), -1);
    asked_release(&a);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_once_after_its_time),
        cmocka_unit_test(a_stopped_timer_does_not_fire),
        cmocka_unit_test(an_interruption_ends_the_run_until_it_is_dealt_with),
        cmocka_unit_test(a_terminal_that_closes_interrupts_unless_nohup_was_meant),
        cmocka_unit_test(an_idle_target_does_not_hold_the_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
