/* child.c: runs a program of this machine to its end, for what it prints. */
#include "io/child.h"

#include "base/mem.h"
#include "io/process.h"

#include <stdlib.h>

struct child {
    struct stream *stream;
    struct loop_timer *timer;
    struct buf out, err;
    void (*done)(void *data, const struct child_end *end);
    void *data;
};

void child_cancel(struct child *c)
{
    if (!c)
        return;
    loop_timer_stop(c->timer);
    if (c->stream)
        c->stream->ops->close(c->stream, STREAM_KILL);
    buf_release(&c->out);
    buf_release(&c->err);
    free(c);
}

static void child_finish(struct child *c, int status, bool late)
{
    struct child_end end = {status, late, &c->out, &c->err};

    c->done(c->data, &end);
    child_cancel(c);
}

static void on_out(void *data, const char *bytes, size_t n)
{
    struct child *c = data;

    buf_add(&c->out, bytes, n);
}

static void on_err(void *data, const char *bytes, size_t n)
{
    struct child *c = data;

    buf_add(&c->err, bytes, n);
}

static void on_end(void *data, const struct stream_end *end)
{
    child_finish(data, end->kind == STREAM_EXIT ? end->code : -1, false);
}

static void on_late(void *data)
{
    struct child *c = data;

    c->timer = NULL;
    child_finish(c, -1, true);
}

struct child *child_start(struct loop *l, char **argv, int timeout_ms, size_t limit,
                          void (*done)(void *data, const struct child_end *end), void *data,
                          struct err *e)
{
    static const struct stream_calls calls = {NULL, on_out, on_err, on_end};
    struct child *c = mem_alloc(sizeof *c);

    buf_init(&c->out, limit);
    buf_init(&c->err, limit);
    c->done = done;
    c->data = data;
    c->stream = process_open(l, argv, NULL, &calls, c, e);
    if (!c->stream) {
        child_cancel(c);
        return NULL;
    }
    c->stream->ops->shut(c->stream);
    c->timer = loop_timer_start(l, timeout_ms, on_late, c);
    return c;
}
