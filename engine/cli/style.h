/* style.h: text for a person: clean, indented, wrapped, in colour where that helps.
 *
 * Everything that goes through here is cleaned (base/text.h), so a host's output cannot act on
 * the terminal; colours are the only escapes, and are added after. */
#ifndef FETTLE_CLI_STYLE_H
#define FETTLE_CLI_STYLE_H

#include <stdbool.h>
#include <stdio.h>

enum look { LOOK_PLAIN, LOOK_BOLD, LOOK_DIM, LOOK_GOOD, LOOK_BAD, LOOK_WARN, LOOK_HEAD };

struct style {
    FILE *out; /* NULL: says nothing */
    bool color;
    int width;
};

void style_init(struct style *s, FILE *out, bool no_color);

/* One line, not wrapped: newlines within are shown as \n. */
void style_line(const struct style *s, enum look look, int indent, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Prose: wrapped at blanks; `first` stands before the first line, the others align with it. */
void style_wrap(const struct style *s, enum look look, int indent, const char *first,
                const char *text);
/* Lines as they are, each indented. */
void style_block(const struct style *s, enum look look, int indent, const char *text);
/* A unified diff, from the first column, with a final newline; nothing added or left out. */
void style_diff(const struct style *s, const char *diff);
void style_gap(const struct style *s); /* an empty line */

#endif
