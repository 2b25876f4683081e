/* test_way.c: which way a host is reached, and why: keys, certificates and hosts in between that
 * libssh2 has no answer to, against a real sshd. */
#include "helper.h"

#include <sys/stat.h>

static struct sshd *host_sshd, jump_sshd;

/* Opens with another key than the sshd's own. */
static void open_with(struct world *w, const char *key)
{
    char *before = over_ssh->identity;

    over_ssh->identity = sshd_path(over_ssh, key);
    world_open(w, NULL, NULL);
    free(over_ssh->identity);
    over_ssh->identity = before;
}

static void check_reached(struct world *w, const char *way, const char *why)
{
    struct asked a;

    ask(w, &a, ARGV("echo", "hello"), 0, 0);
    if (a.outcome != OUTCOME_EXIT)
        fail_msg("%s: %s", outcome_name(a.outcome), a.why);
    assert_string_equal(a.out.data, "hello\n");
    assert_string_equal(target_transport(w->target), way);
    assert_string_equal(target_login(w->target), w->host.user);
    if (!why)
        assert_null(target_way(w->target));
    else if (!target_way(w->target) || !strstr(target_way(w->target), why))
        fail_msg("\"%s\" is not in: %s", why, target_way(w->target));
    asked_release(&a);
    world_close(w);
}

static void check_unreachable(struct world *w, const char *why)
{
    assert_unreachable(w, why);
    world_close(w);
}

static void a_plain_key_goes_through_libssh2(void **state)
{
    struct world w;

    (void)state;
    put_config(host_sshd, "%s", "");
    open_with(&w, "id_ed25519");
    check_reached(&w, "ssh", NULL);
}

static void an_rsa_key_goes_through_ssh(void **state)
{
    struct world w;

    (void)state;
    put_config(host_sshd, "%s", "");
    open_with(&w, "rsa");
    check_reached(&w, "openssh", "RSA key");
}

static void a_certificate_goes_through_ssh(void **state)
{
    struct world w;

    (void)state;
    put_config(host_sshd, "%s", "");
    open_with(&w, "signed");
    check_reached(&w, "openssh", "certificate");
}

static void a_host_behind_another_goes_through_ssh(void **state)
{
    struct world w;
    char *config = mem_format("Host between\n  HostName 127.0.0.1\n  Port %d\n  IdentityFile %s\n"
                              "  UserKnownHostsFile %s\n  StrictHostKeyChecking yes\n",
                              jump_sshd.port, jump_sshd.identity, jump_sshd.known_hosts);

    (void)state;
    put_config(host_sshd, "%s", config);
    free(config);
    world_open(&w, NULL, NULL);
    w.host.jump = mem_dup("between");
    check_reached(&w, "openssh", "ProxyJump \"between\"");
    free(w.host.jump);
}

static void streams_that_are_too_many_for_the_host_make_do(void **state)
{
    struct world w;
    struct asked a[6];
    const char *words[] = {"1", "2", "3", "4", "5", "6"};
    int i;

    (void)state;
    put_config(host_sshd, "%s", "");
    open_with(&w, "rsa");
    for (i = 0; i < 6; i++)
        submit(&w, &a[i], ARGV("sh", "-c", "sleep 0.2; echo $0", words[i]), 0, 0);
    for (i = 0; i < 6; i++)
        assert_int_equal(a[i].done || loop_run(w.loop, &a[i].done) == 0, true);
    for (i = 0; i < 6; i++) {
        assert_int_equal(a[i].outcome, OUTCOME_EXIT);
        asked_release(&a[i]);
    }
    world_close(&w);
}

static void an_unknown_host_key_is_refused_by_ssh_too(void **state)
{
    struct world w;
    char *before = over_ssh->known_hosts;

    (void)state;
    put_config(host_sshd, "Host *\n  StrictHostKeyChecking no\n");
    over_ssh->known_hosts = sshd_path(over_ssh, "nobody");
    open_with(&w, "rsa");
    check_unreachable(&w, "Host key verification failed");
    assert_int_not_equal(access(over_ssh->known_hosts, F_OK), 0);
    free(over_ssh->known_hosts);
    over_ssh->known_hosts = before;
}

