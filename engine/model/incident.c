/* incident.c: finds the files of an incident and its playbooks, and loads them together. */
#include "model/playbook.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/yaml.h"

#include <glob.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where things are: an incident's own file and those of its playbooks. */
struct place {
    char *incident;
    char **playbooks;
};

static bool is_file(const char *path)
{
    return access(path, F_OK) == 0 && !file_is_folder(path);
}

static bool ends_in_yaml(const char *path)
{
    size_t n = strlen(path);

    return n > 5 && strcmp(path + n - 5, ".yaml") == 0;
}

/* "a/nginx-502.yaml" is "a/nginx-502". */
static char *without_yaml(const char *path)
{
    return mem_dupn(path, strlen(path) - (ends_in_yaml(path) ? 5 : 0));
}

static char **yaml_files(const char *folder, const char *below)
{
    char *pattern = mem_format("%s/%s", folder, below), **list = mem_alloc(sizeof *list);
    glob_t found;
    size_t i;

    if (glob(pattern, 0, NULL, &found) == 0)
        for (i = 0; i < found.gl_pathc; i++)
            list = argv_add(list, found.gl_pathv[i]);
    globfree(&found);
    free(pattern);
    return list;
}

/* `folder` itself, or its playbooks/. */
static char *incidents_folder(const char *folder)
{
    char *below = mem_format("%s/playbooks", folder);

    if (file_is_folder(below))
        return below;
    free(below);
    return mem_dup(folder);
}

/* The incident's file beside a folder of playbooks, else the one of that name in `home`. */
static char *incident_of(const char *folder, const char *home)
{
    char *real = realpath(folder, NULL), *beside, *copy, *known;

    beside = mem_format("%s.yaml", real ? real : folder);
    copy = mem_dup(beside);
    known = mem_format("%s/%s", home, basename(copy));
    free(real);
    free(copy);
    if (is_file(beside) || !is_file(known)) {
        free(known);
        return beside;
    }
    free(beside);
    return known;
}

static void place_folder(struct place *at, const char *folder, const char *home)
{
    at->incident = incident_of(folder, home);
    at->playbooks = yaml_files(folder, "*.yaml");
}

static void place_file(struct place *at, const char *path, const char *home)
{
    char *folder = without_yaml(path), *copy = mem_dup(path);

    if (file_is_folder(folder)) { /* an incident's own file */
        at->incident = mem_dup(path);
        at->playbooks = yaml_files(folder, "*.yaml");
    } else {
        at->incident = incident_of(dirname(copy), home);
        at->playbooks = argv_add(NULL, path);
    }
    free(folder);
    free(copy);
}

