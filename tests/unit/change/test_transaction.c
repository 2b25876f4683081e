/* test_transaction.c: whole transactions on this machine, with the real shell unit.
 *
 * As root the host's folder is /var/lib/fettle: then a tmpfs is put over /var/lib in a mount
 * namespace of our own, so that this machine's is neither seen nor touched. */
#include "world.h"

#include <grp.h>

static int setup(void **state)
{
    char *nginx, *ns, text[200] = "";
    struct timespec old[2] = {{.tv_sec = 1600000000, .tv_nsec = 5}, {.tv_sec = 1600000000}};

    (void)state;
    mkdir(folder, 0755);
    nginx = mem_format("%s/nginx", folder);
    write_text(nginx, nginx_script);
    chmod(nginx, 0755);
    free(nginx);
    ns = mem_format("%s/ns", folder);
    if (readlink("/proc/self/ns/mnt", text, sizeof(text) - 1) < 0)
        return -1;
    write_text(ns, text);
    free(ns);
    write_text(conf, "ill\n");
    write_text(active, "ill\n");
    chmod(conf, 0640);
    if (getuid() == 0 && chown(conf, 1, 2))
        return -1;
    utimensat(AT_FDCWD, conf, old, 0);
    loop = loop_new(NULL);
    target = target_new(loop, &host, &(struct target_options){.timeout_ms = 600000}, NULL);
    return loop && target ? 0 : -1;
}

static int teardown(void **state)
{
    char *command = mem_format("rm -rf -- '%s'/w*", root);
    int i;

    (void)state;
    target_free(target);
    loop_free(loop);
    for (i = 0; i < 100 && anybody_left(); i++)
        nap();
    assert_false(anybody_left());
    expect_no_children();
    /* The first test is where libuv opens what it keeps for good. */
    if (!descriptors)
        descriptors = count_descriptors();
    assert_int_equal(count_descriptors(), descriptors);
    expect_lock_free();
    i = system(command);
    free(command);
    return i;
}

/* ---- tests ---- */

