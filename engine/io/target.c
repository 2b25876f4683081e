/* target.c: one host and the way to it. */
#include "io/target_inside.h"

#include "base/mem.h"
#include "io/ssh.h"

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
    if (!name)
        name = strcmp(h->name, "localhost") == 0 ? "local" : "ssh";
    if (strcmp(name, "local") == 0)
        return &transport_local;
    if (strcmp(name, "ssh") == 0)
        return &transport_ssh;
    if (strcmp(name, "openssh") == 0)
        err_set(e, ERR_UNREACHABLE, "transport \"%s\" is not built in yet", name);
    else if (strcmp(name, "replay") == 0)
        err_set(e, ERR_DATA, "no record to replay for host \"%s\"", h->name);
    else
        err_set(e, ERR_DATA, "unknown transport \"%s\" of host \"%s\"", name, h->name);
    return NULL;
}

struct target *target_new(struct loop *l, const struct host *h, const struct target_options *o,
                          struct err *e)
{
    static const struct target_options none;
    const struct transport *transport;
    struct target *t;
    void *connection;

    o = o ? o : &none;
    transport = target_choose(h, o, e);
    connection = transport ? transport->connect(l, h, o, e) : NULL;
    if (!connection)
        return NULL;
    t = mem_alloc(sizeof *t);
    t->loop = l;
    t->host = h;
    t->options = *o;
    t->options.replay = NULL; /* the caller's string */
    if (t->options.timeout_ms <= 0)
        t->options.timeout_ms = TARGET_TIMEOUT_MS;
    if (t->options.workers <= 0)
        t->options.workers = TARGET_WORKERS;
    t->transport = transport;
    t->connection = connection;
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
    return t->transport->name;
}
