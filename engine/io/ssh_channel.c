/* ssh_channel.c: the streams over one SSH connection. */
#include "io/ssh_inside.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANNEL_BLOCK = 32 * 1024,
    CHANNEL_MS = 15 * 1000, /* from asking for a channel to its shell being started */
    CHANNEL_IN_MAX =
        64 * 1024 * 1024, /* a change's files; what waits here is not on the wire yet */
};

static void channel_free(struct ssh_channel *c)
{
    struct ssh_channel **at = &c->ssh->channels;

    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    loop_timer_stop(c->deadline);
    buf_release(&c->in);
    free(c->line);
    free(c);
}

static void channel_enter(struct ssh_channel *c, enum channel_state state)
{
    c->state = state;
    if (state == CHANNEL_STARTING)
        return; /* within the time of opening */
    loop_timer_stop(c->deadline);
    c->deadline = NULL;
}

/* ---- ends ---- */

/* The last call of a stream.  Its owner may close it meanwhile. */
static void channel_end(struct ssh_channel *c, const struct stream_end *end)
{
    bool tell = c->state != CHANNEL_OVER && !c->closed;

    channel_enter(c, CHANNEL_OVER);
    c->held = false;
    if (tell)
        c->base.calls->end(c->base.data, end);
}

static void channel_lost(struct ssh_channel *c, const char *why, bool crowded)
{
    channel_end(c, &(struct stream_end){STREAM_LOST, -1, why, crowded});
}

/* SSH names signals (RFC 4254, section 6.10); libssh2 gives "TERM" and the like. */
static int signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } all[] = {{"ABRT", 6},  {"ALRM", 14}, {"FPE", 8},   {"HUP", 1},  {"ILL", 4},
               {"INT", 2},   {"KILL", 9},  {"PIPE", 13}, {"QUIT", 3}, {"SEGV", 11},
               {"TERM", 15}, {"USR1", 10}, {"USR2", 12}};
    size_t i;

    for (i = 0; i < sizeof all / sizeof *all; i++)
        if (strcmp(name, all[i].name) == 0)
            return all[i].number;
    return 0;
}

/* A status of 0 is what libssh2 1.10 says too where none arrived. */
static void channel_closed(struct ssh_channel *c)
{
    struct stream_end end = {.kind = STREAM_CLOSED, .code = -1};
    char *name = NULL;

    libssh2_channel_get_exit_signal(c->channel, &name, NULL, NULL, NULL, NULL, NULL);
    if (name) {
        end.kind = STREAM_SIGNAL;
        end.code = signal_number(name);
    } else if (libssh2_channel_get_exit_status(c->channel)) {
        end.kind = STREAM_EXIT;
        end.code = libssh2_channel_get_exit_status(c->channel);
    }
    libssh2_free(c->ssh->session, name);
    channel_end(c, &end);
}

/* ---- states ---- */

/* libssh2 cannot take back an opening that is under way, and it opens no other meanwhile. */
static void on_deadline(void *data)
{
    struct ssh_channel *c = data;

    c->deadline = NULL;
    ssh_give_up(c->ssh, "the host started no shell within 15 s");
}

static bool somebody_opens(const struct ssh *s)
{
    const struct ssh_channel *c;

    for (c = s->channels; c; c = c->next)
        if (c->state == CHANNEL_OPENING)
            return true;
    return false;
}

static bool channel_waiting(struct ssh_channel *c)
{
    if (c->closed) {
        channel_enter(c, CHANNEL_OVER);
        return true;
    }
    if (somebody_opens(c->ssh))
        return false;
    channel_enter(c, CHANNEL_OPENING);
    c->deadline = loop_timer_start(c->ssh->loop, CHANNEL_MS, on_deadline, c);
    return true;
}

static bool channel_opening(struct ssh_channel *c)
{
    int rc;

    c->channel = libssh2_channel_open_session(c->ssh->session);
    rc = c->channel ? 0 : libssh2_session_last_errno(c->ssh->session);
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (c->channel)
        channel_enter(c, CHANNEL_STARTING);
    else if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        channel_lost(c, "the host lets in no more sessions (MaxSessions)", true);
    else
        channel_lost(c, "the host opens no session", false);
    return true;
}

static bool channel_starting(struct ssh_channel *c)
{
    int rc = libssh2_channel_exec(c->channel, c->line);

    if (rc == LIBSSH2_ERROR_EAGAIN)
        return false;
    if (rc) {
        channel_lost(c, "the host refused to run a command", false);
        return true;
    }
    channel_enter(c, CHANNEL_RUNNING);
    if (!c->closed)
        c->base.calls->begun(c->base.data);
    return true;
}

static bool channel_send(struct ssh_channel *c)
{
    bool moved = false;
    ssize_t n;

    while (c->in_at < c->in.len && !ssh_wire_full(c->ssh->abstract.wire)) {
        n = libssh2_channel_write(c->channel, c->in.data + c->in_at, c->in.len - c->in_at);
        if (n <= 0)
            return moved; /* no room over there, or an end that is told where it is read */
        c->in_at += (size_t)n;
        moved = true;
    }
    if (c->in_at < c->in.len)
        return moved;
    buf_clear(&c->in);
    c->in_at = 0;
    if (c->shut && !c->sent_end) {
        c->sent_end = libssh2_channel_send_eof(c->channel) != LIBSSH2_ERROR_EAGAIN;
        moved = moved || c->sent_end;
    }
    return moved;
}

