/* made_up_io.h: what io/ offers to change/, played from lists of jobs and answers.
 *
 * For one test program: everything in it is defined, so that the linker takes nothing from io/. */
#ifndef FETTLE_TESTS_CHANGE_MADE_UP_IO_H
#define FETTLE_TESTS_CHANGE_MADE_UP_IO_H

#include "base/mem.h"
#include "io/changer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

struct job {
    const char *mode;  /* that is asked for; NULL ends the list */
    const char *lines; /* with newlines between */
    enum outcome outcome;
    int code;
    const char *err;
};

struct loop_timer {
    void (*fire)(void *);
    void *data;
};

static struct host host = {.name = (char *)"web1", .transport = (char *)"local"};
static const struct job *jobs;
static const char *const *answers; /* what verification sees, one after the other; the last stays */
static struct changer_calls calls;
static const struct job *running;
static struct loop_timer *timer;
static reader_done *reading;
static void *reading_data;

const struct host *target_host(const struct target *t)
{
    (void)t;
    return &host;
}

struct loop *target_loop(const struct target *t)
{
    (void)t;
    return NULL;
}

struct loop_timer *loop_timer_start(struct loop *l, int64_t ms, void (*fire)(void *), void *data)
{
    (void)l;
    (void)ms;
    assert_null(timer);
    timer = mem_alloc(sizeof(*timer));
    timer->fire = fire;
    timer->data = data;
    return timer;
}

void loop_timer_stop(struct loop_timer *t)
{
    if (!t)
        return;
    assert_ptr_equal(t, timer);
    free(timer);
    timer = NULL;
}

struct change_job *changer_start(struct target *t, const char *program, const void *input, size_t n,
                                 int timeout_ms, const struct changer_calls *c, struct err *e)
{
    char want[128];

    (void)t;
    assert_true(strlen(program) > 100 && n > 10 && timeout_ms > 0);
    if (!jobs->mode) {
        err_set(e, ERR_UNREACHABLE, "no connection");
        return NULL;
    }
    snprintf(want, sizeof(want), "fettle-txn 1 run-1 %s\n", jobs->mode);
    if (strncmp(input, want, strlen(want)) != 0)
        fail_msg("wanted %s, was asked for %.60s", want, (const char *)input);
    assert_null(running);
    running = jobs++;
    calls = *c;
    return (struct change_job *)&running;
}

void changer_cancel(struct change_job *j)
{
    if (j)
        running = NULL;
}

int reader_submit(struct target *t, const struct request *q, reader_done *on_done, void *data,
                  struct err *e)
{
    (void)t;
    (void)e;
    assert_true(q->fresh);
    reading = on_done;
    reading_data = data;
    return 0;
}

void reader_cancel(struct target *t, void *data)
{
    (void)t;
    assert_ptr_equal(data, reading_data);
    reading = NULL;
}

void reader_forget(struct target *t)
{
    (void)t;
}

const char *outcome_name(enum outcome o)
{
    return o == OUTCOME_LOST ? "lost" : "other";
}

static void play_job(void)
{
    const struct job *job = running;
    struct result r = {.outcome = job->outcome, .code = job->code};
    const char *p = job->lines, *end;

    for (; *p && running == job; p = *end ? end + 1 : end) {
        end = p + strcspn(p, "\n");
        calls.line(calls.data, p, (size_t)(end - p));
    }
    if (running != job)
        return;
    running = NULL;
    buf_init(&r.out, 16);
    buf_init(&r.err, 1024);
    buf_puts(&r.err, job->err ? job->err : "");
    calls.end(calls.data, &r);
    buf_release(&r.out);
    buf_release(&r.err);
}

static void play_read(void)
{
    reader_done *call = reading;
    struct result r = {.outcome = OUTCOME_EXIT};

    buf_init(&r.out, 1024);
    buf_init(&r.err, 16);
    if (strcmp(*answers, "lost") == 0)
        r.outcome = OUTCOME_LOST;
    else
        buf_addf(&r.out, "%s\n", *answers);
    if (answers[1])
        answers++;
    reading = NULL;
    call(reading_data, &r);
    buf_release(&r.out);
    buf_release(&r.err);
}

static void play_timer(void)
{
    struct loop_timer t = *timer;
    struct timespec ms = {.tv_nsec = 1000000};

    nanosleep(&ms, NULL);
    free(timer);
    timer = NULL;
    t.fire(t.data);
}

/* One turn of the loop; false where there is nothing left to wait for. */
static bool turn(void)
{
    if (running)
        play_job();
    else if (reading)
        play_read();
    else if (timer)
        play_timer();
    else
        return false;
    return true;
}

#endif
