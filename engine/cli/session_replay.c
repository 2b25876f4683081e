/* session_replay.c: a session whose hosts are a record of a former run. */
#include "cli/session.h"

#include "base/mem.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/report.h"

#include <stdlib.h>
#include <string.h>

json_t *session_host_line(const struct host *h)
{
    /* What fettle itself looks at; the rest of an inventory's vars is nobody's business. */
    static const char *const kept[] = {"services", "nginx", "php_fpm"};
    json_t *vars = json_object();
    size_t i;

    for (i = 0; i < sizeof kept / sizeof *kept; i++)
        if (json_object_get(h->vars, kept[i]))
            json_object_set_new(vars, kept[i], json_deep_copy(json_object_get(h->vars, kept[i])));
    return json_pack("{s:s, s:s?, s:s?, s:b, s:o}", "name", h->name, "address", h->address,
                     "transport", h->transport, "implied", h->implied, "vars", vars);
}

/* Those that were diagnosed; the others were asked in the course of it. */
static void select_hosts(struct session *s, const json_t *record)
{
    const json_t *line;
    size_t i;

    json_array_foreach(record, i, line)
    {
        const struct host *h;

        if (strcmp(report_text(line, "kind"), "host") != 0 ||
            json_is_true(json_object_get(line, "peer")))
            continue;
        h = inventory_host(s->inventory, report_text(line, "name"));
        if (h)
            session_add_host(s, h);
    }
    s->selected = s->host_count;
}

int session_open_replay(struct session *s, json_t *record, const char *path)
{
    const json_t *run = history_first(record, "run");
    const json_t *params = json_object_get(run, "params");
    const char *asked = report_text(run, "asked");
    int code;

    if (!*asked || !json_is_object(params)) {
        message("%s: the record does not say what was asked for, so it cannot be replayed", path);
        return ERR_DATA;
    }
    s->replay = path;
    s->inventory = inventory_of_record(record);
    select_hosts(s, record);
    code = session_load_local(s);
    if (code == 0)
        code = session_incident(s, asked);
    if (code == 0) {
        json_decref(s->params);
        s->params = json_deep_copy(params);
    }
    return code;
}
