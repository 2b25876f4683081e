/* openssh_control.h: where shared connections have their sockets, and how ssh is called for them;
 * for engine/io only. */
#ifndef FETTLE_IO_OPENSSH_CONTROL_H
#define FETTLE_IO_OPENSSH_CONTROL_H

#include "base/err.h"
#include "io/loop.h"
#include "io/ssh_settings.h"

/* A new path in a folder of this loop's own, mode 0700, that goes with the loop; owned. */
char *openssh_socket(struct loop *l, struct err *e);

/* What the master's standard output begins with once it is logged in. */
#define OPENSSH_READY "fettle-is-logged-in\n"

/* `asks`: a person can be asked. */
char **openssh_master_argv(const char *program, const struct host *h, const struct ssh_settings *s,
                           const char *socket, bool asks);
/* LINE goes to the login shell there.  It never makes a connection of its own. */
char **openssh_client_argv(const char *program, const char *name, const char *socket,
                           const char *line);

/* What ssh had to say about its failure, as one line; owned, or NULL. */
char *openssh_reason(const char *text);

#endif
