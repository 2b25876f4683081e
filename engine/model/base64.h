/* base64.h: bytes in JSON (RFC 4648, section 4). */
#ifndef FETTLE_MODEL_BASE64_H
#define FETTLE_MODEL_BASE64_H

#include <stddef.h>

char *base64_encode(const void *data, size_t n); /* owned */
/* Owned, with a NUL after the `*n` bytes; NULL where the text is not exactly base64. */
char *base64_decode(const char *text, size_t *n);

#endif
