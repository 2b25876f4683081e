/* result.h: making and freeing results; for engine/io only. */
#ifndef FETTLE_IO_RESULT_H
#define FETTLE_IO_RESULT_H

#include "io/reader.h"

void result_init(struct result *r,
                 size_t limit);        /* OUTCOME_LOST, code -1, now, until known better */
void result_release(struct result *r); /* fine on a zeroed one */
/* What a host's shell or sudo had to say, as one clean line; owned.  NULL if it is blank. */
char *result_one_line(const char *text, size_t n);

#endif
