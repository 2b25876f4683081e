/* cut.c: a TCP proxy on the loopback that cuts one connection at its Nth message.
 *
 *     cut PORT TO N FILE     N counts what is read, either way, over all connections; 0: never.
 *                            The count stands in FILE, as a number that is mapped there. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static long *count, cut_at;

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((unsigned short)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static bool pass(int from, int to)
{
    char block[16 * 1024];
    ssize_t n = read(from, block, sizeof block);

    if (n <= 0)
        return false;
    if (__atomic_add_fetch(count, 1, __ATOMIC_SEQ_CST) == cut_at)
        return false;
    return write(to, block, (size_t)n) == n;
}

static void serve(int client, int to)
{
    struct sockaddr_in a = loopback(to);
    int server = socket(AF_INET, SOCK_STREAM, 0);
    struct pollfd fds[2] = {{.fd = client, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    bool more = connect(server, (struct sockaddr *)&a, sizeof a) == 0;

    while (more && poll(fds, 2, -1) > 0) {
        if (fds[0].revents)
            more = pass(client, server);
        if (more && fds[1].revents)
            more = pass(server, client);
    }
    _exit(0);
}

int main(int argc, char **argv)
{
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1, file;

    if (argc != 5)
        return 64;
    a = loopback(atoi(argv[1]));
    cut_at = atol(argv[3]);
    file = open(argv[4], O_RDWR | O_CREAT | O_TRUNC, 0600);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (file < 0 || ftruncate(file, sizeof *count) || bind(fd, (struct sockaddr *)&a, sizeof a) ||
        listen(fd, 16)) {
        perror("cut");
        return 1;
    }
    count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    signal(SIGCHLD, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int client = accept(fd, NULL, NULL);

        if (client >= 0 && fork() == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            close(fd);
            serve(client, atoi(argv[2]));
        }
        close(client);
    }
}
