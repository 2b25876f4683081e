/* cmd_diagnose.c: read only: finds causes, shows the evidence and the fixes it would propose. */
#include "cli/command.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>

static bool any_fix(const json_t *document)
{
    const json_t *host;
    size_t i;

    json_array_foreach(json_object_get(document, "hosts"), i,
                       host) if (json_array_size(json_object_get(host, "fixes")) > 0) return true;
    return false;
}

static void say_next(const struct session *s, const json_t *document, int code)
{
    const struct style *out = &s->text;
    char *line;

    if (any_fix(document)) {
        line = options_command_line(s->options, "fix", NULL);
        style_line(out, LOOK_BOLD, 0, "Nothing was changed. What to do next:  %s", line);
        free(line);
    } else if (code == 2) {
        style_wrap(out, LOOK_BOLD, 0, "",
                   "Nothing was changed. There is no fix that a tool should "
                   "decide on: the cause above says what a person has to do.");
    } else if (code == 3) {
        line = options_command_line(s->options, "diagnose", "-v");
        style_line(out, LOOK_BOLD, 0, "No cause was confirmed. To see all that was read:  %s",
                   line);
        free(line);
    }
}

static void say(const struct session *s, int code)
{
    json_t *document = document_to_json(s->document);
    const json_t *host;
    size_t i;

    if (s->options->quiet) {
        report_verdicts(&s->text, document);
    } else {
        json_array_foreach(json_object_get(document, "hosts"), i, host)
        {
            report_host(&s->text, host, s->options->verbose);
            style_gap(&s->text);
        }
        say_next(s, document, code);
    }
    json_decref(document);
}

static int run(const struct options *o)
{
    struct session s;
    int code;

    session_init(&s, o, "diagnose");
    code = session_open(&s);
    if (code == 0) {
        code = session_diagnose(&s);
        if (code != 130)
            say(&s, code);
    }
    code = session_end(&s, code);
    session_release(&s);
    return code;
}

static const int exits[] = {0, 1, 2, 3, 4, 64, 65, 130, -1};

const struct command_entry cmd_diagnose = {
    .name = "diagnose",
    .operands = "INCIDENT|PLAYBOOK",
    .summary = "look for the cause, change nothing",
    .about =
        "Reads what the hosts say and finds out why the symptom is there.  Shows each cause with\n"
        "its evidence, and the fixes it would propose.  Nothing on any host is changed.",
    .examples = "  fettle diagnose nginx-502\n"
                "  fettle diagnose nginx-502 -p url=http://127.0.0.1/index.php\n"
                "  fettle diagnose unix-socket -i hosts.yaml -H web1,web2 --json",
    .exits = exits,
    .options = USE_HOSTS | USE_DIAGNOSIS,
    .least = 1,
    .most = 1,
    .run = run,
};
