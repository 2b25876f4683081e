/* bare_ssh.c: the least that libssh2 can do it for: one connection a host, a channel for each
 * command, all hosts in one poll loop.  What fettle is measured against.
 *
 *     bare_ssh PORT USER KEY HOST… <COMMANDS
 *
 * No known_hosts, no deadlines, no settings: a yardstick and not a client. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libssh2.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { COMMANDS_MAX = 64, LINE_MAX_BYTES = 512 };

enum state { HANDSHAKE, LOGIN, OPEN, EXEC, READ, FREE, OVER };

struct host {
    const char *name;
    int fd;
    enum state state;
    LIBSSH2_SESSION *session;
    LIBSSH2_CHANNEL *channel;
    int command;
    size_t bytes;
};

static char commands[COMMANDS_MAX][LINE_MAX_BYTES];
static int command_count;
static const char *user, *key;
static char public_key[4096];

static void die(const struct host *h, const char *what)
{
    char *text = NULL;

    if (h->session)
        libssh2_session_last_error(h->session, &text, NULL, 0);
    fprintf(stderr, "bare_ssh: %s: %s: %s\n", h->name, what, text ? text : strerror(errno));
    exit(1);
}

static void host_connect(struct host *h, int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    int one = 1;

    inet_pton(AF_INET, h->name, &to.sin_addr);
    h->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (h->fd < 0 || connect(h->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die(h, "connect");
    setsockopt(h->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(h->fd, F_SETFL, O_NONBLOCK);
    h->session = libssh2_session_init();
    libssh2_session_set_blocking(h->session, 0);
}

/* Reads what there is: >0 more may come, 0 the end, else libssh2's error. */
static int host_drain(struct host *h)
{
    char block[32768];
    ssize_t n;

    while ((n = libssh2_channel_read(h->channel, block, sizeof block)) > 0)
        h->bytes += (size_t)n;
    if (n == 0 && !libssh2_channel_eof(h->channel))
        return LIBSSH2_ERROR_EAGAIN;
    return (int)n;
}

/* One step: 0 if it was done, LIBSSH2_ERROR_EAGAIN if it has to wait. */
static int host_step(struct host *h)
{
    int rc = 0;

    switch (h->state) {
    case HANDSHAKE:
        rc = libssh2_session_handshake(h->session, h->fd);
        break;
    case LOGIN:
        rc = libssh2_userauth_publickey_fromfile(h->session, user, public_key, key, NULL);
        break;
    case OPEN:
        h->channel = libssh2_channel_open_session(h->session);
        if (!h->channel)
            rc = libssh2_session_last_errno(h->session);
        break;
    case EXEC:
        rc = libssh2_channel_exec(h->channel, commands[h->command]);
        break;
    case READ:
        rc = host_drain(h);
        break;
    case FREE:
        rc = libssh2_channel_free(h->channel);
        break;
    case OVER:
        break;
    }
    if (rc && rc != LIBSSH2_ERROR_EAGAIN)
        die(h, "ssh");
    if (rc == 0)
        h->state++;
    return rc;
}

static void host_go_on(struct host *h, int *left)
{
    while (h->state != OVER && host_step(h) == 0) {
        if (h->state == OVER && ++h->command < command_count)
            h->state = OPEN;
    }
    if (h->state == OVER) {
        libssh2_session_free(h->session);
        close(h->fd);
        h->fd = -1;
        (*left)--;
    }
}

static short host_events(const struct host *h)
{
    int way = libssh2_session_block_directions(h->session);

    return (short)(POLLIN | (way & LIBSSH2_SESSION_BLOCK_OUTBOUND ? POLLOUT : 0));
}

static void read_commands(void)
{
    while (command_count < COMMANDS_MAX && fgets(commands[command_count], LINE_MAX_BYTES, stdin)) {
        commands[command_count][strcspn(commands[command_count], "\n")] = 0;
        command_count++;
    }
}

int main(int argc, char **argv)
{
    int i, left = argc - 4;
    struct host *hosts = calloc((size_t)argc, sizeof *hosts);
    struct pollfd *fds = calloc((size_t)argc, sizeof *fds);

    if (argc < 5 || !hosts || !fds)
        return 64;
    user = argv[2];
    key = argv[3];
    snprintf(public_key, sizeof public_key, "%s.pub", key);
    read_commands();
    if (libssh2_init(0) != 0)
        return 1;
    for (i = 0; i < argc - 4; i++) {
        hosts[i] = (struct host){.name = argv[i + 4]};
        host_connect(&hosts[i], atoi(argv[1]));
    }
    for (i = 0; i < argc - 4; i++)
        host_go_on(&hosts[i], &left);
    while (left > 0) {
        for (i = 0; i < argc - 4; i++)
            fds[i] = (struct pollfd){.fd = hosts[i].fd,
                                     .events = hosts[i].fd < 0 ? 0 : host_events(&hosts[i])};
        if (poll(fds, (nfds_t)(argc - 4), 30000) <= 0)
            return 1;
        for (i = 0; i < argc - 4; i++)
            if (fds[i].revents)
                host_go_on(&hosts[i], &left);
    }
    for (i = 0; i < argc - 4; i++)
        if (!hosts[i].bytes)
            return 1;
    libssh2_exit();
    free(hosts);
    free(fds);
    return 0;
}
