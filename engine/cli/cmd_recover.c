/* cmd_recover.c: puts back what a change left on a host when it was cut off. */
#include "cli/command.h"
#include "base/mem.h"
#include "cli/changes.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

/* Without -H, the hosts of the run as its record has them. */
static int select_hosts(struct session *s, json_t *record)
{
    json_t *hosts, *host;
    size_t i;
    int code = 0;

    if (!record || s->options->hosts)
        return session_select(s, s->options->hosts);
    hosts = history_changed_hosts(record);
    json_array_foreach(hosts, i, host)
    {
        const struct host *h = session_host_of_run(s, record, json_string_value(host));

        if (h)
            session_add_host(s, h);
        else
            code = ERR_REFUSED;
    }
    s->selected = s->host_count;
    if (code == 0 && s->selected == 0) {
        message("refused: by its record run \"%s\" left nothing that could be put back; name the "
                "host (-H) to look there all the same", s->options->operands[0]);
        code = ERR_REFUSED;
    }
    json_decref(hosts);
    return code;
}

/* Nobody is asked: the way back was approved with the change, and a host that was not cut off would
 * have gone it by itself. */
static int put_back(struct session *s, const char *run)
{
    struct document *d = s->document;
    int code = session_begin(s);
    size_t i;

    if (code)
        return code;
    if (run)
        s->extra = json_pack("{s:s}", "recovers", run);
    d->hosts = mem_alloc(s->host_count * sizeof *d->hosts);
    d->host_count = s->host_count;
    for (i = 0; i < s->selected; i++) {
        d->hosts[i].host = mem_dup(s->hosts[i]->host->name);
        code = exit_gravest(code, changes_recover(s, &d->hosts[i], run));
    }
    return session_end(s, code);
}

static int recover(const struct options *o, json_t *record, const char *run)
{
    struct options own = *o;
    struct session s;
    int code;

    own.inventory = history_inventory(record, o->inventory);
    session_init(&s, &own, "recover");
    s.document->incident = mem_dup(record ? history_text(record, "incident") : "");
    code = session_load(&s);
    if (code == 0)
        code = select_hosts(&s, record);
    if (code == 0)
        code = put_back(&s, run);
    session_release(&s);
    free(own.inventory);
    return code;
}

/* A run that is not known here may be somebody else's: then the host has to be named. */
static int run(const struct options *o)
{
    const char *wanted = o->operand_count ? o->operands[0] : NULL;
    struct err e = {0};
    char *name = wanted ? history_find(wanted, true, &e) : NULL;
    json_t *record = name ? record_load(name, &e) : NULL;
    int code;

    if (wanted && !record && (!o->hosts || strcmp(wanted, "last") == 0))
        code = message_err(&e);
    else
        code = recover(o, record, name ? name : wanted);
    json_decref(record);
    free(name);
    return code;
}

static const int exits[] = {0, 1, 4, 5, 8, 64, 130, -1};

const struct command_entry cmd_recover = {
    .name = "recover",
    .operands = "[RUN]",
    .summary = "put back what a change left when it was cut off",
    .about =
        "A change that lost its shell on the host (a reboot, a kill, a full disk) is put back from\n"
        "what it left there, and services are told.  Without RUN: whatever is unfinished on the\n"
        "hosts of -H.  RUN as for undo; with -H also a run of somebody else.  Nothing is asked:\n"
        "the host would have done the same by itself.  What had ended stays as it ended.",
    .examples = "  fettle recover -H web1\n  fettle recover 20260404T081233-3f9a1c",
    .exits = exits,
    .options = USE_HOSTS,
    .least = 0,
    .most = 1,
    .run = run,
};
