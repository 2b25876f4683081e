/* world.h: for the tests of script/: a host made of answers, a loop that is a list, and
 * playbooks written as one text.  It stands in for all of io/. */
#ifndef FETTLE_TESTS_WORLD_H
#define FETTLE_TESTS_WORLD_H

#include "io/loop.h"
#include "io/reader.h"
#include "model/finding.h"
#include "model/playbook.h"
#include "script/diagnosis.h"

/* What the host answers to a command line (words with a blank between); later ones win. */
void world_answer(const char *command, int code, const char *out, const char *err);
void world_outcome(const char *command, enum outcome o, const char *why);
void world_clear(void);
struct target *world_target(void);

extern unsigned world_runs;       /* commands that were submitted */
extern unsigned world_most;       /* the most that were under way at once */
extern unsigned world_cancelled;
extern bool world_twice;          /* answer everything twice, which a reader must not */
extern unsigned world_max_turns;  /* the loop stops after so many answers, 0: never */

/* Playbook NAME with the given steps ("id", "lua", …, NULL); the declared commands and
 * files are the usual ones of these tests. */
struct playbook *world_playbook(const char *name, ...);
struct incident *world_incident(const char *symptom, struct playbook *a, struct playbook *b);
void world_free_incident(struct incident *i);

struct host_report *world_diagnose(struct incident *i, const struct diagnosis_options *more);
/* One playbook of one step, with the symptom present. */
struct host_report *world_step(const char *lua);
void world_free_report(struct host_report *r);

#endif
