/* chunk.h: Lua text compiled once for all hosts.
 *
 * Each host has a state of its own, and compiling what all of them run is more work than running
 * it.  What is kept is what lua_dump() gives of text that this process has compiled itself; code
 * in that form from anywhere else is never loaded. */
#ifndef FETTLE_SCRIPT_CHUNK_H
#define FETTLE_SCRIPT_CHUNK_H

#include "io/loop.h"

#include <lua.h>
#include <stddef.h>

struct chunks;

struct chunk_source {
    const char *name; /* as Lua takes it: "@FILE" */
    const char *text;
    size_t n;
    size_t line; /* the number of the text's first line in FILE; 0 as 1 */
};

struct chunks *chunks_of(struct loop *l); /* lives as long as the loop */

/* Pushes the function, or the error's text: lua_load()'s status.  NULL for `c` keeps nothing. */
int chunk_load(struct chunks *c, lua_State *L, const struct chunk_source *source);

#endif
