/* document.c: the JSON that bots read, and what a plan has on top of it. */
#include "model/document.h"

#include "base/argv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/base64.h"

#include <stdlib.h>
#include <string.h>

static json_t *text_json(const char *text)
{
    json_t *value;
    char *clean;

    if (!text)
        return json_null();
    if (text_is_utf8(text, strlen(text)))
        return json_string(text);
    clean = text_clean_dup(text, strlen(text));
    value = json_string(clean);
    free(clean);
    return value;
}

/* A word that is run or a path that is written: in a plan it keeps its very bytes, and what is
 * not UTF-8 is {"base64": …} there. */
static json_t *word_json(const char *word, bool plan)
{
    json_t *value;
    char *text;

    if (!plan || text_is_utf8(word, strlen(word)))
        return text_json(word);
    text = base64_encode(word, strlen(word));
    value = json_pack("{s:s}", "base64", text);
    free(text);
    return value;
}

static json_t *argv_json(char *const *argv, bool plan)
{
    json_t *list = json_array();

    if (!argv) {
        json_decref(list);
        return json_null();
    }
    for (; *argv; argv++)
        json_array_append_new(list, word_json(*argv, plan));
    return list;
}

static json_t *time_json(int64_t wall_ms)
{
    char text[CLOCK_TEXT_SIZE];

    if (!wall_ms)
        return json_null();
    clock_format(wall_ms, text);
    return json_string(text);
}

static json_t *evidence_json(const struct evidence *e)
{
    bool exited = !e->outcome || strcmp(e->outcome, "exit") == 0;
    json_t *object = json_object();

    json_object_set_new(object, "host", text_json(e->host));
    json_object_set_new(object, "command", argv_json(e->argv, false));
    json_object_set_new(object, "exit",
                        exited && e->code >= 0 ? json_integer(e->code) : json_null());
    if (!exited) {
        json_object_set_new(object, "outcome", text_json(e->outcome));
        if (strcmp(e->outcome, "signal") == 0)
            json_object_set_new(object, "signal", json_integer(e->code));
    }
    json_object_set_new(object, "at", time_json(e->at_ms));
    json_object_set_new(object, "excerpt", text_json(e->excerpt ? e->excerpt : ""));
    return object;
}

static json_t *evidence_list_json(const struct evidence *list, size_t n)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < n; i++)
        json_array_append_new(array, evidence_json(&list[i]));
    return array;
}

static void set_base64(json_t *object, const char *key, const char *data, size_t n)
{
    char *text = base64_encode(data, n);

    json_object_set_new(object, key, json_string(text));
    free(text);
}

static json_t *edit_json(const struct edit *e, const char *host, bool plan)
{
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string("edit"));
    json_object_set_new(object, "host", text_json(host));
    json_object_set_new(object, "path", word_json(e->was.path, plan));
    json_object_set_new(object, "diff", text_json(e->diff ? e->diff : ""));
    if (!plan)
        return object;
    json_object_set_new(object, "fingerprint",
                        json_pack("{s:o, s:s, s:I, s:I, s:I}", "real",
                                  word_json(e->was.real ? e->was.real : e->was.path, true),
                                  "sha256", e->was.sha256, "uid", (json_int_t)e->was.uid, "gid",
                                  (json_int_t)e->was.gid, "mode", (json_int_t)e->was.mode));
    if (e->was.absent) {
        json_t *print = json_object_get(object, "fingerprint");

        json_object_set_new(print, "absent", json_true());
        json_object_set_new(print, "folder_absent", json_boolean(e->was.folder_absent));
    }
    json_object_set_new(object, "after_sha256", json_string(e->after_sha256));
    set_base64(object, "before_base64", e->before, e->before_len);
    set_base64(object, "content_base64", e->after, e->after_len);
    return object;
}

static json_t *command_json(const struct command *c, const char *host, bool plan)
{
    json_t *object = json_object();

    json_object_set_new(object, "kind", json_string("command"));
    json_object_set_new(object, "host", text_json(host));
    json_object_set_new(object, "argv", argv_json(c->argv, plan));
    json_object_set_new(object, "undo", argv_json(c->undo, plan));
    json_object_set_new(object, "note", text_json(c->note));
    if (plan)
        json_object_set_new(object, "timeout_s", json_integer(c->timeout_s));
    if (plan && c->unit_was)
        json_object_set_new(object, "unit_was", text_json(c->unit_was));
    return object;
}

