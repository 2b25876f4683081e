/* units.h: when the systemd units that fixes are for were started, as a part of their fingerprints.
 *
 * A fix that restarts a service rests on the service as it was seen.  Whoever has restarted it since has
 * changed what the fix was proposed for; the transaction refuses then, as it does for a file. */
#ifndef FETTLE_CHANGE_UNITS_H
#define FETTLE_CHANGE_UNITS_H

#include "io/target.h"
#include "model/finding.h"

struct units;
typedef void units_done(void *data);

/* Sets `unit_was` of the fix's commands that are for one unit; what cannot be read stays NULL.  NULL
 * where there is nothing to ask: then `done` is not called. */
struct units *units_start(struct target *t, struct fix *f, units_done *done, void *data);
void units_cancel(struct units *u); /* fine on NULL */

/* The unit that a command starts, stops, restarts or reloads, or NULL; borrowed. */
const char *units_of(char *const *argv);

#endif
