/* openssh_control.c: where shared connections have their sockets, and how ssh is called for them.
 *
 * ssh_config(5) and ssh(1) of OpenSSH 9.2; older ones back to 8.4 know the same options. */
#include "io/openssh_control.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/result.h"
#include "io/ssh_command.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    CONNECT_S = 10, /* where ConnectTimeout is not set */
    FOLDER_MAX = 60 /* a socket's path has 107 bytes, and ssh adds 17 while it makes one */
};

struct control {
    char *folder; /* NULL: none could be made */
    int error;
    unsigned count;
};

static void *control_make(struct loop *l)
{
    const char *run = getenv("XDG_RUNTIME_DIR");
    struct control *c = mem_alloc(sizeof *c);

    (void)l;
    if (!run || *run != '/' || strchr(run, '%') || strlen(run) > FOLDER_MAX || access(run, W_OK | X_OK) != 0)
        run = "/tmp";
    c->folder = mem_format("%s/fettle-XXXXXX", run);
    if (!mkdtemp(c->folder)) { /* with mode 0700 */
        c->error = errno;
        free(c->folder);
        c->folder = NULL;
    }
    return c;
}

/* Masters that are still ending find nothing to remove, which is fine with them. */
static void control_drop(void *kept)
{
    struct control *c = kept;
    DIR *d = c->folder ? opendir(c->folder) : NULL;
    struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(dirfd(d), entry->d_name, 0);
    if (d)
        closedir(d);
    if (c->folder)
        rmdir(c->folder);
    free(c->folder);
    free(c);
}

char *openssh_socket(struct loop *l, struct err *e)
{
    struct control *c = loop_keep(l, control_make, control_drop);

    if (c->folder)
        return mem_format("%s/%u", c->folder, c->count++);
    err_system(e, c->error, "cannot make a folder for ssh's control sockets in /tmp");
    return NULL;
}

static char **add(char **argv, const char *const *words)
{
    for (; *words; words++)
        argv = argv_add(argv, *words);
    return argv;
}

/* Nothing of the user's configuration that does more than reach the host: no forwards, no commands.
 * -N: no session of its own, which would count against the host's MaxSessions. */
char **openssh_master_argv(const char *program, const struct host *h, const struct ssh_settings *s,
                           const char *socket, bool asks)
{
    static const char *const fixed[] = {"-M", "-N",
                                        "-n", "-T",
                                        "-a", "-x",
                                        "-o", "ControlPersist=no",
                                        "-o", "ClearAllForwardings=yes",
                                        "-o", "RemoteCommand=none",
                                        "-o", "UpdateHostKeys=no",
                                        "-o", "ForkAfterAuthentication=no",
                                        "-o", "PermitLocalCommand=yes",
                                        "-o", "LocalCommand=echo fettle-is-logged-in",
                                        "-o", "LogLevel=ERROR",
                                        "-S", NULL};
    const char *strict =
        s->strict || !asks ? "StrictHostKeyChecking=yes" : "StrictHostKeyChecking=ask";
    const char *batch = asks ? "BatchMode=no" : "BatchMode=yes";
    char **argv = add(ssh_command_begin(program, h), fixed);
    char *timeout = mem_format("ConnectTimeout=%d", CONNECT_S);

    argv = add(argv, (const char *const[]){socket, "-o", strict, "-o", batch, NULL});
    if (!s->connect_timeout_ms)
        argv = add(argv, (const char *const[]){"-o", timeout, NULL});
    free(timeout);
    return add(argv, (const char *const[]){"--", s->name, NULL});
}

char **openssh_client_argv(const char *program, const char *name, const char *socket,
                           const char *line)
{
    /* Where the master cannot take it, ssh would connect by itself: to nowhere, then. */
    const char *const words[] = {
        program,          "-F", "none", "-T", "-a", "-x", "-o", "ProxyCommand=false", "-o",
        "LogLevel=ERROR", "-S", socket, "--", name, line, NULL};

    return add(NULL, words);
}

/* A changed key comes with a page of capitals: who must look, and where, is one line of it. */
char *openssh_reason(const char *text)
{
    const char *offending = strstr(text, "Offending ");
    char *line, *why;

    if (!strstr(text, "HAS CHANGED"))
        return result_one_line(text, strlen(text));
    line = offending ? result_one_line(offending, strcspn(offending, "\n")) : NULL;
    why = mem_format("the host's key is not the one that is known for it%s%s%s", line ? " (" : "",
                     line ? line : "", line ? ")" : "");
    free(line);
    return why;
}
