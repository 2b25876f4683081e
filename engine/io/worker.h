/* worker.h: something that answers reads, one at a time; for engine/io only.
 *
 *     worker_open() -> ready() -> run() -> done() -> run() …        or gone() at any time
 *
 * The one for streams sends io/worker.sh to a shell and speaks with that.  Nothing is called
 * from within open, run or close, except that a replayed answer may be done() at once. */
#ifndef FETTLE_IO_WORKER_H
#define FETTLE_IO_WORKER_H

#include "io/reader.h"

struct transport;
struct worker;

/* What is left of a worker after a request; all but WORKER_IDLES want it closed. */
enum worker_after {
    WORKER_IDLES,
    WORKER_SPENT,  /* it can do no more */
    WORKER_ENDED,  /* its shell ended in the middle of the request, */
    WORKER_LOST,   /* or its connection did */
    WORKER_SILENT, /* the host did not even keep the request's own time: is it still there? */
};

struct worker_calls {
    void (*ready)(void *data);
    /* Takes over what `r` owns. */
    void (*done)(void *data, struct result *r, enum worker_after after);
    /* Not in a request: before it was ready, or while idle.  Wants to be closed.
     * `crowded`: the host has no session for it beside those that are there. */
    void (*gone)(void *data, const char *why, bool crowded);
};

struct worker_ops {
    void (*run)(struct worker *w,
                const struct request *q); /* one at a time; `q` with real values */
    void (*close)(struct worker *w);      /* frees it; the request in it gets no answer */
};

struct worker {
    const struct worker_ops *ops;
    const struct worker_calls *calls;
    void *data;
};

struct worker *worker_open(const struct transport *transport, void *connection, struct loop *l,
                           const struct worker_calls *calls, void *data, struct err *e);

#endif
