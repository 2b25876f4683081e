/* become.h: programs on a host as the user that its `become` says; for engine/io only.
 *
 * `sudo -n` first.  Where that does not do, the same with a terminal (requiretty), then with a
 * password, if a person can be asked.  What worked is what the connection's next streams begin
 * with. No text of sudo's is ever compared: a token says what happened (io/become.sh). */
#ifndef FETTLE_IO_BECOME_H
#define FETTLE_IO_BECOME_H

#include "base/err.h"
#include "io/ask.h"
#include "io/loop.h"
#include "io/stream.h"
#include "model/inventory.h"

struct become;

/* Starts the reader of io/shell.h as `become` says (shell_argv(), shell_line()); NULL: as the user
 * who logs in.  It sends no program. */
typedef struct stream *become_raw(void *connection, const char *become,
                                  const struct stream_calls *calls, void *data, struct err *e);

/* `asker` NULL: nobody can be asked.  The host and the connection must outlive it. */
struct become *become_new(struct loop *l, const struct host *h, const struct asker *asker,
                          become_raw *raw, void *connection, struct err *e);
void become_free(struct become *b); /* its streams have been closed; fine on NULL */
/* What a transport's `open` promises. */
struct stream *become_open(struct become *b, const char *program, const struct stream_calls *calls,
                           void *data, struct err *e);

#endif
