/* test_changer.c: the door to change. */
#include "helper.h"

#include "io/changer.h"

#include <signal.h>
#include <sys/stat.h>

struct heard {
    struct loop *loop;
    struct change_job *job;
    struct target **free_at_line; /* the target to free when a line comes, or NULL */
    bool cancel_at_line;
    bool done;
    int lines;
    size_t longest;
    struct buf text; /* the lines, a | after each */
    enum outcome outcome;
    int code;
    char *why, *err;
};

static void on_line(void *data, const char *line, size_t n)
{
    struct heard *h = data;

    h->lines++;
    h->longest = n > h->longest ? n : h->longest;
    buf_add(&h->text, line, n);
    buf_puts(&h->text, "|");
    if (h->cancel_at_line)
        changer_cancel(h->job);
    if (h->free_at_line) {
        target_free(*h->free_at_line);
        *h->free_at_line = NULL;
    }
}

static void on_end(void *data, const struct result *r)
{
    struct heard *h = data;

    assert_false(h->done);
    assert_int_equal(r->out.len, 0);
    h->done = true;
    h->outcome = r->outcome;
    h->code = r->code;
    h->why = mem_dup(r->why);
    h->err = mem_dup(r->err.data);
}

static void start(struct world *w, struct heard *h, const char *program, const char *input,
                  int timeout_ms)
{
    struct changer_calls calls = {on_line, on_end, h};
    struct err e = {0};

    h->loop = w->loop;
    buf_init(&h->text, 1 << 20);
    h->job = changer_start(w->target, program, input, strlen(input), timeout_ms, &calls, &e);
    assert_non_null(h->job);
    assert_false(h->done);
}

static void heard_release(struct heard *h)
{
    buf_release(&h->text);
    free(h->why);
    free(h->err);
    memset(h, 0, sizeof *h);
}

static void run(struct world *w, struct heard *h, const char *program, const char *input)
{
    start(w, h, program, input, 0);
    assert_int_equal(loop_run(w->loop, &h->done), 0);
}

static void lines_input_and_status_come_through(void **state)
{
    struct world w;
    struct heard h = {0};

    (void)state;
    world_open(&w, NULL, NULL);
    run(&w, &h, "echo \"$0\"; cat; echo oops >&2; printf 'no end'; exit 7", "one\n\ntwo\n");
    assert_string_equal(h.text.data, "fettle|one||two|no end|");
    assert_int_equal(h.outcome, OUTCOME_EXIT);
    assert_int_equal(h.code, 7);
    assert_string_equal(h.err, "oops\n");
    heard_release(&h);
    run(&w, &h, "kill -9 $$", "");
    if (strcmp(way_over, "openssh") == 0) { /* ssh does not tell a signal */
        assert_int_equal(h.outcome, OUTCOME_NO_STATUS);
    } else {
        assert_int_equal(h.outcome, OUTCOME_SIGNAL);
        assert_int_equal(h.code, SIGKILL);
    }
    heard_release(&h);
    world_close(&w);
}

static void large_input_and_long_lines_are_bounded(void **state)
{
    struct world w;
    struct heard h = {0};
    char *input = mem_alloc(1000001);

    (void)state;
    memset(input, 'x', 1000000);
    world_open(&w, NULL, NULL);
    run(&w, &h, "wc -c", input);
    assert_string_equal(h.text.data, "1000000|");
    heard_release(&h);
    run(&w, &h, "cat; echo; echo after", input);
    assert_int_equal(h.lines, 2);
    assert_int_equal(h.longest, 64 * 1024);
    heard_release(&h);
    run(&w, &h, "exit 0", input);
    assert_int_equal(h.outcome, OUTCOME_EXIT);
    heard_release(&h);
    free(input);
    world_close(&w);
}

