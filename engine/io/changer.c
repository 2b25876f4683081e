/* changer.c: the door to change. */
#include "io/changer.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "io/result.h"
#include "io/target_inside.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANGER_LINE_MAX = 64 * 1024,
    CHANGER_ERR_MAX = 256 * 1024,
    CHANGER_TIMEOUT_MS = 120 * 1000,
    MARK_BYTES = 16,
    ROOM_MS = 20 * 1000, /* for a session to end, where the host allows no more of them */
    ROOM_RETRY_MS = 250,
};

struct change_job {
    struct change_job *next;
    struct target *target;
    struct stream *stream;
    struct loop_timer *timer, *retry;
    struct changer_calls calls;
    char *program;
    struct buf input;      /* both until the host has been reached */
    int64_t room_until_ms; /* 0: there has been room */
    char mark[2 * MARK_BYTES + 1]; /* a line of it: the program has been reached.  No secret */
    bool reached, over;
    int status; /* what the host's own shell said, once `over` */
    bool blank; /* an empty line is held back: the one before the mark at the end is not theirs */
    bool telling, cancelled; /* cancelled from within a call: freed when that returns */
    struct buf line;
    struct result result;
    int timeout_ms;
    int64_t began_ms;
};

static void job_free(struct change_job *j)
{
    buf_release(&j->line);
    buf_release(&j->input);
    result_release(&j->result);
    free(j->program);
    free(j);
}

/* Closing never kills: a transaction minds itself, and dies worse than it ends. */
static void job_close(struct change_job *j)
{
    loop_timer_stop(j->timer);
    j->timer = NULL;
    loop_timer_stop(j->retry);
    j->retry = NULL;
    if (j->stream)
        j->stream->ops->close(j->stream, STREAM_LEAVE);
    j->stream = NULL;
}

static void job_detach(struct change_job *j)
{
    struct change_job **at = &j->target->jobs;

    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
    job_close(j);
    if (j->target->crowded)
        reader_wake(j->target); /* reads may have waited for its session */
}

/* The last thing that a caller does with `j`. */
static void job_end(struct change_job *j, enum outcome outcome, int code, char *why)
{
    struct changer_calls calls = j->calls;
    struct result *r = &j->result;

    job_detach(j);
    r->outcome = outcome;
    r->code = code;
    r->why = why;
    r->took_ms = clock_monotonic_ms() - j->began_ms;
    calls.end(calls.data, r);
    job_free(j);
}

/* The last line: MARK STATUS.  It counts for more than what SSH says: there 0 is also what comes
 * when nothing came. */
static bool job_is_last_line(struct change_job *j)
{
    size_t n = strlen(j->mark);

    if (strncmp(j->line.data, j->mark, n) != 0 || j->line.data[n] != ' ')
        return false;
    j->over = true;
    j->status = atoi(j->line.data + n);
    return true;
}

static void job_tell(struct change_job *j)
{
    if (j->blank)
        j->calls.line(j->calls.data, "", 0);
    j->blank = !j->line.len;
    if (!j->blank && !j->cancelled)
        j->calls.line(j->calls.data, j->line.data, j->line.len);
}

/* The program gets its input only once it has been heard, so that of a connection that is lost
 * before it is known that nothing began. */
static void job_send(struct change_job *j)
{
    j->reached = true;
    if (j->input.len)
        j->stream->ops->write(j->stream, j->input.data, j->input.len);
    j->stream->ops->shut(j->stream);
    buf_release(&j->input);
}

/* Before the mark there are banners, and nothing that the program said. */
static void job_on_line(struct change_job *j)
{
    if (!j->reached) {
        if (strcmp(j->line.data, j->mark) == 0)
            job_send(j);
    } else if (!j->over && !job_is_last_line(j)) {
        job_tell(j);
    }
    if (!j->cancelled)
        buf_clear(&j->line);
}

static void job_on_out(void *data, const char *bytes, size_t n)
{
    struct change_job *j = data;
    const char *end = bytes + n;

    j->telling = true;
    while (bytes < end && !j->cancelled) {
        const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
        const char *stop = newline ? newline : end;

        buf_add(&j->line, bytes, (size_t)(stop - bytes)); /* what is too long is cut */
        if (newline)
            job_on_line(j);
        bytes = stop + 1;
    }
    j->telling = false;
    if (j->cancelled)
        job_free(j);
}

static void job_on_err(void *data, const char *bytes, size_t n)
{
    struct change_job *j = data;

    buf_add(&j->result.err, bytes, n);
}

static char *job_lost_text(const struct stream_end *end)
{
    return mem_dup(end->why ? end->why : "the connection was lost");
}

/* Nothing of the program ran: sudo or the login said no. */
static void job_unreached(struct change_job *j, const struct stream_end *end)
{
    char *said = result_one_line(j->result.err.data, j->result.err.len);

    if (!said)
        said = end->kind == STREAM_LOST
                   ? job_lost_text(end)
                   : mem_format("the shell on the host ended (%s %d)",
                                end->kind == STREAM_SIGNAL ? "signal" : "status", end->code);
    job_end(j, OUTCOME_UNREACHABLE, -1, said);
}

