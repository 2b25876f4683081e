/* worker.c: a shell on the host that answers reads, one at a time.
 *
 * What goes over the wire is described in io/worker.sh. */
#include "io/worker.h"

#include "base/argv.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "io/result.h"
#include "io/transport.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const char worker_program[]; /* worker.sh */

enum {
    TOKEN_BYTES = 16,
    TOKEN_SIZE = 2 * TOKEN_BYTES + 1,
    MARK_MAX = TOKEN_SIZE + 16, /* newline, token, blank, status, newline */
    NOISE_MAX = 8 * 1024,       /* of a login's banners, the newest */
    START_MS = 20 * 1000,       /* a slow sudo asks a slow directory service */
    GRACE_MS = 2 * 1000,        /* after the time that the host should have kept */
    STOP_MS = 5 * 1000, /* for the host to end what says too much, and for what is on its way */
    COMMAND_MAX = 256 * 1024,
};

enum worker_state { WORKER_STARTING, WORKER_IDLE, WORKER_BUSY };

/* One of the two streams of an answer. */
struct part {
    struct buf bytes;
    struct buf kept; /* the beginning of what was too much; `bytes` is then what came last */
    size_t searched; /* no mark begins before this */
    size_t len;      /* of the answer proper, once complete */
    bool over, complete;
    bool stray; /* more came after the mark */
    int status;
};

struct shell_worker {
    struct worker base;
    struct loop *loop;
    struct stream *stream;
    enum worker_state state;
    bool stopping; /* the host was told that it is enough */
    struct loop_timer *timer;
    char token[TOKEN_SIZE];
    struct part out, err;
    size_t limit;
    int seconds;
    int64_t at_ms, began_ms;
};

static void worker_on_time(void *data);

static void part_release(struct part *p)
{
    buf_release(&p->bytes);
    buf_release(&p->kept);
}

static void part_reset(struct part *p, size_t max)
{
    part_release(p);
    memset(p, 0, sizeof *p);
    buf_init(&p->bytes, max);
}

/* Looks for newline TOKEN blank STATUS newline. */
static void part_search(struct part *p, const char *token)
{
    char mark[TOKEN_SIZE + 3];
    const char *at, *end, *data = p->bytes.data;
    size_t n = (size_t)snprintf(mark, sizeof mark, "\n%s ", token);

    at = memmem(data + p->searched, p->bytes.len - p->searched, mark, n);
    if (!at) {
        p->searched = p->bytes.len > n ? p->bytes.len - n : 0;
        return;
    }
    p->searched = (size_t)(at - data);
    end = memchr(at + n, '\n', p->bytes.len - p->searched - n);
    if (!end)
        return;
    p->status = atoi(at + n);
    p->len = p->searched;
    p->complete = true;
    p->stray = end + 1 < data + p->bytes.len;
}

static void worker_release(struct shell_worker *w, enum stream_close how)
{
    loop_timer_stop(w->timer);
    if (w->stream)
        w->stream->ops->close(w->stream, how);
    part_release(&w->out);
    part_release(&w->err);
    free(w);
}

static void worker_close(struct worker *base)
{
    worker_release((struct shell_worker *)base, STREAM_KILL);
}

static void part_result(const struct part *p, struct buf *b)
{
    if (p->over)
        buf_add(b, p->kept.data, p->kept.len);
    else
        buf_add(b, p->bytes.data, p->complete ? p->len : p->bytes.len);
}

/* Ends the request that runs; the last thing that a caller does with `w`. */
static void worker_done(struct shell_worker *w, enum outcome outcome, int code, char *why,
                        enum worker_after after)
{
    struct result r;

    result_init(&r, w->limit);
    r.outcome = outcome;
    r.code = code;
    r.why = why;
    r.at_ms = w->at_ms;
    r.took_ms = clock_monotonic_ms() - w->began_ms;
    part_result(&w->out, &r.out);
    part_result(&w->err, &r.err);
    loop_timer_stop(w->timer);
    w->timer = NULL;
    w->state = WORKER_IDLE;
    w->stream->ops->hold(w->stream, false);
    w->base.calls->done(w->base.data, &r, after);
}

/* A status alone does not tell a time-out from a command that ends with 124 by itself, or that
 * was killed by others: the clock does.  GNU's timeout gives 124, or 137 when it had to kill;
 * our watchdog's leave what its signal does. */
static bool worker_timed_out(const struct shell_worker *w, int status)
{
    return clock_monotonic_ms() - w->began_ms >= w->seconds * (int64_t)1000 &&
           (status == 124 || status == 128 + SIGKILL || status == 128 + SIGTERM);
}

/* What a command left behind and nothing could end may still write, into the next answer: then
 * the next is another worker's. */
