/* inventory_groups.c: groups as they are gathered from files, and their resolution. */
#include "model/inventory_groups.h"

#include "base/argv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static struct placed placed_new(const struct gathering *g, const struct yaml_node *at)
{
    return (struct placed){mem_dup(at->text), mem_dup(g->file), at->line, at->column};
}

static void placed_release(struct placed *p)
{
    free(p->name);
    free(p->file);
}

int gathering_claim_among(struct gathering *g, const struct placed *at, size_t among)
{
    size_t i;

    for (i = 0; i < among; i++)
        if (strcmp(g->names[i].name, at->name) == 0)
            return problems_add(g->problems, at->file, at->line, at->column,
                                "\"%s\" is already defined in %s:%zu", at->name, g->names[i].file,
                                g->names[i].line);
    g->names = mem_grow(g->names, g->name_count + 1, sizeof *g->names);
    g->names[g->name_count++] =
        (struct placed){mem_dup(at->name), mem_dup(at->file), at->line, at->column};
    return 0;
}

int gathering_claim(struct gathering *g, const struct yaml_node *key)
{
    struct placed at = {key->text, (char *)g->file, key->line, key->column};

    return gathering_claim_among(g, &at, g->name_count);
}

static void take_members(struct gathering *g, struct raw_group *group, const struct yaml_node *list)
{
    size_t i;

    if (list->kind != YAML_LIST) {
        problems_add(g->problems, g->file, list->line, list->column,
                     "the hosts of a group must be a list");
        return;
    }
    for (i = 0; i < list->count; i++) {
        if (!yaml_string(list->items[i], g->file, "a group's member", g->problems))
            continue;
        group->members = mem_grow(group->members, group->count + 1, sizeof *group->members);
        group->members[group->count++] = placed_new(g, list->items[i]);
    }
}

void gathering_take_group(struct gathering *g, const struct yaml_node *key,
                          const struct yaml_node *node)
{
    static const char *const known[] = {"hosts", "vars", NULL};
    struct raw_group *group;

    if (!inventory_name_is_valid(key->text) || strcmp(key->text, "all") == 0)
        problems_add(g->problems, g->file, key->line, key->column,
                     "a group's name is made of letters, digits, \".\", \"_\" and \"-\", does not "
                     "start with \"-\" and is not \"all\"");
    if (gathering_claim(g, key) != 0)
        return;
    g->groups = mem_grow(g->groups, g->group_count + 1, sizeof *g->groups);
    group = &g->groups[g->group_count++];
    *group = (struct raw_group){.at = placed_new(g, key)};
    group->vars = inventory_vars(g, node);
    if (node->kind == YAML_MAP) {
        yaml_only_keys(node, g->file, known, g->problems);
        node = yaml_get(node, "hosts");
        if (!node)
            return;
    }
    take_members(g, group, node);
}

void gathering_add_group(struct gathering *g, const struct placed *at, json_t *members)
{
    struct raw_group *group;
    const char *name;
    json_t *mark;

    g->groups = mem_grow(g->groups, g->group_count + 1, sizeof *g->groups);
    group = &g->groups[g->group_count++];
    *group = (struct raw_group){
        .at = {mem_dup(at->name), mem_dup(at->file), at->line, at->column},
        .members = mem_alloc(json_object_size(members) * sizeof *group->members),
        .only_hosts = true};
    json_object_foreach(members, name, mark)
        group->members[group->count++] = (struct placed){.name = mem_dup(name)};
}

static struct raw_group *find_group(struct gathering *g, const char *name)
{
    size_t i;

    for (i = 0; i < g->group_count; i++)
        if (strcmp(g->groups[i].at.name, name) == 0)
            return &g->groups[i];
    return NULL;
}

