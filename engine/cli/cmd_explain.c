/* cmd_explain.c: what a playbook looks for, and the worst that it can do. */
#include "cli/command.h"
#include "cli/library.h"
#include "cli/message.h"
#include "cli/param_options.h"
#include "cli/session.h"
#include "model/catalogue.h"

#include <stdlib.h>
#include <string.h>

static json_t *words_json(char *const *words)
{
    json_t *list = json_array();

    for (; words && *words; words++)
        json_array_append_new(list, json_string(*words));
    return list;
}

static json_t *patterns_json(const struct pattern_at *list, size_t count, bool reads, bool all)
{
    json_t *texts = json_array();
    size_t i;

    for (i = 0; i < count; i++) {
        char *text = pattern_text(&list[i].pattern);

        if (all || reads == (catalogue_holds(&list[i].pattern) == CATALOGUE_READ))
            json_array_append_new(texts, json_string(text));
        free(text);
    }
    return texts;
}

static json_t *params_json(const struct playbook *p)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < p->param_count; i++)
        json_array_append_new(list, json_pack("{s:s, s:s, s:s?, s:s?}", "name", p->params[i].name,
                                              "type", param_type_name(p->params[i].type), "default",
                                              p->params[i].fallback, "help", p->params[i].help));
    return list;
}

static json_t *steps_json(const struct playbook *p)
{
    json_t *list = json_array();
    size_t i;

    for (i = 0; i < p->step_count; i++)
        json_array_append_new(list, json_pack("{s:s?, s:s?, s:i}", "id", p->steps[i].id, "title",
                                              p->steps[i].title, "line", (int)p->steps[i].line));
    return list;
}

static json_t *playbook_json(const struct playbook *p)
{
    json_t *json =
        json_pack("{s:s?, s:s?, s:s?, s:s?, s:s?}", "playbook", p->name, "incident", p->incident,
                  "title", p->title, "summary", p->summary, "file", p->file);

    json_object_set_new(json, "signatures", words_json(p->signatures));
    json_object_set_new(json, "steps", steps_json(p));
    json_object_set_new(json, "reads", patterns_json(p->commands, p->command_count, true, false));
    json_object_set_new(json, "changes",
                        patterns_json(p->commands, p->command_count, false, false));
    json_object_set_new(json, "edits", patterns_json(p->files, p->file_count, false, true));
    json_object_set_new(json, "params", params_json(p));
    json_object_set_new(json, "references", words_json(p->references));
    return json;
}

static void print_list(const struct style *s, const char *title, json_t *list)
{
    json_t *item;
    size_t i;

    if (json_array_size(list) == 0)
        return;
    style_line(s, LOOK_PLAIN, 2, "%s:", title);
    json_array_foreach(list, i, item) style_line(s, LOOK_PLAIN, 4, "%s", json_string_value(item));
}

static const char *field(const json_t *item, const char *key)
{
    const char *text = json_string_value(json_object_get(item, key));

    return text ? text : "";
}

static void print(const struct style *s, json_t *p)
{
    json_t *item;
    size_t i;

    style_line(s, LOOK_BOLD, 0, "%s: %s", field(p, "playbook"), field(p, "title"));
    style_wrap(s, LOOK_PLAIN, 2, "", field(p, "summary"));
    print_list(s, "Log lines that point here", json_object_get(p, "signatures"));
    style_line(s, LOOK_PLAIN, 2, "Steps:");
    json_array_foreach(json_object_get(p, "steps"), i, item)
        style_line(s, LOOK_PLAIN, 4, "%s: %s", field(item, "id"), field(item, "title"));
    print_list(s, "Reads with", json_object_get(p, "reads"));
    print_list(s, "Its fixes may run, after a yes", json_object_get(p, "changes"));
    print_list(s, "Its fixes may edit, after a yes", json_object_get(p, "edits"));
    if (json_array_size(json_object_get(p, "params")))
        style_line(s, LOOK_PLAIN, 2, "Parameters:");
    json_array_foreach(json_object_get(p, "params"), i, item)
        style_line(s, LOOK_PLAIN, 4, "-p %s=%s (%s) %s", field(item, "name"),
                   field(item, "default"), field(item, "type"), field(item, "help"));
    print_list(s, "References", json_object_get(p, "references"));
    style_line(s, LOOK_DIM, 2, "%s", field(p, "file"));
}

/* What was asked for comes first. */
static void print_all(const struct style *s, const json_t *document, bool incident_asked)
{
    json_t *incident = json_object_get(document, "incident"), *p;
    size_t i;

    if (incident_asked)
        print(s, incident);
    json_array_foreach(json_object_get(document, "playbooks"), i, p)
    {
        if (incident_asked)
            style_gap(s);
        print(s, p);
    }
    if (incident_asked)
        return;
    style_gap(s);
    style_line(s, LOOK_PLAIN, 0, "Before it runs, as before every playbook of %s:",
               field(incident, "incident"));
    print(s, incident);
}

/* A playbook comes loaded with its incident; an incident's name means all of it. */
static json_t *explain(const struct incident *i)
{
    json_t *playbooks = json_array();
    size_t n;

    for (n = 0; n < i->count; n++)
        json_array_append_new(playbooks, playbook_json(i->playbooks[n]));
    return json_pack("{s:s, s:o, s:o}", "schema", "fettle/1", "incident",
                     playbook_json(&i->symptom), "playbooks", playbooks);
}

static int run(const struct options *o)
{
    int code = 0;
    char *folder = library_folder(&code);
    struct incident *i = folder ? library_incident(o->operands[0], folder, &code) : NULL;
    json_t *document;
    struct style s;

    free(folder);
    if (!i)
        return code;
    document = explain(i);
    style_init(&s, o->json ? NULL : stdout, o->no_color);
    if (o->json)
        session_print_json(document, JSON_INDENT(2));
    print_all(&s, document, strcmp(i->symptom.incident, o->operands[0]) == 0);
    json_decref(document);
    incident_free(i);
    return 0;
}

static const int exits[] = {0, 1, 64, 65, -1};

const struct command_entry cmd_explain = {
    .name = "explain",
    .operands = "INCIDENT|PLAYBOOK",
    .summary = "what a playbook looks for, reads and may change",
    .about =
        "Shows what points to a cause, the steps that prove it, every command that the playbook\n"
        "may run and every file that its fixes may edit: the engine refuses anything else.",
    .examples = "  fettle explain unix-socket\n  fettle explain nginx-502 --json",
    .exits = exits,
    .least = 1,
    .most = 1,
    .run = run,
};
