/* test_transaction.c: whole transactions on this machine, with the real shell unit.
 *
 * As root the host's folder is /var/lib/fettle: then a tmpfs is put over /var/lib in a mount
 * namespace of our own, so that this machine's is neither seen nor touched. */
#include "base/file.h"
#include "change/apply.h"
#include "fixture.h"
#include "io/loop.h"
#include "io/reader.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static char root[64];     /* all that a test makes */
static char folder[128];  /* in it, with a name that a shell would stumble over */
static char base[160];    /* where the host keeps its transactions */
static char conf[200], active[200];
static int runs, descriptors;

static struct loop *loop;
static struct target *target;
static struct host host = {.name = (char *)"here", .transport = (char *)"local"};

/* ---- files ---- */

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static char *read_text(const char *path)
{
    struct buf b;
    char *text;

    if (file_read(path, 1 << 20, &b, NULL)) {
        buf_release(&b);
        return mem_dup("(absent)");
    }
    text = buf_take(&b);
    buf_release(&b);
    return text;
}

static void expect_text(const char *path, const char *want)
{
    char *text = read_text(path);

    assert_string_equal(text, want);
    free(text);
}

static void touch(const char *name)
{
    char *path = mem_format("%s/%s", folder, name);

    write_text(path, "");
    free(path);
}

