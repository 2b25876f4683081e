/* digest.c: SHA-256, known_hosts' HMAC-SHA1 and random tokens, from OpenSSL's libcrypto and the kernel. */
#include "base/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <sys/random.h>

void digest_sha256(const void *data, size_t n, char text[DIGEST_TEXT_SIZE])
{
    unsigned char sum[SHA256_DIGEST_LENGTH];
    size_t i;

    SHA256(data, n, sum);
    for (i = 0; i < sizeof sum; i++)
        snprintf(text + 2 * i, 3, "%02x", sum[i]);
}

void digest_sha256_raw(const void *data, size_t n, unsigned char sum[DIGEST_SHA256_BYTES])
{
    SHA256(data, n, sum);
}

void digest_hmac_sha1(const void *key, size_t key_n, const void *data, size_t n,
                      unsigned char sum[DIGEST_SHA1_BYTES])
{
    HMAC(EVP_sha1(), key, (int)key_n, data, n, sum, NULL);
}

void digest_wipe(void *secret, size_t n)
{
    if (secret)
        OPENSSL_cleanse(secret, n);
}

int digest_random(char *text, size_t bytes, struct err *e)
{
    unsigned char raw[32];
    size_t i;

    if (bytes > sizeof raw)
        return err_set(e, ERR_INTERNAL, "too many random bytes asked for");
    if (getrandom(raw, bytes, 0) != (ssize_t)bytes)
        return err_system(e, errno, "cannot read random bytes");
    for (i = 0; i < bytes; i++)
        snprintf(text + 2 * i, 3, "%02x", raw[i]);
    return 0;
}
