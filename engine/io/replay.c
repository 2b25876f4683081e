/* replay.c: transport "replay": answers from a record instead of a host.
 *
 * The n-th time that an argv is asked for, it gets the n-th answer that the record has for
 * it, and the last one ever after.  What was never asked is lost: nobody knows. */
#include "io/transport.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/result.h"
#include "model/base64.h"
#include "model/record.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct saved {
    char **argv;
    json_t *line; /* borrowed from the record */
    bool used;
};

struct replay {
    json_t *record;
    struct saved *saved;
    size_t count;
};

struct replay_worker {
    struct worker base;
    struct replay *replay;
    struct loop_timer *ready;
};

/* ---- one line of a record ---- */

static char **saved_argv(const json_t *line)
{
    const json_t *words = json_object_get(line, "argv");
    char **argv = mem_alloc(sizeof *argv);
    size_t i;

    for (i = 0; i < json_array_size(words); i++) {
        const char *word = json_string_value(json_array_get(words, i));

        argv = argv_add(argv, word ? word : "");
    }
    return argv;
}

/* `name` as text, or `name`_base64 where the bytes were none.  -1: that is broken. */
static int saved_bytes(const json_t *line, const char *name, struct buf *b)
{
    char *coded = mem_format("%s_base64", name), *cut = mem_format("%s_cut", name);
    const json_t *text = json_object_get(line, name);
    const char *base64 = json_string_value(json_object_get(line, coded));
    size_t n = 0;
    char *bytes = base64 ? base64_decode(base64, &n) : NULL;

    if (bytes)
        buf_add(b, bytes, n);
    else if (json_is_string(text))
        buf_add(b, json_string_value(text), json_string_length(text));
    b->cut = b->cut || json_is_true(json_object_get(line, cut));
    free(bytes);
    free(coded);
    free(cut);
    return base64 && !bytes ? -1 : 0;
}

static int64_t saved_time(const json_t *at)
{
    struct tm tm = {0};
    const char *rest;

    if (json_is_integer(at))
        return json_integer_value(at);
    rest = json_is_string(at) ? strptime(json_string_value(at), "%Y-%m-%dT%H:%M:%S", &tm) : NULL;
    if (!rest)
        return 0;
    return (int64_t)timegm(&tm) * 1000 + (*rest == '.' ? (int64_t)(atof(rest) * 1000 + 0.5) : 0);
}

static enum outcome saved_outcome(const char *name)
{
    int o;

    for (o = OUTCOME_EXIT; name && o <= OUTCOME_UNREACHABLE; o++)
        if (strcmp(outcome_name((enum outcome)o), name) == 0)
            return (enum outcome)o;
    return OUTCOME_LOST;
}

static void saved_result(const json_t *line, struct result *r)
{
    const json_t *code = json_object_get(line, "code");

    r->outcome = saved_outcome(json_string_value(json_object_get(line, "outcome")));
    r->code = json_is_integer(code) ? (int)json_integer_value(code) : -1;
    r->at_ms = saved_time(json_object_get(line, "at"));
    r->took_ms = json_integer_value(json_object_get(line, "took_ms"));
    r->why = mem_dup(json_string_value(json_object_get(line, "why")));
    if (saved_bytes(line, "out", &r->out) == 0 && saved_bytes(line, "err", &r->err) == 0)
        return;
    /* No output is an answer too, so what cannot be decoded must not look like one. */
    r->outcome = OUTCOME_LOST;
    r->code = -1;
    free(r->why);
    r->why = mem_dup("the record is damaged: its base64 cannot be read");
}

/* ---- the record ---- */

static json_t *replay_next(struct replay *p, char *const *argv)
{
    json_t *last = NULL;
    size_t i;

    for (i = 0; i < p->count; i++) {
        if (!argv_equal(p->saved[i].argv, argv))
            continue;
        last = p->saved[i].line;
        if (!p->saved[i].used) {
            p->saved[i].used = true;
            break;
        }
    }
    return last;
}

static void replay_disconnect(void *connection)
{
    struct replay *p = connection;
    size_t i;

    for (i = 0; i < p->count; i++)
        argv_free(p->saved[i].argv);
    free(p->saved);
    json_decref(p->record);
    free(p);
}

static bool line_is_read_of(const json_t *line, const char *host)
{
    const char *kind = json_string_value(json_object_get(line, "kind"));
    const char *name = json_string_value(json_object_get(line, "host"));

    return kind && strcmp(kind, "read") == 0 && (!name || strcmp(name, host) == 0);
}

static void *replay_connect(struct loop *l, const struct host *h, const struct target_options *o,
                            struct err *e)
{
    json_t *record = record_load(o->replay, e);
    struct replay *p;
    size_t i;

    (void)l;
    if (!record)
        return NULL;
    p = mem_alloc(sizeof *p);
    p->record = record;
    p->saved = mem_alloc((json_array_size(record) + 1) * sizeof *p->saved);
    for (i = 0; i < json_array_size(record); i++) {
        json_t *line = json_array_get(record, i);

        if (!line_is_read_of(line, h->name))
            continue;
        p->saved[p->count].argv = saved_argv(line);
        p->saved[p->count++].line = line;
    }
    return p;
}

/* ---- its workers ---- */

static void replay_run(struct worker *base, const struct request *q)
{
    struct replay_worker *w = (struct replay_worker *)base;
    json_t *line = replay_next(w->replay, q->argv);
    struct result r;

    result_init(&r, q->limit);
    if (line)
        saved_result(line, &r);
    else
        r.why = mem_dup("not in the record");
    base->calls->done(base->data, &r, WORKER_IDLES);
}

static void replay_close(struct worker *base)
{
    struct replay_worker *w = (struct replay_worker *)base;

    loop_timer_stop(w->ready);
    free(w);
}

static void replay_ready(void *data)
{
    struct replay_worker *w = data;

    w->ready = NULL;
    w->base.calls->ready(w->base.data);
}

static struct worker *replay_worker(void *connection, struct loop *l,
                                    const struct worker_calls *calls, void *data, struct err *e)
{
    static const struct worker_ops ops = {replay_run, replay_close};
    struct replay_worker *w = mem_alloc(sizeof *w);

    (void)e;
    w->base.ops = &ops;
    w->base.calls = calls;
    w->base.data = data;
    w->replay = connection;
    w->ready = loop_timer_start(l, 0, replay_ready, w);
    return &w->base;
}

const struct transport transport_replay = {"replay",      replay_connect,    NULL,
                                           replay_worker, replay_disconnect, NULL};
