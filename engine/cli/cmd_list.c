/* cmd_list.c: the incidents, and the root causes that each knows. */
#include "cli/command.h"
#include "base/argv.h"
#include "cli/library.h"
#include "cli/message.h"
#include "cli/session.h"

#include <stdlib.h>

static json_t *playbook_json(const struct playbook *p)
{
    return json_pack("{s:s, s:s?, s:s?}", "playbook", p->name, "title", p->title, "file", p->file);
}

static json_t *incident_json(const struct incident *i)
{
    json_t *playbooks = json_array();
    size_t n;

    for (n = 0; n < i->count; n++)
        json_array_append_new(playbooks, playbook_json(i->playbooks[n]));
    return json_pack("{s:s, s:s?, s:s?, s:o}", "incident", i->symptom.incident, "title",
                     i->symptom.title, "file", i->symptom.file, "playbooks", playbooks);
}

static void print(const struct style *s, const struct incident *i)
{
    size_t n;

    style_line(s, LOOK_BOLD, 0, "%s: %s", i->symptom.incident,
               i->symptom.title ? i->symptom.title : "");
    for (n = 0; n < i->count; n++)
        style_line(s, LOOK_PLAIN, 2, "%-20s %s", i->playbooks[n]->name,
                   i->playbooks[n]->title ? i->playbooks[n]->title : "");
}

static int list_all(char **names, const char *folder, const struct style *s, json_t *all)
{
    int code = 0;

    for (; *names; names++) {
        int failed = 0;
        struct incident *i = library_incident(*names, folder, &failed);

        code = exit_gravest(code, failed);
        if (!i)
            continue;
        print(s, i);
        json_array_append_new(all, incident_json(i));
        incident_free(i);
    }
    return code;
}

static int run(const struct options *o)
{
    int code = 0;
    char *folder = library_folder(&code);
    struct err e = {0};
    char **names = folder ? incident_names(folder, &e) : NULL;
    json_t *document;
    struct style s;

    if (!names) {
        code = folder ? message_err(&e) : code;
        free(folder);
        return code;
    }
    style_init(&s, o->json ? NULL : stdout, o->no_color);
    document = json_pack("{s:s, s:[]}", "schema", "fettle/1", "incidents");
    code = list_all(names, folder, &s, json_object_get(document, "incidents"));
    if (o->json)
        session_print_json(document, JSON_INDENT(2));
    json_decref(document);
    argv_free(names);
    free(folder);
    return code;
}

static const int exits[] = {0, 1, 64, 65, -1};

const struct command_entry cmd_list = {
    .name = "list",
    .operands = "",
    .summary = "list incidents and the causes they know",
    .about = "Lists each incident with its playbooks, one for each root cause.",
    .examples = "  fettle list\n  fettle list --json",
    .exits = exits,
    .run = run,
};
