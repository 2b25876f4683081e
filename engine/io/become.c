/* become.c: programs on a host as the user that its `become` says. */
#include "io/become.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "io/shell.h"

#include <stdlib.h>
#include <string.h>

extern const char become_program[]; /* become.sh */

enum {
    TOKEN_BYTES = 16,
    NOISE_MAX = 8 * 1024,
    KEPT_MAX = 64 * 1024 * 1024, /* as much as a channel takes */
    ATTEMPT_MS = 20 * 1000,      /* a slow sudo asks a slow directory service */
    TRIES = 3,
};

enum way { WAY_DIRECT, WAY_TTY, WAY_PASSWORD };

struct secret { /* a host's password for sudo, asked for once in a run */
    struct secret *next;
    char *host, *text;
};

struct become {
    struct loop *loop;
    const struct host *host;
    const struct asker *asker;
    become_raw *raw;
    void *connection;
    enum way way; /* to begin with */
    struct becoming *streams;
    struct ask *ask;
    bool declined;
};

struct becoming {
    struct stream base;
    struct becoming *next;
    struct become *of;
    struct stream *inner; /* NULL: waits for a password */
    enum way way;
    int tries;
    char token[2 * TOKEN_BYTES + 1];
    char *program;
    struct buf kept; /* what was written so far, for another attempt; empty once it has begun */
    struct buf out, err;
    struct loop_timer *timer;
    bool shut, held, begun, here, wrong, hopeless;
    bool anew; /* what `err` holds is an earlier attempt's */
};

/* ---- secrets ---- */

static void *secrets_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct secret *));
}

static void wipe(char *text)
{
    if (text)
        digest_wipe(text, strlen(text));
    free(text);
}

static void secrets_drop(void *kept)
{
    struct secret **all = kept, *s;

    while ((s = *all)) {
        *all = s->next;
        wipe(s->text);
        free(s->host);
        free(s);
    }
    free(all);
}

static struct secret *secret_of(const struct become *b)
{
    struct secret **all = loop_keep(b->loop, secrets_make, secrets_drop), *s;

    for (s = *all; s; s = s->next)
        if (strcmp(s->host, b->host->name) == 0)
            return s;
    s = mem_alloc(sizeof *s);
    s->host = mem_dup(b->host->name);
    s->next = *all;
    *all = s;
    return s;
}

static void secret_set(const struct become *b, const char *text)
{
    struct secret *s = secret_of(b);

    wipe(s->text);
    s->text = mem_dup(text);
}

/* ---- attempts ---- */

static void attempt(struct becoming *s);

static void becoming_end(struct becoming *s, const struct stream_end *end)
{
    const struct stream_calls *calls = s->base.calls;

    if (!s->begun && s->err.len)
        calls->err(s->base.data, s->err.data, s->err.len);
    else if (!s->begun && s->out.len)
        calls->err(s->base.data, s->out.data, s->out.len);
    calls->end(s->base.data, end);
}

static void drop_inner(struct becoming *s)
{
    loop_timer_stop(s->timer);
    s->timer = NULL;
    if (s->inner)
        s->inner->ops->close(s->inner, STREAM_KILL);
    s->inner = NULL;
}

static void on_time(void *data)
{
    struct becoming *s = data;

    s->timer = NULL;
    drop_inner(s);
    becoming_end(s, &(struct stream_end){.kind = STREAM_LOST,
                                         .code = -1,
                                         .why = "sudo started no shell within 20 s"});
}

static void on_inner_begun(void *data)
{
    struct becoming *s = data;

    s->timer = loop_timer_start(s->of->loop, ATTEMPT_MS, on_time, s);
}

/* A line of the token and a word; what follows it, or NULL. */
static const char *find_word(const struct becoming *s, const char *word)
{
    char *line = mem_format("\n%s %s\n", s->token, word);
    const char *at = memmem(s->out.data, s->out.len, line, strlen(line));

    at = at ? at + strlen(line) : NULL;
    free(line);
    return at;
}

static void becoming_begun(struct becoming *s, const char *rest)
{
    size_t n = (size_t)(s->out.data + s->out.len - rest);
    char *copy = mem_dupn(rest, n);

    s->begun = true;
    s->of->way = s->way;
    loop_timer_stop(s->timer);
    s->timer = NULL;
    buf_release(&s->kept);
    buf_release(&s->out);
    s->base.calls->begun(s->base.data);
    if (n)
        s->base.calls->out(s->base.data, copy, n);
    free(copy);
}

