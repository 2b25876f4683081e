/* paths.h: the files that an operand PATH means. */
#ifndef FETTLE_CLI_PATHS_H
#define FETTLE_CLI_PATHS_H

#include "base/problems.h"

/* Adds to `list` (base/argv.h) the path itself where it is no folder, else the files below it whose names
 * end in one of `ends` (NULL at the end), in the order of their names, without hidden ones and not
 * deeper than playbooks/INCIDENT/NAME.yaml needs.  A folder that cannot be read is a problem. */
char **paths_add(char **list, const char *path, const char *const *ends, struct problems *p);

#endif
