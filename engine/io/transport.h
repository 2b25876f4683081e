/* transport.h: what a way to a host has to offer; for engine/io only.
 *
 * A stream transport (local; ssh drops in here) offers `open` and leaves reads to io/worker.c:
 * its `worker` is NULL.  `replay` has no streams and brings workers of its own. */
#ifndef FETTLE_IO_TRANSPORT_H
#define FETTLE_IO_TRANSPORT_H

#include "base/err.h"
#include "io/loop.h"
#include "io/ssh_settings.h"
#include "io/stream.h"
#include "io/target.h"
#include "io/worker.h"

struct transport {
    const char *name;
    /* A connection, lazily: it may do nothing before the first open.  NULL on error. */
    void *(*connect)(struct loop *l, const struct host *h, const struct target_options *o,
                     struct err *e);
    /* Starts `program` in a POSIX shell, as the host's `become` says (io/shell.h). */
    struct stream *(*open)(void *connection, const char *program, const struct stream_calls *calls,
                           void *data, struct err *e);
    struct worker *(*worker)(void *connection, struct loop *l, const struct worker_calls *calls,
                             void *data, struct err *e);
    void (*disconnect)(void *connection); /* all its streams and workers have been closed */
    /* What ssh's configuration says of the host, once it is known; NULL: it has none to follow. */
    const struct ssh_settings *(*settings)(const void *connection);
};

extern const struct transport transport_local;
extern const struct transport transport_replay;

#endif
