/* askpass.h: fettle as the program that ssh asks for a secret (SSH_ASKPASS in ssh(1)).
 *
 * ssh starts it with the question as its argument; it hands that to the fettle which started ssh,
 * over a socket (io/openssh_ask.c), and prints the answer for ssh to read.  So a person is asked
 * in one place, and a secret is in no argument and no environment. */
#ifndef FETTLE_IO_ASKPASS_H
#define FETTLE_IO_ASKPASS_H

#include <stdbool.h>

/* The environment variable with the path of the socket. */
#define ASKPASS_SOCKET "FETTLE_ASKPASS"

enum { ASKPASS_TEXT_MAX = 8 * 1024 }; /* of a question, and of an answer */

bool askpass_is_meant(void);             /* this process has been started for that */
int askpass_main(int argc, char **argv); /* the exit status */

#endif
