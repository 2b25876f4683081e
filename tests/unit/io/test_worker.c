/* test_worker.c: the shell on the host, in each shell that may be there, and its six ends. */
#include "helper.h"

#include "base/file.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static char folder[64]; /* first in PATH; holds the `sh` that is tried */
static char *old_path;

static void put_script(const char *name, const char *text)
{
    char *path = mem_format("%s/%s", folder, name);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    chmod(path, 0755);
    free(path);
}

static void drop(const char *name)
{
    char *path = mem_format("%s/%s", folder, name);

    unlink(path);
    free(path);
}

static void open_folder(void)
{
    char *path;

    strcpy(folder, "/tmp/fettle-io-XXXXXX");
    if (!mkdtemp(folder))
        abort();
    old_path = mem_dup(getenv("PATH"));
    path = mem_format("%s:%s", folder, old_path);
    setenv("PATH", path, 1);
    free(path);
}

static void close_folder(void)
{
    setenv("PATH", old_path, 1);
    free(old_path);
    drop("sh");
    drop("sudo");
    drop("timeout");
    drop("setsid");
    rmdir(folder);
}

/* ---- ends ---- */

static void ends_are_kept_apart(struct world *w)
{
    struct asked a;

    ask(w, &a, SHELL("echo out; echo err >&2; exit 3"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_EXIT);
    assert_int_equal(a.code, 3);
    assert_string_equal(a.out.data, "out\n");
    assert_string_equal(a.err.data, "err\n");
    asked_release(&a);
    ask(w, &a, ARGV("fettle-no-such-command", "x"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_NOT_STARTED);
    assert_int_equal(a.code, 127);
    asked_release(&a);
    ask(w, &a, ARGV("/etc/passwd"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_NOT_STARTED);
    assert_int_equal(a.code, 126);
    asked_release(&a);
    ask(w, &a, SHELL("kill -9 $$"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_SIGNAL);
    assert_int_equal(a.code, SIGKILL);
    asked_release(&a);
    ask(w, &a, ARGV("sh", "-c", "exit 124"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_EXIT);
    assert_int_equal(a.code, 124);
    asked_release(&a);
}

static void bytes_come_as_they_are(struct world *w)
{
    char all[256];
    char *word = mem_alloc(256);
    struct asked a;
    int i, n = 0;

    ask(w, &a, ARGV("printf", "a\\000b\\377\\nno end"), 0, 0);
    assert_int_equal(a.out.len, 11);
    assert_memory_equal(a.out.data, "a\0b\377\nno end", 11);
    asked_release(&a);
    for (i = 1; i < 256; i++)
        if (i != '\n')
            word[n++] = (char)i;
    memcpy(all, word, (size_t)n);
    ask(w, &a, ARGV("printf", "%s", word), 0, 0);
    assert_int_equal(a.out.len, n);
    assert_memory_equal(a.out.data, all, n);
    asked_release(&a);
    ask(w, &a, ARGV("printf", "%s|%s|%s|", "", " two ", "$(id) `id` \\ * ~ ;'\"\t"), 0, 0);
    assert_string_equal(a.out.data, "| two |$(id) `id` \\ * ~ ;'\"\t|");
    asked_release(&a);
    ask(w, &a, SHELL("cat; printf '\\n0123456789abcdef0123456789abcdef 0\\n'"), 0, 0);
    assert_string_equal(a.out.data, "\n0123456789abcdef0123456789abcdef 0\n");
    asked_release(&a);
    free(word);
}

static void output_is_bounded(struct world *w)
{
    struct asked a;

    ask(w, &a, ARGV("head", "-c", "1000", "/dev/zero"), 1000, 0);
    assert_int_equal(a.out.len, 1000);
    assert_false(a.out.cut);
    assert_int_equal(a.outcome, OUTCOME_EXIT);
    asked_release(&a);
    ask(w, &a, ARGV("head", "-c", "1001", "/dev/zero"), 1000, 0);
    assert_int_equal(a.out.len, 1000);
    assert_true(a.out.cut);
    asked_release(&a);
    ask(w, &a, SHELL("head -c 70000 /dev/zero >&2; head -c 90000 /dev/zero; exit 4"), 80000, 0);
    assert_int_equal(a.out.len, 80000);
    assert_true(a.out.cut);
    assert_int_equal(a.err.len, 70000);
    assert_false(a.err.cut);
    asked_release(&a);
    ask(w, &a, ARGV("cat", "--", "/dev/zero"), 5000, 0);
    assert_int_equal(a.out.len, 5000);
    assert_true(a.out.cut);
    assert_true(a.took_ms < 60000);
    asked_release(&a);
}

/* ---- time ---- */

static void time_ends_the_whole_group(struct world *w)
{
    struct asked a;

    ask(w, &a, SHELL("echo first; sleep 4711 & sleep 4712"), 0, 3000);
    assert_int_equal(a.outcome, OUTCOME_TIMEOUT);
    assert_string_equal(a.out.data, "first\n");
    assert_true(a.took_ms < 60000);
    assert_none_runs("sleep 471");
    asked_release(&a);
    ask(w, &a, ARGV("sh", "-c", "trap '' TERM; sleep 4713; sleep 4714; sleep 4715"), 0, 3000);
    assert_int_equal(a.outcome, OUTCOME_TIMEOUT);
    assert_none_runs("sleep 471");
    asked_release(&a);
    ask(w, &a, ARGV("echo", "still here"), 0, 0);
    assert_string_equal(a.out.data, "still here\n");
    asked_release(&a);
}

static void what_is_left_behind_is_ended(struct world *w)
{
    struct asked a;

    ask(w, &a, SHELL("sleep 4721 & echo x"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_EXIT);
    assert_true(a.took_ms < 60000);
    assert_none_runs("sleep 4721");
    asked_release(&a);
}

static void try_all(void)
{
    struct world w;

    world_open(&w, &(struct target_options){.workers = 1}, NULL);
    ends_are_kept_apart(&w);
    bytes_come_as_they_are(&w);
    output_is_bounded(&w);
    time_ends_the_whole_group(&w);
    what_is_left_behind_is_ended(&w);
    world_close(&w);
}

static void try_shell(const char *path, const char *args)
{
    char *text;

    if (access(path, X_OK) != 0)
        skip();
    /* The worker's shell only: what a read runs as `sh` is the system's. */
    text = mem_format("#!/bin/sh\n[ \"$3\" = fettle ] && exec %s %s \"$@\"\nexec /bin/sh \"$@\"\n",
                      path, args);
    put_script("sh", text);
    free(text);
    try_all();
    drop("sh");
}

static void dash_will_do(void **state)
{
    (void)state;
    try_shell("/bin/dash", "");
}

static void bash_will_do(void **state)
{
    (void)state;
    try_shell("/bin/bash", "--posix");
    try_shell("/bin/bash", "");
}

static void busybox_will_do(void **state)
{
    (void)state;
    try_shell("/bin/busybox", "ash");
}

static void mksh_will_do(void **state)
{
    (void)state;
    try_shell("/bin/mksh", "");
}

static void a_host_without_timeout_has_its_own_watchdog(void **state)
{
    (void)state;
    put_script("timeout", "#!/bin/sh\nexit 127\n");
    try_all();
    drop("timeout");
}

static void busybox_timeout_will_do(void **state)
{
    (void)state;
    put_script("timeout", "#!/bin/sh\nexec /bin/busybox timeout \"$@\"\n");
    try_all();
    drop("timeout");
}

/* ---- the client's own bounds, where the host keeps none ---- */

static void what_has_no_end_is_ended(void **state)
{
    struct world w;
    struct asked a;
    struct rusage before, after;
    int i;

    (void)state;
    world_open(&w, NULL, NULL);
    getrusage(RUSAGE_SELF, &before);
    for (i = 0; i < 5; i++) {
        ask(&w, &a, ARGV("cat", "--", "/dev/zero"), 1000, 0);
        assert_int_equal(a.outcome, OUTCOME_SIGNAL);
        assert_int_equal(a.out.len, 1000);
        assert_true(a.out.cut);
        assert_false(a.err.cut);
        asked_release(&a);
        ask(&w, &a, ARGV("echo", "next"), 0, 0);
        assert_string_equal(a.out.data, "next\n");
        asked_release(&a);
    }
    getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < 20 * 1024); /* KiB */
    world_close(&w);
}

/* It is in a session of its own, so whoever ends the command does not reach it; nor may it write
 * into the next answer. */
static void what_cannot_be_ended_is_closed(void **state)
{
    struct world w;
    struct asked a;

    (void)state;
    world_open(&w, NULL, NULL);
    ask(&w, &a, SHELL("setsid sh -c 'yes fettle; true' & exec sleep 4735"), 1000, 0);
    assert_int_equal(a.outcome, OUTCOME_SIGNAL);
    assert_true(a.out.cut);
    asked_release(&a);
    ask(&w, &a, ARGV("echo", "anew"), 0, 0);
    assert_string_equal(a.out.data, "anew\n");
    asked_release(&a);
    world_close(&w);
    assert_none_runs("yes fettle");
    assert_none_runs("sleep 4735");
}

static void a_host_that_keeps_no_time_is_closed(void **state)
{
    struct world w;
    struct asked a;
    int64_t began = clock_monotonic_ms();

    (void)state;
    put_script("timeout", "#!/bin/sh\nwhile [ \"$1\" != sleep ] && [ $# -gt 0 ]; do shift; done\n"
                          "exec \"$@\"\n");
    world_open(&w, NULL, NULL);
    ask(&w, &a, ARGV("sleep", "4731"), 0, 1000);
    assert_int_equal(a.outcome, OUTCOME_TIMEOUT);
    assert_true(clock_monotonic_ms() - began < 60000);
    asked_release(&a);
    drop("timeout");
    ask(&w, &a, ARGV("echo", "anew"), 0, 0);
    assert_string_equal(a.out.data, "anew\n");
    asked_release(&a);
    world_close(&w);
    assert_none_runs("sleep 4731");
}

/* ---- deaths ---- */

static void a_dead_worker_is_a_lost_read(void **state)
{
    struct world w;
    struct asked a;

    (void)state;
    world_open(&w, NULL, NULL);
    /* The job's shell is the worker's great-grandchild; the session's leader is the worker. */
    ask(&w, &a, SHELL("kill -9 $(ps -o sid= -p $$); sleep 4741"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_LOST);
    assert_string_equal(a.why, strcmp(way_over, "openssh") == 0 /* which does not tell a signal */
                                   ? "the shell on the host ended"
                                   : "the shell on the host ended (signal 9)");
    asked_release(&a);
    ask(&w, &a, SHELL("echo half; kill -9 $(ps -o sid= -p $$); sleep 4741"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_NO_STATUS);
    assert_string_equal(a.out.data, "half\n");
    asked_release(&a);
    ask(&w, &a, ARGV("echo", "anew"), 0, 0);
    assert_string_equal(a.out.data, "anew\n");
    asked_release(&a);
    world_close(&w);
    assert_none_runs("sleep 4741");
}

static void a_freed_target_leaves_nothing_running(void **state)
{
    struct world w;
    struct asked a, b;

    (void)state;
    world_open(&w, NULL, NULL);
    ask(&w, &a, ARGV("true"), 0, 0);
    asked_release(&a);
    submit(&w, &a, SHELL("sleep 4751 & sleep 4752"), 0, 0);
    ask(&w, &b, ARGV("sleep", "0.3"), 0, 0);
    asked_release(&b);
    assert_true(count_processes("sleep 4751") > 0);
    world_close(&w);
    assert_false(a.done);
    assert_none_runs("sleep 475");
}

static void noise_before_the_shell_is_ignored(void **state)
{
    struct world w;
    struct asked a;

    (void)state;
    put_script("sh", "#!/bin/bash\n[ \"$3\" = fettle ] && { head -c 200000 /dev/zero; echo hello; "
                     "echo careful >&2; }\nexec /bin/sh \"$@\"\n");
    world_open(&w, NULL, NULL);
    ask(&w, &a, ARGV("echo", "x"), 0, 0);
    assert_string_equal(a.out.data, "x\n");
    assert_string_equal(a.err.data, "");
    asked_release(&a);
    world_close(&w);
    drop("sh");
}

/* ---- sudo ---- */

static void a_refusing_sudo_is_unreachable_with_its_reason(void **state)
{
    struct world w;
    struct asked a, b;

    (void)state;
    put_script("sudo",
               "#!/bin/sh\nprintf 'sudo: a password\\033[31m is required\\n\\n' >&2\nexit 1\n");
    world_open(&w, NULL, "sudo");
    submit(&w, &b, ARGV("id", "-un"), 0, 0);
    ask(&w, &a, ARGV("id", "-u"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_UNREACHABLE);
    assert_string_equal(a.why, "sudo: a password\\x1b[31m is required");
    assert_true(b.done);
    asked_release(&a);
    asked_release(&b);
    world_close(&w);
    drop("sudo");
}

static void sudo_becomes_who_is_named(void **state)
{
    struct world w;
    struct asked a;

    (void)state;
    put_script("sudo", "#!/bin/sh\n[ \"$1 $2 $3 $4 $5\" = '-n -u www-data -- sh' ] || exit 9\n"
                       "shift 4; AS=www-data; export AS; exec \"$@\"\n");
    world_open(&w, NULL, "sudo:www-data");
    ask(&w, &a, SHELL("echo $AS"), 0, 0);
    assert_string_equal(a.out.data, "www-data\n");
    asked_release(&a);
    world_close(&w);
    drop("sudo");
}

static void no_sudo_at_all_is_unreachable(void **state)
{
    struct world w;
    struct asked a;
    char *path;

    (void)state;
    if (over_ssh)
        skip(); /* there the login shell says it in its own words */
    path = mem_dup(getenv("PATH"));
    setenv("PATH", folder, 1);
    world_open(&w, NULL, "sudo");
    ask(&w, &a, ARGV("id", "-u"), 0, 0);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(a.outcome, OUTCOME_UNREACHABLE);
    assert_string_equal(a.why, "cannot start \"sudo\": no such file or directory");
    asked_release(&a);
    world_close(&w);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dash_will_do),
        cmocka_unit_test(bash_will_do),
        cmocka_unit_test(busybox_will_do),
        cmocka_unit_test(mksh_will_do),
        cmocka_unit_test(a_host_without_timeout_has_its_own_watchdog),
        cmocka_unit_test(busybox_timeout_will_do),
        cmocka_unit_test(what_has_no_end_is_ended),
        cmocka_unit_test(what_cannot_be_ended_is_closed),
        cmocka_unit_test(a_host_that_keeps_no_time_is_closed),
        cmocka_unit_test(a_dead_worker_is_a_lost_read),
        cmocka_unit_test(a_freed_target_leaves_nothing_running),
        cmocka_unit_test(noise_before_the_shell_is_ignored),
        cmocka_unit_test(a_refusing_sudo_is_unreachable_with_its_reason),
        cmocka_unit_test(sudo_becomes_who_is_named),
        cmocka_unit_test(no_sudo_at_all_is_unreachable),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    int failed;

    open_folder(); /* before an sshd takes over the PATH */
    failed = run_over(argc, argv, run_all);
    close_folder();
    return failed;
}
