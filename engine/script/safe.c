/* safe.c: the standard functions that a step has, and those replaced by safe ones.
 *
 * What is missing is missing on purpose: load and its like (code out of data), collectgarbage
 * (it can stop the collector), coroutine (a coroutine of the step's own would escape the
 * budget's hook), string.dump (bytecode), math.random (a replay must go the same way). */
#include "script/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <string.h>

/* Raised errors are fine here: all of this runs in protected mode. */

static const char frozen_key, jsontype_key; /* their addresses are keys of the registry */

/* ---- tables that cannot be written to ---- */

static int refuse_write(lua_State *L)
{
    return luaL_error(L, "this table is read only");
}

static int frozen_len(lua_State *L)
{
    lua_pushinteger(L, luaL_len(L, lua_upvalueindex(1)));
    return 1;
}

static int frozen_next(lua_State *L)
{
    lua_settop(L, 2);
    lua_pushvalue(L, 1);
    sandbox_thaw(L);
    lua_replace(L, 1);
    if (lua_next(L, 1))
        return 2;
    lua_pushnil(L);
    return 1;
}

static int frozen_pairs(lua_State *L)
{
    lua_pushcfunction(L, frozen_next);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushnil(L);
    return 3;
}

void sandbox_freeze(lua_State *L)
{
    luaL_checkstack(L, 6, NULL);
    lua_newtable(L);
    lua_createtable(L, 0, 6);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__frozen");
    lua_pushcfunction(L, refuse_write);
    lua_setfield(L, -2, "__newindex");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, frozen_len, 1);
    lua_setfield(L, -2, "__len");
    lua_pushvalue(L, -3);
    lua_pushcclosure(L, frozen_pairs, 1);
    lua_setfield(L, -2, "__pairs");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_remove(L, -2);
}

/* A table with a metatable is left alone (it may be a marker that is compared, or an object),
 * as are an empty one (the same) and one that serves as a metatable. */
static bool is_plain(lua_State *L, int index)
{
    bool plain;

    if (!lua_istable(L, index) || lua_getmetatable(L, index))
        return lua_istable(L, index) && (lua_pop(L, 1), false);
    lua_pushvalue(L, index);
    lua_pushliteral(L, "__index");
    plain = lua_rawget(L, -2) == LUA_TNIL;
    lua_pop(L, 1);
    lua_pushnil(L);
    if (!lua_next(L, -2)) {
        lua_pop(L, 1);
        return false;
    }
    lua_pop(L, 3);
    return plain;
}

/* table on top, `seen` (inner -> frozen) below it */
static void freeze_within(lua_State *L, int seen, int depth)
{
    int inner = lua_gettop(L);

    luaL_checkstack(L, 12, NULL);
    if (depth > 100)
        luaL_error(L, "tables are nested too deeply");
    lua_pushvalue(L, inner);
    sandbox_freeze(L);
    lua_pushvalue(L, inner);
    lua_pushvalue(L, -2);
    lua_rawset(L, seen);
    lua_pushnil(L);
    while (lua_next(L, inner)) { /* key and value at inner + 2 and + 3 */
        if (!is_plain(L, inner + 3)) {
            lua_pop(L, 1);
            continue;
        }
        lua_pushvalue(L, inner + 3);
        if (lua_rawget(L, seen) == LUA_TNIL) {
            lua_pop(L, 1);
            freeze_within(L, seen, depth + 1);
        } else {
            lua_replace(L, inner + 3);
        }
        lua_pushvalue(L, inner + 2);
        lua_insert(L, inner + 3);
        lua_rawset(L, inner);
    }
    lua_remove(L, inner);
}

void sandbox_freeze_deep(lua_State *L)
{
    if (!is_plain(L, lua_gettop(L)))
        return;
    lua_newtable(L);
    lua_insert(L, -2);
    freeze_within(L, lua_gettop(L) - 1, 0);
    lua_remove(L, -2);
}

