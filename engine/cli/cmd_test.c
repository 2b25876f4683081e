/* cmd_test.c: do the playbooks still say of recorded hosts what the records say? */
#include "cli/command.h"
#include "base/argv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "cli/history.h"
#include "cli/message.h"
#include "cli/paths.h"
#include "cli/report.h"
#include "cli/session.h"

#include <stdlib.h>
#include <string.h>

struct test {
    const struct options *options;
    struct style text;
    char **records;     /* paths */
    json_t *results;    /* [{record, ok, differences}] */
    json_t *differences; /* of the record at hand */
    size_t failed;
};

/* Takes `text`. */
static void differs(struct test *t, char *text)
{
    json_array_append_new(t->differences, json_string(text));
    free(text);
}

/* ---- what two diagnoses have to have in common ---- */

/* "unix-socket confirmed, …": in their order, which says what is likeliest. */
static char *causes_of(const json_t *host)
{
    const json_t *cause;
    struct buf b;
    char *text;
    size_t i;

    buf_init(&b, 4096);
    json_array_foreach(json_object_get(host, "causes"), i, cause)
        buf_addf(&b, "%s%s %s", i ? ", " : "", report_text(cause, "playbook"),
                 report_text(cause, "verdict"));
    text = buf_take(&b);
    buf_release(&b);
    return text;
}

/* All of a fix that would reach the host: which bytes, which commands, whether a bot may take it. */
static char *fix_of(const json_t *fix)
{
    json_t *kept = json_pack("{s:O?, s:O?, s:O?}", "recommended", json_object_get(fix, "recommended"),
                             "changes", json_object_get(fix, "changes"), "validate",
                             json_object_get(fix, "validate"));
    char *text = json_dumps(kept, JSON_SORT_KEYS);

    json_decref(kept);
    return text;
}

static const json_t *find(const json_t *list, const char *key, const char *value)
{
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item) if (strcmp(report_text(item, key), value) == 0) return item;
    return NULL;
}

static void compare_fixes(struct test *t, const char *host, const json_t *then, const json_t *now)
{
    const json_t *fix;
    size_t i;

    json_array_foreach(json_object_get(then, "fixes"), i, fix)
    {
        const char *id = report_text(fix, "id");
        const json_t *other = find(json_object_get(now, "fixes"), "id", id);
        char *a = fix_of(fix), *b = other ? fix_of(other) : NULL;

        if (!b)
            differs(t, mem_format("%s: the fix %s is not proposed any more", host, id));
        else if (strcmp(a, b) != 0)
            differs(t, mem_format("%s: the fix %s is another one: it was %s, it is %s", host, id, a, b));
        free(a);
        free(b);
    }
    json_array_foreach(json_object_get(now, "fixes"), i,
                       fix) if (!find(json_object_get(then, "fixes"), "id", report_text(fix, "id")))
        differs(t, mem_format("%s: the fix %s is new", host, report_text(fix, "id")));
}

/* The status that the diagnosis gave, before anything was changed. */
static bool is_of_diagnosis(const char *status)
{
    return strcmp(status, "healthy") == 0 || strcmp(status, "cause-found") == 0 ||
           strcmp(status, "inconclusive") == 0;
}

static void compare_host(struct test *t, const json_t *then, const json_t *now)
{
    const char *host = report_text(then, "host"), *status = report_text(then, "status");
    char *a = causes_of(then), *b = causes_of(now);

    if (is_of_diagnosis(status) && strcmp(status, report_text(now, "status")) != 0)
        differs(t, mem_format("%s: the status was %s, it is %s", host, status, report_text(now, "status")));
    if (strcmp(a, b) != 0)
        differs(t, mem_format("%s: the causes were \"%s\", they are \"%s\"", host, a, b));
    compare_fixes(t, host, then, now);
    free(a);
    free(b);
}

static void compare(struct test *t, const json_t *then, const json_t *now)
{
    const json_t *hosts = json_object_get(then, "hosts"), *host;
    size_t i;

    if (json_array_size(hosts) == 0)
        differs(t, mem_format("the record has no host"));
    json_array_foreach(hosts, i, host)
    {
        const json_t *other = find(json_object_get(now, "hosts"), "host", report_text(host, "host"));

        if (other)
            compare_host(t, host, other);
        else
            differs(t, mem_format("%s: the record has no line of that host", report_text(host, "host")));
    }
}

