/* helper.h: what io's tests share: a host, a loop, a catalogue, and a count of what is left.
 *
 * The catalogue is the test's own (the linker takes it before the real one), since what has to
 * be tried here, `sleep`, `sh -c 'kill -9 $$'`, is for good reasons in no real one.  So is the
 * way to load a record: a test's record is made where it is used. */
#ifndef FETTLE_TEST_IO_HELPER_H
#define FETTLE_TEST_IO_HELPER_H

#include "base/argv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "io/loop.h"
#include "io/reader.h"
#include "io/target.h"
#include "model/catalogue.h"
#include "model/record.h"
#include "shell_line.h"
#include "sshd.h"

#include <dirent.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* "sh -c SCRIPT --peer WHOM" asks WHOM. */
const char *catalogue_peer(char *const *argv)
{
    size_t i;

    for (i = 0; argv[i] && argv[i + 1]; i++)
        if (strcmp(argv[i], "--peer") == 0)
            return argv[i + 1];
    return NULL;
}

bool catalogue_reads(char *const *argv)
{
    return strcmp(argv[0], "rm") != 0;
}

static json_t *record_lines; /* what "record" holds; any other path is not there */

json_t *record_load(const char *run_or_path, struct err *e)
{
    if (strcmp(run_or_path, "record") == 0)
        return json_incref(record_lines);
    err_set(e, ERR_INTERNAL, "cannot read \"%s\"", run_or_path);
    return NULL;
}

struct world {
    struct loop *loop;
    struct target *target;
    struct host host;
    int descriptors, children;
};

static struct sshd *over_ssh;        /* the host's sshd; NULL: it is the local machine */
static const char *way_over = "ssh"; /* or "openssh" */

struct asked { /* one read and its answer */
    bool done;
    int order;
    enum outcome outcome;
    int code;
    struct buf out, err;
    char *why;
    int64_t took_ms;
};

