/* task.c: starting, resuming and ending coroutines.
 *
 * The only lua_resume and the only lua_yield of fettle are here. */
#include "script/task.h"
#include "base/mem.h"
#include "script/hostapi.h"
#include "script/watchdog.h"

#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOOK_EVERY = 10000, BUDGET = 50000000 };

/* Of processor time; the budget is used up long before.  Under valgrind it is not. */
#ifndef WATCHDOG_MS
#define WATCHDOG_MS 20000
#endif

int world_init(struct world *w, struct chunks *kept, const char *lua_folder, size_t memory_max,
               struct err *e)
{
    memset(w, 0, sizeof *w);
    if (sandbox_init(&w->sandbox, kept, lua_folder, memory_max, e) < 0)
        return -1;
    w->budget = BUDGET;
    w->watchdog_ms = WATCHDOG_MS;
    if (hostapi_open(w, e) < 0) {
        world_release(w);
        return -1;
    }
    return 0;
}

void world_release(struct world *w)
{
    struct slot *s, *next;
    struct task *t;

    for (t = w->tasks; t; t = t->next)
        task_end(t);
    for (s = w->slots; s; s = next) {
        next = s->next;
        free(s);
    }
    sandbox_release(&w->sandbox);
    free(w->targets);
    free(w->unreachable);
    memset(w, 0, sizeof *w);
}

void world_add_target(struct world *w, struct target *t)
{
    w->targets = mem_grow(w->targets, w->target_count + 1, sizeof(struct target *));
    w->targets[w->target_count++] = t;
}

void task_init(struct task *t, struct world *w)
{
    memset(t, 0, sizeof *t);
    t->world = w;
    t->co_ref = LUA_NOREF;
    t->next = w->tasks;
    w->tasks = t;
}

void task_release(struct task *t)
{
    struct task **p;

    if (!t->world)
        return;
    task_end(t);
    doubts_release(&t->doubts);
    for (p = &t->world->tasks; *p; p = &(*p)->next) {
        if (*p == t) {
            *p = t->next;
            break;
        }
    }
    t->world = NULL;
}

struct task *task_of(lua_State *L)
{
    return *(struct task **)lua_getextraspace(L);
}

/* [raises]  Once the budget is used up, every single instruction raises, so that no chain of
 * pcalls can go on with it. */
static void count_instructions(lua_State *L, lua_Debug *ar)
{
    struct task *t = task_of(L);
    long budget = t->world->budget;

    (void)ar;
    t->spent += budget < HOOK_EVERY ? budget : HOOK_EVERY;
    if (!t->exhausted && t->spent < budget)
        return;
    t->exhausted = true;
    lua_sethook(L, count_instructions, LUA_MASKCOUNT, 1);
    luaL_where(L, 0); /* in a hook, level 0 is the function that runs */
    if (budget >= 1000000)
        lua_pushfstring(L, "step used more than %d million instructions", (int)(budget / 1000000));
    else
        lua_pushfstring(L, "step used more than %d instructions", (int)budget);
    lua_concat(L, 2);
    lua_error(L);
}

void task_start(struct task *t, const char *file, const char *step)
{
    struct world *w = t->world;
    lua_State *L = w->sandbox.L;

    task_end(t);
    t->co = lua_newthread(L);
    *(struct task **)lua_getextraspace(t->co) = t;
    lua_insert(L, -2);
    lua_xmove(L, t->co, 1);
    t->co_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    t->generation = ++w->lives;
    t->file = file;
    t->step = step;
    t->next_step = NULL;
    t->spent = 0;
    t->exhausted = false;
    lua_sethook(t->co, count_instructions, LUA_MASKCOUNT,
                (int)(w->budget < HOOK_EVERY ? w->budget : HOOK_EVERY));
    task_ready(t);
}

/* The coroutine is left to the collector.  Closing it (lua_closethread) would run what the step
 * marked to be closed, outside of the budget. */
void task_end(struct task *t)
{
    if (!t->co)
        return;
    task_clear_batch(t);
    luaL_unref(t->world->sandbox.L, LUA_REGISTRYINDEX, t->co_ref);
    t->co = NULL;
    t->co_ref = LUA_NOREF;
    t->generation = 0;
    t->ready = t->asleep = false;
}

