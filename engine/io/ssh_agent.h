/* ssh_agent.h: the keys that an ssh-agent holds, asked without waiting; for engine/io only.
 *
 * libssh2's own client blocks on the agent's socket.  The protocol is small (RFC draft
 * draft-miller-ssh-agent, sections 4.4 and 4.5): a list, and a signature. */
#ifndef FETTLE_IO_SSH_AGENT_H
#define FETTLE_IO_SSH_AGENT_H

#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct ssh_agent;
struct ssh_agent_job;

struct ssh_agent_key {
    unsigned char *blob;
    size_t n;
    char *comment; /* as it came; for a person clean it first */
};

/* One for each socket, which lives as long as the loop. */
struct ssh_agent *ssh_agent_get(struct loop *l, const char *path);

/* `done` comes once, from the loop: the list is asked for once.  `why` says why there is none. */
struct ssh_agent_job *ssh_agent_list(struct ssh_agent *a,
                                     void (*done)(void *data, const struct ssh_agent_key *keys,
                                                  size_t count, const char *why),
                                     void *data);
/* The signature proper (RFC 4253's signature_blob, without the name of the algorithm), or NULL and
 * why. */
struct ssh_agent_job *
ssh_agent_sign(struct ssh_agent *a, const struct ssh_agent_key *key, const void *text, size_t n,
               void (*done)(void *data, const void *signature, size_t n, const char *why),
               void *data);
void ssh_agent_cancel(struct ssh_agent_job *j); /* fine on NULL; not after `done` */

#endif
