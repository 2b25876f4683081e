/* library.h: the playbooks at hand, for those who write and review them. */
#ifndef FETTLE_CLI_LIBRARY_H
#define FETTLE_CLI_LIBRARY_H

#include "base/err.h"
#include "model/playbook.h"

/* The folder of playbooks; NULL with the error printed.  Owned. */
char *library_folder(int *code);
/* NULL with everything that is wrong printed, and the exit code in `code`. */
struct incident *library_incident(const char *name, const char *folder, int *code);

#endif
