/* openssh_ask.c: what the system's ssh wants to know from a person. */
#include "io/openssh_ask.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "io/askpass.h"
#include "io/loop_uv.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 8 };

extern char **environ;

/* One question.  The handles close at their own pace; the last one to close frees the whole. */
struct caller {
    struct caller *next;
    struct openssh_ask *of;
    uv_pipe_t pipe;
    uv_write_t write;
    struct buf said; /* the question, a letter for its kind before it */
    struct ask *ask;
    char *answer; /* on its way to the caller */
};

struct openssh_ask {
    struct loop *loop;
    const struct host *host;
    const struct asker *asker;
    void (*asking)(void *data, bool any);
    void *data;
    char *path;
    uv_pipe_t listener;
    struct caller *callers;
    int handles, open_questions;
    bool closed;
    bool declined; /* a person who did not want to say is not asked again */
    char *last;    /* the secret that was asked for last */
};

static void wipe(char **text)
{
    if (*text)
        digest_wipe(*text, strlen(*text));
    free(*text);
    *text = NULL;
}

/* ---- ends ---- */

static void handle_gone(struct openssh_ask *a)
{
    if (--a->handles)
        return;
    free(a->path);
    free(a->last);
    free(a);
}

static void on_listener_closed(uv_handle_t *handle)
{
    handle_gone(handle->data);
}

static void on_caller_closed(uv_handle_t *handle)
{
    struct caller *c = handle->data;
    struct openssh_ask *a = c->of;

    buf_release(&c->said);
    wipe(&c->answer);
    free(c);
    handle_gone(a);
}

static void caller_close(struct caller *c)
{
    struct caller **at = &c->of->callers;

    while (*at && *at != c)
        at = &(*at)->next;
    if (*at)
        *at = c->next;
    if (!uv_is_closing((uv_handle_t *)&c->pipe))
        uv_close((uv_handle_t *)&c->pipe, on_caller_closed);
}

/* ---- answers ---- */

static void on_written(uv_write_t *uv, int status)
{
    struct caller *c = uv->data;

    (void)status; /* who has gone needs no answer */
    caller_close(c);
}

/* `+` and the answer, or `-`: there is none. */
static void caller_tell(struct caller *c, const char *answer)
{
    uv_buf_t b;

    c->answer = mem_format("%s%s", answer ? "+" : "-", answer ? answer : "");
    b = uv_buf_init(c->answer, (unsigned)strlen(c->answer));
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &b, 1, on_written) != 0)
        caller_close(c);
}

static void on_answer(void *data, const char *answer)
{
    struct caller *c = data;
    struct openssh_ask *a = c->of;

    c->ask = NULL;
    if (--a->open_questions == 0)
        a->asking(a->data, false);
    a->declined = a->declined || (*c->said.data == 's' && !answer);
    caller_tell(c, answer);
}

/* ---- questions ---- */

/* OpenSSH has no other way to tell it: the words are fixed in its sshconnect.c.  Should a server
 * send them, its own question is answered with "yes" or not at all, which is no secret. */
static char *yes_no_question(const char *text)
{
    const char *choice = strstr(text, " (yes/no");

    return choice ? mem_format("%.*s?", (int)(choice - text), text) : NULL;
}

/* Without the `: ` at its end; a second time for the same secret means that the first was wrong. */
static char *secret_question(struct openssh_ask *a, const char *text)
{
    size_t n = strlen(text);
    bool again;
    char *bare, *whole;

    while (n && strchr(": \n", text[n - 1]))
        n--;
    bare = mem_dupn(text, n);
    again = a->last && strcmp(a->last, bare) == 0;
    whole = mem_format("%s%s", again ? "That was not it.  " : "", bare);
    free(a->last);
    a->last = bare;
    return whole;
}

static void caller_ask(struct caller *c)
{
    struct openssh_ask *a = c->of;
    char kind = c->said.len ? *c->said.data : '\0';
    const char *said = c->said.len ? c->said.data + 1 : "";
    char *text = kind == 's' ? yes_no_question(said) : mem_dup(said);
    struct ask_question q = {ASK_YES, a->host->name, NULL};

    if (kind == 'n')
        q.kind = ASK_TELL;
    if (kind == 's' && text)
        *c->said.data = 'c';
    if (kind == 's' && !text) {
        q.kind = ASK_SECRET;
        text = secret_question(a, said);
    }
    q.text = text;
    if (q.kind == ASK_SECRET && a->declined) {
        caller_tell(c, NULL);
    } else {
        if (a->open_questions++ == 0)
            a->asking(a->data, true);
        c->ask = a->asker->start(a->asker->data, &q, on_answer, c);
    }
    free(text);
}

