/* message.h: what goes wrong, on standard error, one clear line each. */
#ifndef FETTLE_CLI_MESSAGE_H
#define FETTLE_CLI_MESSAGE_H

#include "base/err.h"
#include "base/problems.h"

void message(const char *format, ...) __attribute__((format(printf, 1, 2))); /* "fettle: …" */
int message_err(const struct err *e);           /* prints it, and gives the exit code that fits */
int message_problems(const struct problems *p); /* all of them; 65 */

#endif
