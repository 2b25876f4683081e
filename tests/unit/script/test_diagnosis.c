/* test_diagnosis.c: symptom, steps, reads side by side, memos, ends in the middle. */
#include "world.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "script/api.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PRESENT "return present{summary = 'it is there', url = 'http://x/', big = {a = {1, 2}}}"

static int clear(void **state)
{
    (void)state;
    world_clear();
    return 0;
}

static struct host_report *run(const char *symptom, struct playbook *a, struct playbook *b,
                               const struct diagnosis_options *o)
{
    struct incident *i = world_incident(symptom, a, b);
    struct host_report *r = world_diagnose(i, o);

    world_free_incident(i);
    assert_non_null(r);
    return r;
}

static struct host_report *run_one(const char *lua)
{
    return run(PRESENT, world_playbook("one", "look", lua, NULL), NULL, NULL);
}

static void expect_reason(struct host_report *r, const char *part)
{
    assert_int_equal(r->finding_count, 1);
    assert_non_null(r->findings[0].reason);
    if (!strstr(r->findings[0].reason, part))
        fail_msg("\"%s\" has no \"%s\"", r->findings[0].reason, part);
    world_free_report(r);
}

static void absent_symptom_runs_no_playbook(void **state)
{
    struct host_report *r = run("return absent{summary = 'all is well'}",
                                world_playbook("one", "look", "error('run')", NULL), NULL, NULL);

    (void)state;
    assert_int_equal(r->status, HOST_HEALTHY);
    assert_int_equal(r->finding_count, 0);
    assert_string_equal(r->symptom_summary, "all is well");
    world_free_report(r);
}

static void broken_symptom_is_inconclusive(void **state)
{
    struct host_report *r = run("local a\nerror('no idea')", NULL, NULL, NULL);

    (void)state;
    assert_int_equal(r->status, HOST_INCONCLUSIVE);
    assert_string_equal(r->error, "playbooks/nginx-502/symptom.yaml:42: no idea "
                                  "(in step \"symptom\")");
    world_free_report(r);
    r = run("return 1", NULL, NULL, NULL);
    assert_int_equal(r->status, HOST_INCONCLUSIVE);
    assert_non_null(r->error);
    world_free_report(r);
}

static void symptom_keeps_facts_and_evidence(void **state)
{
    struct host_report *r;

    (void)state;
    world_answer("id -u", 0, "0\n", "");
    r = run("return unknown{summary = 's', url = 'u', f = error, "
            "evidence = {host:run{'id', '-u'}:show('0')}}", NULL, NULL, NULL);
    assert_int_equal(r->symptom, SYMPTOM_UNKNOWN);
    assert_int_equal(r->symptom_evidence_count, 1);
    assert_string_equal(r->symptom_evidence[0].excerpt, "0");
    assert_string_equal(json_string_value(json_object_get(r->symptom_facts, "url")), "u");
    assert_null(json_object_get(r->symptom_facts, "f"));
    world_free_report(r);
}

static void steps_branch_and_share_found(void **state)
{
    struct playbook *b = world_playbook(
        "one", "first", "found.n = 1\nreturn go 'second'", "second",
        "found.n = found.n + 1 return go 'third'", "third",
        "return inconclusive{reason = 'n is ' .. found.n}", NULL);

    (void)state;
    expect_reason(run(PRESENT, b, NULL, NULL), "n is 2");
}

static void a_hundred_steps_are_enough(void **state)
{
    (void)state;
    expect_reason(run_one("found.n = (found.n or 0) + 1\nif found.n == 100 then return "
                          "inconclusive{reason = 'done'} end\nreturn go 'look'"), "done");
    expect_reason(run_one("return go 'look'"), "one.yaml:39: more than 100 steps");
}

