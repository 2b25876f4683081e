/* survey.h: what earlier changes left on a host, read through the door to read.
 *
 * The places and lines are those at the head of txn.sh.  What cannot be read is as good as not there:
 * the transaction itself looks again, under the lock, before it touches anything. */
#ifndef FETTLE_CHANGE_SURVEY_H
#define FETTLE_CHANGE_SURVEY_H

#include "io/target.h"

#include <stddef.h>
#include <stdint.h>

struct survey_spent {
    char *fix, *run, *owner;
    int64_t epoch;
};

struct survey_found {
    char *unfinished; /* a sentence: a change is at work there, or was cut off; or NULL */
    struct survey_spent *spent; /* the fixes made within the last hour */
    size_t spent_count;
};

struct survey;
typedef void survey_done(void *data, struct survey_found *found); /* takes what is in `found` */

struct survey *survey_start(struct target *t, survey_done *done, void *data);
void survey_cancel(struct survey *l); /* no call any more; fine on NULL */

/* Why the transaction would refuse this fix now, a sentence; NULL: it would not. */
char *survey_over_budget(const struct survey_found *found, const char *fix);
void survey_found_release(struct survey_found *found);

#endif
