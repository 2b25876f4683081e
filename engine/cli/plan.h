/* plan.h: a plan file: the document and its fingerprints, and where its hosts were. */
#ifndef FETTLE_CLI_PLAN_H
#define FETTLE_CLI_PLAN_H

#include "cli/changes.h"
#include "cli/session.h"

enum { PLAN_LIFETIME_S = 3600, PLAN_FILE_MAX = 64 << 20 };

/* Freezes the session's document; `sha256` is of the bytes.  An owned string. */
char *plan_format(const struct session *s, size_t *n, char sha256[65]);

struct plan {
    struct document *document;
    json_t *targets; /* name -> address, port, user, transport */
    char sha256[65];
};

/* 0 or an exit code; the message has been printed. */
int plan_load(struct plan *p, const char *path);
void plan_release(struct plan *p);

/* Each of these refuses with a message of its own (5), or gives 0. */
int plan_check_hash(const struct plan *p, const char *wanted);
int plan_check_time(const struct plan *p);
int plan_check_targets(const struct plan *p, const struct inventory *inv);
int plan_check_playbooks(const struct session *s, const struct document *d);
/* The plan's fixes do only what the playbooks declare, whoever wrote the file. */
int plan_check_declared(const struct session *s, const struct document *d);
/* `approve`: ids with commas between, or NULL; `recommended`: the recommended one of each cause. */
int plan_approve(struct document *d, const char *approve, bool recommended, struct approvals *a);

#endif
