/* wait.h: waits for the end of what change/ does on a host. */
#ifndef FETTLE_CLI_WAIT_H
#define FETTLE_CLI_WAIT_H

#include "change/apply.h"
#include "cli/session.h"

struct wait {
    struct session *session;
    const char *host;
    bool done;
    struct change_result result;
};

void wait_done(void *data, const struct change_result *r); /* change_done; copies the result */
void wait_release(struct wait *w);

#endif
