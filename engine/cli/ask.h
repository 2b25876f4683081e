/* ask.h: questions of a login to the person at the terminal, while the hosts go on. */
#ifndef FETTLE_CLI_ASK_H
#define FETTLE_CLI_ASK_H

#include "io/ask.h"
#include "io/loop.h"

struct ask_terminal;

/* NULL where nobody can be asked: standard input or standard error is no terminal. */
struct ask_terminal *ask_terminal_new(struct loop *l);
/* After the targets and before the loop; the terminal is as it was.  Fine on NULL. */
void ask_terminal_free(struct ask_terminal *t);
const struct asker *ask_terminal_asker(struct ask_terminal *t); /* NULL for NULL */

#endif
