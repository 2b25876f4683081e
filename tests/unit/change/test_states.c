/* test_states.c: the states of a change against a host and a connection that are both made up,
 * so that every end of a job can be played: lines, exit status, a connection that goes away. */
#include "base/mem.h"
#include "change/apply.h"
#include "fixture.h"
#include "made_up_io.h"

static char trace[2048], told[4096];
static bool done;
static struct change_result outcome;
static struct change *change;

static void on_trace(void *data, const char *from, const char *to)
{
    (void)data;
    (void)from;
    strncat(trace, " ", sizeof(trace) - strlen(trace) - 1);
    strncat(trace, to, sizeof(trace) - strlen(trace) - 1);
}

static void on_progress(void *data, const char *word, const char *text)
{
    (void)data;
    assert_non_null(text);
    strncat(told, word, sizeof(told) - strlen(told) - 1);
    strncat(told, " ", sizeof(told) - strlen(told) - 1);
}

static void on_done(void *data, const struct change_result *r)
{
    (void)data;
    assert_false(done);
    done = true;
    outcome = *r;
    outcome.text = mem_dup(r->text);
    outcome.detail = mem_dup(r->detail);
    change_free(change); /* as a caller may */
    change = NULL;
}

static struct fix *fix;
static const struct change_options options = {
    .run = "run-1", .owner = "me", .confirm_timeout_s = 1, .progress = on_progress,
    .trace = on_trace,
};

static void begin(const struct job *play, const char *const *seen)
{
    struct err e = {0};

    jobs = play;
    answers = seen;
    fix = fixture_fix("a/1");
    fixture_edit(fix, "/etc/nginx/a", "1\n", "2\n");
    fixture_validate(fix, "nginx -t");
    fixture_command(fix, "systemctl restart php", NULL);
    fixture_check(fix, "ss -H -ltnp", 3, "^200$");
    change = transaction_start((struct target *)&host, &fix, 1, &options, on_done, NULL, &e);
    if (!change)
        fail_msg("%s", e.text);
}

static void expect(enum change_outcome want, int exit, const char *text, const char *path)
{
    while (!done && turn())
        ;
    assert_true(done);
    if (outcome.outcome != want || outcome.exit != exit || !strstr(outcome.text, text) ||
        (path && strcmp(trace, path) != 0))
        fail_msg("outcome %d exit %d \"%s\"; states%s", (int)outcome.outcome, outcome.exit,
                 outcome.text, trace);
    assert_null(running);
    assert_null(timer);
    assert_null(reading);
}

static int setup(void **state)
{
    (void)state;
    done = false;
    trace[0] = told[0] = '\0';
    host.user = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    change_free(change);
    change = NULL;
    free(outcome.text);
    free(outcome.detail);
    memset(&outcome, 0, sizeof(outcome));
    if (fix)
        fixture_free(fix);
    fix = NULL;
    return 0;
}

#define WORK "1 1 start run-1 9\n2 1 lock\n3 1 check\n4 1 shadow ok\n5 1 write 1 /etc/nginx/a 0\n"
#define WAIT WORK "6 1 waiting 1700000000"

static const char *const all_well[] = {"200", NULL};
static const char *const still_ill[] = {"502", NULL};

/* ---- the way ---- */

static void cured_is_confirmed(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"confirm", "7 1 end confirmed", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_VERIFIED, 0, "verified",
           " sending running verifying confirming explaining done");
    assert_non_null(strstr(told, "start lock check shadow write waiting"));
}

static void service_gets_a_moment_to_listen(void **state)
{
    static const char *const slow[] = {"502", "502", "200", NULL};
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"confirm", "7 1 end confirmed", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, slow);
    expect(CHANGE_VERIFIED, 0, "verified", NULL);
}

static void flapping_is_not_cured(void **state)
{
    static const char *const flapping[] = {"200", "200", "502", "200", NULL};
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"revert", "7 1 put-back reverted\n8 1 end rolled-back reverted", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, flapping);
    expect(CHANGE_NOT_CURED, 7, "asked 3 times: 200, 200, 502",
           " sending running verifying reverting explaining done");
}

