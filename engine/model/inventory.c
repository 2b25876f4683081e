/* inventory.c: the hosts, as resolved from one file or a folder of them. */
#include "model/inventory.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/inventory_groups.h"
#include "model/yaml.h"

#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const host_keys[] = {"address",   "port",        "user",   "identity", "jump",
                                        "transport", "known_hosts", "become", "vars",     NULL};

bool inventory_name_is_valid(const char *name)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return *name && *name != '-' && strspn(name, set) == strlen(name);
}

static int wrong(struct gathering *g, const struct yaml_node *at, const char *text)
{
    return problems_add(g->problems, g->file, at->line, at->column, "%s", text);
}

/* A text of a host's, where it is given.  A leading `-` would be an option to ssh. */
static char *take_text(struct gathering *g, const struct yaml_node *map, const char *key)
{
    const struct yaml_node *node = yaml_get(map, key);
    char *what = mem_format("\"%s\"", key);
    const char *text = node ? yaml_string(node, g->file, what, g->problems) : NULL;
    const char *c;

    for (c = text; c && *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f || *text == '-') {
            problems_add(g->problems, g->file, node->line, node->column,
                         "%s must not start with \"-\" nor have control characters", what);
            text = NULL;
            break;
        }
    free(what);
    return mem_dup(text);
}

static int take_port(struct gathering *g, const struct yaml_node *map)
{
    const struct yaml_node *node = yaml_get(map, "port");
    size_t n;
    long port;

    if (!node)
        return 0;
    n = node->kind == YAML_SCALAR ? strspn(node->text, "0123456789") : 0;
    port = n && n < 6 && !node->text[n] ? strtol(node->text, NULL, 10) : 0;
    if (port < 1 || port > 65535) {
        wrong(g, node, "\"port\" must be a number from 1 to 65535");
        return 0;
    }
    return (int)port;
}

static char *take_transport(struct gathering *g, const struct yaml_node *map, const char *name)
{
    static const char *const known[] = {"local", "ssh", "openssh", "replay", NULL};
    char *text = take_text(g, map, "transport");
    size_t i;

    if (!text)
        return mem_dup(strcmp(name, "localhost") == 0 && !yaml_get(map, "address") ? "local"
                                                                                   : "ssh");
    for (i = 0; known[i]; i++)
        if (strcmp(text, known[i]) == 0)
            return text;
    wrong(g, yaml_get(map, "transport"), "\"transport\" must be local, ssh, openssh or replay");
    return text;
}

static char *take_become(struct gathering *g, const struct yaml_node *map)
{
    const struct yaml_node *node = yaml_get(map, "become");
    const char *text = node && node->kind == YAML_SCALAR ? node->text : "none";

    if (node && node->kind != YAML_SCALAR)
        wrong(g, node, "\"become\" must be sudo, sudo:USER or none");
    if (strcmp(text, "none") == 0 || strcmp(text, "false") == 0 || strcmp(text, "no") == 0)
        return NULL;
    if (strcmp(text, "sudo") == 0 ||
        (strncmp(text, "sudo:", 5) == 0 && inventory_name_is_valid(text + 5)))
        return mem_dup(text);
    wrong(g, node, "\"become\" must be sudo, sudo:USER or none");
    return NULL;
}

json_t *inventory_vars(struct gathering *g, const struct yaml_node *map)
{
    const struct yaml_node *node = yaml_get(map, "vars");

    if (node && node->kind == YAML_MAP)
        return yaml_to_json(node);
    if (node)
        wrong(g, node, "\"vars\" must be a map");
    return json_object();
}

static bool is_empty(const struct yaml_node *node)
{
    return node->kind == YAML_SCALAR && node->plain && !*node->text;
}

static void take_host(struct gathering *g, const struct yaml_node *key, const struct yaml_node *map)
{
    struct inventory *inv = g->inventory;
    struct host *h;

    if (!inventory_name_is_valid(key->text) || strcmp(key->text, "all") == 0)
        wrong(g, key,
              "a host's name is made of letters, digits, \".\", \"_\" and \"-\", does not "
              "start with \"-\" and is not \"all\"");
    if (gathering_claim(g, key) != 0)
        return;
    if (!is_empty(map) && map->kind != YAML_MAP) {
        wrong(g, map, "a host must be a map");
        return;
    }
    if (map->kind == YAML_MAP)
        yaml_only_keys(map, g->file, host_keys, g->problems);
    inv->hosts = mem_grow(inv->hosts, inv->host_count + 1, sizeof *inv->hosts);
    h = &inv->hosts[inv->host_count++];
    *h = (struct host){.name = mem_dup(key->text)};
    h->address = take_text(g, map, "address");
    h->user = take_text(g, map, "user");
    h->identity = take_text(g, map, "identity");
    h->jump = take_text(g, map, "jump");
    h->known_hosts = take_text(g, map, "known_hosts");
    h->transport = take_transport(g, map, key->text);
    h->become = take_become(g, map);
    h->port = take_port(g, map);
    h->vars = inventory_vars(g, map);
}

