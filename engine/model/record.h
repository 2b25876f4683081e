/* record.h: everything that a run saw and did, one JSON object a line.
 *
 * STATE/runs/RUN/record.jsonl, mode 0600.  Kinds of lines (`kind`): "run" (first: schema, run,
 * mode, incident, version, args, asked, params), "host" (name, address, transport, vars that fettle
 * looks at; peer: asked in the course of it), "read" (host, argv, at, took_ms, outcome, code, out,
 * err, out_cut, err_cut; bytes that are not UTF-8 in "out_base64"), "verdict",
 * "fix", "change" (a line of a transaction's journal), "answer" (what a person said yes or no to),
 * "document" (last: the JSON that was printed).  Secrets are masked before they are
 * written.  `STATE` is base/file.h's file_state_folder(). */
#ifndef FETTLE_MODEL_RECORD_H
#define FETTLE_MODEL_RECORD_H

#include "base/err.h"

#include <stdbool.h>
#include <jansson.h>

struct record;

/* A run's name: time and chance, "20260404T081233-412a1c0"; an owned string. */
char *record_new_run(struct err *e);
struct record *record_create(const char *run, struct err *e);
void record_add(struct record *r, const char *kind, json_t *fields); /* takes `fields`; adds "kind" and, unless it is there, "at"; masks all texts */
bool record_failed(const struct record *r); /* something could not be written: disk full, … */
const char *record_path(const struct record *r);
void record_close(struct record *r); /* fine on NULL; fsyncs */

/* Every line of a record as a JSON array; a last line that was cut by a crash is left out. */
json_t *record_load(const char *run_or_path, struct err *e);
char **record_runs(struct err *e); /* names, newest first, NULL at the end */

/* Replaces what looks like a secret by "[masked]", filled up with `*` where more than 64 bytes
 * stood there: values of keys such as password, secret, token, api_key, authorization, cookie (in
 * INI, nginx, JSON, URL and header form), user info in URLs, private key blocks.  Never changes the
 * number of lines.  An owned string. */
char *mask_secrets(const char *text, size_t n, size_t *masked_len);

#endif
