/* hostapi.c: the primitives under prelude.lua.
 *
 * All functions here that take a lua_State raise errors by longjmp; what they own in C hangs on
 * a task or is Lua's own memory. */
#include "script/hostapi.h"
#include "script/luajson.h"
#include "script/task.h"
#include "script/verdict.h"

#include <lauxlib.h>
#include <string.h>

enum { WORDS_MAX = 256, WORD_MAX = 64 << 10, BATCH_MAX = 64, LIMIT_MAX = 8 << 20,
       TIMEOUT_MAX_S = 300 };

extern const char prelude[]; /* prelude.lua, embedded by the build */

static const char go_marker, verdict_marker;

void hostapi_push_ending(lua_State *L, enum ending how)
{
    lua_pushlightuserdata(L, (void *)(how == ENDING_GO ? &go_marker : &verdict_marker));
}

enum ending hostapi_ending(lua_State *co, int results)
{
    const void *p = results == 1 ? lua_touserdata(co, -1) : NULL;

    return p == &go_marker ? ENDING_GO : p == &verdict_marker ? ENDING_VERDICT : ENDING_NONE;
}

/* A word that is a number is written out; the texts are kept alive by a list of their own,
 * since the step's list may be anything, also one that makes texts up as it is read. */
char *const *hostapi_argv(lua_State *L, int index, const char *what)
{
    lua_Integer i, n;
    char **argv;

    index = lua_absindex(L, index);
    if (!lua_istable(L, index))
        task_fail(L, "%s is not a list of words", what);
    n = luaL_len(L, index);
    if (n < 1 || n > WORDS_MAX)
        task_fail(L, "%s has %lld words", what, (long long)n);
    argv = lua_newuserdatauv(L, ((size_t)n + 1) * sizeof *argv, 1);
    lua_createtable(L, (int)n, 0);
    for (i = 1; i <= n; i++) {
        size_t len;
        const char *word;

        lua_geti(L, index, i);
        if (lua_type(L, -1) != LUA_TSTRING && !lua_isinteger(L, -1))
            task_fail(L, "%s: word %lld is not a text", what, (long long)i);
        word = lua_tolstring(L, -1, &len);
        if (strlen(word) != len || len > WORD_MAX)
            task_fail(L, "%s: word %lld has a NUL or is too long", what, (long long)i);
        argv[i - 1] = (char *)word;
        lua_rawseti(L, -2, i);
    }
    argv[n] = NULL;
    lua_setiuservalue(L, -2, 1);
    return argv;
}

/* ---- core.run(host, requests, engine) ---- */

static void push_words(lua_State *L, char *const *argv)
{
    lua_Integer i;

    lua_newtable(L);
    for (i = 0; argv[i]; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i + 1);
    }
}

static void push_result(lua_State *L, const struct slot *s)
{
    const struct result *r = &s->result;
    bool cut = r->out.cut || r->err.cut;

    lua_createtable(L, 0, 12);
    lua_pushstring(L, outcome_name(r->outcome));
    lua_setfield(L, -2, "outcome");
    if (r->code >= 0 && (r->outcome == OUTCOME_EXIT || r->outcome == OUTCOME_SIGNAL ||
                         r->outcome == OUTCOME_NOT_STARTED)) {
        lua_pushinteger(L, r->code);
        lua_setfield(L, -2, "code");
    }
    lua_pushboolean(L, r->outcome == OUTCOME_EXIT && r->code == 0 && !cut);
    lua_setfield(L, -2, "ok");
    lua_pushlstring(L, r->out.data ? r->out.data : "", r->out.len);
    lua_setfield(L, -2, "out");
    lua_pushlstring(L, r->err.data ? r->err.data : "", r->err.len);
    lua_setfield(L, -2, "err");
    lua_pushboolean(L, cut);
    lua_setfield(L, -2, "cut");
    push_words(L, s->argv);
    lua_setfield(L, -2, "argv");
    lua_pushstring(L, target_host(s->target)->name);
    lua_setfield(L, -2, "host");
    lua_pushnumber(L, (lua_Number)r->at_ms / 1000);
    lua_setfield(L, -2, "at");
    lua_pushstring(L, r->why);
    lua_setfield(L, -2, "why");
}

