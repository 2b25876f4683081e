/* session.c: one run, from its files to its record. */
#include "cli/session.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mem.h"
#include "change/survey.h"
#include "cli/command.h"
#include "cli/message.h"
#include "cli/param_options.h"
#include "cli/report.h"
#include "io/inventory_run.h"
#include "script/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void session_init(struct session *s, const struct options *o, const char *mode)
{
    memset(s, 0, sizeof *s);
    s->options = o;
    s->mode = mode;
    style_init(&s->text, o->json || o->events ? NULL : stdout, o->no_color);
    s->document = mem_alloc(sizeof *s->document);
    s->document->mode = mem_dup(mode);
    s->document->started_ms = clock_wall_ms();
}

static int find_data(struct session *s)
{
    struct err e = {0};

    s->data = data_folder(&e);
    if (!s->data)
        return message_err(&e);
    s->playbooks = mem_format("%s/playbooks", s->data);
    s->lua = mem_format("%s/lua", s->data);
    return 0;
}

int session_load_local(struct session *s)
{
    struct err e = {0};
    int code = find_data(s);

    if (code)
        return code;
    s->loop = loop_new(&e);
    if (!s->loop)
        return message_err(&e);
    s->ask = ask_terminal_new(s->loop);
    return 0;
}

int session_load(struct session *s)
{
    struct problems problems = {0};
    int code = 0;
    size_t i;

    s->inventory = inventory_load(s->options->inventory, inventory_run, &problems);
    if (!s->inventory || problems.count)
        code = message_problems(&problems);
    problems_release(&problems);
    if (s->inventory)
        inventory_add_aliases(s->inventory);
    for (i = 0; s->inventory && i < argv_len(s->inventory->notes); i++)
        if (!s->options->quiet)
            message("%s", s->inventory->notes[i]);
    return code ? code : session_load_local(s);
}

static bool is_line_of(const json_t *line, const char *kind, const char *name)
{
    return strcmp(report_text(line, "kind"), kind) == 0 &&
           strcmp(report_text(line, "name"), name) == 0;
}

const struct host *session_host_of_run(const struct session *s, const json_t *record,
                                       const char *name)
{
    const struct host *h = inventory_host(s->inventory, name);
    const json_t *line;
    size_t i;

    if (!h)
        message("refused: host \"%s\" of that run is not in the inventory: give the one it was made "
                "with (-i)", name);
    json_array_foreach(record, i, line) if (h && is_line_of(line, "host", name) &&
                                            strcmp(report_text(line, "address"),
                                                   h->address ? h->address : "") != 0)
    {
        message("refused: host \"%s\" has another address in the inventory than in that run", name);
        h = NULL;
    }
    return h;
}

struct session_host *session_add_host(struct session *s, const struct host *host)
{
    struct session_host *added = mem_alloc(sizeof *added);

    added->session = s;
    added->host = host;
    s->hosts = mem_grow(s->hosts, s->host_count + 1, sizeof *s->hosts);
    s->hosts[s->host_count++] = added;
    return added;
}

int session_select(struct session *s, const char *pattern)
{
    struct err e = {0};
    const struct host **chosen =
        inventory_select(s->inventory, pattern ? pattern : "localhost", &e);
    size_t i;

    if (!chosen)
        return message_err(&e);
    for (i = 0; chosen[i]; i++)
        session_add_host(s, chosen[i]);
    s->selected = s->host_count;
    free(chosen);
    if (s->selected)
        return 0;
    message("no host is left of \"%s\": see `%s hosts`", pattern, s->options->program);
    return ERR_USAGE;
}

static int check_lua(const struct incident *incident, struct problems *p)
{
    int rc = check_playbook(&incident->symptom, p);
    size_t i;

    for (i = 0; i < incident->count; i++)
        rc |= check_playbook(incident->playbooks[i], p);
    return rc;
}

int session_incident(struct session *s, const char *name)
{
    struct problems problems = {0};
    struct err e = {0};
    int code = 0;

    s->incident = incident_load(name, s->playbooks, &problems, &e);
    if (s->incident)
        check_lua(s->incident, &problems);
    if (problems.count)
        code = message_problems(&problems);
    else if (!s->incident)
        code = message_err(&e);
    problems_release(&problems);
    if (code)
        return code;
    s->document->incident = mem_dup(s->incident->symptom.incident);
    s->params = param_options_check(s->incident, s->options, &e);
    return s->params ? 0 : message_err(&e);
}

static json_t *arguments(const struct options *o)
{
    char *line = options_command_line(o, o->command->name, NULL);
    json_t *text = json_string(line);

    free(line);
    return text;
}

static void record_hosts(struct session *s)
{
    size_t i;

    for (i = 0; i < s->selected; i++)
        record_add(s->record, "host", session_host_line(s->hosts[i]->host));
}

/* What undo needs to find the same hosts again, from any folder. */
static char *inventory_path(const struct options *o)
{
    const char *path = o->inventory ? o->inventory : "hosts";

    return realpath(path, NULL);
}

