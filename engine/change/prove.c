/* prove.c: would the host accept the change?  Asked in a private copy, which changes nothing. */
#include "base/argv.h"
#include "base/mem.h"
#include "base/text.h"
#include "change/change.h"

#include <stdlib.h>
#include <string.h>

static const char *skip(const char *line, const char *word)
{
    size_t n = strlen(word);

    return strncmp(line, word, n) == 0 && (line[n] == ' ' || !line[n]) ? line + n + (line[n] == ' ')
                                                                      : NULL;
}

/* prove.sh: `ok`, `failed N EXIT` and lines after `| `, or `unavailable REASON`. */
static void proof_line(struct change *c, const char *bytes, size_t n)
{
    char *line = mem_dupn(bytes, n);
    const char *rest;

    if (c->result.text) {
        if ((rest = skip(line, "|"))) {
            buf_puts(&c->detail, rest);
            buf_puts(&c->detail, "\n");
        }
    } else if (skip(line, "ok")) {
        c->result.text = mem_dup("accepted in a private copy");
    } else if ((rest = skip(line, "failed"))) {
        c->result.outcome = CHANGE_ROLLED_BACK;
        c->result.exit = 6;
        c->result.text = mem_dup(strstr(rest, " 124") ? "the validator ran out of time in a "
                                                        "private copy"
                                                      : "not accepted in a private copy");
    } else if ((rest = skip(line, "unavailable"))) {
        c->result.outcome = CHANGE_UNKNOWN;
        c->result.text = text_clean_dup(rest, strlen(rest));
    }
    free(line);
}

/* A proof that could not be tried says nothing against the change, hence exit 0 with it. */
static void ended_proving(struct change *c, enum said said)
{
    if (said == SAID_AWAY)
        c->result.exit = 4;
    if (!c->result.text) {
        c->result.outcome = CHANGE_UNKNOWN;
        c->result.text = mem_format("the host gave no answer: %s", c->why);
    }
    change_enter(c, STATE_DONE);
}

static void enter_unneeded(struct change *c)
{
    c->result.outcome = CHANGE_UNKNOWN;
    c->result.text = mem_dup("the fix names nothing that validates it");
    change_pause(c, 0, STATE_DONE);
}

static const struct change_kind prove_kind = {
    .ended = {[STATE_PROVING] = ended_proving},
    .line = proof_line,
};

struct change *prove_start(struct target *t, struct fix *const *fixes, size_t count,
                           const struct change_options *o, change_done *done, void *data,
                           struct err *e)
{
    struct change *c = change_new(t, &prove_kind, o, done, data);

    if (change_load(c, fixes, count, "prove", e) == 0) {
        change_enter(c, STATE_PROVING);
        if (!c->manifest.validate_count) {
            enter_unneeded(c);
            return c;
        }
        if (change_send(c, manifest_seconds(&c->manifest) * 1000, e) == 0)
            return c;
    }
    change_free(c);
    return NULL;
}
