/* playbook.c: one playbook or incident, from its YAML file. */
#include "model/playbook.h"

#include "base/argv.h"
#include "base/digest.h"
#include "base/mem.h"
#include "model/playbook_check.h"
#include "model/yaml.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct reading {
    struct playbook *b;
    const char *file;
    struct problems *problems;
    bool is_incident;
};

static int wrong(const struct reading *r, const struct yaml_node *at, const char *what,
                 const char *should)
{
    return problems_add(r->problems, r->file, at->line, at->column, "%s %s", what, should);
}

static bool is_kind(const struct reading *r, const struct yaml_node *node, const char *what,
                    enum yaml_kind kind)
{
    static const char *const names[] = {"must be a text", "must be a list", "must be a map"};

    if (node->kind == kind)
        return true;
    wrong(r, node, what, names[kind]);
    return false;
}

/* A required text of `map`; NULL, and a problem where it is missing. */
static char *take_text(const struct reading *r, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    char *what;
    const char *text;

    if (!node) {
        problems_add(r->problems, r->file, map->line, map->column, "the key \"%s\" is missing",
                     key);
        return NULL;
    }
    what = mem_format("\"%s\"", key);
    text = yaml_string(node, r->file, what, r->problems);
    if (text && !*text) {
        wrong(r, node, what, "must not be empty");
        text = NULL;
    }
    free(what);
    return mem_dup(text);
}

static char **take_texts(const struct reading *r, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    char **list = mem_alloc(sizeof *list), *what = mem_format("\"%s\"", key);
    size_t i;

    if (node && is_kind(r, node, what, YAML_LIST))
        for (i = 0; i < node->count; i++) {
            const char *text = yaml_string(node->items[i], r->file, "an item", r->problems);

            if (text)
                list = argv_add(list, text);
        }
    free(what);
    return list;
}

static bool is_id(const char *text, const char *also)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";

    if (!*text || !strchr(first, *text))
        return false;
    while (*text && (strchr(first, *text) || strchr(also, *text)))
        text++;
    return !*text;
}

static char **pattern_words(const struct reading *r, const struct yaml_node *node)
{
    char **words = NULL;
    size_t i;

    if (node->kind == YAML_SCALAR)
        return argv_split(node->text);
    words = mem_alloc(sizeof *words);
    for (i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];

        if (item->kind != YAML_SCALAR)
            wrong(r, item, "a word of a command", "must be a text");
        else
            words = argv_add(words, item->text);
    }
    return words;
}

static void take_pattern(const struct reading *r, const struct yaml_node *node,
                         struct pattern_at **list, size_t *count)
{
    struct pattern pattern;
    struct err e = {0};
    char **words;

    if (node->kind == YAML_MAP) {
        wrong(r, node, "a pattern", "must be a text or a list of words");
        return;
    }
    words = pattern_words(r, node);
    if (pattern_parse(&pattern, words, &e) != 0) {
        problems_add(r->problems, r->file, node->line, node->column, "%s", e.text);
    } else {
        *list = mem_grow(*list, *count + 1, sizeof **list);
        (*list)[(*count)++] = (struct pattern_at){pattern, node->line, node->column};
    }
    argv_free(words);
}

static void take_commands(const struct reading *r, const struct yaml_node *map)
{
    const struct yaml_node *node = yaml_get(map, "commands");
    size_t i;

    if (!node) {
        wrong(r, map, "the key \"commands\"", "is missing");
        return;
    }
    if (is_kind(r, node, "\"commands\"", YAML_LIST))
        for (i = 0; i < node->count; i++)
            take_pattern(r, node->items[i], &r->b->commands, &r->b->command_count);
    playbook_check_commands(r->b, r->is_incident, r->problems);
}

static void take_files(const struct reading *r, const struct yaml_node *map)
{
    const struct yaml_node *node = yaml_get(map, "files");
    size_t i;

    if (!node || !is_kind(r, node, "\"files\"", YAML_LIST))
        return;
    for (i = 0; i < node->count; i++) {
        const struct yaml_node *item = node->items[i];
        size_t before = r->b->file_count;

        if (!is_kind(r, item, "a file pattern", YAML_SCALAR))
            continue;
        take_pattern(r, item, &r->b->files, &r->b->file_count);
        if (r->b->file_count == before)
            continue;
        if (argv_len(r->b->files[before].pattern.words) != 1)
            wrong(r, item, "a file pattern", "must be one word");
        else if (item->text[0] != '/')
            wrong(r, item, "a file pattern", "must be absolute: start it with \"/\"");
    }
}

