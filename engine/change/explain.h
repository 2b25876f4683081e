/* explain.h: reads what a person needs to see once a change has failed.
 *
 * A service that does not start says why in its journal; a file that somebody has changed is
 * understood from two diffs.  All by the read door, and never a reason to fail. */
#ifndef FETTLE_CHANGE_EXPLAIN_H
#define FETTLE_CHANGE_EXPLAIN_H

#include "base/buf.h"
#include "io/target.h"

struct explain;

/* The last lines of the journal of the unit that `failed` (an argv) starts; NULL: it starts none. */
struct explain *explain_unit(struct target *t, char *const *failed, struct buf *out,
                             void (*done)(void *data), void *data);
/* What the run had changed in `path`, and what was changed since, from the three files. */
struct explain *explain_changed(struct target *t, char *const *changed, struct buf *out,
                                void (*done)(void *data), void *data);
void explain_cancel(struct explain *x); /* without a call; fine on NULL */

#endif
