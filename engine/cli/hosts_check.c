/* hosts_check.c: can each host be reached, by which way, and as whom?
 *
 * Each host is asked two reads, whose user one is there and its number: what counts is the number,
 * as a user may have no name. */
#include "cli/hosts_check.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/report.h"
#include "io/reader.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct host_check;

struct question {
    struct host_check *check;
    bool is_number;
};

struct host_check {
    struct question name, number;
    struct target *target;
    json_t *row;
    int64_t began_ms; /* monotonic */
    size_t open, *all_open;
    bool *idle;
};

static void put_text(json_t *row, const char *key, const char *text, size_t n)
{
    char *clean = text_clean_dup(text, n);

    json_object_set_new(row, key, json_string(clean));
    free(clean);
}

static void put_optional(json_t *row, const char *key, const char *text)
{
    if (text)
        put_text(row, key, text, strlen(text));
    else
        json_object_set_new(row, key, json_null());
}

/* The first reason is the one to tell: what follows comes of it. */
static void set_failed(json_t *row, const char *why)
{
    if (!json_object_get(row, "error"))
        put_text(row, "error", why, strlen(why));
}

static char *failure(const struct result *r)
{
    char *said = NULL, *why;

    if (r->why)
        return mem_dup(r->why);
    if (r->outcome == OUTCOME_TIMEOUT)
        return mem_dup("the connection stands, but the host gave no answer to `id -u` in time");
    if (r->outcome == OUTCOME_EXIT)
        said = text_clean_dup(r->err.data, strcspn(r->err.data, "\n"));
    why = said ? mem_format("`id -u` failed there with exit code %d: %s", r->code, said)
               : mem_format("`id -u` failed there: %s", outcome_name(r->outcome));
    free(said);
    return why;
}

static void take_number(struct host_check *c, const struct result *r)
{
    char *end = NULL;
    long uid = r->outcome == OUTCOME_EXIT && r->code == 0 ? strtol(r->out.data, &end, 10) : -1;
    char *why;

    if (end && end != r->out.data && uid >= 0) {
        json_object_set_new(c->row, "uid", json_integer(uid));
        json_object_set_new(c->row, "root", json_boolean(uid == 0));
        return;
    }
    why = failure(r);
    set_failed(c->row, why);
    free(why);
}

/* Both have come, or will not. */
static void conclude(struct host_check *c)
{
    json_t *uid = json_object_get(c->row, "uid");
    bool reached = uid && !json_object_get(c->row, "error");
    char number[32];

    json_object_set_new(c->row, "reached", json_boolean(reached));
    json_object_set_new(c->row, "took_ms", json_integer(clock_monotonic_ms() - c->began_ms));
    if (reached && !json_object_get(c->row, "as")) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(uid));
        json_object_set_new(c->row, "as", json_string(number));
    }
    if (!c->target)
        return;
    json_object_set_new(c->row, "by", json_string(target_transport(c->target)));
    put_optional(c->row, "way", target_way(c->target));
    put_optional(c->row, "login", target_login(c->target));
    put_optional(c->row, "note", target_note(c->target));
}

static void on_done(void *data, const struct result *r)
{
    struct question *q = data;
    struct host_check *c = q->check;

    if (q->is_number)
        take_number(c, r);
    else if (r->outcome == OUTCOME_EXIT && r->code == 0 && r->out.len)
        put_text(c->row, "as", r->out.data, strcspn(r->out.data, "\n"));
    if (--c->open == 0)
        conclude(c);
    *c->idle = --*c->all_open == 0;
}

static void ask(struct host_check *c, struct question *question, const char *option)
{
    char *argv[] = {(char *)"id", (char *)option, NULL};
    struct request q = {.argv = argv};
    struct err e = {0};

    if (reader_submit(c->target, &q, on_done, question, &e) != 0) {
        set_failed(c->row, e.text);
        return;
    }
    c->open++;
    ++*c->all_open;
}

static void start(struct host_check *c, struct session *s, const char *name)
{
    c->name = (struct question){c, false};
    c->number = (struct question){c, true};
    c->began_ms = clock_monotonic_ms();
    if (!json_object_get(c->row, "error"))
        c->target = session_target(s, name, INT_MAX);
    if (c->target) {
        ask(c, &c->name, "-un");
        ask(c, &c->number, "-u");
    } else {
        set_failed(c->row, "no way to it");
    }
    if (c->open == 0)
        conclude(c);
}

int hosts_check(struct session *s, json_t *rows)
{
    struct host_check *checks = mem_alloc((s->selected + 1) * sizeof *checks);
    size_t all_open = 0, i;
    bool idle = false;
    int code = 0;

    for (i = 0; i < s->selected; i++) {
        checks[i].row = json_array_get(rows, i);
        checks[i].all_open = &all_open;
        checks[i].idle = &idle;
        start(&checks[i], s, s->hosts[i]->host->name);
    }
    if (all_open && loop_run(s->loop, &idle) != 0)
        code = loop_interrupted(s->loop) ? 130 : ERR_INTERNAL;
    for (i = 0; i < s->selected; i++) {
        if (checks[i].target) {
            reader_cancel(checks[i].target, &checks[i].name);
            reader_cancel(checks[i].target, &checks[i].number);
        }
        if (checks[i].open) {
            set_failed(checks[i].row, "it was not waited for");
            conclude(&checks[i]);
        }
        if (code == 0 && !json_is_true(json_object_get(checks[i].row, "reached")))
            code = ERR_UNREACHABLE;
    }
    free(checks);
    return code;
}

/* ---- for a person ---- */

static void print_way(const struct style *s, const json_t *row)
{
    const char *way = report_text(row, "way"), *note = report_text(row, "note");

    if (*way)
        style_wrap(s, LOOK_PLAIN, 4, "through the system's ssh: ", way);
    if (*note)
        style_wrap(s, LOOK_WARN, 4, "", note);
}

static void print_rights(const struct style *s, const json_t *row)
{
    const char *login = report_text(row, "login"), *as = report_text(row, "as");

    if (*login && strcmp(login, as) != 0)
        style_line(s, LOOK_PLAIN, 4, "logged in as %s, and then became %s", login, as);
    if (!json_is_true(json_object_get(row, "root")))
        style_line(s, LOOK_WARN, 4, "not root (uid %lld): some reads and all fixes may be refused",
                   (long long)json_integer_value(json_object_get(row, "uid")));
}

void hosts_check_print(const struct style *s, const json_t *row, const char *where)
{
    const char *host = report_text(row, "host"), *by = report_text(row, "by");
    long long took = json_integer_value(json_object_get(row, "took_ms"));

    if (json_is_true(json_object_get(row, "reached"))) {
        style_line(s, LOOK_GOOD, 0, "%-16s %-28s reached as %s, %s, %lld ms", host, where,
                   report_text(row, "as"), by, took);
        print_rights(s, row);
    } else {
        style_line(s, LOOK_BAD, 0, "%-16s %-28s not reached: %s%s%s, %lld ms", host, where,
                   report_text(row, "error"), *by ? ", " : "", by, took);
    }
    print_way(s, row);
}
