/* undo.c: takes back what an earlier run changed, or what it left when it was cut off, by what lies on
 * the host. */
#include "base/mem.h"
#include "change/change.h"
#include "change/vet.h"

#include <string.h>

enum { UNDO_MS = 600000 };

static const char *mode_of(enum change_state state)
{
    return state == STATE_UNDOING ? "undo" : "recover";
}

/* The first time it is start() that asks, since it can still say no. */
static void enter_asking(struct change *c)
{
    if (c->rejoin_until_ms)
        change_ask(c, mode_of(c->state), 0, UNDO_MS);
}

/* After a lost connection what we asked for first may still be at work: its own lock is in our way. */
static bool own_lock(const struct change *c)
{
    char *const *end = c->journal.end;

    return c->rejoin_until_ms && end && end[0] && strcmp(end[0], "refused-locked") == 0 && end[1] &&
           (strcmp(c->run, "-") == 0 || strcmp(end[1], c->run) == 0);
}

/* However the run had ended: what counts is that nothing is left unfinished. */
static bool is_settled(struct change *c)
{
    static const struct {
        const char *end, *text;
    } ends[] = {
        {"nothing-to-recover", "nothing is left unfinished there"},
        {"refused-nothing-to-undo", "the run had changed nothing there; nothing is left unfinished"},
        {"rolled-back", "what was left unfinished is put back: everything is as it was before"},
        {"undone", "what was left unfinished is put back: everything is as it was before"},
        {"already-undone", "the run had been put back before; nothing is left unfinished there"},
        {"confirmed", "the run had been confirmed, so its change stays; nothing is left unfinished"},
    };
    char *const *end = c->journal.end;
    size_t i;

    for (i = 0; end && end[0] && i < sizeof(ends) / sizeof(*ends); i++) {
        if (strcmp(end[0], ends[i].end) != 0)
            continue;
        change_conclude(c, CHANGE_UNDONE, 0, mem_dup(ends[i].text));
        return true;
    }
    return false;
}

static void ended(struct change *c, enum said said)
{
    enum change_state state = c->state;

    if (said == SAID_END && own_lock(c)) {
        c->journal.ended = false;
        change_rejoin(c, state);
    } else if (said == SAID_END) {
        if (state == STATE_UNDOING || !is_settled(c))
            change_conclude_end(c);
    } else if (said == SAID_NO_RUN) {
        change_conclude(c, CHANGE_REFUSED, 5,
                        mem_format("nothing of run %s on host \"%s\"", c->run,
                                   target_host(c->target)->name));
    } else if (said == SAID_LOST || said == SAID_DIED) {
        change_rejoin(c, state);
    } else if (!change_ended_otherwise(c, said)) {
        change_conclude(c, CHANGE_PUT_BACK_FAILED, 8,
                        mem_format("the host did not say how it ended (%s): a person must look",
                                   c->why));
    }
}

static const struct change_kind undo_kind = {
    .enter = {[STATE_UNDOING] = enter_asking},
    .ended = {[STATE_UNDOING] = ended},
};

static const struct change_kind recover_kind = {
    .enter = {[STATE_RECOVERING] = enter_asking},
    .ended = {[STATE_RECOVERING] = ended},
};

static struct change *start(struct target *t, const struct change_kind *kind,
                            enum change_state state, const struct change_options *o,
                            change_done *done, void *data, struct err *e)
{
    struct change *c = change_new(t, kind, o, done, data);

    change_enter(c, state);
    payload_ask(&c->payload, mode_of(state), c->run, 0);
    if (change_send(c, UNDO_MS, e) == 0)
        return c;
    change_free(c);
    return NULL;
}

struct change *undo_start(struct target *t, const struct change_options *o, change_done *done,
                          void *data, struct err *e)
{
    if (vet_run(o->run))
        return start(t, &undo_kind, STATE_UNDOING, o, done, data, e);
    err_set(e, ERR_USAGE, "not a run's name: \"%.100s\"", o->run ? o->run : "");
    return NULL;
}

struct change *recover_start(struct target *t, const struct change_options *o, change_done *done,
                             void *data, struct err *e)
{
    struct change_options options = *o;

    if (!options.run)
        options.run = "-"; /* as boot.sh has it */
    else if (!vet_run(options.run)) {
        err_set(e, ERR_USAGE, "not a run's name: \"%.100s\"", options.run);
        return NULL;
    }
    return start(t, &recover_kind, STATE_RECOVERING, &options, done, data, e);
}