static int take_type(const struct reading *r, const struct yaml_node *map, enum param_type *type)
{
    static const char *const names[] = {"string", "int", "duration", "url", NULL};
    const struct yaml_node *node = yaml_get(map, "type");
    const char *text, *near;
    size_t i;

    *type = PARAM_STRING;
    text = node ? yaml_string(node, r->file, "\"type\"", r->problems) : "string";
    for (i = 0; text && names[i]; i++)
        if (strcmp(text, names[i]) == 0) {
            *type = (enum param_type)i;
            return 0;
        }
    if (!text)
        return -1;
    near = yaml_nearest(text, names);
    return problems_add(r->problems, r->file, node->line, node->column,
                        "unknown param type \"%s\"%s%s%s; there are string, int, duration, url",
                        text, near ? ", did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static void take_param(const struct reading *r, const struct yaml_node *key,
                       const struct yaml_node *map)
{
    static const char *const known[] = {"type", "default", "help", NULL};
    const struct yaml_node *fallback, *help;
    struct param *param;
    struct err e = {0};

    if (!is_id(key->text, "_-"))
        wrong(r, key, "a param's name", "is made of a-z, 0-9, \"_\" and \"-\"");
    if (!is_kind(r, map, "a param", YAML_MAP))
        return;
    yaml_only_keys(map, r->file, known, r->problems);
    r->b->params = mem_grow(r->b->params, r->b->param_count + 1, sizeof *r->b->params);
    param = &r->b->params[r->b->param_count++];
    *param = (struct param){.name = mem_dup(key->text)};
    fallback = yaml_get(map, "default");
    help = yaml_get(map, "help");
    if (help)
        param->help = mem_dup(yaml_string(help, r->file, "\"help\"", r->problems));
    if (fallback)
        param->fallback = mem_dup(yaml_string(fallback, r->file, "\"default\"", r->problems));
    if (take_type(r, map, &param->type) == 0 && param->fallback &&
        param_check(param, param->fallback, &e) != 0)
        problems_add(r->problems, r->file, fallback->line, fallback->column, "%s", e.text);
}

static void take_params(const struct reading *r, const struct yaml_node *map)
{
    const struct yaml_node *node = yaml_get(map, "params");
    size_t i;

    if (!node || !is_kind(r, node, "\"params\"", YAML_MAP))
        return;
    for (i = 0; i < node->count; i++)
        take_param(r, node->keys[i], node->items[i]);
}

/* `id` NULL: the step has to say. */
static void take_step(const struct reading *r, const struct yaml_node *map, const char *id)
{
    static const char *const known[] = {"id", "title", "lua", NULL};
    const struct yaml_node *lua;
    struct step s = {0};

    if (!is_kind(r, map, "a step", YAML_MAP))
        return;
    yaml_only_keys(map, r->file, id ? known + 1 : known, r->problems);
    s.id = id ? mem_dup(id) : take_text(r, map, "id");
    s.title = take_text(r, map, "title");
    s.lua = take_text(r, map, "lua");
    s.line = map->line;
    lua = yaml_get(map, "lua");
    if (s.id && !is_id(s.id, "-"))
        wrong(r, yaml_get(map, "id"), "a step's id", "is made of a-z, 0-9 and \"-\"");
    if (s.lua && !lua->literal)
        wrong(r, lua, "\"lua\"",
              "must be a block: \"lua: |\" and the text below, so that its "
              "lines are the file's");
    if (!s.id || !s.lua) {
        free(s.id);
        free(s.title);
        free(s.lua);
        return;
    }
    s.lua_len = strlen(s.lua);
    s.lua_line = lua->text_line;
    r->b->steps = mem_grow(r->b->steps, r->b->step_count + 1, sizeof *r->b->steps);
    r->b->steps[r->b->step_count++] = s;
}

static void take_steps(const struct reading *r, const struct yaml_node *map)
{
    const char *key = r->is_incident ? "symptom" : "steps";
    const struct yaml_node *node = yaml_get(map, key);
    size_t i, before = r->problems->count;

    if (!node) {
        problems_add(r->problems, r->file, map->line, map->column, "the key \"%s\" is missing",
                     key);
        return;
    }
    if (r->is_incident) {
        take_step(r, node, "symptom");
    } else if (is_kind(r, node, "\"steps\"", YAML_LIST)) {
        if (!node->count)
            wrong(r, node, "\"steps\"", "must have at least one step");
        for (i = 0; i < node->count; i++)
            take_step(r, node->items[i], NULL);
    }
    /* A step that could not be read would make every `go` to it look wrong. */
    if (r->problems->count == before || r->b->step_count == node->count)
        playbook_check_steps(r->b, r->problems);
}

/* "a/b/unix-socket.yaml" is "unix-socket". */
static char *base_name(const char *path)
{
    char *copy = mem_dup(path), *name = mem_dup(basename(copy)), *dot = strrchr(name, '.');

    if (dot && dot != name)
        *dot = '\0';
    free(copy);
    return name;
}

static void check_name(const struct reading *r, const struct yaml_node *map, const char *key,
                       const char *have, const char *want, const char *whose)
{
    const struct yaml_node *node = yaml_get(map, key);

    if (have && strcmp(have, want) != 0)
        problems_add(r->problems, r->file, node->line, node->column,
                     "\"%s\" is \"%s\", but the %s is named \"%s\"", key, have, whose, want);
}

static void check_names(const struct reading *r, const struct yaml_node *map)
{
    char *base = base_name(r->file), *copy = mem_dup(r->file), *folder = dirname(copy);
    char *folder_name = base_name(folder), *beside = mem_format("%s.yaml", folder);

    if (r->is_incident) {
        check_name(r, map, "incident", r->b->incident, base, "file");
    } else {
        check_name(r, map, "playbook", r->b->name, base, "file");
        if (access(beside, R_OK) == 0)
            check_name(r, map, "incident", r->b->incident, folder_name, "folder");
    }
    free(base);
    free(copy);
    free(folder_name);
    free(beside);
}

static void read_all(const struct reading *r, const struct yaml_node *map)
{
    static const char *const playbook_keys[] = {"playbook",   "incident", "title",      "summary",
                                                "references", "params",   "signatures", "commands",
                                                "files",      "steps",    NULL};
    static const char *const incident_keys[] = {"incident", "title",    "summary", "references",
                                                "params",   "commands", "symptom", NULL};
    struct playbook *b = r->b;

    yaml_only_keys(map, r->file, r->is_incident ? incident_keys : playbook_keys, r->problems);
    b->incident = take_text(r, map, "incident");
    b->name = r->is_incident ? mem_dup(b->incident) : take_text(r, map, "playbook");
    b->title = take_text(r, map, "title");
    b->summary = take_text(r, map, "summary");
    b->references = take_texts(r, map, "references");
    b->signatures = take_texts(r, map, "signatures");
    check_names(r, map);
    take_params(r, map);
    take_commands(r, map);
    take_files(r, map);
    take_steps(r, map);
}

/* In the order of the file, whatever was looked at first. */
static void order_problems(struct problems *p, size_t first)
{
    size_t i, j;

    for (i = first + 1; i < p->count; i++) {
        struct problem moved = p->items[i];

        for (j = i; j > first &&
                    (p->items[j - 1].line > moved.line ||
                     (p->items[j - 1].line == moved.line && p->items[j - 1].column > moved.column));
             j--)
            p->items[j] = p->items[j - 1];
        p->items[j] = moved;
    }
}

struct playbook *playbook_load(const char *path, bool *is_incident, struct problems *p)
{
    struct reading r = {.file = path, .problems = p};
    size_t before = p->count + p->left_out, first = p->count;
    char sha256[DIGEST_TEXT_SIZE];
    struct yaml_node *root = yaml_load_digest(path, sha256, p);

    if (!root)
        return NULL;
    r.b = mem_alloc(sizeof *r.b);
    memcpy(r.b->sha256, sha256, sizeof sha256);
    r.b->file = mem_dup(path);
    r.is_incident = yaml_get(root, "symptom") && !yaml_get(root, "playbook");
    if (is_incident)
        *is_incident = r.is_incident;
    if (root->kind == YAML_MAP)
        read_all(&r, root);
    else
        wrong(&r, root, "a playbook", "must be a map of keys");
    yaml_node_free(root);
    if (p->count + p->left_out == before)
        return r.b;
    order_problems(p, first);
    playbook_free(r.b);
    return NULL;
}