static void a_changed_host_key_is_named_with_its_place(void **state)
{
    struct world w;
    char *before = over_ssh->known_hosts;

    (void)state;
    put_config(host_sshd, "%s", "");
    shell("cd %s && printf '[127.0.0.1]:%d ' >changed && cat id_ed25519.pub >>changed",
          over_ssh->folder, over_ssh->port);
    over_ssh->known_hosts = sshd_path(over_ssh, "changed");
    open_with(&w, "rsa");
    check_unreachable(&w, "the host's key is not the one that is known for it (Offending");
    free(over_ssh->known_hosts);
    over_ssh->known_hosts = before;
}

static void a_key_that_nobody_takes_says_so(void **state)
{
    struct world w;

    (void)state;
    put_config(host_sshd, "%s", "");
    open_with(&w, "stranger");
    check_unreachable(&w, "Permission denied");
}

static void a_closed_port_is_named(void **state)
{
    struct world w;

    (void)state;
    put_config(host_sshd, "%s", "");
    open_with(&w, "rsa");
    w.host.port = sshd_free_port();
    check_unreachable(&w, "Connection refused");
}

static void without_ssh_the_reason_says_what_is_missing(void **state)
{
    struct world w;
    char *path = mem_dup(getenv("PATH"));

    (void)state;
    put_config(host_sshd, "%s", "");
    setenv("PATH", "/nowhere", 1);
    open_with(&w, "rsa");
    check_unreachable(&w, "there is no `ssh` on this machine");
    setenv("PATH", path, 1);
    free(path);
}

/* The folder for the sockets is made by the first use of this run, and goes with the loop. */
static void nothing_is_left_of_the_control_sockets(void **state)
{
    struct world w;
    char *run = sshd_path(host_sshd, "run");
    DIR *d;
    int n = 0;

    (void)state;
    put_config(host_sshd, "%s", "");
    assert_int_equal(mkdir(run, 0700), 0);
    setenv("XDG_RUNTIME_DIR", run, 1);
    open_with(&w, "rsa");
    check_reached(&w, "openssh", "RSA key");
    d = opendir(run);
    while (readdir(d))
        n++;
    closedir(d);
    assert_int_equal(n, 2);
    unsetenv("XDG_RUNTIME_DIR");
    free(run);
}

static void make_keys(const struct sshd *s)
{
    shell("cd %s && ssh-keygen -q -t rsa -N '' -f rsa && ssh-keygen -q -t rsa -N '' -f stranger && "
          "ssh-keygen -q -t ed25519 -N '' -f signed && ssh-keygen -q -t ed25519 -N '' -f ca && "
          "ssh-keygen -q -s ca -I test -n $(id -un) signed.pub && cat rsa.pub >>authorized_keys && "
          "{ printf 'cert-authority '; cat ca.pub; } >>authorized_keys",
          s->folder);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_key_goes_through_libssh2),
        cmocka_unit_test(an_rsa_key_goes_through_ssh),
        cmocka_unit_test(a_certificate_goes_through_ssh),
        cmocka_unit_test(a_host_behind_another_goes_through_ssh),
        cmocka_unit_test(streams_that_are_too_many_for_the_host_make_do),
        cmocka_unit_test(an_unknown_host_key_is_refused_by_ssh_too),
        cmocka_unit_test(a_changed_host_key_is_named_with_its_place),
        cmocka_unit_test(a_key_that_nobody_takes_says_so),
        cmocka_unit_test(a_closed_port_is_named),
        cmocka_unit_test(without_ssh_the_reason_says_what_is_missing),
        cmocka_unit_test(nothing_is_left_of_the_control_sockets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    static struct sshd sshd;
    int failed;

    if (sshd_missing() || system("command -v ssh >/dev/null") != 0) {
        printf("skipped: %s\n", sshd_missing() ? sshd_missing() : "there is no ssh");
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    unsetenv("XDG_RUNTIME_DIR");
    sshd_start(&sshd, "MaxSessions 2\n");
    sshd_start(&jump_sshd, NULL);
    make_keys(&sshd);
    host_sshd = over_ssh = &sshd;
    failed = run_all();
    sshd_stop(&jump_sshd);
    sshd_stop(&sshd);
    return failed;
}
