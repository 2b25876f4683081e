/* options.h: the command line, read once and then only looked at.
 *
 * The contract's common options are taken by every subcommand, also where they
 * have nothing to do, so that a script can keep one list of them.  The others
 * belong to the subcommands that name them. */
#ifndef FETTLE_CLI_OPTIONS_H
#define FETTLE_CLI_OPTIONS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

enum option_use {
    USE_HOSTS = 1 << 0,     /* -i -H */
    USE_DIAGNOSIS = 1 << 1, /* -p --timeout --events */
    USE_CONFIRM = 1 << 2,   /* --confirm-timeout */
    USE_DRY_RUN = 1 << 3,
    USE_OUTPUT = 1 << 4, /* -o --plan-ttl */
    USE_APPROVE = 1 << 5,
    USE_YES = 1 << 6,
    USE_CHECK = 1 << 7,
    USE_ALWAYS = 1 << 8,
    USE_BATCH = 1 << 9, /* --batch --max-failures */
};

struct param_given {
    char *key, *value;
};

struct command_entry;

struct options {
    const struct command_entry *command; /* NULL: none was named */
    char *program;                       /* as typed, for the command lines that are printed */
    char *inventory, *hosts;             /* NULL: not given; several -H are joined with commas */
    struct param_given *params;
    size_t param_count;
    int timeout_s, confirm_timeout_s, plan_ttl_s, max_failures;
    bool json, events, no_color, quiet, verbose;
    bool help, version;
    bool dry_run, yes, check, approve_recommended;
    char *output, *approve, *plan_sha256, *batch;
    char **operands; /* NULL at the end */
    size_t operand_count;
};

/* ERR_USAGE with a text to print; `o` must be released also then. */
int options_parse(struct options *o, int argc, char **argv, struct err *e);
void options_release(struct options *o);

/* The program, `command`, the operand, and -i, -H and -p as given, quoted for a shell: what a
 * person types next.  An owned string. */
char *options_command_line(const struct options *o, const char *command, const char *rest);

void options_print_usage(const struct command_entry *c); /* one line on standard error */
void options_print_help(const struct command_entry *c);  /* NULL: of fettle as a whole */

#endif
