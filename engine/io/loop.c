/* loop.c: the one event loop, on libuv. */
#include "io/loop_uv.h"

#include "base/mem.h"

#include <signal.h>
#include <stdlib.h>

enum { LOOP_SIGNALS = 3 };

struct kept {
    struct kept *next;
    void *thing;
    void (*drop)(void *);
};

struct loop {
    uv_loop_t uv;
    uv_signal_t signals[LOOP_SIGNALS];
    bool interrupted;
    struct kept *kept; /* the newest first */
};

struct loop_timer {
    uv_timer_t uv;
    void (*fire)(void *);
    void *data;
};

static void on_signal(uv_signal_t *handle, int signum)
{
    struct loop *l = handle->data;

    (void)signum;
    l->interrupted = true;
    uv_stop(&l->uv);
}

/* nohup(1) means it. */
static bool is_ignored(int number)
{
    struct sigaction now;

    return sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_IGN;
}

struct loop *loop_new(struct err *e)
{
    /* A terminal that closes is an interruption as any other: the host is told, the record closed.
     */
    static const int numbers[LOOP_SIGNALS] = {SIGINT, SIGTERM, SIGHUP};
    struct loop *l = mem_alloc(sizeof *l);
    int i, rc = uv_loop_init(&l->uv);

    if (rc) {
        free(l);
        err_set(e, ERR_INTERNAL, "cannot make an event loop: %s", uv_strerror(rc));
        return NULL;
    }
    /* A command that ends early must not end us when we write to it. */
    signal(SIGPIPE, SIG_IGN);
    for (i = 0; i < LOOP_SIGNALS; i++) {
        uv_signal_init(&l->uv, &l->signals[i]);
        l->signals[i].data = l;
        if (numbers[i] != SIGHUP || !is_ignored(SIGHUP))
            uv_signal_start(&l->signals[i], on_signal, numbers[i]);
        uv_unref((uv_handle_t *)&l->signals[i]);
    }
    return l;
}

/* Each may still need one that was made before it. */
static void drop_kept(struct loop *l)
{
    while (l->kept) {
        struct kept *k = l->kept;

        l->kept = k->next;
        k->drop(k->thing);
        free(k);
    }
}

void loop_free(struct loop *l)
{
    int i;

    if (!l)
        return;
    drop_kept(l);
    for (i = 0; i < LOOP_SIGNALS; i++)
        uv_close((uv_handle_t *)&l->signals[i], NULL);
    /* What was freed may still be closing: children get a moment to end (io/local.c bounds it). */
    do
        uv_run(&l->uv, UV_RUN_DEFAULT);
    while (uv_loop_close(&l->uv) == UV_EBUSY && uv_loop_alive(&l->uv));
    free(l);
}

int loop_run(struct loop *l, const bool *done)
{
    while (!*done && !l->interrupted)
        if (!uv_run(&l->uv, UV_RUN_ONCE) && !*done)
            return -1;
    return *done && !l->interrupted ? 0 : -1;
}

bool loop_interrupted(const struct loop *l)
{
    return l->interrupted;
}

void loop_uninterrupt(struct loop *l)
{
    l->interrupted = false;
}

void *loop_keep(struct loop *l, void *(*make)(struct loop *l), void (*drop)(void *kept))
{
    struct kept *k;

    for (k = l->kept; k; k = k->next)
        if (k->drop == drop)
            return k->thing;
    k = mem_alloc(sizeof *k);
    k->thing = make(l); /* may keep something itself */
    k->drop = drop;
    k->next = l->kept;
    l->kept = k;
    return k->thing;
}

uv_loop_t *loop_uv(struct loop *l)
{
    return &l->uv;
}

static void on_timer_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_timer(uv_timer_t *handle)
{
    struct loop_timer *t = handle->data;

    uv_close((uv_handle_t *)&t->uv, on_timer_closed);
    t->fire(t->data);
}

struct loop_timer *loop_timer_start(struct loop *l, int64_t ms, void (*fire)(void *), void *data)
{
    struct loop_timer *t = mem_alloc(sizeof *t);

    t->fire = fire;
    t->data = data;
    uv_timer_init(&l->uv, &t->uv);
    t->uv.data = t;
    /* libuv counts from the loop's idea of now, which is old after long work. */
    uv_update_time(&l->uv);
    uv_timer_start(&t->uv, on_timer, ms > 0 ? (uint64_t)ms : 0, 0);
    return t;
}

void loop_timer_stop(struct loop_timer *t)
{
    if (t && !uv_is_closing((uv_handle_t *)&t->uv))
        uv_close((uv_handle_t *)&t->uv, on_timer_closed);
}

struct loop_watch {
    uv_poll_t uv;
    void (*ready)(void *);
    void *data;
};

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_watched(uv_poll_t *handle, int status, int events)
{
    struct loop_watch *w = handle->data;

    (void)status; /* an error is what the read will tell */
    (void)events;
    w->ready(w->data);
}

struct loop_watch *loop_watch_start(struct loop *l, int fd, void (*ready)(void *), void *data)
{
    struct loop_watch *w = mem_alloc(sizeof *w);

    w->ready = ready;
    w->data = data;
    if (uv_poll_init(&l->uv, &w->uv, fd)) {
        free(w);
        return NULL;
    }
    w->uv.data = w;
    uv_poll_start(&w->uv, UV_READABLE | UV_DISCONNECT, on_watched);
    return w;
}

void loop_watch_stop(struct loop_watch *w)
{
    if (w && !uv_is_closing((uv_handle_t *)&w->uv))
        uv_close((uv_handle_t *)&w->uv, on_watch_closed);
}
