/* openssh_folder.c: a folder for the sockets of this loop's ssh.
 *
 * Whoever owns one holds a lock on a file in it.  A lock that can be taken is one whose owner has
 * been killed: a process number would say less, as others get it again. */
#include "io/openssh_folder.h"

#include "base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "fettle-ssh.", lock_name[] = "lock";

enum { PLACE_MAX = 60 }; /* a socket's path has 107 bytes, and ssh adds 17 while it makes one */

struct folder {
    char *path; /* NULL: none could be made */
    int lock;
    int error;
    unsigned count;
};

/* The lock of a folder: of a new one, or of one whose owner is gone; -1: it is neither. */
static int take_lock(int folder, bool make)
{
    int fd = openat(folder, lock_name,
                    O_RDWR | O_CLOEXEC | O_NOFOLLOW | (make ? O_CREAT | O_EXCL : 0), 0600);
    struct stat st;

    if (fd < 0)
        return -1;
    /* Between its making and its lock somebody may have swept it away. */
    if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 && st.st_nlink)
        return fd;
    close(fd);
    return -1;
}

/* Masters that are still ending find nothing to remove, which is fine with them. */
static void empty(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlinkat(folder, entry->d_name, 0);
    if (d)
        closedir(d);
    else if (fd >= 0)
        close(fd);
}

static void sweep_one(int place, const char *name)
{
    int folder = openat(place, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), lock = -1;
    struct stat st;

    if (folder >= 0 && fstat(folder, &st) == 0 && st.st_uid == geteuid())
        lock = take_lock(folder, false);
    if (lock >= 0) {
        empty(folder);
        unlinkat(place, name, AT_REMOVEDIR);
        close(lock);
    }
    if (folder >= 0)
        close(folder);
}

static void sweep(const char *place)
{
    DIR *d = opendir(place);
    struct dirent *entry;

    while (d && (entry = readdir(d)))
        if (strncmp(entry->d_name, prefix, sizeof prefix - 1) == 0)
            sweep_one(dirfd(d), entry->d_name);
    if (d)
        closedir(d);
}

static int folder_make(struct folder *f, const char *place)
{
    int fd;

    f->path = mem_format("%s/%sXXXXXX", place, prefix);
    if (!mkdtemp(f->path)) /* with mode 0700 */
        return -1;
    fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    f->lock = fd < 0 ? -1 : take_lock(fd, true);
    if (fd >= 0)
        close(fd);
    return f->lock < 0 ? -1 : 0;
}

static void *folder_keep(struct loop *l)
{
    const char *place = getenv("XDG_RUNTIME_DIR");
    struct folder *f = mem_alloc(sizeof *f);

    (void)l;
    if (!place || *place != '/' || strchr(place, '%') || strlen(place) > PLACE_MAX ||
        access(place, W_OK | X_OK) != 0)
        place = "/tmp";
    sweep(place);
    f->lock = -1;
    if (folder_make(f, place) == 0)
        return f;
    f->error = errno;
    free(f->path);
    f->path = NULL;
    return f;
}

static void folder_drop(void *kept)
{
    struct folder *f = kept;
    int fd = f->path ? open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd >= 0) {
        empty(fd);
        close(fd);
        rmdir(f->path);
    }
    if (f->lock >= 0)
        close(f->lock);
    free(f->path);
    free(f);
}

char *openssh_folder_path(struct loop *l, struct err *e)
{
    struct folder *f = loop_keep(l, folder_keep, folder_drop);

    if (f->path)
        return mem_format("%s/%u", f->path, f->count++);
    err_system(e, f->error, "cannot make a folder for ssh's control sockets in /tmp");
    return NULL;
}