/* Content, owner, mode and times in one line. */
static char *snapshot(const char *path)
{
    char *text = read_text(path), *line;
    struct stat st = {0};

    assert_int_equal(stat(path, &st), 0);
    line = mem_format("%s|%u|%u|%o|%lld.%09ld", text, st.st_uid, st.st_gid, st.st_mode,
                      (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
    free(text);
    return line;
}

static void expect_snapshot(const char *path, char *want)
{
    char *now = snapshot(path);

    assert_string_equal(now, want);
    free(now);
    free(want);
}

/* ---- an nginx that anyone can have ---- */

/* -t: the file must not say "bad"; with `fail-live` it fails outside of a private copy only.
 * -s reload: the file becomes what is active; `fail-reload` makes that fail. */
static const char nginx_script[] =
    "#!/bin/sh\n"
    "cd -- \"${0%/*}\" || exit 9\n"
    "case \" $* \" in\n"
    "*' -t '*)\n"
    "    if grep -q bad conf; then echo 'unknown directive \"bad\"' >&2; exit 1; fi\n"
    "    [ -e fail-live ] && [ \"$(readlink /proc/self/ns/mnt)\" = \"$(cat ns)\" ] &&\n"
    "        { echo 'only alive' >&2; exit 1; }\n"
    "    exit 0 ;;\n"
    "*' -s reload '*)\n"
    "    if [ -e fail-reload ] && grep -q good conf; then echo 'no such pid' >&2; exit 3; fi\n"
    "    cat conf >active ;;\n"
    "*) exit 64 ;;\n"
    "esac\n";

static void words(char ***argv, const char *const *list)
{
    for (; *list; list++)
        *argv = argv_add(*argv, *list);
}

static struct fix *sick_nginx_fix(const char *after)
{
    struct fix *f = fixture_fix("unix-socket/conf");
    struct stat st;
    char *before = read_text(conf), *nginx = mem_format("%s/nginx", folder);

    assert_int_equal(stat(conf, &st), 0);
    fixture_edit(f, conf, before, after);
    f->edits[0].was.uid = st.st_uid;
    f->edits[0].was.gid = st.st_gid;
    f->edits[0].was.mode = st.st_mode & 07777;
    /* The paths have blanks in them, so the words are put in one by one. */
    fixture_validate(f, "");
    words(&f->validate[0], (const char *const[]){nginx, "-t", "-p", folder, "-c", conf, NULL});
    fixture_command(f, "", NULL);
    words(&f->commands[0].argv,
          (const char *const[]){nginx, "-p", folder, "-c", conf, "-s", "reload", NULL});
    fixture_check(f, "", 3, "^good$");
    words(&f->checks[0].argv, (const char *const[]){"cat", "--", active, NULL});
    free(before);
    free(nginx);
    return f;
}

/* ---- a run ---- */

struct play {
    char run[64];
    bool done, waiting;
    enum change_outcome outcome;
    int exit;
    char *text, *detail;
    char told[2048];
    struct change *change;
    struct fix *fix;
    struct change_options options;
};

static void on_progress(void *data, const char *word, const char *text)
{
    struct play *p = data;

    assert_true(text[0]);
    if (strcmp(word, "waiting") == 0)
        p->waiting = true;
    strncat(p->told, word, sizeof(p->told) - strlen(p->told) - 1);
    strncat(p->told, " ", sizeof(p->told) - strlen(p->told) - 1);
}

static void on_done(void *data, const struct change_result *r)
{
    struct play *p = data;

    p->done = true;
    p->outcome = r->outcome;
    p->exit = r->exit;
    p->text = mem_dup(r->text);
    p->detail = mem_dup(r->detail);
    change_free(p->change);
    p->change = NULL;
}

static void play_init(struct play *p, int confirm_timeout_s)
{
    memset(p, 0, sizeof(*p));
    snprintf(p->run, sizeof(p->run), "t%d-%d", (int)getpid(), ++runs);
    p->options = (struct change_options){.run = p->run, .owner = "alice at the test",
                                         .confirm_timeout_s = confirm_timeout_s,
                                         .progress = on_progress, .data = p};
}

static void play_begin(struct play *p, const char *after, int confirm_timeout_s)
{
    struct err e = {0};

    play_init(p, confirm_timeout_s);
    p->fix = sick_nginx_fix(after);
    p->change = transaction_start(target, &p->fix, 1, &p->options, on_done, p, &e);
    if (!p->change)
        fail_msg("%s", e.text);
}

static void play_release(struct play *p)
{
    change_free(p->change);
    if (p->fix)
        fixture_free(p->fix);
    free(p->text);
    free(p->detail);
    memset(p, 0, sizeof(*p));
}

static void expect(struct play *p, enum change_outcome outcome, int exit, const char *text)
{
    assert_int_equal(loop_run(loop, &p->done), 0);
    if (p->outcome != outcome || p->exit != exit || !strstr(p->text, text))
        fail_msg("outcome %d exit %d \"%s\" detail \"%s\" told %s", (int)p->outcome, p->exit,
                 p->text, p->detail ? p->detail : "", p->told);
}

static void undo_begin(struct play *p, const char *run)
{
    struct err e = {0};

    play_init(p, 5);
    snprintf(p->run, sizeof(p->run), "%s", run);
    p->change = undo_start(target, &p->options, on_done, p, &e);
    if (!p->change)
        fail_msg("%s", e.text);
}

static void nap(void)
{
    struct timespec t = {.tv_nsec = 50000000};

    nanosleep(&t, NULL);
}

/* Until the host has come to an end by itself, at most 15 s. */
static void await_end(const char *run, const char *want)
{
    char *path = mem_format("%s/%s/journal", base, run), *text = NULL;
    int i;

    for (i = 0; i < 300; i++) {
        free(text);
        text = read_text(path);
        if (strstr(text, " end "))
            break;
        nap();
    }
    if (!strstr(text, want))
        fail_msg("\"%s\" is not in the journal: %s", want, text);
    free(text);
    free(path);
}

/* ---- leftovers ---- */

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Processes that carry a run of ours in their command line. */
static bool anybody_left(void)
{
    DIR *d = opendir("/proc");
    struct dirent *entry;
    char *mark = mem_format("/t%d-", (int)getpid());
    bool found = false;

    while (!found && (entry = readdir(d))) {
        char path[300], text[4096];
        ssize_t n;
        FILE *f;

        if (entry->d_name[0] < '0' || entry->d_name[0] > '9')
            continue;
        snprintf(path, sizeof(path), "/proc/%s/cmdline", entry->d_name);
        if (!(f = fopen(path, "r")))
            continue;
        n = (ssize_t)fread(text, 1, sizeof(text), f);
        fclose(f);
        found = n > 0 && memmem(text, (size_t)n, mark, strlen(mark));
    }
    closedir(d);
    free(mark);
    return found;
}

/* A change that was freed in the middle leaves the shell that followed it, which ends by itself. */
static void expect_no_children(void)
{
    int i;

    for (i = 0; i < 100 && waitpid(-1, NULL, WNOHANG) >= 0; i++)
        nap();
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

static void expect_lock_free(void)
{
    char *command = mem_format("cat '%s'/lock/* 2>/dev/null", base);
    FILE *f = popen(command, "r");
    char line[200] = "free\n";

    while (fgets(line, sizeof(line), f))
        ;
    pclose(f);
    free(command);
    assert_string_equal(line, "free\n");
}

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

static int make_world(void)
{
    snprintf(root, sizeof(root), "/tmp/fettle-change-XXXXXX");
    if (!mkdtemp(root))
        return -1;
    snprintf(folder, sizeof(folder), "%s/w it's a \"$(id)\" %%41 ;", root);
    snprintf(conf, sizeof(conf), "%s/conf", folder);
    snprintf(active, sizeof(active), "%s/active", folder);
    if (getuid() != 0) {
        snprintf(base, sizeof(base), "%s/state/fettle/target", root);
        memcpy(strstr(base, "/fettle/target"), "\0", 1);
        setenv("XDG_STATE_HOME", base, 1);
        snprintf(base, sizeof(base), "%s/state/fettle/target", root);
        return 0;
    }
    snprintf(base, sizeof(base), "/var/lib/fettle");
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
        mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755")) {
        fprintf(stderr, "test_transaction: as root this needs a mount namespace of its own: %s\n",
                strerror(errno));
        return -1;
    }
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
