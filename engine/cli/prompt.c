/* prompt.c: questions to a person at a terminal.
 *
 * The event loop does not turn while a person thinks: nothing waits for an
 * answer on a host, since a transaction only begins after it. */
#include "cli/prompt.h"

#include <ctype.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

bool prompt_possible(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

/* Where a key and a signal are there at once, ppoll() tells of the key only. */
static bool signal_waits(void)
{
    sigset_t pending;

    sigpending(&pending);
    return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) ||
           sigismember(&pending, SIGHUP);
}

/* The signals are blocked except within ppoll(), so that none falls between the look at the flag
 * and the wait.  1: a line; 0: end of file; -1: interrupted. */
static int read_line(char *line, size_t size, const sigset_t *waiting)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    size_t used = 0;

    for (;;) {
        ssize_t n;
        char c;

        if (interrupted)
            return -1;
        if (ppoll(&in, 1, NULL, waiting) < 0) {
            if (errno == EINTR)
                continue;
            return 0;
        }
        if (signal_waits())
            return -1;
        n = read(STDIN_FILENO, &c, 1);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0 && used == 0)
            return 0;
        if (n <= 0 || c == '\n')
            break;
        if (used + 1 < size)
            line[used++] = c;
    }
    line[used] = '\0';
    return 1;
}

static int ask(const struct style *s, const char *question, const char *keys, int fallback,
               const sigset_t *waiting)
{
    char line[64];

    for (;;) {
        const char *p = line;
        int got;

        fprintf(s->out, "%s ", question);
        fflush(s->out);
        got = read_line(line, sizeof line, waiting);
        if (got <= 0)
            fputc('\n', s->out);
        if (got < 0)
            return PROMPT_INTERRUPTED;
        if (got == 0)
            return fallback;
        while (isspace((unsigned char)*p))
            p++;
        if (*p == '\0')
            return fallback;
        if (strchr(keys, tolower((unsigned char)*p)))
            return tolower((unsigned char)*p);
        fprintf(s->out, "Please answer with one of: %s\n", keys);
    }
}

int prompt_ask(const struct style *s, const char *question, const char *keys, int fallback)
{
    static const int caught[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction before[3], act = {.sa_handler = on_signal};
    sigset_t blocked, was;
    size_t i;
    int answer;

    interrupted = 0;
    sigemptyset(&blocked);
    sigemptyset(&act.sa_mask);
    for (i = 0; i < 3; i++) {
        sigaddset(&blocked, caught[i]);
        sigaction(caught[i], &act, &before[i]);
    }
    sigprocmask(SIG_BLOCK, &blocked, &was);
    answer = ask(s, question, keys, fallback, &was);
    sigprocmask(SIG_SETMASK, &was, NULL);
    for (i = 0; i < 3; i++)
        sigaction(caught[i], &before[i], NULL);
    return answer;
}
