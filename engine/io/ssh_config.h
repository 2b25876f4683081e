/* ssh_config.h: what `ssh -G` prints, read; for engine/io only. */
#ifndef FETTLE_IO_SSH_CONFIG_H
#define FETTLE_IO_SSH_CONFIG_H

#include "io/ssh_settings.h"

/* What of the answer is not for libssh2, but decides whether it will do. */
struct ssh_extras {
    char *reason; /* the first setting that only the system's ssh can follow, or NULL */
    bool gssapi;
};

/* `text` NULL: OpenSSH's defaults.  The answer may have been given for another host that gets
 * the same one: `name` and `address` are this one's.  `address` NULL: as the answer says. */
void ssh_config_parse(const char *text, const char *name, const char *address,
                      struct ssh_settings *s, struct ssh_extras *x);
/* The value of one key in an answer, owned; NULL: it is not there. */
char *ssh_config_value(const char *text, const char *key);
void ssh_settings_release(struct ssh_settings *s);

#endif
