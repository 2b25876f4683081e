/* report.h: what a person reads of a run, always from the document that bots read too.
 *
 * So `diagnose`, `fix`, `plan`, `show` and `report` cannot tell different stories, and the diff
 * that
 * --dry-run prints is the one that `fix` prints: report_fix() prints both. */
#ifndef FETTLE_CLI_REPORT_H
#define FETTLE_CLI_REPORT_H

#include "cli/style.h"

#include <jansson.h>

/* A field's text, "" where it is absent. */
const char *report_text(const json_t *object, const char *key);
/* How a host is reached (a "way" of the record); of the local machine there is nothing to say. */
void report_way(const struct style *s, const json_t *way);

/* One line for each host. */
void report_verdicts(const struct style *s, const json_t *document);
/* Host, symptom, causes with evidence and fixes, what was ruled out, what stayed open. */
void report_host(const struct style *s, const json_t *host, bool verbose);
void report_host_head(const struct style *s, const json_t *host);
void report_cause(const struct style *s, const json_t *cause);
void report_others(const struct style *s, const json_t *host, bool verbose);
void report_fix(const struct style *s, const json_t *fix);
/* Only what it changes: diffs and commands. */
void report_changes(const struct style *s, const json_t *fix);
void report_evidence(const struct style *s, const json_t *list, int indent);
void report_proof(const struct style *s, const json_t *fix);

/* The command line that an evidence or command shows; owned. */
char *report_argv(const json_t *words);
/* Of a cause: its fixes among the host's, the recommended one first; a new reference. */
json_t *report_fixes_of(const json_t *host, const json_t *cause);
/* The host's causes with this verdict, in their order; a new reference. */
json_t *report_causes(const json_t *host, const char *verdict);
/* What a status means, for a person: "a cause was found". */
const char *report_status_words(const char *status);
/* The same for an exit code: "fixed and verified" or such. */
const char *report_exit_words(int code, const char *mode);

#endif
