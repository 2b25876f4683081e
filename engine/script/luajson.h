/* luajson.h: between Lua's values and JSON's. */
#ifndef FETTLE_SCRIPT_LUAJSON_H
#define FETTLE_SCRIPT_LUAJSON_H

#include "base/err.h"

#include <jansson.h>
#include <lua.h>

enum { LUAJSON_DEPTH = 60 };

/* The value at `index` as JSON, at most `values` of them; NULL with an error.  Never raises, never
 * runs Lua.  Texts that are not UTF-8 are cleaned as text_clean() does.  A table is an array
 * where its metatable has __jsontype = "array", or all its keys are 1..n (n > 0); null where
 * __jsontype = "null"; an object else.  A null light userdata is null too. */
json_t *luajson_from(lua_State *L, int index, size_t values, struct err *e);

/* Pushes it as tables; members that are null are left out.  [may raise, memory only] */
void luajson_push(lua_State *L, const json_t *j);

#endif
