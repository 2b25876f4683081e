/* reader.c: the door to read: who asked for what, and what is remembered. */
#include "io/target_inside.h"

#include "base/argv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/result.h"
#include "model/catalogue.h"

#include <stdlib.h>
#include <string.h>

enum {
    READ_TIMEOUT_MS = 10 * 1000,
    READ_LIMIT = 256 * 1024,
    ARGV_MAX = 60 * 1024, /* quoted, at four bytes for one, it fits into a worker's line */
    REMEMBERED_MAX = 32 * 1024 * 1024, /* bytes of answers kept for a host */
};

/* ---- reads ---- */

static struct read *read_new(struct target *t, const struct request *q)
{
    struct read *read = mem_alloc(sizeof *read), **end = &t->reads;

    read->argv = argv_dup(q->argv);
    read->peer = catalogue_peer(read->argv);
    read->timeout_ms = q->timeout_ms;
    read->limit = q->limit;
    read->fresh = q->fresh;
    read->asked_ms = clock_monotonic_ms();
    while (*end)
        end = &(*end)->next;
    *end = read;
    return read;
}

static void read_free(struct target *t, struct read *read)
{
    struct read **at = &t->reads;

    while (*at != read)
        at = &(*at)->next;
    *at = read->next;
    if (read->state == READ_DONE)
        t->remembered -= read->result.out.len + read->result.err.len;
    result_release(&read->result);
    argv_free(read->argv);
    free(read);
}

/* Nobody waits for it and nobody can ask for it. */
static void read_free_if_unused(struct target *t, struct read *read)
{
    if (!read->tickets &&
        (read->state == READ_QUEUED || (read->state == READ_DONE && read->forgotten)))
        read_free(t, read);
}

/* Would the answer to `read` be, byte for byte, the one to `q`? */
static bool read_serves(const struct read *read, const struct request *q)
{
    const struct result *r = &read->result;

    if (read->forgotten || !argv_equal(read->argv, q->argv))
        return false;
    if (read->state != READ_DONE)
        return read->limit == q->limit && read->timeout_ms >= q->timeout_ms;
    if (r->outcome == OUTCOME_TIMEOUT && read->timeout_ms < q->timeout_ms)
        return false;
    if (read->limit == q->limit)
        return true;
    return !r->out.cut && !r->err.cut && r->out.len <= q->limit && r->err.len <= q->limit;
}

static struct read *read_find(struct target *t, const struct request *q)
{
    struct read *read;

    for (read = t->reads; read; read = read->next)
        if (read_serves(read, q))
            return read;
    return NULL;
}

struct read *reader_next(struct target *t)
{
    struct read *read;

    for (read = t->reads; read; read = read->next)
        if (read->state == READ_QUEUED)
            return read;
    return NULL;
}

/* An application with one worker answers the second who asks only when the first is done: two
 * playbooks that ask at once would each take the other for the fault. */
bool reader_may_run(const struct target *t, const struct read *read)
{
    const struct read *other;

    if (read->state != READ_QUEUED)
        return false;
    for (other = read->peer ? t->reads : NULL; other; other = other->next)
        if (other->state == READ_RUNNING && other->peer && strcmp(other->peer, read->peer) == 0)
            return false;
    return true;
}

struct read *reader_due(struct target *t)
{
    struct read *read;

    for (read = t->reads; read; read = read->next)
        if (reader_may_run(t, read))
            return read;
    return NULL;
}

/* ---- tickets ---- */

static void ticket_append(struct ticket **list, struct ticket *ticket)
{
    while (*list)
        list = &(*list)->next;
    ticket->next = NULL;
    *list = ticket;
}

static void ticket_free(struct target *t, struct ticket *ticket)
{
    ticket->read->tickets--;
    read_free_if_unused(t, ticket->read);
    free(ticket);
}

static void ticket_drop(struct target *t, struct ticket **list, const void *data, bool all)
{
    while (*list) {
        struct ticket *ticket = *list;

        if (all || ticket->data == data) {
            *list = ticket->next;
            ticket_free(t, ticket);
        } else {
            list = &ticket->next;
        }
    }
}

/* Who waited for `read` is next to be told. */
static void ticket_answer(struct target *t, const struct read *read)
{
    struct ticket **list = &t->waiting;

    while (*list) {
        struct ticket *ticket = *list;

        if (ticket->read == read) {
            *list = ticket->next;
            ticket_append(&t->answered, ticket);
        } else {
            list = &ticket->next;
        }
    }
}

/* ---- ends ---- */

/* A connection that was lost says nothing about the host: the next to ask finds out anew. */
static bool outcome_lasts(enum outcome o)
{
    return o != OUTCOME_LOST && o != OUTCOME_NO_STATUS && o != OUTCOME_UNREACHABLE;
}

