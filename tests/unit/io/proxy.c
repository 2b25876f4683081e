/* proxy.c: a TCP proxy in front of an sshd that stops or cuts after so many bytes. */
#include "proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sockaddr_in at(const char *address, int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = inet_addr(address)};
}

struct connection {
    struct proxy_setting *setting;
    long passed[2];
    bool stalled;
};

/* Passes on what came; false where the connection is over. */
static bool pass(struct connection *c, enum proxy_way way, int from, int to)
{
    const struct proxy_setting *s = c->setting;
    char block[16 * 1024];
    ssize_t n = read(from, block, sizeof block);

    if (n <= 0)
        return false;
    if (s->way == way && s->limit >= 0 && c->passed[way] + n >= s->limit) {
        n = s->limit - c->passed[way];
        c->stalled = true;
    }
    if (n > 0 && write(to, block, (size_t)n) != n)
        return false;
    c->passed[way] += n;
    return true;
}

static void serve(struct proxy_setting *s, int client, struct sockaddr_in a)
{
    struct connection c = {.setting = s, .stalled = s->limit == 0};
    int server = socket(AF_INET, SOCK_STREAM, 0), nowhere = open("/dev/null", O_WRONLY), one = 1;
    struct pollfd fds[2] = {{.fd = server, .events = POLLIN}, {.fd = client, .events = POLLIN}};
    bool more = connect(server, (struct sockaddr *)&a, sizeof a) == 0;

    if (s->reset)
        setsockopt(client, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    while (more && !(c.stalled && s->end == PROXY_CUT)) {
        /* What has stalled only waits for the client to go. */
        fds[0].fd = c.stalled ? -1 : server;
        if (poll(fds, 2, -1) <= 0)
            continue;
        if (fds[0].revents)
            more = pass(&c, PROXY_DOWN, server, client);
        if (more && fds[1].revents)
            more = pass(&c, PROXY_UP, client, c.stalled ? nowhere : server);
        memcpy(s->passed, c.passed, sizeof c.passed);
    }
    close(client);
    close(server);
    close(nowhere);
}

/* A full queue that nobody takes from: the kernel drops what else comes. */
static void be_deaf(struct sockaddr_in a)
{
    int i;

    for (i = 0; i < 2; i++) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

        if (fd < 0 || (connect(fd, (struct sockaddr *)&a, sizeof a) < 0 && errno != EINPROGRESS))
            abort();
    }
    for (;;)
        pause();
}

/* One connection beside the other: each has its own process. */
static void accept_all(struct proxy *p, int fd, struct sockaddr_in to)
{
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int client = accept(fd, NULL, NULL);

        if (client >= 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(fd);
            serve(p->setting, client, to);
            _exit(0);
        }
        close(client);
    }
}

void proxy_start(struct proxy *p, const char *address, int port, enum proxy_end end)
{
    struct sockaddr_in a = at("127.0.0.1", 0);
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 ||
        listen(fd, end == PROXY_DEAF ? 0 : 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        abort();
    p->port = ntohs(a.sin_port);
    p->setting =
        mmap(NULL, sizeof *p->setting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    p->setting->limit = -1;
    p->setting->end = end;
    p->pid = fork();
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        if (end == PROXY_DEAF)
            be_deaf(a);
        accept_all(p, fd, at(address, port));
    }
    close(fd);
}

void proxy_stop(struct proxy *p)
{
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    munmap(p->setting, sizeof *p->setting);
}
