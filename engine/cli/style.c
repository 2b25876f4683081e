/* style.c: text for a person. */
#include "cli/style.h"

#include "base/buf.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { WIDTH_MAX = 100, LINE_MAX_BYTES = 64 * 1024 };

static bool wants_color(FILE *out, bool no_color)
{
    const char *no = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !no_color && !(no && *no) && isatty(fileno(out)) && term && strcmp(term, "dumb") != 0;
}

static int width_of(FILE *out)
{
    struct winsize size;

    if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0 || size.ws_col < 40)
        return WIDTH_MAX;
    return size.ws_col < WIDTH_MAX ? size.ws_col : WIDTH_MAX;
}

void style_init(struct style *s, FILE *out, bool no_color)
{
    s->out = out;
    s->color = out && wants_color(out, no_color);
    s->width = out ? width_of(out) : WIDTH_MAX;
}

static const char *code_of(enum look look)
{
    switch (look) {
    case LOOK_BOLD:
        return "\033[1m";
    case LOOK_DIM:
        return "\033[2m";
    case LOOK_GOOD:
        return "\033[32m";
    case LOOK_BAD:
        return "\033[31m";
    case LOOK_WARN:
        return "\033[33m";
    case LOOK_HEAD:
        return "\033[1;36m";
    case LOOK_PLAIN:
        break;
    }
    return "";
}

static void put_line(const struct style *s, enum look look, int indent, const char *text, size_t n)
{
    bool color = s->color && look != LOOK_PLAIN;

    fprintf(s->out, "%*s%s", indent, "", color ? code_of(look) : "");
    fwrite(text, 1, n, s->out);
    fputs(color ? "\033[0m\n" : "\n", s->out);
}

void style_line(const struct style *s, enum look look, int indent, const char *format, ...)
{
    struct buf raw, clean;
    va_list args;
    char *text, *p;

    if (!s->out)
        return;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    buf_init(&raw, LINE_MAX_BYTES);
    buf_init(&clean, LINE_MAX_BYTES);
    for (p = text; p && *p; p++) {
        if (*p == '\n')
            buf_puts(&raw, "\\n");
        else
            buf_add(&raw, p, 1);
    }
    text_clean(&clean, raw.data, raw.len);
    put_line(s, look, indent, clean.data, clean.len);
    buf_release(&raw);
    buf_release(&clean);
    free(text);
}

static int columns_of(const char *text, size_t n)
{
    int columns = 0;
    size_t i;

    for (i = 0; i < n; i++)
        columns += ((unsigned char)text[i] & 0xc0) != 0x80;
    return columns;
}

/* A command in backquotes is one word: it is there to be copied. */
static size_t word_end(const char *text)
{
    size_t n = strcspn(text, " \n"), open = strcspn(text, "`\n"), close;

    if (open >= n || text[open] != '`')
        return n;
    close = open + 1 + strcspn(text + open + 1, "`\n");
    return close > n && text[close] == '`' ? close + strcspn(text + close, " \n") : n;
}

/* How many bytes of `text` go on a line of `room` columns; at least one word. */
static size_t fit(const char *text, int room)
{
    size_t end = 0, next;

    for (;;) {
        next = end;
        while (text[next] == ' ')
            next++;
        next += word_end(text + next);
        if (end && columns_of(text, next) > room)
            return end;
        end = next;
        if (text[end] == '\0' || text[end] == '\n')
            return end;
    }
}

void style_wrap(const struct style *s, enum look look, int indent, const char *first,
                const char *text)
{
    int lead = columns_of(first, strlen(first));
    struct buf line;
    char *clean;
    const char *p;

    if (!s->out)
        return;
    clean = text_clean_dup(text, strlen(text));
    buf_init(&line, LINE_MAX_BYTES);
    buf_puts(&line, first);
    for (p = clean;;) {
        size_t n = fit(p, s->width - indent - lead);

        buf_add(&line, p, n);
        put_line(s, look, indent, line.data, line.len);
        p += n;
        p += strspn(p, " \n");
        if (*p == '\0')
            break;
        buf_clear(&line);
        buf_addf(&line, "%*s", lead, "");
    }
    buf_release(&line);
    free(clean);
}

static void each_line(const struct style *s, int indent, const char *text,
                      enum look (*look)(const char *line, enum look given), enum look given)
{
    char *clean = text_clean_dup(text, strlen(text));
    const char *p = clean;

    while (*p) {
        size_t n = strcspn(p, "\n");

        put_line(s, look ? look(p, given) : given, indent, p, n);
        p += n + (p[n] == '\n');
    }
    free(clean);
}

void style_block(const struct style *s, enum look look, int indent, const char *text)
{
    if (s->out)
        each_line(s, indent, text, NULL, look);
}

static enum look diff_look(const char *line, enum look given)
{
    if (strncmp(line, "--- ", 4) == 0 || strncmp(line, "+++ ", 4) == 0)
        return LOOK_BOLD;
    if (*line == '+')
        return LOOK_GOOD;
    if (*line == '-')
        return LOOK_BAD;
    return *line == '@' ? LOOK_HEAD : given;
}

void style_diff(const struct style *s, const char *diff)
{
    if (s->out)
        each_line(s, 0, diff, diff_look, LOOK_PLAIN);
}

void style_gap(const struct style *s)
{
    if (s->out)
        fputc('\n', s->out);
}
