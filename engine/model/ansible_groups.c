/* ansible_groups.c: which group wins over which, who is in it, and what that means for a host. */
#include "model/ansible.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct walk {
    struct ansible *all;
    struct ansible_group **done; /* children before their parents */
    size_t count;
    bool failed;
};

/* The depth is bounded by the number of groups, which the inventory's size bounds. */
static void visit(struct walk *w, struct ansible_group *group)
{
    size_t i;

    group->state = 1;
    for (i = 0; i < group->child_count; i++) {
        const struct placed *child = &group->children[i];
        struct ansible_group *inner = ansible_find_group(w->all, child->name);

        if (inner->state == 1 || inner == w->all->groups[0]) {
            w->failed = true;
            problems_add(w->all->problems, child->file, child->line, child->column,
                         "the group \"%s\" holds itself by way of \"%s\"", child->name,
                         group->at.name);
        } else if (inner->state == 0) {
            visit(w, inner);
        }
    }
    group->state = 2;
    w->done[w->count++] = group;
}

/* As far from "all" as on the longest way. */
static void set_depths(struct walk *w)
{
    size_t i, k;

    for (i = w->count; i > 0; i--) {
        struct ansible_group *group = w->done[i - 1];

        if (group == w->all->groups[0])
            continue;
        group->depth = group->depth ? group->depth : 1;
        for (k = 0; k < group->child_count; k++) {
            struct ansible_group *child = ansible_find_group(w->all, group->children[k].name);

            if (child->depth <= group->depth)
                child->depth = group->depth + 1;
        }
    }
}

static void set_members(struct walk *w)
{
    size_t i, k;

    for (i = 0; i < w->count; i++) {
        struct ansible_group *group = w->done[i];

        group->members = json_copy(group->hosts);
        for (k = 0; k < group->child_count; k++)
            json_object_update(group->members,
                               ansible_find_group(w->all, group->children[k].name)->members);
    }
}

/* "all" has everybody, and "ungrouped" those that no other group has. */
static void set_special_members(struct ansible *a)
{
    struct ansible_group *all = a->groups[0], *ungrouped = a->groups[1];
    size_t i, k;

    json_object_clear(all->members);
    json_object_clear(ungrouped->members);
    for (i = 0; i < a->host_count; i++) {
        const char *name = a->hosts[i]->at.name;

        json_object_set_new(all->members, name, json_true());
        for (k = 2; k < a->group_count && !json_object_get(a->groups[k]->members, name);)
            k++;
        if (k == a->group_count)
            json_object_set_new(ungrouped->members, name, json_true());
    }
}

static long priority(const struct ansible_group *group)
{
    const json_t *set = json_object_get(group->vars.own, "ansible_group_priority");
    const json_t *value = json_object_get(set, "value");

    if (json_is_integer(value))
        return (long)json_integer_value(value);
    return json_is_string(value) ? strtol(json_string_value(value), NULL, 10) : 1;
}

/* The later one wins. */
static int by_precedence(const void *left, const void *right)
{
    const struct ansible_group *a = *(struct ansible_group *const *)left;
    const struct ansible_group *b = *(struct ansible_group *const *)right;

    if (a->depth != b->depth)
        return a->depth < b->depth ? -1 : 1;
    if (priority(a) != priority(b))
        return priority(a) < priority(b) ? -1 : 1;
    return strcmp(a->at.name, b->at.name);
}

int ansible_groups_order(struct ansible *a)
{
    struct walk w = {.all = a,
                     .done = mem_alloc(a->group_count * sizeof(struct ansible_group *))};
    size_t i;

    for (i = 0; i < a->group_count; i++)
        if (a->groups[i]->state == 0)
            visit(&w, a->groups[i]);
    a->order = w.done;
    if (w.failed)
        return -1;
    set_depths(&w);
    set_members(&w);
    set_special_members(a);
    qsort(a->order, w.count, sizeof(struct ansible_group *), by_precedence);
    return 0;
}

json_t *ansible_host_vars(const struct ansible *a, const struct ansible_host *host)
{
    json_t *vars = json_object();
    size_t i;

    for (i = 0; i < a->group_count; i++)
        if (json_object_get(a->order[i]->members, host->at.name))
            json_object_update(vars, a->order[i]->vars.own);
    for (i = 0; i < a->group_count; i++)
        if (json_object_get(a->order[i]->members, host->at.name))
            json_object_update(vars, a->order[i]->vars.beside);
    json_object_update(vars, host->vars.own);
    json_object_update(vars, host->vars.beside);
    return vars;
}
