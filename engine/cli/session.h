/* session.h: one run, from its files to its record: what diagnose, fix, plan, apply and undo share.
 *
 *     session_init()
 *     session_load()       inventory, hosts; all problems are printed at once
 *     session_incident()   incident, playbooks, parameters
 *     session_begin()      the run gets its name and its record
 *     session_diagnose()   all hosts side by side
 *     session_change()     (changes.h)
 *     session_end()        the document goes into the record, and out
 *     session_release()
 *
 * Those that give an int give 0 or the exit code to end with; the message has been printed. */
#ifndef FETTLE_CLI_SESSION_H
#define FETTLE_CLI_SESSION_H

#include "cli/ask.h"
#include "cli/options.h"
#include "cli/style.h"
#include "io/loop.h"
#include "io/target.h"
#include "model/document.h"
#include "model/inventory.h"
#include "model/playbook.h"
#include "model/record.h"

struct diagnosis;
struct survey;
struct session;

struct session_host {
    struct session *session;
    const struct host *host;
    struct target *target;       /* NULL until asked for */
    int64_t opened_ms;           /* monotonic */
    bool way_told;
    struct diagnosis *diagnosis; /* while it runs */
    struct survey *survey;           /* the same */
    struct survey_found *found;    /* what earlier changes left there; NULL until it is known */
    size_t report;               /* its place in the document's hosts; diagnosed hosts only */
};

struct session {
    const struct options *options;
    const char *mode;
    struct style text; /* what a person reads; says nothing where JSON is wanted */
    char *data, *playbooks, *lua;
    struct inventory *inventory;
    struct incident *incident;
    json_t *params; /* of -p, checked */
    struct loop *loop;
    struct ask_terminal *ask; /* NULL: nobody to ask */
    struct record *record;
    struct document *document;
    struct session_host **hosts; /* the selected ones, then those that were asked for later */
    size_t host_count, selected;
    size_t running; /* diagnoses, and looks at what earlier changes left */
    bool idle;
    bool side_by_side; /* several hosts are being changed: each line names its own */
    json_t *extra; /* more fields for the document, or NULL */
    const char *replay; /* the record that answers instead of the hosts; NULL: they do */
};

void session_init(struct session *s, const struct options *o, const char *mode);
int session_load(struct session *s);
int session_load_local(struct session *s); /* the same without an inventory: only this machine */
int session_select(struct session *s, const char *pattern); /* NULL: the local machine */
int session_incident(struct session *s, const char *name);
int session_begin(struct session *s);
int session_open(struct session *s);       /* all of the above, as the options say */
/* The hosts, playbooks and parameters of a former run; its record, the file `path`, answers in place of the
 * hosts.  Nothing is recorded. */
int session_open_replay(struct session *s, json_t *record, const char *path);
int session_diagnose(struct session *s);   /* the exit code that the findings amount to */
int session_code(const struct session *s); /* what the hosts' statuses amount to */
/* Writes the document, and prints it where --json or --events want it; gives `code`. */
int session_end(struct session *s, int code);
void session_release(struct session *s);

/* The host of that name in a former run, as the inventory has it now; NULL with the reason printed,
 * also where the name is another address's by now. */
const struct host *session_host_of_run(const struct session *s, const json_t *record,
                                       const char *name);
struct session_host *session_add_host(struct session *s, const struct host *host);
/* The host's target, connected anew when it is older than `max_age_ms`: time-outs count from its
 * birth, and a person may have thought for long.  NULL with an error printed. */
struct target *session_target(struct session *s, const char *name, int64_t max_age_ms);

/* What a record keeps of a host so that it can be replayed: a new object. */
json_t *session_host_line(const struct host *h);
/* Into the record, and onto standard output with --events.  Takes `fields`. */
void session_event(struct session *s, const char *kind, const char *host, json_t *fields);
/* Of a document's playbooks, as they are today: the incident's file, and those that gave findings.
 */
void session_fingerprint(const struct session *s, const struct document *d, char sha256[65]);
/* Writes JSON to standard output, as ASCII where that is a terminal. */
void session_print_json(json_t *json, size_t flags);

#endif
