/* cmd_report.c: a run written up in Markdown, for the ticket or the post-mortem. */
#include "cli/command.h"
#include "base/buf.h"
#include "base/text.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/session.h"
#include "model/record.h"

#include <stdlib.h>
#include <string.h>

/* Prose of hosts and playbooks must not become markup. */
static void put_prose(const char *text)
{
    char *clean = text_clean_dup(text, strlen(text));
    const char *p;

    for (p = clean; *p; p++) {
        if (strchr("\\`*_[]<>#|", *p))
            putchar('\\');
        putchar(*p == '\n' ? ' ' : *p);
    }
    free(clean);
}

static void put_line(const char *before, const char *text, const char *after)
{
    fputs(before, stdout);
    put_prose(text);
    fputs(after, stdout);
}

/* A fence that is longer than any run of backticks within. */
static void put_code(const char *language, const char *text)
{
    char *clean = text_clean_dup(text, strlen(text));
    size_t n = strlen(clean), ticks = 2, run = 0, i;

    for (i = 0; i < n; i++) {
        run = clean[i] == '`' ? run + 1 : 0;
        ticks = run > ticks ? run : ticks;
    }
    for (i = 0; i <= ticks; i++)
        putchar('`');
    printf("%s\n%s%s", language, clean, n && clean[n - 1] != '\n' ? "\n" : "");
    for (i = 0; i <= ticks; i++)
        putchar('`');
    putchar('\n');
    free(clean);
}

static void put_evidence(const json_t *list)
{
    const json_t *e;
    size_t i;

    json_array_foreach(list, i, e)
    {
        char *line = report_argv(json_object_get(e, "command"));
        const json_t *code = json_object_get(e, "exit");
        struct buf b;

        buf_init(&b, 1 << 20);
        buf_addf(&b, "%s$ %s\n%s", report_text(e, "host"), line, report_text(e, "excerpt"));
        if (json_is_integer(code))
            buf_addf(&b, "\n(exit %d)", (int)json_integer_value(code));
        put_code("", b.data);
        putchar('\n');
        buf_release(&b);
        free(line);
    }
}

static void put_fix(const json_t *fix)
{
    const json_t *change;
    size_t i;

    put_line("### Fix: ", report_text(fix, "title"), "\n\n");
    printf("`%s`, risk: %s, **%s**\n\n", report_text(fix, "id"), report_text(fix, "risk"),
           report_text(fix, "status"));
    if (*report_text(fix, "why"))
        put_line("", report_text(fix, "why"), "\n\n");
    json_array_foreach(json_object_get(fix, "changes"), i, change)
    {
        char *line = report_argv(json_object_get(change, "argv"));

        if (strcmp(report_text(change, "kind"), "edit") == 0)
            put_code("diff", report_text(change, "diff"));
        else
            put_code("sh", line);
        putchar('\n');
        free(line);
    }
}

static void put_host(json_t *host)
{
    json_t *item, *symptom = json_object_get(host, "symptom");
    json_t *causes = report_causes(host, "confirmed"), *open = report_causes(host, "inconclusive");
    size_t i;

    put_line("## Host ", report_text(host, "host"), "\n\n");
    put_line("Outcome: ", report_status_words(report_text(host, "status")), ".\n\n");
    if (*report_text(host, "error"))
        put_line("", report_text(host, "error"), "\n\n");
    if (*report_text(symptom, "summary"))
        put_line("Seen: ", report_text(symptom, "summary"), "\n\n");
    put_evidence(json_object_get(symptom, "evidence"));
    json_array_foreach(causes, i, item)
    {
        put_line("### Cause: ", report_text(item, "title"), "\n\n");
        put_line("", report_text(item, "summary"), "\n\n");
        put_evidence(json_object_get(item, "evidence"));
    }
    json_array_foreach(json_object_get(host, "fixes"), i, item) put_fix(item);
    json_array_foreach(open, i, item)
    {
        put_line("- not decided: ", report_text(item, "playbook"), ": ");
        put_line("", report_text(item, "reason"), "\n");
    }
    json_array_foreach(json_object_get(host, "ruled_out"), i, item)
    {
        put_line("- ruled out: ", report_text(item, "playbook"), ": ");
        put_line("", report_text(item, "reason"), "\n");
    }
    putchar('\n');
    json_decref(causes);
    json_decref(open);
}

