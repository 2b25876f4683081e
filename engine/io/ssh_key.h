/* ssh_key.h: private keys in files, read once for all hosts; for engine/io only. */
#ifndef FETTLE_IO_SSH_KEY_H
#define FETTLE_IO_SSH_KEY_H

#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

struct ssh_key_waiter { /* for a passphrase that another host's login has asked for */
    struct ssh_key_waiter *next;
    void (*wake)(void *data);
    void *data;
};

struct ssh_key {
    struct ssh_key *next;
    char *path;
    char *text; /* the file; NULL where there is none that can be read */
    size_t text_n;
    char *public_line; /* "TYPE BASE64", or NULL where only the private half tells */
    unsigned char *blob;
    size_t blob_n; /* of the public half; 0 where unknown */
    bool encrypted;
    struct signer *signer; /* the private half, taken apart; NULL: libssh2 does that */
    char *passphrase; /* once it has been asked for */
    bool asked;       /* a person is being asked right now, */
    bool declined;    /* and did not want to say */
    struct ssh_key_waiter *waiters;
    char *why; /* what a person should know: unreadable, open to others; or NULL */
};

/* One `string` of RFC 4251, in keys as in what an agent says: its place and length, and `*at` is
 * behind it; NULL where it goes beyond `end`. */
const unsigned char *ssh_string_take(const unsigned char **at, const unsigned char *end, size_t *n);

/* Lives as long as the loop.  A file that is not there has neither text nor `why`. */
struct ssh_key *ssh_key_get(struct loop *l, const char *path);
bool ssh_key_is_rsa(const struct ssh_key *k);
void ssh_key_set_passphrase(struct ssh_key *k, const char *passphrase); /* NULL: wiped */

void ssh_key_wait(struct ssh_key *k, struct ssh_key_waiter *w);
void ssh_key_unwait(struct ssh_key *k,
                    struct ssh_key_waiter *w); /* fine on one that is not there */
/* The question is over, with an answer or with NULL: wakes all who wait. */
void ssh_key_answered(struct ssh_key *k, const char *passphrase);

#endif
