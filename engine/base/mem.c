/* mem.c: memory that is there or ends the program. */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *mem_check(void *p)
{
    static const char text[] = "fettle: out of memory\n";

    if (!p) {
        ssize_t ignored = write(STDERR_FILENO, text, sizeof text - 1);
        (void)ignored;
        _exit(1);
    }
    return p;
}

void *mem_alloc(size_t size)
{
    return mem_check(calloc(1, size ? size : 1));
}

void *mem_grow(void *p, size_t count, size_t size)
{
    size_t bytes = count * size;

    if (size && count > SIZE_MAX / size)
        return mem_check(NULL);
    return mem_check(realloc(p, bytes > 0 ? bytes : 1));
}

char *mem_dupn(const char *s, size_t n)
{
    char *copy = mem_alloc(n + 1);

    if (n)
        memcpy(copy, s, n);
    return copy;
}

char *mem_dup(const char *s)
{
    return s ? mem_dupn(s, strlen(s)) : NULL;
}

char *mem_format(const char *format, ...)
{
    va_list args;
    char *text;
    int n;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    return n < 0 ? mem_check(NULL) : text;
}