static void put_time_line(const json_t *record)
{
    const json_t *line;
    size_t i, reads = 0;

    printf("## Time line\n\n| when | host | what |\n| --- | --- | --- |\n");
    json_array_foreach(record, i, line)
    {
        const char *kind = report_text(line, "kind");
        const char *what = kind;

        if (strcmp(kind, "read") == 0)
            reads++;
        if (strcmp(kind, "change") == 0)
            what =
                *report_text(line, "text") ? report_text(line, "text") : report_text(line, "word");
        else if (strcmp(kind, "answer") == 0)
            what = report_text(line, "fix");
        else if (strcmp(kind, "run") != 0 && strcmp(kind, "document") != 0)
            continue;
        put_line("| ", report_text(line, "at"), " | ");
        put_line("", report_text(line, "host"), " | ");
        if (strcmp(kind, "answer") == 0)
            put_line("answered ", report_text(line, "answer"), " to ");
        put_line("",
                 strcmp(kind, "run") == 0        ? "the run began"
                 : strcmp(kind, "document") == 0 ? "the run ended"
                                                 : what,
                 " |\n");
    }
    printf("\n%zu commands were run to look; none of them changes anything.\n", reads);
}

/* The folder that the run has on that host, as its record says. */
static void put_by_hand(const json_t *record, const char *host, const char *verb)
{
    const char *folder = "";
    const json_t *line;
    size_t i;

    json_array_foreach(record, i, line)
        if (strcmp(report_text(line, "kind"), "change") == 0 &&
            strcmp(report_text(line, "host"), host) == 0 && *report_text(line, "folder"))
            folder = report_text(line, "folder");
    if (!*folder)
        return;
    put_line("- ", host, ": ");
    printf("`sh %s/txn %s`\n", folder, verb);
}

/* With and without the tool: the host has all that it takes. */
static void put_undo(json_t *record, const char *run)
{
    json_t *hosts = history_changed_hosts(record), *host;
    size_t i;

    if (json_array_size(hosts)) {
        printf("\n## How to take it back\n\n```sh\nfettle undo %s\n```\n\n", run);
        printf("By hand, as root on the host, without fettle:\n\n");
        json_array_foreach(hosts, i, host)
            put_by_hand(record, json_string_value(host), "undo");
        printf("\nWas the host cut off in the middle (a reboot, a full disk), this puts back what it "
               "left, or\nsays that nothing is left:\n\n```sh\nfettle recover %s\n```\n\n", run);
        json_array_foreach(hosts, i, host)
            put_by_hand(record, json_string_value(host), "recover");
    }
    json_decref(hosts);
}

static void put_report(json_t *record, const char *run)
{
    json_t *document = history_document(record);
    const char *mode = history_text(record, "mode");
    json_t *host;
    size_t i;

    put_line("# ", history_text(record, "incident"), ": ");
    put_line("",
             document ? report_exit_words(
                            (int)json_integer_value(json_object_get(document, "exit")), mode)
                      : "the run was never closed",
             "\n\n");
    printf("Run `%s`, `fettle %s`, %s to %s.\n\n", run, mode, report_text(document, "started"),
           report_text(document, "ended"));
    json_array_foreach(json_object_get(document, "hosts"), i, host) put_host(host);
    put_time_line(record);
    put_undo(record, run);
}

static int run(const struct options *o)
{
    struct err e = {0};
    char *name = history_find(o->operands[0], false, &e);
    json_t *record = name ? record_load(name, &e) : NULL;
    json_t *document = history_document(record);
    int code = 0;

    if (!record)
        code = message_err(&e);
    else if (o->json)
        session_print_json(document ? document : json_null(), JSON_INDENT(2));
    else
        put_report(record, name);
    json_decref(record);
    free(name);
    return code;
}

static const int exits[] = {0, 1, 64, -1};

const struct command_entry cmd_report = {
    .name = "report",
    .operands = "RUN",
    .summary = "write a former run up in Markdown",
    .about =
        "Writes what was seen, the causes with their evidence, what was changed, how it ended, a\n"
        "time line, and how to take it back.  RUN as for show.",
    .examples = "  fettle report last >post-mortem.md",
    .exits = exits,
    .least = 1,
    .most = 1,
    .run = run,
};
