/* proxy.c: a TCP proxy in front of an sshd that stops or cuts after so many bytes. */
#include "proxy.h"

#include <arpa/inet.h>
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

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)port),
                            .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    return a;
}

/* Passes on what came; false where the connection is over. */
static bool pass(struct proxy_setting *s, enum proxy_way way, int from, int to, bool *stalled)
{
    char block[16 * 1024];
    ssize_t n = read(from, block, sizeof block);

    if (n <= 0)
        return false;
    if (s->way == way && s->limit >= 0 && s->passed[way] + n >= s->limit) {
        n = s->limit - s->passed[way];
        *stalled = true;
    }
    if (n > 0 && write(to, block, (size_t)n) != n)
        return false;
    s->passed[way] += n;
    return true;
}

static void serve(struct proxy_setting *s, int client, int to_port)
{
    struct sockaddr_in a = loopback(to_port);
    int server = socket(AF_INET, SOCK_STREAM, 0), nowhere = open("/dev/null", O_WRONLY), one = 1;
    struct pollfd fds[2] = {{.fd = server, .events = POLLIN}, {.fd = client, .events = POLLIN}};
    bool stalled = s->limit == 0, more = connect(server, (struct sockaddr *)&a, sizeof a) == 0;

    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    s->passed[0] = s->passed[1] = 0;
    while (more && !(stalled && s->end == PROXY_CUT)) {
        /* What has stalled only waits for the client to go. */
        fds[0].fd = stalled ? -1 : server;
        if (poll(fds, 2, -1) <= 0)
            continue;
        if (fds[0].revents)
            more = pass(s, PROXY_DOWN, server, client, &stalled);
        if (more && fds[1].revents)
            more = pass(s, PROXY_UP, client, stalled ? nowhere : server, &stalled);
    }
    close(client);
    close(server);
    close(nowhere);
}

void proxy_start(struct proxy *p, int to_port)
{
    struct sockaddr_in a = loopback(0);
    socklen_t n = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 16) < 0 ||
        getsockname(fd, (struct sockaddr *)&a, &n) < 0)
        abort();
    p->port = ntohs(a.sin_port);
    p->setting =
        mmap(NULL, sizeof *p->setting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    p->setting->limit = -1;
    p->pid = fork();
    if (p->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_IGN);
        for (;;) {
            int client = accept(fd, NULL, NULL);

            if (client >= 0)
                serve(p->setting, client, to_port);
        }
    }
    close(fd);
}

void proxy_stop(struct proxy *p)
{
    kill(p->pid, SIGKILL);
    waitpid(p->pid, NULL, 0);
    munmap(p->setting, sizeof *p->setting);
}
