/* ssh_dial.c: from a name to a connected socket. */
#include "io/ssh_dial.h"

#include "base/mem.h"
#include "io/loop_uv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    TRIES_MAX = 8,
    STAGGER_MS = 250, /* RFC 8305, section 5: the delay before the next address */
    ADDRESS_TEXT = 64,
};

struct
try {
    struct ssh_dial *dial;
    uv_poll_t poll;
    int fd; /* -1: not begun, or failed */
    bool polled;
    struct sockaddr_storage address;
    socklen_t size;
};

struct ssh_dial {
    struct loop *loop;
    char *name;
    int port, timeout_ms;
    uv_getaddrinfo_t query;
    bool querying, finished; /* finished: goes when its handles are closed */
    int handles;
    struct try tries[TRIES_MAX];
    int count, begun, failed;
    struct loop_timer *deadline, *stagger;
    struct err err; /* of the last address that failed */
    void (*done)(void *, int, const struct err *);
    void *data;
};

static void dial_free_if_over(struct ssh_dial *d)
{
    if (!d->finished || d->handles || d->querying)
        return;
    free(d->name);
    free(d);
}

static void on_try_closed(uv_handle_t *handle)
{
    struct ssh_dial *d = ((struct try *)handle->data)->dial;

    d->handles--;
    dial_free_if_over(d);
}

static void try_end(struct try *t, bool keep_socket)
{
    if (t->polled) {
        t->polled = false;
        uv_close((uv_handle_t *)&t->poll, on_try_closed);
    }
    if (t->fd >= 0 && !keep_socket)
        close(t->fd);
    t->fd = -1;
}

/* The last thing that a caller does with `d`, but for telling. */
static void dial_finish(struct ssh_dial *d)
{
    int i;

    for (i = 0; i < d->count; i++)
        try_end(&d->tries[i], false);
    loop_timer_stop(d->deadline);
    loop_timer_stop(d->stagger);
    d->deadline = d->stagger = NULL;
    if (d->querying)
        uv_cancel((uv_req_t *)&d->query);
    d->finished = true;
    dial_free_if_over(d);
}

static void dial_tell(struct ssh_dial *d, int fd)
{
    void (*done)(void *, int, const struct err *) = d->done;
    void *data = d->data;
    struct err e = d->err;

    dial_finish(d);
    done(data, fd, fd < 0 ? &e : NULL);
}

static void dial_begin_next(struct ssh_dial *d);

static void try_text(const struct try *t, char text[ADDRESS_TEXT])
{
    if (uv_ip_name((const struct sockaddr *)&t->address, text, ADDRESS_TEXT))
        snprintf(text, ADDRESS_TEXT, "%.40s", t->dial->name);
}

static void try_failed(struct try *t, int error)
{
    struct ssh_dial *d = t->dial;
    char text[ADDRESS_TEXT];

    try_text(t, text);
    err_set(&d->err, ERR_UNREACHABLE, "cannot connect to %s port %d: %s", text, d->port,
            uv_strerror(uv_translate_sys_error(error)));
    try_end(t, false);
    if (++d->failed == d->count)
        dial_tell(d, -1);
    else if (d->failed == d->begun)
        dial_begin_next(d);
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
    struct try *t = poll->data;
    int error = 0, fd = t->fd;
    socklen_t size = sizeof error;

    (void)events;
    /* libuv tells of every failed connection as EBADF: the socket knows why. */
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        error = errno;
    if (!error && status < 0)
        error = ECONNABORTED;
    if (error) {
        try_failed(t, error);
        return;
    }
    try_end(t, true);
    dial_tell(t->dial, fd);
}

static void on_stagger(void *data)
{
    struct ssh_dial *d = data;

    d->stagger = NULL;
    dial_begin_next(d);
}

