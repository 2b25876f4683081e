/* problems.c: everything that is wrong with a file, each with its place. */
#include "base/problems.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PROBLEMS_MAX = 100 };

int problems_add(struct problems *p, const char *file, size_t line, size_t column,
                 const char *format, ...)
{
    struct problem *item;
    char text[1024];
    va_list args;

    if (p->count == PROBLEMS_MAX) {
        p->left_out++;
        return -1;
    }
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    p->items = mem_grow(p->items, p->count + 1, sizeof *p->items);
    item = &p->items[p->count++];
    *item = (struct problem){mem_dup(file), line, column, mem_dup(text)};
    return -1;
}

char *problems_text(const struct problems *p)
{
    struct buf b;
    char *text;
    size_t i;

    buf_init(&b, 1 << 20);
    for (i = 0; i < p->count; i++) {
        const struct problem *item = &p->items[i];

        buf_addf(&b, "%s:", item->file);
        if (item->line)
            buf_addf(&b, "%zu:", item->line);
        if (item->line && item->column)
            buf_addf(&b, "%zu:", item->column);
        buf_addf(&b, " %s\n", item->text);
    }
    if (p->left_out)
        buf_addf(&b, "and %zu more\n", p->left_out);
    text = buf_take(&b);
    buf_release(&b);
    return text;
}

void problems_release(struct problems *p)
{
    size_t i;

    for (i = 0; i < p->count; i++) {
        free(p->items[i].file);
        free(p->items[i].text);
    }
    free(p->items);
    memset(p, 0, sizeof *p);
}
