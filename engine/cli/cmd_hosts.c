/* cmd_hosts.c: the inventory as resolved, and whether each host can be reached. */
#include "cli/command.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/hosts_check.h"
#include "cli/message.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>

static json_t *row_of(const struct host *h)
{
    json_t *row = json_pack("{s:s, s:s?, s:i, s:s?, s:s?, s:s?, s:s?, s:s?, s:s?, s:O?}", "host",
                            h->name, "address", h->address ? h->address : h->name, "port", h->port,
                            "user", h->user, "identity", h->identity, "transport", h->transport,
                            "become", h->become, "jump", h->jump, "source", h->source, "vars",
                            h->vars);

    if (h->unusable)
        json_object_set_new(row, "error", json_string(h->unusable));
    return row;
}

static void print_row(const struct style *s, const json_t *row, bool checked)
{
    long long port = json_integer_value(json_object_get(row, "port"));
    const char *user = report_text(row, "user");
    char number[32] = "";
    char *where;

    if (port)
        snprintf(number, sizeof number, ":%lld", port);
    where = mem_format("%s%s%s%s", user, *user ? "@" : "", report_text(row, "address"), number);
    if (checked)
        hosts_check_print(s, row, where);
    else
        style_line(s, LOOK_PLAIN, 0, "%-16s %-28s %-8s %s", report_text(row, "host"), where,
                   report_text(row, "transport"), report_text(row, "become"));
    if (!checked && *report_text(row, "error"))
        style_wrap(s, LOOK_BAD, 4, "cannot be used: ", report_text(row, "error"));
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

/* They are hosts where -H names one; nobody has put them into an inventory. */
static json_t *aliases_json(const struct inventory *inv)
{
    json_t *aliases = json_array();
    size_t i;

    for (i = 0; i < inv->host_count; i++)
        if (inv->hosts[i].alias)
            json_array_append_new(aliases, json_pack("{s:s, s:s}", "host", inv->hosts[i].name,
                                                     "source", inv->hosts[i].source));
    return aliases;
}

static void print_aliases(const struct session *s)
{
    json_t *aliases = aliases_json(s->inventory), *alias;
    size_t i;

    json_array_foreach(aliases, i, alias)
        style_line(&s->text, LOOK_DIM, 0, "ssh alias %s (%s)", report_text(alias, "host"),
                   report_text(alias, "source"));
    json_decref(aliases);
}

static void print(struct session *s, json_t *rows)
{
    json_t *row, *document;
    size_t i, j;

    if (s->options->json) {
        document = json_pack("{s:s, s:O, s:o, s:o}", "schema", "fettle/1", "hosts", rows, "groups",
                             groups_json(s->inventory), "aliases", aliases_json(s->inventory));
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
    if (!s->options->hosts)
        print_aliases(s);
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
            code = hosts_check(&s, rows);
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
        "connected to: by which way and why, as whom one works there, with which rights, and how\n"
        "long it took.  Nothing is changed.  The exit code is 4 where one was not reached.",
    .examples = "  fettle hosts -i hosts.yaml\n  fettle hosts --check -H edge --json",
    .exits = exits,
    .options = USE_HOSTS | USE_CHECK,
    .run = run,
};
