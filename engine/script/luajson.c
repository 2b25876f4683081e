/* luajson.c: between Lua's values and JSON's.
 *
 * From Lua only raw reads are used, and nothing that allocates in Lua: an error raised in the
 * middle would leak what jansson has built. */
#include "script/luajson.h"
#include "base/text.h"
#include "script/sandbox.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    lua_State *L;
    size_t left; /* values that may still come */
    struct err *e;
};

static json_t *convert(struct walk *w, int index, int depth);

static json_t *text_to_json(const char *text, size_t n)
{
    char *clean;
    json_t *j;

    if (text_is_utf8(text, n))
        return json_stringn(text, n);
    clean = text_clean_dup(text, n);
    j = json_string(clean);
    free(clean);
    return j;
}

static json_t *number_to_json(lua_State *L, int index)
{
    if (lua_isinteger(L, index))
        return json_integer(lua_tointeger(L, index));
    if (!isfinite(lua_tonumber(L, index)))
        return json_null(); /* JSON has neither infinity nor NaN */
    return json_real(lua_tonumber(L, index));
}

/* The number of items where all keys are 1..n, else -1. */
static long sequence_len(lua_State *L, int index)
{
    lua_Unsigned n = lua_rawlen(L, index), count = 0;

    lua_pushnil(L);
    while (lua_next(L, index)) {
        lua_pop(L, 1);
        count++;
        if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1 ||
            (lua_Unsigned)lua_tointeger(L, -1) > n) {
            lua_pop(L, 1);
            return -1;
        }
    }
    return count == n && n > 0 ? (long)n : -1;
}

static json_t *array_from(struct walk *w, int index, int depth)
{
    json_t *array = json_array();
    lua_Unsigned i, n = lua_rawlen(w->L, index);

    for (i = 1; i <= n; i++) {
        json_t *item;

        lua_rawgeti(w->L, index, (lua_Integer)i);
        item = convert(w, lua_gettop(w->L), depth);
        lua_pop(w->L, 1);
        if (!item || json_array_append_new(array, item) < 0) {
            json_decref(array);
            return NULL;
        }
    }
    return array;
}

/* A key as text; of other kinds there is no use in JSON. */
static char *key_text(lua_State *L, int index)
{
    char number[32];
    const char *text;
    size_t n;

    if (lua_type(L, index) == LUA_TSTRING) {
        text = lua_tolstring(L, index, &n);
        return text_clean_dup(text, n);
    }
    if (!lua_isinteger(L, index))
        return NULL;
    snprintf(number, sizeof number, "%lld", (long long)lua_tointeger(L, index));
    return strdup(number);
}

static json_t *object_from(struct walk *w, int index, int depth)
{
    json_t *object = json_object();

    lua_pushnil(w->L);
    while (lua_next(w->L, index)) {
        char *key = key_text(w->L, lua_gettop(w->L) - 1);
        json_t *value = NULL;

        if (key)
            value = convert(w, lua_gettop(w->L), depth);
        else
            err_set(w->e, ERR_DATA, "a table's key is neither a text nor an integer");
        lua_pop(w->L, 1);
        if (!value || json_object_set_new(object, key, value) < 0) {
            free(key);
            lua_pop(w->L, 1);
            json_decref(object);
            return NULL;
        }
        free(key);
    }
    return object;
}

static json_t *table_from(struct walk *w, int index, int depth)
{
    const char *type;
    json_t *j;
    int top = lua_gettop(w->L);

    if (depth >= LUAJSON_DEPTH || !lua_checkstack(w->L, 12)) {
        err_set(w->e, ERR_DATA, "tables are nested too deeply");
        return NULL;
    }
    lua_pushvalue(w->L, index);
    sandbox_thaw(w->L);
    index = lua_gettop(w->L);
    sandbox_push_jsontype(w->L, index);
    type = lua_type(w->L, -1) == LUA_TSTRING ? lua_tostring(w->L, -1) : "";
    if (strcmp(type, "null") == 0)
        j = json_null();
    else if (strcmp(type, "array") == 0)
        j = array_from(w, index, depth + 1);
    else if (strcmp(type, "object") != 0 && sequence_len(w->L, index) > 0)
        j = array_from(w, index, depth + 1);
    else
        j = object_from(w, index, depth + 1);
    lua_settop(w->L, top);
    return j;
}

static json_t *convert(struct walk *w, int index, int depth)
{
    const char *text;
    size_t n;

    if (w->left-- == 0) {
        w->left = 0;
        err_set(w->e, ERR_DATA, "there are too many values");
        return NULL;
    }
    switch (lua_type(w->L, index)) {
    case LUA_TNIL:
        return json_null();
    case LUA_TBOOLEAN:
        return json_boolean(lua_toboolean(w->L, index));
    case LUA_TNUMBER:
        return number_to_json(w->L, index);
    case LUA_TSTRING:
        text = lua_tolstring(w->L, index, &n);
        return text_to_json(text, n);
    case LUA_TTABLE:
        return table_from(w, index, depth);
    case LUA_TLIGHTUSERDATA:
        if (!lua_touserdata(w->L, index))
            return json_null();
        break;
    default:
        break;
    }
    err_set(w->e, ERR_DATA, "a %s cannot be written as JSON", lua_typename(w->L, lua_type(w->L, index)));
    return NULL;
}

json_t *luajson_from(lua_State *L, int index, size_t values, struct err *e)
{
    struct walk w = {L, values, e};
    int top = lua_gettop(L);
    json_t *j = NULL;

    if (lua_checkstack(L, 12))
        j = convert(&w, lua_absindex(L, index), 0);
    else
        err_set(e, ERR_DATA, "tables are nested too deeply");
    lua_settop(L, top);
    return j;
}

void luajson_push(lua_State *L, const json_t *j)
{
    const char *key;
    json_t *item;
    size_t i;

    luaL_checkstack(L, 4, NULL);
    if (json_is_object(j)) {
        lua_newtable(L);
        json_object_foreach((json_t *)j, key, item) {
            luajson_push(L, item);
            lua_setfield(L, -2, key);
        }
    } else if (json_is_array(j)) {
        lua_newtable(L);
        json_array_foreach(j, i, item) {
            luajson_push(L, item);
            lua_rawseti(L, -2, (lua_Integer)i + 1);
        }
    } else if (json_is_string(j)) {
        lua_pushlstring(L, json_string_value(j), json_string_length(j));
    } else if (json_is_integer(j)) {
        lua_pushinteger(L, json_integer_value(j));
    } else if (json_is_real(j)) {
        lua_pushnumber(L, json_real_value(j));
    } else if (json_is_boolean(j)) {
        lua_pushboolean(L, json_is_true(j));
    } else {
        lua_pushnil(L);
    }
}
