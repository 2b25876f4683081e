/* digest.h: SHA-256 and random tokens, from OpenSSL's libcrypto and the kernel. */
#ifndef FETTLE_BASE_DIGEST_H
#define FETTLE_BASE_DIGEST_H

#include "base/err.h"

#include <stddef.h>

enum { DIGEST_TEXT_SIZE = 65 };

void digest_sha256(const void *data, size_t n, char text[DIGEST_TEXT_SIZE]); /* lower-case hex */
/* `bytes` random bytes from the kernel as 2 * bytes hex digits and a NUL. */
int digest_random(char *text, size_t bytes, struct err *e);

#endif
