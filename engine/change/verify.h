/* verify.h: is the symptom gone?  Asked from here, while the host waits for the word. */
#ifndef FETTLE_CHANGE_VERIFY_H
#define FETTLE_CHANGE_VERIFY_H

#include "base/err.h"
#include "io/target.h"
#include "model/finding.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct verify;

/* `seen` says what was seen, for a person: "asked 5 times: 502, 502, …"; it lives for the call. */
typedef void verify_done(void *data, bool cured, const char *seen);

/* Runs each check of each fix (equal ones once) until it has succeeded as many times in a row as
 * it wants.  A service needs a moment to listen: for `settle_ms` a check that has never succeeded
 * is asked again.  `done` comes from the loop, and after it the verify is no more. */
struct verify *verify_start(struct target *t, struct fix *const *fixes, size_t count,
                            int64_t settle_ms, verify_done *done, void *data);
void verify_cancel(struct verify *v); /* without a call; fine on NULL */

#endif