int session_begin(struct session *s)
{
    struct err e = {0};
    char *inventory = inventory_path(s->options);

    s->document->run = record_new_run(&e);
    s->record = s->document->run ? record_create(s->document->run, &e) : NULL;
    if (!s->record) {
        free(inventory);
        return message_err(&e);
    }
    record_add(s->record, "run",
               json_pack("{s:s, s:s, s:s, s:s?, s:s, s:o, s:s?, s:s?, s:O?}", "schema", "fettle/1",
                         "run", s->document->run, "mode", s->mode, "incident",
                         s->document->incident, "version", FETTLE_VERSION, "args",
                         arguments(s->options), "inventory", inventory, "asked",
                         s->incident ? s->options->operands[0] : NULL, "params", s->params));
    record_hosts(s);
    free(inventory);
    return 0;
}

int session_open(struct session *s)
{
    const struct options *o = s->options;
    int code = session_load(s);

    if (code == 0)
        code = session_select(s, o->hosts);
    if (code == 0)
        code = session_incident(s, o->operands[0]);
    return code ? code : session_begin(s);
}

static int add_digest(struct buf *b, const struct playbook *p)
{
    return buf_addf(b, "%s %s\n", p->name ? p->name : p->incident, p->sha256);
}

static bool takes_part(const struct document *d, const char *playbook)
{
    size_t i, j;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            if (strcmp(d->hosts[i].findings[j].playbook, playbook) == 0)
                return true;
    return false;
}

void session_fingerprint(const struct session *s, const struct document *d, char sha256[65])
{
    struct buf b;
    size_t i;

    buf_init(&b, 1 << 20);
    add_digest(&b, &s->incident->symptom);
    for (i = 0; i < s->incident->count; i++)
        if (takes_part(d, s->incident->playbooks[i]->name))
            add_digest(&b, s->incident->playbooks[i]);
    digest_sha256(b.data, b.len, sha256);
    buf_release(&b);
}

void session_print_json(json_t *json, size_t flags)
{
    char *text;

    /* A terminal would act on C1 controls, which JSON lets pass. */
    if (isatty(STDOUT_FILENO))
        flags |= JSON_ENSURE_ASCII;
    text = json_dumps(json, flags); /* at once: standard output writes line by line */
    if (text)
        puts(text);
    free(text);
}

void session_event(struct session *s, const char *kind, const char *host, json_t *fields)
{
    json_t *line;
    char at[CLOCK_TEXT_SIZE];

    if (!fields)
        fields = json_object();
    if (host && !json_object_get(fields, "host"))
        json_object_set_new(fields, "host", json_string(host));
    if (s->options->events && !s->options->json) {
        clock_format(clock_wall_ms(), at);
        line = json_pack("{s:s, s:s}", "event", kind, "at", at);
        json_object_update_missing(line, fields);
        session_print_json(line, JSON_COMPACT);
        fflush(stdout);
        json_decref(line);
    }
    /* Steps that come and go are no part of the record; what they read is. */
    if (s->record && strcmp(kind, "step") != 0 && strcmp(kind, "symptom") != 0)
        record_add(s->record, kind, fields);
    else
        json_decref(fields);
}

static void print_document(struct session *s, json_t *json)
{
    json_t *line;

    if (s->options->json) {
        session_print_json(json, JSON_INDENT(2));
    } else if (s->options->events) {
        line = json_pack("{s:s}", "event", "document");
        json_object_update(line, json);
        session_print_json(line, JSON_COMPACT);
        json_decref(line);
    }
}

int session_end(struct session *s, int code)
{
    json_t *json;

    if (!s->document->run)
        return code;
    s->document->exit = code;
    s->document->ended_ms = clock_wall_ms();
    json = document_to_json(s->document);
    if (s->extra)
        json_object_update(json, s->extra);
    print_document(s, json);
    if (s->record)
        record_add(s->record, "document", json_pack("{s:o}", "document", json));
    else
        json_decref(json);
    if (s->record && record_failed(s->record)) {
        message("the record of this run is incomplete: \"%s\" could not be written",
                record_path(s->record));
        code = code ? code : ERR_INTERNAL;
    }
    record_close(s->record);
    s->record = NULL;
    return code;
}

void session_release(struct session *s)
{
    size_t i;

    for (i = 0; i < s->host_count; i++) {
        if (s->hosts[i]->target)
            target_free(s->hosts[i]->target);
        if (s->hosts[i]->found)
            survey_found_release(s->hosts[i]->found);
        free(s->hosts[i]->found);
        free(s->hosts[i]);
    }
    free(s->hosts);
    ask_terminal_free(s->ask);
    if (s->loop)
        loop_free(s->loop);
    record_close(s->record);
    incident_free(s->incident);
    inventory_free(s->inventory);
    document_free(s->document);
    json_decref(s->params);
    json_decref(s->extra);
    free(s->data);
    free(s->playbooks);
    free(s->lua);
    memset(s, 0, sizeof *s);
}