/* [continuation]  All slots of the batch have answered. */
static int run_done(lua_State *L, int status, lua_KContext ctx)
{
    struct task *t = task_of(L);
    size_t i;

    (void)status;
    (void)ctx;
    lua_createtable(L, (int)t->batch_count, 0);
    for (i = 0; i < t->batch_count; i++) {
        push_result(L, t->batch[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    task_clear_batch(t);
    return 1;
}

static void refuse_undeclared(lua_State *L, struct task *t, char *const *argv)
{
    luaL_Buffer b;
    size_t i;

    luaL_buffinit(L, &b);
    for (i = 0; argv[i]; i++) {
        luaL_addstring(&b, i ? " " : "");
        luaL_addstring(&b, argv[i]);
    }
    luaL_pushresult(&b);
    if (!t->playbook)
        task_fail(L, "command \"%s\" is not allowed here", lua_tostring(L, -1));
    task_fail(L, "command \"%s\" is not declared under \"commands\" of %s", lua_tostring(L, -1),
              t->playbook->file);
}

static bool allowed(const struct task *t, char *const *argv)
{
    if (t->playbook)
        return playbook_allows_command(t->playbook, t->incident, argv);
    return t->allows && t->allows(argv);
}

static lua_Number option(lua_State *L, int opts, const char *key, lua_Number most)
{
    lua_Number n = 0;

    if (lua_isnoneornil(L, opts))
        return 0;
    if (!lua_istable(L, opts))
        task_fail(L, "options are not a table");
    if (lua_getfield(L, opts, key) != LUA_TNIL) {
        n = lua_isnumber(L, -1) ? lua_tonumber(L, -1) : -1;
        if (!(n > 0 && n <= most))
            task_fail(L, "option \"%s\" is not a number from 1 to %.0f", key, most);
    }
    lua_pop(L, 1);
    return n;
}

/* a request {argv=, opts=} on top */
static void submit_one(lua_State *L, size_t target, bool engine)
{
    struct task *t = task_of(L);
    struct request q = {0};
    int opts;

    luaL_checktype(L, -1, LUA_TTABLE);
    lua_getfield(L, -1, "opts");
    opts = lua_gettop(L);
    q.limit = (size_t)option(L, opts, "limit", LIMIT_MAX);
    q.timeout_ms = (int)(option(L, opts, "timeout", TIMEOUT_MAX_S) * 1000);
    if (lua_istable(L, opts)) {
        lua_getfield(L, opts, "fresh");
        q.fresh = lua_toboolean(L, -1);
    }
    lua_settop(L, opts);
    lua_getfield(L, opts - 1, "argv");
    q.argv = hostapi_argv(L, -1, "command");
    /* What a step asks for may have come from a host: that never raises. */
    if (engine || allowed(t, q.argv))
        task_submit(t, target, &q);
    else if (t->playbook && playbook_names_command(t->playbook, t->incident, q.argv))
        task_refuse(t, target, q.argv, "a word of it is no value that the playbook declares");
    else
        refuse_undeclared(L, t, q.argv);
    lua_settop(L, opts - 1);
}

static int core_run(lua_State *L)
{
    struct task *t = task_of(L);
    size_t target = (size_t)luaL_checkinteger(L, 1);
    lua_Integer i, n = luaL_len(L, 2);

    if (target >= t->world->target_count || n > BATCH_MAX)
        return task_fail(L, "more than %d commands at once", BATCH_MAX);
    task_clear_batch(t); /* what a refused command of an earlier list has left */
    for (i = 1; i <= n; i++) {
        lua_geti(L, 2, i);
        submit_one(L, target, lua_toboolean(L, 3));
        lua_pop(L, 1);
    }
    if (t->waiting == 0) /* none, or all of them refused */
        return run_done(L, LUA_OK, 0);
    return task_wait(L, run_done);
}

/* ---- tasks and memos ---- */

static int woken(lua_State *L, int status, lua_KContext ctx)
{
    (void)L;
    (void)status;
    (void)ctx;
    return 0;
}

static int core_sleep(lua_State *L)
{
    task_of(L)->asleep = true;
    return task_wait(L, woken);
}

static int core_wake(lua_State *L)
{
    world_wake_sleepers(task_of(L)->world);
    return 0;
}

static int core_me(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)task_of(L)->generation);
    return 1;
}

static int core_alive(lua_State *L)
{
    lua_Integer generation = luaL_checkinteger(L, 1);
    const struct task *t;

    for (t = task_of(L)->world->tasks; t; t = t->next) {
        if (generation && t->generation == (uint64_t)generation)
            break;
    }
    lua_pushboolean(L, t != NULL);
    return 1;
}

/* ---- hosts ---- */

static struct world *world_of(lua_State *L)
{
    return lua_touserdata(L, lua_upvalueindex(1));
}

static int core_host(lua_State *L)
{
    struct world *w = world_of(L);
    const struct host *h = target_host(w->targets[luaL_checkinteger(L, 1)]);

    lua_createtable(L, 0, 16);
    lua_pushstring(L, h->name);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, h->address ? h->address : h->name);
    lua_setfield(L, -2, "address");
    lua_pushstring(L, h->user);
    lua_setfield(L, -2, "user");
    if (json_is_object(h->vars))
        luajson_push(L, h->vars);
    else
        lua_newtable(L);
    sandbox_freeze_deep(L);
    lua_setfield(L, -2, "vars");
    return 1;
}

