/* inventory_files.c: which files an inventory is made of, and what each of them is. */
#include "model/inventory_files.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDERS_DEEP = 8, FILES_MAX = 1000 };

static bool ends_in(const char *name, const char *const *endings)
{
    size_t n = strlen(name);

    for (; *endings; endings++) {
        size_t len = strlen(*endings);

        if (n >= len && strcmp(name + n - len, *endings) == 0)
            return true;
    }
    return false;
}

/* What Ansible leaves out of a folder: IGNORED_ALWAYS in its inventory/manager.py, and the default of
 * INVENTORY_IGNORE_EXTS, which has `.ini` and `.cfg` since those are the settings of scripts. */
static bool is_left_out(const char *name)
{
    static const char *const endings[] = {"~",    ".pyc", ".pyo",  ".swp", ".bak",
                                          ".rpm", ".md",  ".txt",  ".rst", ".orig",
                                          ".ini", ".cfg", ".retry", NULL};
    static const char *const names[] = {"group_vars", "host_vars", "vars_plugins", NULL};
    size_t i;

    for (i = 0; names[i]; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return *name == '.' || ends_in(name, endings);
}

static char **folder_files(char **list, const char *folder, int depth, struct problems *p)
{
    struct dirent **found = NULL;
    int count = scandir(folder, &found, NULL, alphasort), i;

    if (count < 0)
        problems_add(p, folder, 0, 0, "this folder cannot be read");
    for (i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", folder, found[i]->d_name);

        if (is_left_out(found[i]->d_name))
            ;
        else if (argv_len(list) == FILES_MAX || depth == FOLDERS_DEEP)
            problems_add(p, path, 0, 0, "too many files or folders for an inventory");
        else if (file_is_folder(path))
            list = folder_files(list, path, depth + 1, p);
        else
            list = argv_add(list, path);
        free(path);
        free(found[i]);
    }
    free(found);
    return list;
}

/* Beside the inventory there may once be other files in the folder of the configuration. */
static char **config_files(const char *folder)
{
    static const char *const endings[] = {".yaml", ".yml", NULL};
    struct dirent **found = NULL;
    int count = scandir(folder, &found, NULL, alphasort), i;
    char **list = mem_alloc(sizeof *list);

    for (i = 0; i < count; i++) {
        char *path = mem_format("%s/%s", folder, found[i]->d_name);

        if (*found[i]->d_name != '.' && ends_in(path, endings))
            list = argv_add(list, path);
        free(path);
        free(found[i]);
    }
    free(found);
    return list;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (file_is_folder(path))
        return mem_dup(path);
    return slash ? mem_dupn(path, slash > path ? (size_t)(slash - path) : 1) : mem_dup(".");
}

char **inventory_files(const char *path, char **folder, struct problems *p)
{
    char *config = file_config_folder(), *fallback = mem_format("%s/hosts", config);
    bool readable = !path || access(path, R_OK) == 0;
    char **list = mem_alloc(sizeof *list);

    if (!readable)
        problems_add(p, path, 0, 0, "there is no such inventory, or it cannot be read");
    if (!path)
        path = file_is_folder("hosts") ? "hosts" : file_is_folder(fallback) ? fallback : config;
    *folder = folder_of(path);
    if (path == config) {
        argv_free(list);
        list = config_files(path);
    } else if (file_is_folder(path)) {
        list = folder_files(list, path, 0, p);
    } else if (readable) {
        list = argv_add(list, path);
    }
    free(config);
    free(fallback);
    return list;
}

bool inventory_is_program(const char *path)
{
    char head[4] = "";
    struct stat st;
    ssize_t n;
    int fd;

    if (stat(path, &st) != 0 || !S_ISREG(st.st_mode) || !(st.st_mode & 0111))
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    n = fd < 0 ? -1 : read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    return (n >= 2 && memcmp(head, "#!", 2) == 0) || (n == 4 && memcmp(head, "\x7f" "ELF", 4) == 0);
}

/* The first line that says something: not blank, no comment of YAML's or INI's. */
static const char *first_line(const char *text, size_t *len)
{
    while (*text) {
        text += strspn(text, " \t\r\n");
        *len = strcspn(text, "\r\n");
        if (*text != '#' && *text != ';')
            return text;
        text += *len;
    }
    *len = 0;
    return text;
}

/* `key:` or `key: value`, and no `name=value` before it. */
static bool is_key(const char *line, size_t n)
{
    size_t i;

    for (i = 0; i < n && line[i] != '='; i++)
        if (line[i] == ':' && (i + 1 == n || line[i + 1] == ' ' || line[i + 1] == '\t'))
            return true;
    return false;
}

enum inventory_format inventory_format(const char *path, const char *text, size_t n)
{
    static const char *const yaml[] = {".yaml", ".yml", NULL};
    static const char *const ini[] = {".ini", ".cfg", NULL};
    const char *line = first_line(text, &n);

    if (*line == '{' && strstr(line, "\"_meta\""))
        return INVENTORY_LISTED;
    if (ends_in(path, yaml) || !n || *line == '{' || *line == '%' || strncmp(line, "---", 3) == 0)
        return INVENTORY_YAML;
    if (ends_in(path, ini) || *line == '[' || !is_key(line, n))
        return INVENTORY_INI;
    return INVENTORY_YAML;
}
