/* proxy.h: a TCP proxy in front of an sshd that stops or cuts after so many bytes. */
#ifndef FETTLE_TEST_IO_PROXY_H
#define FETTLE_TEST_IO_PROXY_H

#include <sys/types.h>

enum proxy_end { PROXY_CUT, PROXY_STALL };
enum proxy_way { PROXY_DOWN, PROXY_UP }; /* from the server, to it */

struct proxy_setting { /* shared with the process */
    enum proxy_end end;
    enum proxy_way way;
    long limit;     /* bytes of a connection in that way; -1: none */
    long passed[2]; /* of the last connection, each way */
};

struct proxy {
    int port;
    pid_t pid;
    struct proxy_setting *setting; /* may be changed between connections */
};

void proxy_start(struct proxy *p, int to_port);
void proxy_stop(struct proxy *p);

#endif
