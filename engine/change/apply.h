/* apply.h: the one place that changes hosts.
 *
 * A transaction takes the approved fixes of one host and carries them out as one: prove (a
 * private copy), then on the host lock, check, back up, write, validate, activate; then verify
 * from here, and confirm, or have everything put back.
 *
 *     prove_start()            -> done(ok | failed | unavailable)          changes nothing
 *     transaction_start()      -> progress(…)… -> done(outcome)
 *     undo_start()             -> progress(…)… -> done(outcome)
 */
#ifndef FETTLE_CHANGE_APPLY_H
#define FETTLE_CHANGE_APPLY_H

#include "base/err.h"
#include "io/target.h"
#include "model/finding.h"

#include <stdbool.h>
#include <stddef.h>

enum change_outcome {
    CHANGE_VERIFIED,        /* confirmed: exit 0 */
    CHANGE_UNDONE,          /* undo: everything is as it was before the run */
    CHANGE_REFUSED,         /* drift, lock, budget, invalid in the private copy; nothing touched: 5 or 6 */
    CHANGE_ROLLED_BACK,     /* a step of the change failed and all was put back: 6 */
    CHANGE_NOT_CURED,       /* all went well, the symptom remained, all was put back: 7 */
    CHANGE_PUT_BACK_FAILED, /* 8 */
    CHANGE_UNKNOWN,         /* the connection was lost: the host puts everything back by itself */
};

struct change_result {
    enum change_outcome outcome;
    int exit;          /* the contract's exit code for it */
    char *text;        /* one or two sentences for a person */
    char *detail;      /* output of what failed (validator, service's journal), bounded, or NULL */
};

struct change_options {
    const char *run;         /* names the transaction's folder on the host */
    const char *owner;       /* who, shown to whoever finds the host locked */
    int confirm_timeout_s;
    void (*progress)(void *data, const char *word, const char *text); /* journal words, for people */
    void *data;
};

struct change;

typedef void change_done(void *data, const struct change_result *r);

/* Is the edited configuration accepted, in a private copy?  `r->outcome` VERIFIED: yes;
 * ROLLED_BACK: no, `detail` says why; UNKNOWN: could not be tried, `text` says why. */
struct change *prove_start(struct target *t, struct fix *const *fixes, size_t count,
                           const struct change_options *o, change_done *done, void *data,
                           struct err *e);
struct change *transaction_start(struct target *t, struct fix *const *fixes, size_t count,
                                 const struct change_options *o, change_done *done, void *data,
                                 struct err *e);
/* Takes back what run `o->run` changed on this host. */
struct change *undo_start(struct target *t, const struct change_options *o, change_done *done,
                          void *data, struct err *e);
void change_free(struct change *c); /* also in the middle: the host minds itself */

#endif
