/* ssh_scan.h: which hosts the files of the ssh configuration tell apart, without understanding
 * what they say about them (ssh_config(5)).
 *
 * It is for two things: to ask `ssh -G` once for hosts that must get the same answer, and to know
 * the aliases that people have written down.  Where it cannot be sure, it says "apart". */
#ifndef FETTLE_MODEL_SSH_SCAN_H
#define FETTLE_MODEL_SSH_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct ssh_scan {
    char ***hosts; /* the words of each Host line, includes followed */
    char **places; /* of each: FILE:LINE */
    size_t count;
    bool apart; /* something in the files may depend on the host in other ways than by Host lines */
};

/* The user's folder as ssh finds it: of the password database, not of $HOME; owned. */
char *ssh_home(void);
/* $FETTLE_SSH_CONFIG: a file that is read instead of the user's and the system's, as by
 * `ssh -F`; NULL: theirs. */
const char *ssh_config_path(void);

void ssh_scan_load(struct ssh_scan *s);
void ssh_scan_release(struct ssh_scan *s);

/* Has a Host line, other than one that is for every host, this name in it? */
bool ssh_scan_names(const struct ssh_scan *s, const char *name);
/* Equal for two names that the Host lines do not tell apart; owned.  NULL: this one may have
 * settings of its own. */
char *ssh_scan_class(const struct ssh_scan *s, const char *name);
/* One pattern with `*` and `?` (ssh's own: no brackets). */
bool ssh_pattern_matches(const char *pattern, const char *name);

#endif
