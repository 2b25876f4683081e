/* process.h: a program of this machine as a stream; for engine/io only.
 *
 * It runs in a session of its own: Ctrl-C at the terminal is fettle's alone, and closing the
 * stream with STREAM_KILL ends the whole group, after a moment to end by itself. */
#ifndef FETTLE_IO_PROCESS_H
#define FETTLE_IO_PROCESS_H

#include "base/err.h"
#include "io/loop.h"
#include "io/stream.h"

/* argv[0] is looked up in PATH.  `env` NULL: fettle's own environment.  NULL on error. */
struct stream *process_open(struct loop *l, char **argv, char **env,
                            const struct stream_calls *calls, void *data, struct err *e);

/* To the whole group, as long as the process is there. */
void process_signal(struct stream *s, int number);

#endif
