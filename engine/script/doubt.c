/* doubt.c: no verdict rests on what a host did not finish saying. */
#include "script/doubt.h"
#include "base/argv.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static void copy(struct evidence *to, const char *host, char *const *argv, const char *outcome,
                 int64_t at_ms)
{
    to->host = mem_dup(host);
    to->argv = argv_dup(argv);
    to->outcome = mem_dup(outcome);
    to->code = -1;
    to->at_ms = at_ms;
    to->excerpt = mem_dup("");
}

void doubts_note(struct doubts *d, const char *host, char *const *argv, const struct result *r)
{
    bool ended = r->outcome != OUTCOME_TIMEOUT && r->outcome != OUTCOME_LOST &&
                 r->outcome != OUTCOME_NO_STATUS && r->outcome != OUTCOME_UNREACHABLE &&
                 r->outcome != OUTCOME_REFUSED;

    if (ended)
        return;
    d->list = mem_grow(d->list, d->count + 1, sizeof *d->list);
    copy(&d->list[d->count++], host, argv, outcome_name(r->outcome), r->at_ms);
}

void doubts_release(struct doubts *d)
{
    while (d->count > 0)
        evidence_release(&d->list[--d->count]);
    free(d->list);
    d->list = NULL;
}

const struct evidence *doubts_first(const struct doubts *d, const struct evidence *shown, size_t n)
{
    size_t i, k;

    for (i = 0; i < d->count; i++) {
        for (k = 0; k < n; k++)
            if (shown[k].argv && strcmp(shown[k].host, d->list[i].host) == 0 &&
                argv_equal(shown[k].argv, d->list[i].argv))
                break;
        if (k == n)
            return &d->list[i];
    }
    return NULL;
}

char *doubt_text(const struct evidence *missing)
{
    char *command = argv_text(missing->argv);
    char *text =
        mem_format("`%.200s` on %s %s, so what it would have told is missing, and nothing is "
                   "certain without it",
                   command, missing->host,
                   strcmp(missing->outcome, "timeout") == 0       ? "did not end in time"
                   : strcmp(missing->outcome, "unreachable") == 0 ? "could not be asked for"
                   : strcmp(missing->outcome, "refused") == 0     ? "was not run, for a word in it"
                                                                  : "broke off");

    free(command);
    return text;
}

struct evidence *doubt_evidence(const struct evidence *missing)
{
    struct evidence *e = mem_alloc(sizeof *e);

    copy(e, missing->host, missing->argv, missing->outcome, missing->at_ms);
    return e;
}
