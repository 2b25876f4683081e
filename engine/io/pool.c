/* pool.c: a target's workers: how many, which read runs where, and until when. */
#include "io/target_inside.h"

#include "base/clock.h"
#include "base/mem.h"
#include "io/result.h"

#include <stdlib.h>
#include <string.h>

/* A worker is some processes on the host.  So the second is there only when a read has waited for
 * longer than most take, and of those beyond the first there are not too many over all hosts:
 * many hosts are side by side anyway. */
enum { PATIENCE_MS = 100, EXTRA_MAX = 24, ROOM_MS = 20 * 1000, ROOM_RETRY_MS = 250 };

struct extra {
    int count;
};

static void *extra_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct extra));
}

static void extra_drop(void *extra)
{
    free(extra);
}

static struct extra *extra_of(const struct target *t)
{
    return loop_keep(t->loop, extra_make, extra_drop);
}

static void slot_close(struct slot *slot)
{
    if (slot->extra)
        extra_of(slot->target)->count--;
    slot->extra = false;
    if (slot->worker)
        slot->worker->ops->close(slot->worker);
    slot->worker = NULL;
    slot->read = NULL;
    slot->state = SLOT_EMPTY;
}

static int pool_count(const struct target *t, enum slot_state state)
{
    int i, n = 0;

    for (i = 0; i < t->options.workers; i++)
        n += t->slots[i].state == state;
    return n;
}

static struct slot *pool_slot(struct target *t, enum slot_state state)
{
    int i;

    for (i = 0; i < t->options.workers; i++)
        if (t->slots[i].state == state)
            return &t->slots[i];
    return NULL;
}

static void pool_fail_queue(struct target *t, enum outcome outcome, const char *why)
{
    struct read *read;

    while ((read = reader_next(t)))
        reader_fail(t, read, outcome, why);
}

/* ---- what workers say ---- */

static void pool_on_ready(void *data)
{
    struct slot *slot = data;

    slot->state = SLOT_IDLE;
    slot->target->room_until_ms = 0;
    slot->target->let_in = true;
    reader_wake(slot->target);
}

/* A connection that breaks off at the same read again is none. */
static void pool_lose(struct target *t, struct result *r)
{
    char *why = mem_format("its connection breaks off: %s", r->why ? r->why : "nobody knows why");

    free(r->why);
    r->why = why;
    r->outcome = OUTCOME_UNREACHABLE;
    if (!t->unreachable)
        t->unreachable = mem_dup(why);
}

static void pool_on_done(void *data, struct result *r, enum worker_after after)
{
    struct slot *slot = data, *idle;
    struct target *t = slot->target;
    struct read *read = slot->read;

    slot->read = NULL;
    slot->state = SLOT_IDLE;
    if (after != WORKER_IDLES)
        slot_close(slot);
    /* A worker that waits proves nothing: only a new one does. */
    while (after == WORKER_SILENT && (idle = pool_slot(t, SLOT_IDLE)))
        slot_close(idle);
    if (after != WORKER_IDLES && after != WORKER_SPENT && !read->again) {
        result_release(r);
        reader_again(t, read);
        return;
    }
    if (after == WORKER_LOST)
        pool_lose(t, r);
    reader_finish(t, read, r);
}

static void pool_on_room(void *data)
{
    struct target *t = data;

    t->room = NULL;
    reader_wake(t);
}

/* The session of a change that is over takes a moment to end over there. */
static bool pool_waits_for_room(struct target *t)
{
    int64_t now = clock_monotonic_ms();

    if (!t->crowded)
        return false;
    if (!t->room_until_ms)
        t->room_until_ms = now + ROOM_MS;
    if (now >= t->room_until_ms)
        return false;
    if (!t->room)
        t->room = loop_timer_start(t->loop, ROOM_RETRY_MS, pool_on_room, t);
    return true;
}

static void pool_on_gone(void *data, const char *reason, bool crowded)
{
    struct slot *slot = data;
    struct target *t = slot->target;
    bool was_starting = slot->state == SLOT_STARTING;
    char *why = mem_dup(reason); /* closing the worker may free it */
    int others;

    slot_close(slot);
    others = pool_count(t, SLOT_IDLE) + pool_count(t, SLOT_BUSY);
    if (was_starting && others) {
        t->slot_max = others; /* the host lets in no more (MaxSessions, limits): make do */
    } else if (was_starting && !(crowded && pool_waits_for_room(t))) {
        t->unreachable = t->let_in ? mem_format("it answers no more: %s", why) : mem_dup(why);
    }
    free(why);
    reader_wake(t);
}

static const struct worker_calls pool_calls = {pool_on_ready, pool_on_done, pool_on_gone};

/* ---- handing out ---- */

static int pool_there(const struct target *t)
{
    return pool_count(t, SLOT_IDLE) + pool_count(t, SLOT_BUSY);
}

static void pool_open(struct target *t)
{
    struct slot *slot = pool_slot(t, SLOT_EMPTY);
    struct err e = {0};

    slot->extra = pool_there(t) > 0;
    if (slot->extra)
        extra_of(t)->count++;
    slot->state = SLOT_STARTING;
    slot->worker = worker_open(t->transport, t->connection, t->loop, &pool_calls, slot, &e);
    if (!slot->worker)
        pool_on_gone(slot, e.text, false);
}

