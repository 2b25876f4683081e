/* process.c: a program of this machine as a stream. */
#include "io/process.h"

#include "base/mem.h"
#include "io/loop_uv.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    PROCESS_BLOCK = 64 * 1024,
    PROCESS_GRACE_MS = 1000, /* for what it left behind, once it has ended */
    CLOSE_GRACE_MS = 3000,   /* to end by itself, and what it runs, once its input has ended */
};

/* Handles close at their own pace; the last one to close frees the whole. */
struct process {
    struct stream base;
    uv_process_t process;
    uv_pipe_t in, out, err;
    uv_timer_t grace; /* to end after the process, or after close */
    int open_handles;
    bool exited, ended, closed, kill_at_close;
    bool out_over, err_over;
    int64_t status;
    int signal;
};

struct process_write {
    uv_write_t uv;
    char bytes[];
};

static void on_closed(uv_handle_t *handle)
{
    struct process *s = handle->data;

    if (--s->open_handles == 0)
        free(s);
}

static void close_handle(void *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

static void process_end_if_over(struct process *s)
{
    struct stream_end end = {.kind = STREAM_EXIT, .code = (int)s->status};

    if (!s->exited || !s->out_over || !s->err_over || s->ended || s->closed)
        return;
    s->ended = true;
    uv_timer_stop(&s->grace);
    if (s->signal) {
        end.kind = STREAM_SIGNAL;
        end.code = s->signal;
    }
    s->base.calls->end(s->base.data, &end);
}

/* Somebody who outlived the process holds its output open: enough has been waited. */
static void on_end_grace(uv_timer_t *timer)
{
    struct process *s = timer->data;

    close_handle(&s->out);
    close_handle(&s->err);
    s->out_over = s->err_over = true;
    process_end_if_over(s);
}

static void on_close_grace(uv_timer_t *timer)
{
    struct process *s = timer->data;

    if (s->kill_at_close) {
        s->kill_at_close = false;
        kill(-s->process.pid, SIGKILL);
        uv_timer_start(&s->grace, on_close_grace, CLOSE_GRACE_MS, 0);
        return;
    }
    close_handle(&s->process); /* another user's process, or stuck in the kernel: leave it */
    close_handle(&s->grace);
}

static void on_process_exit(uv_process_t *process, int64_t status, int term_signal)
{
    struct process *s = process->data;

    s->exited = true;
    s->status = status;
    s->signal = term_signal;
    close_handle(&s->process);
    if (s->closed) {
        close_handle(&s->grace);
        return;
    }
    /* What the process left behind sees the end of the input now, and ends too. */
    close_handle(&s->in);
    uv_timer_start(&s->grace, on_end_grace, PROCESS_GRACE_MS, 0);
    process_end_if_over(s);
}

/* One block for all: each read is handed on before the next one begins. */
static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *b)
{
    static char block[PROCESS_BLOCK];

    (void)handle;
    (void)size;
    *b = uv_buf_init(block, sizeof block);
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *b)
{
    struct process *s = pipe->data;
    bool is_out = pipe == (uv_stream_t *)&s->out;

    if (n > 0) {
        (is_out ? s->base.calls->out : s->base.calls->err)(s->base.data, b->base, (size_t)n);
    } else if (n < 0) {
        *(is_out ? &s->out_over : &s->err_over) = true;
        close_handle(pipe);
        process_end_if_over(s);
    }
}

static void on_written(uv_write_t *uv, int status)
{
    (void)status; /* who cannot be written to, has ended or will: that is told there */
    free(uv->data);
}

static void process_write(struct stream *base, const void *data, size_t n)
{
    struct process *s = (struct process *)base;
    struct process_write *w;
    uv_buf_t b;

    if (uv_is_closing((uv_handle_t *)&s->in))
        return;
    w = mem_alloc(sizeof *w + n);
    memcpy(w->bytes, data, n);
    w->uv.data = w;
    b = uv_buf_init(w->bytes, (unsigned)n);
    if (uv_write(&w->uv, (uv_stream_t *)&s->in, &b, 1, on_written))
        free(w);
}

