/* sandbox.h: a Lua state in which strangers' steps can do no harm.
 *
 * Text chunks only; no os, io, debug, coroutine, load; a hard cap on memory; modules from one
 * folder only.  What limits time is the task's (task.h): a budget of instructions.
 *
 * The cap holds while `capped` is set, which is while a task runs.  The engine's own calls
 * outside of one are few and small, and there a refused allocation would have nobody to
 * catch the error: Lua would abort. */
#ifndef FETTLE_SCRIPT_SANDBOX_H
#define FETTLE_SCRIPT_SANDBOX_H

#include "base/err.h"

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

struct chunks; /* chunk.h */

struct sandbox {
    lua_State *L;
    size_t used, max; /* bytes */
    bool capped;
    char *lua_folder;
    struct chunks *chunks; /* what other states have compiled already; may be NULL */
    int base_ref; /* the globals of modules, which a step's own globals fall back to */
};

enum { SANDBOX_MEMORY = 64 << 20 };

/* `kept` outlives the sandbox; NULL: none. */
int sandbox_init(struct sandbox *s, struct chunks *kept, const char *lua_folder, size_t memory_max,
                 struct err *e);
void sandbox_release(struct sandbox *s); /* fine on a zeroed one */

/* Compiles `text` and pushes the function, whose globals are the table on top of the stack (which
 * it pops).  Line 1 of the text is line `line` of `name`.  -1 and pops the table on a syntax error. */
int sandbox_load(struct chunks *kept, lua_State *L, const char *name, const char *text, size_t n,
                 size_t line, struct err *e);

/* Pushes a new table of globals: what the base has, by way of a metatable; a stray assignment
 * is an error.  Fill it with lua_rawset. */
void sandbox_push_globals(struct sandbox *s);

/* Replaces the table on top by one that reads the same and cannot be written to.
 * [may raise, memory only] */
void sandbox_freeze(lua_State *L);
/* The same for tables within tables, where they are plain (no metatable). [may raise] */
void sandbox_freeze_deep(lua_State *L);
/* Replaces a frozen table on top by what is inside; leaves anything else.  Never raises, never
 * allocates. */
void sandbox_thaw(lua_State *L);
/* Pushes the raw field `__jsontype` of the value's metatable, or nil.  Never raises. */
void sandbox_push_jsontype(lua_State *L, int index);

/* The parts of it that have their own files. */
void sandbox_open_base(lua_State *L);                  /* safe.c: fills the table on top */
void sandbox_open_require(struct sandbox *s);          /* modules.c: the same, with `require` */
int sandbox_call_protected(lua_State *L, lua_CFunction f, void *data, struct err *e);

#endif
