/* ask.h: questions to a person, while the loop goes on.
 *
 * Whoever can reach a person (cli/ask.c) fills a `struct asker`; who needs an answer starts a
 * question and goes on when it comes.  One question is asked at a time, the others wait. */
#ifndef FETTLE_IO_ASK_H
#define FETTLE_IO_ASK_H

enum ask_kind {
    ASK_YES,    /* "yes" or no: any other answer comes as NULL */
    ASK_SECRET, /* not shown while it is typed; a NULL answer: none was given */
    ASK_TELL,   /* no question: it is told, and "answered" with NULL */
};

struct ask_question {
    enum ask_kind kind;
    const char *host; /* whose */
    const char *text; /* may hold newlines; free of terminal escapes */
};

/* The answer lives for the call only; who copies a secret wipes the copy. */
typedef void ask_answer(void *data, const char *answer);

struct ask; /* a question that is waiting or being asked */

struct asker {
    /* The question is copied.  `answer` comes once, from the loop, never from within the call. */
    struct ask *(*start)(void *data, const struct ask_question *q, ask_answer *answer,
                         void *answer_data);
    void (*cancel)(void *data, struct ask *a); /* no answer any more */
    void *data;
};

#endif
