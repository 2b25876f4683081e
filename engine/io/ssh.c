/* ssh.c: transport "ssh", through libssh2. */
#include "io/ssh.h"

#include "base/mem.h"
#include "io/become.h"
#include "io/shell.h"
#include "io/ssh_inside.h"

#include <stdlib.h>

static struct stream *ssh_start(void *connection, const char *become,
                                const struct stream_calls *calls, void *data, struct err *e)
{
    struct ssh *s = connection;
    struct stream *stream = ssh_channel_new(s, shell_line(become), calls, data);

    (void)e;
    ssh_begin(s);
    return stream;
}

static void *ssh_connect(struct loop *l, const struct host *h, const struct target_options *o,
                         struct err *e)
{
    struct ssh *s = NULL;

    /* Needed by no thread and by every session: once, and never taken back. */
    if (libssh2_init(0)) {
        err_set(e, ERR_INTERNAL, "libssh2 does not start");
        return NULL;
    }
    s = mem_alloc(sizeof *s);
    s->loop = l;
    s->host = h;
    s->asker = o->asker;
    s->become = become_new(l, h, o->asker, ssh_start, s, e);
    if (s->become)
        return s;
    free(s);
    return NULL;
}

static struct stream *ssh_open(void *connection, const char *program,
                               const struct stream_calls *calls, void *data, struct err *e)
{
    return become_open(((struct ssh *)connection)->become, program, calls, data, e);
}

static void ssh_disconnect(void *connection)
{
    struct ssh *s = connection;

    become_free(s->become);
    ssh_free(s);
}

const char *ssh_better(const void *connection)
{
    return ((const struct ssh *)connection)->better;
}

static const struct ssh_settings *ssh_known_settings(const void *connection)
{
    return ((const struct ssh *)connection)->settings;
}

const struct transport transport_ssh = {"ssh", ssh_connect,    ssh_open,
                                        NULL,  ssh_disconnect, ssh_known_settings};
