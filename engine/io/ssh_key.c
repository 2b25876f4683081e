/* ssh_key.c: private keys in files, read once for all hosts.
 *
 * An Ed25519 key without a passphrase, what ssh-keygen makes, is taken apart once: libssh2 1.10
 * tries it as PEM first, for each host, and with OpenSSL 3 that is a quarter of what a host costs.
 * Others stay text that libssh2 takes apart.  The public half of OpenSSH's own format
 * (PROTOCOL.key) lies open in the file, so a passphrase need be asked for only when a host has
 * said that it wants this key. */
#include "io/ssh_key.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/signer.h"
#include "model/base64.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY_MAX = 64 * 1024 };

static const char openssh_begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
static const char openssh_magic[] = "openssh-key-v1"; /* with its NUL */

static void wipe(char **text, size_t n)
{
    if (*text)
        digest_wipe(*text, n);
    free(*text);
    *text = NULL;
}

static void *keys_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct ssh_key *));
}

static void keys_drop(void *kept)
{
    struct ssh_key **all = kept, *k;

    while ((k = *all)) {
        *all = k->next;
        wipe(&k->text, k->text_n);
        signer_free(k->signer);
        ssh_key_set_passphrase(k, NULL);
        free(k->path);
        free(k->public_line);
        free(k->blob);
        free(k->why);
        free(k);
    }
    free(all);
}

/* ---- the public half ---- */

const unsigned char *ssh_string_take(const unsigned char **at, const unsigned char *end, size_t *n)
{
    const unsigned char *text;

    if (end - *at < 4)
        return NULL;
    *n = (size_t)(*at)[0] << 24 | (size_t)(*at)[1] << 16 | (size_t)(*at)[2] << 8 | (*at)[3];
    text = *at + 4;
    if (*n > (size_t)(end - text))
        return NULL;
    *at = text + *n;
    return text;
}

static void set_public(struct ssh_key *k, const unsigned char *blob, size_t n)
{
    const unsigned char *at = blob, *type;
    size_t type_n;
    char *text;

    type = ssh_string_take(&at, blob + n, &type_n);
    if (!type || k->blob_n)
        return;
    text = base64_encode(blob, n);
    k->public_line = mem_format("%.*s %s", (int)type_n, (const char *)type, text);
    k->blob = mem_alloc(n);
    memcpy(k->blob, blob, n);
    k->blob_n = n;
    free(text);
}

/* ---- the private half ---- */

/* two equal numbers, type, public half, seed and public half, comment, padding */
static void set_signer(struct ssh_key *k, const unsigned char *at, const unsigned char *end)
{
    static const char ed25519[] = "ssh-ed25519";
    const unsigned char *type, *seed;
    size_t type_n, public_n, seed_n;

    if (end - at < 8 || memcmp(at, at + 4, 4) != 0)
        return;
    at += 8;
    type = ssh_string_take(&at, end, &type_n);
    if (!type || type_n != strlen(ed25519) || memcmp(type, ed25519, type_n) != 0 ||
        !ssh_string_take(&at, end, &public_n))
        return;
    seed = ssh_string_take(&at, end, &seed_n);
    if (seed && seed_n >= SIGNER_SEED_BYTES)
        k->signer = signer_ed25519(seed);
}

/* magic, cipher, kdf, kdf options, number of keys, public key, private part */
static void read_openssh(struct ssh_key *k, const unsigned char *data, size_t n)
{
    const unsigned char *at = data + sizeof openssh_magic, *end = data + n;
    const unsigned char *cipher, *blob, *private;
    size_t cipher_n, kdf_n, options_n, blob_n, private_n;

    if (n < sizeof openssh_magic || memcmp(data, openssh_magic, sizeof openssh_magic) != 0)
        return;
    cipher = ssh_string_take(&at, end, &cipher_n);
    if (!cipher || !ssh_string_take(&at, end, &kdf_n) || !ssh_string_take(&at, end, &options_n) ||
        end - at < 4)
        return;
    at += 4;
    blob = ssh_string_take(&at, end, &blob_n);
    if (!blob)
        return;
    k->encrypted = cipher_n != 4 || memcmp(cipher, "none", 4) != 0;
    set_public(k, blob, blob_n);
    private = ssh_string_take(&at, end, &private_n);
    if (private && !k->encrypted)
        set_signer(k, private, private + private_n);
}

