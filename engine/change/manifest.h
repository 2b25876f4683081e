/* manifest.h: the approved fixes of one host, merged, and as the bytes that go there.
 *
 * The wire format is stated at the head of boot.sh (the payload) and of txn.sh (the manifest). */
#ifndef FETTLE_CHANGE_MANIFEST_H
#define FETTLE_CHANGE_MANIFEST_H

#include "base/buf.h"
#include "base/err.h"
#include "model/finding.h"

#include <stddef.h>

enum { MANIFEST_COMMAND_S = 90, MANIFEST_VALIDATE_S = 30, PAYLOAD_MAX = 64 << 20 };

/* Everything in it is borrowed from the fixes, except for the lists themselves. */
struct manifest {
    struct fix *const *fixes;
    size_t fix_count;
    const struct edit **edits;
    size_t edit_count;
    const struct command **commands;
    size_t command_count;
    char *const **validates;
    size_t validate_count;
    char *const **reactivates; /* what activates the edited files again once they are put back */
    size_t reactivate_count;
};

/* Edits in their order; a file edited twice is refused, unless to the same bytes.  Of equal
 * commands one stays: of activations the last (once, when all is in place), of others the first. */
int manifest_init(struct manifest *m, struct fix *const *fixes, size_t count, struct err *e);
void manifest_release(struct manifest *m);
void manifest_format(const struct manifest *m, const char *run, const char *owner,
                     int confirm_timeout_s, struct buf *b);
int manifest_seconds(const struct manifest *m); /* at most, put back included */

void manifest_encode(struct buf *b, const char *word); /* percent-encodes what is not plain */

/* The whole payload of modes apply and prove; -1 where it would be more than PAYLOAD_MAX. */
int payload_build(struct buf *b, const struct manifest *m, const char *mode, const char *run,
                  const char *owner, int confirm_timeout_s, struct err *e);
/* The others' (confirm, revert, undo, recover, follow from line `from`, 0 for all). */
void payload_ask(struct buf *b, const char *mode, const char *run, long from);

#endif
