/* text.h: what others wrote, made fit for a person's terminal. */
#ifndef FETTLE_BASE_TEXT_H
#define FETTLE_BASE_TEXT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* Adds `text` to `b` without anything that a terminal would act on: control
 * characters (C0, DEL, C1) other than tab and newline are shown as \xNN, bytes
 * that are not valid UTF-8 too, and the characters that reorder text (the
 * "bidi" controls) as \u{NNNN}. */
void text_clean(struct buf *b, const char *text, size_t n);
char *text_clean_dup(const char *text, size_t n); /* the same as an owned string */

/* The length of the well-formed UTF-8 character at `text`, 0 where there is none. */
size_t text_utf8_len(const char *text, size_t n);
bool text_is_utf8(const char *text, size_t n); /* all of it, and no NUL */

#endif
