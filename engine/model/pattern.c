/* pattern.c: which commands, as patterns over a whole argv.
 *
 * A word's parts are found anew at each use: there are a few hundred short
 * words in all, and a `struct pattern` stays a plain list. */
#include "model/pattern.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

enum class_id {
    CLASS_LITERAL, /* no class at all: the word is itself */
    CLASS_PATH,
    CLASS_UNIT,
    CLASS_NAME,
    CLASS_NAMES,
    CLASS_INT,
    CLASS_HOST,
    CLASS_ADDR,
    CLASS_URL,
    CLASS_TEXT,
};

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

enum { INT_DIGITS_MAX = 18 }; /* fits into 64 bits whoever reads it */

static const struct class_info {
    const char *name;
    const char *characters; /* NULL: a function says */
} classes[] = {
    [CLASS_LITERAL] = {"", NULL},
    [CLASS_PATH] = {"path", NULL},
    [CLASS_UNIT] = {"unit", LETTERS DIGITS ":_.@\\-"},
    [CLASS_NAME] = {"name", LETTERS DIGITS "_.+-"},
    [CLASS_NAMES] = {"names", NULL},
    [CLASS_INT] = {"int", DIGITS},
    [CLASS_HOST] = {"host", LETTERS DIGITS "_.:%-"},
    [CLASS_ADDR] = {"addr", NULL},
    [CLASS_URL] = {"url", NULL},
    [CLASS_TEXT] = {"text", NULL},
};

/* A stretch of bytes of somebody else's string. */
struct span {
    const char *at;
    size_t n;
};

struct word {
    struct span prefix, suffix;
    enum class_id class;
    bool many; /* `<path>...` */
};

static bool span_has_control(struct span s)
{
    size_t i;

    for (i = 0; i < s.n; i++)
        if ((unsigned char)s.at[i] < 0x20 || s.at[i] == 0x7f)
            return true;
    return false;
}

/* How many bytes from the start are among `set`. */
static size_t span_run(struct span s, const char *set)
{
    size_t i = 0;

    while (i < s.n && s.at[i] && strchr(set, s.at[i]))
        i++;
    return i;
}

static enum class_id class_find(struct span name)
{
    size_t i;

    for (i = CLASS_PATH; i < sizeof classes / sizeof *classes; i++)
        if (strlen(classes[i].name) == name.n && memcmp(classes[i].name, name.at, name.n) == 0)
            return (enum class_id)i;
    return CLASS_LITERAL;
}

static int word_parse(struct word *w, const char *text, struct err *e)
{
    const char *open = strchr(text, '<');
    const char *shut = open ? strchr(open, '>') : NULL;
    struct span all = {text, strlen(text)};

    memset(w, 0, sizeof *w);
    if (all.n == 0)
        return err_set(e, ERR_DATA, "an empty word can match nothing");
    if (span_has_control(all))
        return err_set(e, ERR_DATA, "control character in the word \"%s\"", text);
    if (!open) {
        w->prefix = all;
        return 0;
    }
    if (!shut)
        return err_set(e, ERR_DATA, "\"<\" without \">\" in the word \"%s\"", text);
    w->prefix = (struct span){text, (size_t)(open - text)};
    w->class = class_find((struct span){open + 1, (size_t)(shut - open - 1)});
    if (w->class == CLASS_LITERAL)
        return err_set(e, ERR_DATA,
                       "unknown class \"%.*s\" in the word \"%s\"; there are <path> <unit> <name> "
                       "<names> <int> <host> <addr> <url> <text>",
                       (int)(shut - open + 1), open, text);
    w->many = strcmp(shut + 1, "...") == 0;
    w->suffix = (struct span){shut + 1, w->many ? 0 : strlen(shut + 1)};
    if (strpbrk(shut + 1, "<>"))
        return err_set(e, ERR_DATA, "more than one class in the word \"%s\"", text);
    return 0;
}

/* Of what pattern_parse() has accepted. */
static struct word word_of(const char *text)
{
    struct word w;

    word_parse(&w, text, NULL);
    return w;
}

int pattern_parse(struct pattern *p, char *const *words, struct err *e)
{
    size_t i, n = argv_len(words);
    struct word w;

    p->words = NULL;
    if (n == 0)
        return err_set(e, ERR_DATA, "an empty pattern can match nothing");
    for (i = 0; i < n; i++) {
        if (word_parse(&w, words[i], e) != 0)
            return -1;
        if (w.many && i + 1 < n)
            return err_set(e, ERR_DATA, "\"...\" only goes with the last word, not with \"%s\"",
                           words[i]);
    }
    p->words = argv_dup(words);
    return 0;
}

