/* inventory_files.h: which files an inventory is made of, and what each of them is.
 * Only for model/inventory.c. */
#ifndef FETTLE_MODEL_INVENTORY_FILES_H
#define FETTLE_MODEL_INVENTORY_FILES_H

#include "base/problems.h"

#include <stdbool.h>
#include <stddef.h>

enum { INVENTORY_TEXT_MAX = 16 << 20 }; /* bytes; an answer to --list can be long */

enum inventory_format {
    INVENTORY_YAML,   /* ours or Ansible's: its keys tell */
    INVENTORY_INI,    /* Ansible's */
    INVENTORY_LISTED, /* what an executable inventory has answered, kept in a file */
};

/* The files to read, in order; a path that was asked for must be there.  `*folder` is the one beside
 * whose files group_vars/ and host_vars/ may lie. */
char **inventory_files(const char *path, char **folder, struct problems *p);
/* May be executed, and is a script or a binary: a file system that marks every file as executable
 * says nothing. */
bool inventory_is_program(const char *path);
/* By the ending of its name, then by the first line that is no comment. */
enum inventory_format inventory_format(const char *path, const char *text, size_t n);

#endif
