/* relay.c: a stream whose way to the host is not there yet, or turns out to be the wrong one. */
#include "io/relay.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>

enum { RELAY_MAX = 64 << 20 }; /* more than the largest change */

struct relay {
    struct stream base;
    const struct relay_calls *owner_calls;
    void *owner;
    struct stream *inner; /* NULL: waits for one */
    struct buf sent;      /* until the host has said something */
    bool heard, shut, held, ended;
};

static void relay_write(struct stream *base, const void *data, size_t n)
{
    struct relay *r = (struct relay *)base;

    if (!r->heard)
        buf_add(&r->sent, data, n);
    if (r->inner)
        r->inner->ops->write(r->inner, data, n);
}

static void relay_shut(struct stream *base)
{
    struct relay *r = (struct relay *)base;

    r->shut = true;
    if (r->inner)
        r->inner->ops->shut(r->inner);
}

static void relay_hold(struct stream *base, bool hold)
{
    struct relay *r = (struct relay *)base;

    r->held = hold;
    if (r->inner)
        r->inner->ops->hold(r->inner, hold);
}

static void relay_close(struct stream *base, enum stream_close how)
{
    struct relay *r = (struct relay *)base;

    if (r->inner)
        r->inner->ops->close(r->inner, how);
    r->owner_calls->gone(r->owner, r);
    buf_release(&r->sent);
    free(r);
}

static const struct stream_ops relay_ops = {relay_write, relay_shut, relay_hold, relay_close};

static void on_begun(void *data)
{
    struct relay *r = data;

    r->base.calls->begun(r->base.data);
}

static void on_out(void *data, const char *bytes, size_t n)
{
    struct relay *r = data;

    if (!r->heard)
        buf_release(&r->sent);
    r->heard = true;
    r->base.calls->out(r->base.data, bytes, n);
}

static void on_err(void *data, const char *bytes, size_t n)
{
    struct relay *r = data;

    r->base.calls->err(r->base.data, bytes, n);
}

static void on_end(void *data, const struct stream_end *told)
{
    struct relay *r = data;
    struct stream_end end = *told;

    if (r->owner_calls->over(r->owner, r, &end, !r->heard && !r->sent.cut))
        return;
    r->ended = true;
    r->base.calls->end(r->base.data, &end);
}

const struct stream_calls *relay_inner_calls(void)
{
    static const struct stream_calls calls = {on_begun, on_out, on_err, on_end};

    return &calls;
}

struct relay *relay_new(const struct relay_calls *owner_calls, void *owner,
                        const struct stream_calls *calls, void *data)
{
    struct relay *r = mem_alloc(sizeof *r);

    r->base = (struct stream){&relay_ops, calls, data, .far = true};
    r->owner_calls = owner_calls;
    r->owner = owner;
    r->held = true;
    buf_init(&r->sent, RELAY_MAX);
    return r;
}

struct stream *relay_stream(struct relay *r)
{
    return &r->base;
}

bool relay_waits(const struct relay *r)
{
    return !r->inner && !r->ended;
}

void relay_attach(struct relay *r, struct stream *inner, bool opening)
{
    if (r->inner)
        r->inner->ops->close(r->inner, STREAM_KILL);
    r->inner = inner;
    if (opening)
        r->base.far = inner->far;
    if (r->sent.len)
        inner->ops->write(inner, r->sent.data, r->sent.len);
    if (r->shut)
        inner->ops->shut(inner);
    if (!r->held)
        inner->ops->hold(inner, false);
    if (!opening && !inner->far)
        r->base.calls->begun(r->base.data);
}

void relay_end(struct relay *r, const char *why)
{
    struct stream_end end = {.kind = STREAM_LOST, .code = -1, .why = why};

    r->ended = true;
    r->base.calls->end(r->base.data, &end);
}
