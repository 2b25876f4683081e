/* err.c: one way to say what went wrong. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, enum err_code code, const char *format, ...)
{
    va_list args;

    if (!e)
        return -1;
    e->code = code;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    return -1;
}

int err_system(struct err *e, int errnum, const char *format, ...)
{
    va_list args;
    size_t used;

    if (!e)
        return -1;
    e->code = ERR_INTERNAL;
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", strerror(errnum));
    return -1;
}

int err_prefix(struct err *e, const char *format, ...)
{
    char rest[sizeof e->text];
    va_list args;
    size_t used;

    if (!e)
        return -1;
    memcpy(rest, e->text, sizeof rest);
    va_start(args, format);
    vsnprintf(e->text, sizeof e->text, format, args);
    va_end(args);
    used = strlen(e->text);
    snprintf(e->text + used, sizeof e->text - used, ": %s", rest);
    return -1;
}
