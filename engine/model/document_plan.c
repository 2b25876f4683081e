/* document_plan.c: reads a plan back, and believes nothing in it.
 *
 * A plan has been in a chat, a ticket or a bot's database.  Every value is checked, and every
 * problem says where, as a JSON path. */
#include "model/document.h"

#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/document_value.h"

#include <stdlib.h>
#include <string.h>

/* What was shown must be what the bytes say, or a person approved something else. */
static void check_edit(const struct plan_reading *l, const struct plan_at *at, struct edit *e)
{
    struct plan_at diff = plan_key(at, "diff"), before = plan_key(at, "before_base64");
    struct plan_at after = plan_key(at, "content_base64");
    const char *shown = plan_string_at(l, &diff);
    char sha256[DIGEST_TEXT_SIZE], *clean;

    digest_sha256(e->before, e->before_len, sha256);
    if (strcmp(sha256, e->was.sha256) != 0)
        plan_wrong(l, &before, "does not have the fingerprint's SHA-256");
    digest_sha256(e->after, e->after_len, sha256);
    if (strcmp(sha256, e->after_sha256) != 0)
        plan_wrong(l, &after, "does not have the SHA-256 of \"after_sha256\"");
    e->diff = edit_diff(e);
    clean = text_is_utf8(e->diff, strlen(e->diff)) ? mem_dup(e->diff)
                                                   : text_clean_dup(e->diff, strlen(e->diff));
    if (shown && strcmp(shown, clean) != 0)
        plan_wrong(l, &diff, "is not what the edit changes");
    free(clean);
}

static void read_edit(const struct plan_reading *l, const struct plan_at *at, struct fix *f)
{
    struct plan_at print = plan_key(at, "fingerprint");
    struct edit *e;

    if (f->command_count)
        plan_wrong(l, at, "is an edit after a command; edits come first");
    f->edits = mem_grow(f->edits, f->edit_count + 1, sizeof *f->edits);
    e = &f->edits[f->edit_count++];
    memset(e, 0, sizeof *e);
    e->was.path = plan_path(l, at, "path");
    if (plan_is_object(l, &print)) {
        e->was.real = plan_path(l, &print, "real");
        plan_sha256(l, &print, "sha256", e->was.sha256);
        e->was.uid = (unsigned)plan_int(l, &print, "uid", 0, UINT32_MAX);
        e->was.gid = (unsigned)plan_int(l, &print, "gid", 0, UINT32_MAX);
        e->was.mode = (unsigned)plan_int(l, &print, "mode", 0, 07777);
        if (plan_key(&print, "absent").value) {
            e->was.absent = plan_bool(l, &print, "absent");
            e->was.folder_absent = plan_bool(l, &print, "folder_absent");
        }
    }
    plan_sha256(l, at, "after_sha256", e->after_sha256);
    e->before = plan_bytes(l, at, "before_base64", &e->before_len);
    e->after = plan_bytes(l, at, "content_base64", &e->after_len);
    check_edit(l, at, e);
}

static void read_command(const struct plan_reading *l, const struct plan_at *at, struct fix *f)
{
    struct plan_at undo = plan_key(at, "undo");
    struct command *c;

    f->commands = mem_grow(f->commands, f->command_count + 1, sizeof *f->commands);
    c = &f->commands[f->command_count++];
    c->argv = plan_argv(l, at, "argv");
    c->undo = undo.value && !json_is_null(undo.value) ? plan_argv_at(l, &undo) : NULL;
    c->note = plan_string_or_null(l, at, "note");
    c->unit_was = plan_string_or_null(l, at, "unit_was");
    c->timeout_s = (int)plan_int(l, at, "timeout_s", 0, 86400);
}

