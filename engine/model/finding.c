/* finding.c: what a diagnosis found, as plain data. */
#include "model/finding.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/diff.h"

#include <stdlib.h>
#include <string.h>

void evidence_release(struct evidence *e)
{
    free(e->host);
    argv_free(e->argv);
    free(e->outcome);
    free(e->excerpt);
    memset(e, 0, sizeof *e);
}

char *edit_diff(const struct edit *e)
{
    if (e->was.absent)
        return diff_created(e->was.path, e->after, e->after_len);
    return diff_unified(e->was.path, e->before, e->before_len, e->after, e->after_len);
}

static void edit_release(struct edit *e)
{
    free(e->was.path);
    free(e->was.real);
    free(e->before);
    free(e->after);
    free(e->diff);
}

static void command_release(struct command *c)
{
    argv_free(c->argv);
    argv_free(c->undo);
    free(c->note);
    free(c->unit_was);
}

static void check_release(struct check *c)
{
    argv_free(c->argv);
    free(c->out);
}

void fix_release(struct fix *f)
{
    size_t i;

    free(f->id);
    free(f->playbook);
    free(f->title);
    free(f->why);
    free(f->host);
    for (i = 0; i < f->edit_count; i++)
        edit_release(&f->edits[i]);
    free(f->edits);
    for (i = 0; i < f->command_count; i++)
        command_release(&f->commands[i]);
    free(f->commands);
    for (i = 0; f->validate && f->validate[i]; i++)
        argv_free(f->validate[i]);
    free(f->validate);
    free(f->verify);
    for (i = 0; i < f->check_count; i++)
        check_release(&f->checks[i]);
    free(f->checks);
    free(f->proof);
    free(f->over_budget);
    memset(f, 0, sizeof *f);
}

static void evidence_list_free(struct evidence *list, size_t n)
{
    size_t i;

    for (i = 0; i < n; i++)
        evidence_release(&list[i]);
    free(list);
}

void finding_drop_fixes(struct finding *f)
{
    size_t i;

    for (i = 0; i < f->fix_count; i++)
        fix_release(&f->fixes[i]);
    free(f->fixes);
    f->fixes = NULL;
    f->fix_count = 0;
}

void finding_release(struct finding *f)
{
    free(f->playbook);
    free(f->title);
    free(f->summary);
    free(f->reason);
    json_decref(f->subject);
    evidence_list_free(f->evidence, f->evidence_count);
    finding_drop_fixes(f);
    memset(f, 0, sizeof *f);
}

void host_report_release(struct host_report *r)
{
    size_t i;

    free(r->host);
    free(r->error);
    free(r->unfinished);
    free(r->symptom_summary);
    json_decref(r->symptom_facts);
    evidence_list_free(r->symptom_evidence, r->symptom_evidence_count);
    for (i = 0; i < r->finding_count; i++)
        finding_release(&r->findings[i]);
    free(r->findings);
    memset(r, 0, sizeof *r);
}

static int finding_order(const void *left, const void *right)
{
    const struct finding *a = left, *b = right;
    bool a_is_cause = a->verdict == VERDICT_CONFIRMED, b_is_cause = b->verdict == VERDICT_CONFIRMED;

    if (a_is_cause != b_is_cause)
        return a_is_cause ? -1 : 1;
    if (a_is_cause && a->likelihood != b->likelihood)
        return a->likelihood > b->likelihood ? -1 : 1;
    return strcmp(a->playbook ? a->playbook : "", b->playbook ? b->playbook : "");
}

/* Insertion keeps the order of equals; there are a dozen at most. */
void host_report_order(struct host_report *r)
{
    size_t i, j;

    for (i = 1; i < r->finding_count; i++) {
        struct finding moved = r->findings[i];

        for (j = i; j > 0 && finding_order(&r->findings[j - 1], &moved) > 0; j--)
            r->findings[j] = r->findings[j - 1];
        r->findings[j] = moved;
    }
}

const char *verdict_name(enum verdict v)
{
    static const char *const names[] = {"none", "confirmed", "ruled-out", "inconclusive"};

    return names[v];
}

const char *risk_name(enum risk r)
{
    static const char *const names[] = {"low", "medium", "high"};

    return names[r];
}

const char *symptom_name(enum symptom_state s)
{
    static const char *const names[] = {"unknown", "present", "absent"};

    return names[s];
}

const char *fix_status_name(enum fix_status s)
{
    static const char *const names[] = {"proposed", "applied",     "verified", "declined",
                                        "failed",   "rolled-back", "refused"};

    return names[s];
}

const char *host_status_name(enum host_status s)
{
    static const char *const names[] = {"healthy",     "cause-found", "inconclusive",
                                        "unreachable", "fixed",       "not-fixed",
                                        "failed",      "rolled-back", "refused"};

    return names[s];
}

int host_status_exit(enum host_status s)
{
    static const int exits[] = {
        [HOST_HEALTHY] = 0,     [HOST_CAUSE_FOUND] = 2, [HOST_INCONCLUSIVE] = 3,
        [HOST_UNREACHABLE] = 4, [HOST_FIXED] = 0,       [HOST_NOT_FIXED] = 7,
        [HOST_FAILED] = 6,      [HOST_ROLLED_BACK] = 6, [HOST_REFUSED] = 5,
    };

    return exits[s];
}

/* 8 above all: neither an error of ours nor a Ctrl-C (130 says that nothing is half done) may hide
 * a host that a person must look at. */
static int exit_rank(int code)
{
    static const int order[] = {0, 2, 3, 5, 4, 6, 7, 1, 64, 65, 130, 8};
    int i;

    for (i = (int)(sizeof order / sizeof *order) - 1; i > 0; i--)
        if (order[i] == code)
            return i;
    return code == 0 ? 0 : 7; /* a stranger counts as an internal error */
}

int exit_gravest(int a, int b)
{
    return exit_rank(a) >= exit_rank(b) ? a : b;
}
