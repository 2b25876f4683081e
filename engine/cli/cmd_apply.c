/* cmd_apply.c: carries out the approved fixes of a plan, and nothing that it does not say. */
#include "cli/command.h"
#include "base/mem.h"
#include "cli/message.h"
#include "cli/plan.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static int check_options(const struct options *o)
{
    if (o->approve && o->approve_recommended) {
        message("give --approve or --approve-recommended, not both");
        options_print_usage(o->command);
        return ERR_USAGE;
    }
    if (o->approve || o->approve_recommended)
        return 0;
    message("refused: nothing is approved: name the fixes with --approve FIX[,FIX…], or give "
            "--approve-recommended");
    return ERR_REFUSED;
}

/* From here on the plan's document is the session's own: what is changed is what was shown. */
static void take_document(struct session *s, struct plan *p)
{
    struct document *fresh = s->document;

    s->document = p->document;
    p->document = NULL;
    free(s->document->run);
    free(s->document->mode);
    s->document->run = NULL;
    s->document->mode = mem_dup("apply");
    s->document->started_ms = fresh->started_ms;
    s->document->expires_ms = 0;
    document_free(fresh);
    s->extra = json_pack("{s:s}", "plan_sha256", p->sha256);
}

static int select_targets(struct session *s, const struct approvals *a)
{
    size_t i, j;

    for (i = 0; i < a->count; i++) {
        for (j = 0; j < s->host_count; j++)
            if (strcmp(s->hosts[j]->host->name, a->fixes[i]->host) == 0)
                break;
        if (j == s->host_count)
            session_add_host(s, inventory_host(s->inventory, a->fixes[i]->host));
    }
    s->selected = s->host_count;
    return 0;
}

static int load_incident(struct session *s, const struct document *d)
{
    int code;

    /* A plan names an incident; it does not choose the file that says what is allowed. */
    if (strchr(d->incident, '/')) {
        message("the plan's incident \"%s\" is no name", d->incident);
        return ERR_DATA;
    }
    code = session_incident(s, d->incident);
    if (code == 0)
        code = plan_check_playbooks(s, d);
    return code ? code : plan_check_declared(s, d);
}

static int check(struct session *s, struct plan *p, struct approvals *a)
{
    const struct options *o = s->options;
    int code = plan_check_hash(p, o->plan_sha256);

    if (code == 0)
        code = plan_check_time(p);
    if (code == 0)
        code = session_load(s);
    if (code == 0)
        code = plan_check_targets(p, s->inventory);
    if (code == 0)
        code = load_incident(s, p->document);
    return code ? code : plan_approve(p->document, o->approve, o->approve_recommended, a);
}

static int carry_out(struct session *s, const struct approvals *a)
{
    size_t i;
    int code;

    for (i = 0; i < a->count; i++) {
        json_t *answer = json_pack("{s:s, s:s, s:s}", "fix", a->fixes[i]->id, "answer", "yes", "by",
                                   s->options->approve ? "--approve" : "--approve-recommended");

        session_event(s, "answer", a->fixes[i]->host, answer);
    }
    code = changes_carry_out(s, a);
    if (code == 0)
        style_line(&s->text, LOOK_BOLD, 0, "To take it back:  %s undo %s", s->options->program,
                   s->document->run);
    return exit_gravest(code, session_code(s));
}

static int run(const struct options *o)
{
    struct approvals approved = {0};
    struct plan plan = {0};
    struct session s;
    int code = check_options(o);

    if (code)
        return code;
    session_init(&s, o, "apply");
    code = plan_load(&plan, o->operands[0]);
    if (code == 0)
        code = check(&s, &plan, &approved);
    if (code == 0) {
        take_document(&s, &plan);
        select_targets(&s, &approved);
        code = session_begin(&s);
        if (code == 0)
            code = carry_out(&s, &approved);
        code = session_end(&s, code);
    }
    approvals_release(&approved);
    plan_release(&plan);
    session_release(&s);
    return code;
}

static const int exits[] = {0, 1, 2, 4, 5, 6, 7, 8, 64, 65, 130, -1};

const struct command_entry cmd_apply = {
    .name = "apply",
    .operands = "PLAN",
    .summary = "make the approved fixes of a plan",
    .about =
        "Makes exactly what the plan shows, on the hosts that it names, and only the fixes that\n"
        "are approved.  Refuses if the plan is another one, too old, or made with other\n"
        "playbooks or another inventory, and if a host has moved since.",
    .examples = "  fettle apply plan.json --approve unix-socket/restart-fpm\n"
                "  fettle apply plan.json --approve-recommended --plan-sha256 HEX --json",
    .exits = exits,
    .options = USE_HOSTS | USE_DIAGNOSIS | USE_CONFIRM | USE_BATCH | USE_APPROVE,
    .least = 1,
    .most = 1,
    .run = run,
};
