/* cmd_hosts.c: the inventory as resolved, and whether each host can be reached. */
#include "cli/command.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/message.h"
#include "cli/session.h"
#include "io/reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct host_check {
    struct session *session;
    json_t *row;
    size_t *open;
    bool *idle;
};

static json_t *row_of(const struct host *h)
{
    return json_pack("{s:s, s:s?, s:i, s:s?, s:s?, s:s?, s:s?, s:O?}", "host", h->name, "address",
                     h->address ? h->address : h->name, "port", h->port, "user", h->user,
                     "transport", h->transport, "become", h->become, "jump", h->jump, "vars",
                     h->vars);
}

static void set_failed(json_t *row, const char *why)
{
    char *clean = text_clean_dup(why, strlen(why));

    json_object_set_new(row, "reached", json_false());
    json_object_set_new(row, "error", json_string(clean));
    free(clean);
}

static void on_done(void *data, const struct result *r)
{
    struct host_check *c = data;

    json_object_set_new(c->row, "took_ms", json_integer(r->took_ms));
    if (r->outcome == OUTCOME_EXIT && r->code == 0) {
        char *name = text_clean_dup(r->out.data, strcspn(r->out.data, "\n"));

        json_object_set_new(c->row, "reached", json_true());
        json_object_set_new(c->row, "as", json_string(name));
        free(name);
    } else {
        set_failed(c->row, r->why ? r->why : outcome_name(r->outcome));
    }
    *c->idle = --*c->open == 0;
}

static void ask(struct host_check *c, const char *name)
{
    char *argv[] = {(char *)"id", (char *)"-un", NULL};
    struct request q = {.argv = argv};
    struct target *t = session_target(c->session, name, INT_MAX);
    struct err e = {0};

    if (t)
        json_object_set_new(c->row, "by", json_string(target_transport(t)));
    if (t && reader_submit(t, &q, on_done, c, &e) == 0)
        ++*c->open;
    else
        set_failed(c->row, t ? e.text : "no way to it");
}

/* 4 where one was not reached, 130 when interrupted. */
static int check_all(struct session *s, json_t *rows)
{
    struct host_check *checks = mem_alloc((s->selected + 1) * sizeof *checks);
    size_t open = 0, i;
    bool idle = false;
    int code = 0;

    for (i = 0; i < s->selected; i++) {
        checks[i] = (struct host_check){s, json_array_get(rows, i), &open, &idle};
        ask(&checks[i], s->hosts[i]->host->name);
    }
    if (open && loop_run(s->loop, &idle) != 0)
        code = loop_interrupted(s->loop) ? 130 : ERR_INTERNAL;
    for (i = 0; i < s->selected; i++) {
        if (s->hosts[i]->target)
            reader_cancel(s->hosts[i]->target, &checks[i]);
        if (code == 0 && !json_is_true(json_object_get(checks[i].row, "reached")))
            code = ERR_UNREACHABLE;
    }
    free(checks);
    return code;
}

static const char *field(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));

    return text ? text : "";
}

static void print_row(const struct style *s, const json_t *row, bool checked)
{
    long long port = json_integer_value(json_object_get(row, "port"));
    char number[32] = "";
    char *where;

    if (port)
        snprintf(number, sizeof number, ":%lld", port);
    where = mem_format("%s%s%s%s", field(row, "user"), *field(row, "user") ? "@" : "",
                       field(row, "address"), number);
    if (!checked)
        style_line(s, LOOK_PLAIN, 0, "%-16s %-28s %-8s %s", field(row, "host"), where,
                   field(row, "transport"), field(row, "become"));
    else if (json_is_true(json_object_get(row, "reached")))
        style_line(s, LOOK_GOOD, 0, "%-16s %-28s reached as %s, %s, %lld ms", field(row, "host"),
                   where, field(row, "as"), field(row, "by"),
                   (long long)json_integer_value(json_object_get(row, "took_ms")));
    else
        style_line(s, LOOK_BAD, 0, "%-16s %-28s not reached: %s", field(row, "host"), where,
                   field(row, "error"));
    free(where);
}

static json_t *groups_json(const struct inventory *inv)
{
    json_t *groups = json_object();
    size_t i, j;

    for (i = 0; i < inv->group_count; i++) {
        json_t *members = json_array();

        for (j = 0; inv->groups[i].members && inv->groups[i].members[j]; j++)
            json_array_append_new(members, json_string(inv->groups[i].members[j]));
        json_object_set_new(groups, inv->groups[i].name, members);
    }
    return groups;
}

static void print(struct session *s, json_t *rows)
{
    json_t *row, *document;
    size_t i, j;

    if (s->options->json) {
        document = json_pack("{s:s, s:O, s:o}", "schema", "fettle/1", "hosts", rows, "groups",
                             groups_json(s->inventory));
        session_print_json(document, JSON_INDENT(2));
        json_decref(document);
        return;
    }
    json_array_foreach(rows, i, row) print_row(&s->text, row, s->options->check);
    for (i = 0; i < s->inventory->group_count; i++) {
        struct buf b;

        buf_init(&b, 1 << 16);
        for (j = 0; s->inventory->groups[i].members && s->inventory->groups[i].members[j]; j++)
            buf_addf(&b, " %s", s->inventory->groups[i].members[j]);
        style_line(&s->text, LOOK_DIM, 0, "group %s:%s", s->inventory->groups[i].name, b.data);
        buf_release(&b);
    }
}

static int run(const struct options *o)
{
    struct session s;
    json_t *rows = json_array();
    size_t i;
    int code;

    session_init(&s, o, "hosts");
    code = session_load(&s);
    if (code == 0)
        code = session_select(&s, o->hosts ? o->hosts : "all");
    for (i = 0; i < s.selected; i++)
        json_array_append_new(rows, row_of(s.hosts[i]->host));
    if (code == 0) {
        if (o->check)
            code = check_all(&s, rows);
        if (code == 130)
            message("interrupted");
        else
            print(&s, rows);
    }
    json_decref(rows);
    session_release(&s);
    return code;
}

static const int exits[] = {0, 1, 4, 64, 65, 130, -1};

const struct command_entry cmd_hosts = {
    .name = "hosts",
    .operands = "",
    .summary = "the inventory as resolved; with --check: who can be reached",
    .about =
        "Lists hosts and groups as they come out of the inventory.  With --check each host is\n"
        "connected to and asked who one is there; nothing is changed.",
    .examples = "  fettle hosts -i hosts.yaml\n  fettle hosts --check -H edge --json",
    .exits = exits,
    .options = USE_HOSTS | USE_CHECK,
    .run = run,
};