static void unknown_member(struct gathering *g, const struct placed *m)
{
    const char *near;
    char **names = NULL;
    size_t i;

    for (i = 0; i < g->name_count; i++)
        names = argv_add(names, g->names[i].name);
    near = yaml_nearest(m->name, (const char *const *)names);
    problems_add(g->problems, m->file, m->line, m->column, "there is no host or group \"%s\"%s%s%s",
                 m->name, near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    argv_free(names);
}

static bool list_has(char *const *list, const char *name)
{
    for (; list && *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

static char **add_once(char **list, const char *name)
{
    return list_has(list, name) ? list : argv_add(list, name);
}

/* Adds the group to the order after all groups that it holds.  The depth is bounded by the number
 * of groups, which the inventory's size bounds. */
static void visit(struct gathering *g, struct raw_group *group)
{
    size_t i;

    group->state = 1;
    for (i = 0; !group->only_hosts && i < group->count; i++) {
        const struct placed *m = &group->members[i];
        struct raw_group *inner = find_group(g, m->name);

        if (!inner && !inventory_host(g->inventory, m->name) && strcmp(m->name, "localhost") != 0)
            unknown_member(g, m);
        else if (inner && inner->state == 1)
            problems_add(g->problems, m->file, m->line, m->column,
                         "the group \"%s\" holds itself by way of \"%s\"", inner->at.name,
                         group->at.name);
        else if (inner && inner->state == 0)
            visit(g, inner);
    }
    group->state = 2;
    g->order[g->ordered++] = (size_t)(group - g->groups);
}

/* `members` of inner groups are already there: the order has them first. */
static char **resolved_members(struct gathering *g, const struct raw_group *group)
{
    char **list = mem_alloc((group->count + 1) * sizeof *list);
    size_t i, k;

    for (i = 0; group->only_hosts && i < group->count; i++)
        list[i] = mem_dup(group->members[i].name);
    for (i = 0; !group->only_hosts && i < group->count; i++) {
        const struct raw_group *inner = find_group(g, group->members[i].name);
        char **members = inner ? g->inventory->groups[inner - g->groups].members : NULL;

        if (!inner)
            list = add_once(list, group->members[i].name);
        for (k = 0; members && members[k]; k++)
            list = add_once(list, members[k]);
    }
    return list;
}

/* What `base` does not say is taken from `under`; maps are merged key by key. */
static void merge_under(json_t *base, json_t *under)
{
    const char *key;
    json_t *value;

    json_object_foreach(under, key, value)
    {
        json_t *have = json_object_get(base, key);

        if (!have)
            json_object_set_new(base, key, json_deep_copy(value));
        else if (json_is_object(have) && json_is_object(value))
            merge_under(have, value);
    }
}

static void merge_vars(struct gathering *g, struct host *h)
{
    size_t i;

    for (i = 0; i < g->ordered; i++) /* the nearest group first: what is set stays */
        if (json_object_size(g->groups[g->order[i]].vars) &&
            list_has(g->inventory->groups[g->order[i]].members, h->name))
            merge_under(h->vars, g->groups[g->order[i]].vars);
    merge_under(h->vars, g->vars);
}

void gathering_resolve(struct gathering *g)
{
    struct inventory *inv = g->inventory;
    size_t i;

    g->order = mem_alloc(g->group_count * sizeof *g->order);
    inv->groups = mem_alloc(g->group_count * sizeof *inv->groups);
    inv->group_count = g->group_count;
    for (i = 0; i < g->group_count; i++)
        if (g->groups[i].state == 0)
            visit(g, &g->groups[i]);
    for (i = 0; i < g->ordered; i++) {
        const struct raw_group *group = &g->groups[g->order[i]];

        inv->groups[g->order[i]].name = mem_dup(group->at.name);
        inv->groups[g->order[i]].members = resolved_members(g, group);
    }
    for (i = 0; i < inv->host_count; i++)
        merge_vars(g, &inv->hosts[i]);
}

void gathering_release(struct gathering *g)
{
    size_t i, k;

    for (i = 0; i < g->name_count; i++)
        placed_release(&g->names[i]);
    for (i = 0; i < g->group_count; i++) {
        placed_release(&g->groups[i].at);
        for (k = 0; k < g->groups[i].count; k++)
            placed_release(&g->groups[i].members[k]);
        free(g->groups[i].members);
        json_decref(g->groups[i].vars);
    }
    free(g->names);
    free(g->groups);
    free(g->order);
    json_decref(g->vars);
}
