/* test_reader.c: the door to read: who may, what is remembered, who is told, until when. */
#include "helper.h"

static int reads_carried_out;

static void on_read(void *data, const struct host *h, const struct request *q,
                    const struct result *r)
{
    assert_string_equal(h->name, "here");
    assert_non_null(q->argv);
    assert_true(r->at_ms > 0);
    (void)data;
    reads_carried_out++;
}

static void open_counting(struct world *w, int workers)
{
    struct target_options o = {.workers = workers, .on_read = on_read};

    reads_carried_out = 0;
    world_open(w, &o, NULL);
}

static void wait_all(struct world *w, struct asked *a, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        assert_int_equal(loop_run(w->loop, &a[i].done), 0);
}

static void release_all(struct asked *a, size_t count)
{
    while (count--)
        asked_release(&a[count]);
}

static void only_reads_pass(void **state)
{
    static char long_word[300 * 1024];
    struct world w;
    struct asked a = {0};
    struct request q = {.argv = ARGV("rm", "-r", "/tmp/nothing here")};
    struct err e = {0};

    (void)state;
    world_open(&w, NULL, NULL);
    assert_int_equal(reader_submit(w.target, &q, on_answer, &a, &e), -1);
    assert_int_equal(e.code, ERR_REFUSED);
    assert_string_equal(e.text,
                        "refused to run, not among the reads: \"rm -r '/tmp/nothing here'\"");
    q.argv = ARGV("cat", "--", "/tmp/a\nrm");
    assert_int_equal(reader_submit(w.target, &q, on_answer, &a, &e), -1);
    assert_int_equal(e.code, ERR_REFUSED);
    /* A request longer than a line would be cut, and the host would wait for its end. */
    long_word[0] = '/';
    memset(long_word + 1, 'x', sizeof long_word - 2);
    q.argv = ARGV("cat", "--", long_word);
    assert_int_equal(reader_submit(w.target, &q, on_answer, &a, &e), -1);
    assert_int_equal(e.code, ERR_REFUSED);
    q.argv = ARGV(NULL);
    assert_int_equal(reader_submit(w.target, &q, on_answer, &a, &e), -1);
    assert_int_equal(loop_run(w.loop, &a.done), -1);
    world_close(&w);
}

static void hundreds_run_side_by_side_and_each_gets_its_own(void **state)
{
    enum { COUNT = 300 };
    static struct asked a[COUNT];
    static char words[COUNT][16];
    struct world w;
    int i;

    (void)state;
    open_counting(&w, 8);
    for (i = 0; i < COUNT; i++) {
        snprintf(words[i], sizeof words[i], "n%d", i);
        submit(&w, &a[i], ARGV("echo", words[i]), 0, 60000);
    }
    wait_all(&w, a, COUNT);
    for (i = 0; i < COUNT; i++) {
        assert_int_equal(a[i].outcome, OUTCOME_EXIT);
        assert_int_equal(strlen(words[i]) + 1, a[i].out.len);
        assert_memory_equal(a[i].out.data, words[i], strlen(words[i]));
    }
    assert_int_equal(reads_carried_out, COUNT);
    release_all(a, COUNT);
    world_close(&w);
}

static void one_worker_keeps_the_order(void **state)
{
    static struct asked a[5];
    static char words[5][16];
    struct world w;
    int i;

    (void)state;
    open_counting(&w, 1);
    for (i = 0; i < 5; i++) {
        snprintf(words[i], sizeof words[i], "0.0%d", 5 - i);
        submit(&w, &a[i], ARGV("sleep", words[i]), 0, 0);
    }
    wait_all(&w, a, 5);
    for (i = 0; i < 5; i++)
        assert_int_equal(a[i].order, i);
    release_all(a, 5);
    world_close(&w);
}

static void slow_reads_do_not_hold_up_others(void **state)
{
    static struct asked a[3];
    struct world w;

    (void)state;
    open_counting(&w, 2);
    submit(&w, &a[0], ARGV("sleep", "1.5"), 0, 0);
    submit(&w, &a[1], ARGV("echo", "1"), 0, 0);
    submit(&w, &a[2], ARGV("echo", "2"), 0, 0);
    wait_all(&w, a, 3);
    assert_int_equal(a[0].order, 2);
    release_all(a, 3);
    world_close(&w);
}