static void read_changes(const struct plan_reading *l, const struct plan_at *of, struct fix *f)
{
    static const char *const kinds[] = {"edit", "command", NULL};
    struct plan_at at = plan_key(of, "changes");
    size_t i, n = plan_array_size(l, &at);

    for (i = 0; i < n; i++) {
        struct plan_at change = plan_item(&at, i), host = plan_key(&change, "host");
        const char *name;

        if (!plan_is_object(l, &change))
            continue;
        name = plan_string_at(l, &host);
        if (name && f->host && strcmp(name, f->host) != 0)
            plan_wrong(l, &host, "must be the fix's host");
        /* An unknown kind is a problem, and then it matters little what it is read as. */
        if (json_is_string(json_object_get(change.value, "kind")) &&
            plan_enum(l, &change, "kind", kinds) == 0)
            read_edit(l, &change, f);
        else if (!json_is_string(json_object_get(change.value, "kind")))
            plan_enum(l, &change, "kind", kinds);
        else
            read_command(l, &change, f);
    }
}

static void read_validate(const struct plan_reading *l, const struct plan_at *of, struct fix *f)
{
    struct plan_at at = plan_key(of, "validate");
    size_t i, n = plan_array_size(l, &at);

    f->validate = mem_alloc((n + 1) * sizeof *f->validate);
    for (i = 0; i < n; i++) {
        struct plan_at argv = plan_item(&at, i);

        f->validate[i] = plan_argv_at(l, &argv);
    }
}

static void read_checks(const struct plan_reading *l, const struct plan_at *of, struct fix *f)
{
    struct plan_at at = plan_key(of, "checks");
    size_t i, n = plan_array_size(l, &at);

    f->checks = mem_alloc(n * sizeof *f->checks);
    for (i = 0; i < n; i++) {
        struct plan_at check = plan_item(&at, i), out = plan_key(&check, "out");
        struct check *c = &f->checks[f->check_count];

        if (!plan_is_object(l, &check))
            continue;
        f->check_count++;
        c->argv = plan_argv(l, &check, "argv");
        c->times = (int)plan_int(l, &check, "times", 1, 1000);
        c->exit = (int)plan_int(l, &check, "exit", 0, 255);
        c->out = out.value && !json_is_null(out.value) ? plan_word(l, &out) : NULL;
    }
}

static void read_fix(const struct plan_reading *l, const struct plan_at *at, struct fix *f)
{
    static const char *const risks[] = {"low", "medium", "high", NULL};
    static const char *const states[] = {"proposed", "applied",     "verified", "declined",
                                         "failed",   "rolled-back", "refused",  NULL};

    memset(f, 0, sizeof *f);
    f->id = plan_string(l, at, "id");
    f->playbook = plan_string(l, at, "playbook");
    f->title = plan_string(l, at, "title");
    f->why = plan_string_or_null(l, at, "why");
    f->host = plan_string(l, at, "host");
    f->risk = (enum risk)plan_enum(l, at, "risk", risks);
    f->recommended = plan_bool(l, at, "recommended");
    read_changes(l, at, f);
    read_validate(l, at, f);
    f->verify = plan_string(l, at, "verify");
    read_checks(l, at, f);
    f->status = (enum fix_status)plan_enum(l, at, "status", states);
    f->proof = plan_string_or_null(l, at, "proof");
}

static void read_one_evidence(const struct plan_reading *l, const struct plan_at *at,
                              struct evidence *e)
{
    struct plan_at code = plan_key(at, "exit");

    e->host = plan_string(l, at, "host");
    e->argv = plan_argv(l, at, "command");
    e->outcome = plan_string_or_null(l, at, "outcome");
    if (!e->outcome)
        e->outcome = mem_dup("exit");
    e->code = -1;
    if (!json_is_null(code.value))
        e->code = (int)plan_int(l, at, "exit", 0, 255);
    else if (strcmp(e->outcome, "signal") == 0)
        e->code = (int)plan_int(l, at, "signal", -1, 255);
    e->at_ms = plan_time(l, at, "at", true);
    e->excerpt = plan_string(l, at, "excerpt");
}

static size_t read_evidence(const struct plan_reading *l, const struct plan_at *of,
                            struct evidence **list)
{
    struct plan_at at = plan_key(of, "evidence");
    size_t i, n = plan_array_size(l, &at), count = 0;

    *list = mem_alloc(n * sizeof **list);
    for (i = 0; i < n; i++) {
        struct plan_at one = plan_item(&at, i);

        if (plan_is_object(l, &one))
            read_one_evidence(l, &one, &(*list)[count++]);
    }
    return count;
}

