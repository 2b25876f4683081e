/* test_document.c: a plan comes back as it was, and not at all when a byte is off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/digest.h"
#include "base/problems.h"
#include "model/diff.h"
#include "model/document.h"

#include <stdlib.h>
#include <string.h>

static struct evidence evidence_of(int code, const char *outcome)
{
    return (struct evidence){.host = mem_dup("web1"),
                             .argv = argv_split("ls -la /run/php"),
                             .outcome = mem_dup(outcome),
                             .code = code,
                             .at_ms = 1775290353042,
                             .excerpt = mem_dup("srw \x1b[31m \xff")};
}

static void fill_fix(struct fix *f)
{
    static const char before[] = "a\nb\xff\n", after[] = "a\nc\xff\n";
    struct edit *e = mem_alloc(sizeof *e);

    *e = (struct edit){.was = {.path = mem_dup("/etc/nginx/a.conf"),
                               .real = mem_dup("/srv/a.conf"),
                               .uid = 0,
                               .gid = 4294967294u,
                               .mode = 0644},
                       .before = mem_dup(before),
                       .before_len = 5,
                       .after = mem_dup(after),
                       .after_len = 5,
                       .diff = diff_unified("/etc/nginx/a.conf", before, 5, after, 5)};
    digest_sha256(before, 5, e->was.sha256);
    digest_sha256(after, 5, e->after_sha256);
    *f = (struct fix){.id = mem_dup("p/f"),
                      .playbook = mem_dup("p"),
                      .title = mem_dup("t"),
                      .why = mem_dup("w"),
                      .host = mem_dup("web1"),
                      .risk = RISK_MEDIUM,
                      .recommended = true,
                      .edits = e,
                      .edit_count = 1,
                      .verify = mem_dup("v"),
                      .status = FIX_PROPOSED,
                      .proof = mem_dup("ok")};
    f->commands = mem_alloc(sizeof *f->commands);
    f->commands[f->command_count++] =
        (struct command){.argv = argv_split("systemctl restart a\xff"),
                         .undo = argv_split("x y"),
                         .note = mem_dup("n"),
                         .timeout_s = 30};
    f->validate = mem_alloc(2 * sizeof *f->validate);
    f->validate[0] = argv_split("nginx -t");
    f->checks = mem_alloc(sizeof *f->checks);
    f->checks[f->check_count++] =
        (struct check){.argv = argv_split("id -u"), .times = 5, .exit = 0, .out = mem_dup("^200")};
}

static struct document *sample(void)
{
    struct document *d = mem_alloc(sizeof *d);
    struct host_report *r = mem_alloc(sizeof *r);
    struct finding *f = mem_alloc(3 * sizeof *f);

    *d = (struct document){.run = mem_dup("R"),
                           .mode = mem_dup("plan"),
                           .incident = mem_dup("nginx-502"),
                           .started_ms = 1775290353042,
                           .ended_ms = 1775290354000,
                           .exit = 2,
                           .hosts = r,
                           .host_count = 1,
                           .playbooks_sha256 = mem_alloc(65),
                           .expires_ms = 1775290359000};
    memset(d->playbooks_sha256, 'a', 64);
    *r = (struct host_report){.host = mem_dup("web1"),
                              .status = HOST_CAUSE_FOUND,
                              .symptom = SYMPTOM_PRESENT,
                              .symptom_summary = mem_dup("502"),
                              .symptom_facts = json_pack("{s:i}", "code", 502),
                              .findings = f,
                              .finding_count = 3};
    f[0] = (struct finding){
        .playbook = mem_dup("z"), .verdict = VERDICT_RULED_OUT, .reason = mem_dup("r")};
    f[1] = (struct finding){
        .playbook = mem_dup("m"), .verdict = VERDICT_INCONCLUSIVE, .reason = mem_dup("unreadable")};
    f[2] = (struct finding){.playbook = mem_dup("p"),
                            .verdict = VERDICT_CONFIRMED,
                            .title = mem_dup("t"),
                            .summary = mem_dup("s"),
                            .likelihood = 90,
                            .subject = json_pack("{s:s}", "upstream", "u")};
    f[2].evidence = mem_alloc(2 * sizeof(struct evidence));
    f[2].evidence[0] = evidence_of(0, "exit");
    f[2].evidence[1] = evidence_of(9, "signal");
    f[2].evidence_count = 2;
    f[2].fixes = mem_alloc(sizeof(struct fix));
    fill_fix(&f[2].fixes[0]);
    f[2].fix_count = 1;
    host_report_order(r);
    return d;
}

static char *plan_text(void)
{
    struct document *d = sample();
    json_t *json = document_to_plan(d);
    char *text = json_dumps(json, JSON_INDENT(1));

    json_decref(json);
    document_free(d);
    return text;
}

static void a_plan_comes_back_as_it_was(void **state)
{
    char *text = plan_text(), *again;
    struct problems p = {0};
    struct document *d = document_from_plan(text, strlen(text), "plan", &p);
    const struct fix *f;
    json_t *json;

    (void)state;
    if (!d)
        fail_msg("%s", problems_text(&p));
    f = &d->hosts[0].findings[0].fixes[0];
    assert_string_equal(f->commands[0].argv[2], "a\xff");
    assert_memory_equal(f->edits[0].after, "a\nc\xff\n", 5);
    assert_int_equal(f->edits[0].was.gid, 4294967294u);
    assert_non_null(strstr(f->edits[0].diff, "-b\xff\n+c\xff\n"));
    assert_int_equal(d->expires_ms, 1775290359000);
    json = document_to_plan(d);
    again = json_dumps(json, JSON_INDENT(1));
    assert_string_equal(text, again);
    json_decref(json);
    free(again);
    free(text);
    document_free(d);
}

static void the_contract_s_fields_come_in_its_order(void **state)
{
    static const char *const order[] = {
        "schema", "run",     "mode",        "incident", "started",  "ended",    "exit",
        "hosts",  "host",    "status",      "error",    "causes",   "playbook", "verdict",
        "title",  "summary", "subject",     "evidence", "command",  "excerpt",  "ruled_out",
        "fixes",  "risk",    "recommended", "changes",  "validate", "verify",   NULL};
    struct document *d = sample();
    json_t *json = document_to_json(d);
    char *text = json_dumps(json, JSON_COMPACT), *at = text;
    size_t i;

    (void)state;
    for (i = 0; order[i]; i++) {
        char *name = mem_format("\"%s\":", order[i]);

        at = strstr(at, name);
        if (!at)
            fail_msg("%s is out of order in %s", name, text);
        free(name);
    }
    assert_null(strstr(text, "base64"));
    assert_non_null(strstr(text, "\"verdict\":\"inconclusive\""));
    assert_non_null(strstr(text, "\"exit\":null,\"outcome\":\"signal\""));
    free(text);
    json_decref(json);
    document_free(d);
}

static char *replaced(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);

    if (!at)
        fail_msg("no %s in %s", from, text);
    return mem_format("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
}

static void corrupted(const char *from, const char *to, const char *want)
{
    char *text = plan_text(), *bad = replaced(text, from, to), *got;
    struct problems p = {0};

    assert_null(document_from_plan(bad, strlen(bad), "plan", &p));
    got = problems_text(&p);
    if (!strstr(got, want))
        fail_msg("no \"%s\" in:\n%s", want, got);
    free(got);
    free(text);
    free(bad);
    problems_release(&p);
}

static void each_corrupted_value_is_named_by_its_path(void **state)
{
    (void)state;
    corrupted("\"fettle/1\"", "\"fettle/2\"", "schema must be one of fettle/1");
    corrupted("\"mode\": \"plan\"", "\"mode\": \"diagnose\"", "mode must be one of plan");
    corrupted("\"run\": \"R\"", "\"run\": 1", "run must be a string");
    corrupted("\"run\": \"R\"", "\"run\": \"R\", \"run\": \"S\"", "duplicate object key");
    corrupted("\"exit\": 2", "\"exit\": 2.5", "exit must be a whole number from 0 to 255");
    corrupted("2026-04-04T08:12:39.000Z", "tomorrow", "expires must be a time");
    corrupted("\"cause-found\"", "\"x\"", "hosts[0].status must be one of healthy");
    corrupted("\"path\": \"/etc/nginx/a.conf\"", "\"path\": 5",
              "hosts[0].fixes[0].changes[0].path must be a string");
    corrupted("\"path\": \"/etc/nginx/a.conf\"", "\"path\": \"etc/x\"", "must be an absolute path");
    corrupted("\"/srv/a.conf\"", "\"/srv/../a.conf\"", "must not climb");
    corrupted("\"content_base64\": \"YQpj/wo=\"", "\"content_base64\": \"YQpk/wo=\"",
              "changes[0].content_base64 does not have the SHA-256");
    corrupted("\"content_base64\": \"YQpj/wo=\"", "\"content_base64\": \"!\"", "must be base64");
    corrupted("\"before_base64\": \"YQpi/wo=\"", "\"before_base64\": \"YQpk/wo=\"",
              "before_base64 does not have the fingerprint's SHA-256");
    corrupted("+c\\\\xff", "+d\\\\xff", "changes[0].diff is not what the edit changes");
    corrupted("\"mode\": 420", "\"mode\": 4200", "fingerprint.mode must be a whole number");
    corrupted("\"kind\": \"edit\"", "\"kind\": \"delete\"", "changes[0].kind must be one of");
    corrupted("\"kind\": \"command\",\n       \"host\": \"web1\"",
              "\"kind\": \"command\",\n       \"host\": \"web2\"", "must be the fix's host");
    corrupted("\"risk\": \"medium\"", "\"risk\": \"none\"", "fixes[0].risk must be one of");
    corrupted("\"recommended\": true", "\"recommended\": 1", "must be true or false");
    corrupted("\"times\": 5", "\"times\": 0", "checks[0].times must be a whole number from 1");
    corrupted("\"nginx\",", "7,", "validate[0][0] must be a string");
    corrupted("\"verdict\": \"confirmed\"", "\"verdict\": \"inconclusive\"",
              "fixes[0].playbook has no confirmed cause");
    corrupted("\"timeout_s\": 30", "\"timeout_s\": null", "timeout_s must be");
}

static void random_damage_never_crashes_it(void **state)
{
    char *text = plan_text();
    size_t n = strlen(text);
    int round;

    (void)state;
    srandom(9);
    for (round = 0; round < 3000; round++) {
        struct problems p = {0};
        char *bad = mem_dup(text);
        size_t i, hits = 1 + (size_t)random() % 3;

        for (i = 0; i < hits; i++)
            bad[(size_t)random() % n] = "0\"{}[],:nx"[random() % 10];
        document_free(document_from_plan(bad, n, "plan", &p));
        free(bad);
        problems_release(&p);
    }
    free(text);
}

/* Every value in turn becomes one of another type. */
static void swap_each(json_t *root, json_t *value, size_t *count)
{
    const char *key;
    json_t *inner;
    void *next;
    size_t i;

    json_object_foreach_safe(value, next, key, inner)
    {
        json_t *kept = json_incref(inner);
        struct problems p = {0};
        char *name = mem_dup(key), *text;

        json_object_set_new(value, name, json_pack("[n]"));
        text = json_dumps(root, 0);
        document_free(document_from_plan(text, strlen(text), "plan", &p));
        free(text);
        problems_release(&p);
        json_object_set(value, name, kept);
        swap_each(root, kept, count);
        json_decref(kept);
        free(name);
        ++*count;
    }
    for (i = 0; json_is_array(value) && i < json_array_size(value); i++)
        swap_each(root, json_array_get(value, i), count);
}

