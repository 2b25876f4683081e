/* ssh_known_hosts.c: which keys are known for a host. */
#include "io/ssh_known_hosts.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/known_hosts_file.h"
#include "model/base64.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct found {
    const struct known_line *line; /* of the cache, which lives as long as the loop */
    char *where;
    bool portless; /* matches the name without its port: that counts for the very key only */
};

struct known_hosts {
    struct found *found;
    size_t count;
};

/* The cheapest first.  libssh2 1.10 has no rsa-sha2: most servers of today do not offer ssh-rsa. */
static const char *const types[] = {"ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384",
                                    "ecdsa-sha2-nistp521", "ssh-rsa"};

static char *name_with_port(const char *name, int port)
{
    return port == 22 || port == 0 ? mem_dup(name) : mem_format("[%s]:%d", name, port);
}

static void found_add(struct known_hosts *k, const struct known_line *line, const char *file,
                      bool portless)
{
    k->found = mem_grow(k->found, k->count + 1, sizeof *k->found);
    k->found[k->count].line = line;
    k->found[k->count].where = mem_format("%s:%zu", file, line->number);
    k->found[k->count++].portless = portless;
}

static void find_in(struct known_hosts *k, const struct known_file *f, const char *name, int port)
{
    char *full = name_with_port(name, port);
    bool has_port = strcmp(full, name) != 0;
    size_t i;

    for (i = 0; i < f->count; i++) {
        if (known_line_is_about(&f->lines[i], full))
            found_add(k, &f->lines[i], f->path, false);
        else if (has_port && known_line_is_about(&f->lines[i], name))
            found_add(k, &f->lines[i], f->path, true);
    }
    free(full);
}

struct known_hosts *known_hosts_find(struct loop *l, char *const *files, const char *name, int port,
                                     struct err *e)
{
    struct known_hosts *k = mem_alloc(sizeof *k);
    size_t i;

    for (i = 0; files && files[i]; i++) {
        const struct known_file *f = known_file_get(l, files[i], e);

        if (!f) {
            known_hosts_free(k);
            return NULL;
        }
        find_in(k, f, name, port);
    }
    return k;
}

void known_hosts_free(struct known_hosts *k)
{
    size_t i;

    if (!k)
        return;
    for (i = 0; i < k->count; i++)
        free(k->found[i].where);
    free(k->found);
    free(k);
}

const char *known_hosts_authority(const struct known_hosts *k)
{
    size_t i;

    for (i = 0; i < k->count; i++)
        if (k->found[i].line->mark == KNOWN_AUTHORITY && !k->found[i].portless)
            return k->found[i].where;
    return NULL;
}

static bool is_known(const struct known_hosts *k, const char *type)
{
    size_t i;

    for (i = 0; i < k->count; i++)
        if (k->found[i].line->mark == KNOWN_PLAIN && strcmp(k->found[i].line->type, type) == 0)
            return true;
    return false;
}

char *known_hosts_types(const struct known_hosts *k)
{
    struct buf b;
    char *text;
    size_t i, turn;

    buf_init(&b, 1024);
    for (turn = 0; turn < 2; turn++)
        for (i = 0; i < sizeof types / sizeof *types; i++)
            if (is_known(k, types[i]) == (turn == 0))
                buf_addf(&b, "%s%s", b.len ? "," : "", types[i]);
    text = buf_take(&b);
    buf_release(&b); /* taking leaves an empty one */
    return text;
}

const char *known_hosts_other_type(const struct known_hosts *k)
{
    size_t i, j;

    for (i = 0; i < k->count; i++) {
        const struct known_line *line = k->found[i].line;

        if (line->mark != KNOWN_PLAIN || k->found[i].portless)
            continue;
        for (j = 0; j + 1 < sizeof types / sizeof *types; j++)
            if (strcmp(line->type, types[j]) == 0)
                break;
        if (j + 1 == sizeof types / sizeof *types)
            return line->type;
    }
    return NULL;
}

/* To OpenSSH, all curves of ECDSA are one type. */
static bool same_kind(const char *a, const char *b)
{
    return strcmp(a, b) == 0 ||
           (strncmp(a, "ecdsa-sha2-", 11) == 0 && strncmp(b, "ecdsa-sha2-", 11) == 0);
}

enum known_verdict known_hosts_check(const struct known_hosts *k, const void *key, size_t n,
                                     const char **where)
{
    char *text = base64_encode(key, n), *type = known_hosts_key_type(key, n);
    enum known_verdict verdict = KNOWN_NEW;
    size_t i;

    for (i = 0; i < k->count && verdict != KNOWN_REVOKED; i++) {
        const struct found *f = &k->found[i];
        bool same = strcmp(f->line->key, text) == 0;

        if (f->line->mark == KNOWN_REVOKED_KEY && same)
            verdict = KNOWN_REVOKED;
        else if (f->line->mark == KNOWN_PLAIN && same && verdict != KNOWN_SAME)
            verdict = KNOWN_SAME;
        else if (f->line->mark == KNOWN_PLAIN && !f->portless && verdict == KNOWN_NEW &&
                 same_kind(f->line->type, type))
            verdict = KNOWN_CHANGED;
        else
            continue;
        *where = f->where;
    }
    free(text);
    free(type);
    return verdict;
}

/* ---- adding ---- */

static int open_to_append(const char *path, struct err *e)
{
    char *folder = mem_dup(path), *slash = strrchr(folder, '/');
    int rc = 0, fd = -1;

    if (slash && slash != folder) {
        *slash = '\0';
        rc = file_make_folders(folder, e);
    }
    free(folder);
    if (rc == 0)
        fd = open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (rc == 0 && fd < 0)
        err_system(e, errno, "cannot add the host's key to \"%s\"", path);
    return fd;
}

static bool ends_in_newline(int fd)
{
    char last;
    off_t size = lseek(fd, 0, SEEK_END);

    return size <= 0 || pread(fd, &last, 1, size - 1) != 1 || last == '\n';
}

int known_hosts_add(struct loop *l, char *const *files, const char *name, int port, const void *key,
                    size_t n, struct err *e)
{
    char *full = name_with_port(name, port), *text = base64_encode(key, n);
    char *type = known_hosts_key_type(key, n), *line = NULL;
    int rc = -1, fd = -1;

    if (!files || !files[0]) {
        err_set(e, ERR_INTERNAL, "no known_hosts file to add the host's key to");
        goto out;
    }
    fd = open_to_append(files[0], e);
    if (fd < 0)
        goto out;
    line = mem_format("%s%s %s %s\n", ends_in_newline(fd) ? "" : "\n", full, type, text);
    if (write(fd, line, strlen(line)) == (ssize_t)strlen(line))
        rc = 0;
    else
        err_system(e, errno, "cannot add the host's key to \"%s\"", files[0]);
    known_file_forget(l, files[0]);
out:
    if (fd >= 0)
        close(fd);
    free(line);
    free(full);
    free(text);
    free(type);
    return rc;
}

/* ---- keys ---- */

char *known_hosts_key_type(const void *key, size_t n)
{
    const unsigned char *b = key;
    size_t len = n < 4 ? 0 : (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];

    return len && len <= n - 4 && len < 64 ? mem_dupn((const char *)b + 4, len)
                                           : mem_dup("unknown");
}

char *known_hosts_fingerprint(const void *key, size_t n)
{
    unsigned char sum[DIGEST_SHA256_BYTES];
    char *text, *line;

    digest_sha256_raw(key, n, sum);
    text = base64_encode(sum, sizeof sum);
    text[strcspn(text, "=")] = '\0';
    line = mem_format("SHA256:%s", text);
    free(text);
    return line;
}
