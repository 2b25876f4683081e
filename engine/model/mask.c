/* mask.c: what looks like a secret never reaches a record.
 *
 * One pass over each line.  A value is masked for whole key names only: what a
 * playbook's parser needs (`listen.mode`, `ssl_password_file`, `server_tokens`,
 * `proxy_pass`) stays as it is.  A name counts by its last words, so that
 * DB_PASSWORD and X-Api-Key are secrets too. */
#include "model/record.h"

#include "base/buf.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#define MASK "[masked]"

enum { MASK_SHORT = 64 };

struct cursor {
    const char *line, *p, *end; /* of the line, without its newline */
    const char *done;           /* copied up to here */
    struct buf *out;
};

/* Written with `_` for every separator. */
static const char *const secret_names[] = {
    "password",      "passwd",           "passphrase",    "secret",     "token",
    "api_key",       "apikey",           "secret_key",    "access_key", "authorization",
    "cookie",        "phpsessid",        "private_token", "sessionid",  "jsessionid",
    "client_secret", "secret_access_key"};

/* Names whose value is all the rest: a header's, in which blanks and `;` are usual. */
static const char *const header_names[] = {"authorization", "cookie"};

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool name_ends_with(const char *name, size_t n, const char *word)
{
    size_t len = strlen(word), i;

    if (n < len || (n > len && isalnum((unsigned char)name[n - len - 1])))
        return false;
    for (i = 0; i < len; i++) {
        char c = name[n - len + i];

        c = c == '-' || c == '.' ? '_' : (char)tolower((unsigned char)c);
        if (c != word[i])
            return false;
    }
    return true;
}

static bool name_is_one_of(const char *name, size_t n, const char *const *words, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (name_ends_with(name, n, words[i]))
            return true;
    return false;
}

/* A long value keeps its length, which betrays nothing of a cookie or a token: how large a header is decides
 * what a step says, and a replay has to come to the same. */
static void replace(struct cursor *c, const char *from, const char *to, const char *by)
{
    size_t n = strlen(by), len = (size_t)(to - from);

    buf_add(c->out, c->done, (size_t)(from - c->done));
    buf_puts(c->out, by);
    for (; len > MASK_SHORT && n < len; n++)
        buf_add(c->out, "*", 1);
    c->done = to;
}

static const char *skip_spaces(const struct cursor *c, const char *p)
{
    while (p < c->end && (*p == ' ' || *p == '\t'))
        p++;
    return p;
}

/* The end of a quoted text, also of one whose quotes are themselves escaped (JSON in JSON). */
static const char *quoted_end(const struct cursor *c, const char *p, char quote, bool escaped)
{
    for (; p < c->end; p++) {
        if (escaped && *p == '\\' && p + 1 < c->end && p[1] == quote)
            return p;
        if (!escaped && *p == quote)
            return p;
        if (!escaped && *p == '\\' && p + 1 < c->end)
            p++;
    }
    return p;
}

/* The end of a value without quotes.  A quote ends it in any case, escaped or not: it may be
 * the end of what the whole line stands in, and must stay for that to be parsed. */
static const char *bare_end(const struct cursor *c, const char *p, bool whole)
{
    const char *last;

    for (; p < c->end; p++) {
        if (*p == '"' || (*p == '\'' && !whole))
            return p;
        if (*p == '\\' && p + 1 < c->end && (p[1] == '"' || p[1] == '\''))
            return p;
        if (!whole && (strchr(" \t&;)", *p) || (*p == ',' && p + 1 < c->end && p[1] == ' ')))
            return p;
    }
    if (!whole)
        return p;
    for (last = p; last > c->line && isspace((unsigned char)last[-1]); last--)
        p = last - 1;
    return p > c->line && p[-1] == ';' ? p - 1 : p;
}

/* A variable is no secret, and nginx's parser wants to see it. */
static bool is_variable(const char *p, const char *end)
{
    if (p == end || *p++ != '$')
        return false;
    while (p < end && (is_name_char(*p) || *p == '{' || *p == '}'))
        p++;
    return p == end;
}

static bool is_json_word(const char *p, const char *end)
{
    size_t n = (size_t)(end - p);

    return *p == '{' || *p == '[' || (n >= 4 && strncmp(p, "null", 4) == 0) ||
           (n >= 4 && strncmp(p, "true", 4) == 0) || (n >= 5 && strncmp(p, "false", 5) == 0);
}

static void mask_value(struct cursor *c, const char *p, bool whole, bool json)
{
    bool escaped = p + 1 < c->end && *p == '\\' && (p[1] == '"' || p[1] == '\'');
    const char *end;

    p += escaped;
    if (p < c->end && (*p == '"' || *p == '\'')) {
        end = quoted_end(c, p + 1, *p, escaped);
        if (end > p + 1 && !is_variable(p + 1, end))
            replace(c, p + 1, end, MASK);
        c->p = end;
        return;
    }
    if (json) { /* a number, or what is no value at all */
        end = p;
        while (end < c->end && (isalnum((unsigned char)*end) || strchr("+-.", *end)))
            end++;
        if (end > p && !is_json_word(p, c->end))
            replace(c, p, end, "\"" MASK "\"");
        c->p = end;
        return;
    }
    end = bare_end(c, p, whole);
    if (end > p && !is_variable(p, end))
        replace(c, p, end, MASK);
    c->p = end;
}

/* Does nothing but blanks stand before it? */
static bool starts_line(const struct cursor *c, const char *name)
{
    const char *p = skip_spaces(c, c->line);

    return p == name;
}

