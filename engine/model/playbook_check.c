/* playbook_check.c: what can be said of a playbook as a whole, once its parts are read. */
#include "model/playbook_check.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/catalogue.h"
#include "model/lua_scan.h"
#include "model/yaml.h"

#include <stdlib.h>
#include <string.h>

static void check_ids(const struct playbook *b, struct problems *p)
{
    size_t i, j;

    for (i = 0; i < b->step_count; i++)
        for (j = 0; j < i; j++)
            if (strcmp(b->steps[i].id, b->steps[j].id) == 0) {
                problems_add(p, b->file, b->steps[i].line, 0,
                             "the step id \"%s\" comes twice; the first is in line %zu",
                             b->steps[i].id, b->steps[j].line);
                break;
            }
}

static void check_target(const struct playbook *b, const struct step *s, const struct lua_go *go,
                         struct problems *p)
{
    size_t i, line = s->lua_line + go->line - 1;
    const char *near;
    char **ids = NULL;

    if (!go->target) {
        problems_add(p, b->file, line, 0,
                     "\"go\" takes a step's id written out, as in: return go \"some-step\"");
        return;
    }
    if (playbook_step(b, go->target))
        return;
    for (i = 0; i < b->step_count; i++)
        ids = argv_add(ids, b->steps[i].id);
    near = yaml_nearest(go->target, (const char *const *)ids);
    problems_add(p, b->file, line, 0, "there is no step \"%s\"%s%s%s", go->target,
                 near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
    argv_free(ids);
}

/* Marks all that can be reached from the first step; a circle of steps that is only led to
 * by itself is not. */
static void check_reachable(const struct playbook *b, struct lua_go *const *gos,
                            const size_t *counts, struct problems *p)
{
    bool *seen = mem_alloc(b->step_count * sizeof *seen);
    bool grown = b->step_count > 0;
    size_t i, k;

    if (b->step_count)
        seen[0] = true;
    while (grown) {
        grown = false;
        for (i = 0; i < b->step_count; i++)
            for (k = 0; seen[i] && k < counts[i]; k++) {
                const struct step *to =
                    gos[i][k].target ? playbook_step(b, gos[i][k].target) : NULL;

                if (!to || seen[to - b->steps])
                    continue;
                seen[to - b->steps] = true;
                grown = true;
            }
    }
    for (i = 0; i < b->step_count; i++)
        if (!seen[i] && playbook_step(b, b->steps[i].id) == &b->steps[i])
            problems_add(p, b->file, b->steps[i].line, 0, "nothing leads to the step \"%s\"",
                         b->steps[i].id);
    free(seen);
}

void playbook_check_steps(const struct playbook *b, struct problems *p)
{
    struct lua_go **gos = mem_alloc(b->step_count * sizeof *gos);
    size_t *counts = mem_alloc(b->step_count * sizeof *counts);
    size_t i, k;

    check_ids(b, p);
    for (i = 0; i < b->step_count; i++) {
        counts[i] = lua_scan_go(b->steps[i].lua, b->steps[i].lua_len, &gos[i]);
        for (k = 0; k < counts[i]; k++)
            check_target(b, &b->steps[i], &gos[i][k], p);
    }
    check_reachable(b, gos, counts, p);
    for (i = 0; i < b->step_count; i++)
        lua_scan_free(gos[i], counts[i]);
    free(gos);
    free(counts);
}

void playbook_check_commands(const struct playbook *b, bool is_incident, struct problems *p)
{
    size_t i;

    for (i = 0; i < b->command_count; i++) {
        const struct pattern_at *at = &b->commands[i];
        enum catalogue_kind kind = catalogue_holds(&at->pattern);
        char *text = pattern_text(&at->pattern);

        if (kind == CATALOGUE_NONE)
            problems_add(p, b->file, at->line, at->column,
                         "\"%s\" is not a read, change or validation that fettle knows", text);
        else if (is_incident && kind != CATALOGUE_READ)
            problems_add(p, b->file, at->line, at->column,
                         "\"%s\" is no read; an incident only looks", text);
        free(text);
    }
}