static void pool_run(struct target *t, struct slot *slot, struct read *read)
{
    int64_t left = t->deadline_ms - clock_monotonic_ms();
    struct request q = {read->argv, read->timeout_ms, read->limit, read->fresh};

    if (q.timeout_ms > left)
        q.timeout_ms = left > 1 ? (int)left : 1;
    slot->state = SLOT_BUSY;
    slot->read = read;
    read->state = READ_RUNNING;
    slot->worker->ops->run(slot->worker, &q);
}

/* One way in at a time, and a second only once the first was let in: whoever is refused, asked
 * for a key or hangs, does so once. */
static bool pool_wants_more(const struct target *t)
{
    int starting = pool_count(t, SLOT_STARTING), there = pool_there(t);

    if (t->room || (t->crowded && t->jobs))
        return false;
    if (t->unreachable || !there)
        return !t->unreachable && !starting;
    return there + starting < t->slot_max && extra_of(t)->count < EXTRA_MAX;
}

static void pool_on_patience(void *data)
{
    struct target *t = data;

    t->patience = NULL;
    reader_wake(t);
}

/* How long `read` can still wait for one of the workers that there are; 0: not at all. */
static int64_t pool_patience(const struct target *t, const struct read *read)
{
    int64_t left = read->asked_ms + PATIENCE_MS - clock_monotonic_ms();

    return pool_there(t) && left > 0 ? left : 0;
}

static bool pool_expired(const struct target *t)
{
    return !t->asking && clock_monotonic_ms() >= t->deadline_ms;
}

/* The host's time is over: whatever is in the middle ends here. */
static void pool_expire(struct target *t)
{
    char *why =
        mem_format("no time left: the %d s for this host are over", t->options.timeout_ms / 1000);
    bool was_in = pool_there(t) > 0 || !t->slots[0].worker;
    int i;

    for (i = 0; i < t->options.workers; i++) {
        struct read *read = t->slots[i].read;

        slot_close(&t->slots[i]);
        if (read)
            reader_fail(t, read, OUTCOME_TIMEOUT, why);
    }
    pool_fail_queue(t, was_in ? OUTCOME_TIMEOUT : OUTCOME_UNREACHABLE, why);
    free(why);
}

static void pool_on_deadline(void *data)
{
    struct target *t = data;

    t->deadline = NULL;
    if (pool_expired(t))
        pool_expire(t);
    else
        reader_wake(t); /* a millisecond early: pump sets it anew */
}

/* The timer runs only while somebody waits, so that an idle target does not hold the loop. */
static void pool_watch(struct target *t)
{
    bool busy = !t->asking && (reader_next(t) || pool_count(t, SLOT_BUSY));

    if (busy && !t->deadline) {
        t->deadline =
            loop_timer_start(t->loop, t->deadline_ms - clock_monotonic_ms(), pool_on_deadline, t);
    } else if (!busy && t->deadline) {
        loop_timer_stop(t->deadline);
        t->deadline = NULL;
    }
}

static void pool_dispatch(struct target *t)
{
    struct read *read;
    struct slot *slot;
    int open = -pool_count(t, SLOT_STARTING);

    while ((read = reader_due(t)) && (slot = pool_slot(t, SLOT_IDLE)))
        pool_run(t, slot, read);
    for (; read && (!reader_may_run(t, read) || !pool_patience(t, read)); read = read->next)
        open += reader_may_run(t, read);
    for (; open > 0 && pool_wants_more(t); open--)
        pool_open(t);
    if (read && !t->patience)
        t->patience = loop_timer_start(t->loop, pool_patience(t, read), pool_on_patience, t);
}

void pool_pump(struct target *t)
{
    if (!t->deadline_ms)
        t->deadline_ms = clock_monotonic_ms() + t->options.timeout_ms;
    if (reader_next(t) && pool_expired(t))
        pool_expire(t);
    else if (!t->unreachable)
        pool_dispatch(t);
    if (t->unreachable)
        pool_fail_queue(t, OUTCOME_UNREACHABLE, t->unreachable);
    pool_watch(t);
}

void pool_init(struct target *t)
{
    int i;

    t->slot_max = t->options.workers;
    t->slots = mem_alloc((size_t)t->options.workers * sizeof *t->slots);
    for (i = 0; i < t->options.workers; i++)
        t->slots[i].target = t;
}

void pool_make_room(struct target *t)
{
    struct slot *slot = pool_slot(t, SLOT_IDLE);

    t->crowded = true;
    if (slot)
        slot_close(slot);
}

void pool_renew(struct target *t)
{
    loop_timer_stop(t->deadline);
    t->deadline = NULL;
    t->deadline_ms = 0;
    free(t->unreachable);
    t->unreachable = NULL;
    t->slot_max = t->options.workers;
    reader_wake(t);
}

void pool_pause(struct target *t)
{
    if (t->asking++ == 0)
        t->asked_ms = clock_monotonic_ms();
    pool_watch(t);
}

void pool_resume(struct target *t)
{
    if (--t->asking)
        return;
    if (t->deadline_ms)
        t->deadline_ms += clock_monotonic_ms() - t->asked_ms;
    reader_wake(t);
}

void pool_release(struct target *t)
{
    int i;

    loop_timer_stop(t->deadline);
    loop_timer_stop(t->patience);
    loop_timer_stop(t->room);
    for (i = 0; i < t->options.workers; i++)
        slot_close(&t->slots[i]);
    free(t->slots);
    free(t->unreachable);
}
