/* diagnosis.c: the symptom first, then all playbooks side by side, then the report. */
#include "script/diagnosis.h"
#include "base/mem.h"
#include "script/chunk.h"
#include "io/loop.h"
#include "script/hostapi.h"
#include "script/params.h"
#include "script/task.h"
#include "script/verdict.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 100 };

struct play { /* one playbook on this host */
    struct task task;
    struct diagnosis *diagnosis;
    const struct playbook *book;
    struct finding draft;
    json_t *params;
    int found_ref;
    int steps; /* that were begun */
    bool over;
};

struct diagnosis {
    struct world world;
    struct loop *loop;
    struct loop_timer *timer; /* the beginning, later the end */
    struct diagnosis_options o;
    struct host_report report;
    struct play symptom;
    struct play *plays;             /* as many as the incident has playbooks */
    const struct evidence *unheard; /* of the symptom's, what it did not consider; or NULL */
    size_t running;
    int symptom_ref;
    void (*done)(void *data, struct host_report *report);
    void *done_data;
};

static void tell(struct diagnosis *d, const char *event, json_t *fields)
{
    if (d->o.on_event)
        d->o.on_event(d->o.data, d->report.host, event, fields);
    json_decref(fields);
}

/* ---- the end ---- */

static void settle_status(struct diagnosis *d)
{
    struct host_report *r = &d->report;
    size_t i;

    r->status = r->symptom == SYMPTOM_ABSENT ? HOST_HEALTHY : HOST_INCONCLUSIVE;
    for (i = 0; i < r->finding_count; i++) {
        if (r->findings[i].verdict == VERDICT_CONFIRMED)
            r->status = HOST_CAUSE_FOUND;
    }
    if (d->world.unreachable) { /* what was proposed so far, the other playbooks could not look at */
        for (i = 0; i < r->finding_count; i++)
            finding_drop_fixes(&r->findings[i]);
        r->status = HOST_UNREACHABLE;
        free(r->error);
        r->error = mem_dup(d->world.unreachable);
    }
}

/* `done` may free the diagnosis, so nothing is touched after it. */
static void hand_over(void *data)
{
    struct diagnosis *d = data;
    struct host_report *report = mem_alloc(sizeof *report);
    void (*done)(void *, struct host_report *) = d->done;
    void *done_data = d->done_data;

    d->timer = NULL;
    settle_status(d);
    *report = d->report;
    memset(&d->report, 0, sizeof d->report);
    d->report.host = mem_dup(report->host);
    host_report_order(report);
    done(done_data, report);
}

/* By way of the loop: the caller stands deep within a task's end. */
static void finish(struct diagnosis *d)
{
    if (!d->timer)
        d->timer = loop_timer_start(d->loop, 0, hand_over, d);
}

/* ---- a playbook ---- */

/* In the place of what the draft has so far.  Takes `reason`. */
static void be_inconclusive(struct play *p, char *reason)
{
    finding_release(&p->draft);
    p->draft.playbook = mem_dup(p->book->name);
    p->draft.verdict = VERDICT_INCONCLUSIVE;
    p->draft.reason = reason;
}

/* What the symptom's step did not hear, every playbook builds on. */
static void doubt(struct play *p)
{
    const struct finding *f = &p->draft;
    const struct evidence *missing = doubts_first(&p->task.doubts, f->evidence, f->evidence_count);

    if (!missing)
        missing = p->diagnosis->unheard;
    if (!missing || f->verdict == VERDICT_INCONCLUSIVE)
        return;
    be_inconclusive(p, doubt_text(missing));
    p->draft.evidence = doubt_evidence(missing);
    p->draft.evidence_count = 1;
}

