/* document_value.h: one value of a plan at a time, checked, with its JSON path in every problem.
 * Only for model/document_plan.c.  Strings and lists are owned unless they are const; where a
 * value is wrong they are NULL or empty, and the problem is noted. */
#ifndef FETTLE_MODEL_DOCUMENT_VALUE_H
#define FETTLE_MODEL_DOCUMENT_VALUE_H

#include "base/digest.h"
#include "base/problems.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

struct plan_reading {
    const char *file;
    struct problems *problems;
};

/* A value and its path. */
struct plan_at {
    const json_t *value;
    char path[160];
};

int plan_wrong(const struct plan_reading *l, const struct plan_at *at, const char *should);
struct plan_at plan_key(const struct plan_at *of, const char *name);
struct plan_at plan_item(const struct plan_at *of, size_t i);
bool plan_is_object(const struct plan_reading *l, const struct plan_at *at);
size_t plan_array_size(const struct plan_reading *l, const struct plan_at *at);
const char *plan_string_at(const struct plan_reading *l, const struct plan_at *at);
char *plan_string(const struct plan_reading *l, const struct plan_at *of, const char *name);
char *plan_string_or_null(const struct plan_reading *l, const struct plan_at *of, const char *name);
int64_t plan_int(const struct plan_reading *l, const struct plan_at *of, const char *name,
                 int64_t least, int64_t most);
bool plan_bool(const struct plan_reading *l, const struct plan_at *of, const char *name);
int plan_enum(const struct plan_reading *l, const struct plan_at *of, const char *name,
              const char *const *names);
int64_t plan_time(const struct plan_reading *l, const struct plan_at *of, const char *name,
                  bool may_be_null);
void plan_sha256(const struct plan_reading *l, const struct plan_at *of, const char *name,
                 char text[DIGEST_TEXT_SIZE]);
char *plan_bytes(const struct plan_reading *l, const struct plan_at *of, const char *name,
                 size_t *n);
char *plan_word(const struct plan_reading *l, const struct plan_at *at);
char **plan_argv_at(const struct plan_reading *l, const struct plan_at *at);
char **plan_argv(const struct plan_reading *l, const struct plan_at *of, const char *name);
char *plan_path(const struct plan_reading *l, const struct plan_at *of, const char *name);

#endif
