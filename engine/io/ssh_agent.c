/* ssh_agent.c: the keys that an ssh-agent holds.
 *
 * One connection, one request at a time, in the order of asking.  An agent that says nothing in
 * time is closed, and whoever waits is told. */
#include "io/ssh_agent.h"

#include "base/buf.h"
#include "base/mem.h"
#include "io/loop_uv.h"
#include "io/ssh_key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    AGENT_MAX = 256 * 1024, /* OpenSSH's own limit (AGENT_MAX_LEN) */
    AGENT_KEYS_MAX = 256,
    AGENT_LIST_MS = 5 * 1000,
    AGENT_SIGN_MS = 30 * 1000, /* a person may have to confirm it (ssh-add -c) */
    REQUEST_IDENTITIES = 11,
    IDENTITIES_ANSWER = 12,
    SIGN_REQUEST = 13,
    SIGN_RESPONSE = 14,
};

struct ssh_agent_job {
    struct ssh_agent_job *next;
    struct ssh_agent *agent;
    struct buf request; /* empty for a list */
    bool sent, cancelled;
    void (*listed)(void *, const struct ssh_agent_key *, size_t, const char *);
    void (*signed_)(void *, const void *, size_t, const char *);
    void *data;
};

struct agent_pipe { /* closes at its own pace */
    uv_pipe_t uv;
    uv_connect_t connect;
    struct ssh_agent *agent; /* NULL: given up */
    bool connected;
};

struct ssh_agent {
    struct ssh_agent *next;
    struct loop *loop;
    char *path;
    struct agent_pipe *pipe; /* NULL: not connected */
    struct ssh_agent_job *jobs;
    struct loop_timer *timer, *wake;
    struct buf in;
    struct ssh_agent_key *keys;
    size_t count;
    bool listed;
};

struct agent_write {
    uv_write_t uv;
    char bytes[];
};

static void agent_pump(struct ssh_agent *a);

/* ---- numbers and strings of RFC 4251 ---- */

static void put_u32(struct buf *b, size_t n)
{
    unsigned char bytes[4] = {(unsigned char)(n >> 24), (unsigned char)(n >> 16),
                              (unsigned char)(n >> 8), (unsigned char)n};

    buf_add(b, bytes, sizeof bytes);
}

static void put_string(struct buf *b, const void *data, size_t n)
{
    put_u32(b, n);
    buf_add(b, data, n);
}

