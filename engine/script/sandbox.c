/* sandbox.c: the state itself: memory, loading of text, globals. */
#include "script/sandbox.h"
#include "base/mem.h"
#include "script/chunk.h"

#include <lauxlib.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Lua asks first and collects garbage when refused, so a refusal here is the cap at work and
 * not yet an error; that comes, as "not enough memory", when collecting did not help. */
static void *allocate(void *data, void *p, size_t old, size_t size)
{
    struct sandbox *s = data;
    void *fresh;

    if (!p)
        old = 0; /* then `old` says what kind of object it will be */
    if (size == 0) {
        free(p);
        s->used -= old;
        return NULL;
    }
    if (s->capped && size > old && (size - old > s->max || s->used > s->max - (size - old)))
        return NULL;
    fresh = realloc(p, size);
    if (fresh)
        s->used += size - old;
    return fresh;
}

/* Lua shortens a long file name at its start; the whole name is put back. */
static void set_syntax_error(lua_State *L, const char *name, struct err *e)
{
    const char *text = lua_tostring(L, -1);
    const char *rest = text ? strstr(text, ":") : NULL;

    if (rest && rest != text)
        err_set(e, ERR_DATA, "%s%s", name, rest);
    else
        err_set(e, ERR_DATA, "%s: %s", name, text ? text : "cannot be compiled");
}

int sandbox_load(struct chunks *kept, lua_State *L, const char *name, const char *text, size_t n,
                 size_t line, struct err *e)
{
    char *chunk = mem_format("@%s", name);
    int status = chunk_load(kept, L, &(struct chunk_source){chunk, text, n, line});

    free(chunk);
    if (status != LUA_OK) {
        set_syntax_error(L, name, e);
        lua_pop(L, 2);
        return -1;
    }
    lua_insert(L, -2);
    if (!lua_setupvalue(L, -2, 1))
        lua_pop(L, 1);
    return 0;
}

static int refuse_global(lua_State *L)
{
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "?";

    return luaL_error(L, "global \"%s\" cannot be set: use local, or found to keep a value for the "
                         "next step", name);
}

void sandbox_push_globals(struct sandbox *s)
{
    lua_State *L = s->L;

    lua_newtable(L);
    lua_createtable(L, 0, 3);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->base_ref);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, refuse_global);
    lua_setfield(L, -2, "__newindex");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
}

/* Runs `f` with `data` as its one argument, a light userdata, so that no error can leave. */
int sandbox_call_protected(lua_State *L, lua_CFunction f, void *data, struct err *e)
{
    lua_pushcfunction(L, f);
    lua_pushlightuserdata(L, data);
    if (lua_pcall(L, 1, 0, 0) == LUA_OK)
        return 0;
    err_set(e, ERR_INTERNAL, "%s", lua_tostring(L, -1) ? lua_tostring(L, -1) : "lua failed");
    lua_pop(L, 1);
    return -1;
}

static int open_all(lua_State *L)
{
    struct sandbox *s = lua_touserdata(L, 1);

    lua_newtable(L);
    sandbox_open_base(L);
    sandbox_open_require(s);
    sandbox_freeze(L);
    s->base_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int sandbox_init(struct sandbox *s, struct chunks *kept, const char *lua_folder, size_t memory_max,
                 struct err *e)
{
    memset(s, 0, sizeof *s);
    s->chunks = kept;
    s->max = memory_max ? memory_max : SANDBOX_MEMORY;
    s->lua_folder = mem_dup(lua_folder);
    s->L = lua_newstate(allocate, s);
    if (!s->L)
        return err_set(e, ERR_INTERNAL, "out of memory for lua");
    *(void **)lua_getextraspace(s->L) = NULL; /* a task's threads keep their task here */
    if (sandbox_call_protected(s->L, open_all, s, e) < 0) {
        sandbox_release(s);
        return -1;
    }
    return 0;
}

void sandbox_release(struct sandbox *s)
{
    if (s->L)
        lua_close(s->L);
    free(s->lua_folder);
    memset(s, 0, sizeof *s);
}
