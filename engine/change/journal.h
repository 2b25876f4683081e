/* journal.h: what a transaction on a host says of itself, line by line.
 *
 * The lines come from the host, so anything may stand in them.  Their grammar is
 * stated at the head of txn.sh: `SEQ EPOCH WORD ARGS...`, words percent-encoded. */
#ifndef FETTLE_CHANGE_JOURNAL_H
#define FETTLE_CHANGE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOURNAL_LINE_MAX = 16 << 10, JOURNAL_WORDS_MAX = 256, JOURNAL_KNOWN_MAX = 64 };

struct journal_line {
    long sequence;
    int64_t epoch;
    char **words; /* decoded; words[0] is the WORD; NULL at the end */
    size_t count;
};

/* -1 where it is no journal line; then nothing is to be released. */
int journal_parse(struct journal_line *l, const char *text, size_t n);
void journal_line_release(struct journal_line *l);
const char *journal_word(const struct journal_line *l, size_t i); /* "" where there is none */
long journal_number(const char *word); /* -1 where it is none, or beyond what a long holds */

/* What was heard so far: enough to tell what a number stands for. */
struct journal {
    long last;            /* sequence of the last line; lines up to it are repetitions */
    bool waiting;         /* the host waits for our word */
    int64_t deadline;     /* epoch until which it does */
    bool ended;
    char **end;           /* the words after `end` */
    char *validates[JOURNAL_KNOWN_MAX], *commands[JOURNAL_KNOWN_MAX]; /* as text, by number */
    bool has_failed;      /* a validator or a command */
    char **failed;        /* argv of the last command up to then, or NULL */
    char **changed;       /* words of the first `changed PATH OLD NEW CURRENT`, or NULL */
    char *output;         /* what the failing validator or command said, as it came, or NULL */
};

void journal_init(struct journal *j);
void journal_release(struct journal *j);
/* Takes a line in.  Returns one plain sentence for people (owned, cleaned), or NULL where the
 * line is a repetition or no journal line. */
char *journal_hear(struct journal *j, const struct journal_line *l);

#endif