static void take_finding(struct play *p)
{
    struct host_report *r = &p->diagnosis->report;

    doubt(p);
    r->findings = mem_grow(r->findings, r->finding_count + 1, sizeof *r->findings);
    r->findings[r->finding_count++] = p->draft;
    p->over = true;
    tell(p->diagnosis, "verdict",
         json_pack("{s:s,s:s}", "playbook", p->book->name, "verdict",
                   verdict_name(p->draft.verdict)));
    memset(&p->draft, 0, sizeof p->draft);
    if (--p->diagnosis->running == 0)
        finish(p->diagnosis);
}

/* The playbook itself is wrong: that proves nothing about the host. */
static void give_up(struct play *p, const char *error)
{
    be_inconclusive(p, mem_dup(error));
    p->draft.broken = true;
    take_finding(p);
}

/* 0, or -1 with `e` set. */
static int begin_step(struct play *p, const struct step *s, const char *kind, struct err *e)
{
    struct diagnosis *d = p->diagnosis;

    if (++p->steps > STEPS_MAX)
        return err_set(e, ERR_DATA, "%s:%zu: more than %d steps (in step \"%s\")", p->book->file,
                       s->line, STEPS_MAX, s->id);
    if (hostapi_push_globals(&d->world, kind, p->params, d->symptom_ref, p->found_ref, e) < 0)
        return -1;
    if (sandbox_load(d->world.sandbox.chunks, d->world.sandbox.L, p->book->file, s->lua,
                     s->lua_len, s->lua_line, e) < 0)
        return -1;
    task_start(&p->task, p->book->file, s->id);
    return 0;
}

static void tell_step(struct play *p, const struct step *s)
{
    tell(p->diagnosis, "step",
         json_pack("{s:s,s:s,s:s*}", "playbook", p->book->name, "step", s->id, "title", s->title));
}

static void go_on(struct play *p, const struct step *s)
{
    struct err e;

    tell_step(p, s);
    if (begin_step(p, s, "playbook", &e) < 0)
        give_up(p, e.text);
}

/* on_end of a playbook's task */
static void step_ended(struct task *t, int results, const char *error)
{
    struct play *p = t->data;
    enum ending how = error ? ENDING_NONE : hostapi_ending(t->co, results);
    const struct step *now = playbook_step(p->book, t->step);
    char *text;

    if (error) {
        give_up(p, error);
    } else if (how == ENDING_GO && t->next_step) {
        go_on(p, playbook_step(p->book, t->next_step));
    } else if (how == ENDING_VERDICT && p->draft.verdict != VERDICT_NONE) {
        take_finding(p);
    } else {
        text = mem_format("%s:%zu: step \"%s\" ends without return go, confirmed, ruled_out or "
                          "inconclusive",
                          p->book->file, now ? now->line : 0, t->step);
        give_up(p, text);
        free(text);
    }
}

/* ---- the symptom ---- */

static void start_plays(struct diagnosis *d)
{
    size_t i, count = d->o.incident->count;

    d->running = count;
    if (count == 0)
        finish(d);
    for (i = 0; i < count; i++)
        go_on(&d->plays[i], &d->plays[i].book->steps[0]);
}

