/* cmd_lint.c: everything that is wrong with playbooks, before any host is near. */
#include "cli/command.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/message.h"
#include "cli/session.h"
#include "script/check.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

struct lint {
    struct problems problems;
    struct style text;
    json_t *files;
};

static void lint_file(struct lint *l, const char *path)
{
    size_t before = l->problems.count + l->problems.left_out;
    bool is_incident = false;
    struct playbook *p = playbook_load(path, &is_incident, &l->problems);

    if (p)
        check_playbook(p, &l->problems);
    playbook_free(p);
    json_array_append_new(l->files, json_string(path));
    if (l->problems.count + l->problems.left_out == before)
        style_line(&l->text, LOOK_GOOD, 0, "%s: ok", path);
}

static int is_entry(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static bool is_yaml(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static void lint_path(struct lint *l, const char *path, int depth)
{
    struct dirent **entries = NULL;
    int i, n;

    if (!file_is_folder(path)) {
        lint_file(l, path);
        return;
    }
    n = scandir(path, &entries, is_entry, alphasort);
    if (n < 0)
        problems_add(&l->problems, path, 0, 0, "cannot be read");
    for (i = 0; i < n; i++) {
        char *inner = mem_format("%s/%s", path, entries[i]->d_name);

        /* playbooks/INCIDENT/NAME.yaml is as deep as it goes. */
        if (is_yaml(inner) || (depth < 3 && file_is_folder(inner)))
            lint_path(l, inner, depth + 1);
        free(inner);
        free(entries[i]);
    }
    free(entries);
}

static void print_json(const struct lint *l)
{
    json_t *list = json_array(), *document;
    size_t i;

    for (i = 0; i < l->problems.count; i++) {
        const struct problem *p = &l->problems.items[i];

        json_array_append_new(list,
                              json_pack("{s:s, s:i, s:i, s:s}", "file", p->file, "line",
                                        (int)p->line, "column", (int)p->column, "text", p->text));
    }
    document =
        json_pack("{s:s, s:O, s:o}", "schema", "fettle/1", "files", l->files, "problems", list);
    session_print_json(document, JSON_INDENT(2));
    json_decref(document);
}

static int run(const struct options *o)
{
    struct lint l = {.files = json_array()};
    char **path;
    int code = 0;

    style_init(&l.text, o->json || o->quiet ? NULL : stdout, o->no_color);
    for (path = o->operands; *path; path++)
        lint_path(&l, *path, 0);
    fflush(stdout);
    if (l.problems.count) {
        code = ERR_DATA;
        if (!o->json)
            message_problems(&l.problems);
    } else if (json_array_size(l.files) == 0) {
        message("no playbook is there: a playbook's name ends in .yaml");
        code = ERR_DATA;
    }
    if (o->json)
        print_json(&l);
    json_decref(l.files);
    problems_release(&l.problems);
    return code;
}

static const int exits[] = {0, 1, 64, 65, -1};

const struct command_entry cmd_lint = {
    .name = "lint",
    .operands = "PATH…",
    .summary = "check playbooks, all problems at once",
    .about =
        "Checks playbooks and incidents, single files or whole folders: keys, types, steps and\n"
        "where they lead, command patterns, and the syntax of the Lua in them.  Each problem is\n"
        "a line FILE:LINE:COLUMN: TEXT on standard error.",
    .examples = "  fettle lint playbooks/\n  fettle lint my-cause.yaml",
    .exits = exits,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
