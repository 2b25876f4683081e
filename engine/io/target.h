/* target.h: one host and the way to it.
 *
 * A target is opened lazily: the first request connects.  Whatever the transport, a stream one
 * (local, ssh) ends in a POSIX shell on the host that runs io/worker's small loop; `replay`
 * answers from a record. */
#ifndef FETTLE_IO_TARGET_H
#define FETTLE_IO_TARGET_H

#include "base/err.h"
#include "io/loop.h"
#include "model/inventory.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct target;
struct request;
struct result;

struct asker; /* io/ask.h */

struct target_options {
    int timeout_ms; /* for the whole host: no read goes on after it; 0 for 120 s */
    int workers;    /* reads that run side by side; 0 for 4 */
    /* Called for each read that has an end, also an unreachable one or one without time, but not
     * for answers from the cache.  May ask and forget, but not free the target. */
    void (*on_read)(void *data, const struct host *h, const struct request *q,
                    const struct result *r);
    void *data;
    const struct asker
        *asker;         /* reaches a person, and outlives the target; NULL: nobody can be asked */
    const char *replay; /* path of a record, for transport "replay" */
};

/* `l` and `h` must outlive it.  With `o->replay` set it replays, whatever the host's transport. */
struct target *target_new(struct loop *l, const struct host *h, const struct target_options *o,
                          struct err *e);
/* At any time, also from within a callback.  Pending reads and change jobs are dropped without a
 * callback; a change's program goes on by itself, reads are ended (the loop sees to it). */
void target_free(struct target *t);
const struct host *target_host(const struct target *t);
/* "local", "ssh", …: as far as is known; for "ssh" it may become "openssh" while connecting. */
const char *target_transport(const struct target *t);
const char *target_way(const struct target *t); /* why it is "openssh" by itself, or NULL */
/* Over SSH, and once the host's settings are known, else NULL: who logs in, and what a person should
 * know about the settings. */
const char *target_login(const struct target *t);
const char *target_note(const struct target *t);
struct loop *target_loop(const struct target *t);

#endif
