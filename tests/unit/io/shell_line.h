/* shell_line.h: a line of shell in the middle of a test. */
#ifndef FETTLE_TEST_IO_SHELL_LINE_H
#define FETTLE_TEST_IO_SHELL_LINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

/* Runs a line of shell, which must succeed. */
static void __attribute__((unused, format(printf, 1, 2))) shell(const char *format, ...)
{
    char *command = NULL;
    va_list args;

    va_start(args, format);
    assert_true(vasprintf(&command, format, args) > 0);
    va_end(args);
    assert_int_equal(system(command), 0);
    free(command);
}

#endif
