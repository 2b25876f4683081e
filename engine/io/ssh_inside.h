/* ssh_inside.h: what the files of transport "ssh" share.
 *
 * ssh_session.c owns the connection: its states, each with its deadline.  ssh_channel.c owns the
 * channels: one for each worker and change, all over the one connection.  ssh.c is what the
 * rest sees. */
#ifndef FETTLE_IO_SSH_INSIDE_H
#define FETTLE_IO_SSH_INSIDE_H

#include "io/ask.h"
#include "io/gate.h"
#include "io/ssh_auth.h"
#include "io/ssh_dial.h"
#include "io/ssh_known_hosts.h"
#include "io/ssh_settings.h"
#include "io/ssh_wire.h"
#include "io/stream.h"

#include <libssh2.h>

/* In this order, but for the first and the last; each has a handler of its name. */
enum ssh_state {
    SSH_IDLE,      /* not connected; the first channel begins it */
    SSH_SETTINGS,  /* what holds for this host */
    SSH_GATE,      /* its turn to log in; once more where the look-up or TCP takes its time */
    SSH_DIAL,      /* look-up and TCP */
    SSH_HANDSHAKE, /* banners and keys */
    SSH_TRUST,     /* is it the host that we know? */
    SSH_AUTH,
    SSH_OPEN,
};

enum channel_state {
    CHANNEL_WAITING, /* for the login, or its turn: libssh2 opens one at a time */
    CHANNEL_OPENING,
    CHANNEL_STARTING, /* the shell has been asked for */
    CHANNEL_RUNNING,
    CHANNEL_OVER, /* its end has been told; it waits to be closed by its owner */
};

struct ssh;
struct ssh_turn;

struct ssh_channel {
    struct stream base;
    struct ssh_channel *next; /* of the connection, the oldest first */
    struct ssh *ssh;
    enum channel_state state;
    char *line; /* what it starts */
    LIBSSH2_CHANNEL *channel;
    struct loop_timer *deadline; /* for its shell to be started */
    struct buf in;               /* to be sent, from `in_at`; bounded */
    size_t in_at;
    bool shut; /* after that, the end */
    bool sent_end, overfull, held;
    bool closed; /* by its owner, who hears no more */
    bool lost;   /* its connection is gone */
};

struct ssh {
    struct loop *loop;
    const struct host *host;
    const struct asker *asker;
    struct become *become;
    enum ssh_state state;
    struct loop_timer *deadline;
    struct ssh_turn *turn; /* to be woken in the loop's next turn */
    int timeout_ms;        /* of a phase */
    bool pumping, again, freed;
    struct ssh_settings_query *query;
    const struct ssh_settings *settings;
    struct gate_pass *pass;
    struct ssh_dial *dial;
    struct known_hosts *known;
    struct ask *ask;
    bool trusted;
    char *refused; /* why it is not, after a question */
    struct ssh_abstract abstract;
    LIBSSH2_SESSION *session;
    struct ssh_channel *channels;
    char *better; /* why the system's ssh could do it, after a failure; or NULL */
};

/* Turns as long as something moves; the only one that calls handlers.  From within a call it
 * only takes note. */
void ssh_pump(struct ssh *s);
void ssh_wake(struct ssh *s); /* the same, soon, from the loop */
void ssh_hold(struct ssh *s); /* somebody more or less waits for this connection */
void ssh_give_up(struct ssh *s, const char *why); /* the connection is over; from the loop */
void ssh_begin(struct ssh *s);
void ssh_free(struct ssh *s); /* at any time */

/* ssh_trust.c: 0 when the host's key is one to trust, LIBSSH2_ERROR_EAGAIN while a person is asked,
 * else -1 and `e`. */
int ssh_trust(struct ssh *s, struct err *e);

/* Takes `line`. */
struct stream *ssh_channel_new(struct ssh *s, char *line, const struct stream_calls *calls,
                               void *data);
/* True where something has moved. */
bool ssh_channels_step(struct ssh *s);
void ssh_channels_lose(struct ssh *s, const char *why);
void ssh_channels_sweep(struct ssh *s); /* frees what is closed and was never on the wire */
void ssh_channels_free(struct ssh *s);

#endif
