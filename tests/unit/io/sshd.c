/* sshd.c: a real sshd on the loopback interface, for the tests. */
#include "sshd.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char program[] = "/usr/sbin/sshd";

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "the test's sshd: %s\n", what);
    abort();
}

const char *sshd_missing(void)
{
    if (access(program, X_OK) != 0)
        return "no /usr/sbin/sshd (Debian: openssh-server)";
    if (access("/usr/bin/ssh-keygen", X_OK) != 0)
        return "no /usr/bin/ssh-keygen (Debian: openssh-client)";
    if (geteuid() != 0)
        return NULL;
    mkdir("/run/sshd", 0755); /* where sshd has itself locked up; there after a boot */
    return access("/run/sshd", X_OK) == 0 ? NULL : "no /run/sshd, and it cannot be made";
}

int sshd_run(char *const *argv)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        execv(argv[0], argv);
        _exit(127);
    }
    must(pid > 0 && waitpid(pid, &status, 0) == pid, "cannot run a program");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

char *sshd_path(const struct sshd *s, const char *name)
{
    return mem_format("%s/%s", s->folder, name);
}

void sshd_write(const struct sshd *s, const char *name, const char *text)
{
    char *path = sshd_path(s, name);

    must(file_write(path, text, strlen(text), NULL) == 0, "cannot write a file");
    free(path);
}

char *sshd_read(const struct sshd *s, const char *name)
{
    char *path = sshd_path(s, name), *text;
    struct buf b;

    must(file_read(path, 1 << 20, &b, NULL) == 0, "cannot read a file");
    text = mem_dup(b.data ? b.data : "");
    buf_release(&b);
    free(path);
    return text;
}

static int listening(int *port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    must(fd >= 0 && bind(fd, (struct sockaddr *)&a, sizeof a) == 0 &&
             getsockname(fd, (struct sockaddr *)&a, &n) == 0,
         "no port is free");
    *port = ntohs(a.sin_port);
    return fd;
}

int sshd_free_port(void)
{
    int port, fd = listening(&port);

    close(fd);
    return port;
}

static void make_key(const struct sshd *s, const char *name)
{
    char *path = sshd_path(s, name);
    char *argv[] = {(char[]){"/usr/bin/ssh-keygen"},
                    (char[]){"-q"},
                    (char[]){"-t"},
                    (char[]){"ed25519"},
                    (char[]){"-N"},
                    (char[]){""},
                    (char[]){"-C"},
                    (char[]){"test"},
                    (char[]){"-f"},
                    path,
                    NULL};

    must(sshd_run(argv) == 0, "ssh-keygen failed");
    free(path);
}

static void write_config(const struct sshd *s, const char *config)
{
    char *text = mem_format("%s"
                            "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host_key\n"
                            "PidFile %s/sshd.pid\nAuthorizedKeysFile %s/authorized_keys\n"
                            "StrictModes no\nUsePAM no\nPermitRootLogin yes\nPrintMotd no\n"
                            "MaxStartups 1000\nSetEnv HOME=%s PATH=%s\n",
                            config ? config : "", s->port, s->folder, s->folder, s->folder,
                            s->folder, getenv("PATH"));

    sshd_write(s, "sshd_config", text);
    free(text);
}

static void write_known_hosts(struct sshd *s)
{
    char *key = sshd_read(s, "host_key.pub"), *line;

    line = mem_format("[127.0.0.1]:%d %s", s->port, key);
    sshd_write(s, "known_hosts", line);
    s->known_hosts = sshd_path(s, "known_hosts");
    free(line);
    free(key);
}

static int answers(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int ok = connect(fd, (struct sockaddr *)&a, sizeof a) == 0;

    close(fd);
    return ok;
}

/* ---- another root ---- */

static int leave_namespace(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0;
}

const char *sshd_cannot_pretend(void)
{
    int status = -1;
    pid_t pid;

    if (geteuid() != 0)
        return "only root can have a mount namespace of its own";
    pid = fork();
    if (pid == 0)
        _exit(leave_namespace() ? 0 : 1);
    must(pid > 0 && waitpid(pid, &status, 0) == pid, "cannot fork");
    return status == 0 ? NULL : "no mount namespaces here";
}

/* Copies `from`, with field `field` of root's line replaced. */
static void write_changed(const struct sshd *s, const char *from, const char *name, int field,
                          const char *value)
{
    char *line, *rest = NULL;
    struct buf in, out;

    must(file_read(from, 1 << 20, &in, NULL) == 0, "cannot read root's entry");
    buf_init(&out, 2 << 20);
    for (line = strtok_r(in.data, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *part, *at = line;
        int i;

        for (i = 0; (part = strsep(&at, ":")); i++)
            buf_addf(&out, "%s%s", i ? ":" : "",
                     value && i == field && strncmp(line, "root", 5) == 0 ? value : part);
        buf_puts(&out, "\n");
    }
    sshd_write(s, name, out.data);
    buf_release(&out);
    buf_release(&in);
}

static void pretend(const struct sshd *s)
{
    char *passwd = sshd_path(s, "passwd"), *shadow = sshd_path(s, "shadow");

    must(leave_namespace() && mount(passwd, "/etc/passwd", "none", MS_BIND, NULL) == 0 &&
             mount(shadow, "/etc/shadow", "none", MS_BIND, NULL) == 0,
         "no mount namespace");
    free(passwd);
    free(shadow);
}

void sshd_start(struct sshd *s, const char *config)
{
    sshd_start_as(s, config, NULL, NULL);
}

void sshd_start_as(struct sshd *s, const char *config, const char *shell, const char *hash)
{
    char folder[] = "/tmp/fettle-sshd-XXXXXX", *path, *log, *key;
    int i;

    memset(s, 0, sizeof *s);
    must(mkdtemp(folder) != NULL, "no folder");
    s->folder = mem_dup(folder);
    s->port = sshd_free_port();
    make_key(s, "host_key");
    make_key(s, "id_ed25519");
    s->identity = sshd_path(s, "id_ed25519");
    key = sshd_read(s, "id_ed25519.pub");
    sshd_write(s, "authorized_keys", key);
    free(key);
    write_known_hosts(s);
    write_config(s, config);
    if (shell || hash) {
        write_changed(s, "/etc/passwd", "passwd", 6, shell);
        write_changed(s, "/etc/shadow", "shadow", 1, hash);
    }
    path = sshd_path(s, "sshd_config");
    log = sshd_path(s, "log");
    s->pid = fork();
    if (s->pid == 0) {
        if (shell || hash)
            pretend(s);
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that crashes leaves none behind */
        execl(program, program, "-D", "-f", path, "-E", log, (char *)NULL);
        _exit(127);
    }
    for (i = 0; i < 600 && !answers(s->port); i++)
        usleep(50 * 1000);
    must(i < 600, "it does not answer");
    free(path);
    free(log);
}

void sshd_stop(struct sshd *s)
{
    char *argv[] = {(char[]){"/bin/rm"}, (char[]){"-rf"}, s->folder, NULL};

    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
    sshd_run(argv);
    free(s->folder);
    free(s->identity);
    free(s->known_hosts);
    memset(s, 0, sizeof *s);
}
