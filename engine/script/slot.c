/* slot.c: the reads that a task waits for, and answers that come too late. */
#include "base/argv.h"
#include "base/mem.h"
#include "script/task.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static void copy_buf(struct buf *to, const struct buf *from)
{
    buf_init(to, from->len);
    buf_add(to, from->data ? from->data : "", from->len);
    to->cut = from->cut;
}

static void empty_slot(struct slot *s)
{
    if (s->filled) {
        buf_release(&s->result.out);
        buf_release(&s->result.err);
        free(s->result.why);
    }
    argv_free(s->argv);
    s->argv = NULL;
    s->filled = s->waiting = false;
    s->task = NULL;
    s->generation = 0;
}

/* A slot's memory lives as long as the world and is never used again, so an answer that nobody
 * waits for any more, or a second one, finds something that can tell.  A run's reads are
 * some hundreds, and an empty slot is small. */
static struct slot *make_slot(struct world *w)
{
    struct slot *s = mem_alloc(sizeof *s);

    s->next = w->slots;
    w->slots = s;
    return s;
}

static void note_unreachable(struct world *w, const struct slot *s)
{
    if (s->result.outcome == OUTCOME_UNREACHABLE && s->target_index == 0 && !w->unreachable)
        w->unreachable = mem_dup(s->result.why ? s->result.why : "host cannot be reached");
}

/* reader_done */
static void answered(void *data, const struct result *r)
{
    struct slot *s = data;
    struct task *t = s->task;

    if (!s->waiting || !t || t->generation != s->generation)
        return; /* too late: whoever asked is gone */
    s->waiting = false;
    s->filled = true;
    s->result = *r;
    copy_buf(&s->result.out, &r->out);
    copy_buf(&s->result.err, &r->err);
    s->result.why = mem_dup(r->why);
    note_unreachable(t->world, s);
    doubts_note(&t->doubts, target_host(s->target)->name, s->argv, &s->result);
    if (--t->waiting == 0) {
        task_ready(t);
        world_pump(t->world);
    }
}

void task_submit(lua_State *L, size_t target, const struct request *q)
{
    struct task *t = task_of(L);
    struct slot *s = make_slot(t->world);
    struct err e;

    t->batch = mem_grow(t->batch, t->batch_count + 1, sizeof *t->batch);
    t->batch[t->batch_count++] = s;
    s->task = t;
    s->generation = t->generation;
    s->target = t->world->targets[target];
    s->target_index = target;
    s->argv = argv_dup(q->argv);
    if (reader_submit(s->target, q, answered, s, &e) < 0) {
        task_clear_batch(t);
        task_fail(L, "%s", e.text);
    }
    s->waiting = true;
    t->waiting++;
}

void task_clear_batch(struct task *t)
{
    size_t i;

    for (i = 0; i < t->batch_count; i++) {
        if (t->batch[i]->waiting)
            reader_cancel(t->batch[i]->target, t->batch[i]);
        empty_slot(t->batch[i]);
    }
    free(t->batch);
    t->batch = NULL;
    t->batch_count = t->waiting = 0;
}
