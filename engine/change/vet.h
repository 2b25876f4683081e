/* vet.h: the last look at fixes before anything leaves for a host.
 *
 * Other places check the same earlier, to say it better; this one is what holds. */
#ifndef FETTLE_CHANGE_VET_H
#define FETTLE_CHANGE_VET_H

#include "base/err.h"
#include "model/finding.h"
#include "model/inventory.h"

#include <stdbool.h>
#include <stddef.h>

/* Is every fix for host `h`, are its bytes the ones that its diff shows, and is everything that it
 * would run in the catalogue that fits, or named by the host's inventory?  -1: ERR_REFUSED. */
int vet_fixes(const struct host *h, struct fix *const *fixes, size_t count, struct err *e);

/* `run` as a folder's name on the host: letters, digits and dashes. */
bool vet_run(const char *run);

#endif
