/* document_plan.c: reads a plan back, and believes nothing in it.
 *
 * A plan has been in a chat, a ticket or a bot's database.  Every value is checked, and every
 * problem says where, as a JSON path. */
#include "model/document.h"

#include "base/argv.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/base64.h"
#include "model/diff.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct loading {
    const char *file;
    struct problems *problems;
};

/* A value and its path. */
struct at {
    const json_t *value;
    char path[160];
};

static int wrong(const struct loading *l, const struct at *at, const char *should)
{
    return problems_add(l->problems, l->file, 0, 0, "%s %s", at->path, should);
}

static struct at key(const struct at *of, const char *name)
{
    struct at a = {json_object_get(of->value, name), ""};

    snprintf(a.path, sizeof a.path, "%.*s%s%s", 120, of->path, *of->path ? "." : "", name);
    return a;
}

static struct at item(const struct at *of, size_t i)
{
    struct at a = {json_array_get(of->value, i), ""};

    snprintf(a.path, sizeof a.path, "%.*s[%zu]", 130, of->path, i);
    return a;
}

static bool is_object(const struct loading *l, const struct at *at)
{
    if (json_is_object(at->value))
        return true;
    wrong(l, at, "must be an object");
    return false;
}

/* The number of items; 0 with a problem where it is no array. */
static size_t array_size(const struct loading *l, const struct at *at)
{
    if (!json_is_array(at->value))
        wrong(l, at, "must be an array");
    return json_array_size(at->value);
}

static const char *plain_string(const struct loading *l, const struct at *at)
{
    const char *text = json_string_value(at->value);

    if (!text)
        wrong(l, at, "must be a string");
    else if (strlen(text) != json_string_length(at->value))
        wrong(l, at, "must not hold a NUL");
    return text;
}

static char *get_string(const struct loading *l, const struct at *of, const char *name)
{
    struct at at = key(of, name);

    return mem_dup(plain_string(l, &at));
}

static char *get_string_or_null(const struct loading *l, const struct at *of, const char *name)
{
    struct at at = key(of, name);

    return at.value && !json_is_null(at.value) ? mem_dup(plain_string(l, &at)) : NULL;
}

static int64_t get_int(const struct loading *l, const struct at *of, const char *name,
                       int64_t least, int64_t most)
{
    struct at at = key(of, name);
    int64_t value = json_integer_value(at.value);
    char should[80];

    if (json_is_integer(at.value) && value >= least && value <= most)
        return value;
    snprintf(should, sizeof should, "must be a whole number from %lld to %lld", (long long)least,
             (long long)most);
    wrong(l, &at, should);
    return least;
}

static bool get_bool(const struct loading *l, const struct at *of, const char *name)
{
    struct at at = key(of, name);

    if (!json_is_boolean(at.value))
        wrong(l, &at, "must be true or false");
    return json_is_true(at.value);
}

/* The place of the value among `names`, which a NULL ends. */
static int get_enum(const struct loading *l, const struct at *of, const char *name,
                    const char *const *names)
{
    struct at at = key(of, name);
    const char *text = json_string_value(at.value);
    char should[160] = "must be one of";
    int i;

    for (i = 0; text && names[i]; i++)
        if (strcmp(names[i], text) == 0)
            return i;
    for (i = 0; names[i]; i++) {
        strncat(should, i ? ", " : " ", sizeof should - strlen(should) - 1);
        strncat(should, names[i], sizeof should - strlen(should) - 1);
    }
    wrong(l, &at, should);
    return 0;
}