/* ---- the socket ---- */

static void on_alloc(uv_handle_t *handle, size_t size, uv_buf_t *b)
{
    static char block[ASKPASS_TEXT_MAX];

    (void)handle;
    (void)size;
    *b = uv_buf_init(block, sizeof block);
}

static void on_read(uv_stream_t *pipe, ssize_t n, const uv_buf_t *b)
{
    struct caller *c = pipe->data;

    if (n > 0)
        buf_add(&c->said, b->base, (size_t)n);
    if (n >= 0)
        return;
    uv_read_stop(pipe);
    if (n == UV_EOF && c->said.len)
        caller_ask(c);
    else
        caller_close(c);
}

static void on_connection(uv_stream_t *listener, int status)
{
    struct openssh_ask *a = listener->data;
    struct caller *c;

    if (status != 0)
        return;
    c = mem_alloc(sizeof *c);
    c->of = a;
    buf_init(&c->said, ASKPASS_TEXT_MAX);
    uv_pipe_init(loop_uv(a->loop), &c->pipe, 0);
    c->pipe.data = c;
    c->next = a->callers;
    a->callers = c;
    a->handles++;
    if (uv_accept(listener, (uv_stream_t *)&c->pipe) != 0 ||
        uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read) != 0)
        caller_close(c);
}

struct openssh_ask *openssh_ask_new(struct loop *l, const struct host *h, const struct asker *asker,
                                    const char *path, void (*asking)(void *data, bool any),
                                    void *data, struct err *e)
{
    struct openssh_ask *a = mem_alloc(sizeof *a);
    int rc;

    *a = (struct openssh_ask){.loop = l,
                              .host = h,
                              .asker = asker,
                              .asking = asking,
                              .data = data,
                              .path = mem_dup(path),
                              .handles = 1};
    uv_pipe_init(loop_uv(l), &a->listener, 0);
    a->listener.data = a;
    rc = uv_pipe_bind(&a->listener, path);
    if (rc == 0)
        rc = uv_listen((uv_stream_t *)&a->listener, BACKLOG, on_connection);
    uv_unref((uv_handle_t *)&a->listener); /* the loop waits for ssh, not for its questions */
    if (rc == 0)
        return a;
    err_set(e, ERR_INTERNAL, "cannot listen at \"%s\": %s", path, uv_strerror(rc));
    openssh_ask_free(a);
    return NULL;
}

void openssh_ask_free(struct openssh_ask *a)
{
    if (!a)
        return;
    while (a->callers) {
        struct caller *c = a->callers;

        if (c->ask)
            a->asker->cancel(a->asker->data, c->ask);
        c->ask = NULL;
        caller_close(c);
    }
    unlink(a->path);
    uv_close((uv_handle_t *)&a->listener, on_listener_closed);
}

/* ---- what ssh has to know ---- */

/* Where the file has been replaced meanwhile, as by an update, the kernel still has what runs. */
static char *own_program(void)
{
    char path[PATH_MAX] = "";
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

    if (n > 0 && access(path, X_OK) == 0)
        return mem_dup(path);
    return mem_format("/proc/%d/exe", (int)getpid());
}

static char **add_entry(char **env, const char *name, const char *value)
{
    char *entry = mem_format("%s%s", name, value);

    env = argv_add(env, entry);
    free(entry);
    return env;
}

/* Without a person no window shall open on some desktop either. */
char **openssh_ask_env(const struct openssh_ask *a)
{
    static const char *const ours[] = {"SSH_ASKPASS_REQUIRE=", "SSH_ASKPASS=", ASKPASS_SOCKET "="};
    char **env = NULL, **entry, *program = own_program();
    size_t i;

    for (entry = environ; *entry; entry++) {
        for (i = 0; i < 3 && strncmp(*entry, ours[i], strlen(ours[i])) != 0;)
            i++;
        if (i == 3)
            env = argv_add(env, *entry);
    }
    env = add_entry(env, ours[0], a ? "force" : "never");
    if (a) {
        env = add_entry(env, ours[1], program);
        env = add_entry(env, ours[2], a->path);
    }
    free(program);
    return env;
}