int pattern_parse_text(struct pattern *p, const char *text, struct err *e)
{
    char **words = argv_split(text);
    int rc = pattern_parse(p, words, e);

    argv_free(words);
    return rc;
}

void pattern_release(struct pattern *p)
{
    argv_free(p->words);
    p->words = NULL;
}

/* `=` parts components too, so that `--file=<path>` cannot be `--file=../x`.  Looking at the
 * whole word, and not at the class's part of it, makes pattern_within() a matter of the parts. */
static bool word_climbs(const char *word)
{
    while (*word) {
        size_t n = strcspn(word, "/=");

        if (n == 2 && word[0] == '.' && word[1] == '.')
            return true;
        word += n + (word[n] != '\0');
    }
    return false;
}

/* Something other than dots: no <name> is `..`, so one within a path cannot climb. */
static bool value_is_word(struct span v, const char *characters)
{
    return v.n && v.at[0] != '-' && span_run(v, characters) == v.n && span_run(v, ".") < v.n;
}

static bool value_is_names(struct span v)
{
    for (;;) {
        struct span name = {v.at, 0};

        while (name.n < v.n && v.at[name.n] != ',')
            name.n++;
        if (!value_is_word(name, classes[CLASS_NAME].characters))
            return false;
        if (name.n == v.n)
            return true;
        v = (struct span){v.at + name.n + 1, v.n - name.n - 1};
    }
}

static bool value_is_int(struct span v)
{
    return v.n && v.n <= INT_DIGITS_MAX && span_run(v, DIGITS) == v.n;
}

static bool value_is_addr(struct span v)
{
    struct span host = v, port;

    while (host.n && host.at[host.n - 1] != ':')
        host.n--;
    port = (struct span){v.at + host.n, v.n - host.n};
    if (!host.n || !value_is_int(port))
        return false;
    host.n--;
    if (host.n > 2 && host.at[0] == '[' && host.at[host.n - 1] == ']') {
        struct span inner = {host.at + 1, host.n - 2};

        return value_is_word(inner, LETTERS DIGITS ":.%");
    }
    return value_is_word(host, LETTERS DIGITS "_.-");
}

static bool char_is_url(char c)
{
    return c > 0x20 && c < 0x7f && !strchr("\"'\\`<>", c);
}

static size_t url_scheme(struct span v)
{
    size_t i;
    static const char *const schemes[] = {"http://", "https://"};

    for (i = 0; i < 2; i++)
        if (v.n >= strlen(schemes[i]) && memcmp(v.at, schemes[i], strlen(schemes[i])) == 0)
            return strlen(schemes[i]);
    return 0;
}

static bool value_is_url(struct span v)
{
    size_t i, scheme = url_scheme(v);

    if (!scheme || v.n == scheme)
        return false;
    for (i = 0; i < v.n; i++)
        if (!char_is_url(v.at[i]))
            return false;
    return true;
}

static bool value_matches(enum class_id class, struct span v, bool first, const char *word)
{
    if (!v.n || (first && v.at[0] == '-'))
        return false;
    switch (class) {
    case CLASS_PATH:
        return !span_has_control(v) && !word_climbs(word) && (!first || v.at[0] == '/');
    case CLASS_UNIT:
    case CLASS_NAME:
    case CLASS_HOST:
        return value_is_word(v, classes[class].characters);
    case CLASS_NAMES:
        return value_is_names(v);
    case CLASS_INT:
        return value_is_int(v);
    case CLASS_ADDR:
        return value_is_addr(v);
    case CLASS_URL:
        return value_is_url(v);
    case CLASS_TEXT:
        return !span_has_control(v);
    case CLASS_LITERAL:
        break;
    }
    return false;
}

/* Does what stands around the class, or the whole literal, fit? */
static bool word_resembles(const struct word *w, const char *word)
{
    size_t n = strlen(word);

    if (w->class == CLASS_LITERAL)
        return n == w->prefix.n && memcmp(word, w->prefix.at, n) == 0;
    return n >= w->prefix.n + w->suffix.n && memcmp(word, w->prefix.at, w->prefix.n) == 0 &&
           memcmp(word + n - w->suffix.n, w->suffix.at, w->suffix.n) == 0;
}

static bool word_matches(const struct word *w, const char *word)
{
    size_t n = strlen(word), around = w->prefix.n + w->suffix.n;

    if (!word_resembles(w, word) || w->class == CLASS_LITERAL)
        return word_resembles(w, word);
    return value_matches(w->class, (struct span){word + w->prefix.n, n - around},
                         w->prefix.n == 0, word);
}

