/* openssh_ask.h: what the system's ssh wants to know from a person; for engine/io only.
 *
 * ssh has no terminal.  It asks through a program (io/askpass.h), which comes here. */
#ifndef FETTLE_IO_OPENSSH_ASK_H
#define FETTLE_IO_OPENSSH_ASK_H

#include "io/ask.h"
#include "io/loop.h"
#include "model/inventory.h"

#include <stdbool.h>

struct openssh_ask;

/* Listens at `path`, in a folder that is nobody else's.  `asking` is called when the first
 * question begins and when the last one is over.  NULL on error. */
struct openssh_ask *openssh_ask_new(struct loop *l, const struct host *h, const struct asker *asker,
                                    const char *path, void (*asking)(void *data, bool any),
                                    void *data, struct err *e);
void openssh_ask_free(struct openssh_ask *a); /* fine on NULL; open questions are taken back */
/* The environment in which ssh asks that way, or nobody at all where `a` is NULL; owned. */
char **openssh_ask_env(const struct openssh_ask *a);

#endif
