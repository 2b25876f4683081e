/* yaml.h: a YAML file as a tree in which everything knows its place.
 *
 * The one checked way in for everything that people write.  One document;
 * anchors and aliases are refused (they hide what a reviewer should see, and
 * can grow without bound); a key that comes twice is an error, a tab is named as
 * such.  Lines and columns count from 1. */
#ifndef FETTLE_MODEL_YAML_H
#define FETTLE_MODEL_YAML_H

#include "base/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP };

struct yaml_node {
    enum yaml_kind kind;
    size_t line, column;
    char *text;       /* scalar: its value */
    size_t text_len;
    bool plain;       /* scalar: written without quotes, so `8080` is a number and `no` is false */
    bool literal;     /* scalar: a `|` block, whose first line is `text_line` */
    size_t text_line;
    char *tag;        /* such as "!vault", where tags are taken; or NULL */
    struct yaml_node **items; /* list: the items; map: the values */
    struct yaml_node **keys;  /* map: the keys, always scalars */
    size_t count;
};

enum { YAML_FILE_MAX = 1 << 20 }; /* bytes; nobody writes a megabyte of YAML by hand */

/* NULL where anything is wrong, and then `p` has grown. */
struct yaml_node *yaml_load(const char *path, struct problems *p);
/* The same, with the SHA-256 of the very bytes that were parsed. */
struct yaml_node *yaml_load_digest(const char *path, char sha256[65], struct problems *p);
struct yaml_node *yaml_parse(const char *text, size_t n, const char *file, struct problems *p);
/* YAML that was written for another program: tags are kept, an alias becomes a copy, and a key may
 * come twice.  A key `<<` is a key like others. */
struct yaml_node *yaml_parse_foreign(const char *text, size_t n, const char *file,
                                     struct problems *p);
/* Not yaml_free(): libyaml exports that name, and would call ours. */
void yaml_node_free(struct yaml_node *node);

struct yaml_node *yaml_get(const struct yaml_node *map, const char *key); /* NULL where absent */

/* The scalar's text, or NULL with a problem that says what `what` should be. */
const char *yaml_string(const struct yaml_node *node, const char *file, const char *what,
                        struct problems *p);
/* Plain numbers, booleans and null become JSON's; everything else a string. */
json_t *yaml_to_json(const struct yaml_node *node);

/* Adds a problem for each key of `map` that is not in `known` (NULL at the end), with
 * the nearest known one as a suggestion.  Returns 0 if there was none. */
int yaml_only_keys(const struct yaml_node *map, const char *file, const char *const *known,
                   struct problems *p);

/* The one of `known` (NULL at the end) that `word` is a slip of, or NULL. */
const char *yaml_nearest(const char *word, const char *const *known);

#endif
