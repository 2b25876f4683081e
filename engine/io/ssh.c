/* ssh.c: transport "ssh", through libssh2. */
#include "io/ssh.h"

#include "base/mem.h"
#include "io/shell.h"
#include "io/ssh_inside.h"

static void *ssh_connect(struct loop *l, const struct host *h, const struct target_options *o,
                         struct err *e)
{
    struct ssh *s;

    /* Needed by no thread and by every session: once, and never taken back. */
    if (libssh2_init(0)) {
        err_set(e, ERR_INTERNAL, "libssh2 does not start");
        return NULL;
    }
    if (shell_check_become(h->become, e) < 0)
        return NULL;
    s = mem_alloc(sizeof *s);
    s->loop = l;
    s->host = h;
    s->asker = o->asker;
    s->line = shell_line(h->become);
    return s;
}

static struct stream *ssh_open(void *connection, const char *program,
                               const struct stream_calls *calls, void *data, struct err *e)
{
    struct ssh *s = connection;
    struct stream *stream = ssh_channel_new(s, calls, data);

    (void)e;
    shell_send(stream, program);
    ssh_begin(s);
    return stream;
}

static void ssh_disconnect(void *connection)
{
    ssh_free(connection);
}

const char *ssh_better(const void *connection)
{
    return ((const struct ssh *)connection)->better;
}

const struct transport transport_ssh = {"ssh", ssh_connect, ssh_open, NULL, ssh_disconnect};
