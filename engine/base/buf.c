/* buf.c: a growing byte buffer that is born with its ceiling. */
#include "base/buf.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *b, size_t max)
{
    memset(b, 0, sizeof *b);
    b->max = max;
    b->cap = 16;
    b->data = mem_alloc(b->cap);
}

void buf_release(struct buf *b)
{
    free(b->data);
    memset(b, 0, sizeof *b);
}

static void buf_reserve(struct buf *b, size_t need)
{
    if (need + 1 <= b->cap)
        return;
    while (b->cap < need + 1)
        b->cap *= 2;
    b->data = mem_grow(b->data, b->cap, 1);
}

int buf_add(struct buf *b, const void *data, size_t n)
{
    size_t room = b->max - b->len;
    size_t fits = n < room ? n : room;

    if (fits) {
        buf_reserve(b, b->len + fits);
        memcpy(b->data + b->len, data, fits);
        b->len += fits;
        b->data[b->len] = '\0';
    }
    if (fits == n)
        return 0;
    b->cut = true;
    return -1;
}

int buf_puts(struct buf *b, const char *s)
{
    return buf_add(b, s, strlen(s));
}

int buf_addf(struct buf *b, const char *format, ...)
{
    va_list args;
    char *text;
    int n, rc;

    va_start(args, format);
    n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        return -1;
    rc = buf_add(b, text, (size_t)n);
    free(text);
    return rc;
}

void buf_drop(struct buf *b, size_t n)
{
    if (n > b->len)
        n = b->len;
    memmove(b->data, b->data + n, b->len - n);
    b->len -= n;
    b->data[b->len] = '\0';
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->cut = false;
    b->data[0] = '\0';
}

char *buf_take(struct buf *b)
{
    char *data = b->data;

    buf_init(b, b->max);
    return data;
}
