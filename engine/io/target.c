/* target.c: one host and the way to it. */
#include "io/target_inside.h"

#include "base/mem.h"
#include "io/openssh.h"
#include "io/way.h"

#include <stdlib.h>
#include <string.h>

enum { TARGET_TIMEOUT_MS = 120 * 1000, TARGET_WORKERS = 4 };

/* A record wins over everything: who replays must never touch the real host. */
static const struct transport *target_choose(const struct host *h, const struct target_options *o,
                                             struct err *e)
{
    const char *name = h->transport;

    if (o->replay)
        return &transport_replay;
    if (h->unusable) {
        err_set(e, ERR_UNREACHABLE, "host \"%s\" cannot be used: %s", h->name, h->unusable);
        return NULL;
    }
    if (!name)
        name = strcmp(h->name, "localhost") == 0 ? "local" : "ssh";
    if (strcmp(name, "local") == 0)
        return &transport_local;
    if (strcmp(name, "ssh") == 0)
        return &transport_way;
    if (strcmp(name, "openssh") == 0)
        return &transport_openssh;
    if (strcmp(name, "replay") == 0)
        err_set(e, ERR_DATA, "no record to replay for host \"%s\"", h->name);
    else
        err_set(e, ERR_DATA, "unknown transport \"%s\" of host \"%s\"", name, h->name);
    return NULL;
}

/* ---- questions ---- */

struct asking {
    struct target *target;
    struct ask *real;
    ask_answer *answer;
    void *data;
};

static void on_answer(void *data, const char *answer)
{
    struct asking *a = data, it = *a;

    free(a);
    pool_resume(it.target);
    it.answer(it.data, answer);
}

static struct ask *ask_start(void *data, const struct ask_question *q, ask_answer *answer,
                             void *answer_data)
{
    struct target *t = data;
    struct asking *a = mem_alloc(sizeof *a);

    *a = (struct asking){t, NULL, answer, answer_data};
    pool_pause(t);
    a->real = t->asker->start(t->asker->data, q, on_answer, a);
    return (struct ask *)a;
}

static void ask_cancel(void *data, struct ask *ask)
{
    struct target *t = data;
    struct asking *a = (struct asking *)ask;

    t->asker->cancel(t->asker->data, a->real);
    free(a);
    if (!t->freed)
        pool_resume(t);
}

/* ---- life ---- */

struct target *target_new(struct loop *l, const struct host *h, const struct target_options *o,
                          struct err *e)
{
    static const struct target_options none;
    const struct transport *transport;
    struct target_options theirs;
    struct target *t;

    o = o ? o : &none;
    theirs = *o;
    transport = target_choose(h, o, e);
    if (!transport)
        return NULL;
    t = mem_alloc(sizeof *t);
    t->loop = l;
    t->host = h;
    t->asker = o->asker;
    t->own = (struct asker){ask_start, ask_cancel, t};
    theirs.asker = o->asker ? &t->own : NULL;
    t->connection = transport->connect(l, h, &theirs, e);
    if (!t->connection) {
        free(t);
        return NULL;
    }
    t->options = *o;
    t->options.replay = NULL; /* the caller's string */
    if (t->options.timeout_ms <= 0)
        t->options.timeout_ms = TARGET_TIMEOUT_MS;
    if (t->options.workers <= 0)
        t->options.workers = TARGET_WORKERS;
    t->transport = transport;
    pool_init(t);
    return t;
}

void target_free(struct target *t)
{
    if (!t || t->freed)
        return;
    t->freed = true;
    changer_release(t);
    pool_release(t);
    t->transport->disconnect(t->connection);
    reader_release(t); /* last: frees `t`, later if it is telling somebody right now */
}

const struct host *target_host(const struct target *t)
{
    return t->host;
}

struct loop *target_loop(const struct target *t)
{
    return t->loop;
}

const char *target_transport(const struct target *t)
{
    return t->transport == &transport_way ? way_name(t->connection) : t->transport->name;
}

const char *target_way(const struct target *t)
{
    return t->transport == &transport_way ? way_why(t->connection) : NULL;
}

static const struct ssh_settings *settings_of(const struct target *t)
{
    return t->transport->settings ? t->transport->settings(t->connection) : NULL;
}

const char *target_login(const struct target *t)
{
    const struct ssh_settings *s = settings_of(t);

    return s ? s->user : NULL;
}

const char *target_note(const struct target *t)
{
    const struct ssh_settings *s = settings_of(t);

    return s ? s->note : NULL;
}
