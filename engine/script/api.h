/* api.h: the manual of what a step can call. */
#ifndef FETTLE_SCRIPT_API_H
#define FETTLE_SCRIPT_API_H

#include <stddef.h>

struct api_doc {
    const char *call; /* "host:run(argv [, opts]) -> result" */
    const char *text;
};

const struct api_doc *script_api(size_t *n);

#endif
