/* hosts_check.h: can each host be reached, by which way, and as whom? */
#ifndef FETTLE_CLI_HOSTS_CHECK_H
#define FETTLE_CLI_HOSTS_CHECK_H

#include "cli/session.h"

/* Asks the selected hosts side by side, and adds what it learns to their rows (in the same order).
 * 4 where one was not reached, 130 when interrupted. */
int hosts_check(struct session *s, json_t *rows);
/* `where`: user, address and port, as one word. */
void hosts_check_print(const struct style *s, const json_t *row, const char *where);

#endif