static json_t *checks_json(const struct fix *f, bool plan)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < f->check_count; i++) {
        const struct check *c = &f->checks[i];
        json_t *object = json_object();

        json_object_set_new(object, "argv", argv_json(c->argv, plan));
        json_object_set_new(object, "times", json_integer(c->times));
        json_object_set_new(object, "exit", json_integer(c->exit));
        json_object_set_new(object, "out", c->out ? word_json(c->out, plan) : json_null());
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *changes_json(const struct fix *f, bool plan)
{
    json_t *array = json_array();
    size_t i;

    for (i = 0; i < f->edit_count; i++)
        json_array_append_new(array, edit_json(&f->edits[i], f->host, plan));
    for (i = 0; i < f->command_count; i++)
        json_array_append_new(array, command_json(&f->commands[i], f->host, plan));
    return array;
}

static json_t *fix_json(const struct fix *f, bool plan)
{
    json_t *object = json_object(), *validate = json_array();
    size_t i;

    for (i = 0; f->validate && f->validate[i]; i++)
        json_array_append_new(validate, argv_json(f->validate[i], plan));
    json_object_set_new(object, "id", text_json(f->id));
    json_object_set_new(object, "playbook", text_json(f->playbook));
    json_object_set_new(object, "title", text_json(f->title));
    json_object_set_new(object, "why", text_json(f->why));
    json_object_set_new(object, "host", text_json(f->host));
    json_object_set_new(object, "risk", json_string(risk_name(f->risk)));
    json_object_set_new(object, "recommended", json_boolean(f->recommended));
    json_object_set_new(object, "changes", changes_json(f, plan));
    json_object_set_new(object, "validate", validate);
    json_object_set_new(object, "verify", text_json(f->verify ? f->verify : ""));
    json_object_set_new(object, "checks", checks_json(f, plan));
    json_object_set_new(object, "status", json_string(fix_status_name(f->status)));
    if (f->proof)
        json_object_set_new(object, "proof", text_json(f->proof));
    if (f->over_budget)
        json_object_set_new(object, "over_budget", text_json(f->over_budget));
    return object;
}

/* An inconclusive finding is a cause that may be: it stands after those that are. */
static json_t *cause_json(const struct finding *f)
{
    const char *summary = f->summary ? f->summary : f->reason;
    json_t *object = json_object();

    json_object_set_new(object, "playbook", text_json(f->playbook));
    json_object_set_new(object, "verdict", json_string(verdict_name(f->verdict)));
    json_object_set_new(object, "title", text_json(f->title ? f->title : f->playbook));
    json_object_set_new(object, "summary", text_json(summary ? summary : ""));
    if (f->verdict == VERDICT_CONFIRMED)
        json_object_set_new(object, "likelihood", json_integer(f->likelihood));
    if (f->reason)
        json_object_set_new(object, "reason", text_json(f->reason));
    if (f->broken)
        json_object_set_new(object, "broken", json_true());
    json_object_set_new(object, "subject", f->subject ? json_deep_copy(f->subject) : json_object());
    json_object_set_new(object, "evidence", evidence_list_json(f->evidence, f->evidence_count));
    return object;
}

static json_t *ruled_out_json(const struct finding *f)
{
    json_t *object = json_object();

    json_object_set_new(object, "playbook", text_json(f->playbook));
    json_object_set_new(object, "reason", text_json(f->reason ? f->reason : ""));
    json_object_set_new(object, "evidence", evidence_list_json(f->evidence, f->evidence_count));
    return object;
}

static json_t *symptom_json(const struct host_report *r)
{
    json_t *object = json_object();

    json_object_set_new(object, "state", json_string(symptom_name(r->symptom)));
    json_object_set_new(object, "summary", text_json(r->symptom_summary ? r->symptom_summary : ""));
    if (r->symptom_facts)
        json_object_set_new(object, "facts", json_deep_copy(r->symptom_facts));
    json_object_set_new(object, "evidence",
                        evidence_list_json(r->symptom_evidence, r->symptom_evidence_count));
    return object;
}

static json_t *host_json(const struct host_report *r, bool plan)
{
    json_t *object = json_object(), *causes = json_array(), *out = json_array();
    json_t *fixes = json_array();
    size_t i, k;

    for (i = 0; i < r->finding_count; i++) {
        const struct finding *f = &r->findings[i];

        if (f->verdict == VERDICT_RULED_OUT)
            json_array_append_new(out, ruled_out_json(f));
        else if (f->verdict != VERDICT_NONE)
            json_array_append_new(causes, cause_json(f));
        for (k = 0; k < f->fix_count; k++)
            json_array_append_new(fixes, fix_json(&f->fixes[k], plan));
    }
    json_object_set_new(object, "host", text_json(r->host));
    json_object_set_new(object, "status", json_string(host_status_name(r->status)));
    json_object_set_new(object, "error", text_json(r->error));
    json_object_set_new(object, "symptom", symptom_json(r));
    json_object_set_new(object, "causes", causes);
    json_object_set_new(object, "ruled_out", out);
    json_object_set_new(object, "fixes", fixes);
    if (r->unfinished)
        json_object_set_new(object, "unfinished", text_json(r->unfinished));
    if (r->put_back_failed)
        json_object_set_new(object, "put_back_failed", json_true());
    return object;
}

static json_t *document_json(const struct document *d, bool plan)
{
    json_t *object = json_object(), *hosts = json_array();
    size_t i;

    for (i = 0; i < d->host_count; i++)
        json_array_append_new(hosts, host_json(&d->hosts[i], plan));
    json_object_set_new(object, "schema", json_string(DOCUMENT_SCHEMA));
    json_object_set_new(object, "run", text_json(d->run));
    json_object_set_new(object, "mode", text_json(d->mode));
    json_object_set_new(object, "incident", text_json(d->incident));
    json_object_set_new(object, "started", time_json(d->started_ms));
    json_object_set_new(object, "ended", time_json(d->ended_ms));
    json_object_set_new(object, "exit", json_integer(d->exit));
    if (plan) {
        json_object_set_new(object, "expires", time_json(d->expires_ms));
        json_object_set_new(object, "playbooks_sha256", text_json(d->playbooks_sha256));
    }
    json_object_set_new(object, "hosts", hosts);
    return object;
}

json_t *document_to_json(const struct document *d)
{
    return document_json(d, false);
}

json_t *document_to_plan(const struct document *d)
{
    return document_json(d, true);
}

void document_free(struct document *d)
{
    size_t i;

    if (!d)
        return;
    free(d->run);
    free(d->mode);
    free(d->incident);
    for (i = 0; i < d->host_count; i++)
        host_report_release(&d->hosts[i]);
    free(d->hosts);
    free(d->playbooks_sha256);
    free(d);
}
