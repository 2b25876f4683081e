/* param_options.h: -p KEY=VALUE against what the playbooks declare. */
#ifndef FETTLE_CLI_PARAM_OPTIONS_H
#define FETTLE_CLI_PARAM_OPTIONS_H

#include "cli/options.h"
#include "model/playbook.h"

#include <jansson.h>

/* An object of strings; NULL where a name is not declared or a value is not of its type. */
json_t *param_options_check(const struct incident *i, const struct options *o, struct err *e);
const char *param_type_name(enum param_type t); /* "string", "int", "duration", "url" */

#endif
