/* openssh.h: transport "openssh", through the system's ssh; for engine/io only. */
#ifndef FETTLE_IO_OPENSSH_H
#define FETTLE_IO_OPENSSH_H

#include "io/transport.h"

extern const struct transport transport_openssh;

#endif
