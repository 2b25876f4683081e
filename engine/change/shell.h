/* shell.h: the POSIX shell files of this folder, as the build puts them into the executable. */
#ifndef FETTLE_CHANGE_SHELL_H
#define FETTLE_CHANGE_SHELL_H

#include <stddef.h>

/* NUL-terminated; `_len` does not count the NUL. */
extern const char shell_boot[], shell_txn[], shell_prove[];
extern const size_t shell_boot_len, shell_txn_len, shell_prove_len;

#endif
