/* ssh_command.c: the system's `ssh` as a command. */
#include "io/ssh_command.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/ssh_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *ssh_command_find(void)
{
    const char *from = getenv("PATH");
    char *list = mem_dup(from ? from : "/usr/local/bin:/usr/bin:/bin"), *rest = NULL, *folder;
    char *found = NULL;

    for (folder = strtok_r(list, ":", &rest); folder && !found;
         folder = strtok_r(NULL, ":", &rest)) {
        char *path = mem_format("%s/ssh", folder);

        if (*folder == '/' && access(path, X_OK) == 0)
            found = path;
        else
            free(path);
    }
    free(list);
    return found;
}

/* `-o KEY="VALUE"`, in quotes as ssh reads them.  `percent`: what stands there is no token. */
static char **add_option(char **argv, const char *key, const char *value, bool percent)
{
    struct buf b;

    buf_init(&b, 1 << 16);
    buf_addf(&b, "%s=\"", key);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_puts(&b, "\\");
        if (*value == '%' && percent)
            buf_puts(&b, "%");
        buf_add(&b, value, 1);
    }
    buf_puts(&b, "\"");
    argv = argv_add(argv, "-o");
    argv = argv_add(argv, b.data);
    buf_release(&b);
    return argv;
}

char **ssh_command_begin(const char *program, const struct host *h)
{
    const char *config = ssh_config_path();
    char **argv = argv_add(NULL, program), port[16];

    if (config) {
        argv = argv_add(argv, "-F");
        argv = argv_add(argv, config);
    }
    if (h->port) {
        snprintf(port, sizeof port, "Port=%d", h->port);
        argv = argv_add(argv, "-o");
        argv = argv_add(argv, port);
    }
    if (h->user)
        argv = add_option(argv, "User", h->user, false);
    if (h->identity)
        argv = add_option(argv, "IdentityFile", h->identity, true);
    if (h->known_hosts)
        argv = add_option(argv, "UserKnownHostsFile", h->known_hosts, true);
    if (h->jump) { /* the one option that ssh reads without quotes */
        argv = argv_add(argv, "-J");
        argv = argv_add(argv, h->jump);
    }
    if (h->address)
        argv = add_option(argv, "HostName", h->address, true);
    return argv;
}
