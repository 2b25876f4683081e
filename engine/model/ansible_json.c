/* ansible_json.c: what an executable inventory answers to --list. */
#include "model/ansible.h"

#include <string.h>

struct reader {
    struct ansible *all;
    struct place at; /* of a program's answer, there is no better one than the program */
};

static void wrong(const struct reader *r, const char *group, const char *text)
{
    problems_add(r->all->problems, r->at.file, 0, 0, "in its answer, of the group \"%s\": %s",
                 group, text);
}

static void set_vars(const struct reader *r, json_t *vars, json_t *from)
{
    const char *name;
    json_t *value;

    json_object_foreach(from, name, value)
        ansible_set(vars, name, json_incref(value), r->at);
}

static void read_hosts(const struct reader *r, struct ansible_group *group, const json_t *list)
{
    const json_t *name;
    size_t i;

    if (!json_is_array(list))
        wrong(r, group->at.name, "the hosts must be a list");
    json_array_foreach(list, i, name)
    {
        struct ansible_host *host =
            json_is_string(name) ? ansible_host(r->all, json_string_value(name), r->at) : NULL;

        if (host)
            ansible_join(group, host);
        else if (!json_is_string(name))
            wrong(r, group->at.name, "a host must be a text");
    }
}

static void read_children(const struct reader *r, struct ansible_group *group, const json_t *list)
{
    const json_t *name;
    size_t i;

    json_array_foreach(list, i, name)
    {
        const char *text = json_string_value(name);
        struct ansible_group *child = text ? ansible_group(r->all, text, r->at) : NULL;

        if (!child)
            continue;
        child->declared = true;
        ansible_child(group, text, r->at);
    }
}

/* A list is a group's hosts; a map without the three keys is the vars of one host. */
static void read_group(const struct reader *r, const char *name, json_t *data)
{
    struct ansible_group *group = ansible_group(r->all, name, r->at);
    json_t *hosts = json_object_get(data, "hosts"), *vars = json_object_get(data, "vars");
    json_t *children = json_object_get(data, "children");

    if (!group)
        return;
    group->declared = true;
    if (!json_is_object(data)) {
        read_hosts(r, group, data);
    } else if (!hosts && !vars && !children && json_object_size(data)) {
        struct ansible_host *host = ansible_host(r->all, name, r->at);

        if (host)
            ansible_join(group, host);
        set_vars(r, group->vars.own, data);
    }
    if (hosts)
        read_hosts(r, group, hosts);
    if (vars)
        set_vars(r, group->vars.own, vars);
    read_children(r, group, children);
}

static void read_root(const struct reader *r, json_t *root)
{
    json_t *hostvars = json_object_get(json_object_get(root, "_meta"), "hostvars"), *data;
    const char *name;

    json_object_foreach(root, name, data)
        if (strcmp(name, "_meta") != 0)
            read_group(r, name, data);
    json_object_foreach(hostvars, name, data)
    {
        struct ansible_host *host = ansible_find_host(r->all, name);

        if (host)
            set_vars(r, host->vars.own, data);
    }
}

void ansible_json_read(struct ansible *a, const char *text, size_t n, const char *file)
{
    struct reader r = {a, {file, 0, 0}};
    json_error_t error;
    json_t *root = json_loadb(text, n, 0, &error);

    if (!root)
        problems_add(a->problems, file, 0, 0, "its answer is no JSON: line %d, column %d: %s",
                     error.line, error.column, error.text);
    else if (!json_is_object(root))
        problems_add(a->problems, file, 0, 0, "its answer must be a JSON object of groups");
    else if (!json_object_get(json_object_get(root, "_meta"), "hostvars"))
        problems_add(a->problems, file, 0, 0,
                     "its answer has no \"_meta\": {\"hostvars\": {…}}; fettle does not ask for "
                     "each host with --host");
    else
        read_root(&r, root);
    json_decref(root);
}
