/* gate.h: not everybody begins at once; for engine/io only.
 *
 * Fifty key exchanges begun together take as long as all of them, for each: then those that would
 * be the last run into their deadlines, and an sshd that is the way to all of them (a jump host)
 * drops what is too many (MaxStartups).  So a few log in at a time, in the order of asking. */
#ifndef FETTLE_IO_GATE_H
#define FETTLE_IO_GATE_H

#include "io/loop.h"

struct gate_pass;

/* `in` is called once, from the loop, when there is a place; it is kept for `ms` at most, so that a
 * host that says nothing does not keep the others out. */
struct gate_pass *gate_ask(struct loop *l, int ms, void (*in)(void *data), void *data);
bool gate_is_in(const struct gate_pass *p); /* and still has its place; false for NULL */
void gate_leave(struct gate_pass *p);       /* at any time; fine on NULL */

#endif
