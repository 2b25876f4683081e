/* ansible.c: hosts, groups and vars of an Ansible inventory, as they are gathered. */
#include "model/ansible.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/ansible_words.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct placed placed_at(const char *name, struct place at)
{
    return (struct placed){mem_dup(name), mem_dup(at.file), at.line, at.column};
}

static struct ansible_vars vars_new(void)
{
    return (struct ansible_vars){json_object(), json_object()};
}

static struct ansible_group *add_group(struct ansible *a, const char *name, struct place at)
{
    struct ansible_group *group = mem_alloc(sizeof *group);

    group->at = placed_at(name, at);
    group->vars = vars_new();
    group->hosts = json_object();
    json_object_set_new(a->group_index, name, json_integer((json_int_t)a->group_count));
    a->groups = mem_grow(a->groups, a->group_count + 1, sizeof(struct ansible_group *));
    a->groups[a->group_count++] = group;
    return group;
}

void ansible_init(struct ansible *a, struct problems *p)
{
    static const char *const always[] = {"all", "ungrouped"};
    size_t i;

    memset(a, 0, sizeof *a);
    a->problems = p;
    a->host_index = json_object();
    a->group_index = json_object();
    for (i = 0; i < 2; i++)
        add_group(a, always[i], (struct place){"", 0, 0})->declared = true;
}

static void placed_free(struct placed *p)
{
    free(p->name);
    free(p->file);
}

static void vars_release(struct ansible_vars *vars)
{
    json_decref(vars->own);
    json_decref(vars->beside);
}

static void group_free(struct ansible_group *group)
{
    size_t i;

    placed_free(&group->at);
    vars_release(&group->vars);
    json_decref(group->hosts);
    json_decref(group->members);
    for (i = 0; i < group->child_count; i++)
        placed_free(&group->children[i]);
    free(group->children);
    free(group);
}

void ansible_release(struct ansible *a)
{
    size_t i;

    for (i = 0; i < a->host_count; i++) {
        placed_free(&a->hosts[i]->at);
        vars_release(&a->hosts[i]->vars);
        free(a->hosts[i]);
    }
    for (i = 0; i < a->group_count; i++)
        group_free(a->groups[i]);
    free(a->hosts);
    free(a->groups);
    free(a->order);
    json_decref(a->host_index);
    json_decref(a->group_index);
    argv_free(a->notes);
}

struct ansible_host *ansible_find_host(const struct ansible *a, const char *name)
{
    const json_t *at = json_object_get(a->host_index, name);

    return at ? a->hosts[json_integer_value(at)] : NULL;
}

struct ansible_group *ansible_find_group(const struct ansible *a, const char *name)
{
    const json_t *at = json_object_get(a->group_index, name);

    return at ? a->groups[json_integer_value(at)] : NULL;
}

struct ansible_host *ansible_host(struct ansible *a, const char *name, struct place at)
{
    struct ansible_host *host = ansible_find_host(a, name);

    if (host)
        return host;
    if (!inventory_host_name_is_valid(name)) {
        problems_add(a->problems, at.file, at.line, at.column, "\"%s\" is no name for a host",
                     name);
        return NULL;
    }
    host = mem_alloc(sizeof *host);
    host->at = placed_at(name, at);
    host->vars = vars_new();
    json_object_set_new(a->host_index, name, json_integer((json_int_t)a->host_count));
    a->hosts = mem_grow(a->hosts, a->host_count + 1, sizeof(struct ansible_host *));
    a->hosts[a->host_count++] = host;
    return host;
}

struct ansible_group *ansible_group(struct ansible *a, const char *name, struct place at)
{
    struct ansible_group *group = ansible_find_group(a, name);

    if (group)
        return group;
    if (!*name || strpbrk(name, ":,!&*?[] \t") || *name == '-') {
        problems_add(a->problems, at.file, at.line, at.column, "\"%s\" is no name for a group",
                     name);
        return NULL;
    }
    return add_group(a, name, at);
}

void ansible_join(struct ansible_group *group, const struct ansible_host *host)
{
    json_object_set_new(group->hosts, host->at.name, json_true());
}

char **ansible_hosts(struct ansible *a, struct ansible_group *group, char *pattern,
                     struct place at)
{
    int port = words_take_port(pattern);
    struct err e = {0};
    char **names = words_expand(pattern, &e);
    size_t i;

    if (!names)
        problems_add(a->problems, at.file, at.line, at.column, "%s", e.text);
    for (i = 0; names && names[i]; i++) {
        struct ansible_host *host = ansible_host(a, names[i], at);

        if (!host) {
            argv_free(names);
            return NULL;
        }
        ansible_join(group, host);
        if (port)
            ansible_set(host->vars.own, "ansible_port", json_integer(port), at);
    }
    return names;
}

void ansible_child(struct ansible_group *group, const char *child, struct place at)
{
    size_t i;

    for (i = 0; i < group->child_count; i++)
        if (strcmp(group->children[i].name, child) == 0)
            return;
    group->children =
        mem_grow(group->children, group->child_count + 1, sizeof *group->children);
    group->children[group->child_count++] = placed_at(child, at);
}

bool ansible_var_matters(const char *name)
{
    return strncmp(name, "ansible_", 8) == 0 || strcmp(name, "services") == 0 ||
           strcmp(name, "nginx") == 0 || strcmp(name, "php_fpm") == 0;
}

void ansible_set(json_t *vars, const char *name, json_t *value, struct place at)
{
    if (ansible_var_matters(name))
        json_object_set_new(vars, name,
                            json_pack("{s:s, s:I, s:I, s:o*}", "file", at.file, "line",
                                      (json_int_t)at.line, "column", (json_int_t)at.column, "value",
                                      value));
    else
        json_decref(value);
}

void ansible_set_node(json_t *vars, const char *name, const struct yaml_node *node,
                      const char *file)
{
    struct place at = {file, node->line, node->column};
    bool vault = node->tag && strncmp(node->tag, "!vault", 6) == 0;

    ansible_set(vars, name, vault ? NULL : yaml_to_json(node), at);
}

/* YAML's merge key `<<`: what the map itself says wins. */
void ansible_set_map(json_t *vars, const struct yaml_node *map, const char *file)
{
    size_t i, k;

    for (i = 0; i < map->count; i++) {
        const struct yaml_node *more = map->items[i];

        if (strcmp(map->keys[i]->text, "<<") != 0)
            continue;
        for (k = more->kind == YAML_LIST ? more->count : 0; k > 0; k--)
            ansible_set_map(vars, more->items[k - 1], file); /* the first of them wins */
        if (more->kind == YAML_MAP)
            ansible_set_map(vars, more, file);
    }
    for (i = 0; i < map->count; i++)
        ansible_set_node(vars, map->keys[i]->text, map->items[i], file);
}

void ansible_note(struct ansible *a, const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    a->notes = argv_add(a->notes, text);
}

bool ansible_is_vault(const char *text, size_t n)
{
    static const char mark[] = "$ANSIBLE_VAULT;";

    return n >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0;
}
