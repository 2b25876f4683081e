/* fixes.c: the fixes of a confirmed cause, checked and copied into plain data.
 *
 * This is where "a playbook declares what it may run and edit" holds for what is proposed.
 * The table on top comes from prelude.lua, which has added what the engine read by itself
 * (an edit's `before`, `real`, `uid`, `gid`, `mode`).  All functions raise; what is built hangs
 * on the finding at once. */
#include "base/argv.h"
#include "base/digest.h"
#include "base/mem.h"
#include "io/target.h"
#include "model/catalogue.h"
#include "script/hostapi.h"
#include "script/task.h"
#include "script/verdict.h"

#include <lauxlib.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { EDITS_MAX = 20, COMMANDS_MAX = 20, CONTENT_MAX = 4 << 20, TIMEOUT_S = 60 };

/* One more item at the end of a list, zeroed. */
#define ADD_ITEM(list, count)                                                                      \
    ((list) = mem_grow((list), (count) + 1, sizeof *(list)),                                       \
     memset(&(list)[(count)], 0, sizeof *(list)), &(list)[(count)++])

static void fail_argv(lua_State *L, const char *where, char *const *argv, const char *why)
{
    char *text = argv_text(argv);

    lua_pushstring(L, text); /* Lua's copy, so that ours is gone before the error */
    free(text);
    task_fail(L, "%s: command \"%s\" %s", where, lua_tostring(L, -1), why);
}

static bool declared(struct task *t, char *const *argv)
{
    return playbook_allows_command(t->playbook, t->incident, argv);
}

/* ---- edits ---- */

/* A file's bytes, which may hold anything but must not be endless. */
static char *take_bytes(lua_State *L, const char *where, const char *key, size_t *n)
{
    const char *bytes = NULL;
    char *copy;

    if (lua_getfield(L, -1, key) == LUA_TSTRING)
        bytes = lua_tolstring(L, -1, n);
    if (!bytes || *n > CONTENT_MAX)
        task_fail(L, "%s: \"%s\" is not a text of at most %d bytes", where, key, CONTENT_MAX);
    copy = mem_dupn(bytes, *n);
    lua_pop(L, 1);
    return copy;
}

bool fix_may_edit(const struct playbook *b, const struct host *h, const char *path)
{
    return playbook_allows_file(b, path) || host_names_file(h, path);
}

/* Also the file that a symlink leads to must be declared: it is the one that changes. */
static void take_fingerprint(lua_State *L, const char *where, struct fingerprint *was,
                             const struct host *h)
{
    const struct playbook *b = task_of(L)->playbook;

    was->path = field_text(L, where, "path", true);
    was->real = field_text(L, where, "real", true);
    if (!fix_may_edit(b, h, was->path))
        task_fail(L, "%s: file \"%s\" is not declared under \"files\" of %s", where, was->path,
                  b->file);
    if (!fix_may_edit(b, h, was->real))
        task_fail(L, "%s: file \"%s\", where \"%s\" leads to, is not declared under \"files\" of %s",
                  where, was->real, was->path, b->file);
    was->uid = (unsigned)field_int(L, where, "uid", 0, 0xffffffffL, 0);
    was->gid = (unsigned)field_int(L, where, "gid", 0, 0xffffffffL, 0);
    was->mode = (unsigned)field_int(L, where, "mode", 0, 07777, 0);
    was->absent = field_bool(L, where, "absent");
    was->folder_absent = field_bool(L, where, "folder_absent");
}

static void refuse_twice(lua_State *L, const char *where, const struct fix *fix)
{
    const struct edit *last = &fix->edits[fix->edit_count - 1];
    const struct edit *e;

    for (e = fix->edits; e < last; e++) {
        if (strcmp(e->was.real, last->was.real) == 0)
            task_fail(L, "%s: file \"%s\" is edited twice", where, last->was.real);
    }
}

