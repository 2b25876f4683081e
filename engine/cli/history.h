/* history.h: former runs, as their records tell of them. */
#ifndef FETTLE_CLI_HISTORY_H
#define FETTLE_CLI_HISTORY_H

#include "base/err.h"

#include <stdbool.h>
#include <jansson.h>

/* The full name of the run that `name` means: itself, a prefix that only one has, or "last": the
 * newest, or with `changed` the newest that changed something and was not taken back.  Owned. */
char *history_find(const char *name, bool changed, struct err *e);

/* Looks into a loaded record (record_load()); all borrowed from it. */
json_t *history_first(json_t *record, const char *kind);   /* the first line of a kind, or NULL */
json_t *history_document(json_t *record);                  /* NULL: the run was never closed */
const char *history_text(json_t *record, const char *key); /* of the "run" line; "" if absent */

/* Where its hosts are found from any folder: `named` if there is one, else the run's own inventory.
 * Owned; NULL: neither is known.  `record` may be NULL. */
char *history_inventory(json_t *record, const char *named);

/* Hosts on which something may be changed still, by what the record knows: a new array of names. */
json_t *history_changed_hosts(json_t *record);

#endif
