/* shell.h: how a program begins on a host, whatever its login shell; for engine/io only.
 *
 * What is started is short, fixed, and means the same to sh, bash, zsh, fish and csh: a shell that
 * reads the program from its standard input, line by line, and runs it once all of it has come.
 * So neither an argument list nor a login shell sees the program, and one that a cut connection
 * left half is not run.  What follows on the stream is the program's own input; `$0` is "fettle".
 */
#ifndef FETTLE_IO_SHELL_H
#define FETTLE_IO_SHELL_H

#include "base/err.h"
#include "io/stream.h"

/* NULL, "sudo", "sudo:USER": else ERR_DATA. */
int shell_check_become(const char *become, struct err *e);
const char *shell_reader(void);                         /* what `sh -c` is given */
char **shell_argv(const char *become);                  /* to be executed as it is; owned */
char *shell_line(const char *become);                   /* for a login shell; owned */
void shell_send(struct stream *s, const char *program); /* what the stream has to begin with */

#endif
