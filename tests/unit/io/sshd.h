/* sshd.h: a real sshd on the loopback interface, for the tests: keys, HOME and configuration of its
 * own in a folder that goes with it.  Nothing of this machine's own ssh is touched. */
#ifndef FETTLE_TEST_IO_SSHD_H
#define FETTLE_TEST_IO_SSHD_H

#include <sys/types.h>

struct sshd {
    char *folder;      /* also HOME of who logs in */
    char *identity;    /* a key that it takes, */
    char *known_hosts; /* and a file that knows the host's */
    int port;
    pid_t pid;
};

/* Why there can be none on this machine, or NULL. */
const char *sshd_missing(void);
/* `config`: more lines for sshd_config, before the others, since the first of a kind counts. */
void sshd_start(struct sshd *s, const char *config);
/* The same on a machine where root has another login shell and another password: one that only
 * this sshd sees, through a mount namespace of its own.  `hash` is crypt(3)'s; NULL: as it is. */
void sshd_start_as(struct sshd *s, const char *config, const char *shell, const char *hash);
const char *sshd_cannot_pretend(void); /* why that cannot be here, or NULL */
void sshd_stop(struct sshd *s);
/* Runs a program and waits; its status. */
int sshd_run(char *const *argv);
char *sshd_path(const struct sshd *s, const char *name); /* in its folder; owned */
void sshd_write(const struct sshd *s, const char *name, const char *text);
char *sshd_read(const struct sshd *s, const char *name); /* owned */
int sshd_free_port(void);

#endif
