/* known_hosts_file.h: one known_hosts file, line by line; for engine/io only. */
#ifndef FETTLE_IO_KNOWN_HOSTS_FILE_H
#define FETTLE_IO_KNOWN_HOSTS_FILE_H

#include "base/err.h"
#include "io/loop.h"

#include <stdbool.h>
#include <stddef.h>

enum known_mark { KNOWN_PLAIN, KNOWN_AUTHORITY, KNOWN_REVOKED_KEY };

struct known_line {
    enum known_mark mark;
    size_t number;
    char *hosts, *type, *key; /* key: base64, as it stands there */
};

struct known_file {
    struct known_file *next;
    char *path;
    struct known_line *lines;
    size_t count;
};

/* Read once for all hosts, and kept as long as the loop.  NULL where it cannot be read; one that
 * is not there is empty. */
const struct known_file *known_file_get(struct loop *l, const char *path, struct err *e);
void known_file_forget(struct loop *l, const char *path); /* read anew the next time */
/* `name`: with its port in OpenSSH's form where that is not 22. */
bool known_line_is_about(const struct known_line *line, const char *name);

#endif
