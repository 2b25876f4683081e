/* proxy.h: a TCP proxy in front of an sshd that stops or cuts after so many bytes.
 * tests/cli/proxy_tool.c makes a program of it. */
#ifndef FETTLE_TEST_IO_PROXY_H
#define FETTLE_TEST_IO_PROXY_H

#include <stdbool.h>
#include <sys/types.h>

enum proxy_end { PROXY_CUT, PROXY_STALL, PROXY_DEAF }; /* deaf: not even TCP has an answer */
enum proxy_way { PROXY_DOWN, PROXY_UP };               /* from the server, to it */

struct proxy_setting { /* shared with the process */
    enum proxy_end end;
    enum proxy_way way;
    long limit;     /* bytes of a connection in that way; -1: none */
    long passed[2]; /* of the last connection, each way */
    bool reset;     /* connections end by a reset, also with the proxy itself */
};

struct proxy {
    int port;
    pid_t pid;
    struct proxy_setting *setting; /* may be changed between connections */
};

/* `address`: of IPv4, in digits.  Whether it is deaf has to be known at the start. */
void proxy_start(struct proxy *p, const char *address, int port, enum proxy_end end);
void proxy_stop(struct proxy *p);

#endif