static void a_program_outlives_its_time_and_its_cancelling(void **state)
{
    struct world w;
    struct heard h = {0};
    char path[] = "/tmp/fettle-io-XXXXXX";
    char *program;
    int i;

    (void)state;
    close(mkstemp(path));
    program = mem_format(over_ssh ? "echo begun; sleep 6; rm %s" : "echo begun; sleep 0.6; rm %s", path);
    world_open(&w, NULL, NULL);
    start(&w, &h, program, "", over_ssh ? 3000 : 200);
    assert_int_equal(loop_run(w.loop, &h.done), 0);
    assert_int_equal(h.outcome, OUTCOME_TIMEOUT);
    assert_string_equal(h.text.data, "begun|");
    world_close(&w);
    heard_release(&h);
    for (i = 0; i < 100 && access(path, F_OK) == 0; i++)
        usleep(100 * 1000);
    assert_int_not_equal(access(path, F_OK), 0);
    free(program);
}

static void cancel_within_a_line_is_the_last_of_it(void **state)
{
    struct world w;
    struct heard h = {.cancel_at_line = true};

    (void)state;
    world_open(&w, NULL, NULL);
    start(&w, &h, "echo one; echo two; echo three", "", 0);
    assert_int_equal(loop_run(w.loop, &h.done), -1);
    assert_int_equal(h.lines, 1);
    assert_false(h.done);
    heard_release(&h);
    changer_cancel(NULL);
    world_close(&w);
}

static void freeing_the_target_within_a_line_is_safe(void **state)
{
    struct world w;
    struct heard h = {0};

    (void)state;
    world_open(&w, NULL, NULL);
    h.free_at_line = &w.target;
    start(&w, &h, "echo one; echo two", "", 0);
    assert_int_equal(loop_run(w.loop, &h.done), -1);
    assert_int_equal(h.lines, 1);
    heard_release(&h);
    world_close(&w);
}

static void a_record_cannot_be_changed(void **state)
{
    struct world w;
    struct heard h = {0};
    struct changer_calls calls = {on_line, on_end, &h};
    struct err e = {0};

    (void)state;
    record_lines = json_array();
    world_open(&w, &(struct target_options){.replay = "record"}, NULL);
    assert_null(changer_start(w.target, "true", NULL, 0, 0, &calls, &e));
    assert_int_equal(e.code, ERR_REFUSED);
    world_close(&w);
    json_decref(record_lines);
}

static void a_refusing_sudo_is_unreachable(void **state)
{
    struct world w;
    struct heard h = {0};
    char folder[] = "/tmp/fettle-io-XXXXXX";
    char *old, *path, *sudo;
    FILE *f;

    (void)state;
    if (over_ssh)
        skip(); /* its PATH is fixed; test_worker.c has this one */
    old = mem_dup(getenv("PATH"));
    assert_non_null(mkdtemp(folder));
    sudo = mem_format("%s/sudo", folder);
    f = fopen(sudo, "w");
    fputs("#!/bin/sh\necho sudo: no >&2\nexit 1\n", f);
    fchmod(fileno(f), 0755);
    fclose(f);
    path = mem_format("%s:%s", folder, old);
    setenv("PATH", path, 1);
    world_open(&w, NULL, "sudo");
    run(&w, &h, "echo never", "");
    assert_int_equal(h.outcome, OUTCOME_UNREACHABLE);
    assert_string_equal(h.why, "sudo: no");
    assert_int_equal(h.lines, 0);
    heard_release(&h);
    world_close(&w);
    setenv("PATH", old, 1);
    unlink(sudo);
    rmdir(folder);
    free(sudo);
    free(path);
    free(old);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_input_and_status_come_through),
        cmocka_unit_test(large_input_and_long_lines_are_bounded),
        cmocka_unit_test(a_program_outlives_its_time_and_its_cancelling),
        cmocka_unit_test(cancel_within_a_line_is_the_last_of_it),
        cmocka_unit_test(freeing_the_target_within_a_line_is_safe),
        cmocka_unit_test(a_record_cannot_be_changed),
        cmocka_unit_test(a_refusing_sudo_is_unreachable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    return run_over(argc, argv, run_all);
}
