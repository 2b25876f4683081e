/* cmd_undo.c: puts back what a run changed. */
#include "cli/command.h"
#include "base/mem.h"
#include "cli/changes.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/prompt.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

static bool was_made(const json_t *fix)
{
    const char *status = report_text(fix, "status");

    return strcmp(status, "verified") == 0 || strcmp(status, "applied") == 0 ||
           strcmp(status, "failed") == 0;
}

static void show_changes(const struct style *s, json_t *document, json_t *hosts)
{
    json_t *host, *fix;
    size_t i, j;

    json_array_foreach(json_object_get(document, "hosts"), i, host)
        json_array_foreach(json_object_get(host, "fixes"), j, fix)
    {
        if (!was_made(fix))
            continue;
        style_line(s, LOOK_BOLD, 0, "Takes back: %s (%s), which made this change:",
                   report_text(fix, "title"), report_text(fix, "id"));
        report_changes(s, fix);
    }
    json_array_foreach(hosts, i, host)
        style_line(s, LOOK_PLAIN, 0, "On host: %s", json_string_value(host));
    style_gap(s);
}

static int check_host(struct session *s, json_t *record, const char *name)
{
    const struct host *h = session_host_of_run(s, record, name);

    if (!h)
        return ERR_REFUSED;
    session_add_host(s, h);
    s->selected = s->host_count;
    return 0;
}

static int ask(const struct session *s, const struct options *o)
{
    struct style text = s->text;
    int answer;

    if (o->yes)
        return 0;
    if (!prompt_possible()) {
        message("refused: there is no terminal to ask at: give --yes to put it back without a "
                "question");
        return ERR_REFUSED;
    }
    if (!text.out)
        style_init(&text, stderr, o->no_color);
    answer = prompt_ask(&text, "Put this back? [y/N]", "yn", 'n');
    if (answer == 'y')
        return 0;
    message("%snothing was changed", answer == PROMPT_INTERRUPTED ? "interrupted; " : "");
    return answer == PROMPT_INTERRUPTED ? 130 : ERR_REFUSED;
}

static int put_back(struct session *s, const char *run)
{
    struct document *d = s->document;
    int code = session_begin(s);
    size_t i;

    if (code)
        return code;
    s->extra = json_pack("{s:s}", "undoes", run);
    d->hosts = mem_alloc(s->host_count * sizeof *d->hosts);
    d->host_count = s->host_count;
    for (i = 0; i < s->host_count; i++) {
        d->hosts[i].host = mem_dup(s->hosts[i]->host->name);
        code = exit_gravest(code, changes_undo(s, &d->hosts[i], run));
    }
    return session_end(s, code);
}

static int undo(struct session *s, json_t *record, const char *run)
{
    json_t *hosts = history_changed_hosts(record);
    json_t *host;
    size_t i;
    int code = 0;

    if (json_array_size(hosts) == 0) {
        message("refused: run \"%s\" left nothing that could be put back", run);
        code = ERR_REFUSED;
    }
    if (code == 0)
        code = session_load(s);
    json_array_foreach(hosts, i, host) if (code == 0) code =
        check_host(s, record, json_string_value(host));
    if (code == 0) {
        show_changes(&s->text, history_document(record), hosts);
        code = ask(s, s->options);
    }
    json_decref(hosts);
    return code ? code : put_back(s, run);
}

static int run(const struct options *o)
{
    struct options own = *o;
    struct err e = {0};
    char *name = history_find(o->operands[0], true, &e);
    json_t *record = name ? record_load(name, &e) : NULL;
    struct session s;
    int code;

    if (!record) {
        free(name);
        return message_err(&e);
    }
    own.inventory = history_inventory(record, o->inventory);
    session_init(&s, &own, "undo");
    s.document->incident = mem_dup(history_text(record, "incident"));
    code = undo(&s, record, name);
    session_release(&s);
    free(own.inventory);
    json_decref(record);
    free(name);
    return code;
}

static const int exits[] = {0, 1, 4, 5, 8, 64, 130, -1};

const struct command_entry cmd_undo = {
    .name = "undo",
    .operands = "RUN",
    .summary = "put back what a run changed",
    .about =
        "Shows what will be put back and asks.  RUN is a run's name, the beginning of one, or\n"
        "last: the newest run that changed something.  Refuses where a file was changed since,\n"
        "so that nobody's later work is lost.",
    .examples = "  fettle undo last\n  fettle undo 20260404T081233-3f9a1c --yes",
    .exits = exits,
    .options = USE_HOSTS | USE_YES,
    .least = 1,
    .most = 1,
    .run = run,
};
