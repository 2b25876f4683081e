/* yaml.c: a YAML file as a tree in which everything knows its place.
 *
 * Built from libyaml's events, not from its document tree: only events tell how a
 * scalar was written and where. */
#include "model/yaml.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEPTH_MAX = 64, COPIES_MAX = 100 * 1000 };

struct anchor {
    char *name;
    struct yaml_node *node;
};

struct builder {
    yaml_parser_t parser;
    const char *text, *file;
    size_t n;
    struct problems *problems;
    struct yaml_node *open[DEPTH_MAX]; /* the lists and maps that are not closed yet */
    struct yaml_node *key[DEPTH_MAX];  /* of each open map: the key that waits for its value */
    size_t depth;
    struct yaml_node *root;
    bool failed;
    bool foreign; /* as yaml_parse_foreign() says */
    struct anchor *anchors;
    size_t anchor_count, copies;
};

void yaml_node_free(struct yaml_node *node)
{
    size_t i;

    if (!node)
        return;
    for (i = 0; i < node->count; i++) {
        yaml_node_free(node->items[i]);
        if (node->keys)
            yaml_node_free(node->keys[i]);
    }
    free(node->items);
    free(node->keys);
    free(node->text);
    free(node->tag);
    free(node);
}

static int build_fail(struct builder *b, size_t line, size_t column, const char *text)
{
    b->failed = true;
    return problems_add(b->problems, b->file, line, column, "%s", text);
}

static int build_fail_at(struct builder *b, const yaml_mark_t *mark, const char *text)
{
    return build_fail(b, mark->line + 1, mark->column + 1, text);
}

/* The column of a tab in a line's indentation, 0 where there is none. */
static size_t tab_in_indentation(const struct builder *b, size_t line)
{
    const char *p = b->text, *end = b->text + b->n;
    size_t i;

    for (i = 1; i < line && p; i++) {
        p = memchr(p, '\n', (size_t)(end - p));
        p = p ? p + 1 : NULL;
    }
    for (i = 1; p && p < end && (*p == ' ' || *p == '\t'); i++, p++)
        if (*p == '\t')
            return i;
    return 0;
}

/* libyaml's own words for a tab are "found character that cannot start any token". */
static int build_fail_parser(struct builder *b)
{
    const yaml_parser_t *y = &b->parser;
    size_t line = y->problem_mark.line + 1, column = y->problem_mark.column + 1;
    size_t tab = tab_in_indentation(b, line);
    char *text;

    if (tab)
        return build_fail(b, line, tab, "tab used for indentation; YAML wants spaces");
    text = mem_format("%s%s%s", y->problem ? y->problem : "cannot be read as YAML",
                      y->context ? ", " : "", y->context ? y->context : "");
    build_fail(b, line, column, text);
    free(text);
    return -1;
}

static struct yaml_node *node_new(enum yaml_kind kind, const yaml_mark_t *mark)
{
    struct yaml_node *node = mem_alloc(sizeof *node);

    node->kind = kind;
    node->line = mark->line + 1;
    node->column = mark->column + 1;
    return node;
}

static struct yaml_node *scalar_new(struct builder *b, const yaml_event_t *event)
{
    struct yaml_node *node = node_new(YAML_SCALAR, &event->start_mark);

    node->text_len = event->data.scalar.length;
    node->text = mem_dupn((const char *)event->data.scalar.value, node->text_len);
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    node->literal = event->data.scalar.style == YAML_LITERAL_SCALAR_STYLE;
    /* A block's header takes the rest of its line; blank lines after it are part of the text. */
    node->text_line = node->line + (node->literal ? 1 : 0);
    if (strlen(node->text) != node->text_len)
        build_fail_at(b, &event->start_mark, "a NUL character has no place in a text");
    return node;
}

static void map_refuse_twice(struct builder *b, const struct yaml_node *map,
                             const struct yaml_node *key)
{
    size_t i;

    for (i = 0; !b->foreign && i < map->count; i++)
        if (strcmp(map->keys[i]->text, key->text) == 0) {
            b->failed = true;
            problems_add(b->problems, b->file, key->line, key->column,
                         "the key \"%s\" comes twice; the first is in line %zu", key->text,
                         map->keys[i]->line);
            return;
        }
}

