/* ssh_auth.h: logging in, in OpenSSH's order: keys of the agent that the settings name, its other
 * keys, keys in files, then a password; for engine/io only. */
#ifndef FETTLE_IO_SSH_AUTH_H
#define FETTLE_IO_SSH_AUTH_H

#include "base/err.h"
#include "io/ask.h"
#include "io/loop.h"
#include "io/ssh_settings.h"

#include <libssh2.h>
#include <stdbool.h>

struct ssh_auth;

/* `wake` is called from the loop when a step that waited can go on.  All must outlive it. */
struct ssh_auth *ssh_auth_new(struct loop *l, LIBSSH2_SESSION *session,
                              const struct ssh_settings *settings, const struct asker *asker,
                              const char *host, void (*wake)(void *data), void *data);
void ssh_auth_free(struct ssh_auth *a); /* fine on NULL */
/* LIBSSH2_ERROR_EAGAIN: not yet.  0: logged in.  Else an error of libssh2's, or
 * LIBSSH2_ERROR_AUTHENTICATION_FAILED with `e` set. */
int ssh_auth_step(struct ssh_auth *a, struct err *e);
bool ssh_auth_is_asking(const struct ssh_auth *a); /* it waits for a person */
/* Where the login was refused: what the system's ssh could still do about it, or NULL; static. */
const char *ssh_auth_better(const struct ssh_auth *a);

#endif