static void take_vars(struct gathering *g, const struct yaml_node *root)
{
    json_t *vars = inventory_vars(g, root), *value;
    const struct yaml_node *node = yaml_get(root, "vars");
    const char *name;
    size_t i;

    json_object_foreach(vars, name, value)
    {
        if (!json_object_get(g->vars, name)) {
            json_object_set(g->vars, name, value);
            continue;
        }
        for (i = 0; strcmp(node->keys[i]->text, name) != 0;)
            i++;
        problems_add(g->problems, g->file, node->keys[i]->line, node->keys[i]->column,
                     "the var \"%s\" is already set in another file of the inventory", name);
    }
    json_decref(vars);
}

/* The items of a map that may be left out or be empty. */
static const struct yaml_node *section(struct gathering *g, const struct yaml_node *root,
                                       const char *key)
{
    const struct yaml_node *node = yaml_get(root, key);

    if (!node || is_empty(node) || node->kind == YAML_MAP)
        return node && node->kind == YAML_MAP ? node : NULL;
    problems_add(g->problems, g->file, node->line, node->column, "\"%s\" must be a map", key);
    return NULL;
}

static void gather_file(struct gathering *g, const char *path)
{
    static const char *const known[] = {"hosts", "groups", "vars", NULL};
    struct yaml_node *root = yaml_load(path, g->problems);
    const struct yaml_node *node;
    size_t i;

    if (!root)
        return;
    g->file = path;
    if (root->kind != YAML_MAP) {
        wrong(g, root, "an inventory must be a map with hosts, groups and vars");
        yaml_node_free(root);
        return;
    }
    yaml_only_keys(root, path, known, g->problems);
    node = section(g, root, "hosts");
    for (i = 0; node && i < node->count; i++)
        take_host(g, node->keys[i], node->items[i]);
    node = section(g, root, "groups");
    for (i = 0; node && i < node->count; i++)
        gathering_take_group(g, node->keys[i], node->items[i]);
    if (section(g, root, "vars"))
        take_vars(g, root);
    yaml_node_free(root);
}

static void add_local_machine(struct inventory *inv)
{
    struct host *h;

    if (inventory_host(inv, "localhost"))
        return;
    inv->hosts = mem_grow(inv->hosts, inv->host_count + 1, sizeof *inv->hosts);
    h = &inv->hosts[inv->host_count++];
    *h = (struct host){.name = mem_dup("localhost"),
                       .transport = mem_dup("local"),
                       .vars = json_object(),
                       .implied = true};
}

static int order_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **folder_files(const char *folder)
{
    static const char *const kinds[] = {"*.yaml", "*.yml"};
    char **list = mem_alloc(sizeof *list);
    size_t i, k;

    for (k = 0; k < 2; k++) {
        char *pattern = mem_format("%s/%s", folder, kinds[k]);
        glob_t found;

        if (glob(pattern, 0, NULL, &found) == 0)
            for (i = 0; i < found.gl_pathc; i++)
                list = argv_add(list, found.gl_pathv[i]);
        globfree(&found);
        free(pattern);
    }
    qsort(list, argv_len(list), sizeof *list, order_names);
    return list;
}

/* The files to read; a path that was asked for must be there. */
static char **inventory_files(const char *path, struct problems *p)
{
    char *config = file_config_folder(), *fallback = mem_format("%s/hosts", config);
    char **list;

    if (path && access(path, R_OK) != 0)
        problems_add(p, path, 0, 0, "there is no such inventory, or it cannot be read");
    if (!path)
        path = file_is_folder("hosts") ? "hosts" : file_is_folder(fallback) ? fallback : config;
    if (file_is_folder(path))
        list = folder_files(path);
    else if (access(path, R_OK) == 0)
        list = argv_add(NULL, path);
    else
        list = mem_alloc(sizeof *list);
    free(config);
    free(fallback);
    return list;
}

struct inventory *inventory_load(const char *path, struct problems *p)
{
    size_t i, before = p->count + p->left_out;
    struct gathering g = {
        .problems = p, .inventory = mem_alloc(sizeof(struct inventory)), .vars = json_object()};
    char **files = inventory_files(path, p);

    for (i = 0; files[i]; i++)
        gather_file(&g, files[i]);
    gathering_resolve(&g);
    add_local_machine(g.inventory);
    gathering_release(&g);
    argv_free(files);
    if (p->count + p->left_out == before)
        return g.inventory;
    inventory_free(g.inventory);
    return NULL;
}

void inventory_free(struct inventory *inv)
{
    size_t i;

    if (!inv)
        return;
    for (i = 0; i < inv->host_count; i++) {
        struct host *h = &inv->hosts[i];

        free(h->name);
        free(h->address);
        free(h->user);
        free(h->identity);
        free(h->jump);
        free(h->known_hosts);
        free(h->transport);
        free(h->become);
        json_decref(h->vars);
    }
    free(inv->hosts);
    for (i = 0; i < inv->group_count; i++) {
        free(inv->groups[i].name);
        argv_free(inv->groups[i].members);
    }
    free(inv->groups);
    free(inv);
}
