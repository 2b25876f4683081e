/* ssh.h: transport "ssh", through libssh2; for engine/io only. */
#ifndef FETTLE_IO_SSH_H
#define FETTLE_IO_SSH_H

#include "io/transport.h"

extern const struct transport transport_ssh;

/* After a connection failed: why the system's ssh could do it where libssh2 could not, or NULL.  It
 * lives as long as the connection, or until the next failure. */
const char *ssh_better(const void *connection);

#endif
