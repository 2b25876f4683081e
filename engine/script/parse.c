/* parse.c: lua/parse.lua's kinds as filters. */
#include "script/parse.h"
#include "base/mem.h"
#include "io/loop.h"
#include "script/hostapi.h"
#include "script/luajson.h"
#include "script/task.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_COST = 2000, JSON_VALUES = 50000000 };

struct parse {
    struct world world;
    struct task task;
    struct err *e;
    json_t *json;
    bool done;
};

/* `source` comes out of the globals, so that `kinds` get it as an argument and nothing else.  A list of
 * what exists is made in the order of names, for the error. */
static const char program[] =
    "local kind, text, path = ...\n"
    "local kinds = require('parse').kinds\n"
    "if not kinds[kind] then\n"
    "    local names = {}\n"
    "    for name in pairs(kinds) do names[#names + 1] = name end\n"
    "    table.sort(names)\n"
    "    return 'unknown', table.concat(names, ', ')\n"
    "end\n"
    "source.path = path\n"
    "local value, message = kinds[kind](text, source)\n"
    "if value ~= nil then return 'good', value end\n"
    "if type(message) == 'table' and message.message then\n" /* nginx_grammar's shape */
    "    message = ('line %s, column %s: %s'):format(message.line, message.column, message.message)\n"
    "end\n"
    "return 'bad', tostring(message)\n";

/* The files that an include names, on the machine where fettle runs. */
static bool reads_files(char *const *argv)
{
    if (argv[0] && argv[1] && argv[2] && strcmp(argv[0], "cat") == 0)
        return strcmp(argv[1], "--") == 0 && !argv[3];
    return argv[0] && argv[1] && argv[2] && argv[3] && !argv[4] && strcmp(argv[0], "ls") == 0 &&
           strcmp(argv[1], "-1A") == 0 && strcmp(argv[2], "--") == 0;
}

/* on_end */
static void ended(struct task *t, int results, const char *error)
{
    struct parse *p = t->data;
    const char *how = !error && results == 2 ? lua_tostring(t->co, -2) : NULL;

    p->done = true;
    if (!how)
        err_set(p->e, ERR_INTERNAL, "%s", error ? error : "parser gave nothing");
    else if (strcmp(how, "good") == 0)
        p->json = luajson_from(t->co, -1, JSON_VALUES, p->e);
    else if (strcmp(how, "bad") == 0)
        err_set(p->e, ERR_DATA, "cannot read as \"%s\": %s", t->step, lua_tostring(t->co, -1));
    else
        err_set(p->e, ERR_USAGE, "unknown kind \"%s\" (there are %s)", t->step,
                lua_tostring(t->co, -1));
}

struct arguments {
    struct parse *p;
    const char *kind, *text, *source;
    size_t n;
    int ref;
};

/* [continuation] */
static int bound_done(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

/* A function without arguments, as task_start() wants one: the program with its own bound.
 * [raises] */
static int bound(lua_State *L)
{
    int i;

    lua_settop(L, 0);
    for (i = 1; i <= 4; i++)
        lua_pushvalue(L, lua_upvalueindex(i));
    lua_callk(L, 3, 2, 0, bound_done);
    return bound_done(L, LUA_OK, 0);
}

static int bind(lua_State *L)
{
    struct arguments *a = lua_touserdata(L, 1);
    struct err e;

    if (hostapi_push_globals(&a->p->world, "parse", NULL, LUA_REFNIL, LUA_REFNIL, &e) < 0 ||
        sandbox_load(NULL, L, "parse", program, sizeof program - 1, 1, &e) < 0)
        return luaL_error(L, "%s", e.text);
    lua_pushstring(L, a->kind);
    lua_pushlstring(L, a->text, a->n);
    lua_pushstring(L, a->source);
    lua_pushcclosure(L, bound, 4);
    a->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* What a file takes grows with it, and a person waits for this one at a terminal. */
static void set_limits(struct world *w, size_t n)
{
    w->sandbox.max = ((size_t)256 << 20) + n * 64;
    w->budget = 500000000L + (long)n * TEXT_COST;
    w->watchdog_ms = 60000;
}

static int start(struct parse *p, struct target *local, const char *lua_folder,
                 struct arguments *a, struct err *e)
{
    lua_State *L;

    if (world_init(&p->world, NULL, lua_folder, 0, e) < 0)
        return -1;
    set_limits(&p->world, a->n);
    world_add_target(&p->world, local);
    task_init(&p->task, &p->world);
    p->task.name = "parse";
    p->task.allows = reads_files;
    p->task.on_end = ended;
    p->task.data = p;
    L = p->world.sandbox.L;
    if (sandbox_call_protected(L, bind, a, e) < 0)
        return -1;
    lua_rawgeti(L, LUA_REGISTRYINDEX, a->ref);
    task_start(&p->task, "parse", a->kind);
    world_pump(&p->world);
    return 0;
}

json_t *parse_text(struct loop *l, struct target *local, const char *lua_folder, const char *kind,
                   const char *text, size_t n, const char *source, struct err *e)
{
    struct parse p = {.e = e};
    struct arguments a = {&p, kind, text, source, n, LUA_NOREF};

    if (start(&p, local, lua_folder, &a, e) == 0 && !p.done && loop_run(l, &p.done) < 0 && !p.done)
        err_set(e, ERR_INTERNAL, "reading was interrupted");
    task_release(&p.task);
    if (p.world.sandbox.L)
        world_release(&p.world);
    return p.json;
}
