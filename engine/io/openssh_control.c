/* openssh_control.c: how ssh is called for shared connections, and what it says.
 *
 * ssh_config(5) and ssh(1) of OpenSSH 9.2; older ones back to 8.4 know the same options. */
#include "io/openssh_control.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/result.h"
#include "io/ssh_command.h"

#include <stdlib.h>
#include <string.h>

enum { CONNECT_S = 10 }; /* where ConnectTimeout is not set */

static char **add(char **argv, const char *const *words)
{
    for (; *words; words++)
        argv = argv_add(argv, *words);
    return argv;
}

/* Runs ssh, and ends it when nobody holds the other end of our input any more: then fettle is gone,
 * and had no time to do it itself.  ssh may miss a TERM that comes just before it waits: so the
 * shell outlives one, as whoever ends the group sees by it that ssh is not over yet. */
static const char watch[] = "exec 3<&0 </dev/null\n"
                            "trap : TERM\n"
                            "\"$@\" 3<&- &\n"
                            "p=$!\n"
                            "{ read x <&3; kill $p; sleep 3; kill -KILL $p; } >/dev/null 2>&1 &\n"
                            "w=$!\n"
                            "exec 3<&-\n"
                            "while wait $p; s=$?; [ $s -gt 128 ] && kill -0 $p 2>/dev/null; do\n"
                            ":\n"
                            "done\n"
                            "kill $w 2>/dev/null\n"
                            "exit $s\n";

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
    char **argv = add(NULL, (const char *const[]){"sh", "-c", watch, "fettle-ssh", NULL});
    char **command = ssh_command_begin(program, h);
    char *timeout = mem_format("ConnectTimeout=%d", CONNECT_S);

    argv = add(add(argv, (const char *const *)command), fixed);
    argv_free(command);
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
static char *changed_key(const char *text)
{
    const char *offending = strstr(text, "Offending ");
    char *line, *why;

    line = offending ? result_one_line(offending, strcspn(offending, "\n")) : NULL;
    why = mem_format("the host's key is not the one that is known for it%s%s%s", line ? " (" : "",
                     line ? line : "", line ? ")" : "");
    free(line);
    return why;
}

char *openssh_reason(const char *text, bool asks)
{
    char *said, *why;

    if (strstr(text, "HAS CHANGED"))
        return changed_key(text);
    said = result_one_line(text, strlen(text));
    if (!said || asks)
        return said;
    /* What ssh could have asked for; these words are fixed in OpenSSH's sources. */
    why = mem_format("%s%s", said,
                     strstr(text, "verification failed") || strstr(text, "Permission denied")
                         ? " (there is no terminal to ask at)"
                         : "");
    free(said);
    return why;
}
