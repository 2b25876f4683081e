/* ssh_needs.c: can libssh2 do what a host's settings ask for?
 *
 * libssh2 1.10 signs with RSA keys as ssh-rsa (SHA-1) only, which servers since OpenSSH 8.8 refuse;
 * it knows no FIDO keys, no certificates, no GSSAPI, and its known_hosts no markers. */
#include "io/ssh_needs.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/base64.h"
#include "model/ssh_scan.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { KEY_MAX = 64 * 1024, KNOWN_MAX = 32 << 20 };

enum key_kind { KEY_ABSENT, KEY_PLAIN, KEY_RSA, KEY_FIDO, KEY_CERTIFIED };

struct ssh_file {
    struct ssh_file *next;
    char *path;
    enum key_kind kind;
    char **marked; /* of a known_hosts file: the names in lines with @cert-authority or @revoked */
};

static struct ssh_file *find(struct ssh_files *f, const char *path)
{
    struct ssh_file *file;

    for (file = f->first; file && strcmp(file->path, path) != 0;)
        file = file->next;
    return file;
}

static struct ssh_file *add(struct ssh_files *f, const char *path)
{
    struct ssh_file *file = mem_alloc(sizeof *file);

    file->path = mem_dup(path);
    file->next = f->first;
    f->first = file;
    return file;
}

void ssh_files_release(struct ssh_files *f)
{
    while (f->first) {
        struct ssh_file *file = f->first;

        f->first = file->next;
        argv_free(file->marked);
        free(file->path);
        free(file);
    }
}

/* ---- keys ---- */

static enum key_kind kind_of_name(const char *name, size_t n)
{
    if (memmem(name, n, "-cert-", 6))
        return KEY_CERTIFIED;
    if (n >= 3 && strncmp(name, "sk-", 3) == 0)
        return KEY_FIDO;
    return n == 7 && strncmp(name, "ssh-rsa", 7) == 0 ? KEY_RSA : KEY_PLAIN;
}

/* A string of the wire format (RFC 4251, section 5); NULL where it does not fit. */
static const char *take_string(const char **at, const char *end, size_t *n)
{
    const unsigned char *u = (const unsigned char *)*at;
    const char *text;

    if (end - *at < 4)
        return NULL;
    *n = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
    text = *at + 4;
    if (*n > (size_t)(end - text))
        return NULL;
    *at = text + *n;
    return text;
}

/* OpenSSH's own format (PROTOCOL.key): the public key stands before what is encrypted. */
static enum key_kind kind_of_openssh(const char *base64)
{
    enum { HEAD = 400 }; /* characters; a multiple of four, and more than the names need */
    static const char magic[] = "openssh-key-v1"; /* with its NUL */
    struct buf joined;
    enum key_kind kind = KEY_PLAIN;
    const char *at, *end, *name;
    char *bytes;
    size_t n, i;

    buf_init(&joined, HEAD);
    for (; *base64 && *base64 != '-' && joined.len < HEAD; base64++)
        if (!strchr("\r\n \t", *base64))
            buf_add(&joined, base64, 1);
    bytes = base64_decode(joined.data, &n);
    buf_release(&joined);
    if (bytes && n > sizeof magic && memcmp(bytes, magic, sizeof magic) == 0) {
        at = bytes + sizeof magic;
        end = bytes + n;
        for (i = 0; i < 3 && take_string(&at, end, &n);) /* cipher, kdf, its options */
            i++;
        at += 8; /* how many keys, and how long the first one is */
        name = i == 3 && at < end ? take_string(&at, end, &n) : NULL;
        if (name)
            kind = kind_of_name(name, n);
    }
    free(bytes);
    return kind;
}

static enum key_kind kind_of_text(const char *text)
{
    static const char openssh[] = "-----BEGIN OPENSSH PRIVATE KEY-----";

    if (strncmp(text, openssh, sizeof openssh - 1) == 0)
        return kind_of_openssh(text + sizeof openssh - 1);
    if (strncmp(text, "-----BEGIN RSA ", 15) == 0)
        return KEY_RSA;
    if (*text == '-')
        return KEY_PLAIN;
    return kind_of_name(text, strcspn(text, " \n"));
}

/* Where the private key is elsewhere (in an agent), the public one beside it tells. */
static enum key_kind kind_of_path(const char *path)
{
    char *public = mem_format("%s.pub", path), *certificate = mem_format("%s-cert.pub", path);
    enum key_kind kind = KEY_ABSENT;
    bool there = access(path, R_OK) == 0;
    struct buf text = {0};

    if ((there || access(public, R_OK) == 0) &&
        file_read(there ? path : public, KEY_MAX, &text, NULL) == 0)
        kind = access(certificate, R_OK) == 0 ? KEY_CERTIFIED : kind_of_text(text.data);
    buf_release(&text);
    free(public);
    free(certificate);
    return kind;
}

static enum key_kind key_kind(struct ssh_files *f, const char *path)
{
    struct ssh_file *file = find(f, path);

    if (!file) {
        file = add(f, path);
        file->kind = kind_of_path(path);
    }
    return file->kind;
}

static char *key_reason(enum key_kind kind, const char *path)
{
    switch (kind) {
    case KEY_RSA:
        return mem_format("\"%s\" is an RSA key, and this libssh2 has no rsa-sha2", path);
    case KEY_FIDO:
        return mem_format("\"%s\" is a FIDO key", path);
    case KEY_CERTIFIED:
        return mem_format("a certificate lies beside the key \"%s\"", path);
    case KEY_ABSENT:
    case KEY_PLAIN:
        break;
    }
    return NULL;
}

