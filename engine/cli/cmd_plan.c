/* cmd_plan.c: non-interactive: diagnoses, and freezes the proposals in a file. */
#include "cli/command.h"
#include "base/clock.h"
#include "base/file.h"
#include "cli/message.h"
#include "cli/plan.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

static void prove_all(struct session *s)
{
    size_t i, j, k;

    for (i = 0; i < s->document->host_count; i++)
        for (j = 0; j < s->document->hosts[i].finding_count; j++) {
            struct finding *found = &s->document->hosts[i].findings[j];

            for (k = 0; k < found->fix_count; k++)
                if (changes_prove(s, &found->fixes[k]) == PROOF_INTERRUPTED)
                    return;
        }
}

static void say_fixes(const struct session *s)
{
    json_t *document = document_to_json(s->document);
    struct style text;
    json_t *host, *fix;
    size_t i, j;

    style_init(&text, stderr, s->options->no_color);
    report_verdicts(&text, document);
    json_array_foreach(json_object_get(document, "hosts"), i, host)
    {
        json_array_foreach(json_object_get(host, "fixes"), j, fix)
        {
            if (s->options->quiet)
                continue;
            style_gap(&text);
            report_fix(&text, fix);
        }
    }
    json_decref(document);
}

static int write_plan(const struct session *s, const char *path)
{
    struct err e = {0};
    char sha256[65];
    size_t n;
    char *text = plan_format(s, &n, sha256);
    int code = 0;

    if (strcmp(path, "-") == 0)
        fwrite(text, 1, n, stdout);
    else if (file_write(path, text, n, &e) != 0)
        code = message_err(&e);
    if (code == 0)
        fprintf(stderr, "plan: %s\nsha256: %s\n", strcmp(path, "-") == 0 ? "standard output" : path,
                sha256);
    free(text);
    return code;
}

static int check_options(const struct options *o)
{
    if (!o->output)
        message("plan needs -o FILE for where the plan goes (- for standard output)");
    else if (strcmp(o->output, "-") == 0 && (o->json || o->events))
        message("-o - and --json both want standard output: give the plan a file");
    else
        return 0;
    options_print_usage(o->command);
    return ERR_USAGE;
}

static int run(const struct options *o)
{
    struct session s;
    int code = check_options(o), failed;

    if (code)
        return code;
    session_init(&s, o, "plan");
    s.text.out = o->verbose ? stderr : NULL;
    code = session_open(&s);
    if (code == 0) {
        code = session_diagnose(&s);
        if (code != 130) {
            prove_all(&s);
            s.document->exit = code;
            s.document->ended_ms = clock_wall_ms();
            s.document->expires_ms = s.document->ended_ms + 
                (int64_t)(o->plan_ttl_s ? o->plan_ttl_s : PLAN_LIFETIME_S) * 1000;
            say_fixes(&s);
            failed = write_plan(&s, o->output);
            code = failed ? failed : code;
        }
    }
    code = session_end(&s, code);
    session_release(&s);
    return code;
}

static const int exits[] = {0, 1, 2, 3, 4, 64, 65, 130, -1};

const struct command_entry cmd_plan = {
    .name = "plan",
    .operands = "INCIDENT|PLAYBOOK",
    .summary = "diagnose and freeze the proposed fixes in a file",
    .about =
        "Diagnoses without questions and writes the proposed fixes with the fingerprints that\n"
        "they rest on.  The plan's SHA-256 goes to standard error: show it with the fixes to\n"
        "whoever approves, and give it to apply.  A plan is good for an hour.",
    .examples = "  fettle plan nginx-502 -o plan.json\n"
                "  fettle apply plan.json --approve unix-socket/restart-fpm --plan-sha256 HEX",
    .exits = exits,
    .options = USE_HOSTS | USE_DIAGNOSIS | USE_OUTPUT,
    .least = 1,
    .most = 1,
    .run = run,
};