static void reads_run_side_by_side(void **state)
{
    (void)state;
    world_answer("id -u", 0, "7\n", "");
    expect_reason(run_one("local r = host:run_all{{{'id', '-u'}}, {{'ss', '-s'}, {limit = 10}}, "
                          "{'ls', '-1A', '--', '/x'}}\n"
                          "assert(#host:run_all{} == 0)\n"
                          "return inconclusive{reason = #r .. r[1].out .. r[2].code .. r[1].host}"),
                  "37\n1web1");
    assert_int_equal(world_most, 3);
}

static void reading_files_says_why_not(void **state)
{
    (void)state;
    world_answer("cat -- /a", 0, "text\n", "");
    world_answer("cat -- /b", 1, "", "cat: /b: No such file or directory\n");
    world_answer("cat -- /c", 1, "", "cat: /c: Permission denied\n");
    world_answer("cat -- /d", 1, "", "cat: /d: Is a directory\n");
    world_answer("tail -c 3 -- /a", 0, "xt\n", "");
    world_answer("stat -c '%F|%a|%u|%g|%U|%G|%s|%Y|%i' -- /s", 0,
                 "socket|660|33|34|www-data|www|0|1700000000|12\n", "");
    world_answer("readlink -f -- /l", 0, "/real\n", "");
    world_answer("ls -1A -- /d", 0, "x\ny\n", "");
    expect_reason(
        run_one("local function why(p, o) local t, w, r = host:read(p, o) assert(r) return w end\n"
                "assert(host:read('/a') == 'text\\n')\n"
                "assert(why('/b') == 'absent' and why('/c') == 'denied')\n"
                "assert(why('/d') == 'directory' and why('/e') == 'failed')\n"
                "assert(why('/a', {limit = 2, fresh = true}) == 'cut')\n"
                "assert(host:read('/a', {tail = 3}) == 'xt\\n')\n"
                "local s = host:stat('/s')\n"
                "assert(s.type == 'socket' and s.mode == '660' and s.gid == 34)\n"
                "assert(host:realpath('/l') == '/real' and host:list('/d')[2] == 'y')\n"
                "return inconclusive{reason = 'right'}"), "right");
}

static void peers_are_other_hosts(void **state)
{
    (void)state;
    world_answer("id -u", 0, "1\n", "");
    expect_reason(run_one("local p = peer('192.0.2.20')\nassert(peer('192.0.2.99') == nil)\n"
                          "local ok, e = pcall(p.run, p, {'id', '-un'})\n"
                          "assert(not ok and e:find('not declared'))\n"
                          "return inconclusive{reason = p:run{'id', '-u'}.host}"), "app1");
}

static void a_memo_is_computed_once(void **state)
{
    static const char lua[] = "local v = host:memo('k', function() return host:run({'id', '-u'}, "
                              "{fresh = true}).out end)\nreturn inconclusive{reason = v}";
    struct host_report *r;

    (void)state;
    world_answer("id -u", 0, "1\n", "");
    r = run(PRESENT, world_playbook("one", "look", lua, NULL),
            world_playbook("two", "look", lua, NULL), NULL);
    assert_int_equal(r->finding_count, 2);
    assert_string_equal(r->findings[1].reason, "1\n");
    assert_int_equal(world_runs, 1);
    world_free_report(r);
}

static void a_memo_outlives_who_began_it(void **state)
{
    struct host_report *r;

    (void)state;
    r = run(PRESENT,
            world_playbook("one", "look", "host:memo('k', function() host:run{'id', '-u'} while "
                                          "true do end end)", NULL),
            world_playbook("two", "look", "return inconclusive{reason = host:memo('k', function() "
                                          "return 'mine' end)}", NULL), NULL);
    assert_non_null(strstr(r->findings[0].reason, "million"));
    assert_string_equal(r->findings[1].reason, "mine");
    world_free_report(r);
    expect_reason(run_one("return host:memo('k', function() return host:memo('k', error) end)"),
                  "memo \"k\" waits for itself");
}

