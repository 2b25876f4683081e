/* ssh_wire.c: the socket under an SSH session. */
#include "io/ssh_wire.h"

#include "base/mem.h"
#include "io/loop_uv.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    WIRE_IN = 32 * 1024,
    WIRE_FULL = 256 * 1024,
    WIRE_OUT_MAX = 8 * 1024 * 1024, /* only packets of libssh2's own can come after WIRE_FULL */
    /* A connection that is dead is noticed by the kernel: nothing here has to wake up for it. */
    WIRE_IDLE_S = 10,
    WIRE_INTERVAL_S = 5,
    WIRE_PROBES = 4,
    WIRE_DEAD_MS = 30 * 1000,
};

struct ssh_wire {
    uv_poll_t poll;
    int fd, armed; /* armed: what is polled for */
    void (*wake)(void *);
    void *data;
    char in[WIRE_IN];
    size_t in_at, in_len;
    struct buf out;
    bool readable, heard, over, cut, freed;
    int error;
};

static void on_closed(uv_handle_t *handle)
{
    struct ssh_wire *w = handle->data;

    buf_release(&w->out);
    free(w);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct ssh_wire *w = poll->data;

    /* Errors too come out when it is read. */
    if (status < 0 || (events & (UV_READABLE | UV_DISCONNECT)))
        w->readable = true;
    if (events & UV_WRITABLE)
        ssh_wire_flush(w);
    w->wake(w->data);
}

static void wire_arm(struct ssh_wire *w)
{
    /* What is known to be readable and not read yet, since a person is asked, would wake up on and
     * on. */
    int wanted = (w->readable ? 0 : UV_READABLE) | (w->out.len ? UV_WRITABLE : 0);

    if (w->freed || w->over || w->cut)
        wanted = 0;
    if (wanted == w->armed)
        return;
    w->armed = wanted;
    if (wanted)
        uv_poll_start(&w->poll, wanted, on_poll);
    else
        uv_poll_stop(&w->poll);
}

static void wire_set_options(int fd)
{
    int one = 1, idle = WIRE_IDLE_S, interval = WIRE_INTERVAL_S, probes = WIRE_PROBES;
    unsigned dead = WIRE_DEAD_MS;

    /* Else small packets wait for the other side's delayed acknowledgement. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead, sizeof dead);
}

struct ssh_wire *ssh_wire_new(struct loop *l, int fd, void (*wake)(void *data), void *data)
{
    struct ssh_wire *w = mem_alloc(sizeof *w);

    w->fd = fd;
    w->wake = wake;
    w->data = data;
    buf_init(&w->out, WIRE_OUT_MAX);
    wire_set_options(fd);
    uv_poll_init(loop_uv(l), &w->poll, fd);
    w->poll.data = w;
    wire_arm(w);
    return w;
}

void ssh_wire_free(struct ssh_wire *w)
{
    if (!w)
        return;
    ssh_wire_flush(w);
    w->freed = true;
    wire_arm(w);
    uv_close((uv_handle_t *)&w->poll, on_closed);
    close(w->fd);
}

static void wire_fail(struct ssh_wire *w, int error)
{
    w->over = true;
    w->error = error;
    buf_clear(&w->out);
}

bool ssh_wire_flush(struct ssh_wire *w)
{
    bool was_over = w->over;
    ssize_t n;

    while (w->out.len && !w->over && !w->cut) {
        n = send(w->fd, w->out.data, w->out.len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0)
            wire_fail(w, errno);
        else
            buf_drop(&w->out, (size_t)n);
    }
    wire_arm(w);
    return w->over && !was_over;
}

/* ---- what libssh2 calls ---- */

static LIBSSH2_SEND_FUNC(wire_send)
{
    struct ssh_wire *w = ((struct ssh_abstract *)*abstract)->wire;

    (void)socket;
    (void)flags;
    if (w->cut)
        return (ssize_t)length; /* it shall come to its end, nobody listens */
    if (w->over || buf_add(&w->out, buffer, length) < 0)
        return -EPIPE;
    return (ssize_t)length;
}

/* One read for a wake-up: if more is there, the next one comes at once, and others had their turn.
 */
static void wire_fill(struct ssh_wire *w)
{
    ssize_t n;

    w->readable = false;
    do
        n = recv(w->fd, w->in, sizeof w->in, 0);
    while (n < 0 && errno == EINTR);
    if (n > 0) {
        w->heard = true;
        w->in_at = 0;
        w->in_len = (size_t)n;
    } else if (n == 0) {
        wire_fail(w, 0);
    } else if (errno != EAGAIN && errno != EWOULDBLOCK) {
        wire_fail(w, errno);
    }
}

static LIBSSH2_RECV_FUNC(wire_recv)
{
    struct ssh_wire *w = ((struct ssh_abstract *)*abstract)->wire;

    (void)socket;
    (void)flags;
    if (w->cut)
        return -ECONNRESET;
    if (w->in_at == w->in_len && w->readable && !w->over)
        wire_fill(w);
    if (w->in_at == w->in_len)
        return w->over ? -ECONNRESET : -EAGAIN;
    if (length > w->in_len - w->in_at)
        length = w->in_len - w->in_at;
    memcpy(buffer, w->in + w->in_at, length);
    w->in_at += length;
    return (ssize_t)length;
}

void ssh_wire_attach(LIBSSH2_SESSION *session)
{
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_SEND, (void *)wire_send);
    libssh2_session_callback_set(session, LIBSSH2_CALLBACK_RECV, (void *)wire_recv);
}

int ssh_wire_socket(const struct ssh_wire *w)
{
    return w->fd;
}

bool ssh_wire_full(const struct ssh_wire *w)
{
    return w->out.len >= WIRE_FULL;
}

bool ssh_wire_heard(const struct ssh_wire *w)
{
    return w->heard;
}

void ssh_wire_cut(struct ssh_wire *w)
{
    w->cut = true;
    wire_arm(w);
}

const char *ssh_wire_why(const struct ssh_wire *w)
{
    if (!w->over)
        return NULL;
    return w->error ? uv_strerror(uv_translate_sys_error(w->error)) : "closed by the other side";
}

void ssh_wire_hold(struct ssh_wire *w, bool hold)
{
    if (hold)
        uv_ref((uv_handle_t *)&w->poll);
    else
        uv_unref((uv_handle_t *)&w->poll);
}
