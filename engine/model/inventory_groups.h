/* inventory_groups.h: groups as they are gathered from files, and their resolution.
 * Only for model/inventory.c. */
#ifndef FETTLE_MODEL_INVENTORY_GROUPS_H
#define FETTLE_MODEL_INVENTORY_GROUPS_H

#include "model/inventory.h"
#include "model/yaml.h"

/* Where a name of a host, group or member stands. */
struct placed {
    char *name, *file;
    size_t line, column;
};

struct raw_group {
    struct placed at;
    struct placed *members;
    size_t count;
    json_t *vars;
    int state; /* 0 not yet visited, 1 being resolved, 2 resolved */
};

struct gathering {
    struct inventory *inventory;
    struct problems *problems;
    const char *file;      /* that is being read */
    json_t *vars;          /* the inventory's own */
    struct placed *names;  /* of all hosts and groups */
    size_t name_count;
    struct raw_group *groups;
    size_t group_count;
    size_t *order;         /* groups, members before those that hold them */
    size_t ordered;
};

bool inventory_name_is_valid(const char *name);
json_t *inventory_vars(struct gathering *g, const struct yaml_node *map);
/* Notes a host's or group's name; a problem that names both places where it is taken. */
int gathering_claim(struct gathering *g, const struct yaml_node *key);
void gathering_take_group(struct gathering *g, const struct yaml_node *key,
                          const struct yaml_node *node);
/* Fills the inventory's groups, and everybody's vars. */
void gathering_resolve(struct gathering *g);
void gathering_release(struct gathering *g);

#endif
