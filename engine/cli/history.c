/* history.c: former runs, as their records tell of them. */
#include "cli/history.h"

#include "base/argv.h"
#include "base/mem.h"
#include "cli/report.h"
#include "model/record.h"

#include <stdlib.h>
#include <string.h>

json_t *history_first(json_t *record, const char *kind)
{
    json_t *line;
    size_t i;

    json_array_foreach(record, i,
                       line) if (strcmp(report_text(line, "kind"), kind) == 0) return line;
    return NULL;
}

json_t *history_document(json_t *record)
{
    return json_object_get(history_first(record, "document"), "document");
}

const char *history_text(json_t *record, const char *key)
{
    return report_text(history_first(record, "run"), key);
}

/* Refused and rolled back leave nothing to take back; a start without an outcome means that we
 * died in between, and then the host knows better than we. */
static bool leaves_something(const char *outcome)
{
    return strcmp(outcome, "verified") == 0 || strcmp(outcome, "unknown") == 0 ||
           strcmp(outcome, "put-back-failed") == 0;
}

char *history_inventory(json_t *record, const char *named)
{
    const char *then = record ? history_text(record, "inventory") : "";

    return mem_dup(named ? named : *then ? then : NULL);
}

json_t *history_changed_hosts(json_t *record)
{
    json_t *state = json_object(), *hosts = json_array();
    json_t *line, *changed;
    const char *name;
    size_t i;

    json_array_foreach(record, i, line)
    {
        const char *word = report_text(line, "word");

        if (strcmp(report_text(line, "kind"), "change") != 0)
            continue;
        if (strcmp(word, "start") == 0)
            json_object_set_new(state, report_text(line, "host"), json_true());
        if (strcmp(word, "outcome") == 0)
            json_object_set_new(state, report_text(line, "host"),
                                json_boolean(leaves_something(report_text(line, "outcome"))));
    }
    json_object_foreach(state, name, changed) if (json_is_true(changed))
        json_array_append_new(hosts, json_string(name));
    json_decref(state);
    return hosts;
}

static char *undone_by(json_t *record)
{
    json_t *document = history_document(record);

    if (strcmp(history_text(record, "mode"), "undo") != 0 ||
        json_integer_value(json_object_get(document, "exit")) != 0)
        return NULL;
    return mem_dup(report_text(document, "undoes"));
}

static char *newest_changed(char **runs, struct err *e)
{
    char **undone = NULL;
    char *found = NULL;
    size_t i, j;

    for (i = 0; runs[i] && !found; i++) {
        struct err ignored;
        json_t *record = record_load(runs[i], &ignored);
        json_t *hosts = history_changed_hosts(record);
        bool changed =
            json_array_size(hosts) > 0 && strcmp(history_text(record, "mode"), "undo") != 0;
        char *undoes = undone_by(record);

        for (j = 0; undone && undone[j] && changed; j++)
            changed = strcmp(undone[j], runs[i]) != 0;
        if (changed)
            found = mem_dup(runs[i]);
        if (undoes)
            undone = argv_add(undone, undoes);
        free(undoes);
        json_decref(hosts);
        json_decref(record);
    }
    argv_free(undone);
    if (!found)
        err_set(e, ERR_USAGE, "no run has changed anything that was not taken back");
    return found;
}

static char *by_prefix(char **runs, const char *prefix, struct err *e)
{
    const char *found = NULL;
    size_t i;

    for (i = 0; runs[i]; i++) {
        if (strcmp(runs[i], prefix) == 0)
            return mem_dup(prefix);
        if (!*prefix || strncmp(runs[i], prefix, strlen(prefix)) != 0)
            continue;
        if (found) {
            err_set(e, ERR_USAGE, "\"%s\" begins several runs: \"%s\" and \"%s\"", prefix, found,
                    runs[i]);
            return NULL;
        }
        found = runs[i];
    }
    if (!found)
        err_set(e, ERR_USAGE, "there is no run \"%s\": see `fettle runs`", prefix);
    return mem_dup(found);
}

char *history_find(const char *name, bool changed, struct err *e)
{
    char **runs = record_runs(e);
    char *found = NULL;

    if (!runs)
        return NULL;
    if (strcmp(name, "last") != 0)
        found = by_prefix(runs, name, e);
    else if (changed)
        found = newest_changed(runs, e);
    else if (runs[0])
        found = mem_dup(runs[0]);
    else
        err_set(e, ERR_USAGE, "there are no runs yet");
    argv_free(runs);
    return found;
}
