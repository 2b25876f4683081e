/* ssh_needs.h: can libssh2 do what a host's settings ask for? For engine/io only. */
#ifndef FETTLE_IO_SSH_NEEDS_H
#define FETTLE_IO_SSH_NEEDS_H

#include "io/ssh_config.h"

/* What has been learnt of files, as hosts mostly share them.  Zeroed is empty. */
struct ssh_files {
    struct ssh_file *first;
};

/* Fills needs_openssh and fallback.  `chosen`: the key that the inventory names, or NULL. */
void ssh_needs_judge(struct ssh_files *f, struct ssh_settings *s, const struct ssh_extras *x,
                     const char *chosen);
void ssh_files_release(struct ssh_files *f);

#endif
