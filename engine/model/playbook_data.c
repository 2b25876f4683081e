/* playbook_data.c: a loaded playbook's life, and the questions that are asked of it. */
#include "model/playbook.h"

#include "base/argv.h"
#include "base/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void patterns_free(struct pattern_at *list, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        pattern_release(&list[i].pattern);
    free(list);
}

static void playbook_release(struct playbook *b)
{
    size_t i;

    free(b->name);
    free(b->incident);
    free(b->title);
    free(b->summary);
    free(b->file);
    argv_free(b->references);
    argv_free(b->signatures);
    for (i = 0; i < b->param_count; i++) {
        free(b->params[i].name);
        free(b->params[i].fallback);
        free(b->params[i].help);
    }
    free(b->params);
    patterns_free(b->commands, b->command_count);
    patterns_free(b->files, b->file_count);
    for (i = 0; i < b->step_count; i++) {
        free(b->steps[i].id);
        free(b->steps[i].title);
        free(b->steps[i].lua);
    }
    free(b->steps);
}

void playbook_free(struct playbook *b)
{
    if (!b)
        return;
    playbook_release(b);
    free(b);
}

void incident_free(struct incident *i)
{
    size_t k;

    if (!i)
        return;
    playbook_release(&i->symptom);
    for (k = 0; k < i->count; k++)
        playbook_free(i->playbooks[k]);
    free(i->playbooks);
    free(i);
}

const struct step *playbook_step(const struct playbook *b, const char *id)
{
    size_t i;

    for (i = 0; i < b->step_count; i++)
        if (strcmp(b->steps[i].id, id) == 0)
            return &b->steps[i];
    return NULL;
}

const struct param *playbook_param(const struct playbook *b, const char *name)
{
    size_t i;

    for (i = 0; i < b->param_count; i++)
        if (strcmp(b->params[i].name, name) == 0)
            return &b->params[i];
    return NULL;
}

typedef bool fits_pattern(const struct pattern *p, char *const *argv);

static bool any_fits(const struct pattern_at *list, size_t n, char *const *argv,
                     fits_pattern *fits)
{
    size_t i;

    for (i = 0; i < n; i++)
        if (fits(&list[i].pattern, argv))
            return true;
    return false;
}

static bool patterns_allow(const struct pattern_at *list, size_t n, char *const *argv)
{
    return any_fits(list, n, argv, pattern_matches);
}

bool playbook_allows_command(const struct playbook *b, const struct incident *i, char *const *argv)
{
    return patterns_allow(b->commands, b->command_count, argv) ||
           (i && patterns_allow(i->symptom.commands, i->symptom.command_count, argv));
}

bool playbook_names_command(const struct playbook *b, const struct incident *i, char *const *argv)
{
    return any_fits(b->commands, b->command_count, argv, pattern_resembles) ||
           (i && any_fits(i->symptom.commands, i->symptom.command_count, argv, pattern_resembles));
}

bool playbook_allows_file(const struct playbook *b, const char *path)
{
    char *argv[2] = {mem_dup(path), NULL};
    bool yes = patterns_allow(b->files, b->file_count, argv);

    free(argv[0]);
    return yes;
}

int64_t duration_seconds(const char *text)
{
    static const struct {
        char unit;
        int64_t seconds;
    } units[] = {{'\0', 1}, {'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    size_t digits = strspn(text, "0123456789"), i;

    /* Nine digits of days are far beyond anything meant, and far from an overflow. */
    if (digits == 0 || digits > 9)
        return -1;
    for (i = 0; i < sizeof units / sizeof *units; i++)
        if (text[digits] == units[i].unit && (!text[digits] || !text[digits + 1]))
            return strtoll(text, NULL, 10) * units[i].seconds;
    return -1;
}

static bool is_int(const char *text)
{
    char *end;

    errno = 0;
    strtoll(text, &end, 10);
    return !errno && end != text && !*end && (*text == '-' || (*text >= '0' && *text <= '9'));
}

static bool is_url(const char *text)
{
    struct pattern url;
    char *argv[2] = {mem_dup(text), NULL};
    bool yes;

    pattern_parse_text(&url, "<url>", NULL);
    yes = pattern_matches(&url, argv);
    pattern_release(&url);
    free(argv[0]);
    return yes;
}

int param_check(const struct param *param, const char *value, struct err *e)
{
    const char *p;

    switch (param->type) {
    case PARAM_INT:
        if (!is_int(value))
            return err_set(e, ERR_USAGE, "\"%s\" must be a whole number, not \"%s\"", param->name,
                           value);
        return 0;
    case PARAM_DURATION:
        if (duration_seconds(value) < 0)
            return err_set(e, ERR_USAGE,
                           "\"%s\" must be a duration such as 90, 30s, 15m, 2h or 1d, not \"%s\"",
                           param->name, value);
        return 0;
    case PARAM_URL:
        if (!is_url(value))
            return err_set(e, ERR_USAGE,
                           "\"%s\" must be an address that starts with http:// or https:// and "
                           "has no blanks, not \"%s\"",
                           param->name, value);
        return 0;
    case PARAM_STRING:
        for (p = value; *p; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return err_set(e, ERR_USAGE, "\"%s\" must not have control characters",
                               param->name);
        return 0;
    }
    return 0;
}
