/* batch.h: how many hosts are changed side by side, as --batch says it: "1,10%". */
#ifndef FETTLE_CLI_BATCH_H
#define FETTLE_CLI_BATCH_H

#include "base/err.h"

#include <stddef.h>

int batch_check(const char *spec, struct err *e); /* ERR_USAGE */
/* Of batch number `index`, counted from 0; the last size stands for all that follow.  Percents are of
 * all hosts, and one host at least.  NULL for one host after the other. */
size_t batch_size(const char *spec, size_t index, size_t hosts);

#endif