static size_t u32_at(const unsigned char *p)
{
    return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* ---- jobs ---- */

static void job_free(struct ssh_agent_job *j)
{
    buf_release(&j->request);
    free(j);
}

static void job_remove(struct ssh_agent_job *j)
{
    struct ssh_agent_job **at = &j->agent->jobs;

    while (*at != j)
        at = &(*at)->next;
    *at = j->next;
}

/* Takes the first job off, and tells it. */
static void agent_tell(struct ssh_agent *a, const void *signature, size_t n, const char *why)
{
    struct ssh_agent_job *j = a->jobs;

    loop_timer_stop(a->timer);
    a->timer = NULL;
    job_remove(j);
    if (!j->cancelled && j->listed)
        j->listed(j->data, a->keys, why ? 0 : a->count, why);
    else if (!j->cancelled)
        j->signed_(j->data, signature, n, why);
    job_free(j);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void agent_hang_up(struct ssh_agent *a)
{
    if (!a->pipe)
        return;
    a->pipe->agent = NULL;
    uv_close((uv_handle_t *)&a->pipe->uv, on_closed);
    a->pipe = NULL;
    buf_clear(&a->in);
}

/* Each of those who wait is told; who asks again finds a new connection. */
static void agent_fail(struct ssh_agent *a, const char *reason)
{
    char *why = mem_format("the agent at \"%s\" %s", a->path, reason);
    struct ssh_agent_job *j;
    size_t waiting = 0;

    agent_hang_up(a);
    for (j = a->jobs; j; j = j->next)
        waiting++;
    while (waiting-- && a->jobs)
        agent_tell(a, NULL, 0, why);
    free(why);
}

static void on_time(void *data)
{
    struct ssh_agent *a = data;

    a->timer = NULL;
    agent_fail(a, "does not answer");
}

/* ---- answers ---- */

static void agent_take_keys(struct ssh_agent *a, const unsigned char *at, const unsigned char *end)
{
    size_t count, n, comment_n;

    a->listed = true;
    if (end - at < 4)
        return;
    count = u32_at(at);
    at += 4;
    while (count-- && a->count < AGENT_KEYS_MAX) {
        const unsigned char *blob = ssh_string_take(&at, end, &n);
        const unsigned char *comment = blob ? ssh_string_take(&at, end, &comment_n) : NULL;
        struct ssh_agent_key *k;

        if (!comment)
            return;
        a->keys = mem_grow(a->keys, a->count + 1, sizeof *a->keys);
        k = &a->keys[a->count++];
        k->blob = mem_alloc(n ? n : 1);
        memcpy(k->blob, blob, n);
        k->n = n;
        k->comment = mem_dupn((const char *)comment, comment_n);
    }
}

static void agent_take_signature(struct ssh_agent *a, const unsigned char *at,
                                 const unsigned char *end)
{
    const unsigned char *whole, *signature = NULL;
    size_t n, signature_n = 0;

    whole = ssh_string_take(&at, end, &n);
    if (whole && ssh_string_take(&whole, at, &n)) /* the name of the algorithm */
        signature = ssh_string_take(&whole, at, &signature_n);
    agent_tell(a, signature, signature_n,
               signature ? NULL : "the agent's answer is not understood");
}

static void agent_take(struct ssh_agent *a, const unsigned char *answer, size_t n)
{
    struct ssh_agent_job *j = a->jobs;

    if (j->listed && answer[0] == IDENTITIES_ANSWER) {
        if (!a->listed)
            agent_take_keys(a, answer + 1, answer + n);
        agent_tell(a, NULL, 0, NULL);
    } else if (!j->listed && answer[0] == SIGN_RESPONSE) {
        agent_take_signature(a, answer + 1, answer + n);
    } else {
        agent_tell(a, NULL, 0, j->listed ? "the agent lists no keys" : "the agent refused to sign");
    }
}

static void agent_read(struct ssh_agent *a)
{
    while (a->pipe && a->in.len >= 4) {
        size_t n = u32_at((const unsigned char *)a->in.data);
        unsigned char *answer;

        if (n == 0 || n > AGENT_MAX || !a->jobs) {
            agent_fail(a, "does not speak the protocol");
            return;
        }
        if (a->in.len < 4 + n)
            return;
        answer = mem_alloc(n);
        memcpy(answer, a->in.data + 4, n);
        buf_drop(&a->in, 4 + n);
        agent_take(a, answer, n);
        free(answer);
        agent_pump(a);
    }
}

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *b)
{
    static char block[16 * 1024];

    (void)handle;
    (void)size;
    *b = uv_buf_init(block, sizeof block);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
    struct agent_pipe *p = stream->data;
    struct ssh_agent *a = p->agent;

    if (!a || n == 0)
        return;
    if (n < 0) {
        agent_fail(a, "hung up");
        return;
    }
    buf_add(&a->in, b->base, (size_t)n);
    agent_read(a);
}

/* ---- requests ---- */

static void on_written(uv_write_t *uv, int status)
{
    (void)status; /* who cannot be written to will not answer either */
    free(uv->data);
}

static void agent_send(struct ssh_agent *a, const struct buf *request)
{
    static const char list[] = {0, 0, 0, 1, REQUEST_IDENTITIES};
    size_t n = request->len ? request->len : sizeof list;
    struct agent_write *w = mem_alloc(sizeof *w + n);
    uv_buf_t b = uv_buf_init(w->bytes, (unsigned)n);

    memcpy(w->bytes, request->len ? request->data : list, n);
    w->uv.data = w;
    if (uv_write(&w->uv, (uv_stream_t *)&a->pipe->uv, &b, 1, on_written))
        free(w);
}

static void on_connected(uv_connect_t *uv, int status)
{
    struct agent_pipe *p = uv->data;
    struct ssh_agent *a = p->agent;

    if (!a)
        return;
    if (status < 0) {
        agent_fail(a, "cannot be reached");
        return;
    }
    p->connected = true;
    uv_read_start((uv_stream_t *)&p->uv, on_alloc, on_read);
    agent_pump(a);
}

static void agent_connect(struct ssh_agent *a)
{
    struct agent_pipe *p = mem_alloc(sizeof *p);

    a->pipe = p;
    p->agent = a;
    uv_pipe_init(loop_uv(a->loop), &p->uv, 0);
    p->uv.data = p;
    p->connect.data = p;
    uv_pipe_connect(&p->connect, &p->uv, a->path, on_connected);
}

/* Sends the first job that is not cancelled; the connection holds the loop only while one waits. */
static void agent_pump(struct ssh_agent *a)
{
    struct ssh_agent_job *j;

    while ((j = a->jobs) && j->cancelled && !j->sent) {
        job_remove(j);
        job_free(j);
    }
    while ((j = a->jobs) && j->listed && a->listed && !j->sent)
        agent_tell(a, NULL, 0, NULL);
    if (a->pipe && !j)
        uv_unref((uv_handle_t *)&a->pipe->uv);
    if (!j || j->sent)
        return;
    if (!a->pipe)
        agent_connect(a);
    uv_ref((uv_handle_t *)&a->pipe->uv);
    if (!a->timer)
        a->timer = loop_timer_start(a->loop, j->listed ? AGENT_LIST_MS : AGENT_SIGN_MS, on_time, a);
    if (!a->pipe->connected)
        return;
    j->sent = true;
    agent_send(a, &j->request);
}

static void on_wake(void *data)
{
    struct ssh_agent *a = data;

    a->wake = NULL;
    agent_pump(a);
}

static struct ssh_agent_job *job_new(struct ssh_agent *a, void *data)
{
    struct ssh_agent_job *j = mem_alloc(sizeof *j), **end = &a->jobs;

    j->agent = a;
    j->data = data;
    buf_init(&j->request, AGENT_MAX);
    while (*end)
        end = &(*end)->next;
    *end = j;
    if (!a->wake)
        a->wake = loop_timer_start(a->loop, 0, on_wake, a);
    return j;
}

struct ssh_agent_job *
ssh_agent_list(struct ssh_agent *a,
               void (*done)(void *, const struct ssh_agent_key *, size_t, const char *), void *data)
{
    struct ssh_agent_job *j = job_new(a, data);

    j->listed = done;
    return j;
}

struct ssh_agent_job *ssh_agent_sign(struct ssh_agent *a, const struct ssh_agent_key *key,
                                     const void *text, size_t n,
                                     void (*done)(void *, const void *, size_t, const char *),
                                     void *data)
{
    struct ssh_agent_job *j = job_new(a, data);
    char type = SIGN_REQUEST;

    j->signed_ = done;
    put_u32(&j->request, 1 + 4 + key->n + 4 + n + 4);
    buf_add(&j->request, &type, 1);
    put_string(&j->request, key->blob, key->n);
    put_string(&j->request, text, n);
    put_u32(&j->request, 0);
    return j;
}

void ssh_agent_cancel(struct ssh_agent_job *j)
{
    if (j)
        j->cancelled = true;
}

/* ---- one for each socket ---- */

static void *agents_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct ssh_agent *));
}

static void agents_drop(void *kept)
{
    struct ssh_agent **all = kept, *a;

    while ((a = *all)) {
        *all = a->next;
        agent_hang_up(a);
        loop_timer_stop(a->timer);
        loop_timer_stop(a->wake);
        while (a->jobs) {
            struct ssh_agent_job *j = a->jobs;

            job_remove(j);
            job_free(j);
        }
        while (a->count) {
            free(a->keys[--a->count].blob);
            free(a->keys[a->count].comment);
        }
        free(a->keys);
        free(a->path);
        buf_release(&a->in);
        free(a);
    }
    free(all);
}

struct ssh_agent *ssh_agent_get(struct loop *l, const char *path)
{
    struct ssh_agent **all = loop_keep(l, agents_make, agents_drop), *a;

    for (a = *all; a; a = a->next)
        if (strcmp(a->path, path) == 0)
            return a;
    a = mem_alloc(sizeof *a);
    a->loop = l;
    a->path = mem_dup(path);
    buf_init(&a->in, AGENT_MAX + 64);
    a->next = *all;
    *all = a;
    return a;
}
