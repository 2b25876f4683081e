/* test_verdict.c: what a playbook may conclude and propose. */
#include "world.h"
#include "base/digest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* Each step begins with this: a result, evidence, a file's read, and a fix that is right. */
#define START                                                                                      \
    "local r = host:run{'id', '-u'} local ev = r:show('0')\n"                                      \
    "local _, _, base = host:read('/etc/nginx/a.conf')\n"                                          \
    "local function fix(t) local f = {id = 'a', title = 't', why = 'w', risk = 'low', "            \
    "commands = {{argv = {'nginx', '-s', 'reload'}, note = 'n'}}, "                                \
    "validate = {{'nginx', '-t'}}, verify = {text = 'v', checks = {{argv = {'id', '-u'}}}}} "      \
    "for k, v in pairs(t) do f[k] = v end return f end\n"                                          \
    "local function yes(t) local c = {title = 't', summary = 's', evidence = {ev}} "               \
    "for k, v in pairs(t) do c[k] = v end return c end\n"                                          \
    "local function edit(t) local e = {path = '/etc/nginx/a.conf', base = base, content = 'new'} " \
    "for k, v in pairs(t) do e[k] = v end return yes{fixes = {fix{edits = {e}}}} end\n"

#define STAT "stat -c '%F|%a|%u|%g|%U|%G|%s|%Y|%i' -- "

static int setup(void **state)
{
    (void)state;
    world_clear();
    world_answer("id -u", 0, "0\nsecond line\n", "");
    world_answer("cat -- /etc/nginx/a.conf", 0, "old\n", "");
    world_answer("cat -- /etc/nginx/b.conf", 0, "old\n", "");
    world_answer("cat -- /etc/passwd", 0, "root\n", "");
    world_answer("cat -- /etc/nginx/made.d/new.conf", 1, "",
                 "cat: /etc/nginx/made.d/new.conf: No such file or directory\n");
    world_answer("cat -- /etc/nginx/lost/made.d/new.conf", 1, "",
                 "cat: /etc/nginx/lost/made.d/new.conf: No such file or directory\n");
    world_answer("cat -- /etc/nginx/closed.conf", 1, "",
                 "cat: /etc/nginx/closed.conf: Permission denied\n");
    world_answer(STAT "/etc/nginx/made.d", 1, "", "stat: No such file or directory\n");
    world_answer(STAT "/etc/nginx/lost/made.d", 1, "", "stat: No such file or directory\n");
    world_answer(STAT "/etc/nginx/lost", 1, "", "stat: No such file or directory\n");
    world_answer(STAT "/etc/nginx", 0, "directory|755|0|0|root|root|4|1|2\n", "");
    world_answer("cat -- /etc/nginx/strange.conf", 0, "old\n", "");
    world_answer("readlink -f -- /etc/nginx/strange.conf", 0, "/etc/nginx/strange.conf\n", "");
    world_answer(STAT "/etc/nginx/strange.conf", 0, "regular file|rw-|root\n", "");
    world_answer("cat -- /etc/nginx/fifo.conf", 0, "old\n", "");
    world_answer("readlink -f -- /etc/nginx/fifo.conf", 0, "/etc/nginx/fifo.conf\n", "");
    world_answer(STAT "/etc/nginx/fifo.conf", 0, "fifo|640|0|33|root|www|4|1|2\n", "");
    world_answer("cat -- /etc/nginx/loop.conf", 0, "old\n", "");
    world_answer("readlink -f -- /etc/nginx/loop.conf", 1, "", "");
    world_answer("readlink -f -- /etc/nginx", 0, "/etc/nginx\n", "");
    world_answer("readlink -f -- /etc/nginx/a.conf", 0, "/etc/nginx/real.conf\n", "");
    world_answer("readlink -f -- /etc/nginx/b.conf", 0, "/etc/shadow\n", "");
    world_answer("readlink -f -- /etc/passwd", 0, "/etc/passwd\n", "");
    world_answer(STAT "/etc/nginx/real.conf", 0, "regular file|640|0|33|root|www|4|1|2\n", "");
    world_answer(STAT "/etc/shadow", 0, "regular file|640|0|33|root|www|4|1|2\n", "");
    world_answer(STAT "/etc/passwd", 0, "regular file|640|0|33|root|www|4|1|2\n", "");
    return 0;
}

