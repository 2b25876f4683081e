/* watchdog.h: the last resort against Lua that never comes back. */
#ifndef FETTLE_SCRIPT_WATCHDOG_H
#define FETTLE_SCRIPT_WATCHDOG_H

/* From now on the program has `ms` of wall time before it ends itself with one line that names
 * `what`.  Arming again starts anew. */
void watchdog_arm(int ms, const char *what);
void watchdog_disarm(void);

#endif