static void on_inner_out(void *data, const char *bytes, size_t n)
{
    struct becoming *s = data;
    const char *rest;

    if (s->begun) {
        s->base.calls->out(s->base.data, bytes, n);
        return;
    }
    /* Noise of a login may come before the token, and of any length. */
    if (s->out.len > NOISE_MAX)
        buf_drop(&s->out, s->out.len - NOISE_MAX / 2);
    buf_add(&s->out, bytes, n);
    rest = find_word(s, "begun");
    s->here = s->here || find_word(s, "here");
    s->wrong = s->wrong || find_word(s, "wrong");
    s->hopeless = s->hopeless || find_word(s, "none") || find_word(s, "unread");
    if (rest)
        becoming_begun(s, rest);
}

static void on_inner_err(void *data, const char *bytes, size_t n)
{
    struct becoming *s = data;

    if (s->begun) {
        s->base.calls->err(s->base.data, bytes, n);
        return;
    }
    if (s->anew) /* why the last one failed is what a person needs to know, not why each did */
        buf_clear(&s->err);
    s->anew = false;
    buf_add(&s->err, bytes, n);
}

/* ---- the password ---- */

static void on_password(void *data, const char *answer)
{
    struct become *b = data;
    struct becoming *s, *next;

    b->ask = NULL;
    b->declined = !answer || !*answer;
    if (!b->declined)
        secret_set(b, answer);
    for (s = b->streams; s; s = next) {
        next = s->next;
        if (s->inner || s->begun || s->way != WAY_PASSWORD)
            continue;
        if (b->declined)
            becoming_end(s, &(struct stream_end){
                                .kind = STREAM_LOST, .code = -1, .why = "no password for sudo"});
        else
            attempt(s);
    }
}

static void ask_password(struct becoming *s)
{
    struct become *b = s->of;
    char *text = mem_format("%sPassword for sudo%s%s", s->tries ? "That was not it.  " : "",
                            b->host->user ? " of " : "", b->host->user ? b->host->user : "");
    struct ask_question q = {ASK_SECRET, b->host->name, text};

    s->tries++;
    if (!b->ask)
        b->ask = b->asker->start(b->asker->data, &q, on_password, b);
    free(text);
}

static bool may_try_next(struct becoming *s)
{
    struct become *b = s->of;

    if (s->way == WAY_PASSWORD && s->wrong)
        secret_set(b, NULL);
    if (s->begun || s->hopeless || (s->way == WAY_PASSWORD && !s->wrong) || s->tries >= TRIES)
        return false;
    /* Only a host that runs our program at all is worth a person's password. */
    return s->way == WAY_DIRECT || (s->here && !b->declined && (b->asker || secret_of(b)->text));
}

static void on_inner_end(void *data, const struct stream_end *end)
{
    struct becoming *s = data;

    if (end->kind == STREAM_LOST || !may_try_next(s)) {
        becoming_end(s, end);
        return;
    }
    drop_inner(s);
    s->way = s->way == WAY_DIRECT ? WAY_TTY : WAY_PASSWORD;
    if (s->way == WAY_PASSWORD && !secret_of(s->of)->text)
        ask_password(s);
    else
        attempt(s);
}

static const struct stream_calls inner_calls = {on_inner_begun, on_inner_out, on_inner_err,
                                                on_inner_end};

/* ---- what is sent ---- */

static void send_ladder(struct becoming *s)
{
    const char *become = s->of->host->become, *user = strchr(become, ':');
    struct buf b;

    buf_init(&b, 1 << 16);
    buf_addf(&b, "t=%s\nmode=%s\nu=", s->token, s->way == WAY_TTY ? "tty" : "password");
    argv_quote_word(&b, user ? user + 1 : "");
    buf_addf(&b, "\nreader='%s'\n%s", shell_reader(), become_program);
    shell_send(s->inner, b.data);
    buf_release(&b);
}

static void send_password(struct becoming *s)
{
    char *line = mem_format("%s\n", secret_of(s->of)->text);

    s->inner->ops->write(s->inner, line, strlen(line));
    wipe(line);
}

