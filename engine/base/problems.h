/* problems.h: everything that is wrong with a file, each with its place.
 *
 * Loaders add to the list and read on, so that an author sees all errors at
 * once.  Lines and columns count from 1; 0 means "not known". */
#ifndef FETTLE_BASE_PROBLEMS_H
#define FETTLE_BASE_PROBLEMS_H

#include <stddef.h>

struct problem {
    char *file;
    size_t line;
    size_t column;
    char *text;
};

struct problems {
    struct problem *items;
    size_t count;
    size_t left_out; /* beyond the first 100 they are only counted */
};

/* Always returns -1. */
int problems_add(struct problems *p, const char *file, size_t line, size_t column,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));
/* "file:line:column: text", one problem a line; an owned string. */
char *problems_text(const struct problems *p);
void problems_release(struct problems *p);

#endif
