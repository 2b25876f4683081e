/* local.c: transport "local": a process on this machine. */
#include "io/process.h"
#include "io/transport.h"

#include "base/argv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct local_connection {
    struct loop *loop;
    char *become; /* or NULL */
};

/* "sudo" is root's, "sudo:USER" another's; -n: it never asks, it fails. */
static char **local_argv(const char *become, const char *program)
{
    char **argv = NULL;

    if (become) {
        argv = argv_add(argv, "sudo");
        argv = argv_add(argv, "-n");
        if (strncmp(become, "sudo:", 5) == 0) {
            argv = argv_add(argv, "-u");
            argv = argv_add(argv, become + 5);
        }
        argv = argv_add(argv, "--");
    }
    argv = argv_add(argv, "sh");
    argv = argv_add(argv, "-c");
    argv = argv_add(argv, program);
    return argv_add(argv, "fettle");
}

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

static struct stream *local_open(void *connection, const char *program,
                                 const struct stream_calls *calls, void *data, struct err *e)
{
    struct local_connection *c = connection;
    char **argv = local_argv(c->become, program), **env = local_env();
    struct stream *s = process_open(c->loop, argv, env, calls, data, e);

    argv_free(argv);
    argv_free(env);
    return s;
}

static void *local_connect(struct loop *l, const struct host *h, const struct target_options *o,
                           struct err *e)
{
    struct local_connection *c;

    (void)o;
    if (h->become && strcmp(h->become, "sudo") != 0 &&
        (strncmp(h->become, "sudo:", 5) != 0 || !h->become[5] || h->become[5] == '-')) {
        err_set(e, ERR_DATA, "unknown way to become another user: \"%s\"", h->become);
        return NULL;
    }
    c = mem_alloc(sizeof *c);
    c->loop = l;
    c->become = mem_dup(h->become);
    return c;
}

static void local_disconnect(void *connection)
{
    struct local_connection *c = connection;

    free(c->become);
    free(c);
}

const struct transport transport_local = {"local", local_connect, local_open, NULL,
                                          local_disconnect};
