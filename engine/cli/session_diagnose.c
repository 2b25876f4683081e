/* session_diagnose.c: all hosts of a run are asked side by side, on the one loop. */
#include "cli/session.h"

#include "base/clock.h"
#include "base/mem.h"
#include "change/survey.h"
#include "change/units.h"
#include "cli/message.h"
#include "cli/reads.h"
#include "cli/report.h"
#include "script/diagnosis.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct session_host *find(struct session *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->host_count; i++)
        if (strcmp(s->hosts[i]->host->name, name) == 0)
            return s->hosts[i];
    return NULL;
}

/* How the host is reached, and why so, once it is known: into the record, and with -v before a
 * person's eyes. */
static void tell_way(struct session_host *h)
{
    const struct target *t = h->target;
    json_t *way;

    if (h->way_told)
        return;
    h->way_told = true;
    way =
        json_pack("{s:s, s:s, s:s?, s:s?, s:s?}", "host", h->host->name, "by", target_transport(t),
                  "why", target_way(t), "login", target_login(t), "note", target_note(t));
    /* `hosts --check` says it in its own words. */
    if (h->session->options->verbose && !h->session->options->check)
        report_way(&h->session->text, way);
    session_event(h->session, "way", h->host->name, way);
}

static void on_read(void *data, const struct host *host, const struct request *q,
                    const struct result *r)
{
    struct session_host *h = data;

    tell_way(h);
    reads_note(h->session, host, q, r);
}

static struct target *open_target(struct session_host *h, struct err *e)
{
    struct session *s = h->session;
    struct target_options options = {.timeout_ms = s->options->timeout_s * 1000,
                                     .asker = ask_terminal_asker(s->ask),
                                     .on_read = on_read,
                                     .replay = s->replay,
                                     .data = h};

    h->target = target_new(s->loop, h->host, &options, e);
    h->opened_ms = clock_monotonic_ms();
    return h->target;
}

struct target *session_target(struct session *s, const char *name, int64_t max_age_ms)
{
    struct session_host *h = find(s, name);
    struct err e = {0};

    if (!h) {
        const struct host *host = inventory_host(s->inventory, name);

        if (!host) {
            message("host \"%s\" is not in the inventory", name);
            return NULL;
        }
        h = session_add_host(s, host);
        if (s->record) {
            json_t *line = session_host_line(host);

            json_object_set_new(line, "peer", json_true());
            record_add(s->record, "host", line);
        }
    }
    if (h->target && clock_monotonic_ms() - h->opened_ms > max_age_ms) {
        target_free(h->target);
        h->target = NULL;
    }
    if (!h->target && !open_target(h, &e))
        message_err(&e);
    return h->target;
}

/* A diagnosis goes on on the backend's host, if the inventory knows who that is. */
static struct target *peer(void *data, const char *address)
{
    struct session_host *from = data;
    const struct host *host = inventory_by_address(from->session->inventory, address);

    return host ? session_target(from->session, host->name, INT_MAX) : NULL;
}

static void on_event(void *data, const char *host, const char *event, json_t *fields)
{
    struct session_host *h = data;

    session_event(h->session, event, host, json_incref(fields));
}

static void on_done(void *data, struct host_report *report)
{
    struct session_host *h = data;
    struct session *s = h->session;

    host_report_release(&s->document->hosts[h->report]);
    s->document->hosts[h->report] = *report;
    free(report);
    s->running--;
    s->idle = s->running == 0;
}

static void on_survey(void *data, struct survey_found *found)
{
    struct session_host *h = data;
    struct session *s = h->session;

    h->survey = NULL;
    h->found = mem_alloc(sizeof *h->found);
    *h->found = *found;
    s->running--;
    s->idle = s->running == 0;
}

/* Into the reports, once all of them are there: a fix may be for another host than its report's. */
static void tell_found(struct session *s)
{
    struct document *d = s->document;
    size_t i, j, k;

    for (i = 0; i < d->host_count; i++) {
        struct host_report *r = &d->hosts[i];
        struct session_host *h = find(s, r->host);

        if (h && h->found && h->found->unfinished)
            r->unfinished = mem_dup(h->found->unfinished);
        for (j = 0; j < r->finding_count; j++)
            for (k = 0; k < r->findings[j].fix_count; k++) {
                struct fix *f = &r->findings[j].fixes[k];

                h = find(s, f->host);
                if (h && h->found)
                    f->over_budget = survey_over_budget(h->found, f->id);
            }
    }
}

static void on_units(void *data)
{
    *(bool *)data = true;
}

