/* loop_uv.h: the loop as libuv knows it; for engine/io only. */
#ifndef FETTLE_IO_LOOP_UV_H
#define FETTLE_IO_LOOP_UV_H

#include "io/loop.h"

#include <uv.h>

uv_loop_t *loop_uv(struct loop *l);

#endif
