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
    bool only_hosts; /* its members are resolved, each once, and none is a group's name */
    int state; /* 0 not yet visited, 1 being resolved, 2 resolved */
};

struct ansible;

struct gathering {
    struct inventory *inventory;
    struct problems *problems;
    struct ansible *ansible; /* what is in Ansible's files */
    inventory_runner *run;   /* NULL: no program is run */
    const char *file;        /* that is being read */
    json_t *vars;          /* the inventory's own */
    struct placed *names;  /* of all hosts and groups */
    size_t name_count;
    struct raw_group *groups;
    size_t group_count;
    size_t *order;         /* groups, members before those that hold them */
    size_t ordered;
};

bool inventory_name_is_valid(const char *name);
bool inventory_host_name_is_valid(const char *name); /* an IPv6 address, too */
struct host *inventory_add_host(struct inventory *inv, const char *name, const char *source);
json_t *inventory_vars(struct gathering *g, const struct yaml_node *map);
/* Notes a host's or group's name; a problem that names both places where it is taken. */
int gathering_claim(struct gathering *g, const struct yaml_node *key);
/* The same for names among which a host and a group may have the same one: they are only looked
 * for among the first `among` of those that are taken. */
int gathering_claim_among(struct gathering *g, const struct placed *at, size_t among);
void gathering_take_group(struct gathering *g, const struct yaml_node *key,
                          const struct yaml_node *node);
/* A group of hosts: the keys of `members`. */
void gathering_add_group(struct gathering *g, const struct placed *at, json_t *members);
/* Fills the inventory's groups, and everybody's vars. */
void gathering_resolve(struct gathering *g);
void gathering_release(struct gathering *g);

#endif
