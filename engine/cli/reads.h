/* reads.h: each command that was run on a host, into the record and before a person's eyes. */
#ifndef FETTLE_CLI_READS_H
#define FETTLE_CLI_READS_H

#include "cli/session.h"

struct request;
struct result;

/* io/target.h's on_read; `data` is the session. */
void reads_note(void *data, const struct host *h, const struct request *q, const struct result *r);

#endif
