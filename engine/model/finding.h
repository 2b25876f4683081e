/* finding.h: what a diagnosis found, as plain data.
 *
 * This is all that crosses from the steps to the rest of the engine: no Lua
 * value, no function, nothing that could act. */
#ifndef FETTLE_MODEL_FINDING_H
#define FETTLE_MODEL_FINDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <jansson.h>

enum verdict { VERDICT_NONE, VERDICT_CONFIRMED, VERDICT_RULED_OUT, VERDICT_INCONCLUSIVE };
enum risk { RISK_LOW, RISK_MEDIUM, RISK_HIGH };
enum symptom_state { SYMPTOM_UNKNOWN, SYMPTOM_PRESENT, SYMPTOM_ABSENT };
enum fix_status { FIX_PROPOSED, FIX_APPLIED, FIX_VERIFIED, FIX_DECLINED, FIX_FAILED,
                  FIX_ROLLED_BACK, FIX_REFUSED };

struct evidence {
    char *host;
    char **argv;
    char *outcome; /* "exit", "signal", "timeout", … as io/reader.h names them */
    int code;      /* exit status or signal; -1 where there is none */
    int64_t at_ms; /* wall clock */
    char *excerpt; /* lines of the output, masked and bounded, not yet cleaned for a terminal */
};

/* A file's state when it was read. */
struct fingerprint {
    char *path;      /* as asked for */
    char *real;      /* with symlinks resolved; the same where it is none */
    char sha256[65];
    unsigned uid, gid, mode; /* mode: the permission bits */
    bool absent;        /* it was not there: the edit creates it, with this owner and mode */
    bool folder_absent; /* nor was the folder that it is to be in */
};

struct edit {
    struct fingerprint was;
    char *before, *after; /* whole contents, bytes */
    size_t before_len, after_len;
    char after_sha256[65];
    char *diff; /* unified, as shown */
};

struct command {
    char **argv;
    char **undo; /* NULL: nothing to take back */
    char *note;  /* may be NULL */
    char *unit_was; /* a systemd unit's "START RESTARTS" when it was proposed (usec since boot), or NULL */
    int timeout_s;
};

struct check { /* a read that must succeed, `times` times in a row */
    char **argv;
    int times, exit;
    char *out; /* POSIX extended regular expression over standard output, or NULL */
};

/* What the edit changes, as a person reads it; an owned string. */
char *edit_diff(const struct edit *e);

struct fix {
    char *id; /* "unix-socket/restart-fpm" */
    char *playbook, *title, *why;
    char *host;
    enum risk risk;
    bool recommended;
    struct edit *edits;
    size_t edit_count;
    struct command *commands;
    size_t command_count;
    char ***validate; /* list of argvs, NULL at the end */
    char *verify;     /* in words */
    struct check *checks;
    size_t check_count;
    enum fix_status status;
    char *proof;      /* what the shadow validation said, or NULL: not tried */
    char *over_budget; /* why the host would refuse it now: made too often; or NULL */
};

struct finding {
    char *playbook;
    enum verdict verdict;
    char *title, *summary, *reason;
    int likelihood;
    json_t *subject; /* an object, or NULL */
    struct evidence *evidence;
    size_t evidence_count;
    struct fix *fixes;
    size_t fix_count;
    bool broken; /* inconclusive since the playbook itself is wrong: `reason` names file and line */
};

enum host_status { HOST_HEALTHY, HOST_CAUSE_FOUND, HOST_INCONCLUSIVE, HOST_UNREACHABLE, HOST_FIXED,
                   HOST_NOT_FIXED, HOST_FAILED, HOST_ROLLED_BACK, HOST_REFUSED };

struct host_report {
    char *host;
    enum host_status status;
    char *error; /* or NULL */
    char *unfinished; /* what an earlier change that was cut off left there, in words, or NULL */
    enum symptom_state symptom;
    char *symptom_summary;
    json_t *symptom_facts; /* the symptom's own table (url, code, …), or NULL */
    struct evidence *symptom_evidence;
    size_t symptom_evidence_count;
    struct finding *findings; /* confirmed first, by likelihood; then as the playbooks' names */
    size_t finding_count;
    bool put_back_failed; /* gravest of all: a person must look */
};

void evidence_release(struct evidence *e);
void fix_release(struct fix *f);
void finding_release(struct finding *f);
void finding_drop_fixes(struct finding *f); /* none is offered */
void host_report_release(struct host_report *r);
void host_report_order(struct host_report *r); /* the order that `findings` promises */

const char *verdict_name(enum verdict v);       /* "confirmed", "ruled-out", "inconclusive" */
const char *risk_name(enum risk r);
const char *symptom_name(enum symptom_state s); /* "present", "absent", "unknown" */
const char *fix_status_name(enum fix_status s); /* "rolled-back", … */
const char *host_status_name(enum host_status s);
int host_status_exit(enum host_status s);       /* 0, 2, 3, 4, 5, 6, 7 as the contract has them */
int exit_gravest(int a, int b);                 /* 8, 7, 6, 4, 5, 3, 2, then 0; 1, 64, 65, 130 above all */

#endif
