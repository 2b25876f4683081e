/* signer.h: a private key that signs, from OpenSSL's libcrypto. */
#ifndef FETTLE_BASE_SIGNER_H
#define FETTLE_BASE_SIGNER_H

#include <stddef.h>

enum { SIGNER_SEED_BYTES = 32 }; /* of Ed25519, RFC 8032 */

struct signer;

struct signer *
signer_ed25519(const unsigned char seed[SIGNER_SEED_BYTES]); /* NULL where it fails */
void signer_free(struct signer *s);                          /* fine on NULL */
/* The raw signature, from malloc(); NULL where it fails. */
unsigned char *signer_sign(const struct signer *s, const void *data, size_t n, size_t *signature_n);

#endif
