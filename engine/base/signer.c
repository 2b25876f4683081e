/* signer.c: a private key that signs, from OpenSSL's libcrypto. */
#include "base/signer.h"

#include "base/mem.h"

#include <openssl/evp.h>
#include <stdlib.h>

enum { SIGNATURE_BYTES = 64 };

struct signer {
    EVP_PKEY *key;
};

struct signer *signer_ed25519(const unsigned char seed[SIGNER_SEED_BYTES])
{
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, SIGNER_SEED_BYTES);
    struct signer *s;

    if (!key)
        return NULL;
    s = mem_alloc(sizeof *s);
    s->key = key;
    return s;
}

void signer_free(struct signer *s)
{
    if (s)
        EVP_PKEY_free(s->key);
    free(s);
}

unsigned char *signer_sign(const struct signer *s, const void *data, size_t n, size_t *signature_n)
{
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    unsigned char *signature = mem_alloc(SIGNATURE_BYTES);

    *signature_n = SIGNATURE_BYTES;
    if (!c || EVP_DigestSignInit(c, NULL, NULL, NULL, s->key) <= 0 ||
        EVP_DigestSign(c, signature, signature_n, data, n) <= 0) {
        free(signature);
        signature = NULL;
    }
    EVP_MD_CTX_free(c);
    return signature;
}