static int start_inner(struct becoming *s, struct err *e)
{
    struct become *b = s->of;
    char *text;

    s->wrong = false;
    buf_clear(&s->out);
    s->inner =
        b->raw(b->connection, s->way == WAY_DIRECT ? b->host->become : NULL, &inner_calls, s, e);
    if (!s->inner)
        return -1;
    text = mem_format("echo\necho %s begun\n%s", s->token, s->program);
    if (s->way != WAY_DIRECT)
        send_ladder(s);
    if (s->way == WAY_PASSWORD)
        send_password(s);
    shell_send(s->inner, text);
    if (s->kept.len)
        s->inner->ops->write(s->inner, s->kept.data, s->kept.len);
    if (s->shut)
        s->inner->ops->shut(s->inner);
    s->inner->ops->hold(s->inner, s->held);
    if (!s->inner->far)
        on_inner_begun(s);
    free(text);
    return 0;
}

/* Another one than the first, which tells its errors to who opens. */
static void attempt(struct becoming *s)
{
    struct err e = {0};

    s->anew = true;
    if (start_inner(s, &e) < 0)
        becoming_end(s, &(struct stream_end){.kind = STREAM_LOST, .code = -1, .why = e.text});
}

/* ---- the stream's side ---- */

static void becoming_write(struct stream *base, const void *data, size_t n)
{
    struct becoming *s = (struct becoming *)base;

    if (!s->begun)
        buf_add(&s->kept, data, n);
    if (s->inner)
        s->inner->ops->write(s->inner, data, n);
}

static void becoming_shut(struct stream *base)
{
    struct becoming *s = (struct becoming *)base;

    s->shut = true;
    if (s->inner)
        s->inner->ops->shut(s->inner);
}

static void becoming_hold(struct stream *base, bool hold)
{
    struct becoming *s = (struct becoming *)base;

    s->held = hold;
    if (s->inner)
        s->inner->ops->hold(s->inner, hold);
}

static void becoming_close(struct stream *base, enum stream_close how)
{
    struct becoming *s = (struct becoming *)base, **at = &s->of->streams;

    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    loop_timer_stop(s->timer);
    if (s->inner)
        s->inner->ops->close(s->inner, how);
    free(s->program);
    buf_release(&s->kept);
    buf_release(&s->out);
    buf_release(&s->err);
    free(s);
}

static const struct stream_ops becoming_ops = {becoming_write, becoming_shut, becoming_hold,
                                               becoming_close};

static struct stream *open_plain(struct become *b, const char *program,
                                 const struct stream_calls *calls, void *data, struct err *e)
{
    struct stream *s = b->raw(b->connection, NULL, calls, data, e);

    if (s)
        shell_send(s, program);
    return s;
}

struct stream *become_open(struct become *b, const char *program, const struct stream_calls *calls,
                           void *data, struct err *e)
{
    struct becoming *s;

    if (!b->host->become)
        return open_plain(b, program, calls, data, e);
    s = mem_alloc(sizeof *s);
    s->base = (struct stream){&becoming_ops, calls, data, .far = true};
    s->of = b;
    s->way = b->way;
    s->held = true;
    s->program = mem_dup(program);
    buf_init(&s->kept, KEPT_MAX);
    buf_init(&s->out, 64 * 1024);
    buf_init(&s->err, NOISE_MAX);
    s->next = b->streams;
    b->streams = s;
    if (digest_random(s->token, TOKEN_BYTES, e) < 0 || start_inner(s, e) < 0) {
        becoming_close(&s->base, STREAM_KILL);
        return NULL;
    }
    return &s->base;
}

struct become *become_new(struct loop *l, const struct host *h, const struct asker *asker,
                          become_raw *raw, void *connection, struct err *e)
{
    struct become *b;

    if (shell_check_become(h->become, e) < 0)
        return NULL;
    b = mem_alloc(sizeof *b);
    b->loop = l;
    b->host = h;
    b->asker = asker;
    b->raw = raw;
    b->connection = connection;
    return b;
}

void become_free(struct become *b)
{
    if (!b)
        return;
    if (b->ask)
        b->asker->cancel(b->asker->data, b->ask);
    free(b);
}