static void keep_symptom(struct diagnosis *d)
{
    lua_State *L = d->world.sandbox.L;

    lua_rawgetp(L, LUA_REGISTRYINDEX, &d->symptom.task);
    d->symptom_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* "All is well" needs to have been heard too. */
static void doubt_symptom(struct diagnosis *d)
{
    struct host_report *r = &d->report;

    d->unheard =
        doubts_first(&d->symptom.task.doubts, r->symptom_evidence, r->symptom_evidence_count);
    if (d->unheard && r->symptom == SYMPTOM_ABSENT) {
        r->symptom = SYMPTOM_UNKNOWN;
        free(r->symptom_summary);
        r->symptom_summary = doubt_text(d->unheard);
    }
}

/* on_end of the symptom's task */
static void symptom_ended(struct task *t, int results, const char *error)
{
    struct play *p = t->data;
    struct diagnosis *d = p->diagnosis;
    static const char *const words[] = {"unknown", "present", "absent"};

    if (!error && hostapi_ending(t->co, results) != ENDING_VERDICT) {
        d->report.error = mem_format("%s:%zu: the symptom's step ends without return present, "
                                     "absent or unknown",
                                     p->book->file, p->book->steps[0].line);
    } else if (error) {
        d->report.symptom = SYMPTOM_UNKNOWN;
        d->report.error = mem_dup(error);
    }
    if (d->report.error || d->world.unreachable) {
        finish(d);
        return;
    }
    doubt_symptom(d);
    tell(d, "symptom",
         json_pack("{s:s,s:s*}", "state", words[d->report.symptom], "summary",
                   d->report.symptom_summary));
    keep_symptom(d);
    if (d->report.symptom == SYMPTOM_ABSENT)
        finish(d);
    else
        start_plays(d);
}

static void begin(void *data)
{
    struct diagnosis *d = data;
    struct play *p = &d->symptom;
    struct err e;

    d->timer = NULL;
    tell_step(p, &p->book->steps[0]);
    if (begin_step(p, &p->book->steps[0], "symptom", &e) < 0) {
        d->report.error = mem_dup(e.text);
        finish(d);
        return;
    }
    world_pump(&d->world);
}

/* ---- making and freeing ---- */

static int init_play(struct play *p, struct diagnosis *d, const struct playbook *b, struct err *e)
{
    lua_State *L = d->world.sandbox.L;

    p->diagnosis = d;
    p->book = b;
    task_init(&p->task, &d->world);
    p->task.name = b->name;
    p->task.incident = d->o.incident;
    p->task.playbook = b;
    p->task.on_end = step_ended;
    p->task.data = p;
    p->task.draft = &p->draft;
    lua_newtable(L);
    p->found_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    p->params = params_resolve(d->o.incident, b, d->o.params, e);
    return p->params ? 0 : -1;
}

static int init_plays(struct diagnosis *d, struct err *e)
{
    const struct incident *incident = d->o.incident;
    size_t i = incident->count;

    d->plays = mem_alloc((incident->count + 1) * sizeof *d->plays);
    while (i-- > 0) { /* tasks are put in front of each other: the first shall run first */
        if (init_play(&d->plays[i], d, incident->playbooks[i], e) < 0)
            return -1;
    }
    if (init_play(&d->symptom, d, &incident->symptom, e) < 0)
        return -1;
    d->symptom.task.on_end = symptom_ended;
    d->symptom.task.draft = &d->report;
    return 0;
}

struct diagnosis *diagnosis_start(struct loop *l, struct target *t,
                                  const struct diagnosis_options *o,
                                  void (*done)(void *data, struct host_report *report), void *data,
                                  struct err *e)
{
    struct diagnosis *d = mem_alloc(sizeof *d);

    d->loop = l;
    d->o = *o;
    d->done = done;
    d->done_data = data;
    d->symptom_ref = LUA_REFNIL;
    d->report.host = mem_dup(target_host(t)->name);
    json_incref(d->o.params);
    if (params_check(o->incident, o->params, e) < 0 ||
        world_init(&d->world, chunks_of(l), o->lua_folder, o->memory_max, e) < 0 ||
        init_plays(d, e) < 0) {
        diagnosis_free(d);
        return NULL;
    }
    world_add_target(&d->world, t);
    d->world.peer = o->peer;
    d->world.peer_data = o->data;
    if (o->budget)
        d->world.budget = o->budget;
    d->timer = loop_timer_start(l, 0, begin, d);
    return d;
}

static void release_play(struct play *p)
{
    task_release(&p->task);
    finding_release(&p->draft);
    json_decref(p->params);
}

void diagnosis_free(struct diagnosis *d)
{
    size_t i;

    if (!d)
        return;
    loop_timer_stop(d->timer);
    for (i = 0; d->plays && i < d->o.incident->count; i++)
        release_play(&d->plays[i]);
    release_play(&d->symptom);
    free(d->plays);
    world_release(&d->world);
    host_report_release(&d->report);
    json_decref(d->o.params);
    free(d);
}
