/* playbook_check.h: what can be said of a playbook as a whole, once its parts are read. */
#ifndef FETTLE_MODEL_PLAYBOOK_CHECK_H
#define FETTLE_MODEL_PLAYBOOK_CHECK_H

#include "model/playbook.h"

/* Step ids, the targets of `go`, steps that nothing leads to. */
void playbook_check_steps(const struct playbook *b, struct problems *p);
/* Each declared command lies in a catalogue; an incident only reads. */
void playbook_check_commands(const struct playbook *b, bool is_incident, struct problems *p);

#endif
