/* argv.h: NULL-terminated lists of strings, owned as a whole. */
#ifndef FETTLE_BASE_ARGV_H
#define FETTLE_BASE_ARGV_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

size_t argv_len(char *const *argv);          /* NULL counts as empty */
char **argv_dup(char *const *argv);          /* NULL stays NULL */
void argv_free(char **argv);                 /* NULL is fine */
bool argv_equal(char *const *a, char *const *b);
char **argv_add(char **argv, const char *word);       /* argv may be NULL; returns it, grown */
char **argv_split(const char *text);         /* at blanks; no quotes are known */

/* Adds `word` to `b` as one word of a POSIX shell: as it is where that is safe,
 * else in single quotes.  The shell never reads anything of it as syntax. */
void argv_quote_word(struct buf *b, const char *word);
void argv_quote(struct buf *b, char *const *argv); /* all of them, a blank between */
char *argv_text(char *const *argv);                /* the same as an owned string */

#endif
