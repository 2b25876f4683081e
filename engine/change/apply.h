/* apply.h: the one place that changes hosts.
 *
 * A transaction takes the approved fixes of one host and carries them out as one: prove (a
 * private copy), then on the host lock, check, back up, write, validate, activate; then verify
 * from here, and confirm, or have everything put back.
 *
 *     prove_start()            -> done(ok | failed | unavailable)          changes nothing
 *     transaction_start()      -> progress(…)… -> done(outcome)
 *     undo_start()             -> progress(…)… -> done(outcome)
 *     recover_start()          -> progress(…)… -> done(outcome)
 *     change_free()            once done was called (also from within it), or before, to leave
 *
 * The fixes are borrowed until `done` or change_free().  `done` is called once, from the loop. */
#ifndef FETTLE_CHANGE_APPLY_H
#define FETTLE_CHANGE_APPLY_H

#include "base/err.h"
#include "io/target.h"
#include "model/finding.h"

#include <stdbool.h>
#include <stddef.h>

enum change_outcome {
    CHANGE_VERIFIED,        /* confirmed: exit 0 */
    CHANGE_UNDONE,          /* undo: everything is as it was before the run: 0 */
    CHANGE_REFUSED,         /* drift, lock, space, never begun; nothing touched: 5, or 1 or 4 */
    CHANGE_ROLLED_BACK,     /* a step failed and all was put back, or the private copy was not
                             * accepted and nothing was touched: 6; after change_abort(): 130 */
    CHANGE_NOT_CURED,       /* all went well, the symptom remained, all was put back: 7 */
    CHANGE_PUT_BACK_FAILED, /* 8 */
    CHANGE_UNKNOWN,         /* the connection was lost: the host puts everything back by itself: 6;
                             * lost while confirming or undoing, so that it may be either: 4 */
};

struct change_result {
    enum change_outcome outcome;
    int exit;          /* the contract's exit code for it */
    char *text;        /* one or two sentences for a person; cleaned for a terminal */
    char *detail;      /* output of what failed (validator, service's journal), or what differs:
                        * masked and bounded, not yet cleaned for a terminal; or NULL */
};

struct change_options {
    const char *run;         /* names the transaction's folder on the host */
    const char *owner;       /* who, shown to whoever finds the host locked */
    int confirm_timeout_s;   /* 0 for 120 */
    /* Journal words, a plain sentence for each, cleaned; may be NULL.  Must not free the change. */
    void (*progress)(void *data, const char *word, const char *text);
    void *data;
    /* Each change of state, for traces and tests; may be NULL. */
    void (*trace)(void *data, const char *from, const char *to);
};

struct change;

typedef void change_done(void *data, const struct change_result *r);

/* Is the edited configuration accepted, in a private copy?  `r->outcome` VERIFIED: yes;
 * ROLLED_BACK: no, `detail` says why; UNKNOWN: could not be tried, `text` says why. */
struct change *prove_start(struct target *t, struct fix *const *fixes, size_t count,
                           const struct change_options *o, change_done *done, void *data,
                           struct err *e);
/* NULL where the fixes are not to be carried out at all (ERR_REFUSED): what would be sent is not
 * what was shown, a command is in no catalogue, two fixes contradict each other. */
struct change *transaction_start(struct target *t, struct fix *const *fixes, size_t count,
                                 const struct change_options *o, change_done *done, void *data,
                                 struct err *e);
/* Takes back what run `o->run` changed on this host. */
struct change *undo_start(struct target *t, const struct change_options *o, change_done *done,
                          void *data, struct err *e);
/* Puts back what run `o->run` left there when it was cut off, or with NULL whatever run did.  What
 * had come to an end, or was never begun, is fine as well: UNDONE, and `text` says which. */
struct change *recover_start(struct target *t, const struct change_options *o, change_done *done,
                             void *data, struct err *e);
/* Where that host keeps its runs, as a shell there would write it; owned. */
char *change_base(const struct host *h);
/* An orderly Ctrl-C: asks the host to put everything back now; `done` still comes, with exit 130
 * if that went well.  A change whose confirmation is on its way, and an undo, run to their end. */
void change_abort(struct change *c);
void change_free(struct change *c); /* also in the middle: the host minds itself; fine on NULL */

#endif
