/* check.h: what lint asks of Lua, without running anything. */
#ifndef FETTLE_SCRIPT_CHECK_H
#define FETTLE_SCRIPT_CHECK_H

#include "base/problems.h"
#include "model/playbook.h"

/* Compiles each step; a syntax error becomes a problem with the YAML file's line. -1 if any. */
int check_playbook(const struct playbook *b, struct problems *p);

#endif
