/* ansible_words.h: the words of an Ansible INI file: quotes, values, names with ranges. */
#ifndef FETTLE_MODEL_ANSIBLE_WORDS_H
#define FETTLE_MODEL_ANSIBLE_WORDS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <jansson.h>

struct word {
    char *text;
    size_t column; /* in the line, from 1 */
};

/* As Python's shlex splits a line: quotes, backslashes, `#` begins a comment where `comments`.
 * The number of words, or -1 where a quote is not closed (`*words` is to be freed then, too). */
int words_split(const char *line, bool comments, struct word **words);
void words_free(struct word *words, size_t count);

/* What Python's literals mean; anything else is the text itself. */
json_t *words_value(const char *text);

/* `web[01:50:2].example[a:f]` as a list of names, at most NAMES_MAX.  NULL with the reason. */
enum { NAMES_MAX = 10000 };
char **words_expand(const char *pattern, struct err *e);
/* Takes a `:PORT` off the end of `pattern`, also from `[ADDRESS]:PORT`; 0 where there is none. */
int words_take_port(char *pattern);

#endif
