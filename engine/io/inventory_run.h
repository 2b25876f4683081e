/* inventory_run.h: an executable inventory, asked with `--list`. */
#ifndef FETTLE_IO_INVENTORY_RUN_H
#define FETTLE_IO_INVENTORY_RUN_H

#include "model/inventory.h"

enum { INVENTORY_RUN_MS = 60 * 1000 };

/* An inventory_runner.  The program is only run where nobody but its owner, who is the caller or
 * root, could have put it there: neither it nor any folder above it may be written by others.  It
 * has no terminal and no input; its answer and its time are bounded. */
int inventory_run(const char *path, struct buf *out, struct err *e);
/* The same with another bound of time. */
int inventory_run_within(const char *path, int timeout_ms, struct buf *out, struct err *e);

#endif