/* nginx's old workers, after a reload. */
static void one_old_answer_after_the_first_good_one_is_forgiven(void **state)
{
    static const char *const turning[] = {"502", "200", "502", "200", NULL};
    static const char *const alternating[] = {"200", "502", "200", "502", "200", NULL};
    static const struct job good[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"confirm", "7 1 end confirmed", OUTCOME_EXIT, 0, NULL},
        {0},
    };
    static const struct job bad[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"revert", "7 1 put-back reverted\n8 1 end rolled-back reverted", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    begin(good, turning);
    expect(CHANGE_VERIFIED, 0, "verified", NULL);
    teardown(state);
    setup(state);
    begin(bad, alternating);
    expect(CHANGE_NOT_CURED, 7, "asked 4 times: 200, 502, 200, 502", NULL);
}

static void symptom_that_stays_is_put_back(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"revert", "7 1 put-back reverted\n8 1 end rolled-back reverted", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, still_ill);
    expect(CHANGE_NOT_CURED, 7, "502, 502, 502, 502, 502, 502, …); everything was put back", NULL);
}

static void put_back_that_fails_is_8(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"revert", "8 1 end put-back-failed conflict /etc/nginx/a", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, still_ill);
    expect(CHANGE_PUT_BACK_FAILED, 8, "/etc/nginx/a was changed by someone else", NULL);
    assert_non_null(strstr(outcome.text, "`sh /var/lib/fettle/run-1/txn recover`"));
}

static void failed_command_shows_the_services_journal(void **state)
{
    static const char *const journal[] = {
        "{\"MESSAGE\":\"unable to bind\"}\nnot json\n{\"MESSAGE\":[104,105]}\n{\"OTHER\":1}", NULL};
    static const struct job play[] = {
        {"apply", WORK "6 1 command 1 systemctl restart php\n7 1 commanded 1 1 Job%20failed%0A\n"
         "8 1 put-back command 1 1\n9 1 end rolled-back command 1 1", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, journal);
    expect(CHANGE_ROLLED_BACK, 6, "systemctl restart php failed (exit 1)", NULL);
    assert_string_equal(outcome.detail, "Job failed\n\nlast lines of the journal of php:\n"
                                        "unable to bind\nhi\n");
}

static void invalid_in_the_copy_touches_nothing(void **state)
{
    static const struct job play[] = {
        {"apply", "1 1 start run-1 9\n2 1 shadow failed 1 bad\n"
                  "3 1 end refused-invalid 1 bad%0Aline", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_ROLLED_BACK, 6, "nothing was touched", NULL);
    assert_string_equal(outcome.detail, "bad\nline");
}

static void refusals_say_why(void **state)
{
    static const struct {
        const char *end, *text;
        int exit;
    } cases[] = {
        {"refused-drift /etc/nginx/a content", "/etc/nginx/a has other content", 5},
        {"refused-drift /etc/nginx/a uid", "another owner", 5},
        {"refused-locked r-2 77 8 boot 1700000000 bob%40laptop", "locked by bob@laptop since", 5},
        {"refused-space /var 100 2", "too little free space", 5},
        {"refused-journal", "journal", 1},
        {"refused-unrecovered r-0", "run r-0", 8},
        {"something-new", "not known", 8},
    };
    size_t i;

    for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        char *lines = mem_format("1 1 start run-1 9\n2 1 end %s", cases[i].end);
        struct job play[] = {{"apply", lines, OUTCOME_EXIT, 0, NULL}, {0}};

        begin(play, all_well);
        expect(cases[i].exit == 8 ? CHANGE_PUT_BACK_FAILED : CHANGE_REFUSED, cases[i].exit,
               cases[i].text, NULL);
        free(lines);
        teardown(state);
        setup(state);
    }
}

/* ---- a connection that goes away ---- */

static void lost_while_running_is_followed(void **state)
{
    static const struct job play[] = {
        {"apply", WORK, OUTCOME_LOST, -1, NULL},
        {"follow", "", OUTCOME_UNREACHABLE, -1, NULL},
        {"follow", "6 1 waiting 1700000000", OUTCOME_EXIT, 0, NULL},
        {"confirm", "7 1 end confirmed", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_VERIFIED, 0, "verified",
           " sending running rejoining following rejoining following verifying confirming"
           " explaining done");
}

static void lost_for_good_says_what_the_host_will_do(void **state)
{
    static const struct job play[] = {{"apply", WORK, OUTCOME_LOST, -1, NULL}, {0}};

    (void)state;
    host.user = (char *)"ops";
    begin(play, all_well);
    expect(CHANGE_UNKNOWN, 6, "tail ~/.local/state/fettle/target/run-1/journal",
           NULL);
}

static void lost_while_confirming_is_asked_again(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"confirm", "", OUTCOME_LOST, -1, NULL},
        {"confirm", "7 1 end confirmed", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_VERIFIED, 0, "verified", NULL);
}

static void lost_for_good_while_confirming_claims_nothing(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"confirm", "", OUTCOME_LOST, -1, NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_UNKNOWN, 4, "tail /var/lib/fettle/run-1/journal", NULL);
}

