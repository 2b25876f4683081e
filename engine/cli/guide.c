/* guide.c: leads a person through the fixes that a diagnosis proposes.
 *
 * A dry run is the same walk without the questions, through the same printing
 * functions: what it shows is what would be asked, and what would be applied. */
#include "cli/guide.h"

#include "base/mem.h"
#include "cli/prompt.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

/* A fix or cause as the document has it, at its place in the walk. */
static json_t *host_json(struct guide *g, size_t host)
{
    json_t *document = document_to_json(g->session->document);
    json_t *found = json_incref(json_array_get(json_object_get(document, "hosts"), host));

    json_decref(document);
    return found;
}

static json_t *fix_json(struct guide *g, size_t host, const struct fix *f)
{
    json_t *from = host_json(g, host);
    json_t *fix, *found = NULL;
    size_t i;

    json_array_foreach(json_object_get(from, "fixes"), i,
                       fix) if (!found && strcmp(report_text(fix, "id"), f->id) == 0) found =
        json_incref(fix);
    json_decref(from);
    return found;
}

static void show_fix(struct guide *g, size_t host, const struct fix *f)
{
    json_t *fix = fix_json(g, host, f);

    report_fix(&g->text, fix);
    json_decref(fix);
}

static void answered(struct guide *g, const struct fix *f, const char *answer)
{
    session_event(g->session, "answer", f->host,
                  json_pack("{s:s, s:s}", "fix", f->id, "answer", answer));
}

static void prove(struct guide *g, struct fix *f, bool *offer)
{
    enum proof proof = changes_prove(g->session, f);

    *offer = proof == PROOF_ACCEPTED || proof == PROOF_NOT_POSSIBLE;
    g->not_accepted |= proof == PROOF_NOT_ACCEPTED;
    g->interrupted |= proof == PROOF_INTERRUPTED;
    style_wrap(&g->text, *offer ? LOOK_GOOD : LOOK_BAD, 2, "", f->proof);
    style_gap(&g->text);
}

static void list_alternatives(struct guide *g, const struct finding *cause,
                              const struct fix *chosen)
{
    size_t i;

    for (i = 0; i < cause->fix_count; i++) {
        const struct fix *f = &cause->fixes[i];

        if (f != chosen)
            style_line(&g->text, LOOK_DIM, 2, "Another way: %s (%s, risk: %s)", f->title, f->id,
                       risk_name(f->risk));
    }
}

/* NULL: none of them. */
static struct fix *choose(struct guide *g, const struct finding *cause)
{
    char keys[16] = "";
    size_t i, n = cause->fix_count < 9 ? cause->fix_count : 9;
    int answer;

    for (i = 0; i < n; i++) {
        style_line(&g->text, LOOK_PLAIN, 2, "%d  %s (%s, risk: %s)", (int)i + 1,
                   cause->fixes[i].title, cause->fixes[i].id, risk_name(cause->fixes[i].risk));
        keys[i] = (char)('1' + i);
    }
    keys[n] = 'n';
    answer = prompt_ask(&g->text, "Which one? [number, or n for none]", keys, 'n');
    if (answer == PROMPT_INTERRUPTED)
        g->interrupted = true;
    return answer >= '1' && answer <= '9' ? &cause->fixes[answer - '1'] : NULL;
}

static struct fix *recommended(const struct finding *cause)
{
    size_t i;

    for (i = 0; i < cause->fix_count; i++)
        if (cause->fixes[i].recommended)
            return &cause->fixes[i];
    return NULL;
}

static void show_again(struct guide *g, size_t host, const struct finding *cause,
                       const struct fix *f)
{
    json_t *from = host_json(g, host);
    json_t *causes = report_causes(from, "confirmed");
    json_t *item;
    size_t i;

    json_array_foreach(causes, i,
                       item) if (strcmp(report_text(item, "playbook"), cause->playbook) == 0)
        report_cause(&g->text, item);
    json_decref(causes);
    show_fix(g, host, f);
    report_others(&g->text, from, true);
    json_decref(from);
}

/* What the letter leads to: the fix to ask about next, or NULL when this cause is dealt with. */
static struct fix *take_answer(struct guide *g, size_t host, const struct finding *cause,
                               struct fix *f, int answer)
{
    switch (answer) {
    case 'y':
        answered(g, f, "yes");
        approvals_add(&g->approved, f);
        return NULL;
    case 'd':
        show_again(g, host, cause, f);
        return f;
    case 'a':
        return choose(g, cause);
    case PROMPT_INTERRUPTED:
        g->interrupted = true;
        return NULL;
    case 'q':
        g->stopped = true;
        /* fall through */
    default:
        answered(g, f, answer == 'q' ? "quit" : "no");
        f->status = FIX_DECLINED;
        return NULL;
    }
}

static void ask_about(struct guide *g, size_t host, const struct finding *cause, struct fix *f)
{
    bool several = cause->fix_count > 1;
    struct fix *shown = NULL;

    while (f && !g->interrupted) {
        struct fix *next;
        bool offer = true;

        if (f != shown) {
            show_fix(g, host, f);
            prove(g, f, &offer);
            list_alternatives(g, cause, f);
        }
        shown = f;
        if (g->interrupted || g->dry_run)
            return;
        if (!offer) {
            style_line(&g->text, LOOK_BAD, 2, "This fix is not offered, since it would not work.");
            f = several && g->can_ask ? choose(g, cause) : NULL;
            continue;
        }
        if (!g->can_ask) {
            g->refused = true;
            return;
        }
        next = take_answer(
            g, host, cause, f,
            prompt_ask(&g->text,
                       several ? "Apply this fix? [y/N, d: details, a: another way, q: quit]"
                               : "Apply this fix? [y/N, d: details, q: quit]",
                       several ? "yndaq" : "yndq", 'n'));
        f = next;
    }
}

static void guide_cause(struct guide *g, size_t host, const struct finding *cause,
                        const json_t *shown)
{
    struct fix *f = recommended(cause);

    report_cause(&g->text, shown);
    if (f) {
        ask_about(g, host, cause, f);
    } else if (cause->fix_count == 0) {
        style_line(&g->text, LOOK_WARN, 2,
                   "There is no fix that a tool should make: what the text "
                   "above says is for a person to do.");
    } else {
        style_line(&g->text, LOOK_WARN, 2, "Which of these is right is for a person to decide:");
        list_alternatives(g, cause, NULL);
        if (g->can_ask && !g->dry_run)
            ask_about(g, host, cause, choose(g, cause));
        g->refused |= !g->can_ask && !g->dry_run;
    }
    style_gap(&g->text);
}

static void guide_host(struct guide *g, size_t index)
{
    const struct host_report *r = &g->session->document->hosts[index];
    json_t *host = host_json(g, index);
    json_t *causes = report_causes(host, "confirmed");
    size_t i, cause = 0;

    report_host_head(&g->text, host);
    style_gap(&g->text);
    /* Before the first question: who is asked should know what else was looked at. */
    report_others(&g->text, host, g->session->options->verbose);
    style_gap(&g->text);
    for (i = 0; i < r->finding_count && !g->stopped && !g->interrupted; i++)
        if (r->findings[i].verdict == VERDICT_CONFIRMED)
            guide_cause(g, index, &r->findings[i], json_array_get(causes, cause++));
    json_decref(causes);
    json_decref(host);
}

void guide_all(struct guide *g)
{
    size_t i;

    for (i = 0; i < g->session->document->host_count && !g->stopped && !g->interrupted; i++)
        guide_host(g, i);
}
