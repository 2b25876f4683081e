/* world.c: a host made of answers. */
#include "world.h"
#include "base/argv.h"
#include "base/mem.h"
#include "io/target.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

unsigned world_runs, world_most, world_cancelled, world_max_turns;
bool world_twice;

static struct answer {
    char command[400], out[4000], err[200], why[100];
    enum outcome outcome;
    int code;
} answers[100];
static size_t answer_count;

static struct job {
    reader_done *done;
    void *data;
    char *command;
    size_t limit;
} jobs[200];
static size_t job_count;

struct loop_timer {
    void (*fire)(void *);
    void *data;
    bool stopped;
};
static struct loop_timer timers[20];
static size_t timer_count;

struct target {
    struct host host;
};
static struct target self = {.host.name = (char *)"web1"}, other;

struct target *world_target(void)
{
    return &self;
}

void world_clear(void)
{
    answer_count = job_count = timer_count = 0;
    world_runs = world_most = world_cancelled = world_max_turns = 0;
    world_twice = false;
}

void world_answer(const char *command, int code, const char *out, const char *err)
{
    struct answer *a = &answers[answer_count++];

    memset(a, 0, sizeof *a);
    strncpy(a->command, command, sizeof a->command - 1);
    strncpy(a->out, out, sizeof a->out - 1);
    strncpy(a->err, err, sizeof a->err - 1);
    a->code = code;
}

void world_outcome(const char *command, enum outcome o, const char *why)
{
    world_answer(command, -1, "", "");
    answers[answer_count - 1].outcome = o;
    strncpy(answers[answer_count - 1].why, why, 99);
}

/* ---- io/ ---- */

const char *outcome_name(enum outcome o)
{
    static const char *const names[] = {"exit", "signal",     "timeout", "lost", "no-status",
                                        "not-started", "unreachable", "refused"};
    return names[o];
}

const struct host *target_host(const struct target *t)
{
    return &t->host;
}

int reader_submit(struct target *t, const struct request *q, reader_done *done, void *data,
                  struct err *e)
{
    char *command = argv_text(q->argv);

    (void)t;
    if (strcmp(q->argv[0], "rm") == 0) {
        free(command);
        return err_set(e, ERR_REFUSED, "not in the catalogue");
    }
    jobs[job_count++] = (struct job){done, data, command, q->limit ? q->limit : 262144};
    world_runs++;
    if (job_count > world_most)
        world_most = (unsigned)job_count;
    return 0;
}

void reader_cancel(struct target *t, void *data)
{
    size_t i;

    (void)t;
    for (i = 0; i < job_count; i++) {
        if (jobs[i].data == data) {
            free(jobs[i].command);
            jobs[i] = jobs[--job_count];
            world_cancelled++;
            return;
        }
    }
}

static void answer_one(void)
{
    struct job j = jobs[0];
    struct result r = {.code = 1, .at_ms = 1700000000000, .why = NULL};
    struct answer *found = NULL;
    size_t i;

    memmove(jobs, jobs + 1, --job_count * sizeof *jobs);
    for (i = 0; i < answer_count; i++) {
        if (strcmp(answers[i].command, j.command) == 0)
            found = &answers[i];
    }
    buf_init(&r.out, j.limit);
    buf_init(&r.err, j.limit);
    if (found) {
        r.outcome = found->outcome;
        r.code = found->code;
        buf_puts(&r.out, found->out);
        buf_puts(&r.err, found->err);
        r.why = found->why;
    }
    j.done(j.data, &r);
    if (world_twice)
        j.done(j.data, &r);
    buf_release(&r.out);
    buf_release(&r.err);
    free(j.command);
}

struct loop_timer *loop_timer_start(struct loop *l, int64_t ms, void (*fire)(void *), void *data)
{
    (void)l;
    (void)ms;
    timers[timer_count] = (struct loop_timer){fire, data, false};
    return &timers[timer_count++];
}

void loop_timer_stop(struct loop_timer *t)
{
    if (t)
        t->stopped = true;
}

/* Only what is compiled is kept, and for all tests. */
void *loop_keep(struct loop *l, void *(*make)(struct loop *l), void (*drop)(void *kept))
{
    static void *kept;

    (void)drop;
    if (!kept)
        kept = make(l);
    return kept;
}

int loop_run(struct loop *l, const bool *done)
{
    unsigned turns = 0;

    (void)l;
    while (!*done && (timer_count || job_count)) {
        if (timer_count) {
            struct loop_timer t = timers[0];

            memmove(timers, timers + 1, --timer_count * sizeof *timers);
            if (!t.stopped)
                t.fire(t.data);
            continue;
        }
        if (world_max_turns && turns++ >= world_max_turns)
            return -1;
        answer_one();
    }
    return *done ? 0 : -1;
}

/* ---- playbooks ---- */

