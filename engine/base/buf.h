/* buf.h: a growing byte buffer that is born with its ceiling.
 *
 * `data` always ends in a NUL that `len` does not count, also when empty.
 * Adding beyond `max` adds what fits, sets `cut` and returns -1; a caller that
 * must not lose bytes checks, a caller that keeps a host's output only notes it. */
#ifndef FETTLE_BASE_BUF_H
#define FETTLE_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data;
    size_t len;
    size_t max; /* bytes, without the NUL */
    size_t cap;
    bool cut;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b); /* fine on a zeroed buffer */
int buf_add(struct buf *b, const void *data, size_t n);
int buf_puts(struct buf *b, const char *s);
int buf_addf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buf_drop(struct buf *b, size_t n); /* forgets the first n bytes */
void buf_clear(struct buf *b);          /* empty again, memory kept */
char *buf_take(struct buf *b);          /* ownership moves; the buffer is empty afterwards */

#endif