static void take_edit(lua_State *L, const char *where, struct fix *fix, const struct host *h)
{
    static const char *const known[] = {"path", "content", "before", "real", "uid", "gid", "mode",
                                        "absent", "folder_absent", NULL};
    struct edit *e = ADD_ITEM(fix->edits, fix->edit_count);

    fields_only(L, where, known);
    take_fingerprint(L, where, &e->was, h);
    refuse_twice(L, where, fix);
    e->before = take_bytes(L, where, "before", &e->before_len);
    e->after = take_bytes(L, where, "content", &e->after_len);
    if (e->before_len == e->after_len && memcmp(e->before, e->after, e->after_len) == 0)
        task_fail(L, "%s changes nothing in \"%s\"", where, e->was.path);
    digest_sha256(e->before, e->before_len, e->was.sha256);
    digest_sha256(e->after, e->after_len, e->after_sha256);
    e->diff = edit_diff(e);
}

/* ---- commands ---- */

static void check_change(lua_State *L, const char *where, const struct host *h, char *const *argv)
{
    if (host_names_command(h, argv))
        return;
    if (!catalogue_changes(argv))
        fail_argv(L, where, argv, "is not one that a fix may run");
    if (!declared(task_of(L), argv))
        fail_argv(L, where, argv, "is not declared under \"commands\"");
}

static void take_command(lua_State *L, const char *where, struct fix *fix, const struct host *h)
{
    static const char *const known[] = {"argv", "undo", "note", "timeout", NULL};
    struct command *c = ADD_ITEM(fix->commands, fix->command_count);

    fields_only(L, where, known);
    c->argv = field_argv(L, where, "argv");
    if (!c->argv)
        task_fail(L, "%s lacks \"argv\"", where);
    check_change(L, where, h, c->argv);
    c->undo = field_argv(L, where, "undo");
    if (c->undo)
        check_change(L, where, h, c->undo);
    c->note = field_text(L, where, "note", false);
    c->timeout_s = (int)field_int(L, where, "timeout", 1, 600, TIMEOUT_S);
}

static void take_validate(lua_State *L, const struct place *p, struct fix *fix)
{
    size_t i, n = field_list(L, p->text, "validate", COMMANDS_MAX);

    fix->validate = mem_alloc((n + 1) * sizeof *fix->validate);
    for (i = 0; i < n; i++) {
        struct place at = place_at("validate", i, p);

        lua_geti(L, -1, (lua_Integer)i + 1);
        fix->validate[i] = argv_dup(hostapi_argv(L, -1, at.text));
        if (!catalogue_validates(fix->validate[i]))
            fail_argv(L, at.text, fix->validate[i], "is not one that validates");
        if (!declared(task_of(L), fix->validate[i]))
            fail_argv(L, at.text, fix->validate[i], "is not declared under \"commands\"");
        lua_pop(L, 2);
    }
    lua_pop(L, 1);
}

/* ---- verification ---- */

static void check_expression(lua_State *L, const char *where, const char *out)
{
    regex_t re;

    if (!out)
        return;
    if (regcomp(&re, out, REG_EXTENDED | REG_NOSUB) != 0)
        task_fail(L, "%s: \"out\" is no regular expression: \"%s\"", where, out);
    regfree(&re);
}

static void take_check(lua_State *L, const char *where, struct fix *fix)
{
    static const char *const known[] = {"argv", "times", "exit", "out", NULL};
    struct check *c = ADD_ITEM(fix->checks, fix->check_count);

    fields_only(L, where, known);
    c->argv = field_argv(L, where, "argv");
    if (!c->argv)
        task_fail(L, "%s lacks \"argv\"", where);
    if (!catalogue_reads(c->argv))
        fail_argv(L, where, c->argv, "is not one that only reads");
    if (!declared(task_of(L), c->argv))
        fail_argv(L, where, c->argv, "is not declared under \"commands\"");
    c->times = (int)field_int(L, where, "times", 1, 100, 1);
    c->exit = (int)field_int(L, where, "exit", 0, 255, 0);
    c->out = field_text(L, where, "out", false);
    check_expression(L, where, c->out);
}