void task_ready(struct task *t)
{
    t->ready = t->co != NULL;
}

void world_wake_sleepers(struct world *w)
{
    struct task *t;

    for (t = w->tasks; t; t = t->next) {
        if (t->asleep)
            task_ready(t);
    }
}

int task_wait(lua_State *L, lua_KFunction k)
{
    return lua_yieldk(L, 0, 0, k);
}

/* The line of the task's own file that is running, innermost; 0 where there is none. */
static int own_line(struct task *t, lua_State *L)
{
    lua_Debug ar;
    int level;

    for (level = 0; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.source[0] == '@' && strcmp(ar.source + 1, t->file) == 0 && ar.currentline > 0)
            return ar.currentline;
    }
    return 0;
}

int task_fail(lua_State *L, const char *format, ...)
{
    struct task *t = task_of(L);
    char text[1500];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lua_pushfstring(L, "%s:%d: %s", t->file, own_line(t, L), text);
    return lua_error(L);
}

/* A file's name as Lua shortens it in front of a message (luaO_chunkid). */
static void shorten(char out[LUA_IDSIZE + 1], const char *file)
{
    size_t n = strlen(file);

    if (n < LUA_IDSIZE)
        snprintf(out, LUA_IDSIZE + 1, "%s:", file);
    else
        snprintf(out, LUA_IDSIZE + 1, "...%s:", file + n - (LUA_IDSIZE - 4));
}

/* Where the message begins with the step's own file, that is written out; else (a module, or
 * memory, which has no place) the line of the step that led there is added.  Owned. */
static char *error_text(struct task *t)
{
    const char *text = lua_type(t->co, -1) == LUA_TSTRING ? lua_tostring(t->co, -1) : NULL;
    int line = own_line(t, t->co);
    char shown[LUA_IDSIZE + 1];
    size_t n;

    if (!text)
        text = "error is not a text";
    shorten(shown, t->file);
    n = strlen(shown);
    if (strncmp(text, shown, n) == 0)
        return mem_format("%s:%s (in step \"%s\")", t->file, text + n, t->step);
    if (strncmp(text, t->file, strlen(t->file)) == 0)
        return mem_format("%s (in step \"%s\")", text, t->step);
    if (line)
        return mem_format("%s (%s:%d, in step \"%s\")", text, t->file, line, t->step);
    return mem_format("%s (%s, in step \"%s\")", text, t->file, t->step);
}

static void finish(struct task *t, int status, int results)
{
    char *error = NULL;

    if (status != LUA_OK)
        error = error_text(t);
    else if (t->exhausted) /* cannot be: every instruction raises; but never trust a yes of it */
        error = mem_format("%s: step used up its instructions (in step \"%s\")", t->file, t->step);
    if (t->batch_count)
        task_clear_batch(t);
    t->generation = 0; /* dead for whoever asks, before others are woken */
    world_wake_sleepers(t->world);
    t->on_end(t, results, error);
    if (!t->generation) /* nothing new was started */
        task_end(t);
    free(error);
}

static void resume(struct task *t)
{
    struct world *w = t->world;
    char what[300];
    int results = 0, status;

    snprintf(what, sizeof what, "step \"%s\" of %s", t->step, t->name);
    t->ready = t->asleep = false;
    w->sandbox.capped = true;
    watchdog_arm(w->watchdog_ms, what);
    status = lua_resume(t->co, w->sandbox.L, 0, &results);
    watchdog_disarm();
    w->sandbox.capped = false;
    if (status != LUA_YIELD)
        finish(t, status, results);
}

/* One at a time, also when waking one wakes others: recursion would stack one coroutine on another. */
void world_pump(struct world *w)
{
    struct task *t;

    if (w->pumping)
        return;
    w->pumping = true;
    do {
        for (t = w->tasks; t && !t->ready; t = t->next)
            ;
        if (t)
            resume(t);
    } while (t);
    w->pumping = false;
}