static void memos_in_a_circle_are_refused(void **state)
{
    static const char one[] = "local v = host:memo('a', function() host:run{'id', '-u'} return "
                              "host:memo('b', function() return 1 end) end)\n"
                              "return inconclusive{reason = 'x' .. v}";
    static const char two[] = "local v = host:memo('b', function() host:run{'id', '-u'} return "
                              "host:memo('a', function() return 1 end) end)\n"
                              "return inconclusive{reason = 'x' .. v}";
    struct host_report *r = run(PRESENT, world_playbook("one", "look", one, NULL),
                                world_playbook("two", "look", two, NULL), NULL);

    (void)state;
    assert_int_equal(r->finding_count, 2);
    assert_non_null(strstr(r->findings[0].reason, "waits for itself"));
    world_free_report(r);
}

static void a_late_answer_is_refused(void **state)
{
    struct host_report *r;

    (void)state;
    world_twice = true;
    r = run(PRESENT, world_playbook("one", "look", "host:run{'id', '-u'} return go 'b'", "b",
                                    "host:run{'ss', '-s'} return inconclusive{reason = 'ok'}", NULL),
            NULL, NULL);
    expect_reason(r, "ok");
    assert_int_equal(world_runs, 2);
}

static void unreachable_hosts_are_said_to_be(void **state)
{
    struct host_report *r;

    (void)state;
    world_outcome("id -u", OUTCOME_UNREACHABLE, "connection refused");
    r = run("host:run{'id', '-u'} return present{summary = 's'}",
            world_playbook("one", "look", "error('run')", NULL), NULL, NULL);
    assert_int_equal(r->status, HOST_UNREACHABLE);
    assert_string_equal(r->error, "connection refused");
    assert_int_equal(r->finding_count, 0);
    world_free_report(r);
    r = run_one("assert(host:run{'id', '-u'}.outcome == 'unreachable') return go 'look'");
    assert_int_equal(r->status, HOST_UNREACHABLE);
    world_free_report(r);
}

#define FOUND_NOTHING                                                                              \
    "return confirmed{title = 't', summary = 's', likelihood = 9, evidence = {r:show('')}}"

/* Out of time and found nothing look alike to a step: what it did not show, it did not consider. */
static void no_verdict_rests_on_what_was_not_heard(void **state)
{
    static const char says[] = "`id -u` on web1 did not end in time";
    struct host_report *r;

    (void)state;
    world_outcome("id -u", OUTCOME_TIMEOUT, "");
    world_answer("ss -s", 0, "", "");
    r = run_one("host:run{'id', '-u'} local r = host:run{'ss', '-s'} " FOUND_NOTHING);
    assert_int_equal(r->status, HOST_INCONCLUSIVE);
    assert_int_equal(r->findings[0].evidence_count, 1);
    assert_string_equal(r->findings[0].evidence[0].outcome, "timeout");
    expect_reason(r, says);
    /* shown, so considered */
    r = run_one("local r = host:run{'id', '-u'} " FOUND_NOTHING);
    assert_int_equal(r->status, HOST_CAUSE_FOUND);
    world_free_report(r);
    /* what the symptom did not hear, nobody heard */
    r = run("host:run{'id', '-u'} return present{summary = 's'}",
            world_playbook("one", "look", "local r = host:run{'ss', '-s'} " FOUND_NOTHING, NULL),
            NULL, NULL);
    expect_reason(r, says);
    r = run("host:run{'id', '-u'} return absent{summary = 's'}", NULL, NULL, NULL);
    assert_int_equal(r->symptom, SYMPTOM_UNKNOWN);
    assert_int_equal(r->status, HOST_INCONCLUSIVE);
    world_free_report(r);
}

static void freeing_in_the_middle_leaks_nothing(void **state)
{
    struct incident *i = world_incident(
        PRESENT, world_playbook("one", "look", "host:run_all{{'id', '-u'}, {'ss', '-s'}}", NULL),
        NULL);

    (void)state;
    world_max_turns = 1;
    assert_null(world_diagnose(i, NULL));
    assert_int_equal(world_cancelled, 1);
    world_free_incident(i);
}