static int core_peer(lua_State *L)
{
    struct world *w = world_of(L);
    const char *address = luaL_checkstring(L, 1);
    struct target *t = w->peer ? w->peer(w->peer_data, address) : NULL;
    size_t i;

    if (!t)
        return 0;
    for (i = 0; i < w->target_count && w->targets[i] != t; i++)
        ;
    if (i == w->target_count)
        world_add_target(w, t);
    lua_pushinteger(L, (lua_Integer)i);
    return 1;
}

/* What the engine decides once more when it takes a fix: a step asks beforehand, so as to say why it has none. */
static int core_may_edit(lua_State *L)
{
    struct world *w = world_of(L);
    const struct playbook *b = task_of(L)->playbook;
    const struct host *h = target_host(w->targets[luaL_checkinteger(L, 1)]);

    lua_pushboolean(L, b && fix_may_edit(b, h, luaL_checkstring(L, 2)));
    return 1;
}

/* ---- the rest ---- */

static int core_go(lua_State *L)
{
    struct task *t = task_of(L);
    const char *id = lua_type(L, 1) == LUA_TSTRING ? lua_tostring(L, 1) : NULL;
    const struct step *step = id ? playbook_step(t->playbook, id) : NULL;

    if (!step)
        return task_fail(L, "there is no step \"%s\" to go to", id ? id : "?");
    t->next_step = step->id;
    hostapi_push_ending(L, ENDING_GO);
    return 1;
}

static int core_fail(lua_State *L)
{
    return task_fail(L, "%s", luaL_checkstring(L, 1));
}

static int core_freeze(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    sandbox_freeze(L);
    return 1;
}

static int wrapped_done(lua_State *L, int status, lua_KContext ctx)
{
    (void)status;
    (void)ctx;
    return lua_gettop(L);
}

/* `return confirmed{…}` is a tail call: were `confirmed` written in Lua, the step's line would be
 * gone from the stack when an error is to name it.  A C function keeps its caller. */
static int wrapped(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, wrapped_done);
    return wrapped_done(L, LUA_OK, 0);
}

static int core_wrap(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_pushcclosure(L, wrapped, 1);
    return 1;
}

static const luaL_Reg core[] = {{"run", core_run},
                                {"sleep", core_sleep},
                                {"wake", core_wake},
                                {"me", core_me},
                                {"alive", core_alive},
                                {"host", core_host},
                                {"peer", core_peer},
                                {"may_edit", core_may_edit},
                                {"go", core_go},
                                {"fail", core_fail},
                                {"freeze", core_freeze},
                                {"wrap", core_wrap},
                                {"verdict", verdict_take},
                                {"symptom", verdict_take_symptom},
                                {NULL, NULL}};

static int load_prelude(lua_State *L)
{
    struct world *w = lua_touserdata(L, 1);
    struct err e;

    sandbox_push_globals(&w->sandbox);
    if (sandbox_load(w->sandbox.chunks, L, "prelude.lua", prelude, strlen(prelude), 1, &e) < 0)
        return luaL_error(L, "%s", e.text);
    luaL_newlibtable(L, core);
    lua_pushlightuserdata(L, w);
    luaL_setfuncs(L, core, 1);
    lua_call(L, 1, 1);
    w->prelude_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int hostapi_open(struct world *w, struct err *e)
{
    return sandbox_call_protected(w->sandbox.L, load_prelude, w, e);
}

struct globals {
    struct world *w;
    const char *kind;
    const json_t *params;
    int symptom_ref, found_ref, ref;
};

/* The table with the guard is filled by raw writes, which steps cannot do to it. */
static int make_globals(lua_State *L)
{
    struct globals *g = lua_touserdata(L, 1);

    sandbox_push_globals(&g->w->sandbox);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->w->prelude_ref);
    lua_getfield(L, -1, "globals");
    lua_pushstring(L, g->kind);
    luajson_push(L, g->params);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->symptom_ref);
    lua_rawgeti(L, LUA_REGISTRYINDEX, g->found_ref);
    lua_call(L, 4, 1);
    lua_pushnil(L);
    while (lua_next(L, -2)) {
        lua_pushvalue(L, -2);
        lua_insert(L, -2);
        lua_rawset(L, 2);
    }
    lua_pushvalue(L, 2);
    g->ref = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

int hostapi_push_globals(struct world *w, const char *kind, const json_t *params, int symptom_ref,
                         int found_ref, struct err *e)
{
    struct globals g = {w, kind, params, symptom_ref, found_ref, LUA_NOREF};
    lua_State *L = w->sandbox.L;

    if (sandbox_call_protected(L, make_globals, &g, e) < 0)
        return -1;
    lua_rawgeti(L, LUA_REGISTRYINDEX, g.ref);
    luaL_unref(L, LUA_REGISTRYINDEX, g.ref);
    return 0;
}
