/* changer.h: the door to change.  Only engine/change/ may include this.
 *
 * Runs one POSIX shell program on the target, as the user that the inventory's
 * `become` names, with `input` on its standard input, and hands over its
 * standard output line by line.  The program is a transaction's, which lives on
 * without us; losing the connection is an outcome, not a disaster.  So neither its time-out nor
 * a cancel kills it: they only close its streams.
 *
 * The ends: EXIT and SIGNAL; UNREACHABLE when the program was not heard, and so got no input (sudo
 * or the login said no, the connection was lost: `why`); LOST with the connection; TIMEOUT when we
 * stopped waiting. */
#ifndef FETTLE_IO_CHANGER_H
#define FETTLE_IO_CHANGER_H

#include "io/reader.h"

struct change_job;

struct changer_calls {
    void (*line)(void *data, const char *line, size_t n); /* without its newline; at most 64 KiB */
    void (*end)(void *data, const struct result *r);      /* once; out is empty, err is kept */
    void *data;
};

/* `program` is run as `sh -c PROGRAM fettle`.  Both are copied. */
struct change_job *changer_start(struct target *t, const char *program, const void *input, size_t n,
                                 int timeout_ms, const struct changer_calls *calls, struct err *e);
/* No more calls.  Fine on NULL and from within `line`; not after `end`, nor after target_free(). */
void changer_cancel(struct change_job *j);

#endif
