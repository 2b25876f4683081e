/* catalogue.c: everything that fettle can ever run on a host.
 *
 * A unit separator (\037) in a text below stands for a blank within a word. */
#include "model/catalogue.h"

#include "base/argv.h"
#include "base/mem.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S "\037"
#define CURL "curl -q -sS -g -k -o /dev/null --noproxy * --max-time <int>"
#define S_CLIENT "openssl s_client -connect <addr> "
/* The answer itself, of a backend that is asked past nginx. */
#define CURL_SHOWN                                                                                 \
    "curl -q -sS -g -k -i --raw --http0.9 --http1.<int> --noproxy * --max-time <int>"
/* Twice the same on one connection, with a pause between: was it still open then? */
#define CURL_TWICE                                                                                 \
    "curl -q -sS -g -k -o /dev/null -o /dev/null --http1.1 --noproxy * --max-time <int> --rate <int>/m"
#define CURL_FORMAT                                                                               \
    "-w %{http_code}|%{time_connect}|%{time_starttransfer}|%{time_total}|%{remote_ip}"

static const char *const reads[] = {
    "cat -- <path>",
    "tail -c <int> -- <path>",
    "stat -c %F|%a|%u|%g|%U|%G|%s|%Y|%i -- <path>",
    "readlink -f -- <path>",
    "readlink -- /proc/<int>/exe",
    "readlink -- /proc/<int>/ns/pid",
    "readlink -- /proc/self/ns/pid",
    "readlink -- /proc/<int>/cwd",
    "ls -1A -- <path>",
    "ls -la -- <path>",
    "getfacl -p -- <path>",
    "sha256sum -- <path>",
    "grep -rlF -e <text> -- <path>...",
    "id -G -- <name>",
    "id -Gn -- <name>",
    "id -gn -- <name>",
    "id -un",
    "id -u",
    "getent passwd -- <name>",
    "getent group -- <name>",
    "getent hosts -- <host>",
    "getent ahosts -- <host>",
    "dig +time=2 +tries=1 -p <int> @<host> <host> A",
    "date +%s,%Y-%m-%dT%H:%M:%S",
    "ps -ww -eo pid=,ppid=,uid=,args=",
    "ip -o addr show",
    "ip route get <host>",
    "ip neigh show <host>",
    "nft list ruleset",
    CURL " " CURL_FORMAT " -- <url>",
    CURL " --connect-to <text> " CURL_FORMAT " -- <url>",
    S_CLIENT "-noservername",
    S_CLIENT "-servername <host>",
    S_CLIENT "-noservername -CAfile <path>",
    S_CLIENT "-servername <host> -CAfile <path>",
    S_CLIENT "-noservername -verify_hostname <host>",
    S_CLIENT "-servername <host> -verify_hostname <host>",
    S_CLIENT "-noservername -verify_hostname <host> -CAfile <path>",
    S_CLIENT "-servername <host> -verify_hostname <host> -CAfile <path>",
    "df -P -k -l", /* local file systems only: one over the network may never answer */
    "df -P -i -l",
    "ip route show",
    "ip rule show",
    CURL_SHOWN " --connect-to <text> -- <url>",
    CURL_SHOWN " --unix-socket <path> -- <url>",
    CURL_TWICE " --connect-to <text> -w %{http_code}|%{num_connects}| -- <url> <url>",
    CURL_TWICE " --unix-socket <path> -w %{http_code}|%{num_connects}| -- <url> <url>",
    "ss -H -ltnp",
    "ss -H -lxnp",
    "ss -H -tn",
    "ss -H -tanp",
    "ss -H -tano",
    "ss -s",
    "systemctl show --no-pager --property=<names> -- <unit>...",
    "systemctl list-unit-files --no-pager --no-legend --type=service",
    "systemctl list-units --no-pager --no-legend --plain --all --type=service",
    "systemctl is-system-running",
    "journalctl --no-pager -o json -n <int> -u <unit>",
    "journalctl --no-pager -o short-iso -n <int> -u <unit>",
    "journalctl --no-pager -o short-iso -n <int> -k",
    "nginx -V",
    "<path>/nginx -V",
    "<path>/openresty -V",
};

static const char *const changes[] = {
    "systemctl start <unit>",
    "systemctl stop <unit>",
    "systemctl stop <unit> <unit>", /* a socket and the service that it has started */
    "systemctl restart <unit>",
    "systemctl reload <unit>",
    "systemctl reset-failed <unit>",
    "systemctl unmask <unit>",
    "systemctl daemon-reload",
    "service <name> start",
    "service <name> stop",
    "service <name> restart",
    "service <name> reload",
    "sysctl -w net.ipv4.ip_local_port_range=<text>",
    "nginx -s reload",
    "nginx -p <path> -s reload",
    "nginx -c <path> -s reload",
    "nginx -p <path> -c <path> -s reload",
    "<path>/nginx -s reload",
    "<path>/nginx -p <path> -s reload",
    "<path>/nginx -c <path> -s reload",
    "<path>/nginx -p <path> -c <path> -s reload",
};

