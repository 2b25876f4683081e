/* child.h: runs a program of this machine to its end, for what it prints; for engine/io only. */
#ifndef FETTLE_IO_CHILD_H
#define FETTLE_IO_CHILD_H

#include "base/buf.h"
#include "base/err.h"
#include "io/loop.h"

struct child;

struct child_end {
    int status;           /* -1: a signal, or no time left */
    bool late;            /* ended by us */
    struct buf *out, *err; /* for the call only; `.cut` where there was more */
};

/* The standard input is empty.  `done` comes once, from the loop, and the child is gone then.
 * NULL where it cannot be started. */
struct child *child_start(struct loop *l, char **argv, int timeout_ms, size_t limit,
                          void (*done)(void *data, const struct child_end *end), void *data,
                          struct err *e);
void child_cancel(struct child *c); /* fine on NULL; not after `done` */

#endif