static struct finding *new_finding(struct host_report *r)
{
    struct finding *f;

    r->findings = mem_grow(r->findings, r->finding_count + 1, sizeof *r->findings);
    f = &r->findings[r->finding_count++];
    memset(f, 0, sizeof *f);
    return f;
}

static void read_cause(const struct plan_reading *l, const struct plan_at *at,
                       struct host_report *r)
{
    static const char *const verdicts[] = {"confirmed", "inconclusive", NULL};
    struct finding *f = new_finding(r);
    struct plan_at subject = plan_key(at, "subject");

    f->verdict = plan_enum(l, at, "verdict", verdicts) ? VERDICT_INCONCLUSIVE : VERDICT_CONFIRMED;
    f->playbook = plan_string(l, at, "playbook");
    f->title = plan_string(l, at, "title");
    f->summary = plan_string(l, at, "summary");
    f->reason = plan_string_or_null(l, at, "reason");
    f->broken = json_is_true(json_object_get(at->value, "broken"));
    if (f->verdict == VERDICT_CONFIRMED)
        f->likelihood = (int)plan_int(l, at, "likelihood", 0, 100);
    if (plan_is_object(l, &subject))
        f->subject = json_deep_copy(subject.value);
    f->evidence_count = read_evidence(l, at, &f->evidence);
}

static void read_ruled_out(const struct plan_reading *l, const struct plan_at *at,
                           struct host_report *r)
{
    struct finding *f = new_finding(r);

    f->verdict = VERDICT_RULED_OUT;
    f->playbook = plan_string(l, at, "playbook");
    f->reason = plan_string(l, at, "reason");
    f->evidence_count = read_evidence(l, at, &f->evidence);
}

static void read_findings(const struct plan_reading *l, const struct plan_at *of, const char *name,
                          struct host_report *r,
                          void (*read)(const struct plan_reading *, const struct plan_at *,
                                       struct host_report *))
{
    struct plan_at at = plan_key(of, name);
    size_t i, n = plan_array_size(l, &at);

    for (i = 0; i < n; i++) {
        struct plan_at one = plan_item(&at, i);

        if (plan_is_object(l, &one))
            read(l, &one, r);
    }
}

/* The confirmed finding that a fix belongs to. */
static struct finding *finding_of(struct host_report *r, const char *playbook)
{
    size_t i;

    for (i = 0; playbook && i < r->finding_count; i++) {
        struct finding *f = &r->findings[i];

        if (f->verdict == VERDICT_CONFIRMED && f->playbook && strcmp(f->playbook, playbook) == 0)
            return f;
    }
    return NULL;
}

static bool has_fix(const struct host_report *r, const char *id)
{
    size_t i, k;

    for (i = 0; i < r->finding_count; i++)
        for (k = 0; id && k < r->findings[i].fix_count; k++)
            if (r->findings[i].fixes[k].id && strcmp(r->findings[i].fixes[k].id, id) == 0)
                return true;
    return false;
}

static void read_one_fix(const struct plan_reading *l, const struct plan_at *at,
                         struct host_report *r)
{
    struct plan_at playbook = plan_key(at, "playbook"), id = plan_key(at, "id");
    struct finding *f;
    struct fix fix;
    size_t i;

    read_fix(l, at, &fix);
    f = finding_of(r, fix.playbook);
    if (has_fix(r, fix.id))
        plan_wrong(l, &id, "comes twice");
    if (!f) {
        plan_wrong(l, &playbook, "has no confirmed cause");
        fix_release(&fix);
        return;
    }
    for (i = 0; fix.recommended && i < f->fix_count; i++)
        if (f->fixes[i].recommended)
            plan_wrong(l, at, "is a second recommended fix of the same cause");
    f->fixes = mem_grow(f->fixes, f->fix_count + 1, sizeof *f->fixes);
    f->fixes[f->fix_count++] = fix;
}

static void read_symptom(const struct plan_reading *l, const struct plan_at *of,
                         struct host_report *r)
{
    static const char *const states[] = {"unknown", "present", "absent", NULL};
    struct plan_at at = plan_key(of, "symptom"), facts = plan_key(&at, "facts");

