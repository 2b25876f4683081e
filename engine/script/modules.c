/* modules.c: `require`, from one folder and nowhere else.
 *
 * A module is loaded once for each state, with the base's globals, and what it returns is
 * frozen: one playbook cannot change what another one calls. */
#include "base/file.h"
#include "base/mem.h"
#include "script/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum { MODULE_MAX = 1 << 20, NAME_LEN_MAX = 64 };

static bool is_name(const char *s, size_t n)
{
    return n > 0 && n <= NAME_LEN_MAX && strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == n &&
           s[n] == 0;
}

/* Everything that C owns is gone before an error is raised. */
static int load_module(struct sandbox *s, lua_State *L, const char *name, struct err *e)
{
    char *path = mem_format("%s/%s.lua", s->lua_folder, name);
    char *shown = mem_format("lua/%s.lua", name);
    struct buf text;
    int status = file_read(path, MODULE_MAX, &text, e);

    if (status == 0) {
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->base_ref);
        status = sandbox_load(s->chunks, L, shown, text.data, text.len, 1, e);
    }
    buf_release(&text);
    free(shown);
    free(path);
    return status;
}

/* upvalues: the sandbox, a table name -> what the module returned (true while it loads) */
static int require(lua_State *L)
{
    struct sandbox *s = lua_touserdata(L, lua_upvalueindex(1));
    struct err e;
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);

    lua_settop(L, 1);
    if (!is_name(name, n))
        return luaL_error(L, "module names are of a-z, 0-9 and _, and \"%s\" is not", name);
    lua_pushvalue(L, 1);
    if (lua_rawget(L, lua_upvalueindex(2)) == LUA_TBOOLEAN)
        return luaL_error(L, "module \"%s\" requires itself", name);
    if (!lua_isnil(L, -1))
        return 1;
    if (load_module(s, L, name, &e) < 0)
        return luaL_error(L, "cannot load module \"%s\": %s", name, e.text);
    lua_pushvalue(L, 1);
    lua_pushboolean(L, 1);
    lua_rawset(L, lua_upvalueindex(2));
    if (lua_pcall(L, 0, 1, 0) != LUA_OK) { /* not "requires itself" the next time */
        lua_pushvalue(L, 1);
        lua_pushnil(L);
        lua_rawset(L, lua_upvalueindex(2));
        return lua_error(L);
    }
    if (!lua_istable(L, -1))
        return luaL_error(L, "module \"%s\" does not return a table", name);
    sandbox_freeze_deep(L);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, lua_upvalueindex(2));
    return 1;
}

void sandbox_open_require(struct sandbox *s)
{
    lua_pushlightuserdata(s->L, s);
    lua_newtable(s->L);
    lua_pushcclosure(s->L, require, 2);
    lua_setfield(s->L, -2, "require");
}
