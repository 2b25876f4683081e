/* test_watchdog.c: a program that hangs in Lua ends, and says where. */
#include "script/watchdog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static void what_hangs_is_ended_and_named(void **state)
{
    char line[600] = "";
    int fds[2], status;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(fds), 0);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        watchdog_arm(50, "step \"look\" of book");
        for (;;)
            ;
    }
    close(fds[1]);
    assert_true(read(fds[0], line, sizeof line - 1) > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    close(fds[0]);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_string_equal(line, "fettle: step \"look\" of book runs without an end, stopped\n");
}

static void what_comes_back_is_left_alone(void **state)
{
    (void)state;
    watchdog_arm(50, "a step");
    watchdog_disarm();
    usleep(100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_hangs_is_ended_and_named),
        cmocka_unit_test(what_comes_back_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
