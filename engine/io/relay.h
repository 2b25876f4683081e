/* relay.h: a stream whose way to the host is not there yet, or turns out to be the wrong one; for
 * engine/io only.
 *
 *     relay_new() -> relay_attach(inner) [-> over() -> relay_attach(another)] -> …
 *
 * What is written is kept until the host has said its first word: up to then nothing has been run
 * there, and another way may be tried. */
#ifndef FETTLE_IO_RELAY_H
#define FETTLE_IO_RELAY_H

#include "io/stream.h"

struct relay;

struct relay_calls {
    /* The inner stream ended; `fresh`: before the host said a word.  True (only if fresh): another
     * one has been attached.  Whoever changes the end keeps its text alive. */
    bool (*over)(void *owner, struct relay *r, struct stream_end *end, bool fresh);
    void (*gone)(void *owner, struct relay *r); /* closed by its user; freed after the call */
};

struct relay *relay_new(const struct relay_calls *owner_calls, void *owner,
                        const struct stream_calls *calls, void *data);
struct stream *relay_stream(struct relay *r);
const struct stream_calls *relay_inner_calls(void); /* what to open the inner stream with; data: `r` */
/* Takes `inner`, in place of the one before.  `opening`: from within the user's own call of open. */
void relay_attach(struct relay *r, struct stream *inner, bool opening);
bool relay_waits(const struct relay *r); /* nothing is attached */
/* There will be no way: from the loop only, as it tells the user. */
void relay_end(struct relay *r, const char *why);

#endif
