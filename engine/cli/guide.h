/* guide.h: leads a person through the fixes that a diagnosis proposes. */
#ifndef FETTLE_CLI_GUIDE_H
#define FETTLE_CLI_GUIDE_H

#include "cli/changes.h"
#include "cli/session.h"

struct guide {
    struct session *session;
    struct style text; /* as the session's, or standard error where JSON has standard output */
    bool dry_run, can_ask;
    struct approvals approved;
    bool refused;      /* a question came up that nobody could be asked */
    bool not_accepted; /* a fix was proved wrong */
    bool stopped, interrupted;
};

/* Shows, proves and asks, host by host and cause by cause; changes nothing. */
void guide_all(struct guide *g);

#endif
