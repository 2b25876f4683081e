/* target_inside.h: what target, reader, pool and changer share; for engine/io only.
 *
 * reader.c owns the reads: who asked, what is remembered, who is told.  pool.c owns the workers:
 * how many, which read runs where, until when.  A read goes
 *
 *     READ_QUEUED -> READ_RUNNING -> READ_DONE (remembered, until it is forgotten)
 *
 * An answer that breaks off, or that the host itself should have ended long ago, says nothing: the
 * read is queued once more, and run by a new worker.  Where none comes, the host is unreachable.
 *
 * Whoever asked is told from the loop, in reader_wake(), never from a call of theirs. */
#ifndef FETTLE_IO_TARGET_INSIDE_H
#define FETTLE_IO_TARGET_INSIDE_H

#include "io/ask.h"
#include "io/reader.h"
#include "io/transport.h"

enum read_state { READ_QUEUED, READ_RUNNING, READ_DONE };

struct ticket { /* one who asked */
    struct ticket *next;
    struct read *read;
    reader_done *done;
    void *data;
};

struct read {
    struct read *next; /* of the target, the oldest first */
    char **argv;
    const char *peer; /* whom it asks beyond the host itself, in argv; or NULL */
    int timeout_ms;
    size_t limit;
    bool fresh;
    int64_t asked_ms; /* on the monotonic clock */
    bool forgotten;   /* nobody new may have it; goes with its last ticket */
    enum read_state state;
    size_t tickets; /* that point here */
    bool again;     /* it is run for the second time */
    struct result result;
};

enum slot_state { SLOT_EMPTY, SLOT_STARTING, SLOT_IDLE, SLOT_BUSY };

struct slot {
    struct target *target;
    enum slot_state state;
    bool extra; /* there is another: counted over all hosts */
    struct worker *worker;
    struct read *read; /* SLOT_BUSY */
};

struct target {
    struct loop *loop;
    const struct host *host;
    struct target_options options; /* with real values */
    const struct transport *transport;
    void *connection;
    /* reader.c */
    struct read *reads;
    struct ticket *waiting, *answered; /* each in the order of asking */
    struct loop_timer *wake;
    size_t remembered; /* bytes */
    bool telling, freed;
    /* pool.c */
    struct slot *slots;
    int slot_max;                /* fewer than options.workers where the host allows no more */
    struct loop_timer *patience; /* until another worker is worth its price */
    struct loop_timer *deadline;
    struct loop_timer *room; /* until a worker is tried again for want of a session, */
    int64_t room_until_ms;   /* at most that long; 0: there is no want */
    int64_t deadline_ms;     /* on the monotonic clock; 0 until the first read */
    char *unreachable;       /* why, once that is known */
    bool let_in;             /* there has been a worker */
    int asking;              /* a person is asked: the clock stands still, */
    int64_t asked_ms;        /* since then */
    /* target.c */
    const struct asker *asker; /* the caller's */
    struct asker own;          /* the transport's: the same, with the clock stopped */
    /* changer.c */
    struct change_job *jobs;
    bool crowded; /* the host has once had no session for one of them: reads wait for its end */
};

void reader_wake(struct target *t); /* soon, from the loop: hand out work, tell answers */
/* Takes over what `r` owns. */
void reader_finish(struct target *t, struct read *read, struct result *r);
/* The same without anything having been run.  `why` is copied. */
void reader_fail(struct target *t, struct read *read, enum outcome outcome, const char *why);
void reader_again(struct target *t, struct read *read); /* it is run once more */
struct read *reader_next(struct target *t); /* the oldest that is queued, or NULL */
/* The oldest that is queued and may run: a backend is asked one thing at a time. */
struct read *reader_due(struct target *t);
bool reader_may_run(const struct target *t, const struct read *read);
void reader_release(struct target *t);

void pool_init(struct target *t);
void pool_pump(struct target *t);      /* gives queued reads to workers, opens more if needed */
void pool_make_room(struct target *t); /* a change needs the session of a worker that is idle */
void pool_renew(struct target *t);     /* the host has changed: its time begins anew */
void pool_pause(struct target *t);
void pool_resume(struct target *t);
void pool_release(struct target *t);

void changer_release(struct target *t);

#endif
