/* message.c: what goes wrong, on standard error. */
#include "cli/message.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void message(const char *format, ...)
{
    va_list args;
    char *text, *clean;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (!text)
        return;
    clean = text_clean_dup(text, strlen(text));
    fprintf(stderr, "fettle: %s\n", clean);
    free(clean);
    free(text);
}

int message_err(const struct err *e)
{
    message("%s", e->text);
    return e->code ? (int)e->code : ERR_INTERNAL;
}

int message_problems(const struct problems *p)
{
    char *text = problems_text(p);
    char *clean = text_clean_dup(text, strlen(text));
    size_t n = strlen(clean);

    fprintf(stderr, "%s%s", clean, n && clean[n - 1] != '\n' ? "\n" : "");
    free(clean);
    free(text);
    return ERR_DATA;
}