void sandbox_thaw(lua_State *L)
{
    if (!lua_istable(L, -1) || !lua_checkstack(L, 3) || !lua_getmetatable(L, -1))
        return;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &frozen_key);
    lua_rawget(L, -2);
    lua_remove(L, -2);
    if (lua_istable(L, -1))
        lua_remove(L, -2);
    else
        lua_pop(L, 1);
}

void sandbox_push_jsontype(lua_State *L, int index)
{
    if (!lua_getmetatable(L, index)) {
        lua_pushnil(L);
        return;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &jsontype_key);
    lua_rawget(L, -2);
    lua_remove(L, -2);
}

/* ---- replaced functions ---- */

static int safe_next(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    return frozen_next(L);
}

static int safe_getmetatable(lua_State *L)
{
    luaL_checkany(L, 1);
    if (lua_type(L, 1) != LUA_TTABLE || !lua_getmetatable(L, 1)) {
        lua_pushnil(L); /* a string's metatable would be everybody's */
        return 1;
    }
    luaL_getmetafield(L, 1, "__metatable");
    return 1;
}

static void refuse_protected(lua_State *L)
{
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        luaL_error(L, "this table is read only");
}

/* A finaliser runs with hooks off, out of the budget's reach. */
static int safe_setmetatable(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, lua_isnoneornil(L, 2) || lua_istable(L, 2), 2, "nil or table");
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL)
        return luaL_error(L, "cannot change a protected metatable");
    lua_settop(L, 2);
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL)
            return luaL_error(L, "a metatable may not have __gc");
        lua_settop(L, 2);
    }
    lua_setmetatable(L, 1);
    return 1;
}

static int safe_rawset(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checkany(L, 3);
    lua_settop(L, 3);
    refuse_protected(L);
    lua_rawset(L, 1);
    lua_settop(L, 1);
    return 1;
}

/* stack: f, handler, true, then results or the error */
static int xpcall_end(lua_State *L, int status, lua_KContext ctx)
{
    (void)ctx;
    if (status == LUA_OK || status == LUA_YIELD)
        return lua_gettop(L) - 2;
    lua_pushvalue(L, 2);
    lua_insert(L, -2);
    lua_call(L, 1, 1);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

/* The handler runs after the error, not on top of it as Lua's own would: on top of an
 * exhausted budget it would run with the hook off, for ever if it likes. */
static int safe_xpcall(lua_State *L)
{
    int given = lua_gettop(L) - 2;

    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushboolean(L, 1);
    lua_insert(L, 3);
    lua_pushvalue(L, 1);
    lua_insert(L, 4);
    return xpcall_end(L, lua_pcallk(L, given, LUA_MULTRET, 0, 0, xpcall_end), 0);
}

/* ---- patterns, which run in C where no hook counts ---- */

enum { PATTERN_MAX = 1024, ITEMS_MAX = 40, BIG_SUBJECT = 64 << 10, BIG_ITEMS_MAX = 6 };

static const char *skip_set(const char *p, const char *end)
{
    if (p < end && *p == '^')
        p++;
    do {
        if (p < end && *p++ == '%' && p < end)
            p++;
    } while (p < end && *p != ']');
    return p < end ? p + 1 : end;
}

/* Each repeated item multiplies what a mismatch costs by the subject's length. */
static int repeated_items(const char *p, const char *end)
{
    int count = 0;

    while (p < end) {
        char c = *p++;

        if (c == '(' || c == ')')
            continue;
        if (c == '%' && p < end) {
            c = *p++;
            if (c == 'b')
                p = end - p > 2 ? p + 2 : end;
        } else if (c == '[') {
            p = skip_set(p, end);
        }
        if (p < end && memchr("*+-?", *p, 4)) {
            count++;
            p++;
        }
    }
    return count;
}

static void check_pattern(lua_State *L)
{
    size_t subject, n;
    const char *pattern;
    int items;

    luaL_checklstring(L, 1, &subject);
    pattern = luaL_checklstring(L, 2, &n);
    items = repeated_items(pattern, pattern + n);
    if (n > PATTERN_MAX && items > 0)
        luaL_error(L, "pattern is longer than %d bytes", PATTERN_MAX);
    if (items > ITEMS_MAX || (subject > BIG_SUBJECT && items > BIG_ITEMS_MAX))
        luaL_error(L, "pattern repeats %d items, too many for a subject of %d bytes: match it line "
                      "by line", items, (int)subject);
}

static int checked_match(lua_State *L)
{
    lua_CFunction original = lua_tocfunction(L, lua_upvalueindex(1));

    check_pattern(L);
    return original(L);
}

static int checked_find(lua_State *L)
{
    lua_CFunction original = lua_tocfunction(L, lua_upvalueindex(1));

    if (!lua_toboolean(L, 4))
        check_pattern(L);
    return original(L);
}

/* ---- putting them together ---- */

static void copy_fields(lua_State *L, int from, const char *const *names)
{
    for (; *names; names++) {
        lua_getfield(L, from, *names);
        lua_setfield(L, -2, *names);
    }
}

/* Opens a library as a table of its own, not in the global table. */
static void push_library(lua_State *L, const char *name, lua_CFunction open)
{
    luaL_requiref(L, name, open, 0);
}

static void wrap_field(lua_State *L, const char *name, lua_CFunction wrapper)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, wrapper, 1);
    lua_setfield(L, -2, name);
}

