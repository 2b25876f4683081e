/* undo.c: takes back what an earlier run changed, by what that run left on the host. */
#include "base/mem.h"
#include "change/change.h"
#include "change/vet.h"

#include <string.h>

enum { UNDO_MS = 600000 };

/* The first time it is undo_start() that asks, since it can still say no. */
static void enter_undoing(struct change *c)
{
    if (c->rejoin_until_ms)
        change_ask(c, "undo", 0, UNDO_MS);
}

/* After a lost connection the first undo may still be at work: its own lock is in our way. */
static bool own_lock(const struct change *c)
{
    char *const *end = c->journal.end;

    return c->rejoin_until_ms && end && end[0] && strcmp(end[0], "refused-locked") == 0 && end[1] &&
           strcmp(end[1], c->run) == 0;
}

static void ended_undoing(struct change *c, enum said said)
{
    if (said == SAID_END && own_lock(c)) {
        c->journal.ended = false;
        change_rejoin(c, STATE_UNDOING);
    } else if (said == SAID_END)
        change_conclude_end(c);
    else if (said == SAID_NO_RUN)
        change_conclude(c, CHANGE_REFUSED, 5,
                        mem_format("nothing of run %s on host \"%s\"", c->run,
                                   target_host(c->target)->name));
    else if (said == SAID_LOST || said == SAID_DIED)
        change_rejoin(c, STATE_UNDOING);
    else if (!change_ended_otherwise(c, said))
        change_conclude(c, CHANGE_PUT_BACK_FAILED, 8,
                        mem_format("the undo did not say how it ended (%s): a person must look",
                                   c->why));
}

static const struct change_kind undo_kind = {
    .enter = {[STATE_UNDOING] = enter_undoing},
    .ended = {[STATE_UNDOING] = ended_undoing},
};

struct change *undo_start(struct target *t, const struct change_options *o, change_done *done,
                          void *data, struct err *e)
{
    struct change *c;

    if (!vet_run(o->run)) {
        err_set(e, ERR_USAGE, "not a run's name: \"%.100s\"", o->run ? o->run : "");
        return NULL;
    }
    c = change_new(t, &undo_kind, o, done, data);
    change_enter(c, STATE_UNDOING);
    payload_ask(&c->payload, "undo", c->run, 0);
    if (change_send(c, UNDO_MS, e) == 0)
        return c;
    change_free(c);
    return NULL;
}
