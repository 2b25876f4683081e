/* shell.h: the POSIX shell files of this folder, as the build puts them into the executable. */
#ifndef FETTLE_CHANGE_SHELL_H
#define FETTLE_CHANGE_SHELL_H

extern const char shell_boot[], shell_txn[], shell_prove[];

#endif
