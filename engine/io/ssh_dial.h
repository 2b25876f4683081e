/* ssh_dial.h: from a name to a connected socket; for engine/io only. */
#ifndef FETTLE_IO_SSH_DIAL_H
#define FETTLE_IO_SSH_DIAL_H

#include "base/err.h"
#include "io/loop.h"

struct ssh_dial;

/* Looks `address` up and connects; `timeout_ms` for each of the two.  All addresses have their
 * chance: the next begins when one was refused, or says nothing for a moment, and the first that
 * answers is it.  `done` comes once, from the loop: a socket that is the callee's, or -1 and why.
 */
struct ssh_dial *ssh_dial_start(struct loop *l, const char *address, int port, int timeout_ms,
                                void (*done)(void *data, int fd, const struct err *e), void *data);
void ssh_dial_cancel(struct ssh_dial *d); /* no call any more; fine on NULL */

#endif
