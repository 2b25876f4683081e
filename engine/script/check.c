/* check.c: compiles each step, and runs nothing. */
#include "script/check.h"
#include "base/mem.h"
#include "script/sandbox.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

/* "file:line: text", as sandbox_load() says it; the file is known, the line is what is wanted. */
static void add_problem(const struct playbook *b, const struct step *s, const char *text,
                        struct problems *p)
{
    size_t n = strlen(b->file);
    unsigned long line = s->line;
    char *rest;

    if (strncmp(text, b->file, n) == 0 && text[n] == ':') {
        line = strtoul(text + n + 1, &rest, 10);
        text = *rest == ':' ? rest + 1 : rest;
        text += *text == ' ';
    }
    problems_add(p, b->file, line, 0, "step \"%s\": %s", s->id, text);
}

int check_playbook(const struct playbook *b, struct problems *p)
{
    lua_State *L = luaL_newstate(); /* nothing is run in it, so it needs no cap */
    struct err e;
    size_t i;
    int status = 0;

    if (!L)
        return problems_add(p, b->file, 0, 0, "out of memory for lua");
    for (i = 0; i < b->step_count; i++) {
        const struct step *s = &b->steps[i];

        lua_newtable(L);
        if (sandbox_load(NULL, L, b->file, s->lua, s->lua_len, s->lua_line, &e) < 0) {
            add_problem(b, s, e.text, p);
            status = -1;
        }
        lua_settop(L, 0);
    }
    lua_close(L);
    return status;
}
