/* clock.h: two clocks, one to measure with and one to write down. */
#ifndef FETTLE_BASE_CLOCK_H
#define FETTLE_BASE_CLOCK_H

#include <stdint.h>

enum { CLOCK_TEXT_SIZE = 32 };

int64_t clock_monotonic_ms(void);
int64_t clock_wall_ms(void);                                /* since the epoch */
void clock_format(int64_t wall_ms, char text[CLOCK_TEXT_SIZE]); /* RFC 3339, UTC, milliseconds */

#endif
