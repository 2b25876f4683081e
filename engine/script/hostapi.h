/* hostapi.h: what a step can call. */
#ifndef FETTLE_SCRIPT_HOSTAPI_H
#define FETTLE_SCRIPT_HOSTAPI_H

#include "base/err.h"

#include <jansson.h>
#include <lua.h>
#include <stddef.h>

struct world;

/* Loads the prelude into the world's state. */
int hostapi_open(struct world *w, struct err *e);

/* Pushes the globals of a step: `kind` is "symptom", "playbook" or "parse".  `symptom_ref` and
 * `found_ref` are references in the registry, or LUA_NOREF. */
int hostapi_push_globals(struct world *w, const char *kind, const json_t *params, int symptom_ref,
                         int found_ref, struct err *e);

/* The value at `index` as an argv, which lives as long as what this pushes.  `what` names it in
 * the error.  [raises] */
char *const *hostapi_argv(lua_State *L, int index, const char *what);

/* How a step ended, by what it returned. */
enum ending { ENDING_NONE, ENDING_GO, ENDING_VERDICT };
enum ending hostapi_ending(lua_State *co, int results);
void hostapi_push_ending(lua_State *L, enum ending how);

#endif