static void job_ended(struct change_job *j, const struct stream_end *end)
{
    if (j->over)
        job_end(j, OUTCOME_EXIT, j->status, NULL);
    else if (!j->reached)
        job_unreached(j, end);
    else if (end->kind == STREAM_LOST)
        job_end(j, OUTCOME_LOST, -1, job_lost_text(end));
    else if (end->kind == STREAM_CLOSED)
        job_end(j, OUTCOME_NO_STATUS, -1, mem_dup("the program ended without a status"));
    else
        job_end(j, end->kind == STREAM_EXIT ? OUTCOME_EXIT : OUTCOME_SIGNAL, end->code, NULL);
}

/* What came last may be the beginning of the mark at the end, of which the rest was lost: no line of
 * the program's, and a status that could be cut itself is none. */
static bool job_is_cut_mark(const struct change_job *j)
{
    size_t n = strlen(j->mark);

    return j->blank && strncmp(j->line.data, j->mark, j->line.len < n ? j->line.len : n) == 0;
}

static void job_on_retry(void *data);

/* The host has no session left (MaxSessions), so nothing has been run: a worker that has nothing to
 * do gives its own up, and it is tried again. */
static bool job_waits_for_room(struct change_job *j, const struct stream_end *end)
{
    int64_t now = clock_monotonic_ms();

    if (end->kind != STREAM_LOST || !end->crowded || j->reached)
        return false;
    if (!j->room_until_ms)
        j->room_until_ms = now + ROOM_MS;
    if (now >= j->room_until_ms)
        return false;
    job_close(j);
    buf_clear(&j->line);
    buf_clear(&j->result.err);
    pool_make_room(j->target);
    j->retry = loop_timer_start(j->target->loop, ROOM_RETRY_MS, job_on_retry, j);
    return true;
}

static void job_on_end(void *data, const struct stream_end *end)
{
    struct change_job *j = data;

    if (job_waits_for_room(j, end))
        return;
    /* A last line without its newline still says something. */
    if (j->reached && j->line.len && !job_is_cut_mark(j)) {
        j->telling = true;
        job_on_line(j);
        j->telling = false;
    }
    if (j->cancelled)
        job_free(j);
    else
        job_ended(j, end);
}

static void job_on_time(void *data)
{
    struct change_job *j = data;

    j->timer = NULL;
    job_end(j, j->reached ? OUTCOME_TIMEOUT : OUTCOME_UNREACHABLE, -1,
            mem_dup(j->reached ? "the program did not end in time" : "no shell answered in time"));
}

static void job_on_begun(void *data)
{
    struct change_job *j = data;

    j->timer = loop_timer_start(j->target->loop, j->timeout_ms, job_on_time, j);
}

static const struct stream_calls job_stream_calls = {job_on_begun, job_on_out, job_on_err,
                                                     job_on_end};

static struct change_job *job_new(struct target *t, const struct changer_calls *calls)
{
    struct change_job *j = mem_alloc(sizeof *j);

    j->target = t;
    j->calls = *calls;
    j->began_ms = clock_monotonic_ms();
    buf_init(&j->line, CHANGER_LINE_MAX);
    result_init(&j->result, CHANGER_ERR_MAX);
    return j;
}

/* The program, between a first line that puts the mark out and a last one that adds the status.
 * Within a shell of its own, so that it may exit; what kills `$$` kills the whole. */
static int job_open(struct change_job *j, struct err *e)
{
    const struct transport *transport = j->target->transport;
    char *text;

    if (!transport->open)
        return err_set(e, ERR_REFUSED, "cannot change \"%s\": it is a record",
                       j->target->host->name);
    if (digest_random(j->mark, MARK_BYTES, e) < 0)
        return -1;
    text = mem_format("echo; echo %s\n(\n%s\n)\ns=$?; echo; echo %s $s; exit $s\n", j->mark,
                      j->program, j->mark);
    j->stream = transport->open(j->target->connection, text, &job_stream_calls, j, e);
    free(text);
    if (!j->stream)
        return -1;
    if (!j->stream->far)
        job_on_begun(j);
    return 0;
}

static void job_on_retry(void *data)
{
    struct change_job *j = data;
    struct err e = {0};

    j->retry = NULL;
    if (job_open(j, &e) < 0)
        job_end(j, OUTCOME_UNREACHABLE, -1, mem_dup(e.text));
}

struct change_job *changer_start(struct target *t, const char *program, const void *input, size_t n,
                                 int timeout_ms, const struct changer_calls *calls, struct err *e)
{
    struct change_job *j = job_new(t, calls);

    j->timeout_ms = timeout_ms > 0 ? timeout_ms : CHANGER_TIMEOUT_MS;
    j->program = mem_dup(program);
    buf_init(&j->input, n);
    buf_add(&j->input, input, n);
    if (job_open(j, e) < 0) {
        job_free(j);
        return NULL;
    }
    j->next = t->jobs;
    t->jobs = j;
    return j;
}

void changer_cancel(struct change_job *j)
{
    if (!j || j->cancelled)
        return;
    job_detach(j);
    j->cancelled = true;
    if (!j->telling)
        job_free(j);
}

void changer_release(struct target *t)
{
    while (t->jobs)
        changer_cancel(t->jobs);
}