static void drop_field(lua_State *L, const char *name)
{
    lua_pushnil(L);
    lua_setfield(L, -2, name);
}

/* base on top: adds `string`, and makes it what methods of strings are looked up in */
static void open_string(lua_State *L)
{
    push_library(L, "string", luaopen_string);
    drop_field(L, "dump");
    wrap_field(L, "find", checked_find);
    wrap_field(L, "match", checked_match);
    wrap_field(L, "gmatch", checked_match);
    wrap_field(L, "gsub", checked_match);
    sandbox_freeze(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "__index");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 2);
    lua_setfield(L, -2, "string");
}

static void open_library(lua_State *L, const char *name, lua_CFunction open)
{
    push_library(L, name, open);
    drop_field(L, "random");
    drop_field(L, "randomseed");
    sandbox_freeze(L);
    lua_setfield(L, -2, name);
}

/* Nothing may stay reachable by another way than the table that steps see. */
static void clear_globals(lua_State *L)
{
    lua_newtable(L);
    lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
    lua_newtable(L);
    lua_setfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
}

void sandbox_open_base(lua_State *L)
{
    static const char *const kept[] = {"ipairs", "pairs", "select", "tostring", "tonumber",
                                       "type", "error", "assert", "pcall", "rawget",
                                       "rawequal", "rawlen", "_VERSION", NULL};
    static const luaL_Reg replaced[] = {{"next", safe_next},
                                        {"getmetatable", safe_getmetatable},
                                        {"setmetatable", safe_setmetatable},
                                        {"rawset", safe_rawset},
                                        {"xpcall", safe_xpcall},
                                        {NULL, NULL}};

    lua_pushliteral(L, "__frozen");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &frozen_key);
    lua_pushliteral(L, "__jsontype");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &jsontype_key);
    push_library(L, LUA_GNAME, luaopen_base);
    lua_insert(L, -2);
    copy_fields(L, lua_gettop(L) - 1, kept);
    lua_remove(L, -2);
    luaL_setfuncs(L, replaced, 0);
    open_string(L);
    open_library(L, LUA_TABLIBNAME, luaopen_table);
    open_library(L, LUA_MATHLIBNAME, luaopen_math);
    open_library(L, LUA_UTF8LIBNAME, luaopen_utf8);
    clear_globals(L);
}
