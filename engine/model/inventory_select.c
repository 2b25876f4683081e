/* inventory_select.c: which hosts are meant, by name, group, address or command. */
#include "model/inventory.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/ansible_words.h"
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
        if (h->implied || h->alias || (!(h->address && address_equal(h->address, address)) &&
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

bool inventory_has_group(const struct inventory *inv, const char *name)
{
    return find_group(inv, name) != NULL;
}

static bool is_alone(const struct inventory *inv)
{
    size_t i;

    for (i = 0; i < inv->host_count; i++)
        if (!inv->hosts[i].implied && !inv->hosts[i].alias)
            return false;
    return true;
}

/* Hosts that nobody wrote into an inventory are only meant where they are named. */
static bool word_means(const struct inventory *inv, const struct host *h, const char *word,
                       const struct inventory_group *group, char *const *range)
{
    if (strcmp(h->name, word) == 0 || (range && list_has(range, h->name)))
        return true;
    if (group && list_has(group->members, h->name))
        return true;
    if (strcmp(word, "all") == 0)
        return !h->alias && (!h->implied || is_alone(inv));
    return !h->implied && !h->alias && strpbrk(word, "*?[") && fnmatch(word, h->name, 0) == 0;
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

/* `web[01:10]`: those of its names that there are. */
static char **range_of(const char *word)
{
    return strchr(word, '[') && strchr(word, ':') ? words_expand(word, NULL) : NULL;
}

/* Marks the hosts that one word means. */
static int mark_word(const struct inventory *inv, const char *word, bool *marked, struct err *e)
{
    const struct inventory_group *group = find_group(inv, word);
    char **range = range_of(word);
    bool any = group != NULL;
    size_t i;

    for (i = 0; i < inv->host_count; i++) {
        marked[i] = word_means(inv, &inv->hosts[i], word, group, range);
        any |= marked[i];
    }
    argv_free(range);
    return any ? 0 : unknown_word(inv, word, e);
}

/* The words that begin with `sign`, or those without one ('\0'). */
static int apply_words(const struct inventory *inv, char *const *words, char sign, bool *chosen,
                       struct err *e)
{
    bool *marked = mem_alloc(inv->host_count * sizeof *marked);
    size_t i;
    int rc = 0;

    for (; *words && rc == 0; words++) {
        bool signed_word = **words == '!' || **words == '&';

        if (signed_word ? **words != sign : sign != '\0')
            continue;
        rc = mark_word(inv, *words + signed_word, marked, e);
        for (i = 0; rc == 0 && i < inv->host_count; i++)
            chosen[i] = sign == '!'   ? chosen[i] && !marked[i]
                        : sign == '&' ? chosen[i] && marked[i]
                                      : chosen[i] || marked[i];
    }
    free(marked);
    return rc;
}

static bool all_signed(char *const *words)
{
    for (; *words; words++)
        if (**words != '!' && **words != '&')
            return false;
    return true;
}

static char **split_words(const char *pattern)
{
    char *text = mem_dup(pattern), *rest = NULL, *word;
    char **words = mem_alloc(sizeof *words);

    for (word = strtok_r(text, ", \t", &rest); word; word = strtok_r(NULL, ", \t", &rest))
        words = argv_add(words, word);
    free(text);
    return words;
}

static int choose(const struct inventory *inv, char *const *words, bool *chosen, struct err *e)
{
    static char *all[] = {(char *)"all", NULL};

    if (apply_words(inv, *words && all_signed(words) ? all : words, '\0', chosen, e) != 0 ||
        apply_words(inv, words, '&', chosen, e) != 0)
        return -1;
    return apply_words(inv, words, '!', chosen, e);
}

const struct host **inventory_select(const struct inventory *inv, const char *pattern,
                                     struct err *e)
{
    bool *chosen = mem_alloc(inv->host_count * sizeof *chosen);
    const struct host **list = mem_alloc((inv->host_count + 1) * sizeof(const struct host *));
    char **words = split_words(pattern);
    size_t i, n = 0;
    int rc = choose(inv, words, chosen, e);

    for (i = 0; i < inv->host_count; i++)
        if (chosen[i])
            list[n++] = &inv->hosts[i];
    if (rc == 0 && n == 0)
        rc = err_set(e, ERR_USAGE, "no host is meant by \"%s\"", pattern);
    argv_free(words);
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