static bool channel_receive(struct ssh_channel *c, int stream_id)
{
    static char block[CHANNEL_BLOCK]; /* each is handed on before the next one is read */
    bool moved = false;
    ssize_t n;

    while (!c->closed &&
           (n = libssh2_channel_read_ex(c->channel, stream_id, block, sizeof block)) > 0) {
        (stream_id ? c->base.calls->err : c->base.calls->out)(c->base.data, block, (size_t)n);
        moved = true;
    }
    return moved;
}

/* The status comes after the end of the output, and the close after the status. */
static bool channel_running(struct ssh_channel *c)
{
    bool moved;

    if (c->closed) {
        channel_enter(c, CHANNEL_OVER);
        return true;
    }
    if (c->overfull) {
        channel_lost(c, "too much input for one program", false);
        return true;
    }
    moved = channel_send(c);
    moved = channel_receive(c, 0) || moved;
    moved = channel_receive(c, SSH_EXTENDED_DATA_STDERR) || moved;
    if (c->closed || !libssh2_channel_eof(c->channel) ||
        libssh2_channel_wait_closed(c->channel) != 0)
        return moved;
    channel_closed(c);
    return true;
}

/* Waits for its owner, then for the host's own close. */
static bool channel_over(struct ssh_channel *c)
{
    if (!c->closed || (c->channel && libssh2_channel_free(c->channel) == LIBSSH2_ERROR_EAGAIN))
        return false;
    channel_free(c);
    return true;
}

static bool channel_step(struct ssh_channel *c)
{
    static bool (*const handlers[])(struct ssh_channel *) = {
        [CHANNEL_WAITING] = channel_waiting,   [CHANNEL_OPENING] = channel_opening,
        [CHANNEL_STARTING] = channel_starting, [CHANNEL_RUNNING] = channel_running,
        [CHANNEL_OVER] = channel_over,
    };

    return handlers[c->state](c);
}

bool ssh_channels_step(struct ssh *s)
{
    struct ssh_channel *c, *next;
    bool moved = false;

    for (c = s->channels; c && !s->freed; c = next) {
        next = c->next; /* only a step of its own frees one; a new one may be at the end */
        moved = channel_step(c) || moved;
    }
    return moved;
}

/* ---- the stream's side ---- */

static void channel_write(struct stream *base, const void *data, size_t n)
{
    struct ssh_channel *c = (struct ssh_channel *)base;

    if (c->state == CHANNEL_OVER || c->shut)
        return;
    if (buf_add(&c->in, data, n) < 0)
        c->overfull = true;
    if (c->state == CHANNEL_RUNNING)
        ssh_wake(c->ssh);
}

static void channel_shut(struct stream *base)
{
    struct ssh_channel *c = (struct ssh_channel *)base;

    c->shut = true;
    if (c->state == CHANNEL_RUNNING)
        ssh_wake(c->ssh);
}

static void channel_hold(struct stream *base, bool hold)
{
    struct ssh_channel *c = (struct ssh_channel *)base;

    c->held = hold && c->state != CHANNEL_OVER;
    ssh_hold(c->ssh);
}

/* sshd closes the shell's input and output: a worker ends its command and itself then, a
 * transaction lives on.  Nothing more can be done from here, and nothing more is needed. */
static void channel_close(struct stream *base, enum stream_close how)
{
    struct ssh_channel *c = (struct ssh_channel *)base;

    (void)how;
    c->closed = true;
    c->held = false;
    ssh_hold(c->ssh);
    ssh_wake(c->ssh);
}

static const struct stream_ops channel_ops = {channel_write, channel_shut, channel_hold,
                                              channel_close};

struct stream *ssh_channel_new(struct ssh *s, char *line, const struct stream_calls *calls,
                               void *data)
{
    struct ssh_channel *c = mem_alloc(sizeof *c), **end = &s->channels;

    c->base = (struct stream){&channel_ops, calls, data, .far = true};
    c->ssh = s;
    c->line = line;
    c->held = true;
    buf_init(&c->in, CHANNEL_IN_MAX);
    while (*end)
        end = &(*end)->next;
    *end = c;
    return &c->base;
}

/* ---- the connection's end ---- */

void ssh_channels_lose(struct ssh *s, const char *why)
{
    struct ssh_channel *c;

    for (c = s->channels; c; c = c->next) {
        c->channel = NULL; /* went with the session */
        c->lost = true;
    }
    /* Whoever is told may open another one: that is the next connection's. */
    for (c = s->channels; c && !s->freed; c = c->next)
        if (c->lost)
            channel_lost(c, why, false);
}

void ssh_channels_sweep(struct ssh *s)
{
    struct ssh_channel *c, *next;

    for (c = s->channels; c; c = next) {
        next = c->next;
        if (c->closed && !c->channel && c->state != CHANNEL_OPENING)
            channel_free(c);
    }
}

void ssh_channels_free(struct ssh *s)
{
    while (s->channels)
        channel_free(s->channels);
}
