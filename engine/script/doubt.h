/* doubt.h: no verdict rests on what a host did not finish saying.
 *
 * A read that had no end (out of time, broken off) looks to a step like one that found nothing.  So
 * the engine keeps those of each task; a verdict that does not show one of them as its evidence has
 * not considered it, and becomes inconclusive. */
#ifndef FETTLE_SCRIPT_DOUBT_H
#define FETTLE_SCRIPT_DOUBT_H

#include "io/reader.h"
#include "model/finding.h"

struct doubts { /* zeroed at first; as many as the task has reads, at most */
    struct evidence *list;
    size_t count;
};

/* Takes note of a read that had no end; of any other it does nothing. */
void doubts_note(struct doubts *d, const char *host, char *const *argv, const struct result *r);
void doubts_release(struct doubts *d);
/* The first that is not among the evidence of `shown`, or NULL. */
const struct evidence *doubts_first(const struct doubts *d, const struct evidence *shown, size_t n);
/* "`cat -- /etc/x` on web1 did not end in time: …"; owned */
char *doubt_text(const struct evidence *missing);
struct evidence *doubt_evidence(const struct evidence *missing); /* one, owned */

#endif
