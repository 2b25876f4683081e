/* task.h: the life of a coroutine.
 *
 * A task runs one piece of Lua after another (a playbook's steps).  It waits in one way only,
 * task_wait(), and is woken in one way only, task_ready(); the world's pump then resumes it.
 * Reads that it waits for are slots: a slot that answers for a life that is over, or twice,
 * is refused. */
#ifndef FETTLE_SCRIPT_TASK_H
#define FETTLE_SCRIPT_TASK_H

#include "io/reader.h"
#include "model/playbook.h"
#include "script/doubt.h"
#include "script/sandbox.h"

#include <stdint.h>

struct task;
struct slot;

struct world {
    struct sandbox sandbox;
    struct target **targets; /* [0] is the host itself; a step names them by their index */
    size_t target_count;
    struct target *(*peer)(void *data, const char *address); /* may be NULL */
    void *peer_data;
    long budget;       /* instructions for a step */
    int watchdog_ms;   /* for one stretch between two waits */
    int prelude_ref;   /* the table that prelude.lua returns */
    char *unreachable; /* why targets[0] cannot be reached, once that is known */
    struct task *tasks;
    struct slot *slots; /* all that were ever made; freed with the world */
    uint64_t lives;     /* generations given out */
    bool pumping;
};

struct task {
    struct world *world;
    const char *name;                  /* for messages: the playbook's */
    const struct incident *incident;   /* may be NULL */
    const struct playbook *playbook;   /* whose declarations bind it; NULL: none, see `allows` */
    bool (*allows)(char *const *argv); /* with `playbook` NULL */
    const char *file, *step;           /* of what runs now; borrowed until it ends */
    const char *next_step;             /* set by `go`; borrowed from the playbook */
    lua_State *co;                     /* NULL: nothing runs */
    int co_ref;
    uint64_t generation; /* of this life; 0 when none */
    bool ready, asleep, exhausted;
    long spent;
    size_t waiting; /* slots that have not answered */
    struct slot **batch;
    size_t batch_count;
    /* The end of one piece: its results are on `co` (count of them), or `error` says what is
     * wrong (file and line included).  May start the next piece. */
    void (*on_end)(struct task *t, int results, const char *error);
    void *data;
    struct doubts doubts; /* of all its pieces */
    void *draft; /* what the engine's own calls leave there for on_end; the owner's business */
    struct task *next;
};

struct slot {
    struct task *task;
    uint64_t generation;
    bool waiting, filled;
    struct target *target;
    size_t target_index;
    char **argv;
    struct result result; /* a copy, once filled */
    struct slot *next;
};

int world_init(struct world *w, struct chunks *kept, const char *lua_folder, size_t memory_max,
               struct err *e);
void world_release(struct world *w); /* ends all tasks; they are not freed */

void world_add_target(struct world *w, struct target *t);

void task_init(struct task *t, struct world *w);
/* Starts the function on top of w->sandbox.L (popped), at the next pump. */
void task_start(struct task *t, const char *file, const char *step);
void task_end(struct task *t); /* in the middle too; without on_end */
void task_release(struct task *t);

struct task *task_of(lua_State *L);
/* [yields, does not return]  `k` goes on when the task was woken. */
int task_wait(lua_State *L, lua_KFunction k);
void task_ready(struct task *t);
void world_wake_sleepers(struct world *w); /* those that wait for another task, to look again */
void world_pump(struct world *w);

/* Adds a read to the batch of the running task; then task_wait(), if `waiting`. */
void task_submit(struct task *t, size_t target, const struct request *q);
/* Adds one that has its end already: OUTCOME_REFUSED. */
void task_refuse(struct task *t, size_t target, char *const *argv, const char *why);
void task_clear_batch(struct task *t);

/* [raises]  An error that names the line of the YAML file that is running. */
int task_fail(lua_State *L, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
