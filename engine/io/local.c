/* local.c: transport "local": a process on this machine. */
#include "io/become.h"
#include "io/process.h"
#include "io/shell.h"
#include "io/transport.h"

#include "base/argv.h"
#include "base/mem.h"

#include <stdlib.h>

struct local_connection {
    struct loop *loop;
    struct become *become;
};

/* Only what a command needs to find its way; nothing of the operator's session leaks in. */
static char **local_env(void)
{
    static const char *const kept[] = {"PATH", "HOME", "USER", "LOGNAME"};
    char **env = NULL;
    size_t i;

    for (i = 0; i < sizeof kept / sizeof *kept; i++) {
        const char *value = getenv(kept[i]);
        char *entry;

        if (!value)
            continue;
        entry = mem_format("%s=%s", kept[i], value);
        env = argv_add(env, entry);
        free(entry);
    }
    env = argv_add(env, "LC_ALL=C");
    return argv_add(env, "TERM=dumb");
}

static struct stream *local_start(void *connection, const char *become,
                                  const struct stream_calls *calls, void *data, struct err *e)
{
    struct local_connection *c = connection;
    char **argv = shell_argv(become), **env = local_env();
    struct stream *s = process_open(c->loop, argv, env, calls, data, e);

    argv_free(argv);
    argv_free(env);
    return s;
}

static struct stream *local_open(void *connection, const char *program,
                                 const struct stream_calls *calls, void *data, struct err *e)
{
    struct local_connection *c = connection;

    return become_open(c->become, program, calls, data, e);
}

static void *local_connect(struct loop *l, const struct host *h, const struct target_options *o,
                           struct err *e)
{
    struct local_connection *c = mem_alloc(sizeof *c);

    c->loop = l;
    c->become = become_new(l, h, o->asker, local_start, c, e);
    if (c->become)
        return c;
    free(c);
    return NULL;
}

static void local_disconnect(void *connection)
{
    struct local_connection *c = connection;

    become_free(c->become);
    free(c);
}

const struct transport transport_local = {"local", local_connect,    local_open,
                                          NULL,    local_disconnect, NULL};