static void read_private(struct ssh_key *k)
{
    const char *at = strstr(k->text, openssh_begin), *end;
    char *packed, *to;
    unsigned char *data;
    size_t n;

    if (!at) { /* PEM: RFC 1421's header, or PKCS #8's */
        k->encrypted = strstr(k->text, "Proc-Type: 4,ENCRYPTED") ||
                       strstr(k->text, "BEGIN ENCRYPTED PRIVATE KEY");
        return;
    }
    at += strlen(openssh_begin);
    end = strstr(at, "-----END");
    packed = to = mem_alloc(k->text_n + 1);
    for (; end && at < end; at++)
        if (!strchr(" \t\r\n", *at))
            *to++ = *at;
    data = (unsigned char *)base64_decode(packed, &n);
    if (data) {
        read_openssh(k, data, n);
        digest_wipe(data, n);
    }
    free(data);
    digest_wipe(packed, k->text_n);
    free(packed);
}

/* The file beside it, where the private one does not tell. */
static void read_public_file(struct ssh_key *k)
{
    char *path = mem_format("%s.pub", k->path), *type, *text, *save = NULL;
    struct buf b = {0};
    unsigned char *blob = NULL;
    size_t n;

    if (file_read(path, KEY_MAX, &b, NULL) == 0 && b.data) {
        type = strtok_r(b.data, " \t\r\n", &save);
        text = type ? strtok_r(NULL, " \t\r\n", &save) : NULL;
        blob = text ? (unsigned char *)base64_decode(text, &n) : NULL;
    }
    if (blob)
        set_public(k, blob, n);
    free(blob);
    buf_release(&b);
    free(path);
}

/* ---- the file ---- */

/* As ssh(1): a private key that others can read is not used (sshkey_perm_ok() in authfile.c). */
static bool is_private(struct ssh_key *k, const struct stat *st)
{
    if (st->st_uid != getuid() || (st->st_mode & 077) == 0)
        return true;
    k->why = mem_format("key file \"%s\" is open to others (mode 0%o)", k->path,
                        (unsigned)st->st_mode & 0777);
    return false;
}

static void key_load(struct ssh_key *k)
{
    struct buf b = {0};
    struct err e = {0};
    struct stat st;

    if (stat(k->path, &st) < 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            k->why = mem_format("key file \"%s\": %s", k->path, strerror(errno));
        read_public_file(k); /* its private half may be the agent's */
        return;
    }
    if (!is_private(k, &st))
        return;
    if (file_read(k->path, KEY_MAX, &b, &e) < 0) {
        k->why = mem_dup(e.text);
        buf_release(&b);
        return;
    }
    k->text_n = b.len;
    k->text = b.data ? mem_dupn(b.data, b.len) : mem_dup("");
    if (b.data)
        digest_wipe(b.data, b.len);
    buf_release(&b);
    read_private(k);
    if (!k->blob_n)
        read_public_file(k);
}

struct ssh_key *ssh_key_get(struct loop *l, const char *path)
{
    struct ssh_key **all = loop_keep(l, keys_make, keys_drop), *k;

    for (k = *all; k; k = k->next)
        if (strcmp(k->path, path) == 0)
            return k;
    k = mem_alloc(sizeof *k);
    k->path = mem_dup(path);
    key_load(k);
    k->next = *all;
    *all = k;
    return k;
}

bool ssh_key_is_rsa(const struct ssh_key *k)
{
    if (k->public_line)
        return strncmp(k->public_line, "ssh-rsa ", 8) == 0;
    return k->text && strstr(k->text, "BEGIN RSA PRIVATE KEY");
}

void ssh_key_set_passphrase(struct ssh_key *k, const char *passphrase)
{
    wipe(&k->passphrase, k->passphrase ? strlen(k->passphrase) : 0);
    k->passphrase = mem_dup(passphrase);
}

void ssh_key_wait(struct ssh_key *k, struct ssh_key_waiter *w)
{
    w->next = k->waiters;
    k->waiters = w;
}

void ssh_key_unwait(struct ssh_key *k, struct ssh_key_waiter *w)
{
    struct ssh_key_waiter **at = &k->waiters;

    while (*at && *at != w)
        at = &(*at)->next;
    if (*at)
        *at = w->next;
}

void ssh_key_answered(struct ssh_key *k, const char *passphrase)
{
    k->asked = false;
    ssh_key_set_passphrase(k, passphrase);
    while (k->waiters) {
        struct ssh_key_waiter *w = k->waiters;

        k->waiters = w->next;
        w->wake(w->data);
    }
}
