/* pattern.h: which commands, as patterns over a whole argv.
 *
 * A pattern is a list of words.  A word is a literal, or a literal around one
 * class in angle brackets: `/etc/nginx/<path>`, `--property=<names>`.  The last
 * word may be a class with three dots, `<path>...`: one or more of them.
 *
 *   <path>   absolute when it is the whole word; no `..` component, no control characters
 *   <unit>   a systemd unit: [A-Za-z0-9:_.@\-]+         <name>   [A-Za-z0-9_.+-]+
 *   <names>  names with commas between                  <int>    digits
 *   <host>   a name or an address: [A-Za-z0-9_.:%-]+    <addr>   host:port or [v6]:port
 *   <url>    http:// or https://, printable ASCII, no blanks, quotes or backslashes
 *   <text>   anything without control characters
 *
 * What stands for a class at the start of a word never begins with `-`: no
 * value becomes an option.  A pattern binds the whole argv; there are no
 * optional words, so what it says is all that can run. */
#ifndef FETTLE_MODEL_PATTERN_H
#define FETTLE_MODEL_PATTERN_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct pattern {
    char **words; /* as written; NULL at the end */
};

/* Checks the words' form (an unknown class, two in a word, dots not at the end). */
int pattern_parse(struct pattern *p, char *const *words, struct err *e);
int pattern_parse_text(struct pattern *p, const char *text, struct err *e); /* split at blanks */
void pattern_release(struct pattern *p);
bool pattern_matches(const struct pattern *p, char *const *argv);
/* The same with anything in the places of the classes: then what does not match is a value. */
bool pattern_resembles(const struct pattern *p, char *const *argv);
/* True where everything that `inner` matches, `outer` matches too (may say false for exotic pairs). */
bool pattern_within(const struct pattern *inner, const struct pattern *outer);
char *pattern_text(const struct pattern *p); /* words with a blank between; owned */

#endif