static const char *const validations[] = {
    "nginx -t",
    "nginx -p <path> -t",
    "nginx -c <path> -t",
    "nginx -p <path> -c <path> -t",
    "<path>/nginx -t",
    "<path>/nginx -p <path> -t",
    "<path>/nginx -c <path> -t",
    "<path>/nginx -p <path> -c <path> -t",
    "php-fpm -t",
    "php-fpm -y <path> -t",
    "php-fpm<name> -t",
    "php-fpm<name> -y <path> -t",
};

struct list {
    struct pattern *patterns;
    size_t count;
};

static struct list lists[CATALOGUE_VALIDATE + 1]; /* by kind, filled once */

static void list_add(struct list *l, const char *text)
{
    struct pattern *p;
    struct err e;
    char **words = argv_split(text);
    size_t i;
    char *c;

    for (i = 0; words[i]; i++)
        for (c = words[i]; (c = strchr(c, S[0]));)
            *c = ' ';
    l->patterns = mem_grow(l->patterns, l->count + 1, sizeof *l->patterns);
    p = &l->patterns[l->count++];
    if (pattern_parse(p, words, &e) != 0) { /* the table above is wrong: tests run into this */
        fprintf(stderr, "catalogue: %s: %s\n", text, e.text);
        abort();
    }
    argv_free(words);
}

static void lists_release(void)
{
    size_t i, k;

    for (k = 0; k < sizeof lists / sizeof *lists; k++) {
        for (i = 0; i < lists[k].count; i++)
            pattern_release(&lists[k].patterns[i]);
        free(lists[k].patterns);
        lists[k] = (struct list){0};
    }
}

static const struct list *list_of(enum catalogue_kind kind)
{
    size_t i;

    if (lists[CATALOGUE_READ].count)
        return &lists[kind];
    for (i = 0; i < sizeof reads / sizeof *reads; i++)
        list_add(&lists[CATALOGUE_READ], reads[i]);
    for (i = 0; i < sizeof changes / sizeof *changes; i++)
        list_add(&lists[CATALOGUE_CHANGE], changes[i]);
    for (i = 0; i < sizeof validations / sizeof *validations; i++)
        list_add(&lists[CATALOGUE_VALIDATE], validations[i]);
    atexit(lists_release);
    return &lists[kind];
}

static bool list_matches(enum catalogue_kind kind, char *const *argv)
{
    const struct list *l = list_of(kind);
    size_t i;

    for (i = 0; i < l->count; i++)
        if (pattern_matches(&l->patterns[i], argv))
            return true;
    return false;
}

/* What no diagnosis has to look at: keys and password hashes, and files whose reading is an act of
 * its own (a device, a process's memory).  A playbook that means `cat -- <path>` does not mean these.
 * By name only: a symlink elsewhere is not seen here, so this is a fence and no wall; the wall
 * is that nothing leaves the operator's side but what a person is shown. */
static const char *const private_files[] = {
    "/etc/shadow*",   "/etc/gshadow*",      "/etc/sudoers*",   "/etc/ssh/ssh_host_*_key",
    "*/.ssh/*",       "*.key",              "*/private/*.pem", "*/privkey*.pem",
    "/proc/*/environ", "/proc/*/mem",       "/proc/kcore",     "/dev/*",
};

static bool shows_private_file(char *const *argv)
{
    size_t i, k;

    if (strcmp(argv[0], "cat") != 0 && strcmp(argv[0], "tail") != 0)
        return false;
    for (i = 1; argv[i]; i++)
        for (k = 0; k < sizeof private_files / sizeof *private_files; k++)
            if (fnmatch(private_files[k], argv[i], 0) == 0)
                return true;
    return false;
}

bool catalogue_reads(char *const *argv)
{
    return list_matches(CATALOGUE_READ, argv) && !shows_private_file(argv);
}

const char *catalogue_peer(char *const *argv)
{
    static const char *const options[] = {"--connect-to", "--unix-socket", "-connect"};
    size_t i, k;

    for (i = 0; argv[i] && argv[i + 1]; i++)
        for (k = 0; k < sizeof options / sizeof *options; k++)
            if (strcmp(argv[i], options[k]) == 0) /* curl's "::HOST:PORT" is for any name */
                return argv[i + 1] + (strncmp(argv[i + 1], "::", 2) == 0 ? 2 : 0);
    return NULL;
}

bool catalogue_changes(char *const *argv)
{
    return list_matches(CATALOGUE_CHANGE, argv);
}

bool catalogue_validates(char *const *argv)
{
    return list_matches(CATALOGUE_VALIDATE, argv);
}

enum catalogue_kind catalogue_holds(const struct pattern *declared)
{
    int kind;
    size_t i;

    for (kind = CATALOGUE_READ; kind <= CATALOGUE_VALIDATE; kind++) {
        const struct list *l = list_of((enum catalogue_kind)kind);

        for (i = 0; i < l->count; i++)
            if (pattern_within(declared, &l->patterns[i]))
                return (enum catalogue_kind)kind;
    }
    return CATALOGUE_NONE;
}
