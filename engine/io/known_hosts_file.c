/* known_hosts_file.c: one known_hosts file, line by line. */
#include "io/known_hosts_file.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/base64.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { FILE_MAX = 16 * 1024 * 1024 };

/* What is forgotten is kept too, as hosts in the middle of their login point into it. */
struct known_files {
    struct known_file *files, *forgotten;
};

/* ---- a line ---- */

static char *take_word(const char **at, const char *end)
{
    const char *from;

    while (*at < end && (**at == ' ' || **at == '\t'))
        ++*at;
    from = *at;
    while (*at < end && **at != ' ' && **at != '\t')
        ++*at;
    return *at > from ? mem_dupn(from, (size_t)(*at - from)) : NULL;
}

static void line_release(struct known_line *line)
{
    free(line->hosts);
    free(line->type);
    free(line->key);
}

static bool take_mark(struct known_line *line)
{
    if (strcmp(line->hosts, "@cert-authority") == 0)
        line->mark = KNOWN_AUTHORITY;
    else if (strcmp(line->hosts, "@revoked") == 0)
        line->mark = KNOWN_REVOKED_KEY;
    else
        return false;
    return true;
}

/* False for what says nothing: a comment, an empty line, and, as to OpenSSH, one without a key. */
static bool line_parse(struct known_line *line, const char *at, const char *end)
{
    memset(line, 0, sizeof *line);
    line->hosts = take_word(&at, end);
    if (line->hosts && take_mark(line)) {
        free(line->hosts);
        line->hosts = take_word(&at, end);
    }
    line->type = take_word(&at, end);
    line->key = take_word(&at, end);
    if (line->key && line->hosts[0] != '#' && line->hosts[0] != '@')
        return true;
    line_release(line);
    return false;
}

/* ---- whom it is about ---- */

/* As OpenSSH's match_pattern(): `*` and `?`, no brackets, and case does not count. */
static bool pattern_matches(const char *pattern, size_t n, const char *name)
{
    for (; n; pattern++, n--, name++) {
        if (*pattern == '*') {
            for (;; name++) {
                if (pattern_matches(pattern + 1, n - 1, name))
                    return true;
                if (!*name)
                    return false;
            }
        }
        if (!*name ||
            (*pattern != '?' && tolower((unsigned char)*pattern) != tolower((unsigned char)*name)))
            return false;
    }
    return !*name;
}

static bool list_matches(const char *list, const char *name)
{
    bool found = false;

    while (*list) {
        size_t n = strcspn(list, ",");
        bool not = *list == '!' && n > 1;

        if (pattern_matches(list + not, n - not, name)) {
            if (not )
                return false;
            found = true;
        }
        list += n + (list[n] == ',');
    }
    return found;
}

/* |1|SALT|HMAC-SHA1 of the name under that salt, both in base64. */
static bool hash_matches(const char *hashed, const char *name)
{
    unsigned char sum[DIGEST_SHA1_BYTES];
    const char *bar = strncmp(hashed, "|1|", 3) == 0 ? strchr(hashed + 3, '|') : NULL;
    char *salt_text = NULL, *salt = NULL, *hash = NULL, *lower = mem_dup(name), *p;
    size_t salt_n, hash_n;
    bool same = false;

    for (p = lower; *p; p++)
        *p = (char)tolower((unsigned char)*p);
    if (!bar)
        goto out;
    salt_text = mem_dupn(hashed + 3, (size_t)(bar - hashed - 3));
    salt = base64_decode(salt_text, &salt_n);
    hash = base64_decode(bar + 1, &hash_n);
    if (!salt || !hash || hash_n != sizeof sum)
        goto out;
    digest_hmac_sha1(salt, salt_n, lower, strlen(lower), sum);
    same = memcmp(sum, hash, sizeof sum) == 0;
out:
    free(salt_text);
    free(salt);
    free(hash);
    free(lower);
    return same;
}

bool known_line_is_about(const struct known_line *line, const char *name)
{
    return line->hosts[0] == '|' ? hash_matches(line->hosts, name)
                                 : list_matches(line->hosts, name);
}

/* ---- files ---- */

static void *files_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct known_files));
}

static void list_free(struct known_file *f)
{
    while (f) {
        struct known_file *next = f->next;

        while (f->count)
            line_release(&f->lines[--f->count]);
        free(f->lines);
        free(f->path);
        free(f);
        f = next;
    }
}

static void files_drop(void *kept)
{
    struct known_files *all = kept;

    list_free(all->files);
    list_free(all->forgotten);
    free(all);
}

static void file_parse(struct known_file *f, const char *text, size_t n)
{
    const char *at = text, *end = text + n;
    size_t number = 0;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        struct known_line line;

        number++;
        if (line_parse(&line, at, stop > at && stop[-1] == '\r' ? stop - 1 : stop)) {
            line.number = number;
            f->lines = mem_grow(f->lines, f->count + 1, sizeof *f->lines);
            f->lines[f->count++] = line;
        }
        at = stop + 1;
    }
}

const struct known_file *known_file_get(struct loop *l, const char *path, struct err *e)
{
    struct known_files *all = loop_keep(l, files_make, files_drop);
    struct known_file *f;
    struct stat st;
    struct buf text = {0};
    int rc = 0;

    for (f = all->files; f; f = f->next)
        if (strcmp(f->path, path) == 0)
            return f;
    if (stat(path, &st) == 0 || (errno != ENOENT && errno != ENOTDIR))
        rc = file_read(path, FILE_MAX, &text, e);
    if (rc == 0) {
        f = mem_alloc(sizeof *f);
        f->path = mem_dup(path);
        file_parse(f, text.data ? text.data : "", text.len);
        f->next = all->files;
        all->files = f;
    }
    buf_release(&text);
    return f;
}

void known_file_forget(struct loop *l, const char *path)
{
    struct known_files *all = loop_keep(l, files_make, files_drop);
    struct known_file **at;

    for (at = &all->files; *at; at = &(*at)->next) {
        struct known_file *f = *at;

        if (strcmp(f->path, path) != 0)
            continue;
        *at = f->next;
        f->next = all->forgotten;
        all->forgotten = f;
        return;
    }
}
