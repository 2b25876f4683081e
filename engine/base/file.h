/* file.h: whole files of the operator's side, bounded and written atomically. */
#ifndef FETTLE_BASE_FILE_H
#define FETTLE_BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>

/* Reads `path` ("-" is standard input) into `b`, which the call initialises (also on
 * failure).  A file of more than `max` bytes is an error, and none of it is kept. */
int file_read(const char *path, size_t max, struct buf *b, struct err *e);

/* Writes beside and renames; mode 0600.  The folder must exist.  A symlink stays, what it leads to is
 * replaced; what is no file (a device, a pipe) is written to and never replaced. */
int file_write(const char *path, const void *data, size_t n, struct err *e);

/* mkdir -p with mode 0700 for what is new. */
int file_make_folders(const char *path, struct err *e);

bool file_is_folder(const char *path);

/* The user's folders, as XDG Base Directory says; owned strings that end in "/fettle". */
char *file_state_folder(void);
char *file_config_folder(void);

#endif