/* nginx's own form, `proxy_set_header Authorization "…";`: the line ends like a directive. */
static bool is_directive(const struct cursor *c, const char *name, const char *after)
{
    static const char *const before[] = {"proxy_set_header",
                                         "grpc_set_header",
                                         "fastcgi_param",
                                         "uwsgi_param",
                                         "scgi_param",
                                         "add_header",
                                         "set",
                                         "more_set_headers",
                                         "env"};
    const char *end = c->end, *word = skip_spaces(c, c->line), *word_end = word;
    size_t i;

    while (end > after && isspace((unsigned char)end[-1]))
        end--;
    if (end == after || end[-1] != ';' || after == c->end || (*after != ' ' && *after != '\t'))
        return false;
    if (word == name)
        return true;
    while (word_end < name && is_name_char(*word_end))
        word_end++;
    for (i = 0; i < sizeof before / sizeof *before; i++)
        if ((size_t)(word_end - word) == strlen(before[i]) &&
            memcmp(word, before[i], strlen(before[i])) == 0)
            return true;
    return false;
}

static void mask_directive(struct cursor *c, const char *after)
{
    const char *p = skip_spaces(c, after), *end = c->end;

    if (p < c->end && (*p == '"' || *p == '\'')) {
        mask_value(c, p, false, false);
        return;
    }
    while (end > p && (isspace((unsigned char)end[-1]) || end[-1] == ';'))
        end--;
    if (end > p && !is_variable(p, end))
        replace(c, p, end, MASK);
    c->p = end > p ? end : c->p;
}

/* At the start of a name. */
static void mask_name(struct cursor *c)
{
    const char *name = c->p, *after;
    bool header, closed = false, json = false, first;
    size_t n;

    while (c->p < c->end && is_name_char(*c->p))
        c->p++;
    n = (size_t)(c->p - name);
    if (!name_is_one_of(name, n, secret_names, sizeof secret_names / sizeof *secret_names))
        return;
    header = name_is_one_of(name, n, header_names, sizeof header_names / sizeof *header_names);
    after = c->p;
    if (after < c->end && *after == '\\')
        after++;
    if (after < c->end && strchr("\"']", *after)) { /* "key": …, env[KEY] = … */
        closed = true;
        json = *after == '"';
        after++;
    }
    first = starts_line(c, name) || (closed && !json);
    after = skip_spaces(c, after);
    if (after < c->end && (*after == '=' || *after == ':')) {
        bool colon = *after == ':';

        after = skip_spaces(c, after + 1);
        mask_value(c, after, header ? colon || first : first, json && colon);
        return;
    }
    if (is_directive(c, name, c->p))
        mask_directive(c, c->p);
}

/* At "://": masks what stands before an `@` of the authority. */
static void mask_user_info(struct cursor *c)
{
    const char *p, *at = NULL;

    c->p += 3;
    for (p = c->p; p < c->end && !strchr("/?# \t\"'<>\\,;", *p); p++)
        if (*p == '@')
            at = p;
    if (at)
        replace(c, c->p, at, MASK);
    c->p = p;
}

/* "Bearer eyJ…" outside of a header that is known by its name, as in a log's own format. */
static void mask_bearer(struct cursor *c)
{
    const char *p = c->p + 7, *start = p;
    bool digit = false;

    while (p < c->end && (is_name_char(*p) || strchr("~+/=", *p)))
        digit = isdigit((unsigned char)*p++) || digit;
    if (p - start >= 20 && digit)
        replace(c, start, p, MASK);
    c->p = p;
}

static void mask_line(struct cursor *c)
{
    while (c->p < c->end) {
        size_t left = (size_t)(c->end - c->p);

        if (left > 7 && strncasecmp(c->p, "bearer ", 7) == 0)
            mask_bearer(c);
        else if (is_name_char(*c->p))
            mask_name(c);
        else if (left > 3 && memcmp(c->p, "://", 3) == 0)
            mask_user_info(c);
        else
            c->p++;
    }
    buf_add(c->out, c->done, (size_t)(c->end - c->done));
}

static const char *find(const char *p, const char *end, const char *what)
{
    return p < end ? memmem(p, (size_t)(end - p), what, strlen(what)) : NULL;
}

/* Where a private key's block starts in this line, after its BEGIN; or NULL. */
static const char *key_start(const char *line, const char *end)
{
    const char *begin = find(line, end, "-----BEGIN "), *kind;

    kind = begin ? find(begin, end, "PRIVATE KEY-----") : NULL;
    return kind ? kind + strlen("PRIVATE KEY-----") : NULL;
}

/* Of a line within a block: masks what is inside.  Returns whether the block goes on. */
static bool mask_key_line(struct buf *out, const char *line, const char *end)
{
    const char *last = find(line, end, "-----END ");

    if ((last ? last : end) > line)
        buf_puts(out, MASK);
    if (last)
        buf_add(out, last, (size_t)(end - last));
    return !last;
}

char *mask_secrets(const char *text, size_t n, size_t *masked_len)
{
    const char *end = text + n;
    bool in_key = false;
    struct buf out;
    char *masked;

    buf_init(&out, SIZE_MAX / 4); /* bounded by its input */
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        const char *line_end = newline ? newline : end, *start = NULL;
        struct cursor c = {text, text, line_end, text, &out};

        if (in_key) {
            in_key = mask_key_line(&out, text, line_end);
        } else if ((start = key_start(text, line_end))) {
            c.end = start;
            mask_line(&c);
            in_key = mask_key_line(&out, start, line_end);
        } else {
            mask_line(&c);
        }
        buf_add(&out, "\n", newline ? 1 : 0);
        text = newline ? newline + 1 : end;
    }
    if (masked_len)
        *masked_len = out.len;
    masked = buf_take(&out);
    buf_release(&out);
    return masked;
}
