/* plan.c: a plan file, and every reason not to apply it. */
#include "cli/plan.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/message.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where a name leads to: a plan for one machine must not reach another of the same name. */
static json_t *target_json(const struct host *h)
{
    return json_pack("{s:s?, s:i, s:s?, s:s?, s:s?, s:s?}", "address", h->address, "port", h->port,
                     "user", h->user, "transport", h->transport, "become", h->become, "jump",
                     h->jump);
}

static json_t *targets_json(const struct session *s)
{
    json_t *targets = json_object();
    size_t i;

    for (i = 0; i < s->host_count; i++)
        json_object_set_new(targets, s->hosts[i]->host->name, target_json(s->hosts[i]->host));
    return targets;
}

char *plan_format(const struct session *s, size_t *n, char sha256[65])
{
    json_t *json = document_to_plan(s->document);
    char *text, *with_newline;

    json_object_set_new(json, "targets", targets_json(s));
    text = json_dumps(json, JSON_INDENT(1) | JSON_ENSURE_ASCII);
    json_decref(json);
    with_newline = mem_format("%s\n", text ? text : "");
    free(text);
    *n = strlen(with_newline);
    digest_sha256(with_newline, *n, sha256);
    return with_newline;
}

static int read_targets(struct plan *p, const struct buf *b, const char *path)
{
    json_error_t where;
    json_t *json = json_loadb(b->data, b->len, JSON_REJECT_DUPLICATES, &where);

    p->targets = json_incref(json_object_get(json, "targets"));
    json_decref(json);
    if (json_is_object(p->targets))
        return 0;
    message("plan \"%s\" does not say where its hosts are: make a new one with `fettle plan`",
            path);
    return ERR_DATA;
}

int plan_load(struct plan *p, const char *path)
{
    struct problems problems = {0};
    struct err e = {0};
    struct buf b;
    int code = 0;

    memset(p, 0, sizeof *p);
    if (file_read(path, PLAN_FILE_MAX, &b, &e) != 0) {
        code = message_err(&e);
        goto out;
    }
    digest_sha256(b.data, b.len, p->sha256);
    p->document = document_from_plan(b.data, b.len, path, &problems);
    if (!p->document || problems.count)
        code = message_problems(&problems);
    else
        code = read_targets(p, &b, path);
out:
    problems_release(&problems);
    buf_release(&b);
    return code;
}

void plan_release(struct plan *p)
{
    document_free(p->document);
    json_decref(p->targets);
    memset(p, 0, sizeof *p);
}

int plan_check_hash(const struct plan *p, const char *wanted)
{
    if (!wanted || strcasecmp(wanted, p->sha256) == 0)
        return 0;
    message("refused: the plan file is not the one that was approved: its SHA-256 is %s",
            p->sha256);
    return ERR_REFUSED;
}

int plan_check_time(const struct plan *p)
{
    char at[CLOCK_TEXT_SIZE];

    if (!p->document->expires_ms || clock_wall_ms() <= p->document->expires_ms)
        return 0;
    clock_format(p->document->expires_ms, at);
    message("refused: the plan expired at %s: make a new one with `fettle plan`", at);
    return ERR_REFUSED;
}

static int check_target(const char *name, json_t *then, const struct inventory *inv)
{
    const struct host *h = inventory_host(inv, name);
    json_t *now;
    bool same;

    if (!h) {
        message(
            "refused: the plan's host \"%s\" is not in the inventory: give the one that the plan "
            "was made with (-i)",
            name);
        return ERR_REFUSED;
    }
    now = target_json(h);
    same = json_equal(now, then);
    json_decref(now);
    if (same)
        return 0;
    message("refused: host \"%s\" has another address or login in the inventory than when the plan "
            "was made: make a new one with `fettle plan`",
            name);
    return ERR_REFUSED;
}

int plan_check_targets(const struct plan *p, const struct inventory *inv)
{
    const struct document *d = p->document;
    const char *name;
    json_t *then;
    size_t i, j, k;

    json_object_foreach(p->targets, name, then)
    {
        int code = check_target(name, then, inv);

        if (code)
            return code;
    }
    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            for (k = 0; k < d->hosts[i].findings[j].fix_count; k++) {
                name = d->hosts[i].findings[j].fixes[k].host;
                if (json_object_get(p->targets, name))
                    continue;
                message("refused: the plan does not say where its host \"%s\" is", name);
                return ERR_REFUSED;
            }
    return 0;
}

int plan_check_playbooks(const struct session *s, const struct document *d)
{
    char now[65];

    session_fingerprint(s, d, now);
    if (d->playbooks_sha256 && strcmp(now, d->playbooks_sha256) == 0)
        return 0;
    message("refused: the playbooks are not those that the plan was made with: make a new one with "
            "`fettle plan`");
    return ERR_REFUSED;
}

