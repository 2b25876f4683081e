/* conclude.c: from the journal's last line to an outcome, an exit code and a sentence. */
#include "base/argv.h"
#include "base/mem.h"
#include "base/text.h"
#include "change/change.h"
#include "change/sentence.h"
#include "change/vet.h"

#include <stdlib.h>
#include <string.h>

void change_conclude(struct change *c, enum change_outcome outcome, int exit, char *text)
{
    c->result.outcome = outcome;
    c->result.exit = exit;
    free(c->result.text);
    c->result.text = text_clean_dup(text, strlen(text));
    free(text);
    change_enter(c, STATE_EXPLAINING);
}

static void conclude_rolled_back(struct change *c, char *const *reason)
{
    char *why;

    if (c->seen) {
        change_conclude(c, CHANGE_NOT_CURED, 7,
                        mem_format("the symptom remains (%s); everything was put back", c->seen));
        return;
    }
    if (c->aborted) {
        change_conclude(c, CHANGE_ROLLED_BACK, 130,
                        mem_dup("interrupted; everything was put back"));
        return;
    }
    why = sentence_reason(&c->journal, reason);
    change_conclude(c, CHANGE_ROLLED_BACK, 6, mem_format("%s; everything was put back", why));
    free(why);
}

/* The same without fettle, for whoever sits at the host itself. */
static void conclude_unfinished(struct change *c, const char *run, char *const *what,
                                const char *before)
{
    char *failed = sentence_failed(what), *base = change_base(target_host(c->target));

    change_conclude(c, CHANGE_PUT_BACK_FAILED, 8,
                    mem_format("%s (%s): a person must look. This tries again there: `sh "
                               "%s/%s/txn recover`; the originals are %s/%s/old.*; once all is "
                               "well: `rm %s/unfinished/%s`", before, failed, base, run, base, run,
                               base, run));
    free(failed);
    free(base);
}

static void conclude_unrecovered(struct change *c)
{
    char *const *end = c->journal.end;
    const char *run = argv_len(end) > 1 && vet_run(end[1]) ? end[1] : "RUN";
    char *before = mem_format("nothing was touched: what run %s left unfinished there could not be "
                              "put back", run);

    conclude_unfinished(c, run, argv_len(end) > 1 ? end + 2 : end + argv_len(end), before);
    free(before);
}

/* Someone else may have said yes on the host while we said no. */
static void conclude_confirmed(struct change *c)
{
    if (c->cured)
        change_conclude(c, CHANGE_VERIFIED, 0, mem_dup("changed, verified and confirmed"));
    else
        change_conclude(c, CHANGE_NOT_CURED, 7,
                        mem_format("someone else confirmed the change, so it stays%s%s%s",
                                   c->seen ? " (" : "", c->seen ? c->seen : "",
                                   c->seen ? ")" : ""));
}

static void conclude_invalid(struct change *c)
{
    char *const *end = c->journal.end;

    if (argv_len(end) > 2 && !c->journal.output)
        c->journal.output = mem_dup(end[2]);
    change_conclude(c, CHANGE_ROLLED_BACK, 6,
                    mem_dup("not accepted in a private copy; nothing was touched"));
}

static const struct {
    const char *word;
    enum change_outcome outcome;
    int exit;
} refusals[] = {
    {"refused-journal", CHANGE_REFUSED, 1},
    {"refused-manifest", CHANGE_REFUSED, 1},
    {"refused-tools", CHANGE_REFUSED, 1},
};

static void conclude_refused(struct change *c)
{
    enum change_outcome outcome = CHANGE_REFUSED;
    char *why = sentence_refusal(c->journal.end);
    size_t i;
    int code = 5;

    for (i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
        if (strcmp(refusals[i].word, c->journal.end[0]) == 0) {
            outcome = refusals[i].outcome;
            code = refusals[i].exit;
        }
    change_conclude(c, outcome, code, mem_format("%s; nothing was touched", why));
    free(why);
}

void change_conclude_end(struct change *c)
{
    char *const *end = c->journal.end;
    const char *word = end && end[0] ? end[0] : "";

    if (strcmp(word, "confirmed") == 0)
        conclude_confirmed(c);
    else if (strcmp(word, "rolled-back") == 0)
        conclude_rolled_back(c, end + 1);
    else if (strcmp(word, "put-back-failed") == 0)
        conclude_unfinished(c, c->run ? c->run : "RUN", end + 1, "putting back failed");
    else if (strcmp(word, "refused-unrecovered") == 0)
        conclude_unrecovered(c);
    else if (strcmp(word, "undone") == 0)
        change_conclude(c, CHANGE_UNDONE, 0, mem_dup("everything is as it was before the run"));
    else if (strcmp(word, "already-undone") == 0)
        change_conclude(c, CHANGE_UNDONE, 0,
                        mem_dup("that had been put back before; nothing was touched"));
    else if (strcmp(word, "refused-invalid") == 0)
        conclude_invalid(c);
    else if (strcmp(word, "refused-interrupted") == 0)
        change_conclude(c, CHANGE_ROLLED_BACK, c->aborted ? 130 : 6,
                        mem_dup("interrupted; nothing was touched"));
    else if (strncmp(word, "refused-", 8) == 0)
        conclude_refused(c);
    else
        change_conclude(c, CHANGE_PUT_BACK_FAILED, 8,
                        mem_dup("the host ended the transaction with a word that is not known: "
                                "a person must look"));
}

/* Ends of a job that mean, where nothing had begun, that nothing will.  False: not such an end. */
bool change_ended_otherwise(struct change *c, enum said said)
{
    const char *name = target_host(c->target)->name;

    if (said == SAID_AWAY)
        change_conclude(c, CHANGE_REFUSED, 4,
                        mem_format("host \"%s\" could not be reached (%s); nothing was touched",
                                   name, c->why));
    else if (said == SAID_FAILED)
        change_conclude(c, CHANGE_REFUSED, 1,
                        mem_format("the change could not be started on \"%s\" (%s); nothing was "
                                   "touched", name, c->why));
    else
        return false;
    return true;
}