    if (!plan_is_object(l, &at))
        return;
    r->symptom = (enum symptom_state)plan_enum(l, &at, "state", states);
    r->symptom_summary = plan_string(l, &at, "summary");
    if (facts.value && plan_is_object(l, &facts))
        r->symptom_facts = json_deep_copy(facts.value);
    r->symptom_evidence_count = read_evidence(l, &at, &r->symptom_evidence);
}

static void read_host(const struct plan_reading *l, const struct plan_at *at, struct host_report *r)
{
    static const char *const states[] = {"healthy", "cause-found", "inconclusive", "unreachable",
                                         "fixed",   "not-fixed",   "failed",       "rolled-back",
                                         "refused", NULL};

    r->host = plan_string(l, at, "host");
    r->status = (enum host_status)plan_enum(l, at, "status", states);
    r->error = plan_string_or_null(l, at, "error");
    r->put_back_failed = json_is_true(json_object_get(at->value, "put_back_failed"));
    read_symptom(l, at, r);
    read_findings(l, at, "causes", r, read_cause);
    read_findings(l, at, "ruled_out", r, read_ruled_out);
    read_findings(l, at, "fixes", r, read_one_fix);
}

static void read_hosts(const struct plan_reading *l, const struct plan_at *root, struct document *d)
{
    struct plan_at at = plan_key(root, "hosts");
    size_t i, k, n = plan_array_size(l, &at);

    d->hosts = mem_alloc(n * sizeof *d->hosts);
    for (i = 0; i < n; i++) {
        struct plan_at host = plan_item(&at, i);

        if (!plan_is_object(l, &host))
            continue;
        read_host(l, &host, &d->hosts[d->host_count]);
        for (k = 0; k < d->host_count; k++)
            if (d->hosts[k].host && d->hosts[d->host_count].host &&
                strcmp(d->hosts[k].host, d->hosts[d->host_count].host) == 0)
                plan_wrong(l, &host, "is a host that comes twice");
        d->host_count++;
    }
}

static void read_document(const struct plan_reading *l, const struct plan_at *root,
                          struct document *d)
{
    static const char *const schemas[] = {DOCUMENT_SCHEMA, NULL};
    static const char *const modes[] = {"plan", NULL};
    char sha256[DIGEST_TEXT_SIZE];
    size_t before = l->problems->count;

    plan_enum(l, root, "schema", schemas);
    if (l->problems->count != before)
        return; /* whatever follows means something else */
    plan_enum(l, root, "mode", modes);
    if (l->problems->count != before)
        return; /* a diagnosis, say: a hundred missing fingerprints would help nobody */
    d->run = plan_string(l, root, "run");
    d->mode = plan_string(l, root, "mode");
    d->incident = plan_string(l, root, "incident");
    d->started_ms = plan_time(l, root, "started", false);
    d->ended_ms = plan_time(l, root, "ended", false);
    d->exit = (int)plan_int(l, root, "exit", 0, 255);
    d->expires_ms = plan_time(l, root, "expires", true);
    plan_sha256(l, root, "playbooks_sha256", sha256);
    d->playbooks_sha256 = mem_dup(sha256);
    read_hosts(l, root, d);
}

struct document *document_from_plan(const char *text, size_t n, const char *file,
                                    struct problems *p)
{
    struct plan_reading l = {file, p};
    size_t before = p->count + p->left_out;
    struct document *d;
    json_error_t e;
    json_t *json;
    struct plan_at root = {NULL, ""};

    if (n > DOCUMENT_MAX) {
        problems_add(p, file, 0, 0, "too large: %zu bytes, of at most %d", n, DOCUMENT_MAX);
        return NULL;
    }
    json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!json) {
        problems_add(p, file, e.line > 0 ? (size_t)e.line : 0, e.column > 0 ? (size_t)e.column : 0,
                     "this is no JSON: %s", e.text);
        return NULL;
    }
    root.value = json;
    d = mem_alloc(sizeof *d);
    if (json_is_object(json))
        read_document(&l, &root, d);
    else
        problems_add(p, file, 0, 0, "a plan must be an object");
    json_decref(json);
    if (p->count + p->left_out == before)
        return d;
    document_free(d);
    return NULL;
}
