/* way.h: transport "ssh" as the rest sees it: through libssh2, or through the system's ssh where
 * libssh2 cannot do it; for engine/io only. */
#ifndef FETTLE_IO_WAY_H
#define FETTLE_IO_WAY_H

#include "io/transport.h"

extern const struct transport transport_way;

const char *way_name(const void *connection); /* "ssh" or "openssh" */
const char *way_why(const void *connection);  /* why it is "openssh", or NULL */

#endif