/* Puts a node that is complete or just opened where it belongs.  Takes it also on failure. */
static int build_place(struct builder *b, struct yaml_node *node, const yaml_mark_t *mark)
{
    struct yaml_node *parent = b->depth ? b->open[b->depth - 1] : NULL;
    struct yaml_node **key = b->depth ? &b->key[b->depth - 1] : NULL;

    if (!parent) {
        b->root = node;
        return 0;
    }
    if (parent->kind == YAML_MAP && !*key) {
        if (node->kind != YAML_SCALAR) {
            yaml_node_free(node);
            return build_fail_at(b, mark, "a key must be a text");
        }
        map_refuse_twice(b, parent, node);
        *key = node;
        return 0;
    }
    parent->items = mem_grow(parent->items, parent->count + 1, sizeof *parent->items);
    parent->items[parent->count] = node;
    if (parent->kind == YAML_MAP) {
        parent->keys = mem_grow(parent->keys, parent->count + 1, sizeof *parent->keys);
        parent->keys[parent->count] = *key;
        *key = NULL;
    }
    parent->count++;
    return 0;
}

static int build_open(struct builder *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
    struct yaml_node *node;

    if (b->depth == DEPTH_MAX)
        return build_fail_at(b, mark, "nested too deeply: more than 64 levels");
    node = node_new(kind, mark);
    if (build_place(b, node, mark) != 0)
        return -1;
    b->key[b->depth] = NULL;
    b->open[b->depth++] = node;
    return 0;
}

/* ---- anchors and aliases of YAML that others wrote ---- */

/* The copies of all aliases are counted together: ten lines can ask for a billion. */
static struct yaml_node *node_copy(struct builder *b, const struct yaml_node *node)
{
    struct yaml_node *copy = mem_alloc(sizeof *copy);
    size_t i;

    *copy = *node;
    copy->text = mem_dup(node->text);
    copy->tag = mem_dup(node->tag);
    copy->count = 0;
    copy->items = copy->keys = NULL;
    if (++b->copies > COPIES_MAX)
        return copy;
    copy->items = mem_alloc(node->count * sizeof(struct yaml_node *));
    copy->keys = node->keys ? mem_alloc(node->count * sizeof(struct yaml_node *)) : NULL;
    for (i = 0; i < node->count; i++, copy->count++) {
        copy->items[i] = node_copy(b, node->items[i]);
        if (node->keys)
            copy->keys[i] = node_copy(b, node->keys[i]);
    }
    return copy;
}

static bool is_open(const struct builder *b, const struct yaml_node *node)
{
    size_t i;

    for (i = 0; i < b->depth; i++)
        if (b->open[i] == node)
            return true;
    return false;
}

static int build_alias(struct builder *b, const char *name, const yaml_mark_t *mark)
{
    const struct yaml_node *node = NULL;
    size_t i;

    if (!b->foreign)
        return build_fail_at(b, mark, "anchors and aliases are not taken here; write it out");
    for (i = 0; i < b->anchor_count; i++) /* the last of that name */
        if (strcmp(b->anchors[i].name, name) == 0)
            node = b->anchors[i].node;
    if (!node || is_open(b, node))
        return build_fail_at(b, mark, "this alias has no anchor before it");
    if (build_place(b, node_copy(b, node), mark) != 0)
        return -1;
    return b->copies > COPIES_MAX ? build_fail_at(b, mark, "the aliases stand for too much") : 0;
}

/* What an event says about the node that it begins. */
static int build_properties(struct builder *b, const yaml_event_t *event, const char **anchor,
                            const char **tag)
{
    const yaml_mark_t *mark = &event->start_mark;

    *anchor = *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        *anchor = (const char *)event->data.scalar.anchor;
        *tag = (const char *)event->data.scalar.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        *anchor = (const char *)event->data.sequence_start.anchor;
        *tag = (const char *)event->data.sequence_start.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        *anchor = (const char *)event->data.mapping_start.anchor;
        *tag = (const char *)event->data.mapping_start.tag;
    }
    if (*anchor && !b->foreign)
        return build_fail_at(b, mark, "anchors and aliases are not taken here; write it out");
    if (*tag && !b->foreign)
        return build_fail_at(b, mark, "tags are not taken here");
    return 0;
}