/* What the other's script sees of the first tells whether they ran at once. */
static void a_backend_is_asked_one_thing_at_a_time(void **state)
{
    static struct asked a[3];
    char folder[] = "/tmp/fettle-test.XXXXXX", script[200];
    struct world w;

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(script, sizeof script, "mkdir %s/in && sleep 1 && rmdir %s/in && echo \"$2\"", folder,
             folder);
    open_counting(&w, 4);
    submit(&w, &a[0], ARGV("sh", "-c", script, "--peer", "app:80", "1"), 0, 30000);
    submit(&w, &a[1], ARGV("sh", "-c", script, "--peer", "app:80", "2"), 0, 30000);
    submit(&w, &a[2], ARGV("sh", "-c", "echo other", "--peer", "app:81"), 0, 30000);
    wait_all(&w, a, 3);
    assert_int_equal(a[0].code, 0);
    assert_int_equal(a[1].code, 0);
    assert_true(a[2].order < a[1].order);
    assert_int_equal(rmdir(folder), 0);
    release_all(a, 3);
    world_close(&w);
}

static void the_same_read_is_asked_once(void **state)
{
    static struct asked a[4];
    struct world w;
    struct request q = {.argv = SHELL("date +%N"), .fresh = true};

    (void)state;
    open_counting(&w, 4);
    submit(&w, &a[0], SHELL("date +%N"), 0, 0);
    submit(&w, &a[1], SHELL("date +%N"), 0, 0);
    wait_all(&w, a, 2);
    ask(&w, &a[2], SHELL("date +%N"), 4096, 0);
    assert_int_equal(reads_carried_out, 1);
    assert_string_equal(a[0].out.data, a[1].out.data);
    assert_string_equal(a[0].out.data, a[2].out.data);
    assert_int_equal(reader_submit(w.target, &q, on_answer, &a[3], NULL), 0);
    wait_all(&w, a, 4);
    assert_int_equal(reads_carried_out, 2);
    assert_string_not_equal(a[0].out.data, a[3].out.data);
    asked_release(&a[0]);
    ask(&w, &a[0], SHELL("date +%N"), 0, 0);
    assert_string_equal(a[0].out.data, a[3].out.data);
    asked_release(&a[0]);
    reader_forget(w.target);
    ask(&w, &a[0], SHELL("date +%N"), 0, 0);
    assert_int_equal(reads_carried_out, 3);
    release_all(a, 4);
    world_close(&w);
}

static void a_cut_answer_serves_no_larger_limit(void **state)
{
    struct world w;
    struct asked a;

    (void)state;
    open_counting(&w, 4);
    ask(&w, &a, ARGV("echo", "0123456789"), 5, 0);
    assert_string_equal(a.out.data, "01234");
    assert_true(a.out.cut);
    asked_release(&a);
    ask(&w, &a, ARGV("echo", "0123456789"), 500, 0);
    assert_string_equal(a.out.data, "0123456789\n");
    assert_false(a.out.cut);
    asked_release(&a);
    ask(&w, &a, ARGV("echo", "0123456789"), 5, 0);
    assert_string_equal(a.out.data, "01234");
    asked_release(&a);
    assert_int_equal(reads_carried_out, 3);
    world_close(&w);
}

static void the_cancelled_are_not_told(void **state)
{
    static struct asked a[3];
    struct world w;

    (void)state;
    open_counting(&w, 1);
    submit(&w, &a[0], ARGV("sleep", "0.1"), 0, 0);
    submit(&w, &a[1], ARGV("sleep", "0.1"), 0, 0);
    submit(&w, &a[2], ARGV("echo", "queued"), 0, 0);
    reader_cancel(w.target, &a[0]);
    reader_cancel(w.target, &a[2]);
    reader_cancel(w.target, &w);
    wait_all(&w, &a[1], 1);
    assert_int_equal(loop_run(w.loop, &a[2].done), -1);
    assert_false(a[0].done);
    assert_int_equal(reads_carried_out, 1);
    asked_release(&a[1]);
    world_close(&w);
}

/* ---- the host's time ---- */

static void nothing_goes_on_after_the_hosts_time(void **state)
{
    static struct asked a[4];
    struct target_options o = {.timeout_ms = over_ssh ? 12000 : 4000, .workers = 2};
    struct world w;
    int64_t began = clock_monotonic_ms();
    int i;

    (void)state;
    world_open(&w, &o, NULL);
    submit(&w, &a[0], ARGV("sleep", "4811"), 0, 60000);
    submit(&w, &a[1], ARGV("sleep", "4812"), 0, 60000);
    submit(&w, &a[2], ARGV("sleep", "4813"), 0, 60000);
    wait_all(&w, a, 3);
    assert_true(clock_monotonic_ms() - began < o.timeout_ms + 45000); /* far below the sleeps' 4811 s */
    ask(&w, &a[3], ARGV("echo", "late"), 0, 0);
    for (i = 0; i < 4; i++) {
        assert_int_equal(a[i].outcome, OUTCOME_TIMEOUT);
        assert_non_null(a[i].why);
    }
    release_all(a, 4);
    reader_forget(w.target);
    ask(&w, &a[0], ARGV("echo", "a new day"), 0, 0);
    assert_int_equal(a[0].outcome, OUTCOME_EXIT);
    asked_release(&a[0]);
    world_close(&w);
    assert_none_runs("sleep 481");
}