static int asked_count; /* answers so far, for their order */

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Processes that descend from this one, zombies too. */
static int count_children(void)
{
    char line[64] = "";
    char *path = mem_format("/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    int n = 0;

    free(path);
    while (f && fscanf(f, "%63s", line) == 1)
        n++;
    if (f)
        fclose(f);
    return n;
}

/* How many processes have this word among their arguments (a marker that only the test uses). */
static int __attribute__((unused)) count_processes(const char *marker)
{
    DIR *d = opendir("/proc");
    struct dirent *entry;
    int n = 0;

    while ((entry = readdir(d))) {
        char path[300], text[4096];
        size_t len, i;
        FILE *f;

        if (atoi(entry->d_name) <= 0 || atoi(entry->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/%s/cmdline", entry->d_name);
        f = fopen(path, "r");
        if (!f)
            continue;
        len = fread(text, 1, sizeof text - 1, f);
        fclose(f);
        for (i = 0; i < len; i++)
            text[i] = text[i] ? text[i] : ' ';
        text[len] = '\0';
        n += strstr(text, marker) != NULL;
    }
    closedir(d);
    return n;
}

/* Waits for their end: over SSH it comes a moment after that of the connection. */
static void __attribute__((unused)) assert_none_runs(const char *marker)
{
    int i, n = count_processes(marker);

    for (i = 0; i < 1200 && n; i++, n = count_processes(marker))
        usleep(50 * 1000);
    assert_int_equal(n, 0);
}

static void world_host(struct host *h, const char *become)
{
    memset(h, 0, sizeof *h);
    h->name = mem_dup("here");
    h->transport = mem_dup(over_ssh ? way_over : "local");
    h->become = mem_dup(become);
    if (!over_ssh)
        return;
    h->address = mem_dup("127.0.0.1");
    h->port = over_ssh->port;
    h->user = mem_dup(getpwuid(getuid())->pw_name);
    h->identity = mem_dup(over_ssh->identity);
    h->known_hosts = mem_dup(over_ssh->known_hosts);
}

static void world_host_release(struct host *h)
{
    free(h->name);
    free(h->transport);
    free(h->become);
    free(h->address);
    free(h->user);
    free(h->identity);
    free(h->known_hosts);
}

/* libuv keeps what it opens at first: a pipe for signals, threads for look-ups. */
static void world_open(struct world *w, const struct target_options *o, const char *become)
{
    struct err e = {0};

    memset(w, 0, sizeof *w);
    loop_free(loop_new(&e));
    w->descriptors = count_descriptors();
    w->children = count_children();
    world_host(&w->host, become);
    w->loop = loop_new(&e);
    assert_non_null(w->loop);
    w->target = target_new(w->loop, &w->host, o, &e);
    assert_non_null(w->target);
    asked_count = 0;
}

/* Nothing may be left: no descriptor, no child. */
static void world_close(struct world *w)
{
    target_free(w->target);
    loop_free(w->loop);
    world_host_release(&w->host);
    assert_int_equal(count_descriptors(), w->descriptors);
    assert_int_equal(count_children(), w->children);
}

static void __attribute__((unused)) on_answer(void *data, const struct result *r)
{
    struct asked *a = data;

    assert_false(a->done);
    a->done = true;
    a->order = asked_count++;
    a->outcome = r->outcome;
    a->code = r->code;
    a->took_ms = r->took_ms;
    a->why = mem_dup(r->why);
    buf_init(&a->out, r->out.max);
    buf_add(&a->out, r->out.data, r->out.len);
    a->out.cut = r->out.cut;
    buf_init(&a->err, r->err.max);
    buf_add(&a->err, r->err.data, r->err.len);
    a->err.cut = r->err.cut;
}

static void __attribute__((unused)) asked_release(struct asked *a)
{
    buf_release(&a->out);
    buf_release(&a->err);
    free(a->why);
    memset(a, 0, sizeof *a);
}

static void __attribute__((unused))
submit(struct world *w, struct asked *a, char *const *argv, size_t limit, int timeout_ms)
{
    struct request q = {.argv = argv, .limit = limit, .timeout_ms = timeout_ms};
    struct err e = {0};

    memset(a, 0, sizeof *a);
    assert_int_equal(reader_submit(w->target, &q, on_answer, a, &e), 0);
    assert_false(a->done);
}

/* Asks and waits. */
static void __attribute__((unused))
ask(struct world *w, struct asked *a, char *const *argv, size_t limit, int timeout_ms)
{
    submit(w, a, argv, limit, timeout_ms);
    assert_int_equal(loop_run(w->loop, &a->done), 0);
}

#define ARGV(...) ((char *const *)(const char *const[]){__VA_ARGS__, NULL})
#define SHELL(text) ARGV("sh", "-c", text)

/* The user's ssh configuration from now on, in the folder of `sshd`. */
static void __attribute__((unused)) put_config(const struct sshd *sshd, const char *format, ...)
{
    char *text = NULL, *path = sshd_path(sshd, "ssh_config");
    va_list args;

    va_start(args, format);
    assert_true(vasprintf(&text, format, args) >= 0);
    va_end(args);
    sshd_write(sshd, "ssh_config", text);
    setenv("FETTLE_SSH_CONFIG", path, 1);
    free(text);
    free(path);
}

static void __attribute__((unused)) assert_reached(struct world *w)
{
    struct asked r;

    ask(w, &r, ARGV("echo", "hello"), 0, 0);
    if (r.outcome != OUTCOME_EXIT)
        fail_msg("%s: %s", outcome_name(r.outcome), r.why);
    assert_string_equal(r.out.data, "hello\n");
    asked_release(&r);
}

static void __attribute__((unused)) assert_unreachable(struct world *w, const char *why)
{
    struct asked r;

    ask(w, &r, ARGV("echo", "hello"), 0, 0);
    assert_int_equal(r.outcome, OUTCOME_UNREACHABLE);
    if (!strstr(r.why, why))
        fail_msg("no \"%s\" in: %s", why, r.why);
    asked_release(&r);
}

/* The tests of a file over the local transport, or, called with "ssh" or "openssh", over a real
 * sshd. */
static int __attribute__((unused)) run_over(int argc, char **argv, int (*run)(void))
{
    static struct sshd sshd;
    int failed;

    if (argc < 2)
        return run();
    way_over = argv[1];
    if (sshd_missing()) {
        printf("skipped: %s\n", sshd_missing());
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    sshd_start(&sshd, NULL);
    over_ssh = &sshd;
    failed = run();
    sshd_stop(&sshd);
    return failed;
}

#endif