static void every_value_may_have_the_wrong_type(void **state)
{
    char *text = plan_text();
    json_t *root = json_loads(text, 0, NULL);
    size_t count = 0;

    (void)state;
    swap_each(root, root, &count);
    assert_true(count > 80);
    json_decref(root);
    free(text);
}

static void the_gravest_exit_counts(void **state)
{
    (void)state;
    assert_int_equal(exit_gravest(0, 2), 2);
    assert_int_equal(exit_gravest(3, 2), 3);
    assert_int_equal(exit_gravest(4, 5), 4);
    assert_int_equal(exit_gravest(8, 7), 8);
    assert_int_equal(exit_gravest(6, 7), 7);
    assert_int_equal(exit_gravest(8, 130), 8); /* 130 would say that nothing is half done */
    assert_int_equal(exit_gravest(1, 8), 8);
    assert_int_equal(exit_gravest(8, 1), 8);
    assert_int_equal(exit_gravest(130, 4), 130);
    assert_int_equal(host_status_exit(HOST_NOT_FIXED), 7);
    assert_string_equal(host_status_name(HOST_ROLLED_BACK), "rolled-back");
}

static void findings_are_ordered_causes_first_by_likelihood(void **state)
{
    struct finding f[4] = {
        {.playbook = mem_dup("b"), .verdict = VERDICT_RULED_OUT},
        {.playbook = mem_dup("c"), .verdict = VERDICT_CONFIRMED, .likelihood = 5},
        {.playbook = mem_dup("a"), .verdict = VERDICT_INCONCLUSIVE},
        {.playbook = mem_dup("d"), .verdict = VERDICT_CONFIRMED, .likelihood = 9}};
    struct host_report r = {.findings = f, .finding_count = 4};
    size_t i;

    (void)state;
    host_report_order(&r);
    for (i = 0; i < 4; i++) {
        assert_string_equal(f[i].playbook, ((const char *const[]){"d", "c", "a", "b"})[i]);
        finding_release(&f[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plan_comes_back_as_it_was),
        cmocka_unit_test(the_contract_s_fields_come_in_its_order),
        cmocka_unit_test(each_corrupted_value_is_named_by_its_path),
        cmocka_unit_test(random_damage_never_crashes_it),
        cmocka_unit_test(every_value_may_have_the_wrong_type),
        cmocka_unit_test(the_gravest_exit_counts),
        cmocka_unit_test(findings_are_ordered_causes_first_by_likelihood),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