/* ---- in the middle ---- */

struct asker { /* asks again from within its answer, then frees the target */
    struct world *w;
    bool done;
    int left;
};

static void on_asker(void *data, const struct result *r)
{
    struct asker *k = data;
    struct request q = {.argv = ARGV("echo", "again")};

    assert_string_equal(r->out.data, "again\n");
    if (k->left--) {
        assert_int_equal(reader_submit(k->w->target, &q, on_asker, k, NULL), 0);
        reader_forget(k->w->target);
        return;
    }
    target_free(k->w->target);
    assert_string_equal(r->out.data, "again\n"); /* lives for the call */
    k->w->target = NULL;
    k->done = true;
}

static void an_answer_may_ask_forget_and_free(void **state)
{
    struct world w;
    struct asker k = {&w, false, 3};
    struct asked other;
    struct request q = {.argv = ARGV("echo", "again")};

    (void)state;
    open_counting(&w, 4);
    assert_int_equal(reader_submit(w.target, &q, on_asker, &k, NULL), 0);
    submit(&w, &other, ARGV("sleep", "4821"), 0, 0);
    assert_int_equal(loop_run(w.loop, &k.done), 0);
    assert_false(other.done);
    world_close(&w);
    assert_none_runs("sleep 4821");
}

static void set(void *data)
{
    *(bool *)data = true;
}

static void a_target_may_be_freed_at_any_moment(void **state)
{
    static struct asked a[20];
    static char words[20][24];
    int ms, i;

    (void)state;
    for (ms = 0; ms < (over_ssh ? 600 : 60); ms += over_ssh ? 30 : 3) {
        struct world w;
        bool now = false;

        open_counting(&w, 3);
        for (i = 0; i < 20; i++) {
            snprintf(words[i], sizeof words[i], "w%d", i);
            submit(&w, &a[i], ARGV("echo", words[i]), 0, 0);
        }
        loop_timer_start(w.loop, ms, set, &now);
        assert_int_equal(loop_run(w.loop, &now), 0);
        world_close(&w);
        release_all(a, 20);
    }
}

/* ---- transports ---- */

static void a_transport_that_is_not_there_says_so(void **state)
{
    struct host h = {.name = (char[]){"far"}, .transport = (char[]){"openssh"}};
    char *path = mem_dup(getenv("PATH"));
    struct loop *l = loop_new(NULL);
    struct err e = {0};

    (void)state;
    setenv("PATH", "/nowhere", 1);
    assert_null(target_new(l, &h, NULL, &e));
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(e.code, ERR_UNREACHABLE);
    assert_non_null(strstr(e.text, "there is no `ssh` on this machine"));
    h.transport = (char[]){"pigeon"};
    assert_null(target_new(l, &h, NULL, &e));
    assert_int_equal(e.code, ERR_DATA);
    h.transport = (char[]){"local"};
    h.become = (char[]){"sudo:-x"};
    assert_null(target_new(l, &h, NULL, &e));
    assert_int_equal(e.code, ERR_DATA);
    loop_free(l);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    assert_string_equal(outcome_name(OUTCOME_EXIT), "exit");
    assert_string_equal(outcome_name(OUTCOME_SIGNAL), "signal");
    assert_string_equal(outcome_name(OUTCOME_TIMEOUT), "timeout");
    assert_string_equal(outcome_name(OUTCOME_LOST), "lost");
    assert_string_equal(outcome_name(OUTCOME_NO_STATUS), "no-status");
    assert_string_equal(outcome_name(OUTCOME_NOT_STARTED), "not-started");
    assert_string_equal(outcome_name(OUTCOME_UNREACHABLE), "unreachable");
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_reads_pass),
        cmocka_unit_test(hundreds_run_side_by_side_and_each_gets_its_own),
        cmocka_unit_test(one_worker_keeps_the_order),
        cmocka_unit_test(slow_reads_do_not_hold_up_others),
        cmocka_unit_test(a_backend_is_asked_one_thing_at_a_time),
        cmocka_unit_test(the_same_read_is_asked_once),
        cmocka_unit_test(a_cut_answer_serves_no_larger_limit),
        cmocka_unit_test(the_cancelled_are_not_told),
        cmocka_unit_test(nothing_goes_on_after_the_hosts_time),
        cmocka_unit_test(an_answer_may_ask_forget_and_free),
        cmocka_unit_test(a_target_may_be_freed_at_any_moment),
        cmocka_unit_test(a_transport_that_is_not_there_says_so),
        cmocka_unit_test(outcomes_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return run_over(argc, argv, run_all);
}