/* A step asks beforehand what the engine would refuse, also of the file that a symlink leads to. */
static void what_may_be_edited_can_be_asked(void **state)
{
    struct host_report *r;
    struct playbook *b = world_playbook("one", "look", START
        "assert(host:may_edit('/etc/nginx/a.conf') == true)\n"
        "assert(host:may_edit('/etc/nginx/b.conf') == false)\n"
        "assert(host:may_edit('/etc/passwd') == false)\n"
        "return inconclusive{reason = 'right'}", NULL);
    struct incident *i = world_incident("return present{summary = 's'}", b, NULL);

    (void)state;
    r = world_diagnose(i, NULL);
    world_free_incident(i);
    assert_int_equal(r->finding_count, 1);
    assert_string_equal(r->findings[0].reason, "right");
    world_free_report(r);
}

static void what_is_wrong_is_refused(void **state)
{
    static const char *const tries[][2] = {
        {"confirmed(yes{sumary = 's'})", "confirmed has an unknown field \"sumary\""},
        {"confirmed(yes{title = ''})", "lacks \"title\""},
        {"confirmed(yes{title = 5})", "\"title\" is not a text"},
        {"confirmed{title = 't', evidence = {ev}}", "lacks \"summary\""},
        {"confirmed(yes{evidence = {}})", "confirmed has no evidence"},
        {"ruled_out{reason = 'r'}", "ruled_out has no evidence"},
        {"ruled_out{evidence = {ev}}", "lacks \"reason\""},
        {"inconclusive{}", "lacks \"reason\""},
        {"confirmed('x')", "confirmed takes a table"},
        {"confirmed(yes{likelihood = 101})", "integer from 0 to 100"},
        {"confirmed(yes{likelihood = 1.5})", "integer from 0 to 100"},
        {"confirmed(yes{evidence = {r}})", "is a result: write result:show"},
        {"confirmed(yes{evidence = {{host = 'x', excerpt = 'made up'}}})", "does not come from"},
        {"confirmed(yes{evidence = {r:show('third line')}})", "line is not in the output of"},
        {"confirmed(yes{subject = {error}})", "cannot be written as JSON"},
        {"confirmed(yes{subject = {1, 2}})", "no names for its values"},
        {"confirmed(yes{fixes = {fix{recommended = true}, fix{id = 'b', recommended = true}}})",
         "2 fixes are recommended"},
        {"confirmed(yes{fixes = {fix{}, fix{}}})", "two fixes \"book/a\""},
        {"confirmed(yes{fixes = {fix{id = 'A b'}}})", "fixes[1]: \"id\" is not made of"},
        {"confirmed(yes{fixes = {fix{risk = 'none'}}})", "low, medium or high"},
        {"confirmed(yes{fixes = {fix{commands = {}}}})", "changes nothing"},
        {"confirmed(yes{fixes = {fix{cmds = {}}}})", "unknown field \"cmds\""},
        {"confirmed(yes{fixes = {fix{host = {}}}})", "host is not a host"},
        {"confirmed(yes{fixes = {fix{verify = 'x'}}})", "lacks \"verify\""},
        {"confirmed(yes{fixes = {fix{commands = {{argv = {'reboot'}}}}}})",
         "fixes[1].commands[1]: command \"reboot\" is not one that a fix may run"},
        {"confirmed(yes{fixes = {fix{commands = {{argv = {'systemctl', 'restart', 'x'}}}}}})",
         "is not declared under \"commands\""},
        {"confirmed(yes{fixes = {fix{commands = {{argv = {'id', '-u'}}}}}})", "a fix may run"},
        {"confirmed(yes{fixes = {fix{commands = {{}}}}})", "lacks \"argv\""},
        {"confirmed(yes{fixes = {fix{commands = {{argv = {'nginx', '-s', 'reload'}, undo = "
         "{'reboot'}}}}}})", "a fix may run"},
        {"confirmed(yes{fixes = {fix{validate = {{'id', '-u'}}}}})", "is not one that validates"},
        {"confirmed(yes{fixes = {fix{validate = {{'/usr/sbin/nginx', '-t'}}}}})", "not declared"},
        {"confirmed(yes{fixes = {fix{verify = {text = 'v', checks = {{argv = {'nginx', '-t'}}}}}}})",
         "only reads"},
        {"confirmed(yes{fixes = {fix{verify = {text = 'v', checks = {{argv = {'id', '-un'}}}}}}})",
         "not declared"},
        {"confirmed(yes{fixes = {fix{verify = {text = 'v', checks = {{argv = {'id', '-u'}, out = "
         "'('}}}}}})", "no regular expression"},
        {"confirmed(edit{base = r})", "is not a whole read of"},
        {"confirmed(edit{base = {out = 'x'}})", "is not the result of host:read"},
        {"confirmed(edit{path = '/etc/nginx/c.conf'})", "is not a whole read of"},
        {"confirmed(edit{base = select(3, host:read('/etc/nginx/a.conf', {limit = 2, fresh = true}))})",
         "was cut or failed"},
        {"confirmed(edit{base = select(3, peer('192.0.2.20'):read('/etc/nginx/a.conf'))})",
         "on another host"},
        {"confirmed(edit{path = '/etc/passwd', base = select(3, host:read('/etc/passwd'))})",
         "file \"/etc/passwd\" is not declared under \"files\""},
        {"confirmed(edit{path = '/etc/nginx/b.conf', base = select(3, host:read('/etc/nginx/b.conf'))})",
         "file \"/etc/shadow\", where \"/etc/nginx/b.conf\" leads to, is not declared"},
        {"confirmed(edit{content = 'old\\n'})", "changes nothing in"},
        {"confirmed(edit{path = '/etc/nginx/closed.conf', base = "
         "select(3, host:read('/etc/nginx/closed.conf'))})", "was cut or failed"},
        {"confirmed(edit{path = '/etc/nginx/made.d/new.conf', content = '', base = "
         "select(3, host:read('/etc/nginx/made.d/new.conf'))})", "changes nothing in"},
        {"confirmed(edit{content = 5})", "\"content\" is not a text"},
        {"confirmed(edit{mode = '777', extra = 1})", "unknown field \"extra\""},
    };
    char lua[4000];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct host_report *r;

        snprintf(lua, sizeof lua, START "return %s", tries[i][0]);
        r = world_step(lua);
        assert_int_equal(r->finding_count, 1);
        if (!r->findings[0].broken || !strstr(r->findings[0].reason, tries[i][1]) ||
            !strstr(r->findings[0].reason, "book.yaml:46: "))
            fail_msg("%s gives \"%s\", not \"%s\"", tries[i][0], r->findings[0].reason, tries[i][1]);
        world_free_report(r);
    }
}

