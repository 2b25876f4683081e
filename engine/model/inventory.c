/* inventory.c: the hosts, as resolved from one file or a folder of them. */
#include "model/inventory.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/ansible.h"
#include "model/inventory_files.h"
#include "model/inventory_groups.h"
#include "model/ssh_scan.h"
#include "model/yaml.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static const char *const host_keys[] = {"address",   "port",        "user",   "identity", "jump",
                                        "transport", "known_hosts", "become", "vars",     NULL};

bool inventory_name_is_valid(const char *name)
{
    static const char set[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    return *name && *name != '-' && strspn(name, set) == strlen(name);
}

bool inventory_host_name_is_valid(const char *name)
{
    unsigned char ip[16];

    return inventory_name_is_valid(name) || inet_pton(AF_INET6, name, ip) == 1;
}

struct host *inventory_add_host(struct inventory *inv, const char *name, const char *source)
{
    struct host *h;

    inv->hosts = mem_grow(inv->hosts, inv->host_count + 1, sizeof *inv->hosts);
    h = &inv->hosts[inv->host_count++];
    *h = (struct host){.name = mem_dup(name), .source = mem_dup(source)};
    return h;
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
    h = inventory_add_host(inv, key->text, g->file);
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

static void gather_own(struct gathering *g, const struct yaml_node *root)
{
    static const char *const known[] = {"hosts", "groups", "vars", NULL};
    const struct yaml_node *node;
    size_t i;

    yaml_only_keys(root, g->file, known, g->problems);
    node = section(g, root, "hosts");
    for (i = 0; node && i < node->count; i++)
        take_host(g, node->keys[i], node->items[i]);
    node = section(g, root, "groups");
    for (i = 0; node && i < node->count; i++)
        gathering_take_group(g, node->keys[i], node->items[i]);
    if (section(g, root, "vars"))
        take_vars(g, root);
}

static bool is_own(const struct yaml_node *root)
{
    return yaml_get(root, "hosts") || yaml_get(root, "groups") || yaml_get(root, "vars");
}

/* What is ours is read again, and more strictly. */
static void gather_yaml(struct gathering *g, const struct buf *text)
{
    struct yaml_node *root = yaml_parse_foreign(text->data, text->len, g->file, g->problems), *own;

    if (root && root->kind != YAML_MAP) {
        wrong(g, root, "an inventory must be a map: hosts, groups and vars, or Ansible's groups");
    } else if (root && is_own(root)) {
        own = yaml_parse(text->data, text->len, g->file, g->problems);
        if (own)
            gather_own(g, own);
        yaml_node_free(own);
    } else if (root) {
        ansible_yaml_read(g->ansible, root, g->file);
    }
    yaml_node_free(root);
}

static void gather_text(struct gathering *g, const struct buf *text)
{
    size_t n = text->len;

    if (ansible_is_vault(text->data, n)) {
        problems_add(g->problems, g->file, 0, 0,
                     "this is encrypted with ansible-vault, which fettle does not read");
        return;
    }
    switch (inventory_format(g->file, text->data, n)) {
    case INVENTORY_INI:
        ansible_ini_read(g->ansible, text->data, n, g->file);
        break;
    case INVENTORY_LISTED:
        ansible_json_read(g->ansible, text->data, n, g->file);
        break;
    case INVENTORY_YAML:
        gather_yaml(g, text);
        break;
    }
}

static int run_program(struct gathering *g, struct buf *out, struct err *e)
{
    if (g->run)
        return g->run(g->file, out, e);
    buf_init(out, 1);
    return err_set(e, ERR_DATA, "this is a program; it is run only where -i names it or its folder");
}

static void gather_file(struct gathering *g, const char *path)
{
    struct err e = {0};
    struct buf text;

    g->file = path;
    if (inventory_is_program(path)) {
        if (run_program(g, &text, &e) == 0)
            ansible_json_read(g->ansible, text.data, text.len, path);
        else
            problems_add(g->problems, path, 0, 0, "%s", e.text);
    } else if (file_read(path, INVENTORY_TEXT_MAX, &text, &e) == 0) {
        gather_text(g, &text);
    } else {
        problems_add(g->problems, path, 0, 0, "%s", e.text);
    }
    buf_release(&text);
}

static void add_local_machine(struct inventory *inv)
{
    struct host *h;

    if (inventory_host(inv, "localhost"))
        return;
    h = inventory_add_host(inv, "localhost", NULL);
    h->transport = mem_dup("local");
    h->vars = json_object();
    h->implied = true;
}

struct inventory *inventory_load(const char *path, inventory_runner *run, struct problems *p)
{
    size_t i, before = p->count + p->left_out;
    struct ansible ansible;
    struct gathering g = {.problems = p,
                          .inventory = mem_alloc(sizeof(struct inventory)),
                          .ansible = &ansible,
                          .run = path ? run : NULL,
                          .vars = json_object()};
    char *folder = NULL, **files = inventory_files(path, &folder, p);

    ansible_init(&ansible, p);
    for (i = 0; files[i]; i++)
        gather_file(&g, files[i]);
    ansible_vars_read(&ansible, folder);
    ansible_resolve(&ansible, &g);
    gathering_resolve(&g);
    add_local_machine(g.inventory);
    gathering_release(&g);
    ansible_release(&ansible);
    argv_free(files);
    free(folder);
    if (p->count + p->left_out == before)
        return g.inventory;
    inventory_free(g.inventory);
    return NULL;
}

void inventory_add_aliases(struct inventory *inv)
{
    struct ssh_scan scan;
    size_t i, k;

    ssh_scan_load(&scan);
    for (i = 0; i < scan.count; i++)
        for (k = 0; scan.hosts[i][k]; k++) {
            const char *name = scan.hosts[i][k];
            struct host *h;

            if (!inventory_host_name_is_valid(name) || strcmp(name, "all") == 0 ||
                inventory_host(inv, name) || inventory_has_group(inv, name))
                continue;
            h = inventory_add_host(inv, name, scan.places[i]);
            h->transport = mem_dup("ssh");
            h->vars = json_object();
            h->alias = true;
        }
    ssh_scan_release(&scan);
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
        free(h->source);
        free(h->unusable);
        json_decref(h->vars);
    }
    free(inv->hosts);
    for (i = 0; i < inv->group_count; i++) {
        free(inv->groups[i].name);
        argv_free(inv->groups[i].members);
    }
    free(inv->groups);
    argv_free(inv->notes);
    free(inv);
}
