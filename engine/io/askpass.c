/* askpass.c: fettle as the program that ssh asks for a secret. */
#include "io/askpass.h"

#include "base/digest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool askpass_is_meant(void)
{
    const char *path = getenv(ASKPASS_SOCKET);

    return path && *path;
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd;

    if (strlen(path) >= sizeof address.sun_path)
        return -1;
    strcpy(address.sun_path, path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static int write_all(int fd, const char *text, size_t n)
{
    while (n) {
        ssize_t done = write(fd, text, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        text += done;
        n -= (size_t)done;
    }
    return 0;
}

static size_t read_all(int fd, char *text, size_t max)
{
    size_t n = 0;

    while (n < max) {
        ssize_t got = read(fd, text + n, max - n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return n;
}

/* One letter says what kind of a question it is, as SSH_ASKPASS_PROMPT does to us. */
static const char *kind_of_question(void)
{
    const char *hint = getenv("SSH_ASKPASS_PROMPT");

    if (hint && strcmp(hint, "confirm") == 0)
        return "c";
    return hint && strcmp(hint, "none") == 0 ? "n" : "s";
}

int askpass_main(int argc, char **argv)
{
    const char *question = argc > 1 ? argv[1] : "", *kind = kind_of_question();
    char answer[ASKPASS_TEXT_MAX + 2];
    int fd = connect_to(getenv(ASKPASS_SOCKET)), code = 1;
    size_t n = 0;

    if (fd < 0)
        return 1;
    if (write_all(fd, kind, 1) == 0 && write_all(fd, question, strlen(question)) == 0 &&
        shutdown(fd, SHUT_WR) == 0)
        n = read_all(fd, answer, sizeof answer - 1);
    if (n && *answer == '+') { /* the rest is the answer */
        answer[n] = '\n';
        code = write_all(STDOUT_FILENO, answer + 1, n) == 0 ? 0 : 1;
    }
    digest_wipe(answer, sizeof answer);
    close(fd);
    return code;
}
