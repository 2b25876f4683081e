/* catalogue.h: everything that fettle can ever run on a host, in two lists.
 *
 * Reads are what a step may ask for.  Each is known to change nothing, as a
 * whole argv: `find` and `sort` are not here at all, since `-delete` and `-o`
 * write.  Changes are what a fix may carry out, after a yes.  A playbook
 * declares a part of these; it cannot add to them.  The one other source of
 * commands is the inventory, whose owner may name how a service of theirs is
 * started or stopped. */
#ifndef FETTLE_MODEL_CATALOGUE_H
#define FETTLE_MODEL_CATALOGUE_H

#include "model/pattern.h"

#include <stdbool.h>

bool catalogue_reads(char *const *argv);     /* changes nothing wherever it runs */
bool catalogue_changes(char *const *argv);   /* a fix may run it */
bool catalogue_validates(char *const *argv); /* `nginx -t` and its like: only in a transaction */

/* Whom this read asks over the network beyond the host itself, "127.0.0.1:8000" or "/run/app.sock":
 * a word of argv or its end; NULL where it asks nobody, or nginx. */
const char *catalogue_peer(char *const *argv);

enum catalogue_kind { CATALOGUE_NONE, CATALOGUE_READ, CATALOGUE_CHANGE, CATALOGUE_VALIDATE };
/* In which list all of this pattern lies. */
enum catalogue_kind catalogue_holds(const struct pattern *declared);

#endif
