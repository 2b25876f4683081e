/* batch.c: how many hosts are changed side by side. */
#include "cli/batch.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MOST = 100 }; /* hosts side by side, and percents */

/* One size, up to the comma or the end; NULL where it is none. */
static const char *read_size(const char *text, long *n, bool *percent)
{
    size_t digits = strspn(text, "0123456789");

    if (!digits || digits > 3)
        return NULL;
    *n = strtol(text, NULL, 10);
    text += digits;
    *percent = *text == '%';
    text += *percent;
    return *n >= 1 && *n <= BATCH_MOST && (*text == ',' || !*text) ? text : NULL;
}

int batch_check(const char *spec, struct err *e)
{
    const char *p = spec;
    bool percent;
    long n;

    while ((p = read_size(p, &n, &percent)) && *p)
        p++;
    if (p)
        return 0;
    return err_set(e, ERR_USAGE, "--batch needs sizes from 1 to %d or percents, such as 1,10%%, not "
                   "\"%s\"", BATCH_MOST, spec);
}

size_t batch_size(const char *spec, size_t index, size_t hosts)
{
    const char *p = spec;
    bool percent = false;
    long n = 1;
    size_t i, size;

    for (i = 0; p && i <= index; i++) {
        p = read_size(p, &n, &percent);
        if (!p || !*p)
            break;
        p++;
    }
    size = percent ? hosts * (size_t)n / 100 : (size_t)n;
    return size > BATCH_MOST ? BATCH_MOST : size ? size : 1;
}
