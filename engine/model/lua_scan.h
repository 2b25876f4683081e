/* lua_scan.h: finds every `go` in a step's text, without knowing Lua.
 *
 * A lexer of comments, strings and names is enough: the branches of a playbook are
 * to be seen by a reader too, so `go` only takes a text written out. */
#ifndef FETTLE_MODEL_LUA_SCAN_H
#define FETTLE_MODEL_LUA_SCAN_H

#include <stddef.h>

struct lua_go {
    char *target; /* owned; NULL where something else than a plain text follows */
    size_t line;  /* of the text, from 1 */
};

/* Returns how many; `*list` is owned, see lua_scan_free(). */
size_t lua_scan_go(const char *text, size_t n, struct lua_go **list);
void lua_scan_free(struct lua_go *list, size_t count);

#endif
