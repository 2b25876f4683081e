/* openssh.c: transport "openssh", through the system's ssh.
 *
 * One ssh logs in and stays (the master); each worker and each change is a further ssh that runs
 * over the master's connection.  Both are children with streams; a stream that is opened
 * before the login is done is a relay that waits for it.  Only the master asks a person. */
#include "io/openssh.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/become.h"
#include "io/openssh_ask.h"
#include "io/openssh_control.h"
#include "io/openssh_folder.h"
#include "io/process.h"
#include "io/relay.h"
#include "io/shell.h"
#include "io/ssh_command.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum {
    LOGIN_MS = 60 * 1000, /* with ways over other hosts */
    SAID_MAX = 8 * 1024,
};

enum openssh_state { OPENSSH_IDLE, OPENSSH_SETTINGS, OPENSSH_LOGIN, OPENSSH_OPEN };

struct waiting {
    struct waiting *next;
    struct relay *relay;
    char *line; /* what it starts */
};

struct openssh {
    struct loop *loop;
    const struct host *host;
    const struct asker *asker;
    struct become *become;
    char *program, *socket;
    enum openssh_state state;
    struct ssh_settings_query *query;
    const struct ssh_settings *settings;
    struct openssh_ask *ask; /* where the master asks a person; NULL: nobody is there */
    struct stream *master;
    struct buf out, said;
    struct loop_timer *deadline;
    struct waiting *relays; /* all that are open */
};

/* ---- streams over the master's connection ---- */

static struct stream *client_open(struct openssh *s, const struct waiting *w, struct err *e)
{
    char **argv = openssh_client_argv(s->program, s->settings->name, s->socket, w->line);
    struct stream *client = process_open(s->loop, argv, NULL, relay_inner_calls(), w->relay, e);

    argv_free(argv);
    return client;
}

/* 255 is ssh's own: the connection went, there is no room for one more, or the shell over there
 * was killed.  As long as the connection stands, a shell that had begun has ended somehow. */
static bool client_over(void *owner, struct relay *r, struct stream_end *end, bool fresh)
{
    struct openssh *s = owner;
    bool open = s->state == OPENSSH_OPEN;

    (void)r;
    if (end->kind != STREAM_EXIT || end->code != 255)
        return false;
    *end = (struct stream_end){.kind = STREAM_LOST, .code = -1, .crowded = open && fresh};
    if (open && !fresh)
        end->kind = STREAM_CLOSED;
    end->why = end->crowded ? "ssh could not open one more session" : "the connection was lost";
    return false;
}

static void client_gone(void *owner, struct relay *r)
{
    struct openssh *s = owner;
    struct waiting **at = &s->relays, *w;

    while (*at && (*at)->relay != r)
        at = &(*at)->next;
    w = *at;
    if (w)
        *at = w->next;
    free(w->line);
    free(w);
}

static const struct relay_calls client_calls = {client_over, client_gone};

/* The next one that waits; told one by one, as each may close others. */
static const struct waiting *next_waiting(const struct openssh *s)
{
    const struct waiting *w, *found = NULL;

    for (w = s->relays; w; w = w->next)
        if (relay_waits(w->relay))
            found = w; /* the oldest is the last */
    return found;
}

static void attach_all(struct openssh *s)
{
    const struct waiting *w;
    struct err e = {0};

    while (s->state == OPENSSH_OPEN && (w = next_waiting(s))) {
        struct stream *client = client_open(s, w, &e);

        if (client)
            relay_attach(w->relay, client, false);
        else
            relay_end(w->relay, e.text);
    }
}

/* ---- the master ---- */

static void master_close(struct openssh *s)
{
    loop_timer_stop(s->deadline);
    s->deadline = NULL;
    ssh_settings_cancel(s->query);
    s->query = NULL;
    openssh_ask_free(s->ask);
    s->ask = NULL;
    if (s->master) {
        process_signal(s->master, SIGTERM); /* it removes its socket */
        s->master->ops->close(s->master, STREAM_KILL);
    }
    s->master = NULL;
    s->state = OPENSSH_IDLE;
    buf_clear(&s->out);
    buf_clear(&s->said);
}

static void openssh_fail(struct openssh *s, const char *reason)
{
    char *why = mem_dup(reason);
    const struct waiting *w;

    master_close(s);
    while (s->state == OPENSSH_IDLE && (w = next_waiting(s)))
        relay_end(w->relay, why);
    free(why);
}

static void on_begun(void *data)
{
    (void)data;
}

static void on_out(void *data, const char *bytes, size_t n)
{
    struct openssh *s = data;

    buf_add(&s->out, bytes, n);
    if (s->state != OPENSSH_LOGIN || !strstr(s->out.data, OPENSSH_READY))
        return;
    s->state = OPENSSH_OPEN;
    loop_timer_stop(s->deadline);
    s->deadline = NULL;
    s->master->ops->hold(s->master, false);
    attach_all(s);
}

