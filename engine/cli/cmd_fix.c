/* cmd_fix.c: guided: diagnoses, then explains, shows and asks about each fix, then makes them. */
#include "cli/command.h"
#include "cli/guide.h"
#include "cli/message.h"
#include "cli/prompt.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static void set_refused(struct session *s)
{
    size_t i;

    for (i = 0; i < s->document->host_count; i++)
        if (s->document->hosts[i].status == HOST_CAUSE_FOUND)
            s->document->hosts[i].status = HOST_REFUSED;
}

static void set_failed(struct session *s)
{
    size_t i, j, k;

    for (i = 0; i < s->document->host_count; i++) {
        struct host_report *r = &s->document->hosts[i];

        for (j = 0; j < r->finding_count; j++)
            for (k = 0; k < r->findings[j].fix_count; k++)
                if (r->findings[j].fixes[k].status == FIX_FAILED)
                    r->status = HOST_FAILED;
    }
}

static int refuse_to_ask(struct session *s)
{
    char *plan = options_command_line(s->options, "plan", "-o plan.json");

    message(
        "there is no terminal to ask at, so nothing was changed; without one use `%s`, and then "
        "`%s apply plan.json --approve FIX`",
        plan, s->options->program);
    free(plan);
    set_refused(s);
    return ERR_REFUSED;
}

static void say_dry_run(const struct session *s, int code)
{
    char *line = options_command_line(s->options, "fix", NULL);

    if (code == 2)
        style_line(&s->text, LOOK_BOLD, 0, "Dry run: nothing was changed. For the real one:  %s",
                   line);
    free(line);
}

static int change(struct guide *g)
{
    struct session *s = g->session;
    int code = changes_carry_out(s, &g->approved);

    style_gap(&s->text);
    if (code == 0)
        style_line(&s->text, LOOK_BOLD, 0, "To take it back:  %s undo %s", s->options->program,
                   s->document->run);
    return exit_gravest(code, session_code(s));
}

static int guided(struct session *s, int diagnosed)
{
    struct guide g = {.session = s,
                      .text = s->text,
                      .dry_run = s->options->dry_run,
                      .can_ask = prompt_possible()};
    int code = diagnosed;

    /* Questions need something to stand under, also where standard output is for a program. */
    if (!g.text.out && g.can_ask && !g.dry_run)
        style_init(&g.text, stderr, s->options->no_color);
    if (s->options->quiet && g.dry_run)
        g.text.out = NULL;
    guide_all(&g);
    if (g.interrupted) {
        message("interrupted; nothing was changed");
        code = 130;
    } else if (g.dry_run) {
        say_dry_run(s, code);
    } else if (g.refused) {
        code = refuse_to_ask(s);
    } else if (g.approved.count) {
        s->text = g.text;
        code = change(&g);
    } else if (code == 2) {
        style_line(&g.text, LOOK_BOLD, 0, "Nothing was changed.");
    }
    /* Nobody could say yes to it, since it was proved not to work. */
    if (g.not_accepted && !g.dry_run && code == 2) {
        set_failed(s);
        code = 6;
    }
    approvals_release(&g.approved);
    return code;
}

static int run(const struct options *o)
{
    struct session s;
    int code;

    session_init(&s, o, "fix");
    code = session_open(&s);
    if (code == 0) {
        code = session_diagnose(&s);
        if (code != 130)
            code = guided(&s, code);
    }
    if (o->quiet && s.document->run) {
        json_t *document = document_to_json(s.document);

        report_verdicts(&s.text, document);
        json_decref(document);
    }
    code = session_end(&s, code);
    session_release(&s);
    return code;
}

static const int exits[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 65, 130, -1};

const struct command_entry cmd_fix = {
    .name = "fix",
    .operands = "INCIDENT|PLAYBOOK",
    .summary = "look for the cause, then be asked about each fix",
    .about =
        "Diagnoses, explains each cause, shows the exact change, checks it in a private copy\n"
        "where that can be done, and asks.  What you say yes to is made as one transaction for\n"
        "each host: it is checked, and put back if anything fails or the symptom stays.\n"
        "Needs a terminal for its questions; without one, use plan and apply.",
    .examples = "  fettle fix nginx-502\n"
                "  fettle fix nginx-502 --dry-run\n"
                "  fettle fix nginx-502 -i hosts.yaml -H web1",
    .exits = exits,
    .options = USE_HOSTS | USE_DIAGNOSIS | USE_CONFIRM | USE_BATCH | USE_DRY_RUN,
    .least = 1,
    .most = 1,
    .run = run,
};
