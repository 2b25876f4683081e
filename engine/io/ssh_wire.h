/* ssh_wire.h: the socket under an SSH session; for engine/io only.
 *
 * libssh2 sees it through two callbacks.  What it sends is always taken, and leaves in one piece
 * when the turn ends: so it never has to be asked to repeat half a packet (after which every
 * other call of its would fail), and many small packets are one system call.  What it receives
 * comes from one large read for each wake-up. */
#ifndef FETTLE_IO_SSH_WIRE_H
#define FETTLE_IO_SSH_WIRE_H

#include "base/buf.h"
#include "io/loop.h"

#include <libssh2.h>
#include <stdbool.h>

struct ssh_wire;
struct ssh_auth;

/* What a session's abstract points to. */
struct ssh_abstract {
    struct ssh_wire *wire;
    struct ssh_auth *auth; /* while it logs in */
    char *farewell;        /* what the host said when it hung up, or NULL; owned */
};

/* Takes `fd`, a connected socket.  `wake` is called from the loop when there is something to do. */
struct ssh_wire *ssh_wire_new(struct loop *l, int fd, void (*wake)(void *data), void *data);
void ssh_wire_free(struct ssh_wire *w); /* fine on NULL; sends what it can without waiting */
/* Makes `session`, whose abstract points to a struct ssh_abstract, speak over its wire. */
void ssh_wire_attach(LIBSSH2_SESSION *session);
int ssh_wire_socket(const struct ssh_wire *w);
/* True where it has just turned out that the connection is gone: nothing else will wake up for that. */
bool ssh_wire_flush(struct ssh_wire *w);
bool ssh_wire_full(const struct ssh_wire *w);  /* enough waits to be sent: write no more data */
bool ssh_wire_heard(const struct ssh_wire *w); /* anything at all from the other side */
void ssh_wire_cut(struct ssh_wire *w);         /* from now on nothing is sent or received */
/* Why nothing more comes, or NULL; static or of the wire. */
const char *ssh_wire_why(const struct ssh_wire *w);
void ssh_wire_hold(struct ssh_wire *w, bool hold); /* false: the loop need not wait for it */

#endif
