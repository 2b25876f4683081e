/* test_openssh_ask.c: what the system's ssh asks a person, and what is left of it. */
#include "helper.h"
#include "person.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

static struct sshd host_sshd;

static void use_key(const char *name)
{
    free(host_sshd.identity);
    host_sshd.identity = sshd_path(&host_sshd, name);
}

static void use_known_hosts(const char *name)
{
    free(host_sshd.known_hosts);
    host_sshd.known_hosts = sshd_path(&host_sshd, name);
}

static void a_passphrase_is_asked_for_until_it_is_right(void **state)
{
    struct person p = {.answers = (const char *const[]){"wrong", "right words"}};
    struct asker a;
    struct world w;

    (void)state;
    use_key("locked");
    world_open_with(&w, &p, &a, 0, NULL);
    assert_reached(&w);
    assert_int_equal(p.asked, 2);
    assert_int_equal(p.kind, ASK_SECRET);
    assert_non_null(strstr(p.text, "That was not it.  Enter passphrase for key"));
    assert_non_null(strstr(p.text, "/locked'"));
    assert_int_equal(count_processes("right words"), 0);
    assert_int_equal(system("cat /proc/[0-9]*/environ 2>/dev/null | grep -q 'right[ ]words'"), 256);
    world_close(&w);
}

static void a_person_who_declines_is_not_asked_again(void **state)
{
    struct person p = {.answers = (const char *const[]){NULL, NULL}};
    struct asker a;
    struct world w;

    (void)state;
    use_key("locked");
    world_open_with(&w, &p, &a, 0, NULL);
    assert_unreachable(&w, "Permission denied");
    assert_int_equal(p.asked, 1);
    world_close(&w);
}

static void an_unknown_key_is_shown_and_kept_if_it_is_right(void **state)
{
    struct person p = {.answers = (const char *const[]){"yes"}};
    struct asker a;
    struct world w;
    char *known;

    (void)state;
    use_key("open");
    use_known_hosts("new_known_hosts");
    world_open_with(&w, &p, &a, 0, NULL);
    assert_reached(&w);
    assert_int_equal(p.asked, 1);
    assert_int_equal(p.kind, ASK_YES);
    assert_non_null(strstr(p.text, "SHA256:"));
    assert_null(strstr(p.text, "(yes/no"));
    world_close(&w);
    known = sshd_read(&host_sshd, "new_known_hosts");
    assert_int_not_equal(strlen(known), 0);
    free(known);
    world_open_with(&w, &p, &a, 0, NULL);
    assert_reached(&w);
    assert_int_equal(p.asked, 1);
    world_close(&w);
    use_known_hosts("known_hosts");
}

static void a_key_that_is_not_accepted_is_not_kept(void **state)
{
    struct person p = {.answers = (const char *const[]){NULL, NULL}};
    struct asker a;
    struct world w;

    (void)state;
    use_key("open");
    use_known_hosts("no_known_hosts");
    world_open_with(&w, &p, &a, 0, NULL);
    assert_unreachable(&w, "Host key verification failed");
    assert_int_not_equal(access(host_sshd.known_hosts, F_OK), 0);
    world_close(&w);
    use_known_hosts("known_hosts");
}

static void without_anybody_to_ask_it_says_so(void **state)
{
    struct world w;

    (void)state;
    use_key("locked");
    world_open(&w, NULL, NULL);
    assert_unreachable(&w, "(there is no terminal to ask at)");
    world_close(&w);
}

static void the_clock_stands_still_while_a_person_thinks(void **state)
{
    struct person p = {.answers = (const char *const[]){"right words"}, .thinks_ms = 26000};
    struct asker a;
    struct world w;

    (void)state;
    use_key("locked");
    world_open_with(&w, &p, &a, 25000, NULL);
    assert_reached(&w);
    world_close(&w);
}

static void a_target_may_be_freed_while_a_person_thinks(void **state)
{
    struct person p = {.answers = (const char *const[]){"right words"}, .thinks_ms = 600 * 1000};
    struct asker a;
    struct world w;
    struct asked r;

    (void)state;
    use_key("locked");
    world_open_with(&w, &p, &a, 0, NULL);
    submit(&w, &r, ARGV("echo", "hello"), 0, 0);
    wait_for_question(&w, &p);
    world_close(&w);
    assert_int_equal(p.cancelled, 1);
    assert_false(r.done);
}

/* ---- a fettle that is killed ---- */

static int entries(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *entry;
    int n = 0;

    while ((entry = readdir(d)))
        n += *entry->d_name != '.';
    closedir(d);
    return n;
}

/* Logs in, says so, and waits to be killed. */
static void victim(int out)
{
    struct world w;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    world_open(&w, NULL, NULL);
    assert_reached(&w);
    if (write(out, "in", 2) == 2)
        pause();
    _exit(1);
}

static void nothing_outlives_a_fettle_that_is_killed(void **state)
{
    char *run = sshd_path(&host_sshd, "run"), word[2];
    struct world w;
    int pipes[2];
    pid_t pid;

    (void)state;
    use_key("open");
    assert_int_equal(mkdir(run, 0700), 0);
    setenv("XDG_RUNTIME_DIR", run, 1);
    assert_int_equal(pipe(pipes), 0);
    pid = fork();
    if (pid == 0)
        victim(pipes[1]);
    close(pipes[1]);
    assert_int_equal(read(pipes[0], word, 2), 2);
    close(pipes[0]);
    assert_true(count_processes(run) > 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_none_runs(run);
    assert_int_equal(entries(run), 1); /* its folder, which the next one takes away */
    world_open(&w, NULL, NULL);
    assert_reached(&w);
    assert_int_equal(entries(run), 1);
    world_close(&w);
    assert_int_equal(entries(run), 0);
    unsetenv("XDG_RUNTIME_DIR");
    free(run);
}

static void make_keys(void)
{
    shell("cd %s && ssh-keygen -q -t ed25519 -N '' -f open && ssh-keygen -q -t ed25519 -N 'right "
          "words' -f locked && cat open.pub locked.pub >>authorized_keys",
          host_sshd.folder);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_passphrase_is_asked_for_until_it_is_right),
        cmocka_unit_test(a_person_who_declines_is_not_asked_again),
        cmocka_unit_test(an_unknown_key_is_shown_and_kept_if_it_is_right),
        cmocka_unit_test(a_key_that_is_not_accepted_is_not_kept),
        cmocka_unit_test(without_anybody_to_ask_it_says_so),
        cmocka_unit_test(the_clock_stands_still_while_a_person_thinks),
        cmocka_unit_test(a_target_may_be_freed_while_a_person_thinks),
        cmocka_unit_test(nothing_outlives_a_fettle_that_is_killed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    int failed;

    if (askpass_is_meant())
        return askpass_main(argc, argv);
    if (sshd_missing() || system("command -v ssh >/dev/null") != 0) {
        printf("skipped: %s\n", sshd_missing() ? sshd_missing() : "there is no ssh");
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    unsetenv("XDG_RUNTIME_DIR");
    sshd_start(&host_sshd, NULL);
    make_keys();
    over_ssh = &host_sshd;
    way_over = "openssh";
    failed = run_all();
    sshd_stop(&host_sshd);
    return failed;
}
