/* world.h: a folder with an nginx that anyone can have, and runs of changes to it.
 *
 * For one test program: its functions are static and all of them used there. */
#ifndef FETTLE_TESTS_CHANGE_WORLD_H
#define FETTLE_TESTS_CHANGE_WORLD_H

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
    char *id = mem_format("unix-socket/conf-%d", runs); /* its own: none is made more than three times */
    struct fix *f = fixture_fix(id);
    struct stat st;
    char *before = read_text(conf), *nginx = mem_format("%s/nginx", folder);

    assert_int_equal(stat(conf, &st), 0);
    fixture_edit(f, conf, before, after);
    f->edits[0].was.uid = st.st_uid;
    f->edits[0].was.gid = st.st_gid;
    f->edits[0].was.mode = st.st_mode & 07777;
    /* The paths have blanks in them, so the words are put in one by one. */
    fixture_validate(f, "");
    words(&f->validate[0], (const char *const[]){nginx, "-p", folder, "-c", conf, "-t", NULL});
    fixture_command(f, "", NULL);
    words(&f->commands[0].argv,
          (const char *const[]){nginx, "-p", folder, "-c", conf, "-s", "reload", NULL});
    fixture_check(f, "", 3, "^good$");
    words(&f->checks[0].argv, (const char *const[]){"cat", "--", active, NULL});
    free(before);
    free(nginx);
    free(id);
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

#endif
