/* proof.c: is the edited configuration accepted?  Tried in a private copy, before anybody is asked.
 */
#include "cli/changes.h"

#include "base/mem.h"
#include "cli/wait.h"

#include <stdlib.h>
#include <string.h>

static void set_proof(struct fix *f, const char *format, const char *text)
{
    free(f->proof);
    f->proof = mem_format("%s%s", format, text);
}

/* "nginx accepts it" says more at night than a whole command line. */
static const char *validator(const struct fix *f)
{
    const char *path = f->validate[0][0], *slash = strrchr(path, '/');

    return strstr(slash ? slash : path, "nginx")     ? "nginx accepts it"
           : strstr(slash ? slash : path, "php-fpm") ? "PHP-FPM accepts it"
                                                     : "it is accepted";
}

static enum proof judge(struct fix *f, const struct wait *w)
{
    switch (w->result.outcome) {
    case CHANGE_VERIFIED:
        set_proof(f, "checked in a private copy: ", validator(f));
        return PROOF_ACCEPTED;
    case CHANGE_ROLLED_BACK:
        if (w->result.detail)
            set_proof(f, "not accepted: ", w->result.detail);
        else
            set_proof(f, "", w->result.text);
        f->status = FIX_FAILED;
        return PROOF_NOT_ACCEPTED;
    default:
        set_proof(f, "could not be checked beforehand: ", w->result.text);
        return PROOF_NOT_POSSIBLE;
    }
}

enum proof changes_prove(struct session *s, struct fix *f)
{
    struct wait w = {.session = s, .host = f->host};
    struct change_options options = {.run = s->document->run};
    struct target *t = session_target(s, f->host, 15000);
    struct err e = {0};
    struct change *c;
    enum proof proof;

    if (f->edit_count == 0 || !f->validate || !f->validate[0]) {
        set_proof(f, "could not be checked beforehand: ",
                  f->edit_count ? "nothing is named that checks such a file"
                                : "it edits no file, it only runs what is shown");
        return PROOF_NOT_POSSIBLE;
    }
    c = t ? prove_start(t, &f, 1, &options, wait_done, &w, &e) : NULL;
    if (!c) {
        set_proof(f, "could not be checked beforehand: ", t ? e.text : "the host is out of reach");
        return PROOF_NOT_POSSIBLE;
    }
    if (loop_run(s->loop, &w.done) != 0 && !w.done) {
        bool by_hand = loop_interrupted(s->loop);

        change_free(c);
        loop_uninterrupt(s->loop);
        set_proof(f, "could not be checked beforehand: ", by_hand ? "interrupted" : "no answer");
        return by_hand ? PROOF_INTERRUPTED : PROOF_NOT_POSSIBLE;
    }
    change_free(c);
    proof = judge(f, &w);
    wait_release(&w);
    return proof;
}