static void take_verify(lua_State *L, const struct place *p, struct fix *fix)
{
    static const char *const known[] = {"text", "checks", NULL};
    size_t i, n;

    if (lua_getfield(L, -1, "verify") != LUA_TTABLE)
        task_fail(L, "%s lacks \"verify\", a table of text and checks", p->text);
    fields_only(L, p->text, known);
    fix->verify = field_text(L, p->text, "text", true);
    n = field_list(L, p->text, "checks", COMMANDS_MAX);
    for (i = 0; i < n; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        take_check(L, place_at("checks", i, p).text, fix);
        lua_pop(L, 1);
    }
    lua_pop(L, 2);
}

/* ---- a fix as a whole ---- */

static enum risk take_risk(lua_State *L, const char *where)
{
    char *text = field_text(L, where, "risk", true);
    enum risk r = RISK_LOW;

    while (r <= RISK_HIGH && strcmp(risk_name(r), text) != 0)
        r++;
    free(text);
    if (r > RISK_HIGH)
        task_fail(L, "%s: \"risk\" is not low, medium or high", where);
    return r;
}

static void take_id(lua_State *L, const struct place *p, struct finding *f, struct fix *fix)
{
    char *id = field_text(L, p->text, "id", true);
    bool good = strlen(id) <= 64 && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
    size_t i;

    fix->playbook = mem_dup(task_of(L)->playbook->name);
    fix->id = mem_format("%s/%s", fix->playbook, id);
    free(id);
    if (!good)
        task_fail(L, "%s: \"id\" is not made of a-z, 0-9 and -", p->text);
    for (i = 0; i + 1 < f->fix_count; i++) {
        if (strcmp(f->fixes[i].id, fix->id) == 0)
            task_fail(L, "%s: there are two fixes \"%s\"", p->text, fix->id);
    }
}

static void take_changes(lua_State *L, const struct place *p, struct fix *fix, const struct host *h)
{
    size_t i, n = field_list(L, p->text, "edits", EDITS_MAX);

    for (i = 0; i < n; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        take_edit(L, place_at("edits", i, p).text, fix, h);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    n = field_list(L, p->text, "commands", COMMANDS_MAX);
    for (i = 0; i < n; i++) {
        lua_geti(L, -1, (lua_Integer)i + 1);
        take_command(L, place_at("commands", i, p).text, fix, h);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    if (fix->edit_count + fix->command_count == 0)
        task_fail(L, "%s changes nothing: it has neither edits nor commands", p->text);
}

static void take_fix(lua_State *L, const struct place *p, struct finding *f)
{
    static const char *const known[] = {"id", "title", "why", "risk", "recommended", "host",
                                        "edits", "commands", "validate", "verify", NULL};
    struct fix *fix = ADD_ITEM(f->fixes, f->fix_count);
    struct world *w = task_of(L)->world;
    const struct host *h;

    fields_only(L, p->text, known);
    h = target_host(w->targets[field_int(L, p->text, "host", 0, (long)w->target_count - 1, 0)]);
    fix->host = mem_dup(h->name);
    take_id(L, p, f, fix);
    fix->title = field_text(L, p->text, "title", true);
    fix->why = field_text(L, p->text, "why", true);
    fix->risk = take_risk(L, p->text);
    fix->recommended = field_bool(L, p->text, "recommended");
    take_changes(L, p, fix, h);
    take_validate(L, p, fix);
    take_verify(L, p, fix);
    fix->status = FIX_PROPOSED;
}

void fixes_take(lua_State *L, struct finding *f)
{
    lua_Integer i, n = luaL_len(L, -1);
    int recommended = 0;

    luaL_checkstack(L, 40, NULL);
    for (i = 0; i < n; i++) {
        struct place p = place_at("fixes", (size_t)i, NULL);

        lua_geti(L, -1, i + 1);
        take_fix(L, &p, f);
        recommended += f->fixes[i].recommended;
        lua_pop(L, 1);
    }
    if (recommended > 1)
        task_fail(L, "%d fixes are recommended, and at most one may be", recommended);
    lua_pop(L, 1);
}
