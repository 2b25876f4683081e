/* changes.c: fixes that were said yes to, carried out host by host. */
#include "cli/changes.h"

#include "base/argv.h"
#include "base/mem.h"
#include "change/apply.h"
#include "cli/batch.h"
#include "cli/message.h"
#include "cli/wait.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void approvals_add(struct approvals *a, struct fix *f)
{
    a->fixes = mem_grow(a->fixes, a->count + 1, sizeof *a->fixes);
    a->fixes[a->count++] = f;
}

void approvals_release(struct approvals *a)
{
    free(a->fixes);
    memset(a, 0, sizeof *a);
}

/* For whoever finds the host locked: who is at it, and from where. */
static char *owner(void)
{
    const struct passwd *user = getpwuid(getuid());
    char machine[256] = "";

    gethostname(machine, sizeof machine - 1);
    return mem_format("%s@%s, pid %d", user ? user->pw_name : "?", machine, (int)getpid());
}

static void on_progress(void *data, const char *word, const char *text)
{
    struct wait *w = data;
    char *head = w->session->side_by_side ? mem_format("- %s: ", w->host) : mem_dup("- ");

    /* The end is what the outcome says right after. */
    if (strcmp(word, "end") != 0)
        style_wrap(&w->session->text, LOOK_PLAIN, 4, head, text && *text ? text : word);
    free(head);
    if (w->session->text.out)
        fflush(w->session->text.out);
    session_event(w->session, "change", w->host,
                  json_pack("{s:s, s:s?}", "word", word, "text", text));
}

/* One host's part: side by side with the others of its batch. */
struct work {
    struct wait w;
    struct change *change; /* NULL: refused before it began */
    struct fix **fixes;
    size_t fix_count;
};

static void leave(struct work *k, bool by_hand, const char *what)
{
    k->w.result.outcome = CHANGE_UNKNOWN;
    k->w.result.exit = by_hand ? 130 : ERR_INTERNAL;
    k->w.result.text = mem_format("%s was left before it had ended; without our word the host puts "
                                  "everything back by itself", what);
    k->w.done = true;
}

/* Ctrl-C once: the hosts are asked to put everything back, and we wait for their word.  Twice: we
 * go, and they do it by themselves when nobody confirms. */
static void interrupted(struct session *s, struct work *all, size_t count, bool *asked,
                        const char *what)
{
    bool by_hand = loop_interrupted(s->loop), go = !by_hand || *asked;
    size_t i;

    loop_uninterrupt(s->loop);
    for (i = 0; i < count; i++) {
        if (all[i].w.done)
            continue;
        if (go) {
            leave(&all[i], by_hand, what);
            continue;
        }
        message("interrupted: \"%s\" puts everything back now (once more to leave at once)",
                all[i].w.host);
        change_abort(all[i].change);
    }
    *asked = true;
}

static void wait_for(struct session *s, struct work *all, size_t count, const char *what)
{
    bool asked = false;
    size_t i;

    for (i = 0; i < count; i++)
        while (!all[i].w.done && loop_run(s->loop, &all[i].w.done) != 0)
            if (!all[i].w.done)
                interrupted(s, all, count, &asked, what);
}

static int timeout_of(const struct session *s)
{
    return s->options->confirm_timeout_s ? s->options->confirm_timeout_s : 120;
}

static void start_line(struct session *s, const char *host, struct fix *const *fixes, size_t n)
{
    const struct host *h = inventory_host(s->inventory, host);
    char *base = h ? change_base(h) : mem_dup("");
    char *folder = mem_format("%s/%s", base, s->document->run);
    json_t *ids = json_array();
    size_t i;

    for (i = 0; i < n; i++)
        json_array_append_new(ids, json_string(fixes[i]->id));
    style_gap(&s->text);
    style_line(&s->text, LOOK_BOLD, 0, "%s: changing", host);
    session_event(s, "change", host,
                  json_pack("{s:s, s:o, s:i, s:s}", "word", "start", "fixes", ids,
                            "confirm_timeout", timeout_of(s), "folder", folder));
    free(folder);
    free(base);
}

static const char *outcome_word(enum change_outcome o)
{
    static const char *const words[] = {"verified",  "undone",          "refused", "rolled-back",
                                        "not-cured", "put-back-failed", "unknown"};

    return words[o];
}

static enum fix_status fix_status_of(const struct change_result *r)
{
    switch (r->outcome) {
    case CHANGE_VERIFIED:
        return FIX_VERIFIED;
    case CHANGE_REFUSED:
        return FIX_REFUSED;
    case CHANGE_ROLLED_BACK:
    case CHANGE_NOT_CURED:
        return FIX_ROLLED_BACK;
    default:
        return FIX_FAILED;
    }
}

