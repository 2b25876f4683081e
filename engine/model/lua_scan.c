/* lua_scan.c: finds every `go` in a step's text, without knowing Lua.
 *
 * Lexical rules: Lua 5.4 reference manual, 3.1. */
#include "model/lua_scan.h"

#include "base/mem.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum token { TOKEN_END, TOKEN_NAME, TOKEN_STRING, TOKEN_OTHER };

struct scanner {
    const char *p, *end;
    size_t line;
    enum token token;
    const char *at; /* of a name or a string's inside */
    size_t len;
    bool escaped; /* string: has a backslash, so its inside is not its value */
    size_t token_line;
};

static bool scan_is(const struct scanner *s, char c)
{
    return s->p < s->end && *s->p == c;
}

static void scan_forward(struct scanner *s)
{
    if (*s->p++ == '\n')
        s->line++;
}

/* At a `[`: the level of a long bracket (`[[` is 0), or -1. */
static int long_level(const struct scanner *s)
{
    const char *p = s->p + 1;

    while (p < s->end && *p == '=')
        p++;
    return p < s->end && *p == '[' ? (int)(p - s->p - 1) : -1;
}

static void scan_long(struct scanner *s, int level)
{
    s->p += level + 2;
    s->at = s->p;
    for (; s->p < s->end; scan_forward(s)) {
        const char *q = s->p;
        int signs = 0;

        if (*q++ != ']')
            continue;
        while (q < s->end && *q == '=' && signs < level) {
            signs++;
            q++;
        }
        if (signs == level && q < s->end && *q == ']') {
            s->len = (size_t)(s->p - s->at);
            s->p = q + 1;
            return;
        }
    }
    s->len = (size_t)(s->p - s->at);
}

static void scan_quoted(struct scanner *s)
{
    char quote = *s->p++;

    s->at = s->p;
    while (s->p < s->end && *s->p != quote) {
        if (*s->p == '\\') {
            s->escaped = true;
            scan_forward(s);
            if (s->p == s->end)
                break;
        }
        scan_forward(s);
    }
    s->len = (size_t)(s->p - s->at);
    if (s->p < s->end)
        s->p++;
}

static void skip_comment(struct scanner *s)
{
    int level;

    s->p += 2;
    level = scan_is(s, '[') ? long_level(s) : -1;
    if (level >= 0) {
        scan_long(s, level);
        return;
    }
    while (s->p < s->end && *s->p != '\n')
        s->p++;
}

static void skip_blanks(struct scanner *s)
{
    for (;;) {
        while (s->p < s->end && isspace((unsigned char)*s->p))
            scan_forward(s);
        if (s->end - s->p < 2 || s->p[0] != '-' || s->p[1] != '-')
            return;
        skip_comment(s);
    }
}

static bool is_name(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

static void scan_next(struct scanner *s)
{
    int level;

    skip_blanks(s);
    s->token_line = s->line;
    s->escaped = false;
    s->at = s->p;
    s->len = 1;
    s->token = TOKEN_OTHER;
    if (s->p == s->end) {
        s->token = TOKEN_END;
        s->len = 0;
    } else if (is_name(*s->p)) { /* numbers too: nothing here tells them apart */
        while (s->p < s->end && is_name(*s->p))
            s->p++;
        s->token = TOKEN_NAME;
        s->len = (size_t)(s->p - s->at);
    } else if (*s->p == '"' || *s->p == '\'') {
        s->token = TOKEN_STRING;
        scan_quoted(s);
    } else if (*s->p == '[' && (level = long_level(s)) >= 0) {
        s->token = TOKEN_STRING;
        scan_long(s, level);
    } else {
        s->p++;
    }
}

static bool token_is(const struct scanner *s, const char *text)
{
    return s->len == strlen(text) && s->token != TOKEN_STRING && memcmp(s->at, text, s->len) == 0;
}

/* After `go`: the text that follows, with or without brackets; NULL for anything else.  Leaves the
 * scanner at the first token that is not part of it. */
static char *scan_target(struct scanner *s)
{
    bool bracket;
    char *target = NULL;

    scan_next(s);
    bracket = token_is(s, "(");
    if (bracket)
        scan_next(s);
    if (s->token != TOKEN_STRING)
        return NULL;
    if (!s->escaped)
        target = mem_dupn(s->at, s->len);
    scan_next(s);
    if (bracket && !token_is(s, ")")) { /* `go("a" .. b)` */
        free(target);
        target = NULL;
    }
    return target;
}

size_t lua_scan_go(const char *text, size_t n, struct lua_go **list)
{
    struct scanner s = {.p = text, .end = text + n, .line = 1};
    bool field = false; /* after a `.` or `:`: somebody else's go */
    size_t count = 0;

    *list = NULL;
    scan_next(&s);
    while (s.token != TOKEN_END) {
        if (s.token == TOKEN_NAME && !field && token_is(&s, "go")) {
            *list = mem_grow(*list, count + 1, sizeof **list);
            (*list)[count].line = s.token_line;
            (*list)[count++].target = scan_target(&s);
            continue;
        }
        /* `..go` is a concatenation, not a field. */
        field = (token_is(&s, ".") && !(s.at > text && s.at[-1] == '.')) || token_is(&s, ":");
        scan_next(&s);
    }
    return count;
}

void lua_scan_free(struct lua_go *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(list[i].target);
    free(list);
}
