/* diagnosis.h: runs an incident's playbooks on hosts, and gives what they found.
 *
 * One Lua state for each host, one coroutine for each playbook on it; all of
 * them wait for their reads on the one loop. */
#ifndef FETTLE_SCRIPT_DIAGNOSIS_H
#define FETTLE_SCRIPT_DIAGNOSIS_H

#include "base/err.h"
#include "io/target.h"
#include "model/finding.h"
#include "model/playbook.h"

#include <jansson.h>

struct diagnosis;

struct diagnosis_options {
    const struct incident *incident;
    const char *lua_folder;
    json_t *params;               /* object of strings, from -p; may be NULL */
    /* The target of another inventory host, or NULL; for `peer(address)`. */
    struct target *(*peer)(void *data, const char *address);
    /* Progress, may be NULL: "step" {playbook, step, title}, "symptom" {state, summary},
     * "verdict" {playbook, verdict}.  `fields` is borrowed for the call, which may not free the
     * diagnosis. */
    void (*on_event)(void *data, const char *host, const char *event, json_t *fields);
    void *data;
    size_t memory_max; /* bytes of Lua for a host; 0 for 64 MiB */
    long budget;       /* instructions for a step; 0 for 50 million */
};

/* `done` gets the report (ownership moves: host_report_release() and free()).  Always called, from
 * the loop, last of all: it may free the diagnosis.  NULL, and no call, where a parameter is
 * unknown or wrong (ERR_USAGE) or the prelude does not load.  The incident, the strings
 * of `o` and all targets must outlive the diagnosis; `params` is referenced. */
struct diagnosis *diagnosis_start(struct loop *l, struct target *t,
                                  const struct diagnosis_options *o,
                                  void (*done)(void *data, struct host_report *report), void *data,
                                  struct err *e);
void diagnosis_free(struct diagnosis *d); /* also in the middle */

#endif