static void declare(struct pattern_at **list, size_t *count, const char *text)
{
    *list = mem_grow(*list, *count + 1, sizeof **list);
    memset(&(*list)[*count], 0, sizeof **list);
    if (pattern_parse_text(&(*list)[(*count)++].pattern, text, NULL) < 0)
        abort();
}

static void add_step(struct playbook *b, const char *id, const char *lua)
{
    b->steps = mem_grow(b->steps, b->step_count + 1, sizeof *b->steps);
    b->steps[b->step_count] = (struct step){.id = mem_dup(id),
                                            .title = mem_dup("a step"),
                                            .lua = mem_dup(lua),
                                            .lua_len = strlen(lua),
                                            .lua_line = 41,
                                            .line = 39};
    b->step_count++;
}

static void fill(struct playbook *b, const char *name)
{
    static const char *const commands[] = {
        "cat -- <path>", "tail -c <int> -- <path>", "ls -1A -- <path>", "readlink -f -- <path>",
        "stat -c %F|%a|%u|%g|%U|%G|%s|%Y|%i -- <path>", "ss -s", "id -u", "rm <text>",
        "nginx -t", "nginx -s reload"};
    size_t i;

    b->name = mem_dup(name);
    b->incident = mem_dup("nginx-502");
    b->file = mem_format("playbooks/nginx-502/%s.yaml", name);
    for (i = 0; i < sizeof commands / sizeof *commands; i++)
        declare(&b->commands, &b->command_count, commands[i]);
    declare(&b->files, &b->file_count, "/etc/nginx/<path>");
}

struct playbook *world_playbook(const char *name, ...)
{
    struct playbook *b = mem_alloc(sizeof *b);
    const char *id;
    va_list args;

    fill(b, name);
    va_start(args, name);
    while ((id = va_arg(args, const char *)))
        add_step(b, id, va_arg(args, const char *));
    va_end(args);
    return b;
}

struct incident *world_incident(const char *symptom, struct playbook *a, struct playbook *b)
{
    struct incident *i = mem_alloc(sizeof *i);

    fill(&i->symptom, "symptom");
    add_step(&i->symptom, "symptom", symptom);
    i->playbooks = mem_alloc(3 * sizeof *i->playbooks);
    if (a)
        i->playbooks[i->count++] = a;
    if (b)
        i->playbooks[i->count++] = b;
    return i;
}

static void empty(struct playbook *b)
{
    size_t i;

    for (i = 0; i < b->command_count; i++)
        pattern_release(&b->commands[i].pattern);
    for (i = 0; i < b->file_count; i++)
        pattern_release(&b->files[i].pattern);
    for (i = 0; i < b->step_count; i++) {
        free(b->steps[i].id);
        free(b->steps[i].title);
        free(b->steps[i].lua);
    }
    free(b->commands);
    free(b->files);
    free(b->steps);
    free(b->name);
    free(b->incident);
    free(b->file);
}

void world_free_incident(struct incident *i)
{
    size_t k;

    for (k = 0; k < i->count; k++) {
        empty(i->playbooks[k]);
        free(i->playbooks[k]);
    }
    empty(&i->symptom);
    free(i->playbooks);
    free(i);
}

/* ---- diagnoses ---- */

struct end {
    struct host_report *report;
    bool done;
};

static void keep(void *data, struct host_report *report)
{
    struct end *end = data;

    end->report = report;
    end->done = true;
}

static struct target *find_peer(void *data, const char *address)
{
    (void)data;
    return strcmp(address, "192.0.2.20") == 0 ? &other : NULL;
}

struct host_report *world_diagnose(struct incident *i, const struct diagnosis_options *more)
{
    struct diagnosis_options o = more ? *more : (struct diagnosis_options){0};
    struct end end = {NULL, false};
    struct diagnosis *d;
    struct err e = {0};

    self.host.name = (char *)"web1";
    other.host.name = (char *)"app1";
    self.host.vars = json_pack("{s:{s:s}}", "services", "8080", "backend");
    o.incident = i;
    o.peer = find_peer;
    if (!o.lua_folder)
        o.lua_folder = TEST_FOLDER "/lua";
    d = diagnosis_start(NULL, &self, &o, keep, &end, &e);
    if (d)
        loop_run(NULL, &end.done);
    diagnosis_free(d);
    json_decref(self.host.vars);
    self.host.vars = NULL;
    return end.report;
}

struct host_report *world_step(const char *lua)
{
    struct incident *i = world_incident("return present{summary = 's', url = 'http://x/'}",
                                        world_playbook("book", "look", lua, NULL), NULL);
    struct host_report *r = world_diagnose(i, NULL);

    world_free_incident(i);
    return r;
}

void world_free_report(struct host_report *r)
{
    if (r)
        host_report_release(r);
    free(r);
}
