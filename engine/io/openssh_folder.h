/* openssh_folder.h: a folder for the sockets of this loop's ssh; for engine/io only. */
#ifndef FETTLE_IO_OPENSSH_FOLDER_H
#define FETTLE_IO_OPENSSH_FOLDER_H

#include "base/err.h"
#include "io/loop.h"

/* A new path for a socket, owned.  The folder has mode 0700 and goes with the loop.  What a fettle
 * that was killed has left behind goes when the next one needs such a folder. */
char *openssh_folder_path(struct loop *l, struct err *e);

#endif
