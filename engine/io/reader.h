/* reader.h: the door to read.
 *
 * Runs commands of the read catalogue and nothing else, whoever asks: this is
 * where "a step cannot change a host" holds.  Reads of one target run side by
 * side, up to the target's number of workers; one that was asked before in this
 * run is answered from memory, unless `fresh`; one that is under way is joined.
 * What was lost or unreachable is not remembered.
 *
 * A command whose output is cut is not run to its end: mostly it dies of SIGPIPE, so `.cut` comes
 * first when a result is judged.  What a command leaves behind in its process group is ended
 * with it. */
#ifndef FETTLE_IO_READER_H
#define FETTLE_IO_READER_H

#include "base/buf.h"
#include "base/err.h"
#include "io/target.h"

#include <stdbool.h>
#include <stdint.h>

/* Different ends, and never one number for them all. */
enum outcome {
    OUTCOME_EXIT,        /* ended by itself: `code` is its status */
    OUTCOME_SIGNAL,      /* killed: `code` is the signal */
    OUTCOME_TIMEOUT,     /* ended by us after its time */
    OUTCOME_LOST,        /* the connection or the worker went away in the middle */
    OUTCOME_NO_STATUS,   /* output came, a status did not */
    OUTCOME_NOT_STARTED, /* no such command there, or not executable (127, 126) */
    OUTCOME_UNREACHABLE, /* the host could not be reached, logged in to, or become root on */
    OUTCOME_REFUSED,     /* never sent: a word of it is no value that the command may have */
};

struct request {
    char *const *argv;
    int timeout_ms; /* 0 for 10 s */
    size_t limit;   /* bytes of output kept, each of out and err; 0 for 256 KiB */
    bool fresh;
};

struct result {
    enum outcome outcome;
    int code;            /* -1 where there is none */
    struct buf out, err; /* `.cut` where there was more; bytes as they came */
    int64_t at_ms;       /* wall clock at the start */
    int64_t took_ms;
    /* For LOST, UNREACHABLE, NO_STATUS, and a TIMEOUT of the whole host: the reason in words, free
     * of terminal escapes; else NULL. */
    char *why;
};

typedef void reader_done(void *data, const struct result *r); /* `r` lives for the call only */

/* -1 (and no callback) only where the argv is not in the read catalogue: ERR_REFUSED.
 * The callback always comes later, from the loop. */
int reader_submit(struct target *t, const struct request *q, reader_done *done, void *data,
                  struct err *e);
void reader_cancel(struct target *t, void *data); /* no callback with this `data` any more */
/* Empties the memory: the host has changed.  Its time (target_options.timeout_ms) begins anew,
 * and if it was unreachable it is tried again. */
void reader_forget(struct target *t);

const char *outcome_name(enum outcome o); /* "exit", "signal", "timeout", "lost", "no-status", … */

#endif