/* The first key that libssh2 cannot use, a certified one before all others. */
static const char *key_beyond(struct ssh_files *f, const struct ssh_settings *s)
{
    const char *found = NULL;
    size_t i;

    for (i = 0; s->identities[i]; i++) {
        enum key_kind kind = key_kind(f, s->identities[i]);

        if (kind == KEY_CERTIFIED)
            return s->identities[i];
        if (!found && kind != KEY_PLAIN && kind != KEY_ABSENT)
            found = s->identities[i];
    }
    return found;
}

static bool key_usable(struct ssh_files *f, const struct ssh_settings *s)
{
    size_t i;

    for (i = 0; s->identities[i]; i++)
        if (key_kind(f, s->identities[i]) == KEY_PLAIN)
            return true;
    return s->agent && !s->identities_only;
}

/* A certificate, or the key that somebody chose for this host, is what it wants.  Else libssh2 is
 * left out only where it could use none of the keys. */
static void judge_keys(struct ssh_files *f, struct ssh_settings *s, const char *chosen)
{
    const char *beyond = key_beyond(f, s);
    enum key_kind kind = beyond ? key_kind(f, beyond) : KEY_ABSENT;
    char **place = &s->fallback;

    if (!beyond)
        return;
    if (kind == KEY_CERTIFIED || (chosen && beyond == s->identities[0]) || !key_usable(f, s))
        place = &s->needs_openssh;
    if (!*place)
        *place = key_reason(kind, beyond);
}

/* ---- known_hosts ---- */

static char **marked_names(const char *path)
{
    char **names = mem_alloc(sizeof *names), *line, *rest = NULL;
    struct buf text = {0};

    if (access(path, F_OK) == 0 && file_read(path, KNOWN_MAX, &text, NULL) == 0)
        for (line = strtok_r(text.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            char *field;

            line += strspn(line, " \t");
            if (*line != '@')
                continue;
            line += strcspn(line, " \t");
            line += strspn(line, " \t");
            field = mem_dupn(line, strcspn(line, " \t"));
            names = argv_add(names, field);
            free(field);
        }
    buf_release(&text);
    return names;
}

/* A list with commas.  A hashed name may be anybody's. */
static bool is_in_list(const char *list, const char *host)
{
    char *copy = mem_dup(list), *word, *rest = NULL;
    bool any = *list == '|';

    for (word = strtok_r(copy, ",", &rest); word; word = strtok_r(NULL, ",", &rest)) {
        bool negated = *word == '!';

        if (!ssh_pattern_matches(word + negated, host))
            continue;
        any = !negated;
        if (negated)
            break;
    }
    free(copy);
    return any;
}

static void judge_known_hosts(struct ssh_files *f, struct ssh_settings *s)
{
    const char *host = s->host_key_alias ? s->host_key_alias : s->address;
    char *with_port = mem_format("[%s]:%d", host, s->port);
    size_t i, k;

    for (i = 0; s->known_hosts[i] && !s->needs_openssh; i++) {
        struct ssh_file *file = find(f, s->known_hosts[i]);

        if (!file) {
            file = add(f, s->known_hosts[i]);
            file->marked = marked_names(file->path);
        }
        for (k = 0; file->marked[k] && !s->needs_openssh; k++)
            if (is_in_list(file->marked[k], host) || is_in_list(file->marked[k], with_port))
                s->needs_openssh =
                    mem_format("\"%s\" has a line with @cert-authority or @revoked that may be "
                               "for it",
                               file->path);
    }
    free(with_port);
}

/* ---- GSSAPI ---- */

/* Debian's ssh_config switches GSSAPI on for everybody: that alone means nothing. */
static bool has_ticket(void)
{
    const char *cache = getenv("KRB5CCNAME");
    char *path;
    bool there;

    if (cache && *cache && *cache != '/' && strncmp(cache, "FILE:", 5) != 0)
        return true; /* in a keyring or a daemon, by somebody's wish */
    path = cache && *cache ? mem_dup(cache + (*cache == '/' ? 0 : 5))
                           : mem_format("/tmp/krb5cc_%u", (unsigned)getuid());
    there = access(path, R_OK) == 0;
    free(path);
    return there;
}

static void judge_gssapi(struct ssh_files *f, struct ssh_settings *s)
{
    static const char reason[] = "there is a Kerberos ticket, and GSSAPIAuthentication is on";
    bool any = s->agent != NULL;
    size_t i;

    if (!has_ticket())
        return;
    for (i = 0; s->identities[i] && !any; i++)
        any = key_kind(f, s->identities[i]) != KEY_ABSENT;
    if (!any && !s->needs_openssh)
        s->needs_openssh = mem_dup(reason);
    else if (!s->fallback)
        s->fallback = mem_dup(reason);
}

void ssh_needs_judge(struct ssh_files *f, struct ssh_settings *s, const struct ssh_extras *x,
                     const char *chosen)
{
    s->needs_openssh = mem_dup(x->reason);
    if (s->key_auth)
        judge_keys(f, s, chosen);
    judge_known_hosts(f, s);
    if (x->gssapi)
        judge_gssapi(f, s);
    if (!s->fallback && s->agent && s->key_auth)
        s->fallback = mem_dup("the agent may hold a key that only ssh can use");
}
