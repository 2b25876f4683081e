/* verdict.c: what a step concludes, checked and copied into plain data.
 *
 * Everything is built within the task's draft, which its owner releases whatever happens; so a
 * raised error leaks nothing.  The draft is one step's attempt: taking starts it anew. */
#include "script/verdict.h"
#include "base/argv.h"
#include "base/mem.h"
#include "model/record.h"
#include "script/hostapi.h"
#include "script/luajson.h"
#include "script/task.h"

#include <lauxlib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EVIDENCE_MAX = 50, SUBJECT_VALUES = 200, FACT_VALUES = 500 };

static char *masked(const char *text)
{
    size_t n;

    return text ? mask_secrets(text, strlen(text), &n) : NULL;
}

/* the list of evidence on top; `list` and `count` grow one by one, each whole */
static void take_evidence(lua_State *L, size_t n, struct evidence **list, size_t *count)
{
    size_t i;

    for (i = 0; i < n; i++) {
        struct place p = place_at("evidence", i, NULL);
        struct evidence *e;
        char *text;

        lua_geti(L, -1, (lua_Integer)i + 1);
        *list = mem_grow(*list, *count + 1, sizeof **list);
        e = &(*list)[(*count)++];
        memset(e, 0, sizeof *e);
        e->host = field_text(L, p.text, "host", true);
        e->argv = field_argv(L, p.text, "argv");
        e->outcome = field_text(L, p.text, "outcome", true);
        e->code = (int)field_int(L, p.text, "code", -1, 1 << 20, -1);
        lua_getfield(L, -1, "at");
        e->at_ms = (int64_t)llround(lua_tonumber(L, -1) * 1000);
        lua_pop(L, 1);
        text = field_text(L, p.text, "excerpt", false);
        e->excerpt = masked(text);
        free(text);
        lua_pop(L, 1);
    }
}

static void take_subject(lua_State *L, struct finding *f)
{
    struct err e;

    if (lua_getfield(L, -1, "subject") != LUA_TNIL) {
        if (!lua_istable(L, -1))
            task_fail(L, "confirmed: \"subject\" is not a table");
        f->subject = luajson_from(L, -1, SUBJECT_VALUES, &e);
        if (f->subject && !json_is_object(f->subject))
            task_fail(L, "confirmed: \"subject\" has no names for its values");
        if (!f->subject)
            task_fail(L, "confirmed: \"subject\": %s", e.text);
    }
    lua_pop(L, 1);
}

static void take_confirmed(lua_State *L, struct finding *f)
{
    static const char *const known[] = {"title", "summary", "likelihood", "subject", "evidence",
                                        "fixes", NULL};

    fields_only(L, "confirmed", known);
    f->title = field_text(L, "confirmed", "title", true);
    f->summary = field_text(L, "confirmed", "summary", true);
    f->likelihood = (int)field_int(L, "confirmed", "likelihood", 0, 100, 50);
    take_subject(L, f);
}

static void take_reason(lua_State *L, struct finding *f, const char *kind)
{
    static const char *const known[] = {"reason", "evidence", NULL};

    fields_only(L, kind, known);
    f->reason = field_text(L, kind, "reason", true);
}

static enum verdict verdict_of(const char *kind)
{
    return strcmp(kind, "confirmed") == 0   ? VERDICT_CONFIRMED
           : strcmp(kind, "ruled_out") == 0 ? VERDICT_RULED_OUT
                                            : VERDICT_INCONCLUSIVE;
}

int verdict_take(lua_State *L)
{
    struct task *t = task_of(L);
    const char *kind = luaL_checkstring(L, 1);
    struct finding *f = t->draft;
    enum verdict v = verdict_of(kind);
    size_t n;

    lua_settop(L, 2);
    finding_release(f);
    memset(f, 0, sizeof *f);
    if (v == VERDICT_CONFIRMED)
        take_confirmed(L, f);
    else
        take_reason(L, f, kind);
    n = field_list(L, kind, "evidence", EVIDENCE_MAX);
    if (n == 0 && v != VERDICT_INCONCLUSIVE)
        task_fail(L, "%s has no evidence: say what was seen, by result:show(…)", kind);
    take_evidence(L, n, &f->evidence, &f->evidence_count);
    lua_settop(L, 2);
    if (v == VERDICT_CONFIRMED) {
        field_list(L, kind, "fixes", 20);
        fixes_take(L, f);
    }
    f->playbook = mem_dup(t->playbook->name);
    f->verdict = v; /* last: a draft with a verdict is complete */
    hostapi_push_ending(L, ENDING_VERDICT);
    return 1;
}

/* What is too big or no data (a configuration as a tree, a function) stays with the steps. */
static json_t *facts_of(lua_State *L)
{
    json_t *facts = json_object();
    struct err ignored;

    lua_pushnil(L);
    while (lua_next(L, -2)) {
        if (lua_type(L, -2) == LUA_TSTRING) {
            json_t *value = luajson_from(L, -1, FACT_VALUES, &ignored);

            if (value)
                json_object_set_new(facts, lua_tostring(L, -2), value);
        }
        lua_pop(L, 1);
    }
    return facts;
}

int verdict_take_symptom(lua_State *L)
{
    struct task *t = task_of(L);
    const char *state = luaL_checkstring(L, 1);
    struct host_report *r = t->draft;
    char *name = r->host;
    size_t n;

    lua_settop(L, 3);
    r->host = NULL; /* kept over the new start */
    host_report_release(r);
    memset(r, 0, sizeof *r);
    r->host = name;
    r->symptom = strcmp(state, "present") == 0  ? SYMPTOM_PRESENT
                 : strcmp(state, "absent") == 0 ? SYMPTOM_ABSENT
                                                : SYMPTOM_UNKNOWN;
    n = lua_istable(L, 3) ? (size_t)luaL_len(L, 3) : 0;
    if (n > EVIDENCE_MAX)
        task_fail(L, "%s: \"evidence\" has more than %d items", state, EVIDENCE_MAX);
    if (n)
        take_evidence(L, n, &r->symptom_evidence, &r->symptom_evidence_count);
    lua_settop(L, 2);
    r->symptom_summary = field_text(L, state, "summary", true);
    r->symptom_facts = facts_of(L);
    sandbox_freeze_deep(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, t);
    hostapi_push_ending(L, ENDING_VERDICT);
    return 1;
}
