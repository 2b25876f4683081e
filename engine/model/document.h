/* document.h: the JSON that bots read, and a plan file, which is the same plus fingerprints. */
#ifndef FETTLE_MODEL_DOCUMENT_H
#define FETTLE_MODEL_DOCUMENT_H

#include "base/err.h"
#include "base/problems.h"
#include "model/finding.h"

#include <stdint.h>
#include <jansson.h>

#define DOCUMENT_SCHEMA "fettle/1"
enum { DOCUMENT_MAX = 64 << 20 }; /* bytes of a plan */

struct document {
    char *run, *mode, *incident;
    int64_t started_ms, ended_ms; /* wall clock */
    int exit;
    struct host_report *hosts;
    size_t host_count;
    char *playbooks_sha256; /* of all playbook files that took part: another version, another plan */
    int64_t expires_ms;     /* plans: 0 for none */
};

/* The contract's JSON.  `causes` has the confirmed findings and, after them, the inconclusive
 * ones.  Texts that are not UTF-8 are shown as text_clean() does; so that a plan loses nothing,
 * its edits' contents are in base64, and so are words of commands and paths that are not UTF-8. */
json_t *document_to_json(const struct document *d);
json_t *document_to_plan(const struct document *d);
/* Reads a plan; every value is checked, an edit's bytes against its hash and its diff. */
struct document *document_from_plan(const char *text, size_t n, const char *file,
                                    struct problems *p);
void document_free(struct document *d);

#endif
