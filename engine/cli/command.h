/* command.h: one entry for each subcommand; `ls cmd_*.c` is the index. */
#ifndef FETTLE_CLI_COMMAND_H
#define FETTLE_CLI_COMMAND_H

#include "cli/options.h"

#include <stdio.h>

struct command_entry {
    const char *name;
    const char *operands; /* as a usage line shows them, "" for none */
    const char *summary;  /* one line, lower case */
    const char *about;    /* a paragraph or two, wrapped by hand */
    const char *examples; /* lines that begin with two blanks */
    const int *exits;     /* the exit codes that it can end with, -1 at the end */
    unsigned options;     /* enum option_use: which its help lists, and which only it takes */
    size_t least, most;   /* operands */
    int (*run)(const struct options *o); /* gives the exit code */
};

extern const struct command_entry cmd_diagnose, cmd_fix, cmd_plan, cmd_apply, cmd_undo, cmd_runs,
    cmd_show, cmd_report, cmd_list, cmd_explain, cmd_lint, cmd_hosts, cmd_parse, cmd_recover, cmd_test;

const struct command_entry *command_find(const char *name); /* NULL: there is none */
const struct command_entry *const *command_all(void);       /* NULL at the end */

#endif
