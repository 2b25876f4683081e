/* way.c: transport "ssh" as the rest sees it.
 *
 * libssh2 is tried first.  Where it says that the system's ssh could do better, by the host's
 * settings or after a login that failed, the streams that have not heard a word of the host yet
 * go on over that one, and so do all later ones. */
#include "io/way.h"

#include "base/mem.h"
#include "io/openssh.h"
#include "io/relay.h"
#include "io/ssh.h"

#include <stdlib.h>

struct trip {
    struct trip *next;
    struct relay *relay;
    char *program;
    bool changed; /* it goes over openssh: there is no third way */
};

struct way {
    struct loop *loop;
    const struct host *host;
    struct target_options options;
    void *ssh, *openssh;
    char *why;   /* it is openssh */
    char *stuck; /* it should be, and there is none */
    struct trip *trips;
};

static struct trip *find(const struct way *w, const struct relay *r)
{
    struct trip *t = w->trips;

    while (t && t->relay != r)
        t = t->next;
    return t;
}

/* Once for all streams. */
static bool change_way(struct way *w, const char *better, struct stream_end *end)
{
    struct err e = {0};

    if (w->openssh)
        return true;
    w->openssh = transport_openssh.connect(w->loop, w->host, &w->options, &e);
    if (w->openssh) {
        w->why = mem_dup(better);
        return true;
    }
    free(w->stuck);
    w->stuck = mem_format("%s; %s", end->why ? end->why : better, e.text);
    end->why = w->stuck;
    return false;
}

static bool trip_over(void *owner, struct relay *r, struct stream_end *end, bool fresh)
{
    struct way *w = owner;
    struct trip *t = find(w, r);
    const char *better = w->openssh ? w->why : ssh_better(w->ssh);
    struct stream *inner;
    struct err e = {0};

    if (t->changed || !fresh || end->kind != STREAM_LOST || end->crowded || !better)
        return false;
    if (!change_way(w, better, end))
        return false;
    t->changed = true;
    inner = transport_openssh.open(w->openssh, t->program, relay_inner_calls(), r, &e);
    if (!inner)
        return false;
    relay_attach(r, inner, false);
    return true;
}

static void trip_gone(void *owner, struct relay *r)
{
    struct way *w = owner;
    struct trip **at = &w->trips, *t;

    while ((*at)->relay != r)
        at = &(*at)->next;
    t = *at;
    *at = t->next;
    free(t->program);
    free(t);
}

static const struct relay_calls trip_calls = {trip_over, trip_gone};

static struct stream *way_open(void *connection, const char *program,
                               const struct stream_calls *calls, void *data, struct err *e)
{
    struct way *w = connection;
    struct trip *t;
    struct stream *inner;

    if (w->openssh)
        return transport_openssh.open(w->openssh, program, calls, data, e);
    t = mem_alloc(sizeof *t);
    t->program = mem_dup(program);
    t->relay = relay_new(&trip_calls, w, calls, data);
    t->next = w->trips;
    w->trips = t;
    inner = transport_ssh.open(w->ssh, program, relay_inner_calls(), t->relay, e);
    if (inner) {
        relay_attach(t->relay, inner, true);
        return relay_stream(t->relay);
    }
    relay_stream(t->relay)->ops->close(relay_stream(t->relay), STREAM_KILL);
    return NULL;
}

static void *way_connect(struct loop *l, const struct host *h, const struct target_options *o,
                         struct err *e)
{
    void *ssh = transport_ssh.connect(l, h, o, e);
    struct way *w;

    if (!ssh)
        return NULL;
    w = mem_alloc(sizeof *w);
    w->loop = l;
    w->host = h;
    w->options = *o;
    w->ssh = ssh;
    return w;
}

static void way_disconnect(void *connection)
{
    struct way *w = connection;

    transport_ssh.disconnect(w->ssh);
    if (w->openssh)
        transport_openssh.disconnect(w->openssh);
    free(w->why);
    free(w->stuck);
    free(w);
}

const char *way_name(const void *connection)
{
    return ((const struct way *)connection)->openssh ? "openssh" : "ssh";
}

const char *way_why(const void *connection)
{
    return ((const struct way *)connection)->why;
}

static const struct ssh_settings *way_settings(const void *connection)
{
    return transport_ssh.settings(((const struct way *)connection)->ssh);
}

const struct transport transport_way = {"ssh", way_connect,    way_open,
                                        NULL,  way_disconnect, way_settings};