/* Whatever a host says, no playbook may break at it. */
static void note_broken(struct test *t, const struct document *d)
{
    size_t i, j;

    for (i = 0; i < d->host_count; i++)
        for (j = 0; j < d->hosts[i].finding_count; j++) {
            const struct finding *f = &d->hosts[i].findings[j];

            if (f->broken)
                differs(t, mem_format("%s: the playbook %s broke: %s", d->hosts[i].host,
                                      f->playbook, f->reason ? f->reason : "no reason given"));
        }
}

/* ---- a record ---- */

static int replay(struct test *t, json_t *record, const char *path)
{
    struct session s;
    json_t *now;
    int code;

    session_init(&s, t->options, "test");
    style_init(&s.text, NULL, true);
    code = session_open_replay(&s, record, path);
    if (code == 0) {
        code = session_diagnose(&s);
        now = document_to_json(s.document);
        if (code != 130) {
            compare(t, history_document(record), now);
            note_broken(t, s.document);
        }
        json_decref(now);
        code = code == 130 ? 130 : 0;
    } else {
        differs(t, mem_format("it could not be replayed"));
    }
    session_release(&s);
    return code;
}

/* 0, or the exit code to end with at once. */
static int test_record(struct test *t, const char *path)
{
    struct err e = {0};
    json_t *record = record_load(path, &e);
    const json_t *difference;
    int code = 0;
    size_t i;
    bool ok;

    t->differences = json_array();
    if (!record)
        differs(t, mem_format("%s", e.text));
    else if (!history_document(record))
        differs(t, mem_format("the record has no end: its run was cut off"));
    else
        code = replay(t, record, path);
    ok = code == 0 && json_array_size(t->differences) == 0;
    t->failed += !ok;
    style_line(&t->text, ok ? LOOK_GOOD : LOOK_BAD, 0, "%s %s", ok ? "ok" : "not ok", path);
    json_array_foreach(t->differences, i, difference)
        style_line(&t->text, LOOK_PLAIN, 4, "%s", json_string_value(difference));
    fflush(stdout);
    json_array_append_new(t->results, json_pack("{s:s, s:b, s:o}", "record", path, "ok", ok,
                                                "differences", t->differences));
    json_decref(record);
    return code;
}

static void print_json(const struct test *t, int code)
{
    json_t *document = json_pack("{s:s, s:i, s:O}", "schema", "fettle/1", "exit", code, "tests", t->results);

    session_print_json(document, JSON_INDENT(2));
    json_decref(document);
}

static int run(const struct options *o)
{
    static const char *const ends[] = {".jsonl", NULL};
    struct test t = {.options = o, .records = mem_alloc(sizeof(char *)), .results = json_array()};
    struct problems problems = {0};
    int code = 0;
    size_t i;

    style_init(&t.text, o->json || o->quiet ? NULL : stdout, o->no_color);
    for (i = 0; o->operands[i]; i++)
        t.records = paths_add(t.records, o->operands[i], ends, &problems);
    if (problems.count)
        message_problems(&problems);
    for (i = 0; t.records[i] && code != 130; i++)
        code = test_record(&t, t.records[i]);
    if (!t.records[0])
        message("no record is there: a record's name ends in .jsonl");
    if (code != 130)
        code = problems.count || !t.records[0] || t.failed ? ERR_DATA : 0;
    if (t.records[0] && !o->json)
        printf("%zu as recorded, %zu not\n", json_array_size(t.results) - t.failed, t.failed);
    if (o->json)
        print_json(&t, code);
    json_decref(t.results);
    argv_free(t.records);
    problems_release(&problems);
    return code;
}

static const int exits[] = {0, 1, 64, 65, 130, -1};

const struct command_entry cmd_test = {
    .name = "test",
    .operands = "PATH…",
    .summary = "replay records against the playbooks as they are now",
    .about =
        "Replays former runs: the playbooks as they are now get the answers that the hosts gave\n"
        "then, and have to come to the same causes, fixes and diffs.  PATH is a record, a folder of\n"
        "records (*.jsonl), or the name of a run.  No host is asked, nothing is changed.\n"
        "Records lie in $XDG_STATE_HOME/fettle/runs/RUN/record.jsonl (~/.local/state).",
    .examples = "  fettle test tests/replay\n"
                "  fettle test 20260404T081233-412a1c0 --json",
    .exits = exits,
    .options = 0,
    .least = 1,
    .most = (size_t)-1,
    .run = run,
};