/* A fresh answer takes the place of what was remembered, and the oldest make room. */
static void reader_remember(struct target *t, struct read *read)
{
    struct read *old, *next;

    t->remembered += read->result.out.len + read->result.err.len;
    if (!outcome_lasts(read->result.outcome))
        read->forgotten = true;
    for (old = t->reads; old; old = next) {
        next = old->next;
        if (old == read || old->state != READ_DONE)
            continue;
        if (t->remembered > REMEMBERED_MAX ||
            (!read->forgotten && argv_equal(old->argv, read->argv))) {
            old->forgotten = true;
            read_free_if_unused(t, old);
        }
    }
}

void reader_finish(struct target *t, struct read *read, struct result *r)
{
    struct request q = {read->argv, read->timeout_ms, read->limit, read->fresh};

    read->result = *r;
    read->state = READ_DONE;
    reader_remember(t, read);
    ticket_answer(t, read);
    reader_wake(t);
    read->tickets++; /* whatever on_read does, it stays for this call */
    if (t->options.on_read)
        t->options.on_read(t->options.data, t->host, &q, &read->result);
    read->tickets--;
    read_free_if_unused(t, read);
}

void reader_again(struct target *t, struct read *read)
{
    read->again = true;
    read->state = READ_QUEUED;
    reader_wake(t);
}

void reader_fail(struct target *t, struct read *read, enum outcome outcome, const char *why)
{
    struct result r;

    result_init(&r, read->limit);
    r.outcome = outcome;
    r.why = mem_dup(why);
    reader_finish(t, read, &r);
}

/* ---- the loop's side ---- */

static void reader_tell(struct target *t)
{
    t->telling = true;
    while (t->answered && !t->freed) {
        struct ticket *ticket = t->answered;

        t->answered = ticket->next;
        ticket->done(ticket->data, &ticket->read->result);
        ticket_free(t, ticket);
    }
    t->telling = false;
}

static void reader_awake(void *data)
{
    struct target *t = data;

    t->wake = NULL;
    reader_tell(t);
    if (t->freed)
        reader_release(t);
    else
        pool_pump(t);
}

void reader_wake(struct target *t)
{
    if (!t->wake && !t->freed)
        t->wake = loop_timer_start(t->loop, 0, reader_awake, t);
}

/* Frees the target itself too, as soon as nobody is being told anything. */
void reader_release(struct target *t)
{
    loop_timer_stop(t->wake);
    t->wake = NULL;
    if (t->telling)
        return;
    ticket_drop(t, &t->waiting, NULL, true);
    ticket_drop(t, &t->answered, NULL, true);
    while (t->reads)
        read_free(t, t->reads);
    free(t);
}

/* ---- the door ---- */

static int reader_check(const struct request *q, struct err *e)
{
    size_t i, n = 0;
    char *text;

    /* A newline would end the request in the middle; the catalogue's classes have none either. */
    for (i = 0; q->argv && q->argv[i]; i++)
        if (strchr(q->argv[i], '\n'))
            return err_set(e, ERR_REFUSED, "refused to run \"%s\": a word holds a newline",
                           q->argv[0]);
    /* Cut short, the request would never end, and the host would wait for the rest. */
    for (i = 0; q->argv && q->argv[i]; i++)
        n += strlen(q->argv[i]) + 3;
    if (n > ARGV_MAX)
        return err_set(e, ERR_REFUSED, "refused to run \"%s\": %zu bytes of words, of at most %d",
                       q->argv[0], n, ARGV_MAX);
    if (q->argv && q->argv[0] && catalogue_reads(q->argv))
        return 0;
    text = argv_text(q->argv);
    err_set(e, ERR_REFUSED, "refused to run, not among the reads: \"%.600s\"", text);
    free(text);
    return -1;
}

int reader_submit(struct target *t, const struct request *asked, reader_done *done, void *data,
                  struct err *e)
{
    struct request q = *asked;
    struct ticket *ticket;
    struct read *read;

    if (reader_check(&q, e) < 0)
        return -1;
    q.timeout_ms = q.timeout_ms > 0 ? q.timeout_ms : READ_TIMEOUT_MS;
    q.limit = q.limit ? q.limit : READ_LIMIT;
    read = q.fresh ? NULL : read_find(t, &q);
    if (!read)
        read = read_new(t, &q);
    ticket = mem_alloc(sizeof *ticket);
    ticket->read = read;
    ticket->done = done;
    ticket->data = data;
    read->tickets++;
    ticket_append(read->state == READ_DONE ? &t->answered : &t->waiting, ticket);
    reader_wake(t);
    return 0;
}

void reader_cancel(struct target *t, void *data)
{
    ticket_drop(t, &t->waiting, data, false);
    ticket_drop(t, &t->answered, data, false);
}

void reader_forget(struct target *t)
{
    struct read *read, *next;

    for (read = t->reads; read; read = next) {
        next = read->next;
        /* One that is queued has seen nothing yet, and stays. */
        read->forgotten = read->forgotten || read->state != READ_QUEUED;
        read_free_if_unused(t, read);
    }
    pool_renew(t);
}
