/* inventory_run.c: an executable inventory, asked with `--list`. */
#include "io/inventory_run.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/child.h"
#include "io/result.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ANSWER_MAX = 16 << 20 };

struct asking {
    struct buf *out;
    struct err *e;
    int timeout_ms;
    bool done;
    int rc;
};

/* ---- who could have put it there ---- */

static int check_owner(const struct stat *st, const char *path, struct err *e)
{
    const struct passwd *owner;

    if (st->st_uid == 0 || st->st_uid == geteuid())
        return 0;
    owner = getpwuid(st->st_uid);
    return err_set(e, ERR_DATA, "not run: \"%s\" belongs to %s%s; it must be yours or root's", path,
                   owner ? owner->pw_name : "somebody else", owner ? "" : " without a name");
}

/* In a folder with the sticky bit, such as /tmp, nobody replaces what is another's. */
static int check_mode(const struct stat *st, const char *path, struct err *e)
{
    if (!(st->st_mode & (S_IWGRP | S_IWOTH)) || (S_ISDIR(st->st_mode) && st->st_mode & S_ISVTX))
        return 0;
    return err_set(e, ERR_DATA, "not run: others may write to \"%s\"; `chmod go-w` it", path);
}

static int check_path(const char *real, struct err *e)
{
    char *path = mem_dup(real), *slash;
    struct stat st;
    int rc = 0;

    while (rc == 0) {
        if (stat(*path ? path : "/", &st) != 0)
            rc = err_system(e, errno, "cannot look at \"%s\"", path);
        else if (check_owner(&st, *path ? path : "/", e) != 0 ||
                 check_mode(&st, *path ? path : "/", e) != 0)
            rc = -1;
        slash = strrchr(path, '/');
        if (!slash)
            break;
        *slash = '\0';
    }
    free(path);
    return rc;
}

/* ---- the program ---- */

static void on_end(void *data, const struct child_end *end)
{
    struct asking *a = data;
    char *said = result_one_line(end->err->data, end->err->len);

    a->done = true;
    if (end->late)
        a->rc = err_set(a->e, ERR_DATA, "it gave no answer to --list within %d s%s%s",
                        a->timeout_ms / 1000, said ? ": " : "", said ? said : "");
    else if (end->status != 0)
        a->rc = err_set(a->e, ERR_DATA, "it failed (--list, exit code %d): %s", end->status,
                        said ? said : "it did not say why");
    else if (end->out->cut)
        a->rc = err_set(a->e, ERR_DATA, "its answer is too large: more than %d bytes", ANSWER_MAX);
    else
        buf_add(a->out, end->out->data, end->out->len);
    free(said);
}

static int run(const char *real, struct asking *a)
{
    struct loop *loop = loop_new(a->e);
    char **argv = argv_add(argv_add(NULL, real), "--list");
    struct child *child = NULL;

    a->rc = -1;
    if (loop)
        child = child_start(loop, argv, a->timeout_ms, ANSWER_MAX, on_end, a, a->e);
    if (child)
        a->rc = 0;
    if (child && loop_run(loop, &a->done) != 0) {
        child_cancel(child);
        a->rc = err_set(a->e, ERR_DATA, "interrupted while it was asked for its hosts");
    }
    if (loop)
        loop_free(loop);
    argv_free(argv);
    return a->rc;
}

int inventory_run_within(const char *path, int timeout_ms, struct buf *out, struct err *e)
{
    char *real = realpath(path, NULL);
    struct asking a = {.out = out, .e = e, .timeout_ms = timeout_ms};
    int rc;

    buf_init(out, ANSWER_MAX);
    if (!real)
        return err_system(e, errno, "cannot be found");
    rc = check_path(real, e);
    if (rc == 0)
        rc = run(real, &a);
    free(real);
    return rc;
}

int inventory_run(const char *path, struct buf *out, struct err *e)
{
    return inventory_run_within(path, INVENTORY_RUN_MS, out, e);
}
