/* test_login.c: ways to log in, and what a login may have in its way: over libssh2, then over the
 * system's ssh. */
#include "helper.h"
#include "person.h"

#include "io/changer.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* crypt(3) of "right words" */
static const char password_hash[] =
    "$6$fettletest$aWcBzv1jgAch56qepOV34KyIOVVSkado1fq6q56E/poxkE"
    "vOG3nBEVO1xp4FQk.PsrEl64amkuJfzHsYr1CR/.";

static struct sshd host;

static void begin_as(const char *config, const char *login_shell, const char *hash)
{
    sshd_start_as(&host, config, login_shell, hash);
    over_ssh = &host;
}

static void begin(const char *config)
{
    begin_as(config, NULL, NULL);
}

static void finish(void)
{
    over_ssh = NULL;
    unsetenv("FETTLE_SSH_CONFIG");
    sshd_stop(&host);
}

static void check_hello(struct world *w)
{
    struct asked r;

    ask(w, &r, SHELL("echo hello \"$0\"; echo oops >&2; exit 7"), 0, 0);
    if (r.outcome != OUTCOME_EXIT)
        fail_msg("%s: %s", outcome_name(r.outcome), r.why);
    assert_string_equal(r.out.data, "hello sh\n");
    assert_string_equal(r.err.data, "oops\n");
    assert_int_equal(r.code, 7);
    asked_release(&r);
}

struct change {
    char text[200];
    bool done;
    enum outcome outcome;
};

static void on_line(void *data, const char *line, size_t n)
{
    struct change *c = data;

    (void)n;
    strncat(c->text, line, sizeof c->text - strlen(c->text) - 1);
    strncat(c->text, "|", sizeof c->text - strlen(c->text) - 1);
}

static void on_end(void *data, const struct result *r)
{
    struct change *c = data;

    c->done = true;
    c->outcome = r->outcome;
}

static void check_change(struct world *w)
{
    struct change c = {.text = ""};
    struct changer_calls calls = {on_line, on_end, &c};

    assert_non_null(changer_start(w->target, "cat; echo '!$x'", "a\nb!\n", 5, 0, &calls, NULL));
    assert_int_equal(loop_run(w->loop, &c.done), 0);
    assert_int_equal(c.outcome, OUTCOME_EXIT);
    assert_string_equal(c.text, "a|b!|!$x|");
}

static void check_all_is_well(void)
{
    struct world w;

    world_open(&w, NULL, NULL);
    check_hello(&w);
    check_change(&w);
    world_close(&w);
}

/* ---- keys, agents, passwords ---- */

static void a_key_files_passphrase_is_asked_for(void **state)
{
    struct person p = {.answers = (const char *const[]){"wrong", "right words"}};
    struct asker a;
    struct world w;

    (void)state;
    begin(NULL);
    shell("cd %s && ssh-keygen -q -p -N 'right words' -f id_ed25519 >/dev/null", host.folder);
    world_open_with(&w, &p, &a, 0, NULL);
    check_hello(&w);
    assert_int_equal(p.asked, 2);
    assert_int_equal(p.kind, ASK_SECRET);
    world_close(&w);
    world_open(&w, NULL, NULL);
    assert_unreachable(&w, "");
    world_close(&w);
    finish();
}

/* Ed25519, which most tests have, is signed with by us; these by libssh2. */
static void keys_of_other_kinds_log_in(void **state)
{
    static const char *const formats[] = {"RFC4716", "PEM", "PKCS8"};
    size_t i;

    (void)state;
    begin(NULL);
    for (i = 0; i < sizeof formats / sizeof *formats; i++) {
        shell("cd %s && rm -f id_ed25519 id_ed25519.pub && "
              "ssh-keygen -q -t ecdsa -m %s -N '' -f id_ed25519 && cat id_ed25519.pub >authorized_keys",
              host.folder, formats[i]);
        check_all_is_well();
    }
    finish();
}

static void an_agents_key_logs_in(void **state)
{
    struct world w;

    (void)state;
    begin(NULL);
    shell("cd %s && ssh-agent -a agent sh -c 'ssh-add -q id_ed25519 && rm id_ed25519 && "
          "echo $SSH_AGENT_PID >agent.pid && exec sleep 600' >/dev/null 2>&1 & "
          "until [ -s %s/agent.pid ]; do sleep 0.1; done",
          host.folder, host.folder);
    put_config(&host, "Host *\n  IdentityAgent %s/agent\n", host.folder);
    world_open(&w, NULL, NULL);
    check_hello(&w);
    world_close(&w);
    shell("kill $(cat %s/agent.pid)", host.folder);
    finish();
}

static void an_agent_that_is_dead_is_passed_over(void **state)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct world w;

    (void)state;
    begin(NULL);
    put_config(&host, "Host *\n  IdentityAgent %s/agent\n", host.folder);
    world_open(&w, NULL, NULL);
    check_hello(&w); /* there is no socket at all */
    world_close(&w);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/agent", host.folder);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
    world_open(&w, NULL, NULL);
    check_hello(&w); /* nobody listens at it any more */
    world_close(&w);
    finish();
}

static bool cannot_pretend(void)
{
    const char *why = sshd_cannot_pretend();

    if (why)
        print_message("skipped: %s\n", why);
    return why;
}

