/* loop.h: the one event loop. */
#ifndef FETTLE_IO_LOOP_H
#define FETTLE_IO_LOOP_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct loop;
struct loop_timer;

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l); /* everything on it must be freed before */

/* Runs until `*done` or until nothing is left to wait for; -1 if `done` was never reached, or on
 * SIGINT/SIGTERM (then loop_interrupted() is true). */
int loop_run(struct loop *l, const bool *done);
bool loop_interrupted(const struct loop *l);
void loop_uninterrupt(struct loop *l); /* after an interruption has been dealt with */

/* What lives as long as the loop, such as a cache: the one that `drop` is for, made by `make` where
 * there is none yet.  `drop` may still close handles. */
void *loop_keep(struct loop *l, void *(*make)(struct loop *l), void (*drop)(void *kept));

/* Calls back once after `ms`; freed by itself then, or by loop_timer_stop(). */
struct loop_timer *loop_timer_start(struct loop *l, int64_t ms, void (*fire)(void *), void *data);
void loop_timer_stop(struct loop_timer *t); /* fine on NULL */

/* Calls back, on and on, when `fd` can be read without waiting.  NULL where that cannot be known:
 * for an ordinary file. */
struct loop_watch;
struct loop_watch *loop_watch_start(struct loop *l, int fd, void (*ready)(void *), void *data);
void loop_watch_stop(struct loop_watch *w); /* fine on NULL */

#endif
