/* option_table.h: one table for reading options and for the help text, so that they cannot differ.
 */
#ifndef FETTLE_CLI_OPTION_TABLE_H
#define FETTLE_CLI_OPTION_TABLE_H

enum option_key {
    KEY_INVENTORY = 'i',
    KEY_HOST = 'H',
    KEY_PARAM = 'p',
    KEY_QUIET = 'q',
    KEY_VERBOSE = 'v',
    KEY_OUTPUT = 'o',
    KEY_HELP = 'h',
    KEY_VERSION = 256,
    KEY_JSON,
    KEY_EVENTS,
    KEY_TIMEOUT,
    KEY_CONFIRM_TIMEOUT,
    KEY_NO_COLOR,
    KEY_DRY_RUN,
    KEY_YES,
    KEY_CHECK,
    KEY_APPROVE,
    KEY_APPROVE_RECOMMENDED,
    KEY_PLAN_SHA256,
    KEY_PLAN_TTL,
    KEY_BATCH,
    KEY_MAX_FAILURES,
};

struct option_entry {
    const char *name;
    int key;
    const char *argument; /* NULL: takes none */
    unsigned use;
    const char *help;
};

enum { OPTION_COUNT = 22 };
extern const struct option_entry option_table[OPTION_COUNT + 1]; /* the last has no name */

#endif