static enum host_status host_status_of(const struct change_result *r)
{
    switch (r->outcome) {
    case CHANGE_VERIFIED:
    case CHANGE_UNDONE:
        return HOST_FIXED;
    case CHANGE_REFUSED:
        return r->exit == 4 ? HOST_UNREACHABLE : HOST_REFUSED;
    case CHANGE_ROLLED_BACK:
        return HOST_ROLLED_BACK;
    case CHANGE_NOT_CURED:
        return HOST_NOT_FIXED;
    default:
        return HOST_FAILED;
    }
}

/* The report that proposed this fix: not always the host that it changes. */
static struct host_report *report_of(struct session *s, const struct fix *f)
{
    struct document *d = s->document;
    size_t i, j;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++) {
            const struct finding *found = &d->hosts[i].findings[j];

            if (f >= found->fixes && f < found->fixes + found->fix_count)
                return &d->hosts[i];
        }
    return NULL;
}

static bool is_graver(enum host_status a, enum host_status b)
{
    if (b == HOST_CAUSE_FOUND || (b == HOST_FIXED && a != HOST_FIXED))
        return true;
    return exit_gravest(host_status_exit(a), host_status_exit(b)) != host_status_exit(b);
}

static void set_statuses(struct session *s, struct fix *const *fixes, size_t n,
                         const struct change_result *r)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct host_report *report = report_of(s, fixes[i]);

        fixes[i]->status = fix_status_of(r);
        if (!report)
            continue;
        if (is_graver(host_status_of(r), report->status))
            report->status = host_status_of(r);
        report->put_back_failed |= r->outcome == CHANGE_PUT_BACK_FAILED;
        if (r->exit != 0) {
            free(report->error);
            report->error = mem_dup(r->text);
        }
    }
}

static void say_outcome(struct session *s, const char *host, const struct change_result *r)
{
    char *head = mem_format("%s: ", host);
    bool good = r->outcome == CHANGE_VERIFIED || r->outcome == CHANGE_UNDONE;

    style_wrap(&s->text, good ? LOOK_GOOD : LOOK_BAD, 0, head, r->text);
    if (r->detail)
        style_block(&s->text, LOOK_PLAIN, 4, r->detail);
    if (!s->text.out && !good)
        message("%s: %s", host, r->text);
    free(head);
    session_event(s, "change", host,
                  json_pack("{s:s, s:s, s:i, s:s?}", "word", "outcome", "outcome",
                            outcome_word(r->outcome), "exit", r->exit, "text", r->text));
}

static void refuse(struct wait *w, const struct err *e)
{
    w->result.outcome = CHANGE_REFUSED;
    w->result.exit = e->code ? (int)e->code : ERR_REFUSED;
    w->result.text = mem_dup(e->text);
    w->done = true;
}

/* What nobody could look up or take back later is not done.  Its `start` is on the record by now,
 * which is all that an undo needs. */
static int check_record(const struct session *s, struct err *e)
{
    if (s->record && !record_failed(s->record))
        return 0;
    return err_set(e, ERR_INTERNAL, "the record of this run cannot be written (\"%s\"), so nothing "
                   "was changed", s->record ? record_path(s->record) : "");
}

static void work_start(struct session *s, struct work *k, const char *host, const char *who)
{
    struct change_options options = {.run = s->document->run,
                                     .owner = who,
                                     .confirm_timeout_s = s->options->confirm_timeout_s,
                                     .progress = on_progress,
                                     .data = &k->w};
    struct target *t = session_target(s, host, 0);
    struct err e = {.code = ERR_UNREACHABLE, .text = "the host could not be reached"};

    k->w.session = s;
    k->w.host = host;
    start_line(s, host, k->fixes, k->fix_count);
    if (t && check_record(s, &e) == 0)
        k->change = transaction_start(t, k->fixes, k->fix_count, &options, wait_done, &k->w, &e);
    if (!k->change)
        refuse(&k->w, &e);
}

static int work_end(struct session *s, struct work *k)
{
    int code = k->w.result.exit;

    change_free(k->change);
    set_statuses(s, k->fixes, k->fix_count, &k->w.result);
    say_outcome(s, k->w.host, &k->w.result);
    wait_release(&k->w);
    return code;
}

/* The very same change, proposed by two reports?  Where only the ids are the same, both go into the
 * transaction, which refuses what contradicts itself. */
static bool same_fix(const struct fix *a, const struct fix *b)
{
    bool same = strcmp(a->id, b->id) == 0 && strcmp(a->host, b->host) == 0 &&
                a->edit_count == b->edit_count && a->command_count == b->command_count;
    size_t i;

    for (i = 0; same && i < a->edit_count; i++)
        same = strcmp(a->edits[i].was.path, b->edits[i].was.path) == 0 &&
               strcmp(a->edits[i].after_sha256, b->edits[i].after_sha256) == 0;
    for (i = 0; same && i < a->command_count; i++)
        same = argv_equal(a->commands[i].argv, b->commands[i].argv);
    return same;
}

/* The fixes for the host of `all[from]`, each once: two diagnosed hosts may want the same of a
 * third. */