/* RFC 3339 as clock_format() writes it: UTC, with milliseconds. */
static int64_t get_time(const struct loading *l, const struct at *of, const char *name,
                        bool may_be_null)
{
    struct at at = key(of, name);
    const char *text = json_string_value(at.value), *rest;
    struct tm tm = {0};

    if (may_be_null && json_is_null(at.value))
        return 0;
    rest = text ? strptime(text, "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (rest && *rest == '.' && strspn(rest + 1, "0123456789") == 3 && strcmp(rest + 4, "Z") == 0)
        return (int64_t)timegm(&tm) * 1000 + strtol(rest + 1, NULL, 10);
    wrong(l, &at, "must be a time such as 2026-04-04T08:12:33.000Z");
    return 0;
}

static void get_sha256(const struct loading *l, const struct at *of, const char *name,
                       char text[DIGEST_TEXT_SIZE])
{
    struct at at = key(of, name);
    const char *value = json_string_value(at.value);

    text[0] = '\0';
    if (value && strlen(value) == 64 && strspn(value, "0123456789abcdef") == 64)
        memcpy(text, value, DIGEST_TEXT_SIZE);
    else
        wrong(l, &at, "must be a SHA-256 in 64 hex digits");
}

static char *get_bytes(const struct loading *l, const struct at *of, const char *name, size_t *n)
{
    struct at at = key(of, name);
    const char *text = plain_string(l, &at);
    char *data = text ? base64_decode(text, n) : NULL;

    if (text && !data)
        wrong(l, &at, "must be base64");
    if (!data)
        *n = 0;
    return data ? data : mem_dup("");
}

/* A string, or {"base64": …} for what is not UTF-8. */
static char *read_word(const struct loading *l, const struct at *at)
{
    size_t n;
    char *word;

    if (!json_is_object(at->value))
        return mem_dup(plain_string(l, at));
    word = get_bytes(l, at, "base64", &n);
    if (strlen(word) != n)
        wrong(l, at, "must not hold a NUL");
    return word;
}

static char **read_argv(const struct loading *l, const struct at *at)
{
    size_t i, n = array_size(l, at);
    char **argv = mem_alloc(sizeof *argv);

    if (json_is_array(at->value) && n == 0)
        wrong(l, at, "must not be empty");
    for (i = 0; i < n; i++) {
        struct at word_at = item(at, i);
        char *word = read_word(l, &word_at);

        if (i == 0 && word && !*word)
            wrong(l, &word_at, "must not be empty");
        argv = argv_add(argv, word ? word : "");
        free(word);
    }
    return argv;
}

static char **get_argv(const struct loading *l, const struct at *of, const char *name)
{
    struct at at = key(of, name);

    return read_argv(l, &at);
}

static char *get_path(const struct loading *l, const struct at *of, const char *name)
{
    struct at at = key(of, name);
    char *path = read_word(l, &at);
    const char *c;
    size_t n;

    if (!path)
        return mem_dup("");
    if (path[0] != '/')
        wrong(l, &at, "must be an absolute path");
    for (c = path; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f) {
            wrong(l, &at, "must not hold control characters");
            break;
        }
    for (c = path; *c; c += n + (c[n] != '\0')) {
        n = strcspn(c, "/");
        if (n == 2 && c[0] == '.' && c[1] == '.') {
            wrong(l, &at, "must not climb with \"..\"");
            break;
        }
    }
    return path;
}

/* What was shown must be what the bytes say, or a person approved something else. */
static void check_edit(const struct loading *l, const struct at *at, struct edit *e)
{
    struct at diff = key(at, "diff"), before = key(at, "before_base64");
    struct at after = key(at, "content_base64");
    const char *shown = plain_string(l, &diff);
    char sha256[DIGEST_TEXT_SIZE], *clean;

    digest_sha256(e->before, e->before_len, sha256);
    if (strcmp(sha256, e->was.sha256) != 0)
        wrong(l, &before, "does not have the fingerprint's SHA-256");
    digest_sha256(e->after, e->after_len, sha256);
    if (strcmp(sha256, e->after_sha256) != 0)
        wrong(l, &after, "does not have the SHA-256 of \"after_sha256\"");
    e->diff = diff_unified(e->was.path, e->before, e->before_len, e->after, e->after_len);
    clean = text_is_utf8(e->diff, strlen(e->diff)) ? mem_dup(e->diff)
                                                  : text_clean_dup(e->diff, strlen(e->diff));
    if (shown && strcmp(shown, clean) != 0)
        wrong(l, &diff, "is not what the edit changes");
    free(clean);
}

static void read_edit(const struct loading *l, const struct at *at, struct fix *f)
{
    struct at print = key(at, "fingerprint");
    struct edit *e;

    if (f->command_count)
        wrong(l, at, "is an edit after a command; edits come first");
    f->edits = mem_grow(f->edits, f->edit_count + 1, sizeof *f->edits);
    e = &f->edits[f->edit_count++];
    memset(e, 0, sizeof *e);
    e->was.path = get_path(l, at, "path");
    if (is_object(l, &print)) {
        e->was.real = get_path(l, &print, "real");
        get_sha256(l, &print, "sha256", e->was.sha256);
        e->was.uid = (unsigned)get_int(l, &print, "uid", 0, UINT32_MAX);
        e->was.gid = (unsigned)get_int(l, &print, "gid", 0, UINT32_MAX);
        e->was.mode = (unsigned)get_int(l, &print, "mode", 0, 07777);
    }
    get_sha256(l, at, "after_sha256", e->after_sha256);
    e->before = get_bytes(l, at, "before_base64", &e->before_len);
    e->after = get_bytes(l, at, "content_base64", &e->after_len);
    check_edit(l, at, e);
}

static void read_command(const struct loading *l, const struct at *at, struct fix *f)
{
    struct at undo = key(at, "undo");
    struct command *c;

    f->commands = mem_grow(f->commands, f->command_count + 1, sizeof *f->commands);
    c = &f->commands[f->command_count++];
    c->argv = get_argv(l, at, "argv");
    c->undo = undo.value && !json_is_null(undo.value) ? read_argv(l, &undo) : NULL;
    c->note = get_string_or_null(l, at, "note");
    c->timeout_s = (int)get_int(l, at, "timeout_s", 0, 86400);
}

static void read_changes(const struct loading *l, const struct at *of, struct fix *f)
{
    static const char *const kinds[] = {"edit", "command", NULL};
    struct at at = key(of, "changes");
    size_t i, n = array_size(l, &at);

    for (i = 0; i < n; i++) {
        struct at change = item(&at, i), host = key(&change, "host");
        const char *name;

        if (!is_object(l, &change))
            continue;
        name = plain_string(l, &host);
        if (name && f->host && strcmp(name, f->host) != 0)
            wrong(l, &host, "must be the fix's host");
        /* An unknown kind is a problem, and then it matters little what it is read as. */
        if (json_is_string(json_object_get(change.value, "kind")) &&
            get_enum(l, &change, "kind", kinds) == 0)
            read_edit(l, &change, f);
        else if (!json_is_string(json_object_get(change.value, "kind")))
            get_enum(l, &change, "kind", kinds);
        else
            read_command(l, &change, f);
    }
}

static void read_validate(const struct loading *l, const struct at *of, struct fix *f)
{
    struct at at = key(of, "validate");
    size_t i, n = array_size(l, &at);

    f->validate = mem_alloc((n + 1) * sizeof *f->validate);
    for (i = 0; i < n; i++) {
        struct at argv = item(&at, i);

        f->validate[i] = read_argv(l, &argv);
    }
}

static void read_checks(const struct loading *l, const struct at *of, struct fix *f)
{
    struct at at = key(of, "checks");
    size_t i, n = array_size(l, &at);

    f->checks = mem_alloc(n * sizeof *f->checks);
    for (i = 0; i < n; i++) {
        struct at check = item(&at, i), out = key(&check, "out");
        struct check *c = &f->checks[f->check_count];

        if (!is_object(l, &check))
            continue;
        f->check_count++;
        c->argv = get_argv(l, &check, "argv");
        c->times = (int)get_int(l, &check, "times", 1, 1000);
        c->exit = (int)get_int(l, &check, "exit", 0, 255);
        c->out = out.value && !json_is_null(out.value) ? read_word(l, &out) : NULL;
    }
}

static void read_fix(const struct loading *l, const struct at *at, struct fix *f)
{
    static const char *const risks[] = {"low", "medium", "high", NULL};
    static const char *const states[] = {"proposed", "applied",     "verified", "declined",
                                         "failed",   "rolled-back", "refused",  NULL};

    memset(f, 0, sizeof *f);
    f->id = get_string(l, at, "id");
    f->playbook = get_string(l, at, "playbook");
    f->title = get_string(l, at, "title");
    f->why = get_string_or_null(l, at, "why");
    f->host = get_string(l, at, "host");
    f->risk = (enum risk)get_enum(l, at, "risk", risks);
    f->recommended = get_bool(l, at, "recommended");
    read_changes(l, at, f);
    read_validate(l, at, f);
    f->verify = get_string(l, at, "verify");
    read_checks(l, at, f);
    f->status = (enum fix_status)get_enum(l, at, "status", states);
    f->proof = get_string_or_null(l, at, "proof");
}

static void read_one_evidence(const struct loading *l, const struct at *at, struct evidence *e)
{
    struct at code = key(at, "exit");

    e->host = get_string(l, at, "host");
    e->argv = get_argv(l, at, "command");
    e->outcome = get_string_or_null(l, at, "outcome");
    if (!e->outcome)
        e->outcome = mem_dup("exit");
    e->code = -1;
    if (!json_is_null(code.value))
        e->code = (int)get_int(l, at, "exit", 0, 255);
    else if (strcmp(e->outcome, "signal") == 0)
        e->code = (int)get_int(l, at, "signal", -1, 255);
    e->at_ms = get_time(l, at, "at", true);
    e->excerpt = get_string(l, at, "excerpt");
}

static size_t read_evidence(const struct loading *l, const struct at *of, struct evidence **list)
{
    struct at at = key(of, "evidence");
    size_t i, n = array_size(l, &at), count = 0;

    *list = mem_alloc(n * sizeof **list);
    for (i = 0; i < n; i++) {
        struct at one = item(&at, i);

        if (is_object(l, &one))
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

static void read_cause(const struct loading *l, const struct at *at, struct host_report *r)
{
    static const char *const verdicts[] = {"confirmed", "inconclusive", NULL};
    struct finding *f = new_finding(r);
    struct at subject = key(at, "subject");

    f->verdict = get_enum(l, at, "verdict", verdicts) ? VERDICT_INCONCLUSIVE : VERDICT_CONFIRMED;
    f->playbook = get_string(l, at, "playbook");
    f->title = get_string(l, at, "title");
    f->summary = get_string(l, at, "summary");
    f->reason = get_string_or_null(l, at, "reason");
    f->broken = json_is_true(json_object_get(at->value, "broken"));
    if (f->verdict == VERDICT_CONFIRMED)
        f->likelihood = (int)get_int(l, at, "likelihood", 0, 100);
    if (is_object(l, &subject))
        f->subject = json_deep_copy(subject.value);
    f->evidence_count = read_evidence(l, at, &f->evidence);
}

static void read_ruled_out(const struct loading *l, const struct at *at, struct host_report *r)
{
    struct finding *f = new_finding(r);

    f->verdict = VERDICT_RULED_OUT;
    f->playbook = get_string(l, at, "playbook");
    f->reason = get_string(l, at, "reason");
    f->evidence_count = read_evidence(l, at, &f->evidence);
}

static void read_findings(const struct loading *l, const struct at *of, const char *name,
                          struct host_report *r,
                          void (*read)(const struct loading *, const struct at *,
                                       struct host_report *))
{
    struct at at = key(of, name);
    size_t i, n = array_size(l, &at);

    for (i = 0; i < n; i++) {
        struct at one = item(&at, i);

        if (is_object(l, &one))
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

static void read_one_fix(const struct loading *l, const struct at *at, struct host_report *r)
{
    struct at playbook = key(at, "playbook"), id = key(at, "id");
    struct finding *f;
    struct fix fix;
    size_t i;

    read_fix(l, at, &fix);
    f = finding_of(r, fix.playbook);
    if (has_fix(r, fix.id))
        wrong(l, &id, "comes twice");
    if (!f) {
        wrong(l, &playbook, "has no confirmed cause");
        fix_release(&fix);
        return;
    }
    for (i = 0; fix.recommended && i < f->fix_count; i++)
        if (f->fixes[i].recommended)
            wrong(l, at, "is a second recommended fix of the same cause");
    f->fixes = mem_grow(f->fixes, f->fix_count + 1, sizeof *f->fixes);
    f->fixes[f->fix_count++] = fix;
}

static void read_symptom(const struct loading *l, const struct at *of, struct host_report *r)
{
    static const char *const states[] = {"unknown", "present", "absent", NULL};
    struct at at = key(of, "symptom"), facts = key(&at, "facts");

    if (!is_object(l, &at))
        return;
    r->symptom = (enum symptom_state)get_enum(l, &at, "state", states);
    r->symptom_summary = get_string(l, &at, "summary");
    if (facts.value && is_object(l, &facts))
        r->symptom_facts = json_deep_copy(facts.value);
    r->symptom_evidence_count = read_evidence(l, &at, &r->symptom_evidence);
}

static void read_host(const struct loading *l, const struct at *at, struct host_report *r)
{
    static const char *const states[] = {"healthy", "cause-found", "inconclusive",
                                         "unreachable", "fixed", "not-fixed",
                                         "failed", "rolled-back", "refused", NULL};

    r->host = get_string(l, at, "host");
    r->status = (enum host_status)get_enum(l, at, "status", states);
    r->error = get_string_or_null(l, at, "error");
    r->put_back_failed = json_is_true(json_object_get(at->value, "put_back_failed"));
    read_symptom(l, at, r);
    read_findings(l, at, "causes", r, read_cause);
    read_findings(l, at, "ruled_out", r, read_ruled_out);
    read_findings(l, at, "fixes", r, read_one_fix);
}

static void read_hosts(const struct loading *l, const struct at *root, struct document *d)
{
    struct at at = key(root, "hosts");
    size_t i, k, n = array_size(l, &at);

    d->hosts = mem_alloc(n * sizeof *d->hosts);
    for (i = 0; i < n; i++) {
        struct at host = item(&at, i);

        if (!is_object(l, &host))
            continue;
        read_host(l, &host, &d->hosts[d->host_count]);
        for (k = 0; k < d->host_count; k++)
            if (d->hosts[k].host && d->hosts[d->host_count].host &&
                strcmp(d->hosts[k].host, d->hosts[d->host_count].host) == 0)
                wrong(l, &host, "is a host that comes twice");
        d->host_count++;
    }
}

static void read_document(const struct loading *l, const struct at *root, struct document *d)
{
    static const char *const schemas[] = {DOCUMENT_SCHEMA, NULL};
    static const char *const modes[] = {"plan", NULL};
    char sha256[DIGEST_TEXT_SIZE];
    size_t before = l->problems->count;

    get_enum(l, root, "schema", schemas);
    if (l->problems->count != before)
        return; /* whatever follows means something else */
    get_enum(l, root, "mode", modes);
    if (l->problems->count != before)
        return; /* a diagnosis, say: a hundred missing fingerprints would help nobody */
    d->run = get_string(l, root, "run");
    d->mode = get_string(l, root, "mode");
    d->incident = get_string(l, root, "incident");
    d->started_ms = get_time(l, root, "started", false);
    d->ended_ms = get_time(l, root, "ended", false);
    d->exit = (int)get_int(l, root, "exit", 0, 255);
    d->expires_ms = get_time(l, root, "expires", true);
    get_sha256(l, root, "playbooks_sha256", sha256);
    d->playbooks_sha256 = mem_dup(sha256);
    read_hosts(l, root, d);
}

struct document *document_from_plan(const char *text, size_t n, const char *file,
                                    struct problems *p)
{
    struct loading l = {file, p};
    size_t before = p->count + p->left_out;
    struct document *d;
    json_error_t e;
    json_t *json;
    struct at root = {NULL, ""};

    if (n > DOCUMENT_MAX) {
        problems_add(p, file, 0, 0, "too large: %zu bytes, of at most %d", n, DOCUMENT_MAX);
        return NULL;
    }
    json = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
    if (!json) {
        problems_add(p, file, e.line > 0 ? (size_t)e.line : 0,
                     e.column > 0 ? (size_t)e.column : 0, "this is no JSON: %s", e.text);
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
