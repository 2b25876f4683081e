/* watchdog.c: ends the program when one stretch of Lua lasts far too long.
 *
 * The instruction budget is counted by Lua's virtual machine, which does not run while a
 * library function written in C does: a pattern that backtracks over a megabyte can hold the
 * thread for hours.  Nothing can be raised safely from inside such a function, and a second
 * thread could not stop it either, so the program ends.  That is safe: while a step runs, no
 * host is being changed by this process, and a transaction minds itself on its host.
 *
 * It counts processor time, so that a machine under load, or one that slept, ends no step that
 * only had to wait for its turn.  It is a timer of its own, and not one of the loop's, because the
 * loop does not turn meanwhile.  The signal handler calls only what signal-safety(7) allows: write and _exit.
 * This is the one place of the library that writes to standard error, for want of anybody
 * left to return an error to. */
#include "script/watchdog.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct {
    timer_t timer;
    bool ready;
    char line[512];
    size_t len;
} dog;

static void bite(int signal_number)
{
    (void)signal_number;
    if (write(STDERR_FILENO, dog.line, dog.len) < 0)
        _exit(1);
    _exit(1);
}

/* Not SIGALRM, which a library or a test runner may use; without a timer the budget and the
 * memory cap still hold, so a failure here is no error. */
static bool get_ready(void)
{
    struct sigaction action = {.sa_handler = bite};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL};

    if (dog.ready)
        return true;
    event.sigev_signo = SIGRTMIN + 5;
    sigemptyset(&action.sa_mask);
    if (sigaction(event.sigev_signo, &action, NULL) < 0 ||
        timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &dog.timer) < 0)
        return false;
    dog.ready = true;
    return true;
}

void watchdog_arm(int ms, const char *what)
{
    struct itimerspec spec = {.it_value = {ms / 1000, (long)(ms % 1000) * 1000000}};
    int n;

    if (!get_ready())
        return;
    n = snprintf(dog.line, sizeof dog.line, "fettle: %.400s runs without an end, stopped\n", what);
    dog.len = n < 0 ? 0 : (size_t)n;
    timer_settime(dog.timer, 0, &spec, NULL);
}

void watchdog_disarm(void)
{
    struct itimerspec none;

    memset(&none, 0, sizeof none);
    if (dog.ready)
        timer_settime(dog.timer, 0, &none, NULL);
}
