/* ask.c: questions of a login to the person at the terminal.
 *
 * One at a time, the others wait in the order of asking.  The loop reads the terminal, so other
 * hosts go on; Ctrl-C is the loop's, and what it ends cancels the question, which gives the
 * terminal its echo back. */
#include "cli/ask.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/prompt.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

enum { ANSWER_MAX = 1024 };

struct ask {
    struct ask *next;
    enum ask_kind kind;
    char *text;
    ask_answer *answer;
    void *data;
};

struct ask_terminal {
    struct loop *loop;
    struct asker asker;
    struct ask *asks; /* the first is being asked */
    struct loop_watch *watch;
    struct loop_timer *next;
    struct termios before;
    bool quiet; /* the echo is off */
    char line[ANSWER_MAX];
    size_t n;
};

static void echo_on(struct ask_terminal *t)
{
    if (!t->quiet)
        return;
    t->quiet = false;
    tcsetattr(STDIN_FILENO, TCSANOW, &t->before);
    fputc('\n', stderr); /* the person's own was not shown */
}

static void echo_off(struct ask_terminal *t)
{
    struct termios now;

    if (tcgetattr(STDIN_FILENO, &t->before) < 0)
        return;
    now = t->before;
    now.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHONL);
    t->quiet = tcsetattr(STDIN_FILENO, TCSANOW, &now) == 0;
}

static void forget_line(struct ask_terminal *t)
{
    digest_wipe(t->line, sizeof t->line);
    t->n = 0;
}

static void ask_free(struct ask *a)
{
    free(a->text);
    free(a);
}

static void ask_next(void *data);

/* The first question is over, whoever ended it. */
static void ask_leave(struct ask_terminal *t)
{
    loop_watch_stop(t->watch);
    t->watch = NULL;
    echo_on(t);
    t->asks = t->asks->next;
    if (t->asks && !t->next)
        t->next = loop_timer_start(t->loop, 0, ask_next, t);
}

static void ask_answered(struct ask_terminal *t, bool given)
{
    struct ask *a = t->asks;
    bool fits = given && (a->kind == ASK_SECRET || strcmp(t->line, "yes") == 0);
    char *answer = fits ? mem_dup(t->line) : NULL;

    forget_line(t);
    ask_leave(t);
    a->answer(a->data, answer);
    if (answer)
        digest_wipe(answer, strlen(answer));
    free(answer);
    ask_free(a);
}

/* The terminal gives whole lines.  More than one at once was typed ahead: only the first counts. */
static void on_ready(void *data)
{
    struct ask_terminal *t = data;
    ssize_t n = read(STDIN_FILENO, t->line + t->n, sizeof t->line - 1 - t->n);
    char *newline;

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0) {
        ask_answered(t, false);
        return;
    }
    t->n += (size_t)n;
    t->line[t->n] = '\0';
    newline = memchr(t->line, '\n', t->n);
    if (newline)
        *newline = '\0';
    if (newline || t->n == sizeof t->line - 1)
        ask_answered(t, newline != NULL);
}

static void ask_next(void *data)
{
    struct ask_terminal *t = data;
    struct ask *a = t->asks;

    t->next = NULL;
    if (!a || t->watch)
        return;
    if (a->kind == ASK_TELL) {
        fprintf(stderr, "%s\n", a->text);
        ask_answered(t, false);
        return;
    }
    t->watch = loop_watch_start(t->loop, STDIN_FILENO, on_ready, t);
    if (!t->watch) {
        ask_answered(t, false);
        return;
    }
    if (a->kind == ASK_SECRET)
        echo_off(t);
    fprintf(stderr, "%s%s ", a->text, a->kind == ASK_YES ? " [yes/no]" : ":");
    fflush(stderr);
}

static struct ask *ask_start(void *data, const struct ask_question *q, ask_answer *answer,
                             void *answer_data)
{
    struct ask_terminal *t = data;
    struct ask *a = mem_alloc(sizeof *a), **end = &t->asks;
    char *text = mem_format("%s: %s", q->host, q->text);

    a->kind = q->kind;
    a->text = text_clean_dup(text, strlen(text));
    a->answer = answer;
    a->data = answer_data;
    free(text);
    while (*end)
        end = &(*end)->next;
    *end = a;
    if (!t->next && !t->watch)
        t->next = loop_timer_start(t->loop, 0, ask_next, t);
    return a;
}

static void ask_cancel(void *data, struct ask *a)
{
    struct ask_terminal *t = data;
    struct ask **at = &t->asks;

    if (t->asks == a && t->watch) {
        forget_line(t);
        ask_leave(t);
    } else {
        while (*at != a)
            at = &(*at)->next;
        *at = a->next;
    }
    ask_free(a);
}

struct ask_terminal *ask_terminal_new(struct loop *l)
{
    struct ask_terminal *t;

    if (!prompt_possible())
        return NULL;
    t = mem_alloc(sizeof *t);
    t->loop = l;
    t->asker = (struct asker){ask_start, ask_cancel, t};
    return t;
}

void ask_terminal_free(struct ask_terminal *t)
{
    if (!t)
        return;
    loop_watch_stop(t->watch);
    loop_timer_stop(t->next);
    echo_on(t);
    while (t->asks) {
        struct ask *a = t->asks;

        t->asks = a->next;
        ask_free(a);
    }
    forget_line(t);
    free(t);
}

const struct asker *ask_terminal_asker(struct ask_terminal *t)
{
    return t ? &t->asker : NULL;
}
