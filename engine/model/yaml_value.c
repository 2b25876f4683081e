/* yaml_value.c: what a YAML tree's scalars mean, and how to say that they are wrong. */
#include "model/yaml.h"

#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    size_t i;

    for (i = 0; map && map->kind == YAML_MAP && i < map->count; i++)
        if (strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}

static bool is_one_of(const char *text, const char *const *words)
{
    for (; *words; words++)
        if (strcasecmp(text, *words) == 0)
            return true;
    return false;
}

static bool scalar_is_null(const struct yaml_node *node)
{
    static const char *const words[] = {"", "~", "null", NULL};

    return node->plain && is_one_of(node->text, words);
}

const char *yaml_string(const struct yaml_node *node, const char *file, const char *what,
                        struct problems *p)
{
    if (!node) {
        problems_add(p, file, 0, 0, "%s is missing", what);
        return NULL;
    }
    if (node->kind != YAML_SCALAR || scalar_is_null(node)) {
        problems_add(p, file, node->line, node->column, "%s must be a text", what);
        return NULL;
    }
    return node->text;
}

/* JSON's own grammar for numbers: no octal, no leading zeros, no "1_000", no "1:30". */
static const char *skip_digits(const char *s)
{
    return s + strspn(s, "0123456789");
}

static json_t *number_of(const char *text)
{
    const char *s = text + (*text == '-'), *digits = s;
    bool real = false;
    char *end;

    s = skip_digits(s);
    if (s == digits || (*digits == '0' && s > digits + 1))
        return NULL;
    if (*s == '.') {
        digits = s + 1;
        real = true;
        s = skip_digits(digits);
        if (s == digits)
            return NULL;
    }
    if (*s == 'e' || *s == 'E') {
        real = true;
        s += 1 + (s[1] == '+' || s[1] == '-');
        digits = s;
        s = skip_digits(s);
        if (s == digits)
            return NULL;
    }
    if (*s)
        return NULL;
    errno = 0;
    if (real) {
        double value = strtod(text, &end);

        return errno ? NULL : json_real(value);
    } else {
        long long value = strtoll(text, &end, 10);

        return errno ? NULL : json_integer(value); /* too large for a number: stays a text */
    }
}

static json_t *scalar_to_json(const struct yaml_node *node)
{
    static const char *const yes[] = {"true", "yes", "on", NULL};
    static const char *const no[] = {"false", "no", "off", NULL};
    json_t *number;

    if (scalar_is_null(node))
        return json_null();
    if (node->plain && is_one_of(node->text, yes))
        return json_true();
    if (node->plain && is_one_of(node->text, no))
        return json_false();
    number = node->plain ? number_of(node->text) : NULL;
    return number ? number : json_stringn(node->text, node->text_len);
}

json_t *yaml_to_json(const struct yaml_node *node)
{
    json_t *value;
    size_t i;

    if (node->kind == YAML_SCALAR)
        return scalar_to_json(node);
    value = node->kind == YAML_LIST ? json_array() : json_object();
    for (i = 0; i < node->count; i++) {
        if (node->kind == YAML_LIST)
            json_array_append_new(value, yaml_to_json(node->items[i]));
        else
            json_object_set_new(value, node->keys[i]->text, yaml_to_json(node->items[i]));
    }
    return value;
}

enum { WORD_MAX = 40 }; /* longer words get no suggestion */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance in which two letters that changed places are one slip. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1], i, j, n = strlen(b), m = strlen(a);

    if (m > WORD_MAX || n > WORD_MAX)
        return WORD_MAX;
    for (j = 0; j <= n; j++)
        rows[0][j] = j;
    for (i = 1; i <= m; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *top = rows[(i + 1) % 3];

        row[0] = i;
        for (j = 1; j <= n; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], top[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

const char *yaml_nearest(const char *word, const char *const *known)
{
    const char *best = NULL;
    size_t nearest = 3; /* two slips at most, and never half of the word */

    for (; known && *known; known++) {
        size_t d = distance(word, *known);

        if (d < nearest && d * 2 < strlen(*known)) {
            nearest = d;
            best = *known;
        }
    }
    return best;
}

int yaml_only_keys(const struct yaml_node *map, const char *file, const char *const *known,
                   struct problems *p)
{
    size_t i, k;
    int rc = 0;

    for (i = 0; i < map->count; i++) {
        const struct yaml_node *key = map->keys[i];
        const char *near;

        for (k = 0; known[k] && strcmp(known[k], key->text) != 0; k++)
            continue;
        if (known[k])
            continue;
        near = yaml_nearest(key->text, known);
        rc = problems_add(p, file, key->line, key->column, "unknown key \"%s\"%s%s%s", key->text,
                          near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    }
    return rc;
}