static void a_file_that_is_not_there_is_created(void **state)
{
    struct host_report *r = world_step(
        START "return confirmed(edit{path = '/etc/nginx/made.d/new.conf', base = "
              "select(3, host:read('/etc/nginx/made.d/new.conf'))})");
    const struct edit *e;

    (void)state;
    assert_null(r->findings[0].reason);
    e = &r->findings[0].fixes[0].edits[0];
    assert_true(e->was.absent && e->was.folder_absent);
    assert_int_equal(e->was.mode, 0644);
    assert_int_equal(e->was.uid, 0);
    assert_int_equal(e->before_len, 0);
    assert_string_equal(e->was.real, "/etc/nginx/made.d/new.conf");
    assert_non_null(strstr(e->diff, "--- /dev/null\n+++ b/etc/nginx/made.d/new.conf\n"));
    world_free_report(r);
}

/* The host's fault, not the playbook's: nothing is known for certain then. */
static void a_file_that_cannot_be_known_ends_inconclusive(void **state)
{
    static const char *const tries[][2] = {
        {"edit{path = '/etc/nginx/lost/made.d/new.conf', base = "
         "select(3, host:read('/etc/nginx/lost/made.d/new.conf'))}", "there is no folder for"},
        {"edit{path = '/etc/nginx/strange.conf', base = "
         "select(3, host:read('/etc/nginx/strange.conf'))}", "owner and mode of \"/etc/nginx/strange"},
        {"edit{path = '/etc/nginx/fifo.conf', base = select(3, host:read('/etc/nginx/fifo.conf'))}",
         "is no regular file"},
        {"edit{path = '/etc/nginx/loop.conf', base = select(3, host:read('/etc/nginx/loop.conf'))}",
         "leads could not be read"},
    };
    char lua[4000];
    size_t i;

    (void)state;
    for (i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct host_report *r;

        snprintf(lua, sizeof lua, START "return confirmed(%s)", tries[i][0]);
        r = world_step(lua);
        assert_false(r->findings[0].broken);
        assert_int_equal(r->findings[0].verdict, VERDICT_INCONCLUSIVE);
        assert_int_equal(r->findings[0].fix_count, 0);
        if (!strstr(r->findings[0].reason, tries[i][1]))
            fail_msg("%s gives \"%s\", not \"%s\"", tries[i][0], r->findings[0].reason, tries[i][1]);
        world_free_report(r);
    }
}