static int place_unknown(const char *name, const char *home, struct err *e)
{
    char **files = yaml_files(home, "*.yaml"), **more = yaml_files(home, "*/*.yaml");
    char **names = NULL;
    const char *near;
    size_t i, n = argv_len(files);

    for (i = 0; i < n + argv_len(more); i++) {
        char *copy = without_yaml(i < n ? files[i] : more[i - n]);

        names = argv_add(names, basename(copy));
        free(copy);
    }
    near = yaml_nearest(name, (const char *const *)names);
    err_set(e, ERR_USAGE, "there is no incident or playbook \"%s\"%s%s%s", name,
            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    argv_free(files);
    argv_free(more);
    argv_free(names);
    return -1;
}

/* A name that is no path: an incident, INCIDENT/PLAYBOOK, or a playbook of any incident. */
static int place_name(struct place *at, const char *name, const char *home, struct err *e)
{
    char *file = mem_format("%s/%s.yaml", home, name), *any = mem_format("*/%s.yaml", name);
    char **found = NULL;
    int rc = 0;

    if (strpbrk(name, "*?[\\") || strstr(name, "..")) {
        rc = err_set(e, ERR_USAGE, "\"%s\" is no name of an incident or playbook", name);
    } else if (is_file(file)) {
        place_file(at, file, home);
    } else {
        found = yaml_files(home, any);
        if (argv_len(found) > 1)
            rc = err_set(e, ERR_USAGE,
                         "the playbook \"%s\" is there for several incidents; say INCIDENT/%s",
                         name, name);
        else if (found[0])
            place_file(at, found[0], home);
        else
            rc = place_unknown(name, home, e);
    }
    argv_free(found);
    free(file);
    free(any);
    return rc;
}

static int place_find(struct place *at, const char *name, const char *home, struct err *e)
{
    if (ends_in_yaml(name)) {
        if (!is_file(name))
            return err_set(e, ERR_USAGE, "there is no file \"%s\"", name);
        place_file(at, name, home);
        return 0;
    }
    /* A path says so with a slash; "nginx-502/unix-socket" is a name unless it is a folder. */
    if (strchr(name, '/') && file_is_folder(name)) {
        place_folder(at, name, home);
        return 0;
    }
    return place_name(at, name, home, e);
}

static void load_symptom(struct incident *i, const char *path, struct problems *p)
{
    bool is_incident = false;
    struct playbook *b = playbook_load(path, &is_incident, p);

    if (!b)
        return;
    if (is_incident) {
        i->symptom = *b;
        free(b);
        return;
    }
    problems_add(p, path, 0, 0, "this is a playbook where the incident's file should be");
    playbook_free(b);
}

static void load_playbook(struct incident *i, const char *path, struct problems *p)
{
    bool is_incident = false;
    struct playbook *b = playbook_load(path, &is_incident, p);

    if (!b)
        return;
    if (is_incident || !b->incident || !i->symptom.incident ||
        strcmp(b->incident, i->symptom.incident) != 0) {
        if (is_incident || i->symptom.incident)
            problems_add(p, path, 0, 0, "this is no playbook of the incident \"%s\"",
                         i->symptom.incident ? i->symptom.incident : "?");
        playbook_free(b);
        return;
    }
    i->playbooks = mem_grow(i->playbooks, i->count + 1, sizeof(struct playbook *));
    i->playbooks[i->count++] = b;
}

struct incident *incident_load(const char *name, const char *folder, struct problems *p,
                               struct err *e)
{
    size_t k, before = p->count + p->left_out;
    char *home = incidents_folder(folder);
    struct incident *i = NULL;
    struct place at = {0};

    if (place_find(&at, name, home, e) != 0)
        goto out;
    if (!is_file(at.incident)) {
        err_set(e, ERR_USAGE, "\"%s\" has no incident file \"%s\"", name, at.incident);
        goto out;
    }
    i = mem_alloc(sizeof *i);
    load_symptom(i, at.incident, p);
    for (k = 0; at.playbooks[k]; k++)
        load_playbook(i, at.playbooks[k], p);
    if (p->count + p->left_out != before) {
        incident_free(i);
        i = NULL;
        err_set(e, ERR_DATA, "the playbooks of \"%s\" are wrong", name);
    }
out:
    free(home);
    free(at.incident);
    argv_free(at.playbooks);
    return i;
}

char **incident_names(const char *folder, struct err *e)
{
    char *home = incidents_folder(folder), **files, **names = mem_alloc(sizeof *names);
    size_t i;

    if (!file_is_folder(home)) {
        err_set(e, ERR_INTERNAL, "there is no folder of playbooks \"%s\"", home);
        free(home);
        free(names);
        return NULL;
    }
    files = yaml_files(home, "*.yaml");
    for (i = 0; files[i]; i++) {
        char *copy = without_yaml(files[i]);

        names = argv_add(names, basename(copy));
        free(copy);
    }
    argv_free(files);
    free(home);
    return names;
}

static bool has_playbooks(const char *folder)
{
    char *below = mem_format("%s/playbooks", folder), *lua = mem_format("%s/lua", folder);
    bool yes = file_is_folder(below) && file_is_folder(lua);

    free(below);
    free(lua);
    return yes;
}

/* Made by whoever made the executable, or by root: a build below /tmp must not end up with a
 * folder that a stranger has made there. */
static bool is_trusted(const char *folder, const struct stat *self)
{
    struct stat st;

    return stat(folder, &st) == 0 && (st.st_uid == self->st_uid || st.st_uid == 0) &&
           !(st.st_mode & S_IWOTH);
}

/* An installation has them in ../share/fettle; a build tree in a folder above.  Looked for and not
 * compiled in, so that no build path is in an installed program. */
static char *data_beside(const char *self)
{
    enum { LEVELS = 5 };
    char *at = mem_dup(self), *share, *above;
    struct stat st;
    int i;

    share = mem_format("%s/../share/fettle", dirname(at));
    if (has_playbooks(share)) {
        free(at);
        return share;
    }
    free(share);
    for (i = 0; i < LEVELS && stat(self, &st) == 0 && strcmp(at, "/") != 0; i++) {
        if (has_playbooks(at) && is_trusted(at, &st))
            return at;
        above = mem_dup(dirname(at));
        free(at);
        at = above;
    }
    free(at);
    return NULL;
}

char *data_folder(struct err *e)
{
    const char *set = getenv("FETTLE_DATA");
    char self[PATH_MAX], *found = NULL;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

    if (set && *set)
        return mem_dup(set);
    if (n > 0) {
        self[n] = '\0';
        found = data_beside(self);
    }
    if (!found)
        err_set(e, ERR_INTERNAL, "cannot find fettle's playbooks; set FETTLE_DATA to the folder that "
                                 "has playbooks/ and lua/");
    return found;
}