/* When the units were started that the fixes are for; on whatever host a fix is.  -1: interrupted. */
static int ask_units(struct session *s)
{
    struct document *d = s->document;
    size_t i, j, k;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            for (k = 0; k < d->hosts[i].findings[j].fix_count; k++) {
                struct fix *f = &d->hosts[i].findings[j].fixes[k];
                struct session_host *h = find(s, f->host);
                bool done = false;
                struct units *u = h && h->target ? units_start(h->target, f, on_units, &done) : NULL;

                if (u && loop_run(s->loop, &done) != 0 && !done) {
                    units_cancel(u);
                    return -1;
                }
            }
    return 0;
}

static void fail(struct session *s, struct session_host *h, enum host_status status,
                 const char *why)
{
    struct host_report *r = &s->document->hosts[h->report];

    host_report_release(r);
    r->host = mem_dup(h->host->name);
    r->status = status;
    r->error = mem_dup(why);
}

static void start(struct session *s, struct session_host *h)
{
    struct diagnosis_options options = {.incident = s->incident,
                                        .lua_folder = s->lua,
                                        .params = s->params,
                                        .peer = peer,
                                        .on_event = on_event,
                                        .data = h};
    struct err e = {0};

    if (h->target || open_target(h, &e))
        h->diagnosis = diagnosis_start(s->loop, h->target, &options, on_done, h, &e);
    if (h->diagnosis) {
        s->running++;
        h->survey = survey_start(h->target, on_survey, h);
        s->running += h->survey != NULL;
        return;
    }
    message_err(&e);
    fail(s, h, e.code == ERR_UNREACHABLE ? HOST_UNREACHABLE : HOST_FAILED, e.text);
}

static bool any_confirmed(const struct document *d)
{
    size_t i, j;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            if (d->hosts[i].findings[j].verdict == VERDICT_CONFIRMED)
                return true;
    return false;
}

static bool any_broken(const struct document *d)
{
    size_t i, j;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++)
            if (d->hosts[i].findings[j].broken)
                return true;
    return false;
}

static bool was_changed(const struct host_report *r)
{
    size_t i, j;

    for (i = 0; i < r->finding_count; i++)
        for (j = 0; j < r->findings[i].fix_count; j++)
            if (r->findings[i].fixes[j].status != FIX_PROPOSED &&
                r->findings[i].fixes[j].status != FIX_DECLINED)
                return true;
    return false;
}

int session_code(const struct session *s)
{
    const struct document *d = s->document;
    int code = 0;
    size_t i;

    for (i = 0; i < d->host_count; i++) {
        const struct host_report *r = &d->hosts[i];

        if (r->put_back_failed)
            code = exit_gravest(code, 8);
        /* A diagnosis that failed is an error of ours; a change that failed has its own code. */
        else if (r->status != HOST_FAILED)
            code = exit_gravest(code, host_status_exit(r->status));
        else if (!was_changed(r))
            code = exit_gravest(code, ERR_INTERNAL);
    }
    return any_broken(d) && !any_confirmed(d) ? ERR_DATA : code;
}

static void stop(struct session *s, const char *why)
{
    size_t i;

    for (i = 0; i < s->selected; i++) {
        struct session_host *h = s->hosts[i];

        if (!s->document->hosts[h->report].host)
            fail(s, h, HOST_FAILED, why);
    }
}

/* Also what is still in the middle: nothing of a diagnosis is left on a host. */
static void release_diagnoses(struct session *s)
{
    size_t i;

    for (i = 0; i < s->selected; i++) {
        survey_cancel(s->hosts[i]->survey);
        s->hosts[i]->survey = NULL;
        diagnosis_free(s->hosts[i]->diagnosis);
        s->hosts[i]->diagnosis = NULL;
    }
}

int session_diagnose(struct session *s)
{
    struct document *d = s->document;
    size_t i;
    int rc;

    d->hosts = mem_alloc((s->selected ? s->selected : 1) * sizeof *d->hosts);
    d->host_count = s->selected;
    for (i = 0; i < s->selected; i++) {
        s->hosts[i]->report = i;
        start(s, s->hosts[i]);
    }
    s->idle = s->running == 0;
    rc = s->idle ? 0 : loop_run(s->loop, &s->idle);
    if (rc != 0)
        stop(s, loop_interrupted(s->loop) ? "interrupted" : "the diagnosis did not come to an end");
    release_diagnoses(s);
    tell_found(s);
    if (rc == 0)
        rc = ask_units(s);
    d->playbooks_sha256 = mem_alloc(65);
    session_fingerprint(s, d, d->playbooks_sha256);
    if (rc != 0 && loop_interrupted(s->loop)) {
        loop_uninterrupt(s->loop);
        message("interrupted; nothing was changed");
        return 130;
    }
    return session_code(s);
}