static void a_good_one_crosses_whole(void **state)
{
    struct host_report *r = world_step(
        START "return confirmed(yes{likelihood = 80, subject = {upstream = 'unix:/x', n = 5}, fixes = "
              "{fix{recommended = true, edits = {{path = '/etc/nginx/a.conf', base = base, content "
              "= 'new'}}}, fix{id = 'b', host = peer('192.0.2.20')}}})");
    const struct finding *f = &r->findings[0];
    const struct edit *e;
    char sha[DIGEST_TEXT_SIZE];

    (void)state;
    assert_int_equal(r->status, HOST_CAUSE_FOUND);
    assert_null(f->reason);
    assert_int_equal(f->verdict, VERDICT_CONFIRMED);
    assert_int_equal(f->likelihood, 80);
    assert_string_equal(f->evidence[0].excerpt, "0");
    assert_string_equal(f->evidence[0].argv[1], "-u");
    assert_string_equal(f->evidence[0].outcome, "exit");
    assert_int_equal(f->evidence[0].code, 0);
    assert_true(f->evidence[0].at_ms == 1700000000000);
    assert_int_equal(json_integer_value(json_object_get(f->subject, "n")), 5);
    assert_int_equal(f->fix_count, 2);
    assert_string_equal(f->fixes[0].id, "book/a");
    assert_string_equal(f->fixes[1].host, "app1");
    assert_true(f->fixes[0].recommended && !f->fixes[1].recommended);
    e = &f->fixes[0].edits[0];
    assert_string_equal(e->was.real, "/etc/nginx/real.conf");
    assert_int_equal(e->was.mode, 0640);
    assert_int_equal(e->was.gid, 33);
    digest_sha256("old\n", 4, sha);
    assert_string_equal(e->was.sha256, sha);
    assert_string_equal(e->after, "new");
    assert_non_null(e->diff);
    assert_string_equal(f->fixes[0].commands[0].argv[2], "reload");
    assert_string_equal(f->fixes[0].validate[0][1], "-t");
    assert_int_equal(f->fixes[0].checks[0].times, 1);
    world_free_report(r);
}

static void a_swallowed_refusal_is_no_verdict(void **state)
{
    struct host_report *r = world_step(START "local ok = pcall(confirmed, yes{fixes = {fix{}, fix{id "
                                             "= '!'}}})\nreturn ok");

    (void)state;
    assert_true(r->findings[0].broken);
    assert_int_equal(r->findings[0].fix_count, 0);
    world_free_report(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_may_be_edited_can_be_asked, setup),
        cmocka_unit_test_setup(what_is_wrong_is_refused, setup),
        cmocka_unit_test_setup(a_file_that_is_not_there_is_created, setup),
        cmocka_unit_test_setup(a_file_that_cannot_be_known_ends_inconclusive, setup),
        cmocka_unit_test_setup(a_good_one_crosses_whole, setup),
        cmocka_unit_test_setup(a_swallowed_refusal_is_no_verdict, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