static void worker_answered(struct shell_worker *w)
{
    int status = w->out.status;
    enum worker_after after =
        w->stopping || w->out.stray || w->err.stray ? WORKER_SPENT : WORKER_IDLES;

    if (worker_timed_out(w, status))
        worker_done(w, OUTCOME_TIMEOUT, -1, NULL, after);
    else if (status == 126 || status == 127)
        worker_done(w, OUTCOME_NOT_STARTED, status, NULL, after);
    else if (status > 128)
        worker_done(w, OUTCOME_SIGNAL, status - 128, NULL, after);
    else
        worker_done(w, OUTCOME_EXIT, status, NULL, after);
}

static void worker_ready(struct shell_worker *w)
{
    loop_timer_stop(w->timer);
    w->timer = NULL;
    w->state = WORKER_IDLE;
    w->stream->ops->hold(w->stream, false);
    w->base.calls->ready(w->base.data);
}

/* Adds and searches piece by piece, dropping the oldest where there is no room: the mark may be
 * anywhere, as what a command left behind can write on after it. */
static void part_add(struct part *p, const char *token, const char *bytes, size_t n)
{
    const size_t most = NOISE_MAX / 2;

    while (n > 0 && !p->complete) {
        size_t piece = n < most ? n : most;

        if (p->bytes.len + piece > p->bytes.max) {
            buf_drop(&p->bytes, p->bytes.len > most ? p->bytes.len - most : 0);
            p->searched = 0;
        }
        buf_add(&p->bytes, bytes, piece);
        part_search(p, token);
        bytes += piece;
        n -= piece;
    }
    if (n > 0)
        p->stray = true;
}

/* `limit` and a byte more are kept, which tells that it was cut. */
static void part_overflow(struct part *p, size_t limit)
{
    p->over = true;
    buf_init(&p->kept, limit + 1);
    buf_add(&p->kept, p->bytes.data, limit + 1);
    if (p->bytes.max < NOISE_MAX)
        p->bytes.max = NOISE_MAX;
}

static void worker_stop(struct shell_worker *w)
{
    if (w->stopping)
        return;
    w->stopping = true;
    w->stream->ops->write(w->stream, "\n", 1);
    loop_timer_stop(w->timer);
    w->timer = loop_timer_start(w->loop, STOP_MS, worker_on_time, w);
}

/* A login's banner may be of any length; of an answer what is beyond its limit is not wanted. */
static void worker_take(struct shell_worker *w, struct part *p, const char *bytes, size_t n)
{
    size_t room = p->bytes.max - p->bytes.len;

    if (w->state == WORKER_BUSY && !p->over && n > room) {
        part_add(p, w->token, bytes, room);
        if (p->complete) {
            p->stray = true;
            return;
        }
        part_overflow(p, w->limit);
        worker_stop(w);
        bytes += room;
        n -= room;
    }
    part_add(p, w->token, bytes, n);
}

static void worker_on_bytes(struct shell_worker *w, struct part *p, const char *bytes, size_t n)
{
    if (w->state == WORKER_IDLE) {
        w->base.calls->gone(w->base.data, "something writes that nobody asked for", false);
        return;
    }
    if (p->complete) {
        p->stray = true;
        return;
    }
    worker_take(w, p, bytes, n);
    if (!w->out.complete || !w->err.complete)
        return;
    if (w->state == WORKER_STARTING)
        worker_ready(w);
    else
        worker_answered(w);
}

static void worker_on_out(void *data, const char *bytes, size_t n)
{
    struct shell_worker *w = data;

    worker_on_bytes(w, &w->out, bytes, n);
}

static void worker_on_err(void *data, const char *bytes, size_t n)
{
    struct shell_worker *w = data;

    worker_on_bytes(w, &w->err, bytes, n);
}

static char *worker_end_text(const struct stream_end *end)
{
    if (end->kind == STREAM_LOST)
        return mem_dup(end->why ? end->why : "the connection was lost");
    if (end->kind == STREAM_CLOSED)
        return mem_dup("the shell on the host ended");
    return mem_format("the shell on the host ended (%s %d)",
                      end->kind == STREAM_SIGNAL ? "signal" : "status", end->code);
}

/* Why there is no shell: sudo's, the login's own words, where there are any. */
static char *worker_start_text(const struct shell_worker *w, const struct stream_end *end)
{
    char *said = result_one_line(w->err.bytes.data, w->err.bytes.len);

    if (!said)
        said = result_one_line(w->out.bytes.data, w->out.bytes.len);
    if (said && end->kind != STREAM_LOST)
        return said;
    free(said);
    return worker_end_text(end);
}

