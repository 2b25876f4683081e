/* params.h: what a step finds in `params`. */
#ifndef FETTLE_SCRIPT_PARAMS_H
#define FETTLE_SCRIPT_PARAMS_H

#include "base/err.h"
#include "model/playbook.h"

#include <jansson.h>

/* An object of the incident's and the playbook's params: `given` (object of texts, may be NULL),
 * else the default; integers and durations (in seconds) as numbers.  New reference, or NULL. */
json_t *params_resolve(const struct incident *i, const struct playbook *b, const json_t *given,
                       struct err *e);
/* Is every given name one that the incident or one of its playbooks knows? */
int params_check(const struct incident *i, const json_t *given, struct err *e);

#endif
