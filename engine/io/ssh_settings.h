/* ssh_settings.h: the ssh settings that hold for a host; for engine/io only.
 *
 * They are what `ssh -G` says, so that everything in people's configuration counts; the
 * inventory's entries are given to it as options and so win over it.  One `ssh -G` answers for
 * all hosts that the configuration's files do not tell apart (model/ssh_scan.h).  Where no `ssh`
 * is installed, the inventory and OpenSSH's defaults hold.
 *
 * StrictHostKeyChecking: "yes" refuses an unknown key without a question.  "no" and "accept-new"
 * are not followed, as no option may turn the check off: fettle asks, and `note` says so. */
#ifndef FETTLE_IO_SSH_SETTINGS_H
#define FETTLE_IO_SSH_SETTINGS_H

#include "base/err.h"
#include "io/loop.h"
#include "model/inventory.h"

#include <stdbool.h>

struct ssh_settings {
    char *name;            /* what ssh is asked for: the host's name or its address */
    char *address;         /* HostName */
    char *host_key_alias;  /* or NULL */
    int port;
    char *user;
    char **identities;     /* paths of private keys, in order; also those that are not there */
    char *agent;           /* socket path, or NULL: none to be used */
    bool identities_only;
    bool key_auth, password_auth, keyboard_auth; /* what is not switched off */
    bool strict;           /* an unknown host key is refused without a question */
    char **known_hosts;    /* the user's files, then the global ones */
    char *proxy;           /* ProxyJump or ProxyCommand as text, or NULL */
    int connect_timeout_ms; /* 0: not set */
    char *needs_openssh;   /* why libssh2 cannot do it, in words, or NULL */
    char *fallback;        /* what the system's ssh may do where libssh2's login was refused, or NULL */
    char *note;            /* what a person should know about the settings, or NULL */
    bool has_openssh;      /* there is an `ssh` on this machine */
};

struct ssh_settings_query;

/* `done` comes later, from the loop.  `s` lives as long as the loop; it is NULL where `e` says
 * why there are none.  The host must live until then. */
struct ssh_settings_query *ssh_settings_get(struct loop *l, const struct host *h,
                                            void (*done)(void *data, const struct ssh_settings *s,
                                                         const struct err *e),
                                            void *data);
void ssh_settings_cancel(struct ssh_settings_query *q); /* fine on NULL; not after `done` */

#endif
