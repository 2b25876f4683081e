/* ansible_yaml.c: an Ansible inventory in its YAML form. */
#include "model/ansible.h"

#include "base/argv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct reader {
    struct ansible *all;
    const char *file;
};

static struct place place_of(const struct reader *r, const struct yaml_node *node)
{
    return (struct place){r->file, node->line, node->column};
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain &&
           (!*node->text || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

static void wrong(const struct reader *r, const struct yaml_node *at, const char *text)
{
    problems_add(r->all->problems, r->file, at->line, at->column, "%s", text);
}

static void read_vars(const struct reader *r, json_t *vars, const struct yaml_node *node,
                      const char *what)
{
    if (node->kind == YAML_MAP)
        ansible_set_map(vars, node, r->file);
    else if (!is_empty(node))
        problems_add(r->all->problems, r->file, node->line, node->column,
                     "%s must be a map of vars", what);
}

/* `vars` NULL: only its name. */
static void read_host(const struct reader *r, struct ansible_group *group,
                      const struct yaml_node *key, const struct yaml_node *vars)
{
    char *pattern = mem_dup(key->text);
    char **names = ansible_hosts(r->all, group, pattern, place_of(r, key));
    size_t i;

    for (i = 0; vars && names && names[i]; i++)
        read_vars(r, ansible_find_host(r->all, names[i])->vars.own, vars, "a host");
    argv_free(names);
    free(pattern);
}

static void read_group(const struct reader *r, struct ansible_group *parent,
                       const struct yaml_node *key, const struct yaml_node *node);

typedef void reader_of_one(const struct reader *r, struct ansible_group *group,
                           const struct yaml_node *key, const struct yaml_node *value);

/* A map, or the name of a single one. */
static void read_each(const struct reader *r, struct ansible_group *group,
                      const struct yaml_node *node, reader_of_one *read, const char *not_a_list)
{
    size_t i;

    if (node->kind == YAML_SCALAR && !is_empty(node))
        read(r, group, node, NULL);
    else if (node->kind == YAML_LIST)
        wrong(r, node, not_a_list);
    for (i = 0; node->kind == YAML_MAP && i < node->count; i++)
        read(r, group, node->keys[i], node->items[i]);
}

static void read_section(const struct reader *r, struct ansible_group *group,
                         const struct yaml_node *key, const struct yaml_node *node)
{
    if (strcmp(key->text, "hosts") == 0)
        read_each(r, group, node, read_host,
                  "\"hosts\" must be a map: each host is a key, with \":\" after it");
    else if (strcmp(key->text, "children") == 0)
        read_each(r, group, node, read_group,
                  "\"children\" must be a map: each group is a key, with \":\" after it");
    else if (strcmp(key->text, "vars") == 0)
        read_vars(r, group->vars.own, node, "\"vars\"");
    else
        problems_add(r->all->problems, r->file, key->line, key->column,
                     "unknown key \"%s\" of the group \"%s\"; an Ansible group has hosts, children "
                     "and vars",
                     key->text, group->at.name);
}

/* `node` NULL: only its name. */
static void read_group(const struct reader *r, struct ansible_group *parent,
                       const struct yaml_node *key, const struct yaml_node *node)
{
    struct ansible_group *group = ansible_group(r->all, key->text, place_of(r, key));
    size_t i;

    if (!group)
        return;
    group->declared = true;
    if (parent)
        ansible_child(parent, key->text, place_of(r, key));
    if (!node || is_empty(node))
        return;
    if (node->kind != YAML_MAP)
        wrong(r, node, "a group must be a map with hosts, children and vars");
    for (i = 0; node->kind == YAML_MAP && i < node->count; i++)
        read_section(r, group, node->keys[i], node->items[i]);
}

void ansible_yaml_read(struct ansible *a, const struct yaml_node *root, const char *file)
{
    struct reader r = {a, file};
    const struct yaml_node *plugin = yaml_get(root, "plugin");
    size_t i;

    if (plugin)
        problems_add(a->problems, file, plugin->line, plugin->column,
                     "these hosts come from a plugin, which only Ansible can run; give fettle a "
                     "script that calls `ansible-inventory -i … --list`");
    for (i = 0; !plugin && i < root->count; i++)
        read_group(&r, NULL, root->keys[i], root->items[i]);
}
