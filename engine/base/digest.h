/* digest.h: SHA-256, known_hosts' HMAC-SHA1 and random tokens, from OpenSSL's libcrypto and the kernel. */
#ifndef FETTLE_BASE_DIGEST_H
#define FETTLE_BASE_DIGEST_H

#include "base/err.h"

#include <stddef.h>

enum { DIGEST_TEXT_SIZE = 65, DIGEST_SHA1_BYTES = 20, DIGEST_SHA256_BYTES = 32 };

void digest_sha256(const void *data, size_t n, char text[DIGEST_TEXT_SIZE]); /* lower-case hex */
void digest_sha256_raw(const void *data, size_t n, unsigned char sum[DIGEST_SHA256_BYTES]);
void digest_hmac_sha1(const void *key, size_t key_n, const void *data, size_t n,
                      unsigned char sum[DIGEST_SHA1_BYTES]);
/* `bytes` random bytes from the kernel as 2 * bytes hex digits and a NUL. */
int digest_random(char *text, size_t bytes, struct err *e);

/* Nothing of it stays in memory, whatever the compiler thinks of that. */
void digest_wipe(void *secret, size_t n);

#endif
