/* diff.h: what an edit changes, as the unified diff that a person reads. */
#ifndef FETTLE_MODEL_DIFF_H
#define FETTLE_MODEL_DIFF_H

#include <stddef.h>

/* Three lines of context; headers "--- a/PATH" and "+++ b/PATH" (path without its first slash, so that
 * `patch -p1 -d /` takes it); "\ No newline at end of file" where it is so; empty where nothing differs.
 * An owned string.  The bytes are the files' own: clean them before a terminal sees them. */
char *diff_unified(const char *path, const char *before, size_t before_len, const char *after,
                   size_t after_len);

/* The same for a file that is new: its first header is "--- /dev/null". */
char *diff_created(const char *path, const char *content, size_t n);

#endif