static size_t of_one_host(struct fix *const *all, size_t count, size_t from, struct fix **mine)
{
    size_t n = 0, i, j;

    for (i = from; i < count; i++) {
        bool known = strcmp(all[i]->host, all[from]->host) != 0;

        for (j = 0; j < n && !known; j++)
            known = same_fix(mine[j], all[i]);
        if (!known)
            mine[n++] = all[i];
    }
    return n;
}

static bool seen_before(struct fix *const *all, size_t i)
{
    size_t j;

    for (j = 0; j < i; j++)
        if (strcmp(all[j]->host, all[i]->host) == 0)
            return true;
    return false;
}

/* The other reports' copies of a fix share its fate. */
static void share_status(struct session *s, const struct approvals *a, struct fix *const *done,
                         size_t n)
{
    size_t i, j;

    for (i = 0; i < a->count; i++)
        for (j = 0; j < n; j++) {
            struct fix *f = a->fixes[i];
            struct host_report *from = report_of(s, done[j]), *to = report_of(s, f);

            if (f == done[j] || !same_fix(f, done[j]))
                continue;
            f->status = done[j]->status;
            if (from && to)
                to->status = from->status;
        }
}

/* One entry for each host, in the order in which they are named first. */
static struct work *plan_work(const struct approvals *a, size_t *count)
{
    struct work *all = mem_alloc((a->count + 1) * sizeof *all);
    size_t i;

    *count = 0;
    for (i = 0; i < a->count; i++) {
        struct work *k = &all[*count];

        if (seen_before(a->fixes, i))
            continue;
        k->fixes = mem_alloc((a->count + 1) * sizeof *k->fixes);
        k->fix_count = of_one_host(a->fixes, a->count, i, k->fixes);
        ++*count;
    }
    return all;
}

/* Refused, as far as a bot is concerned: it was not tried, and nothing is known of it. */
static void leave_untouched(struct session *s, struct work *k)
{
    struct change_result r = {.outcome = CHANGE_REFUSED, .exit = ERR_REFUSED,
                              .text = (char *)"not tried, since changes before it failed; nothing "
                                              "was touched"};

    set_statuses(s, k->fixes, k->fix_count, &r);
    say_outcome(s, k->fixes[0]->host, &r);
}

int changes_carry_out(struct session *s, const struct approvals *a)
{
    size_t count, done = 0, batch, i, n;
    struct work *all = plan_work(a, &count);
    int code = 0, failures = 0;
    bool stopped = false;
    char *who = owner();

    for (batch = 0; done < count && !stopped; batch++, done += n) {
        n = batch_size(s->options->batch, batch, count);
        n = n > count - done ? count - done : n;
        s->side_by_side = n > 1;
        for (i = done; i < done + n; i++)
            work_start(s, &all[i], all[i].fixes[0]->host, who);
        wait_for(s, all + done, n, "the change");
        for (i = done; i < done + n; i++) {
            int one = work_end(s, &all[i]);

            failures += one != 0;
            stopped = stopped || one == 130;
            code = exit_gravest(code, one);
        }
        stopped = stopped || failures > s->options->max_failures;
    }
    for (i = done; i < count; i++)
        leave_untouched(s, &all[i]);
    for (i = 0; i < count; i++) {
        share_status(s, a, all[i].fixes, all[i].fix_count);
        free(all[i].fixes);
    }
    free(all);
    free(who);
    return code;
}

typedef struct change *change_starter(struct target *t, const struct change_options *o,
                                      change_done *done, void *data, struct err *e);

static int put_back(struct session *s, struct host_report *report, const char *run,
                    change_starter *start)
{
    struct work k = {.w = {.session = s, .host = report->host}};
    struct wait *w = &k.w;
    char *who = owner();
    struct change_options options = {.run = run, .owner = who, .progress = on_progress, .data = w};
    struct target *t = session_target(s, report->host, 0);
    struct err e = {.code = ERR_UNREACHABLE, .text = "the host could not be reached"};
    int code;

    style_line(&s->text, LOOK_BOLD, 0, "%s: putting back", report->host);
    k.change = t ? start(t, &options, wait_done, w, &e) : NULL;
    if (k.change)
        wait_for(s, &k, 1, "putting back");
    else
        refuse(w, &e);
    change_free(k.change);
    code = w->result.exit;
    report->status = host_status_of(&w->result);
    report->put_back_failed = w->result.outcome == CHANGE_PUT_BACK_FAILED;
    report->error = code ? mem_dup(w->result.text) : NULL;
    say_outcome(s, report->host, &w->result);
    wait_release(w);
    free(who);
    return code;
}

int changes_undo(struct session *s, struct host_report *report, const char *run)
{
    return put_back(s, report, run, undo_start);
}

int changes_recover(struct session *s, struct host_report *report, const char *run)
{
    return put_back(s, report, run, recover_start);
}
