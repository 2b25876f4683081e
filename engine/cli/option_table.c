/* option_table.c: every option, and what the help says of it. */
#include "cli/option_table.h"

#include "cli/options.h"

#include <stddef.h>

const struct option_entry option_table[OPTION_COUNT + 1] = {
    {"inventory", KEY_INVENTORY, "PATH", USE_HOSTS,
     "inventory file or folder, fettle's own or Ansible's (default:\n"
     "./hosts/, then the user's configuration folder)"},
    {"host", KEY_HOST, "NAME[,…]", USE_HOSTS,
     "hosts, groups, aliases of ssh, with commas; all, globs, &GROUP\n"
     "and !NAME work (default: the local machine)"},
    {"param", KEY_PARAM, "KEY=VALUE", USE_DIAGNOSIS,
     "a parameter of the incident or playbook; may come several times"},
    {"timeout", KEY_TIMEOUT, "SECONDS", USE_DIAGNOSIS, "time for each host (default: 120)"},
    {"confirm-timeout", KEY_CONFIRM_TIMEOUT, "SECONDS", USE_CONFIRM,
     "how long a changed host waits for the word that all is well\n"
     "before it puts everything back (default: 120)"},
    {"batch", KEY_BATCH, "N[,N%…]", USE_BATCH,
     "how many hosts are changed side by side: the first batch, the\n"
     "next, and so on; the last size stays (default: 1)"},
    {"max-failures", KEY_MAX_FAILURES, "N", USE_BATCH,
     "go on with the next batch while no more than N hosts have failed\n"
     "(default: 0)"},
    {"dry-run", KEY_DRY_RUN, NULL, USE_DRY_RUN,
     "go up to the question, prove what can be proved, change nothing"},
    {"output", KEY_OUTPUT, "FILE", USE_OUTPUT, "where the plan goes; - is standard output"},
    {"plan-ttl", KEY_PLAN_TTL, "SECONDS", USE_OUTPUT,
     "how long the plan is good for (default: 3600)"},
    {"approve", KEY_APPROVE, "FIX[,FIX…]", USE_APPROVE, "the fixes to apply, by their ids"},
    {"approve-recommended", KEY_APPROVE_RECOMMENDED, NULL, USE_APPROVE,
     "apply the recommended fix of each cause"},
    {"plan-sha256", KEY_PLAN_SHA256, "HEX", USE_APPROVE,
     "refuse if the plan file's SHA-256 is another one"},
    {"yes", KEY_YES, NULL, USE_YES, "do not ask"},
    {"check", KEY_CHECK, NULL, USE_CHECK, "connect to each host and say who one is there"},
    {"json", KEY_JSON, NULL, USE_ALWAYS,
     "one JSON document on standard output, nothing else there"},
    {"events", KEY_EVENTS, NULL, USE_DIAGNOSIS, "the same as it happens, one JSON object a line"},
    {"no-color", KEY_NO_COLOR, NULL, USE_ALWAYS, "no colours (also: NO_COLOR in the environment)"},
    {"quiet", KEY_QUIET, NULL, USE_ALWAYS, "only what it comes down to"},
    {"verbose", KEY_VERBOSE, NULL, USE_ALWAYS, "also every command that was run, and its time"},
    {"help", KEY_HELP, NULL, USE_ALWAYS, "this text"},
    {"version", KEY_VERSION, NULL, USE_ALWAYS, "the version"},
    {NULL, 0, NULL, 0, NULL},
};
