/* verdict.h: what a step concludes, checked and copied out of Lua. */
#ifndef FETTLE_SCRIPT_VERDICT_H
#define FETTLE_SCRIPT_VERDICT_H

#include "model/finding.h"
#include "model/inventory.h"
#include "model/playbook.h"

#include <lua.h>

/* core.verdict(kind, table): into the `struct finding` that is the task's draft.  [raises] */
int verdict_take(lua_State *L);
/* core.symptom(state, table, evidence): into the `struct host_report`; the table itself is left in the
 * registry under the task's address.  [raises] */
int verdict_take_symptom(lua_State *L);

/* fixes.c: the list of fixes on top of the stack (popped) into `f`.  [raises; what was built so far
 * belongs to `f`] */
void fixes_take(lua_State *L, struct finding *f);
bool fix_may_edit(const struct playbook *b, const struct host *h, const char *path);

/* ---- fields of the table on top of the stack, for both files; all of these raise ---- */

struct place { /* "fixes[2].edits[1]", for messages */
    char text[80];
};
struct place place_at(const char *list, size_t i, const struct place *within);
void fields_only(lua_State *L, const char *where, const char *const *known);
char *field_text(lua_State *L, const char *where, const char *key, bool required); /* owned */
long field_int(lua_State *L, const char *where, const char *key, long least, long most,
               long fallback);
bool field_bool(lua_State *L, const char *where, const char *key);
/* Pushes the list, and returns its length; pushes an empty table where there is none. */
size_t field_list(lua_State *L, const char *where, const char *key, size_t most);
char **field_argv(lua_State *L, const char *where, const char *key); /* owned; NULL where absent */

#endif
