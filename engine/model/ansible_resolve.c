/* ansible_resolve.c: the hosts and groups of an Ansible inventory become ours. */
#include "model/ansible.h"

#include "base/argv.h"
#include "base/mem.h"

#include <string.h>

static void add_host(struct ansible *a, struct gathering *g, const struct ansible_host *host,
                     size_t others)
{
    json_t *vars;

    if (gathering_claim_among(g, &host->at, others) != 0)
        return;
    vars = ansible_host_vars(a, host);
    ansible_map_host(a, inventory_add_host(g->inventory, host->at.name, host->at.file), vars);
    json_decref(vars);
}

/* "all" is everybody's, and "ungrouped" is no group where it has nobody. */
static void add_group(struct gathering *g, const struct ansible_group *group, size_t others)
{
    if (strcmp(group->at.name, "all") == 0 ||
        (strcmp(group->at.name, "ungrouped") == 0 && !json_object_size(group->members)))
        return;
    if (gathering_claim_among(g, &group->at, others) == 0)
        gathering_add_group(g, &group->at, group->members);
}

void ansible_resolve(struct ansible *a, struct gathering *g)
{
    size_t others = g->name_count, i;

    if (ansible_groups_order(a) != 0)
        return;
    for (i = 0; i < a->host_count; i++)
        add_host(a, g, a->hosts[i], others);
    for (i = 1; a->host_count && i < a->group_count; i++)
        add_group(g, a->groups[i], others);
    g->inventory->notes = a->notes;
    a->notes = NULL;
}
