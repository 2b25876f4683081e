/* ansible.h: an Ansible inventory as it is gathered from its files, before its hosts become ours.
 * Only for model/ansible*.c and model/inventory*.c.
 *
 *     ansible_init()
 *     ansible_ini_read(), ansible_yaml_read(), ansible_json_read()      each file, in order
 *     ansible_vars_read()                                               group_vars, host_vars
 *     ansible_resolve()                                                 into hosts and groups of ours
 *     ansible_release()
 *
 * The facts are those of ansible-core 2.14: plugins/inventory/{ini,yaml,script}.py,
 * inventory/{data,group}.py, vars/manager.py and plugins/vars/host_group_vars.py. */
#ifndef FETTLE_MODEL_ANSIBLE_H
#define FETTLE_MODEL_ANSIBLE_H

#include "base/err.h"
#include "base/problems.h"
#include "model/inventory_groups.h"
#include "model/yaml.h"

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct place {
    const char *file;
    size_t line, column; /* 0: not known */
};

/* What the inventory itself says, and what lies beside it in group_vars/ or host_vars/.
 * Each is an object: the name of a var, and what ansible_set() makes of it. */
struct ansible_vars {
    json_t *own, *beside;
};

struct ansible_host {
    struct placed at;
    struct ansible_vars vars;
};

struct ansible_group {
    struct placed at;
    struct ansible_vars vars;
    json_t *hosts;          /* a set: names */
    struct placed *children;
    size_t child_count;
    bool declared;          /* by more than its vars or as somebody's child */
    int depth, state;       /* of ansible_groups.c */
    json_t *members;        /* all hosts, those of its children too */
};

struct ansible {
    struct problems *problems;
    struct ansible_host **hosts;
    size_t host_count;
    struct ansible_group **groups; /* [0] is "all", [1] is "ungrouped" */
    size_t group_count;
    json_t *host_index, *group_index; /* name to place in the above */
    struct ansible_group **order;     /* by precedence; of ansible_groups_order() */
    char **notes;
    bool password_noted, checks_noted; /* each is said once */
};

void ansible_init(struct ansible *a, struct problems *p);
void ansible_release(struct ansible *a);

struct ansible_host *ansible_find_host(const struct ansible *a, const char *name);
struct ansible_group *ansible_find_group(const struct ansible *a, const char *name);
/* The host or group of that name, made where there is none; NULL with a problem where that is no
 * name for one. */
struct ansible_host *ansible_host(struct ansible *a, const char *name, struct place at);
struct ansible_group *ansible_group(struct ansible *a, const char *name, struct place at);
/* The hosts that `pattern` stands for (`web[01:20]:2222`; it is cut), into `group`, with the port
 * as a var of theirs.  Their names, owned; NULL with a problem where one is no good. */
char **ansible_hosts(struct ansible *a, struct ansible_group *group, char *pattern,
                     struct place at);
void ansible_join(struct ansible_group *group, const struct ansible_host *host);
void ansible_child(struct ansible_group *group, const char *child, struct place at);

/* Is this a var that fettle has a use for?  All others are left where they are. */
bool ansible_var_matters(const char *name);
/* Takes `value`; NULL: it is encrypted. */
void ansible_set(json_t *vars, const char *name, json_t *value, struct place at);
void ansible_set_node(json_t *vars, const char *name, const struct yaml_node *node,
                      const char *file);
void ansible_set_map(json_t *vars, const struct yaml_node *map, const char *file);
void ansible_note(struct ansible *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

bool ansible_is_vault(const char *text, size_t n); /* a file that ansible-vault encrypted */

/* ---- readers ---- */

void ansible_ini_read(struct ansible *a, const char *text, size_t n, const char *file);
void ansible_yaml_read(struct ansible *a, const struct yaml_node *root, const char *file);
/* What an executable inventory answers to --list. */
void ansible_json_read(struct ansible *a, const char *text, size_t n, const char *file);
/* group_vars/ and host_vars/ in `folder`, for the groups and hosts that are known by now. */
void ansible_vars_read(struct ansible *a, const char *folder);

/* ---- what becomes of it ---- */

/* Fills `order`, depths and members; -1 with problems. */
int ansible_groups_order(struct ansible *a);
/* The vars that hold for a host, in Ansible's order of precedence. */
json_t *ansible_host_vars(const struct ansible *a, const struct ansible_host *host);
/* One host of ours. */
void ansible_map_host(struct ansible *a, struct host *h, json_t *vars);
/* What the options of an ssh command line say of the way to a host.  NULL, or why they cannot be
 * followed, owned. */
char *ansible_map_ssh_args(struct ansible *a, struct host *h, const char *args);
void ansible_resolve(struct ansible *a, struct gathering *g);

#endif