static void confirmation_that_comes_too_late_is_no_success(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"confirm", "7 1 put-back unconfirmed\n8 1 end rolled-back unconfirmed", OUTCOME_EXIT, 0,
         NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_ROLLED_BACK, 6, "no confirmation came in time", NULL);
}

static void dead_transaction_is_recovered(void **state)
{
    static const struct job play[] = {
        {"apply", WORK, OUTCOME_EXIT, 3, "the transaction died"},
        {"recover", "6 1 recovered run-1\n7 1 end rolled-back crashed", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, all_well);
    expect(CHANGE_ROLLED_BACK, 6, "killed on the host", NULL);
}

static void host_that_is_away_is_4(void **state)
{
    static const struct job play[] = {{"apply", "", OUTCOME_UNREACHABLE, -1, "no route"}, {0}};

    (void)state;
    begin(play, all_well);
    expect(CHANGE_REFUSED, 4, "no route", NULL);
}

static void program_that_cannot_work_there_is_1(void **state)
{
    static const struct job play[] = {
        {"apply", "", OUTCOME_EXIT, 73, "fettle: cannot make x"}, {0}};

    (void)state;
    begin(play, all_well);
    expect(CHANGE_REFUSED, 1, "cannot make x", NULL);
}

/* ---- interruptions ---- */

static void interrupted_while_verifying_is_put_back(void **state)
{
    static const struct job play[] = {
        {"apply", WAIT, OUTCOME_EXIT, 0, NULL},
        {"revert", "7 1 put-back reverted\n8 1 end rolled-back reverted", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    begin(play, still_ill);
    turn();
    turn();
    change_abort(change);
    change_abort(change);
    expect(CHANGE_ROLLED_BACK, 130, "interrupted; everything was put back",
           " sending running verifying reverting explaining done");
}

static void interrupted_before_it_began_touches_nothing(void **state)
{
    static const struct job play[] = {
        {"apply", "", OUTCOME_EXIT, 0, NULL},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {"revert", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"},
        {0},
    };

    (void)state;
    begin(play, all_well);
    change_abort(change);
    expect(CHANGE_ROLLED_BACK, 130, "nothing was touched", NULL);
}

/* Freed after each possible number of turns: the sanitizer tells what is left. */
static void freeing_in_the_middle_leaves_nothing(void **state)
{
    static const struct job play[] = {
        {"apply", WORK, OUTCOME_LOST, -1, NULL},
        {"follow", "6 1 waiting 1700000000", OUTCOME_EXIT, 0, NULL},
        {"confirm", "7 1 end confirmed", OUTCOME_EXIT, 0, NULL},
        {0},
    };
    int turns, i;

    for (turns = 0; turns < 12 && !done; turns++) {
        begin(play, all_well);
        for (i = 0; i < turns && !done; i++)
            turn();
        teardown(state);
        running = NULL;
        assert_null(timer);
        assert_null(reading);
    }
    assert_true(done);
}

/* ---- undo ---- */

static void undo_that_finds_no_run_is_refused(void **state)
{
    static const struct job play[] = {
        {"undo", "", OUTCOME_EXIT, 73, "fettle: no such run here: run-1"}, {0}};

    (void)state;
    jobs = play;
    change = undo_start((struct target *)&host, &options, on_done, NULL, NULL);
    expect(CHANGE_REFUSED, 5, "nothing of run run-1 on host \"web1\"", NULL);
}

static void undo_of_a_changed_file_shows_both_diffs(void **state)
{
    static const char *const files[] = {"old", "new", "mine", NULL};
    static const struct job play[] = {
        {"undo", "9 1 changed /etc/nginx/a /b/old.1 /b/new.1 /etc/nginx/a\n"
                 "10 1 end refused-changed /etc/nginx/a", OUTCOME_EXIT, 0, NULL}, {0}};

    (void)state;
    jobs = play;
    answers = files;
    change = undo_start((struct target *)&host, &options, on_done, NULL, NULL);
    expect(CHANGE_REFUSED, 5, "/etc/nginx/a was changed by someone after the run", NULL);
    assert_non_null(strstr(outcome.detail, "-old\n+new\n"));
    assert_non_null(strstr(outcome.detail, "-new\n+mine\n"));
}

static void undo_that_was_lost_is_asked_again(void **state)
{
    static const struct job play[] = {
        {"undo", "9 1 undo", OUTCOME_LOST, -1, NULL},
        {"undo", "0 1 end refused-locked run-1 7 8 b 1700000000 me", OUTCOME_EXIT, 0, NULL},
        {"undo", "12 1 end already-undone", OUTCOME_EXIT, 0, NULL},
        {0},
    };

    (void)state;
    jobs = play;
    change = undo_start((struct target *)&host, &options, on_done, NULL, NULL);
    expect(CHANGE_UNDONE, 0, "put back", NULL);
}

static void proof(const char *lines, enum change_outcome want, int exit, const char *text)
{
    struct job play[] = {{"prove", lines, OUTCOME_EXIT, 0, NULL}, {0}};

    jobs = play;
    fix = fixture_fix("a/1");
    fixture_edit(fix, "/etc/nginx/a", "1\n", "2\n");
    fixture_validate(fix, "nginx -t");
    fixture_check(fix, "ss -H -ltnp", 3, NULL);
    change = prove_start((struct target *)&host, &fix, 1, &options, on_done, NULL, NULL);
    assert_non_null(change);
    expect(want, exit, text, NULL);
}

static void proofs_are_yes_no_or_unknown(void **state)
{
    proof("ok", CHANGE_VERIFIED, 0, "accepted");
    teardown(state);
    setup(state);
    proof("failed 1 1\n| unknown directive\n| test failed", CHANGE_ROLLED_BACK, 6, "not accepted");
    assert_string_equal(outcome.detail, "unknown directive\ntest failed\n");
    teardown(state);
    setup(state);
    proof("unavailable no \033namespace", CHANGE_UNKNOWN, 0, "no \\x1bnamespace");
    teardown(state);
    setup(state);
    proof("", CHANGE_UNKNOWN, 0, "the host gave no answer");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(cured_is_confirmed),
        TEST(service_gets_a_moment_to_listen),
        TEST(flapping_is_not_cured),
        TEST(one_old_answer_after_the_first_good_one_is_forgiven),
        TEST(symptom_that_stays_is_put_back),
        TEST(put_back_that_fails_is_8),
        TEST(failed_command_shows_the_services_journal),
        TEST(invalid_in_the_copy_touches_nothing),
        TEST(refusals_say_why),
        TEST(lost_while_running_is_followed),
        TEST(lost_for_good_says_what_the_host_will_do),
        TEST(lost_while_confirming_is_asked_again),
        TEST(lost_for_good_while_confirming_claims_nothing),
        TEST(confirmation_that_comes_too_late_is_no_success),
        TEST(dead_transaction_is_recovered),
        TEST(host_that_is_away_is_4),
        TEST(program_that_cannot_work_there_is_1),
        TEST(interrupted_while_verifying_is_put_back),
        TEST(interrupted_before_it_began_touches_nothing),
        TEST(freeing_in_the_middle_leaves_nothing),
        TEST(undo_that_finds_no_run_is_refused),
        TEST(undo_of_a_changed_file_shows_both_diffs),
        TEST(undo_that_was_lost_is_asked_again),
        TEST(proofs_are_yes_no_or_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