static void params_have_types(void **state)
{
    struct playbook *b = world_playbook("one", "look", "return inconclusive{reason = params.since + "
                                                       "params.n .. params.s}", NULL);
    struct diagnosis_options o = {.params = json_pack("{s:s}", "n", "5")};
    struct host_report *r;

    (void)state;
    b->params = mem_alloc(3 * sizeof *b->params);
    b->param_count = 3;
    b->params[0] = (struct param){(char *)"since", PARAM_DURATION, (char *)"15m", NULL};
    b->params[1] = (struct param){(char *)"n", PARAM_INT, (char *)"1", NULL};
    b->params[2] = (struct param){(char *)"s", PARAM_STRING, (char *)"x", NULL};
    r = run(PRESENT, NULL, NULL, NULL);
    world_free_report(r);
    {
        struct incident *i = world_incident(PRESENT, b, NULL);
        struct param *params = b->params;

        expect_reason(world_diagnose(i, &o), "905x");
        json_object_set_new(o.params, "n", json_string("five"));
        assert_null(world_diagnose(i, &o));
        json_object_del(o.params, "n");
        json_object_set_new(o.params, "what", json_string("x"));
        assert_null(world_diagnose(i, &o));
        world_free_incident(i);
        free(params);
    }
    json_decref(o.params);
}

static void count_events(void *data, const char *host, const char *event, json_t *fields)
{
    char *seen = data;

    assert_string_equal(host, "web1");
    assert_true(json_is_object(fields));
    strcat(seen, event);
    strcat(seen, " ");
}

static void progress_is_told(void **state)
{
    char seen[200] = "";
    struct diagnosis_options o = {.on_event = count_events, .data = seen};

    (void)state;
    expect_reason(run(PRESENT, world_playbook("one", "look", "return inconclusive{reason = 'r'}", NULL),
                      NULL, &o), "r");
    assert_string_equal(seen, "step symptom step verdict ");
}

/* One cell of a Markdown table, where a bar is written `\\|`. */
static void add_cell(struct buf *row, const char *text)
{
    for (; *text; text++)
        buf_add(row, *text == '|' ? "\\|" : text, *text == '|' ? 2 : 1);
}

static void the_manual_says_what_a_step_can_call(void **state)
{
    size_t i, n;
    const struct api_doc *docs = script_api(&n);
    struct buf manual, row;

    (void)state;
    assert_int_equal(file_read(TEST_FOLDER "/../../../docs/playbooks.md", 1 << 20, &manual, NULL), 0);
    buf_init(&row, 4096);
    for (i = 0; i < n; i++) {
        buf_clear(&row);
        buf_puts(&row, "| `");
        add_cell(&row, docs[i].call);
        buf_puts(&row, "` | ");
        add_cell(&row, docs[i].text);
        buf_puts(&row, " |");
        if (!strstr(manual.data, row.data))
            fail_msg("docs/playbooks.md lacks: %s", row.data);
    }
    buf_release(&row);
    buf_release(&manual);
}

#define T(name) cmocka_unit_test_setup(name, clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(absent_symptom_runs_no_playbook), T(broken_symptom_is_inconclusive),
        T(symptom_keeps_facts_and_evidence), T(steps_branch_and_share_found),
        T(a_hundred_steps_are_enough), T(reads_run_side_by_side), T(reading_files_says_why_not),
        T(peers_are_other_hosts), T(a_memo_is_computed_once), T(a_memo_outlives_who_began_it),
        T(memos_in_a_circle_are_refused), T(a_late_answer_is_refused),
        T(unreachable_hosts_are_said_to_be), T(no_verdict_rests_on_what_was_not_heard),
        T(freeing_in_the_middle_leaks_nothing),
        T(params_have_types), T(progress_is_told), T(the_manual_says_what_a_step_can_call),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
