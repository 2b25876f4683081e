/* playbook.h: a playbook and its incident, as loaded and checked.
 *
 *   playbooks/nginx-502.yaml         the incident: how to see the symptom, and the
 *                                    reads that its playbooks share
 *   playbooks/nginx-502/NAME.yaml    its playbooks, one root cause each
 *
 * Loading checks everything that can be known without a host: keys, types, step
 * ids, patterns against the engine's catalogues, the targets of every `go "…"`
 * in a step, and steps that nothing leads to.  (Lua syntax is checked by
 * script/check.h, since only script/ knows Lua.) */
#ifndef FETTLE_MODEL_PLAYBOOK_H
#define FETTLE_MODEL_PLAYBOOK_H

#include "base/problems.h"
#include "model/pattern.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_type { PARAM_STRING, PARAM_INT, PARAM_DURATION, PARAM_URL };

struct param {
    char *name;
    enum param_type type;
    char *fallback; /* text as written, or NULL; a duration is like 90, 30s, 15m, 2h */
    char *help;
};

struct step {
    char *id;
    char *title;
    char *lua;
    size_t lua_len;
    size_t lua_line; /* of the file: where the text's first line stands */
    size_t line;
};

struct pattern_at {
    struct pattern pattern;
    size_t line, column;
};

struct playbook {
    char *name, *incident, *title, *summary; /* an incident has no name of its own: name == incident */
    char *file;
    char sha256[65]; /* of the file's bytes: part of a plan's fingerprints */
    char **references, **signatures;
    struct param *params;
    size_t param_count;
    struct pattern_at *commands, *files; /* a file pattern has one word */
    size_t command_count, file_count;
    struct step *steps; /* an incident has one, its symptom */
    size_t step_count;
};

struct incident {
    struct playbook symptom; /* the incident's own file in a playbook's shape */
    struct playbook **playbooks; /* in the order of their names */
    size_t count;
};

/* `folder` below is the one that has the incidents' files, or one that has it as `playbooks/`
 * (as data_folder() does).
 *
 * Loads what `name` says: an incident's name ("nginx-502") or a playbook's
 * ("unix-socket", "nginx-502/unix-socket") searched in `folder`, or the path of a
 * playbook file or of an incident's folder.  A single playbook comes with its incident:
 * the file beside its folder, else the one in `folder`.  NULL with problems or `e`. */
struct incident *incident_load(const char *name, const char *folder, struct problems *p,
                               struct err *e);
void incident_free(struct incident *i);

/* One file: either a playbook or an incident (it has the key `symptom`).  NULL with problems. */
struct playbook *playbook_load(const char *path, bool *is_incident, struct problems *p);
void playbook_free(struct playbook *b);

/* All incidents of a folder (for `list` and `lint`): names, NULL at the end. */
char **incident_names(const char *folder, struct err *e);

const struct step *playbook_step(const struct playbook *b, const char *id);
const struct param *playbook_param(const struct playbook *b, const char *name);

/* Seconds of a duration written 90, 30s, 15m, 2h or 1d; -1 where it is none. */
int64_t duration_seconds(const char *text);
/* Is this a value of the param's type?  The error names the param. */
int param_check(const struct param *param, const char *value, struct err *e);

/* Is this argv declared, by the playbook or by its incident? */
bool playbook_allows_command(const struct playbook *b, const struct incident *i,
                             char *const *argv);
/* Is it one that is declared but for a value that it must not have? */
bool playbook_names_command(const struct playbook *b, const struct incident *i,
                            char *const *argv);
bool playbook_allows_file(const struct playbook *b, const char *path);

/* Where this executable's playbooks and Lua library are: $FETTLE_DATA if set, else beside the
 * executable (a build tree: its source folder; an installation: ../share/fettle).  Owned. */
char *data_folder(struct err *e);

#endif
