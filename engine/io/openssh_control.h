/* openssh_control.h: how ssh is called for shared connections, and what it says; for engine/io
 * only. */
#ifndef FETTLE_IO_OPENSSH_CONTROL_H
#define FETTLE_IO_OPENSSH_CONTROL_H

#include "io/ssh_settings.h"

/* What the master's standard output begins with once it is logged in. */
#define OPENSSH_READY "fettle-is-logged-in\n"

/* `asks`: a person can be asked.  It ends when its standard input does, so with us, however we end. */
char **openssh_master_argv(const char *program, const struct host *h, const struct ssh_settings *s,
                           const char *socket, bool asks);
/* LINE goes to the login shell there.  It never makes a connection of its own. */
char **openssh_client_argv(const char *program, const char *name, const char *socket,
                           const char *line);

/* What ssh had to say about its failure, as one line; owned, or NULL. */
char *openssh_reason(const char *text, bool asks);

#endif
