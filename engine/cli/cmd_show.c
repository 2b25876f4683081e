/* cmd_show.c: a former run's report again, from its record. */
#include "cli/command.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

static void read_lines(const struct style *s, const json_t *record)
{
    const json_t *line;
    size_t i;

    json_array_foreach(record, i, line)
    {
        char *argv;

        if (strcmp(report_text(line, "kind"), "way") == 0)
            report_way(s, line);
        if (strcmp(report_text(line, "kind"), "read") != 0)
            continue;
        argv = report_argv(json_object_get(line, "argv"));
        style_line(s, LOOK_DIM, 0, "%s  %5lld ms  %s %d  %s", report_text(line, "host"),
                   (long long)json_integer_value(json_object_get(line, "took_ms")),
                   report_text(line, "outcome"),
                   (int)json_integer_value(json_object_get(line, "code")), argv);
        free(argv);
    }
}

static void print(const struct options *o, json_t *record, const char *run)
{
    json_t *document = history_document(record);
    struct style text;
    json_t *host;
    size_t i;

    style_init(&text, stdout, o->no_color);
    style_line(&text, LOOK_BOLD, 0, "%s: %s %s, %s", run, history_text(record, "mode"),
               history_text(record, "incident"),
               report_exit_words(
                   document ? (int)json_integer_value(json_object_get(document, "exit")) : -1,
                   history_text(record, "mode")));
    if (*report_text(document, "undoes"))
        style_line(&text, LOOK_PLAIN, 0, "takes back %s", report_text(document, "undoes"));
    if (o->verbose)
        read_lines(&text, record);
    if (o->quiet) {
        report_verdicts(&text, document);
        return;
    }
    json_array_foreach(json_object_get(document, "hosts"), i, host)
    {
        style_gap(&text);
        report_host(&text, host, o->verbose);
    }
}

static int run(const struct options *o)
{
    struct err e = {0};
    char *name = history_find(o->operands[0], false, &e);
    json_t *record = name ? record_load(name, &e) : NULL;
    json_t *document = history_document(record);
    int code = 0;

    if (!record) {
        code = message_err(&e);
    } else if (o->json && !document) {
        message("run \"%s\" was never closed: its record has no document", name);
        code = ERR_INTERNAL;
    } else if (o->json) {
        session_print_json(document, JSON_INDENT(2));
    } else {
        print(o, record, name);
    }
    json_decref(record);
    free(name);
    return code;
}

static const int exits[] = {0, 1, 64, -1};

const struct command_entry cmd_show = {
    .name = "show",
    .operands = "RUN",
    .summary = "show a former run's report again",
    .about =
        "RUN is a run's name, the beginning of one, or last.  With --json the document is given\n"
        "as it was.",
    .examples = "  fettle show last\n  fettle show 20260404T08 --json",
    .exits = exits,
    .least = 1,
    .most = 1,
    .run = run,
};
