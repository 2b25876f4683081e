/* change.h: what prove, transaction and undo share: one change under way.  Private to change/.
 *
 * A change is in one state at a time.  Each state has an entry in the table that its kind brings:
 * what is done on entering, and what is done when the job on the host has ended.  change_enter()
 * is the only place that moves from one to another, and traces it. */
#ifndef FETTLE_CHANGE_CHANGE_H
#define FETTLE_CHANGE_CHANGE_H

#include "base/buf.h"
#include "change/apply.h"
#include "change/explain.h"
#include "change/journal.h"
#include "change/manifest.h"
#include "change/verify.h"
#include "io/changer.h"

enum change_state {
    STATE_NEW,
    STATE_PROVING,    /* prove: the private copy is tried */
    STATE_SENDING,    /* apply: no word of the journal has come yet */
    STATE_RUNNING,    /* the host works, up to `waiting` or `end` */
    STATE_FOLLOWING,  /* the same, on a second connection */
    STATE_VERIFYING,  /* the host waits, and we look whether the symptom is gone */
    STATE_CONFIRMING, /* all is well, the host is told */
    STATE_REVERTING,  /* it is not, or we were interrupted: the host puts everything back */
    STATE_RECOVERING, /* the transaction died on the host: what it left is put back */
    STATE_UNDOING,    /* undo */
    STATE_REJOINING,  /* the connection was lost; a pause before `resume` is entered */
    STATE_EXPLAINING, /* the result is known; what a person needs to understand it is read */
    STATE_DONE,
    STATE_COUNT
};

/* How a job on the host ended, as boot.sh's exit status and the journal say. */
enum said {
    SAID_WAITING,  /* the host waits for the word */
    SAID_END,      /* the journal has its last line */
    SAID_DIED,     /* the transaction is dead and left no end */
    SAID_NO_RUN,   /* the host has no such run */
    SAID_FAILED,   /* the program could not do its work there; `why` says it */
    SAID_AWAY,     /* the host could not be reached at all */
    SAID_LOST,     /* the connection went away in the middle */
};

struct change;

struct change_kind {
    void (*enter[STATE_COUNT])(struct change *c);
    void (*ended[STATE_COUNT])(struct change *c, enum said said);
    void (*line)(struct change *c, const char *line, size_t n); /* NULL: journal lines */
};

struct change {
    struct target *target;
    const struct change_kind *kind;
    struct fix **fixes; /* the list is ours, the fixes are borrowed */
    size_t fix_count;
    struct manifest manifest;
    char *run, *owner;
    int confirm_timeout_s;
    struct change_options options; /* its strings are not used: `run` and `owner` are the copies */
    change_done *done;
    void *data;

    enum change_state state, resume;
    struct buf payload; /* of apply or prove */
    struct change_job *job;
    struct loop_timer *timer;
    struct verify *verify;
    struct explain *explain;
    struct journal journal;
    char *why;               /* of the last job's failure */
    char *seen;              /* what verification saw, where the symptom remained */
    bool cured, aborted, confirm_sent;
    int retries;             /* of a revert that found no run */
    int64_t rejoin_until_ms; /* monotonic; 0: not rejoining */
    int64_t rejoin_wait_ms;
    struct change_result result;
    struct buf detail;
};

struct change *change_new(struct target *t, const struct change_kind *kind,
                          const struct change_options *o, change_done *done, void *data);
/* Vets and merges the fixes, and builds the payload for `mode`. */
int change_load(struct change *c, struct fix *const *fixes, size_t count, const char *mode,
                struct err *e);
void change_enter(struct change *c, enum change_state state);
const char *change_state_name(enum change_state state);
void change_tell(struct change *c, const char *word, const char *text); /* progress */

/* Starts the job: the loaded payload, or `mode` alone.  -1 where that failed at once. */
int change_send(struct change *c, int timeout_ms, struct err *e);
void change_ask(struct change *c, const char *mode, long from, int timeout_ms);
void change_hush(struct change *c); /* stops whatever this side is waiting for */
void change_pause(struct change *c, int64_t ms, enum change_state next);
void change_rejoin(struct change *c, enum change_state resume); /* after SAID_LOST */

/* The result is known: takes `text`, goes on to EXPLAINING and DONE. */
void change_conclude(struct change *c, enum change_outcome outcome, int exit, char *text);
void change_conclude_end(struct change *c); /* from the journal's `end` line */
bool change_ended_otherwise(struct change *c, enum said said); /* FAILED, AWAY, NO_RUN before all */

#endif
