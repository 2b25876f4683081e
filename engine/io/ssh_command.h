/* ssh_command.h: the system's `ssh` as a command; for engine/io only. */
#ifndef FETTLE_IO_SSH_COMMAND_H
#define FETTLE_IO_SSH_COMMAND_H

#include "model/inventory.h"

/* The program's path, or NULL: none is installed.  Owned. */
char *ssh_command_find(void);
/* PROGRAM and the options that the inventory's entries amount to; owned. */
char **ssh_command_begin(const char *program, const struct host *h);

#endif
