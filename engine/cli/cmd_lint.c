/* cmd_lint.c: everything that is wrong with playbooks, before any host is near. */
#include "cli/command.h"
#include "base/argv.h"
#include "base/mem.h"
#include "cli/message.h"
#include "cli/paths.h"
#include "cli/session.h"
#include "script/check.h"

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
    static const char *const ends[] = {".yaml", ".yml", NULL};
    char **files = mem_alloc(sizeof *files), **path;
    int code = 0;

    style_init(&l.text, o->json || o->quiet ? NULL : stdout, o->no_color);
    for (path = o->operands; *path; path++)
        files = paths_add(files, *path, ends, &l.problems);
    for (path = files; *path; path++)
        lint_file(&l, *path);
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
    argv_free(files);
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
