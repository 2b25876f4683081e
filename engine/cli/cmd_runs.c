/* cmd_runs.c: former runs, newest first. */
#include "cli/command.h"
#include "base/argv.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

static json_t *hosts_of(json_t *record, json_t *document)
{
    json_t *names = json_array();
    json_t *host, *from = json_object_get(document, "hosts");
    size_t i;

    json_array_foreach(from, i, host) json_array_append(names, json_object_get(host, "host"));
    json_array_foreach(record, i,
                       host) if (!document && strcmp(report_text(host, "kind"), "host") == 0)
        json_array_append(names, json_object_get(host, "name"));
    return names;
}

static json_t *summary_of(const char *run)
{
    struct err e = {0};
    json_t *record = record_load(run, &e);
    json_t *document = history_document(record);
    json_t *first = history_first(record, "run");
    json_t *code = json_object_get(document, "exit");
    json_t *row;

    if (!record)
        message_err(&e);
    row = json_pack("{s:s, s:s, s:s, s:s, s:O?, s:o}", "run", run, "started",
                    report_text(document, "started")[0] ? report_text(document, "started")
                                                        : report_text(first, "at"),
                    "mode", report_text(first, "mode"), "incident", report_text(first, "incident"),
                    "exit", code, "hosts", hosts_of(record, document));
    if (document && json_object_get(document, "undoes"))
        json_object_set(row, "undoes", json_object_get(document, "undoes"));
    json_decref(record);
    return row;
}

static char *join(const json_t *names)
{
    const json_t *name;
    struct buf b;
    char *text;
    size_t i;

    buf_init(&b, 4096);
    json_array_foreach(names, i, name) buf_addf(&b, "%s%s", i ? "," : "", json_string_value(name));
    text = buf_take(&b);
    buf_release(&b);
    return text;
}

static void print_table(const struct style *s, const json_t *rows)
{
    const json_t *row;
    size_t i;

    if (json_array_size(rows) == 0)
        style_line(s, LOOK_PLAIN, 0, "no runs yet");
    json_array_foreach(rows, i, row)
    {
        const json_t *code = json_object_get(row, "exit");
        char *hosts = join(json_object_get(row, "hosts"));

        style_line(s, LOOK_PLAIN, 0, "%-22s  %.19s  %-8s  %-10s  %-28s  %s",
                   report_text(row, "run"), report_text(row, "started"), report_text(row, "mode"),
                   report_text(row, "incident"),
                   report_exit_words(json_is_integer(code) ? (int)json_integer_value(code) : -1,
                                     report_text(row, "mode")),
                   hosts);
        free(hosts);
    }
}

static int run(const struct options *o)
{
    struct err e = {0};
    char **names = record_runs(&e);
    json_t *rows, *document;
    struct style text;
    size_t i;

    if (!names)
        return message_err(&e);
    rows = json_array();
    for (i = 0; names[i]; i++)
        json_array_append_new(rows, summary_of(names[i]));
    style_init(&text, stdout, o->no_color);
    if (o->json) {
        document = json_pack("{s:s, s:O}", "schema", "fettle/1", "runs", rows);
        session_print_json(document, JSON_INDENT(2));
        json_decref(document);
    } else {
        print_table(&text, rows);
    }
    json_decref(rows);
    argv_free(names);
    return 0;
}

static const int exits[] = {0, 1, 64, -1};

const struct command_entry cmd_runs = {
    .name = "runs",
    .operands = "",
    .summary = "list former runs, newest first",
    .about =
        "Each run leaves a record in $XDG_STATE_HOME/fettle/runs (~/.local/state/fettle/runs).",
    .examples = "  fettle runs\n  fettle runs --json",
    .exits = exits,
    .run = run,
};