static void on_shut(uv_shutdown_t *uv, int status)
{
    struct process *s = uv->handle->data;

    (void)status;
    free(uv);
    close_handle(&s->in);
}

static void process_shut(struct stream *base)
{
    struct process *s = (struct process *)base;
    uv_shutdown_t *uv;

    if (uv_is_closing((uv_handle_t *)&s->in))
        return;
    uv = mem_alloc(sizeof *uv); /* after all that is still to be written */
    if (uv_shutdown(uv, (uv_stream_t *)&s->in, on_shut))
        free(uv);
}

static void process_hold(struct stream *base, bool hold)
{
    struct process *s = (struct process *)base;
    uv_handle_t *all[] = {(uv_handle_t *)&s->process, (uv_handle_t *)&s->out,
                          (uv_handle_t *)&s->err};
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++)
        if (hold)
            uv_ref(all[i]);
        else
            uv_unref(all[i]);
}

static void process_close(struct stream *base, enum stream_close how)
{
    struct process *s = (struct process *)base;

    s->closed = true;
    process_hold(base, true);
    close_handle(&s->in);
    close_handle(&s->out);
    close_handle(&s->err);
    if (s->exited) {
        close_handle(&s->grace);
        return;
    }
    s->kill_at_close = how == STREAM_KILL;
    uv_timer_start(&s->grace, on_close_grace, CLOSE_GRACE_MS, 0);
}

static const struct stream_ops process_ops = {process_write, process_shut, process_hold,
                                              process_close};

static void process_init(struct process *s, uv_loop_t *loop)
{
    uv_pipe_init(loop, &s->in, 0);
    uv_pipe_init(loop, &s->out, 0);
    uv_pipe_init(loop, &s->err, 0);
    uv_timer_init(loop, &s->grace);
    s->in.data = s->out.data = s->err.data = s->grace.data = s->process.data = s;
    s->open_handles = 5;
}

static int process_spawn(struct process *s, uv_loop_t *loop, char **argv, char **env)
{
    uv_stdio_container_t stdio[3] = {
        {UV_CREATE_PIPE | UV_READABLE_PIPE, {.stream = (uv_stream_t *)&s->in}},
        {UV_CREATE_PIPE | UV_WRITABLE_PIPE, {.stream = (uv_stream_t *)&s->out}},
        {UV_CREATE_PIPE | UV_WRITABLE_PIPE, {.stream = (uv_stream_t *)&s->err}},
    };
    uv_process_options_t o = {
        .exit_cb = on_process_exit,
        .file = argv[0],
        .args = argv,
        .env = env,
        .stdio = stdio,
        .stdio_count = 3,
        .flags = UV_PROCESS_DETACHED, /* Ctrl-C at the terminal is ours alone; a group to kill */
    };

    return uv_spawn(loop, &s->process, &o);
}

struct stream *process_open(struct loop *l, char **argv, char **env,
                            const struct stream_calls *calls, void *data, struct err *e)
{
    struct process *s = mem_alloc(sizeof *s);
    int rc;

    s->base.ops = &process_ops;
    s->base.calls = calls;
    s->base.data = data;
    process_init(s, loop_uv(l));
    rc = process_spawn(s, loop_uv(l), argv, env);
    if (rc) {
        err_set(e, ERR_UNREACHABLE, "cannot start \"%s\": %s", argv[0], uv_strerror(rc));
        s->exited = true;
        close_handle(&s->process);
        process_close(&s->base, STREAM_KILL);
        return NULL;
    }
    uv_read_start((uv_stream_t *)&s->out, on_alloc, on_read);
    uv_read_start((uv_stream_t *)&s->err, on_alloc, on_read);
    return &s->base;
}

void process_signal(struct stream *base, int number)
{
    struct process *s = (struct process *)base;

    if (!s->exited)
        kill(-s->process.pid, number);
}
