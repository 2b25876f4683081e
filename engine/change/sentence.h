/* sentence.h: the words of a journal as plain sentences. */
#ifndef FETTLE_CHANGE_SENTENCE_H
#define FETTLE_CHANGE_SENTENCE_H

#include "change/journal.h"

/* One sentence for a line, cleaned for a terminal and bounded; an owned string, never NULL. */
char *sentence_of(const struct journal *j, const struct journal_line *l);
/* A time as people read it, "08:15:32"; an owned string. */
char *sentence_time(int64_t epoch);
/* What a REASON says: "validate 1 1" -> "nginx -t does not accept it"; owned, cleaned. */
char *sentence_reason(const struct journal *j, char *const *reason);
/* What the words after `put-back-failed` say; owned, cleaned. */
char *sentence_failed(char *const *what);
/* Who holds the lock, from `RUN PID START BOOT SINCE OWNER`; owned, cleaned. */
char *sentence_holder(char *const *holder);
/* What `refused-…` words say; owned, cleaned. */
char *sentence_refusal(char *const *end);

#endif
