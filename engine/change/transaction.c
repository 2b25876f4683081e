/* transaction.c: the approved fixes of one host, carried out as one.
 *
 *     sending -> running -> verifying -> confirming -> done
 *                   |           `-----> reverting --^
 *                   `-> (the host put it back itself, or refused) -> explaining -> done
 *
 * From any state that talks to the host a lost connection leads to rejoining and back: `following`
 * instead of `running`, the same question again for the others, since confirm, revert and recover
 * may be asked twice. */
#include "base/mem.h"
#include "change/change.h"
#include "io/reader.h"

#include <stdlib.h>

enum { SETTLE_MS = 10000, ANSWER_MS = 120000, REVERT_RETRIES = 7, REVERT_RETRY_MS = 300 };

static int running_ms(const struct change *c)
{
    return manifest_seconds(&c->manifest) * 1000;
}

/* ---- running ---- */

static void ended_running(struct change *c, enum said said)
{
    if (said == SAID_WAITING)
        change_enter(c, STATE_VERIFYING);
    else if (said == SAID_END)
        change_conclude_end(c);
    else if (said == SAID_DIED)
        change_enter(c, STATE_RECOVERING);
    else if (said == SAID_LOST)
        change_rejoin(c, STATE_FOLLOWING);
    else if (said == SAID_NO_RUN)
        change_conclude(c, CHANGE_REFUSED, 4,
                        mem_format("the connection was lost before the change began on \"%s\"; "
                                   "nothing was touched", target_host(c->target)->name));
    else
        change_ended_otherwise(c, said);
}

static void enter_following(struct change *c)
{
    change_ask(c, "follow", c->journal.last + 1, running_ms(c));
}

/* ---- verifying ---- */

static void verified(void *data, bool cured, const char *seen)
{
    struct change *c = data;

    c->verify = NULL;
    c->cured = cured;
    if (cured) {
        change_tell(c, "verified", "the symptom is gone");
        change_enter(c, STATE_CONFIRMING);
        return;
    }
    c->seen = mem_dup(seen);
    change_tell(c, "not-cured", seen);
    change_enter(c, STATE_REVERTING);
}

/* Half of the time that the host waits at most: a verdict that comes too late helps nobody. */
static void enter_verifying(struct change *c)
{
    int64_t settle_ms = (int64_t)c->confirm_timeout_s * 500;

    c->rejoin_until_ms = 0;
    change_tell(c, "verify", "asking whether the symptom is gone");
    c->verify = verify_start(c->target, c->fixes, c->fix_count,
                             settle_ms < SETTLE_MS ? settle_ms : SETTLE_MS, verified, c);
}

/* ---- the word ---- */

static void enter_confirming(struct change *c)
{
    c->confirm_sent = true;
    change_ask(c, "confirm", 0, ANSWER_MS);
}

static void enter_reverting(struct change *c)
{
    change_ask(c, "revert", 0, running_ms(c));
}

static void enter_recovering(struct change *c)
{
    change_tell(c, "recover", "the transaction died on the host; putting back what it left");
    change_ask(c, "recover", 0, running_ms(c));
}

static void ended_answer(struct change *c, enum said said)
{
    if (said == SAID_END)
        change_conclude_end(c);
    else if (said == SAID_LOST || said == SAID_AWAY)
        change_rejoin(c, c->state);
    else if (said == SAID_DIED && c->state != STATE_RECOVERING)
        change_enter(c, STATE_RECOVERING);
    else
        change_conclude(c, CHANGE_PUT_BACK_FAILED, 8,
                        mem_format("the host did not say how it ended (%s): a person must look",
                                   c->why));
}

/* We may have been interrupted before the host had begun: then there is no run to put back, or
 * not yet. */
static void ended_reverting(struct change *c, enum said said)
{
    if (said == SAID_FAILED && !c->journal.last)
        change_ended_otherwise(c, said); /* where this cannot start, neither could the change */
    else if (said != SAID_NO_RUN)
        ended_answer(c, said);
    else if (c->retries++ < REVERT_RETRIES)
        change_pause(c, REVERT_RETRY_MS, STATE_REVERTING);
    else
        change_conclude(c, CHANGE_ROLLED_BACK, c->aborted ? 130 : 6,
                        mem_dup("interrupted; nothing was touched"));
}

static const struct change_kind transaction_kind = {
    .enter = {
        [STATE_FOLLOWING] = enter_following,
        [STATE_VERIFYING] = enter_verifying,
        [STATE_CONFIRMING] = enter_confirming,
        [STATE_REVERTING] = enter_reverting,
        [STATE_RECOVERING] = enter_recovering,
    },
    .ended = {
        [STATE_SENDING] = ended_running,
        [STATE_RUNNING] = ended_running,
        [STATE_FOLLOWING] = ended_running,
        [STATE_CONFIRMING] = ended_answer,
        [STATE_REVERTING] = ended_reverting,
        [STATE_RECOVERING] = ended_answer,
    },
};

struct change *transaction_start(struct target *t, struct fix *const *fixes, size_t count,
                                 const struct change_options *o, change_done *done, void *data,
                                 struct err *e)
{
    struct change *c = change_new(t, &transaction_kind, o, done, data);

    if (change_load(c, fixes, count, "apply", e) == 0) {
        change_enter(c, STATE_SENDING);
        if (change_send(c, running_ms(c), e) == 0)
            return c;
    }
    change_free(c);
    return NULL;
}

/* ---- Ctrl-C ---- */

static void aborted_proof(struct change *c)
{
    change_hush(c);
    free(c->result.text);
    c->result = (struct change_result){.outcome = CHANGE_ROLLED_BACK, .exit = 130};
    c->result.text = mem_dup("interrupted; nothing was touched");
    change_pause(c, 0, STATE_DONE);
}

void change_abort(struct change *c)
{
    enum change_state state = c->state == STATE_REJOINING ? c->resume : c->state;

    if (c->aborted)
        return;
    switch (state) {
    case STATE_PROVING:
        c->aborted = true;
        aborted_proof(c);
        break;
    case STATE_SENDING:
    case STATE_RUNNING:
    case STATE_FOLLOWING:
    case STATE_VERIFYING:
        c->aborted = true;
        change_hush(c);
        change_tell(c, "interrupted", "interrupted; the host is asked to put everything back");
        change_enter(c, STATE_REVERTING);
        break;
    default: /* what is under way ends well by itself, and cannot be taken back half-way */
        break;
    }
}