static void password_login(const char *config)
{
    struct person p = {.answers = (const char *const[]){"wrong", "right words"}};
    struct person nobody = {.answers = (const char *const[]){NULL, NULL}};
    struct asker a;
    struct world w;

    begin_as(config, NULL, password_hash);
    sshd_write(&host, "authorized_keys", "");
    world_open_with(&w, &p, &a, 0, NULL);
    check_hello(&w);
    assert_int_equal(p.asked, 2);
    assert_int_equal(p.kind, ASK_SECRET);
    assert_int_equal(count_processes("right words"), 0);
    world_close(&w);
    world_open_with(&w, &nobody, &a, 0, NULL);
    assert_unreachable(&w, "");
    assert_int_equal(nobody.asked, 1);
    world_close(&w);
    world_open(&w, NULL, NULL);
    assert_unreachable(&w, "terminal to ask at");
    world_close(&w);
    finish();
}

static void a_password_is_asked_for(void **state)
{
    (void)state;
    if (cannot_pretend())
        skip();
    password_login("PasswordAuthentication yes\nKbdInteractiveAuthentication no\n");
}

static void an_interactive_keyboard_is_a_password_too(void **state)
{
    (void)state;
    if (cannot_pretend())
        skip();
    if (access("/etc/pam.d/sshd", R_OK) != 0) {
        print_message("skipped: no /etc/pam.d/sshd\n");
        skip();
    }
    password_login("UsePAM yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\n");
}

/* ---- what stands in the way ---- */

static void banners_are_passed_over(void **state)
{
    (void)state;
    begin("Banner /etc/passwd\n");
    check_all_is_well();
    finish();
}

/* Which of these files a shell reads for a command is its own affair. */
static void put_noise(void)
{
    static const char noise[] =
        "echo 'welcome to :fettle:'; echo 'and . here' >&2\nsleep 1\nno-such-command-here\n"
        "echo .\n";

    sshd_write(&host, ".bashrc", noise);
    sshd_write(&host, ".zshenv", noise);
    sshd_write(&host, ".cshrc", "echo 'welcome to :fettle:'\nsleep 1\nno-such-command-here\n");
    shell("mkdir -p %s/.config/fish && cp %s/.bashrc %s/.config/fish/config.fish", host.folder,
          host.folder, host.folder);
}

static void try_shell(const char *path)
{
    if (access(path, X_OK) != 0) {
        print_message("skipped: there is no %s\n", path);
        skip();
    }
    if (cannot_pretend())
        skip();
    begin_as(NULL, path, NULL);
    check_all_is_well();
    put_noise();
    check_all_is_well();
    finish();
}

static void bash_and_its_noise_do_not_matter(void **state)
{
    (void)state;
    try_shell("/bin/bash");
}

static void zsh_and_its_noise_do_not_matter(void **state)
{
    (void)state;
    try_shell("/usr/bin/zsh");
}

static void fish_and_its_noise_do_not_matter(void **state)
{
    (void)state;
    try_shell("/usr/bin/fish");
}

static void csh_and_its_noise_do_not_matter(void **state)
{
    (void)state;
    try_shell("/bin/tcsh");
}

static void a_login_that_runs_something_else_is_told(void **state)
{
    struct world w;

    (void)state;
    begin("ForceCommand echo only backups here\n");
    world_open(&w, NULL, NULL);
    assert_unreachable(&w, "only backups here");
    world_close(&w);
    finish();
    begin("ForceCommand eval \"$SSH_ORIGINAL_COMMAND\"\n");
    check_all_is_well();
    finish();
}

static void a_shell_that_is_none_is_told(void **state)
{
    struct world w;

    (void)state;
    if (cannot_pretend())
        skip();
    begin_as(NULL, "/bin/false", NULL);
    world_open(&w, NULL, NULL);
    assert_unreachable(&w, "the shell on the host ended");
    world_close(&w);
    finish();
}

static int run_all(const char *way)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_files_passphrase_is_asked_for),
        cmocka_unit_test(keys_of_other_kinds_log_in),
        cmocka_unit_test(an_agents_key_logs_in),
        cmocka_unit_test(an_agent_that_is_dead_is_passed_over),
        cmocka_unit_test(a_password_is_asked_for),
        cmocka_unit_test(an_interactive_keyboard_is_a_password_too),
        cmocka_unit_test(banners_are_passed_over),
        cmocka_unit_test(bash_and_its_noise_do_not_matter),
        cmocka_unit_test(zsh_and_its_noise_do_not_matter),
        cmocka_unit_test(fish_and_its_noise_do_not_matter),
        cmocka_unit_test(csh_and_its_noise_do_not_matter),
        cmocka_unit_test(a_login_that_runs_something_else_is_told),
        cmocka_unit_test(a_shell_that_is_none_is_told),
    };

    way_over = way;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    if (askpass_is_meant())
        return askpass_main(argc, argv);
    if (sshd_missing() || system("command -v ssh >/dev/null") != 0) {
        printf("skipped: %s\n", sshd_missing() ? sshd_missing() : "there is no ssh");
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    unsetenv("XDG_RUNTIME_DIR");
    return run_all("ssh") + run_all("openssh");
}
