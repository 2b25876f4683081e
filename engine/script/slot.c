/* slot.c: the reads that a task waits for, and answers that come too late. */
#include "base/argv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "script/task.h"

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

static struct slot *batch_add(struct task *t, size_t target, char *const *argv)
{
    struct slot *s = make_slot(t->world);

    t->batch = mem_grow(t->batch, t->batch_count + 1, sizeof *t->batch);
    t->batch[t->batch_count++] = s;
    s->task = t;
    s->generation = t->generation;
    s->target = t->world->targets[target];
    s->target_index = target;
    s->argv = argv_dup(argv);
    return s;
}

static void refuse(struct task *t, struct slot *s, const char *why)
{
    s->filled = true;
    s->result = (struct result){.outcome = OUTCOME_REFUSED, .code = -1, .at_ms = clock_wall_ms()};
    buf_init(&s->result.out, 0);
    buf_init(&s->result.err, 0);
    s->result.why = mem_dup(why);
    doubts_note(&t->doubts, target_host(s->target)->name, s->argv, &s->result);
}

void task_refuse(struct task *t, size_t target, char *const *argv, const char *why)
{
    refuse(t, batch_add(t, target, argv), why);
}

void task_submit(struct task *t, size_t target, const struct request *q)
{
    struct slot *s = batch_add(t, target, q->argv);
    struct err e;

    /* What is declared lies within the catalogue (lint sees to it): so it is a value again. */
    if (reader_submit(s->target, q, answered, s, &e) < 0) {
        refuse(t, s, e.text);
        return;
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
