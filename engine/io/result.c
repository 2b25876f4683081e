/* result.c: making and freeing results, and their names. */
#include "io/result.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 300 };

void result_init(struct result *r, size_t limit)
{
    memset(r, 0, sizeof *r);
    r->outcome = OUTCOME_LOST;
    r->code = -1;
    r->at_ms = clock_wall_ms();
    buf_init(&r->out, limit);
    buf_init(&r->err, limit);
}

void result_release(struct result *r)
{
    buf_release(&r->out);
    buf_release(&r->err);
    free(r->why);
    r->why = NULL;
}

char *result_one_line(const char *text, size_t n)
{
    struct buf words;
    char *line = NULL;
    size_t i;
    bool blank = true;

    buf_init(&words, LINE_MAX_BYTES);
    for (i = 0; i < n; i++) {
        bool space = strchr(" \t\r\n", text[i]) != NULL; /* NUL too */

        if (!space) {
            if (blank && words.len)
                buf_puts(&words, " ");
            buf_add(&words, text + i, 1);
        }
        blank = space;
    }
    if (words.len)
        line = text_clean_dup(words.data, words.len);
    buf_release(&words);
    return line;
}

const char *outcome_name(enum outcome o)
{
    switch (o) {
    case OUTCOME_EXIT:
        return "exit";
    case OUTCOME_SIGNAL:
        return "signal";
    case OUTCOME_TIMEOUT:
        return "timeout";
    case OUTCOME_LOST:
        return "lost";
    case OUTCOME_NO_STATUS:
        return "no-status";
    case OUTCOME_NOT_STARTED:
        return "not-started";
    case OUTCOME_UNREACHABLE:
        return "unreachable";
    case OUTCOME_REFUSED:
        return "refused";
    }
    return "lost";
}
