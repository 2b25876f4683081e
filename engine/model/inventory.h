/* inventory.h: the hosts, as resolved from one file or a folder of them.
 *
 *   hosts:  web1: {address, port, user, identity, jump, transport, known_hosts, become, vars}
 *   groups: edge: [web1, …]         (an entry may be another group)
 *           edge: {hosts: [web1], vars: {…}}
 *   vars:   {…}
 *
 * A host's own vars win over its groups', those over the inventory's; maps are
 * merged key by key.  Beside this YAML of its own it takes Ansible's inventories (model/ansible.h),
 * and the literal names of the user's ssh configuration as hosts that nobody else wrote down. */
#ifndef FETTLE_MODEL_INVENTORY_H
#define FETTLE_MODEL_INVENTORY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct host {
    char *name;
    char *address;   /* NULL: same as the name */
    char *user, *identity, *jump, *known_hosts;
    char *transport; /* "local", "ssh", "openssh", "replay" */
    char *become;    /* NULL, "sudo" or "sudo:USER" */
    int port;        /* 0: not set */
    json_t *vars;    /* an object, everything merged */
    bool implied;    /* the local machine, which nobody wrote down */
    bool alias;      /* of the ssh configuration: only meant where it is named */
    char *source;    /* the file that it is from; NULL: implied */
    char *unusable;  /* why nobody can say how it is reached; or NULL */
};

struct inventory {
    struct host *hosts;
    size_t host_count;
    struct inventory_group {
        char *name;
        char **members; /* names of hosts, resolved, each once */
    } *groups;
    size_t group_count;
    char **notes; /* what was left out, for a person to read; or NULL */
};

/* Runs an executable inventory with `--list`, for what it prints; `out` is initialised by the
 * call. */
typedef int inventory_runner(const char *path, struct buf *out, struct err *e);

/* `path` NULL: hosts/ of the working directory, then hosts/ of the user's configuration
 * folder or that folder itself, then nothing but the local machine.  Files of a folder in the order
 * of their names.  A host "localhost" with transport "local" is always there.  `run` NULL: programs
 * are refused. */
struct inventory *inventory_load(const char *path, inventory_runner *run, struct problems *p);
/* Adds the aliases of the ssh configuration whose names are not taken. */
void inventory_add_aliases(struct inventory *inv);
/* The hosts of a record's "host" lines, for a replay. */
struct inventory *inventory_of_record(const json_t *record);
void inventory_free(struct inventory *inv);

const struct host *inventory_host(const struct inventory *inv, const char *name);
bool inventory_has_group(const struct inventory *inv, const char *name);
/* Who has this address (an IP address or a name, without port)?  NULL: nobody, or several.
 * Never the implied local machine: "localhost" in a host's files means that host itself. */
const struct host *inventory_by_address(const struct inventory *inv, const char *address);

/* `pattern`: words with commas between.  A word is a name, a group, `all`, a shell glob or a range
 * such as `web[01:10]`; `&word` keeps only hosts that it means too, `!word` takes hosts away, wherever
 * they stand.  Without any other word they are about `all`, which is without the implied local
 * machine unless that is alone.
 * Hosts in the inventory's order, each once; NULL at the end.  Free the list, not its items. */
const struct host **inventory_select(const struct inventory *inv, const char *pattern,
                                     struct err *e);

/* Is this argv one that the host's vars name: services.NAME.{start,stop,restart,reload},
 * or nginx.reload? */
bool host_names_command(const struct host *h, char *const *argv);

/* Does this file lie where the host's vars say that its nginx or PHP-FPM is configured: beneath
 * nginx.prefix, or the folder of nginx.config or php_fpm.config?  Such files may be edited
 * although no playbook can know their place. */
bool host_names_file(const struct host *h, const char *path);

#endif