static void dial_begin_next(struct ssh_dial *d)
{
    struct try *t;

    if (d->begun == d->count)
        return;
    t = &d->tries[d->begun++];
    loop_timer_stop(d->stagger);
    d->stagger = d->begun < d->count ? loop_timer_start(d->loop, STAGGER_MS, on_stagger, d) : NULL;
    t->fd = socket(t->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0 ||
        (connect(t->fd, (struct sockaddr *)&t->address, t->size) < 0 && errno != EINPROGRESS)) {
        try_failed(t, errno);
        return;
    }
    uv_poll_init(loop_uv(d->loop), &t->poll, t->fd);
    t->poll.data = t;
    t->polled = true;
    d->handles++;
    uv_poll_start(&t->poll, UV_WRITABLE, on_writable);
}

static void on_deadline(void *data)
{
    struct ssh_dial *d = data;
    char text[ADDRESS_TEXT];

    d->deadline = NULL;
    if (d->count) {
        try_text(&d->tries[d->begun - 1], text);
        err_set(&d->err, ERR_UNREACHABLE, "cannot connect to %s port %d: no answer within %d s",
                text, d->port, (d->timeout_ms + 999) / 1000);
    } else {
        err_set(&d->err, ERR_UNREACHABLE, "cannot look up \"%s\": no answer within %d s", d->name,
                (d->timeout_ms + 999) / 1000);
    }
    dial_tell(d, -1);
}

static void dial_take(struct ssh_dial *d, const struct addrinfo *list)
{
    for (; list && d->count < TRIES_MAX; list = list->ai_next) {
        struct try *t = &d->tries[d->count++];

        memcpy(&t->address, list->ai_addr, list->ai_addrlen);
        t->size = list->ai_addrlen;
        t->dial = d;
        t->fd = -1;
    }
}

static void on_looked_up(uv_getaddrinfo_t *query, int status, struct addrinfo *list)
{
    struct ssh_dial *d = query->data;

    d->querying = false;
    if (!d->finished && !status)
        dial_take(d, list);
    uv_freeaddrinfo(list);
    if (d->finished) {
        dial_free_if_over(d);
    } else if (!d->count) {
        err_set(&d->err, ERR_UNREACHABLE, "cannot look up \"%s\": %s", d->name,
                status ? uv_strerror(status) : "no address");
        dial_tell(d, -1);
    } else {
        loop_timer_stop(d->deadline);
        d->deadline = loop_timer_start(d->loop, d->timeout_ms, on_deadline, d);
        dial_begin_next(d);
    }
}

/* From the loop, never from within start: an address needs no look-up, nor a thread for it. */
static void on_address(void *data)
{
    struct ssh_dial *d = data;

    d->deadline = loop_timer_start(d->loop, d->timeout_ms, on_deadline, d);
    dial_begin_next(d);
}

static bool dial_is_address(struct ssh_dial *d)
{
    struct try *t = &d->tries[0];

    if (uv_ip4_addr(d->name, d->port, (struct sockaddr_in *)&t->address) == 0)
        t->size = sizeof(struct sockaddr_in);
    else if (uv_ip6_addr(d->name, d->port, (struct sockaddr_in6 *)&t->address) == 0)
        t->size = sizeof(struct sockaddr_in6);
    else
        return false;
    t->dial = d;
    t->fd = -1;
    d->count = 1;
    return true;
}

struct ssh_dial *ssh_dial_start(struct loop *l, const char *address, int port, int timeout_ms,
                                void (*done)(void *data, int fd, const struct err *e), void *data)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
    struct ssh_dial *d = mem_alloc(sizeof *d);
    char service[16];
    int rc;

    d->loop = l;
    d->name = mem_dup(address);
    d->port = port;
    d->timeout_ms = timeout_ms;
    d->done = done;
    d->data = data;
    if (dial_is_address(d)) {
        d->deadline = loop_timer_start(l, 0, on_address, d);
        return d;
    }
    snprintf(service, sizeof service, "%d", port);
    d->query.data = d;
    d->deadline = loop_timer_start(l, timeout_ms, on_deadline, d);
    rc = uv_getaddrinfo(loop_uv(l), &d->query, on_looked_up, address, service, &hints);
    d->querying = rc == 0; /* else the deadline tells; it does not happen but for want of memory */
    return d;
}

void ssh_dial_cancel(struct ssh_dial *d)
{
    if (d)
        dial_finish(d);
}