static const struct playbook *playbook_of(const struct session *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->incident->count; i++)
        if (strcmp(s->incident->playbooks[i]->name, name) == 0)
            return s->incident->playbooks[i];
    return NULL;
}

static int not_declared(const struct fix *f, const char *what)
{
    message("refused: fix \"%s\" wants \"%s\", which its playbook does not declare", f->id, what);
    return ERR_REFUSED;
}

/* `by_host`: the inventory may name it, too; that goes for what starts a service, not for the rest. */
static int check_argv(const struct session *s, const struct fix *f, char *const *argv, bool by_host)
{
    char *text;
    int code;

    if (!argv || playbook_allows_command(playbook_of(s, f->playbook), s->incident, argv) ||
        (by_host && host_names_command(inventory_host(s->inventory, f->host), argv)))
        return 0;
    text = argv_text(argv);
    code = not_declared(f, text);
    free(text);
    return code;
}

/* All that would ever run: the way back and the questions are the host's to carry out no less. */
static int check_runs(const struct session *s, const struct fix *f)
{
    size_t i;
    int code = 0;

    for (i = 0; code == 0 && i < f->command_count; i++) {
        code = check_argv(s, f, f->commands[i].argv, true);
        if (code == 0)
            code = check_argv(s, f, f->commands[i].undo, true);
    }
    for (i = 0; code == 0 && f->validate && f->validate[i]; i++)
        code = check_argv(s, f, f->validate[i], false);
    for (i = 0; code == 0 && i < f->check_count; i++)
        code = check_argv(s, f, f->checks[i].argv, false);
    return code;
}

static int check_declared(const struct session *s, const struct fix *f)
{
    const struct playbook *p = playbook_of(s, f->playbook);
    const struct host *h = inventory_host(s->inventory, f->host);
    size_t i;

    if (!p)
        return not_declared(f, f->playbook);
    for (i = 0; i < f->edit_count; i++) {
        const struct fingerprint *was = &f->edits[i].was;

        if (!playbook_allows_file(p, was->path) && !host_names_file(h, was->path))
            return not_declared(f, was->path);
        /* Where a symlink leads to is the file that changes. */
        if (was->real && !playbook_allows_file(p, was->real) && !host_names_file(h, was->real))
            return not_declared(f, was->real);
    }
    return check_runs(s, f);
}

int plan_check_declared(const struct session *s, const struct document *d)
{
    size_t i, j, k;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            for (k = 0; k < d->hosts[i].findings[j].fix_count; k++) {
                int code = check_declared(s, &d->hosts[i].findings[j].fixes[k]);

                if (code)
                    return code;
            }
    return 0;
}

static bool listed(const char *list, const char *id)
{
    size_t n = strlen(id);

    while (list) {
        if (strncmp(list, id, n) == 0 && (list[n] == ',' || list[n] == '\0'))
            return true;
        list = strchr(list, ',');
        list += list != NULL;
    }
    return false;
}

static int add_approved(struct finding *cause, const char *approve, bool recommended,
                        struct approvals *a)
{
    const struct fix *chosen = NULL;
    size_t i;

    for (i = 0; i < cause->fix_count; i++) {
        struct fix *f = &cause->fixes[i];

        if (!listed(approve, f->id) && !(recommended && f->recommended))
            continue;
        if (chosen) {
            message("refused: \"%s\" and \"%s\" are two ways to mend the same cause: approve one",
                    chosen->id, f->id);
            return ERR_REFUSED;
        }
        chosen = f;
        approvals_add(a, f);
    }
    return 0;
}

static bool is_proposed(const struct document *d, const char *id)
{
    size_t i, j, k;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            for (k = 0; k < d->hosts[i].findings[j].fix_count; k++)
                if (strcmp(d->hosts[i].findings[j].fixes[k].id, id) == 0)
                    return true;
    return false;
}

static int check_ids(const struct document *d, const char *approve)
{
    char *copy = mem_dup(approve ? approve : "");
    char *rest = copy, *id;
    int code = 0;

    while (code == 0 && (id = strsep(&rest, ",")) != NULL) {
        if (*id == '\0' || is_proposed(d, id))
            continue;
        message("refused: the plan has no fix \"%s\"", id);
        code = ERR_REFUSED;
    }
    free(copy);
    return code;
}

int plan_approve(struct document *d, const char *approve, bool recommended, struct approvals *a)
{
    int code = check_ids(d, approve);
    size_t i, j;

    for (i = 0; code == 0 && i < d->host_count; i++)
        for (j = 0; code == 0 && j < d->hosts[i].finding_count; j++)
            if (d->hosts[i].findings[j].verdict == VERDICT_CONFIRMED)
                code = add_approved(&d->hosts[i].findings[j], approve, recommended, a);
    if (code == 0 && a->count == 0) {
        message("refused: %s",
                recommended ? "the plan recommends no fix" : "no fix of the plan is approved");
        code = ERR_REFUSED;
    }
    return code;
}