static bool words_fit(const struct pattern *p, char *const *argv,
                      bool (*fits)(const struct word *w, const char *word))
{
    size_t i, n = argv_len(p->words), have = argv_len(argv);

    if (n == 0 || have < n)
        return false;
    for (i = 0; i < have; i++) {
        struct word w = word_of(p->words[i < n ? i : n - 1]);

        if ((i >= n && !w.many) || !fits(&w, argv[i]))
            return false;
    }
    return true;
}

bool pattern_matches(const struct pattern *p, char *const *argv)
{
    return words_fit(p, argv, word_matches);
}

bool pattern_resembles(const struct pattern *p, char *const *argv)
{
    return words_fit(p, argv, word_resembles);
}

/* The classes whose values all lie in another class, whatever stands around them. */
static bool class_fits(enum class_id inner, enum class_id outer)
{
    if (inner == outer)
        return true;
    switch (outer) {
    case CLASS_TEXT:
        return true;
    case CLASS_PATH: /* neither may climb, nor hold a slash */
    case CLASS_URL:
        return inner == CLASS_INT || inner == CLASS_NAME || inner == CLASS_NAMES ||
               inner == CLASS_HOST || inner == CLASS_ADDR;
    case CLASS_NAMES:
        return inner == CLASS_NAME || inner == CLASS_INT;
    case CLASS_UNIT:
    case CLASS_NAME:
    case CLASS_HOST:
        return inner == CLASS_INT;
    default:
        return false;
    }
}

/* Does the literal text that `inner` has more than `outer` fit into the class of `outer`?
 * `before` stands in front of the inner class, `after` behind it. */
static bool extras_fit(const struct word *inner, const struct word *outer, struct span before,
                       struct span after)
{
    bool first = outer->prefix.n == 0;
    size_t i;

    if (first && before.n && before.at[0] == '-')
        return false;
    switch (outer->class) {
    case CLASS_TEXT:
        return true; /* pattern_parse() let no control character in */
    case CLASS_PATH:
        if (word_climbs(before.at) || (after.n && word_climbs(after.at)))
            return false; /* for good: nothing could match, but say no */
        return !first || (before.n ? before.at[0] == '/' : inner->class == CLASS_PATH);
    case CLASS_UNIT:
    case CLASS_NAME:
    case CLASS_HOST:
        return (!before.n || before.at[0] != '-') &&
               span_run(before, classes[outer->class].characters) == before.n &&
               span_run(after, classes[outer->class].characters) == after.n;
    case CLASS_URL:
        for (i = 0; i < before.n + after.n; i++)
            if (!char_is_url(i < before.n ? before.at[i] : after.at[i - before.n]))
                return false;
        return before.n ? url_scheme(before) > 0 : inner->class == CLASS_URL;
    default:
        return before.n + after.n == 0;
    }
}

static bool word_within(const char *inner_text, const char *outer_text)
{
    struct word inner = word_of(inner_text), outer = word_of(outer_text);
    struct span before, after;

    if (inner.class == CLASS_LITERAL)
        return word_matches(&outer, inner_text);
    if (outer.class == CLASS_LITERAL || !class_fits(inner.class, outer.class))
        return false;
    if (inner.prefix.n < outer.prefix.n || inner.suffix.n < outer.suffix.n ||
        memcmp(inner.prefix.at, outer.prefix.at, outer.prefix.n) != 0 ||
        memcmp(inner.suffix.at + inner.suffix.n - outer.suffix.n, outer.suffix.at,
               outer.suffix.n) != 0)
        return false;
    before = (struct span){inner.prefix.at + outer.prefix.n, inner.prefix.n - outer.prefix.n};
    after = (struct span){inner.suffix.at, inner.suffix.n - outer.suffix.n};
    return extras_fit(&inner, &outer, before, after);
}

bool pattern_within(const struct pattern *inner, const struct pattern *outer)
{
    size_t i, n = argv_len(inner->words), m = argv_len(outer->words);
    bool inner_many, outer_many;

    if (n == 0 || m == 0 || n < m)
        return false;
    inner_many = word_of(inner->words[n - 1]).many;
    outer_many = word_of(outer->words[m - 1]).many;
    if ((n > m || inner_many) && !outer_many)
        return false;
    for (i = 0; i < n; i++)
        if (!word_within(inner->words[i], outer->words[i < m ? i : m - 1]))
            return false;
    return true;
}

char *pattern_text(const struct pattern *p)
{
    struct buf b;
    char *text;
    size_t i;

    buf_init(&b, 1 << 16);
    for (i = 0; p->words && p->words[i]; i++) {
        buf_puts(&b, i ? " " : "");
        buf_puts(&b, p->words[i]);
    }
    text = buf_take(&b);
    buf_release(&b);
    return text;
}
