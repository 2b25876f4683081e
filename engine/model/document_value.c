/* document_value.c: one value of a plan at a time, checked, with its JSON path in every problem. */
#include "model/document_value.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/base64.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

int plan_wrong(const struct plan_reading *l, const struct plan_at *at, const char *should)
{
    return problems_add(l->problems, l->file, 0, 0, "%s %s", at->path, should);
}

struct plan_at plan_key(const struct plan_at *of, const char *name)
{
    struct plan_at a = {json_object_get(of->value, name), ""};

    snprintf(a.path, sizeof a.path, "%.*s%s%s", 120, of->path, *of->path ? "." : "", name);
    return a;
}

struct plan_at plan_item(const struct plan_at *of, size_t i)
{
    struct plan_at a = {json_array_get(of->value, i), ""};

    snprintf(a.path, sizeof a.path, "%.*s[%zu]", 130, of->path, i);
    return a;
}

bool plan_is_object(const struct plan_reading *l, const struct plan_at *at)
{
    if (json_is_object(at->value))
        return true;
    plan_wrong(l, at, "must be an object");
    return false;
}

/* The number of items; 0 with a problem where it is no array. */
size_t plan_array_size(const struct plan_reading *l, const struct plan_at *at)
{
    if (!json_is_array(at->value))
        plan_wrong(l, at, "must be an array");
    return json_array_size(at->value);
}

const char *plan_string_at(const struct plan_reading *l, const struct plan_at *at)
{
    const char *text = json_string_value(at->value);

    if (!text)
        plan_wrong(l, at, "must be a string");
    else if (strlen(text) != json_string_length(at->value))
        plan_wrong(l, at, "must not hold a NUL");
    return text;
}

char *plan_string(const struct plan_reading *l, const struct plan_at *of, const char *name)
{
    struct plan_at at = plan_key(of, name);

    return mem_dup(plan_string_at(l, &at));
}

char *plan_string_or_null(const struct plan_reading *l, const struct plan_at *of, const char *name)
{
    struct plan_at at = plan_key(of, name);

    return at.value && !json_is_null(at.value) ? mem_dup(plan_string_at(l, &at)) : NULL;
}

int64_t plan_int(const struct plan_reading *l, const struct plan_at *of, const char *name,
                 int64_t least, int64_t most)
{
    struct plan_at at = plan_key(of, name);
    int64_t value = json_integer_value(at.value);
    char should[80];

    if (json_is_integer(at.value) && value >= least && value <= most)
        return value;
    snprintf(should, sizeof should, "must be a whole number from %lld to %lld", (long long)least,
             (long long)most);
    plan_wrong(l, &at, should);
    return least;
}

bool plan_bool(const struct plan_reading *l, const struct plan_at *of, const char *name)
{
    struct plan_at at = plan_key(of, name);

    if (!json_is_boolean(at.value))
        plan_wrong(l, &at, "must be true or false");
    return json_is_true(at.value);
}

/* The place of the value among `names`, which a NULL ends. */
int plan_enum(const struct plan_reading *l, const struct plan_at *of, const char *name,
              const char *const *names)
{
    struct plan_at at = plan_key(of, name);
    const char *text = json_string_value(at.value);
    char should[160] = "must be one of";
    int i;

    for (i = 0; text && names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    for (i = 0; names[i]; i++) {
        strncat(should, i ? ", " : " ", sizeof should - strlen(should) - 1);
        strncat(should, names[i], sizeof should - strlen(should) - 1);
    }
    plan_wrong(l, &at, should);
    return 0;
}

/* RFC 3339 as clock_format() writes it: UTC, with milliseconds. */
int64_t plan_time(const struct plan_reading *l, const struct plan_at *of, const char *name,
                  bool may_be_null)
{
    struct plan_at at = plan_key(of, name);
    const char *text = json_string_value(at.value), *rest;
    struct tm tm = {0};

    if (may_be_null && json_is_null(at.value))
        return 0;
    rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest && *rest == '.' && strspn(rest + 1, "0123456789") == 3 && strcmp(rest + 4, "Z") == 0)
        return (int64_t)timegm(&tm) * 1000 + strtol(rest + 1, NULL, 10);
    plan_wrong(l, &at, "must be a time such as 2026-04-04T08:12:33.000Z");
    return 0;
}

void plan_sha256(const struct plan_reading *l, const struct plan_at *of, const char *name,
                 char text[DIGEST_TEXT_SIZE])
{
    struct plan_at at = plan_key(of, name);
    const char *value = json_string_value(at.value);

    text[0] = '\0';
    if (value && strlen(value) == 64 && strspn(value, "0123456789abcdef") == 64)
        memcpy(text, value, DIGEST_TEXT_SIZE);
    else
        plan_wrong(l, &at, "must be a SHA-256 in 64 hex digits");
}

char *plan_bytes(const struct plan_reading *l, const struct plan_at *of, const char *name,
                 size_t *n)
{
    struct plan_at at = plan_key(of, name);
    const char *text = plan_string_at(l, &at);
    char *data = text ? base64_decode(text, n) : NULL;

    if (text && !data)
        plan_wrong(l, &at, "must be base64");
    if (!data)
        *n = 0;
    return data ? data : mem_dup("");
}

/* A string, or {"base64": …} for what is not UTF-8. */
char *plan_word(const struct plan_reading *l, const struct plan_at *at)
{
    size_t n;
    char *word;

    if (!json_is_object(at->value))
        return mem_dup(plan_string_at(l, at));
    word = plan_bytes(l, at, "base64", &n);
    if (strlen(word) != n)
        plan_wrong(l, at, "must not hold a NUL");
    return word;
}

char **plan_argv_at(const struct plan_reading *l, const struct plan_at *at)
{
    size_t i, n = plan_array_size(l, at);
    char **argv = mem_alloc(sizeof *argv);

    if (json_is_array(at->value) && n == 0)
        plan_wrong(l, at, "must not be empty");
    for (i = 0; i < n; i++) {
        struct plan_at word_at = plan_item(at, i);
        char *word = plan_word(l, &word_at);

        if (i == 0 && word && !*word)
            plan_wrong(l, &word_at, "must not be empty");
        argv = argv_add(argv, word ? word : "");
        free(word);
    }
    return argv;
}

char **plan_argv(const struct plan_reading *l, const struct plan_at *of, const char *name)
{
    struct plan_at at = plan_key(of, name);

    return plan_argv_at(l, &at);
}

char *plan_path(const struct plan_reading *l, const struct plan_at *of, const char *name)
{
    struct plan_at at = plan_key(of, name);
    char *path = plan_word(l, &at);
    const char *c;
    size_t n;

    if (!path)
        return mem_dup("");
    if (path[0] != '/')
        plan_wrong(l, &at, "must be an absolute path");
    for (c = path; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            plan_wrong(l, &at, "must not hold control characters");
            break;
        }
    for (c = path; *c; c += n + (c[n] != '\0')) {
        n = strcspn(c, "/");
        if (n == 2 && c[0] == '.' && c[1] == '.') {
            plan_wrong(l, &at, "must not climb with \"..\"");
            break;
        }
    }
    return path;
}
