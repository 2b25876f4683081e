/* parse.h: lua/'s parsers as filters: text in, JSON out. */
#ifndef FETTLE_SCRIPT_PARSE_H
#define FETTLE_SCRIPT_PARSE_H

#include "base/err.h"
#include "io/target.h"

#include <jansson.h>

/* `source`: the file's path or NULL for standard input.  `local` serves the reads of kinds that
 * follow includes.  NULL on error (ERR_USAGE for an unknown kind, naming those that exist). */
json_t *parse_text(struct loop *l, struct target *local, const char *lua_folder, const char *kind,
                   const char *text, size_t n, const char *source, struct err *e);

#endif