static void on_err(void *data, const char *bytes, size_t n)
{
    struct openssh *s = data;

    buf_add(&s->said, bytes, n);
}

static void on_end(void *data, const struct stream_end *end)
{
    struct openssh *s = data;
    char *said = openssh_reason(s->said.data, s->asker != NULL);
    const char *other =
        s->state == OPENSSH_OPEN ? "the connection was lost" : "ssh ended without a word";

    (void)end;
    openssh_fail(s, said ? said : other);
    free(said);
}

static const struct stream_calls master_calls = {on_begun, on_out, on_err, on_end};

static void on_deadline(void *data)
{
    struct openssh *s = data;
    char *why = mem_format("the login did not end within %d s", LOGIN_MS / 1000);

    s->deadline = NULL;
    openssh_fail(s, why);
    free(why);
}

/* A person may think as long as it takes. */
static void on_asking(void *data, bool any)
{
    struct openssh *s = data;

    loop_timer_stop(s->deadline);
    s->deadline = NULL;
    if (!any && s->state == OPENSSH_LOGIN)
        s->deadline = loop_timer_start(s->loop, LOGIN_MS, on_deadline, s);
}

static int master_listen(struct openssh *s, struct err *e)
{
    char *path = mem_format("%s.ask", s->socket);

    s->ask = openssh_ask_new(s->loop, s->host, s->asker, path, on_asking, s, e);
    free(path);
    return s->ask ? 0 : -1;
}

static int master_run(struct openssh *s, struct err *e)
{
    bool asks = s->asker != NULL;
    char **argv, **env;

    free(s->socket);
    s->socket = openssh_folder_path(s->loop, e);
    if (!s->socket || (asks && master_listen(s, e) != 0))
        return -1;
    env = openssh_ask_env(s->ask);
    argv = openssh_master_argv(s->program, s->host, s->settings, s->socket, asks);
    s->master = process_open(s->loop, argv, env, &master_calls, s, e);
    argv_free(argv);
    argv_free(env);
    return s->master ? 0 : -1;
}

static void master_start(struct openssh *s)
{
    struct err e = {0};

    if (master_run(s, &e) != 0) {
        openssh_fail(s, e.text);
        return;
    }
    s->state = OPENSSH_LOGIN;
    s->deadline = loop_timer_start(s->loop, LOGIN_MS, on_deadline, s);
}

static void on_settings(void *data, const struct ssh_settings *settings, const struct err *e)
{
    struct openssh *s = data;

    s->query = NULL;
    s->settings = settings;
    if (settings)
        master_start(s);
    else
        openssh_fail(s, e->text);
}

/* ---- the transport ---- */

static struct stream *openssh_start(void *connection, const char *become,
                                    const struct stream_calls *calls, void *data, struct err *e)
{
    struct openssh *s = connection;
    struct relay *r = relay_new(&client_calls, s, calls, data);
    struct waiting *w = mem_alloc(sizeof *w);
    struct stream *client;

    *w = (struct waiting){s->relays, r, shell_line(become)};
    s->relays = w;
    if (s->state == OPENSSH_OPEN) {
        client = client_open(s, w, e);
        if (!client) {
            relay_stream(r)->ops->close(relay_stream(r), STREAM_KILL);
            return NULL;
        }
        relay_attach(r, client, true);
    } else if (s->state == OPENSSH_IDLE) {
        s->state = OPENSSH_SETTINGS;
        s->query = ssh_settings_get(s->loop, s->host, on_settings, s);
    }
    return relay_stream(r);
}

static void openssh_disconnect(void *connection)
{
    struct openssh *s = connection;

    become_free(s->become);
    master_close(s);
    buf_release(&s->out);
    buf_release(&s->said);
    free(s->program);
    free(s->socket);
    free(s);
}

static void *openssh_connect(struct loop *l, const struct host *h, const struct target_options *o,
                             struct err *e)
{
    char *program = ssh_command_find();
    struct openssh *s;

    if (!program) {
        err_set(e, ERR_UNREACHABLE,
                "there is no `ssh` on this machine: install OpenSSH's client for transport "
                "\"openssh\"");
        return NULL;
    }
    s = mem_alloc(sizeof *s);
    s->loop = l;
    s->host = h;
    s->asker = o->asker;
    s->program = program;
    buf_init(&s->out, SAID_MAX);
    buf_init(&s->said, SAID_MAX);
    s->become = become_new(l, h, o->asker, openssh_start, s, e);
    if (s->become)
        return s;
    openssh_disconnect(s);
    return NULL;
}

static struct stream *openssh_open(void *connection, const char *program,
                                   const struct stream_calls *calls, void *data, struct err *e)
{
    return become_open(((struct openssh *)connection)->become, program, calls, data, e);
}

static const struct ssh_settings *openssh_settings(const void *connection)
{
    return ((const struct openssh *)connection)->settings;
}

const struct transport transport_openssh = {"openssh", openssh_connect,    openssh_open,
                                            NULL,      openssh_disconnect, openssh_settings};
