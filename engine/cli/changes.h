/* changes.h: fixes that were said yes to, carried out host by host. */
#ifndef FETTLE_CLI_CHANGES_H
#define FETTLE_CLI_CHANGES_H

#include "cli/session.h"

struct approvals {
    struct fix **fixes; /* borrowed from the session's document */
    size_t count;
};

void approvals_add(struct approvals *a, struct fix *f);
void approvals_release(struct approvals *a);

/* Is the edited configuration accepted, in a private copy?  Sets `f->proof` to a sentence. */
enum proof { PROOF_ACCEPTED, PROOF_NOT_ACCEPTED, PROOF_NOT_POSSIBLE, PROOF_INTERRUPTED };
enum proof changes_prove(struct session *s, struct fix *f);

/* All fixes of one host are one transaction, the hosts come one after the other, and after one
 * that failed no other is touched.  Sets the statuses of fixes and hosts; gives the exit code. */
int changes_carry_out(struct session *s, const struct approvals *a);
/* Takes back what `run` changed on the report's host, and sets its status; gives the exit code. */
int changes_undo(struct session *s, struct host_report *report, const char *run);
/* Puts back what `run` left there when it was cut off; NULL: whatever run. */
int changes_recover(struct session *s, struct host_report *report, const char *run);

#endif