static void worker_on_end(void *data, const struct stream_end *end)
{
    struct shell_worker *w = data;
    char *why;

    if (w->state == WORKER_BUSY) {
        worker_done(w, w->out.bytes.len ? OUTCOME_NO_STATUS : OUTCOME_LOST, -1,
                    worker_end_text(end), end->kind == STREAM_LOST ? WORKER_LOST : WORKER_ENDED);
        return;
    }
    why = w->state == WORKER_STARTING ? worker_start_text(w, end) : worker_end_text(end);
    w->base.calls->gone(w->base.data, why, end->kind == STREAM_LOST && end->crowded);
    free(why);
}

static void worker_on_time(void *data)
{
    struct shell_worker *w = data;

    w->timer = NULL;
    if (w->state == WORKER_STARTING)
        w->base.calls->gone(w->base.data, "no shell answered in time", false);
    else if (w->stopping)
        worker_done(w, OUTCOME_NO_STATUS, -1,
                    mem_format("more than %zu bytes, and no end of it", w->limit), WORKER_SPENT);
    else
        worker_done(w, OUTCOME_TIMEOUT, -1, NULL, WORKER_SILENT);
}

static void worker_on_begun(void *data)
{
    struct shell_worker *w = data;

    w->timer = loop_timer_start(w->loop, START_MS, worker_on_time, w);
}

static const struct stream_calls worker_stream_calls = {worker_on_begun, worker_on_out,
                                                        worker_on_err, worker_on_end};

static void worker_run(struct worker *base, const struct request *q)
{
    struct shell_worker *w = (struct shell_worker *)base;
    struct buf line;

    w->state = WORKER_BUSY;
    w->stopping = false;
    w->limit = q->limit;
    w->seconds = (q->timeout_ms + 999) / 1000;
    w->at_ms = clock_wall_ms();
    w->began_ms = clock_monotonic_ms();
    part_reset(&w->out, q->limit + 1 + MARK_MAX);
    part_reset(&w->err, q->limit + 1 + MARK_MAX);
    /* Without chance nobody could tell answers from output; the worker would not have started
     * either, so this does not happen. */
    if (digest_random(w->token, TOKEN_BYTES, NULL) < 0)
        abort();
    buf_init(&line, COMMAND_MAX);
    buf_addf(&line, "%s %d ", w->token, w->seconds);
    argv_quote(&line, q->argv);
    buf_puts(&line, "\n");
    w->stream->ops->hold(w->stream, true);
    w->stream->ops->write(w->stream, line.data, line.len);
    buf_release(&line);
    w->timer = loop_timer_start(w->loop, w->seconds * (int64_t)1000 + GRACE_MS, worker_on_time, w);
}

static const struct worker_ops shell_ops = {worker_run, worker_close};

/* The program without its comments: each byte is a read() over there. */
static char *worker_text(void)
{
    struct buf b;
    const char *line = worker_program;
    char *program;

    buf_init(&b, 64 * 1024);
    while (*line) {
        const char *text = line + strspn(line, " ");
        const char *end = strchr(text, '\n');
        size_t n = end ? (size_t)(end - text) + 1 : strlen(text);

        if (*text != '#' && *text != '\n')
            buf_add(&b, text, n);
        line = text + n;
    }
    program = buf_take(&b);
    buf_release(&b); /* taking leaves an empty one */
    return program;
}

static struct stream *worker_stream(struct shell_worker *w, const struct transport *transport,
                                    void *connection, struct err *e)
{
    char *text = worker_text(), *greeting = mem_format("%s 0 \n", w->token);
    struct stream *s = transport->open(connection, text, &worker_stream_calls, w, e);

    if (s)
        s->ops->write(s, greeting, strlen(greeting));
    free(text);
    free(greeting);
    return s;
}

static struct worker *shell_open(const struct transport *transport, void *connection,
                                 struct loop *l, const struct worker_calls *calls, void *data,
                                 struct err *e)
{
    struct shell_worker *w = mem_alloc(sizeof *w);

    w->base.ops = &shell_ops;
    w->base.calls = calls;
    w->base.data = data;
    w->loop = l;
    part_reset(&w->out, NOISE_MAX);
    part_reset(&w->err, NOISE_MAX);
    if (digest_random(w->token, TOKEN_BYTES, e) == 0)
        w->stream = worker_stream(w, transport, connection, e);
    if (!w->stream) {
        worker_release(w, STREAM_KILL);
        return NULL;
    }
    if (!w->stream->far)
        worker_on_begun(w);
    return &w->base;
}

struct worker *worker_open(const struct transport *transport, void *connection, struct loop *l,
                           const struct worker_calls *calls, void *data, struct err *e)
{
    if (transport->worker)
        return transport->worker(connection, l, calls, data, e);
    return shell_open(transport, connection, l, calls, data, e);
}
