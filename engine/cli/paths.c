/* paths.c: the files that an operand PATH means. */
#include "cli/paths.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 3 };

static int is_entry(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static bool ends_in(const char *name, const char *const *ends)
{
    size_t n = strlen(name);

    for (; *ends; ends++)
        if (n > strlen(*ends) && strcmp(name + n - strlen(*ends), *ends) == 0)
            return true;
    return false;
}

static char **add(char **list, const char *path, const char *const *ends, int depth,
                  struct problems *p)
{
    struct dirent **entries = NULL;
    int i, n;

    if (!file_is_folder(path))
        return argv_add(list, path);
    n = scandir(path, &entries, is_entry, alphasort);
    if (n < 0)
        problems_add(p, path, 0, 0, "cannot be read");
    for (i = 0; i < n; i++) {
        char *inner = mem_format("%s/%s", path, entries[i]->d_name);

        if (ends_in(inner, ends) || (depth < DEPTH_MAX && file_is_folder(inner)))
            list = add(list, inner, ends, depth + 1, p);
        free(inner);
        free(entries[i]);
    }
    free(entries);
    return list;
}

char **paths_add(char **list, const char *path, const char *const *ends, struct problems *p)
{
    return add(list, path, ends, 0, p);
}
