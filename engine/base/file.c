/* file.c: whole files of the operator's side, bounded and written atomically. */
#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int read_all(int fd, const char *path, struct buf *b, struct err *e)
{
    char chunk[16384];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_system(e, errno, "cannot read \"%s\"", path);
        if (buf_add(b, chunk, (size_t)n) != 0)
            return err_set(e, ERR_DATA, "\"%s\" is too large: more than %zu bytes", path, b->max);
    }
    return 0;
}

int file_read(const char *path, size_t max, struct buf *b, struct err *e)
{
    int fd, rc;

    buf_init(b, max);
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, "standard input", b, e);
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return err_system(e, errno, "cannot open \"%s\"", path);
    rc = read_all(fd, path, b, e);
    close(fd);
    if (rc != 0)
        buf_clear(b);
    return rc;
}

static int write_all(int fd, const char *data, size_t n)
{
    while (n) {
        ssize_t done = write(fd, data, n);

        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        data += done;
        n -= (size_t)done;
    }
    return fsync(fd);
}

/* A device, a pipe or a terminal takes bytes; to put a file in its place would destroy it. */
static int write_through(const char *path, const void *data, size_t n, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    int rc = 0;

    if (fd < 0)
        return err_system(e, errno, "cannot open \"%s\"", path);
    /* Such things have nothing to sync, and say so. */
    if (write_all(fd, data, n) != 0 && errno != EINVAL && errno != EROFS && errno != ENOTSUP)
        rc = err_system(e, errno, "cannot write \"%s\"", path);
    close(fd);
    return rc;
}

static int write_beside(const char *path, const void *data, size_t n, struct err *e)
{
    char *beside = mem_format("%s.XXXXXX", path);
    int fd = mkostemp(beside, O_CLOEXEC);
    int rc = 0;

    if (fd < 0) {
        rc = err_system(e, errno, "cannot write beside \"%s\"", path);
        goto out;
    }
    if (write_all(fd, data, n) != 0 || rename(beside, path) != 0) {
        rc = err_system(e, errno, "cannot write \"%s\"", path);
        unlink(beside);
    }
    close(fd);
out:
    free(beside);
    return rc;
}

int file_write(const char *path, const void *data, size_t n, struct err *e)
{
    char *real = realpath(path, NULL); /* a symlink stays one */
    struct stat st;
    int rc;

    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        rc = write_through(path, data, n, e);
    else
        rc = write_beside(real ? real : path, data, n, e);
    free(real);
    return rc;
}

int file_make_folders(const char *path, struct err *e)
{
    char *copy = mem_dup(path);
    char *p;
    int rc = 0;

    for (p = copy + 1; rc == 0 && *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            rc = err_system(e, errno, "cannot make folder \"%s\"", copy);
        *p = '/';
    }
    if (rc == 0 && mkdir(copy, 0700) != 0 && errno != EEXIST)
        rc = err_system(e, errno, "cannot make folder \"%s\"", copy);
    free(copy);
    return rc;
}

bool file_is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Without HOME, as under cron or systemd, the password file knows it as well. */
static const char *home_folder(void)
{
    const char *home = getenv("HOME");
    const struct passwd *user = home && *home ? NULL : getpwuid(getuid());

    if (user && user->pw_dir && user->pw_dir[0] == '/')
        return user->pw_dir;
    return home && *home ? home : "";
}

static char *xdg_folder(const char *variable, const char *fallback)
{
    const char *set = getenv(variable);

    /* The specification wants a relative path ignored. */
    if (set && set[0] == '/')
        return mem_format("%s/fettle", set);
    return mem_format("%s/%s/fettle", home_folder(), fallback);
}

char *file_state_folder(void)
{
    return xdg_folder("XDG_STATE_HOME", ".local/state");
}

char *file_config_folder(void)
{
    return xdg_folder("XDG_CONFIG_HOME", ".config");
}