static void good_change_is_verified_and_can_be_taken_back(void **state)
{
    char *was = snapshot(conf);
    struct play p, u;
    struct stat st;

    (void)state;
    play_begin(&p, "good\n", 20);
    expect(&p, CHANGE_VERIFIED, 0, "verified");
    expect_text(conf, "good\n");
    expect_text(active, "good\n");
    assert_int_equal(stat(conf, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_true(getuid() || (st.st_uid == 1 && st.st_gid == 2));
    undo_begin(&u, p.run);
    expect(&u, CHANGE_UNDONE, 0, "as it was before");
    play_release(&u);
    expect_snapshot(conf, was);
    expect_text(active, "ill\n");
    undo_begin(&u, p.run);
    expect(&u, CHANGE_UNDONE, 0, "put back before");
    play_release(&u);
    play_release(&p);
}

static void undo_refuses_a_file_that_someone_has_changed_since(void **state)
{
    struct play p, u;

    (void)state;
    play_begin(&p, "good\n", 20);
    expect(&p, CHANGE_VERIFIED, 0, "verified");
    write_text(conf, "good\nand mine\n");
    undo_begin(&u, p.run);
    expect(&u, CHANGE_REFUSED, 5, "was changed by someone after the run");
    assert_non_null(u.detail);
    assert_non_null(strstr(u.detail, "-ill\n+good\n"));
    assert_non_null(strstr(u.detail, "+and mine\n"));
    expect_text(conf, "good\nand mine\n");
    play_release(&u);
    play_release(&p);
}

static void undo_of_an_unknown_run_is_refused(void **state)
{
    struct play u;

    (void)state;
    undo_begin(&u, "t0-never");
    expect(&u, CHANGE_REFUSED, 5, "nothing of run t0-never on host \"here\"");
    play_release(&u);
}

static void failed_validation_leaves_everything_as_it_was(void **state)
{
    char *was = snapshot(conf), *was_active = snapshot(active);
    struct play p;

    (void)state;
    play_begin(&p, "bad\n", 20);
    expect(&p, CHANGE_ROLLED_BACK, 6, "");
    assert_non_null(p.detail);
    assert_non_null(strstr(p.detail, "unknown directive \"bad\""));
    expect_snapshot(conf, was);
    expect_snapshot(active, was_active);
    play_release(&p);
}

static void validation_that_fails_only_on_the_host_is_put_back(void **state)
{
    char *was = snapshot(conf), *was_active = snapshot(active);
    struct play p;

    (void)state;
    touch("fail-live");
    play_begin(&p, "good\n", 20);
    expect(&p, CHANGE_ROLLED_BACK, 6, "does not accept it (exit 1); everything was put back");
    assert_non_null(p.detail);
    assert_non_null(strstr(p.detail, "only alive"));
    expect_snapshot(conf, was);
    expect_snapshot(active, was_active);
    play_release(&p);
}

static void failed_command_is_put_back(void **state)
{
    char *was = snapshot(conf);
    struct play p;

    (void)state;
    touch("fail-reload");
    play_begin(&p, "good\n", 20);
    expect(&p, CHANGE_ROLLED_BACK, 6, "failed (exit 3); everything was put back");
    assert_non_null(p.detail);
    assert_non_null(strstr(p.detail, "no such pid"));
    expect_snapshot(conf, was);
    expect_text(active, "ill\n");
    play_release(&p);
}

/* Not in any catalogue: the inventory's owner says how their service is restarted. */
static void command_that_the_inventory_names_may_run(void **state)
{
    char *script = mem_format("%s/supervise", folder);
    struct err e = {0};
    struct play p;

    (void)state;
    write_text(script, "#!/bin/sh\ncd -- \"${0%/*}\" && [ \"$1\" = again ] && cat conf >active\n");
    chmod(script, 0755);
    play_init(&p, 20);
    p.fix = sick_nginx_fix("good\n");
    argv_free(p.fix->commands[0].argv);
    p.fix->commands[0].argv = NULL;
    words(&p.fix->commands[0].argv, (const char *const[]){script, "again", NULL});
    assert_null(transaction_start(target, &p.fix, 1, &p.options, on_done, &p, &e));
    assert_int_equal(e.code, ERR_REFUSED);
    host.vars = json_pack("{s:{s:{s:[s,s]}}}", "services", "app", "restart", script, "again");
    p.change = transaction_start(target, &p.fix, 1, &p.options, on_done, &p, &e);
    assert_non_null(p.change);
    expect(&p, CHANGE_VERIFIED, 0, "verified");
    expect_text(active, "good\n");
    json_decref(host.vars);
    host.vars = NULL;
    free(script);
    play_release(&p);
}

static void change_that_does_not_cure_is_put_back(void **state)
{
    char *was = snapshot(conf);
    struct play p;

    (void)state;
    play_begin(&p, "something\n", 2);
    expect(&p, CHANGE_NOT_CURED, 7, "something, something");
    expect_snapshot(conf, was);
    expect_text(active, "ill\n");
    play_release(&p);
}

static void drift_is_refused(void **state)
{
    struct play p;

    (void)state;
    play_init(&p, 20);
    p.fix = sick_nginx_fix("good\n");
    write_text(conf, "ill, but otherwise\n");
    p.change = transaction_start(target, &p.fix, 1, &p.options, on_done, &p, NULL);
    assert_non_null(p.change);
    expect(&p, CHANGE_REFUSED, 5, "has other content than when the fix was proposed");
    expect_text(conf, "ill, but otherwise\n");
    play_release(&p);
}

static void second_run_is_told_who_is_first_and_interruption_puts_back(void **state)
{
    char *was = snapshot(conf);
    struct play first, second;

    (void)state;
    play_begin(&first, "something\n", 60);
    assert_int_equal(loop_run(loop, &first.waiting), 0);
    play_begin(&second, "good\n", 20);
    expect(&second, CHANGE_REFUSED, 5, "locked by alice at the test since");
    assert_non_null(strstr(second.text, first.run));
    play_release(&second);
    change_abort(first.change);
    expect(&first, CHANGE_ROLLED_BACK, 130, "interrupted; everything was put back");
    play_release(&first);
    expect_snapshot(conf, was);
    expect_text(active, "ill\n");
}

static void interruption_at_the_very_start_touches_nothing(void **state)
{
    char *was = snapshot(conf);
    struct play p;

    (void)state;
    play_begin(&p, "something\n", 20);
    change_abort(p.change);
    expect(&p, CHANGE_ROLLED_BACK, 130, "interrupted; ");
    play_release(&p);
    expect_snapshot(conf, was);
}

static void change_freed_in_the_middle_is_put_back_by_the_host(void **state)
{
    char *was = snapshot(conf);
    struct play p;
    char run[64];

    (void)state;
    play_begin(&p, "something\n", 2);
    assert_int_equal(loop_run(loop, &p.waiting), 0);
    memcpy(run, p.run, sizeof(run));
    play_release(&p);
    await_end(run, "end rolled-back unconfirmed");
    expect_snapshot(conf, was);
    expect_text(active, "ill\n");
}

/* The operator's side as a process of its own; it never comes to an end. */
static void operate(int tell, const char *run)
{
    struct loop *l = loop_new(NULL);
    struct target *t = target_new(l, &host, &(struct target_options){0}, NULL);
    struct play p;

    play_init(&p, 2);
    snprintf(p.run, sizeof(p.run), "%s", run);
    p.fix = sick_nginx_fix("something\n");
    p.change = transaction_start(t, &p.fix, 1, &p.options, on_done, &p, NULL);
    if (!p.change || loop_run(l, &p.waiting) || write(tell, "w", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void killed_operator_leaves_a_host_that_puts_back(void **state)
{
    char *was = snapshot(conf), *run = mem_format("t%d-killed", (int)getpid());
    int tell[2], status;
    char byte = 0;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(tell), 0);
    child = fork();
    if (child == 0) {
        close(tell[0]);
        operate(tell[1], run);
    }
    close(tell[1]);
    assert_int_equal(read(tell[0], &byte, 1), 1);
    close(tell[0]);
    expect_text(active, "something\n");
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    await_end(run, "end rolled-back unconfirmed");
    free(run);
    expect_snapshot(conf, was);
    expect_text(active, "ill\n");
}

static void proof_changes_nothing(void **state)
{
    char *was = snapshot(conf), *was_active = snapshot(active);
    struct play p;

    (void)state;
    play_init(&p, 20);
    p.fix = sick_nginx_fix("bad\n");
    p.change = prove_start(target, &p.fix, 1, &p.options, on_done, &p, NULL);
    assert_int_equal(loop_run(loop, &p.done), 0);
    if (p.outcome == CHANGE_UNKNOWN)
        print_message("no private copy here: %s\n", p.text);
    else
        expect(&p, CHANGE_ROLLED_BACK, 6, "not accepted");
    play_release(&p);
    play_init(&p, 20);
    p.fix = sick_nginx_fix("good\n");
    p.change = prove_start(target, &p.fix, 1, &p.options, on_done, &p, NULL);
    assert_int_equal(loop_run(loop, &p.done), 0);
    assert_true(p.outcome == CHANGE_UNKNOWN || p.outcome == CHANGE_VERIFIED);
    play_release(&p);
    expect_snapshot(conf, was);
    expect_snapshot(active, was_active);
}

/* ---- a world of our own ---- */

static void keep_state_at_home(void)
{
    setenv("HOME", root, 1);
    unsetenv("XDG_STATE_HOME");
    snprintf(base, sizeof(base), "%s/.local/state/fettle/target", root);
}

/* Root's transactions live in /var/lib: here in one of our own. */
static int hide_var_lib(void)
{
    snprintf(base, sizeof(base), "/var/lib/fettle");
    return unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
           mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755") != 0;
}

/* A root without the right to make namespaces, as in many containers, tests as somebody else. */
static int become_somebody(void)
{
    enum { SOMEBODY = 65534 };

    fprintf(stderr, "test_transaction: no mount namespace here (%s), so not as root\n", strerror(errno));
    if (chown(root, SOMEBODY, SOMEBODY) != 0 || setgroups(0, NULL) != 0 || setgid(SOMEBODY) != 0 ||
        setuid(SOMEBODY) != 0)
        return -1;
    keep_state_at_home();
    return 0;
}

static int make_world(void)
{
    snprintf(root, sizeof(root), "/tmp/fettle-change-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(folder, sizeof(folder), "%s/w it's a \"$(id)\" %%41 ;", root);
    snprintf(conf, sizeof(conf), "%s/conf", folder);
    snprintf(active, sizeof(active), "%s/active", folder);
    if (getuid() == 0)
        return hide_var_lib() == 0 ? 0 : become_somebody();
    keep_state_at_home();
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_change_is_verified_and_can_be_taken_back),
        TEST(undo_refuses_a_file_that_someone_has_changed_since),
        TEST(undo_of_an_unknown_run_is_refused),
        TEST(failed_validation_leaves_everything_as_it_was),
        TEST(validation_that_fails_only_on_the_host_is_put_back),
        TEST(failed_command_is_put_back),
        TEST(command_that_the_inventory_names_may_run),
        TEST(change_that_does_not_cure_is_put_back),
        TEST(drift_is_refused),
        TEST(second_run_is_told_who_is_first_and_interruption_puts_back),
        TEST(interruption_at_the_very_start_touches_nothing),
        TEST(change_freed_in_the_middle_is_put_back_by_the_host),
        TEST(killed_operator_leaves_a_host_that_puts_back),
        TEST(proof_changes_nothing),
    };
    char *command;
    int failed;

    if (make_world())
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    command = mem_format("rm -rf -- '%s'", root);
    if (system(command))
        failed = 1;
    free(command);
    return failed;
}