/* `node` has just been placed. */
static int build_name(struct builder *b, struct yaml_node *node, const char *anchor,
                      const char *tag)
{
    node->tag = mem_dup(tag);
    if (!anchor)
        return 0;
    b->anchors = mem_grow(b->anchors, b->anchor_count + 1, sizeof *b->anchors);
    b->anchors[b->anchor_count++] = (struct anchor){mem_dup(anchor), node};
    return 0;
}

static int build_event(struct builder *b, const yaml_event_t *event)
{
    const yaml_mark_t *mark = &event->start_mark;
    const char *anchor, *tag;
    struct yaml_node *node;

    if (build_properties(b, event, &anchor, &tag) != 0)
        return -1;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return build_alias(b, (const char *)event->data.alias.anchor, mark);
    case YAML_SCALAR_EVENT:
        node = scalar_new(b, event);
        return build_place(b, node, mark) == 0 ? build_name(b, node, anchor, tag) : -1;
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        if (build_open(b, event->type == YAML_MAPPING_START_EVENT ? YAML_MAP : YAML_LIST, mark))
            return -1;
        return build_name(b, b->open[b->depth - 1], anchor, tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return 0;
    case YAML_DOCUMENT_START_EVENT:
        return b->root ? build_fail_at(b, mark, "a second document in the file; only one is taken")
                       : 0;
    default:
        return 0;
    }
}

static void build_run(struct builder *b)
{
    bool ended = false;

    while (!ended) {
        yaml_event_t event;
        int rc;

        if (!yaml_parser_parse(&b->parser, &event)) {
            build_fail_parser(b);
            return;
        }
        ended = event.type == YAML_STREAM_END_EVENT;
        rc = build_event(b, &event);
        yaml_event_delete(&event);
        if (rc != 0)
            return;
    }
    if (!b->root)
        build_fail(b, 1, 1, "the file is empty");
}

/* libyaml would also take UTF-16, and names bytes by their offset: look first. */
static int check_bytes(struct builder *b)
{
    const char *p = b->text, *end = b->text + b->n, *line_start = p;
    size_t line = 1;

    while (p < end) {
        size_t len = text_utf8_len(p, (size_t)(end - p));

        if (*p == '\0')
            return build_fail(b, line, (size_t)(p - line_start) + 1, "a NUL byte; this is no text");
        if (len == 0)
            return build_fail(b, line, (size_t)(p - line_start) + 1,
                              "a byte that is not UTF-8; save the file as UTF-8");
        if (*p == '\n') {
            line++;
            line_start = p + 1;
        }
        p += len;
    }
    return 0;
}

static struct yaml_node *build(struct builder *b)
{
    size_t i;

    if (b->n > YAML_FILE_MAX) {
        problems_add(b->problems, b->file, 0, 0, "too large: %zu bytes, of at most %d", b->n,
                     YAML_FILE_MAX);
        return NULL;
    }
    if (check_bytes(b) != 0)
        return NULL;
    if (!yaml_parser_initialize(&b->parser)) {
        problems_add(b->problems, b->file, 0, 0, "cannot start the YAML parser");
        return NULL;
    }
    yaml_parser_set_encoding(&b->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&b->parser, (const unsigned char *)b->text, b->n);
    build_run(b);
    yaml_parser_delete(&b->parser);
    for (i = 0; i < b->anchor_count; i++)
        free(b->anchors[i].name);
    free(b->anchors);
    if (!b->failed)
        return b->root;
    for (i = 0; i < b->depth; i++)
        yaml_node_free(b->key[i]); /* each waited for a value that is or was to come */
    yaml_node_free(b->root);
    return NULL;
}

struct yaml_node *yaml_parse(const char *text, size_t n, const char *file, struct problems *p)
{
    struct builder b = {.text = text, .file = file, .n = n, .problems = p};

    return build(&b);
}

struct yaml_node *yaml_parse_foreign(const char *text, size_t n, const char *file,
                                     struct problems *p)
{
    struct builder b = {.text = text, .file = file, .n = n, .problems = p, .foreign = true};

    return build(&b);
}
