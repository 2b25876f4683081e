/* field.c: strict reading of the tables that steps hand over.  Every function here raises errors,
 * which name the field and the step's line; what it returns as owned is whole by then. */
#include "base/argv.h"
#include "base/mem.h"
#include "script/hostapi.h"
#include "script/task.h"
#include "script/verdict.h"

#include <lauxlib.h>
#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 64 << 10 };

struct place place_at(const char *list, size_t i, const struct place *within)
{
    struct place p;

    snprintf(p.text, sizeof p.text, "%.40s%s%.20s[%zu]", within ? within->text : "",
             within ? "." : "", list, i + 1);
    return p;
}

void fields_only(lua_State *L, const char *where, const char *const *known)
{
    if (!lua_istable(L, -1))
        task_fail(L, "%s is not a table", where);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "(no text)";
        size_t i;

        for (i = 0; known[i] && strcmp(known[i], key) != 0; i++)
            ;
        if (!known[i])
            task_fail(L, "%s has an unknown field \"%s\"", where, key);
        lua_pop(L, 1);
    }
}

char *field_text(lua_State *L, const char *where, const char *key, bool required)
{
    const char *text = NULL;
    size_t n = 0;
    char *copy;

    if (lua_getfield(L, -1, key) == LUA_TSTRING)
        text = lua_tolstring(L, -1, &n);
    else if (!lua_isnil(L, -1))
        task_fail(L, "%s: \"%s\" is not a text", where, key);
    if (required && n == 0)
        task_fail(L, "%s lacks \"%s\"", where, key);
    if (n > TEXT_MAX || (text && strlen(text) != n))
        task_fail(L, "%s: \"%s\" has a NUL or is too long", where, key);
    copy = mem_dup(text);
    lua_pop(L, 1);
    return copy;
}

long field_int(lua_State *L, const char *where, const char *key, long least, long most,
               long fallback)
{
    long n = fallback;
    int is_int = 1;

    if (lua_getfield(L, -1, key) != LUA_TNIL)
        n = (long)lua_tointegerx(L, -1, &is_int);
    if (!is_int || lua_type(L, -1) == LUA_TSTRING || n < least || n > most)
        task_fail(L, "%s: \"%s\" is not an integer from %ld to %ld", where, key, least, most);
    lua_pop(L, 1);
    return n;
}

bool field_bool(lua_State *L, const char *where, const char *key)
{
    bool b;

    if (lua_getfield(L, -1, key) != LUA_TNIL && !lua_isboolean(L, -1))
        task_fail(L, "%s: \"%s\" is not true or false", where, key);
    b = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return b;
}

size_t field_list(lua_State *L, const char *where, const char *key, size_t most)
{
    lua_Integer n;

    if (lua_getfield(L, -1, key) == LUA_TNIL) {
        lua_pop(L, 1);
        lua_newtable(L);
    }
    if (!lua_istable(L, -1))
        task_fail(L, "%s: \"%s\" is not a list", where, key);
    n = luaL_len(L, -1);
    if (n < 0 || (size_t)n > most)
        task_fail(L, "%s: \"%s\" has more than %zu items", where, key, most);
    return (size_t)n;
}

char **field_argv(lua_State *L, const char *where, const char *key)
{
    char **argv = NULL;
    char what[160];

    snprintf(what, sizeof what, "%s: \"%s\"", where, key);
    if (lua_getfield(L, -1, key) != LUA_TNIL) {
        argv = argv_dup(hostapi_argv(L, -1, what));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return argv;
}
