/* proxy_tool.c: the proxy in front of an sshd (../unit/io/proxy.h) as a program for the shell's
 * tests.
 *
 *     proxy FILE ADDRESS PORT cut|stall|deaf down|up LIMIT
 *
 * Runs until its standard input ends.  Writes its port to FILE, and at its end, on a second line,
 * how many bytes of the last connection went down and up. */
#include "../unit/io/proxy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    struct proxy p;
    enum proxy_end end;
    FILE *said;

    if (argc != 7)
        return 64;
    end = strcmp(argv[4], "cut") == 0     ? PROXY_CUT
          : strcmp(argv[4], "stall") == 0 ? PROXY_STALL
                                          : PROXY_DEAF;
    proxy_start(&p, argv[2], atoi(argv[3]), end);
    p.setting->way = strcmp(argv[5], "up") == 0 ? PROXY_UP : PROXY_DOWN;
    p.setting->limit = atol(argv[6]);
    if (!(said = fopen(argv[1], "w")))
        return 1;
    fprintf(said, "%d\n", p.port);
    fflush(said);
    while (getchar() != EOF)
        ;
    fprintf(said, "%ld %ld\n", p.setting->passed[PROXY_DOWN], p.setting->passed[PROXY_UP]);
    fclose(said);
    proxy_stop(&p);
    return 0;
}
