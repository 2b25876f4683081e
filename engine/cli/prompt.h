/* prompt.h: questions to a person at a terminal. */
#ifndef FETTLE_CLI_PROMPT_H
#define FETTLE_CLI_PROMPT_H

#include "cli/style.h"

#include <stdbool.h>

enum { PROMPT_INTERRUPTED = 3 }; /* what Ctrl-C types */

/* Is a person there: are standard input and standard error a terminal? */
bool prompt_possible(void);

/* Asks until one of `keys` (lower case) is the answer's first letter and gives it; an empty
 * answer or end of file is `fallback`; Ctrl-C gives PROMPT_INTERRUPTED. */
int prompt_ask(const struct style *s, const char *question, const char *keys, int fallback);

#endif
