/* gate.c: not everybody begins at once. */
#include "io/gate.h"

#include "base/mem.h"

#include <stdlib.h>

enum { GATE_PLACES = 10 };

struct gate {
    struct gate_pass *waiting; /* the oldest first */
    int inside;
};

struct gate_pass {
    struct gate_pass *next; /* while it waits */
    struct gate *gate;
    struct loop *loop;
    struct loop_timer *timer; /* to be told, then until the place is given up */
    int ms;
    bool has_place;
    void (*in)(void *data);
    void *data;
};

static void *gate_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct gate));
}

static void gate_drop(void *gate)
{
    free(gate);
}

static void gate_admit(struct gate *g);

static void pass_give_up(struct gate_pass *p)
{
    if (!p->has_place)
        return;
    p->has_place = false;
    p->gate->inside--;
    gate_admit(p->gate);
}

static void pass_on_time(void *data)
{
    struct gate_pass *p = data;

    p->timer = NULL;
    pass_give_up(p);
}

static void pass_on_turn(void *data)
{
    struct gate_pass *p = data;

    p->timer = loop_timer_start(p->loop, p->ms, pass_on_time, p);
    p->in(p->data); /* may leave */
}

static void gate_admit(struct gate *g)
{
    while (g->waiting && g->inside < GATE_PLACES) {
        struct gate_pass *p = g->waiting;

        g->waiting = p->next;
        g->inside++;
        p->has_place = true;
        p->timer = loop_timer_start(p->loop, 0, pass_on_turn, p);
    }
}

struct gate_pass *gate_ask(struct loop *l, int ms, void (*in)(void *data), void *data)
{
    struct gate *g = loop_keep(l, gate_make, gate_drop);
    struct gate_pass *p = mem_alloc(sizeof *p), **end = &g->waiting;

    p->gate = g;
    p->loop = l;
    p->ms = ms;
    p->in = in;
    p->data = data;
    while (*end)
        end = &(*end)->next;
    *end = p;
    gate_admit(g);
    return p;
}

bool gate_is_in(const struct gate_pass *p)
{
    return p && p->has_place;
}

void gate_leave(struct gate_pass *p)
{
    struct gate_pass **at;

    if (!p)
        return;
    loop_timer_stop(p->timer);
    for (at = &p->gate->waiting; *at; at = &(*at)->next)
        if (*at == p) {
            *at = p->next;
            break;
        }
    pass_give_up(p);
    free(p);
}
