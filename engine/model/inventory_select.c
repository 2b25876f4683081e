/* inventory_select.c: which hosts are meant, by name, group, address or command. */
#include "model/inventory.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/yaml.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct host *inventory_host(const struct inventory *inv, const char *name)
{
    size_t i;

    for (i = 0; i < inv->host_count; i++)
        if (strcmp(inv->hosts[i].name, name) == 0)
            return &inv->hosts[i];
    return NULL;
}

/* An address in IPv6's 16 bytes, IPv4 mapped into it, so that equal ones are equal. */
static bool ip_parse(const char *text, unsigned char ip[16])
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    char bare[INET6_ADDRSTRLEN];
    size_t n = strlen(text);

    if (inet_pton(AF_INET, text, ip + 12) == 1) {
        memcpy(ip, mapped, sizeof mapped);
        return true;
    }
    if (n > 2 && text[0] == '[' && text[n - 1] == ']' && n - 2 < sizeof bare) {
        memcpy(bare, text + 1, n - 2);
        bare[n - 2] = '\0';
        text = bare;
    }
    return inet_pton(AF_INET6, text, ip) == 1;
}

static bool address_equal(const char *a, const char *b)
{
    unsigned char left[16], right[16];

    if (ip_parse(a, left))
        return ip_parse(b, right) && memcmp(left, right, sizeof left) == 0;
    return strcasecmp(a, b) == 0;
}

const struct host *inventory_by_address(const struct inventory *inv, const char *address)
{
    const struct host *found = NULL;
    size_t i;

    for (i = 0; i < inv->host_count; i++) {
        const struct host *h = &inv->hosts[i];

        /* "localhost" in a host's configuration is that host, not the operator's machine. */
        if (h->implied || (!(h->address && address_equal(h->address, address)) &&
                           !address_equal(h->name, address)))
            continue;
        if (found)
            return NULL;
        found = h;
    }
    return found;
}

static const struct inventory_group *find_group(const struct inventory *inv, const char *name)
{
    size_t i;

    for (i = 0; i < inv->group_count; i++)
        if (strcmp(inv->groups[i].name, name) == 0)
            return &inv->groups[i];
    return NULL;
}

static bool list_has(char *const *list, const char *name)
{
    for (; *list; list++)
        if (strcmp(*list, name) == 0)
            return true;
    return false;
}

/* The local machine that nobody wrote down is only meant where it is named. */
static bool word_means(const struct inventory *inv, const struct host *h, const char *word)
{
    const struct inventory_group *group = find_group(inv, word);

    if (strcmp(h->name, word) == 0)
        return true;
    if (group)
        return list_has(group->members, h->name);
    if (h->implied)
        return inv->host_count == 1 && strcmp(word, "all") == 0;
    return strcmp(word, "all") == 0 || (strpbrk(word, "*?[") && fnmatch(word, h->name, 0) == 0);
}

static int unknown_word(const struct inventory *inv, const char *word, struct err *e)
{
    char **names = NULL;
    const char *near;
    size_t i;

    for (i = 0; i < inv->host_count; i++)
        names = argv_add(names, inv->hosts[i].name);
    for (i = 0; i < inv->group_count; i++)
        names = argv_add(names, inv->groups[i].name);
    near = yaml_nearest(word, (const char *const *)names);
    err_set(e, ERR_USAGE, "there is no host or group \"%s\"%s%s%s", word,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    argv_free(names);
    return -1;
}

/* Marks or unmarks the hosts of one word. */
static int select_word(const struct inventory *inv, const char *word, bool *chosen, struct err *e)
{
    bool take = *word != '!', any = false;
    const char *name = word + !take;
    size_t i;

    for (i = 0; i < inv->host_count; i++)
        if (word_means(inv, &inv->hosts[i], name)) {
            chosen[i] = take;
            any = true;
        }
    return any || find_group(inv, name) ? 0 : unknown_word(inv, name, e);
}

static int select_words(const struct inventory *inv, char *text, bool *chosen, struct err *e)
{
    char *word, *rest = NULL;
    bool first = true;

    for (word = strtok_r(text, ", \t", &rest); word; word = strtok_r(NULL, ", \t", &rest)) {
        if (first && *word == '!' && select_word(inv, "all", chosen, e) != 0)
            return -1;
        if (select_word(inv, word, chosen, e) != 0)
            return -1;
        first = false;
    }
    return 0;
}

const struct host **inventory_select(const struct inventory *inv, const char *pattern,
                                     struct err *e)
{
    bool *chosen = mem_alloc(inv->host_count * sizeof *chosen);
    const struct host **list = mem_alloc((inv->host_count + 1) * sizeof(const struct host *));
    char *text = mem_dup(pattern);
    size_t i, n = 0;
    int rc = select_words(inv, text, chosen, e);

    for (i = 0; i < inv->host_count; i++)
        if (chosen[i])
            list[n++] = &inv->hosts[i];
    if (rc == 0 && n == 0)
        rc = err_set(e, ERR_USAGE, "no host is meant by \"%s\"", pattern);
    free(text);
    free(chosen);
    if (rc == 0)
        return list;
    free(list);
    return NULL;
}

/* A command is written as a text, split at blanks, or as a list of words. */
static bool names_argv(const json_t *value, char *const *argv)
{
    size_t i, n = argv_len(argv);
    char **words;
    bool same;

    if (json_is_string(value)) {
        words = argv_split(json_string_value(value));
        same = n && argv_equal(words, argv);
        argv_free(words);
        return same;
    }
    if (!json_is_array(value) || json_array_size(value) != n || !n)
        return false;
    for (i = 0; i < n; i++) {
        const char *word = json_string_value(json_array_get(value, i));

        if (!word || strcmp(word, argv[i]) != 0)
            return false;
    }
    return true;
}

bool host_names_command(const struct host *h, char *const *argv)
{
    static const char *const verbs[] = {"start", "stop", "restart", "reload"};
    json_t *services = json_object_get(h->vars, "services"), *service;
    const char *name;
    size_t i;

    json_object_foreach(
        services, name,
        service) for (i = 0; i < 4;
                      i++) if (names_argv(json_object_get(service, verbs[i]), argv)) return true;
    return names_argv(json_object_get(json_object_get(h->vars, "nginx"), "reload"), argv);
}

/* Is `path` beneath `folder`, by name? */
static bool is_beneath(const char *path, const char *folder, size_t n)
{
    while (n > 1 && folder[n - 1] == '/')
        n--;
    return n > 1 && folder[0] == '/' && strncmp(path, folder, n) == 0 && path[n] == '/' &&
           !strstr(path, "/../");
}

bool host_names_file(const struct host *h, const char *path)
{
    const json_t *nginx = json_object_get(h->vars, "nginx");
    const json_t *fpm = json_object_get(h->vars, "php_fpm");
    const char *prefix = json_string_value(json_object_get(nginx, "prefix"));
    const char *files[] = {json_string_value(json_object_get(nginx, "config")),
                           json_string_value(json_object_get(fpm, "config"))};
    size_t i;

    if (prefix && is_beneath(path, prefix, strlen(prefix)))
        return true;
    for (i = 0; i < 2; i++) {
        const char *slash = files[i] ? strrchr(files[i], '/') : NULL;

        if (slash && is_beneath(path, files[i], (size_t)(slash - files[i])))
            return true;
    }
    return false;
}
