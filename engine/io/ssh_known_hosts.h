/* ssh_known_hosts.h: which keys are known for a host, read as OpenSSH reads them (sshd(8),
 * SSH_KNOWN_HOSTS FILE FORMAT; hostfile.c and sshconnect.c of OpenSSH 9.2); for engine/io only. */
#ifndef FETTLE_IO_SSH_KNOWN_HOSTS_H
#define FETTLE_IO_SSH_KNOWN_HOSTS_H

#include "base/err.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

enum known_verdict {
    KNOWN_SAME,
    KNOWN_NEW,     /* nothing is known of this host, or only keys of other types */
    KNOWN_CHANGED, /* another key of this type is known */
    KNOWN_REVOKED, /* this very key is marked as @revoked */
};

struct known_hosts; /* the lines that are about one host */

/* `name` is the host's, or its HostKeyAlias (then `port` has no say: 22).  Files that are not there
 * hold nothing; one that cannot be read is an error, since it may say that a key is revoked. */
struct known_hosts *known_hosts_find(struct loop *l, char *const *files, const char *name, int port,
                                     struct err *e);
void known_hosts_free(struct known_hosts *k); /* fine on NULL */

/* "FILE:LINE" of an @cert-authority line for this host, or NULL. */
const char *known_hosts_authority(const struct known_hosts *k);
/* The types of key to ask the server for, those that are known first; owned. */
char *known_hosts_types(const struct known_hosts *k);
/* A type that is known and that `known_hosts_types` cannot ask for usefully, or NULL. */
const char *known_hosts_other_type(const struct known_hosts *k);
/* `where` becomes the "FILE:LINE" that says so, or stays NULL; it lives as long as `k`. */
enum known_verdict known_hosts_check(const struct known_hosts *k, const void *key, size_t n,
                                     const char **where);

/* Appends the key to the first file, as OpenSSH does. */
int known_hosts_add(struct loop *l, char *const *files, const char *name, int port, const void *key,
                    size_t n, struct err *e);

char *known_hosts_key_type(const void *key, size_t n);    /* "ssh-ed25519"; owned */
char *known_hosts_fingerprint(const void *key, size_t n); /* "SHA256:…"; owned */

#endif
