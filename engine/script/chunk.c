/* chunk.c: Lua text compiled once for all hosts. */
#include "script/chunk.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum { DUMP_MAX = 16 << 20 };

/* Found again by its text, as a file may change between two hosts. */
struct chunk {
    struct chunk *next;
    char *name, *text;
    size_t n, line; /* of the text, as in its source */
    struct buf code;
};

struct chunks {
    struct chunk *first;
};

static void *chunks_make(struct loop *l)
{
    (void)l;
    return mem_alloc(sizeof(struct chunks));
}

static void chunks_drop(void *kept)
{
    struct chunks *all = kept;
    struct chunk *c;

    while ((c = all->first)) {
        all->first = c->next;
        free(c->name);
        free(c->text);
        buf_release(&c->code);
        free(c);
    }
    free(all);
}

struct chunks *chunks_of(struct loop *l)
{
    return loop_keep(l, chunks_make, chunks_drop);
}

static const struct chunk *chunk_find(const struct chunks *all, const struct chunk_source *source)
{
    const struct chunk *c;

    for (c = all ? all->first : NULL; c; c = c->next)
        if (c->n == source->n && c->line == source->line &&
            strcmp(c->name, source->name) == 0 && memcmp(c->text, source->text, source->n) == 0)
            return c;
    return NULL;
}

static int write_code(lua_State *L, const void *bytes, size_t n, void *data)
{
    (void)L;
    return buf_add(data, bytes, n);
}

/* Of the function on top.  With its lines and names, which messages show. */
static void chunk_keep(struct chunks *all, lua_State *L, const struct chunk_source *source)
{
    struct chunk *c = mem_alloc(sizeof *c);

    buf_init(&c->code, DUMP_MAX);
    if (lua_dump(L, write_code, &c->code, 0) != 0) {
        buf_release(&c->code);
        free(c);
        return;
    }
    c->name = mem_dup(source->name);
    c->text = mem_dupn(source->text, source->n);
    c->n = source->n;
    c->line = source->line;
    c->next = all->first;
    all->first = c;
}

struct reader {
    const char *text;
    size_t n, newlines;
};

/* The newlines in front make Lua count as the YAML file does: what Lua says about a line then
 * needs no translation, wherever the message surfaces. */
static const char *feed(lua_State *L, void *data, size_t *n)
{
    static const char newlines[] = "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n";
    struct reader *r = data;

    (void)L;
    if (r->newlines) {
        *n = r->newlines < sizeof newlines - 1 ? r->newlines : sizeof newlines - 1;
        r->newlines -= *n;
        return newlines;
    }
    *n = r->n;
    r->n = 0;
    return *n ? r->text : NULL;
}

int chunk_load(struct chunks *all, lua_State *L, const struct chunk_source *source)
{
    struct reader text = {source->text, source->n, source->line ? source->line - 1 : 0};
    const struct chunk *c = chunk_find(all, source);
    int status;

    if (c) {
        struct reader code = {c->code.data, c->code.len, 0};

        return lua_load(L, feed, &code, source->name, "b");
    }
    status = lua_load(L, feed, &text, source->name, "t");
    if (status == LUA_OK && all)
        chunk_keep(all, L, source);
    return status;
}
