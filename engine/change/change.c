/* change.c: what prove, transaction and undo share: one change under way. */
#include "change/change.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "change/sentence.h"
#include "change/shell.h"
#include "change/vet.h"
#include "io/loop.h"
#include "model/record.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DETAIL_MAX = 32 << 10, CONFIRM_DEFAULT_S = 120, REJOIN_FIRST_MS = 500,
       REJOIN_LONGEST_MS = 8000 };

/* ---- life ---- */

struct change *change_new(struct target *t, const struct change_kind *kind,
                          const struct change_options *o, change_done *done, void *data)
{
    struct change *c = mem_alloc(sizeof(*c));

    c->target = t;
    c->kind = kind;
    c->options = *o;
    c->run = mem_dup(o->run);
    c->owner = mem_dup(o->owner);
    c->confirm_timeout_s = o->confirm_timeout_s > 0 ? o->confirm_timeout_s : CONFIRM_DEFAULT_S;
    c->done = done;
    c->data = data;
    journal_init(&c->journal);
    buf_init(&c->detail, DETAIL_MAX);
    return c;
}

int change_load(struct change *c, struct fix *const *fixes, size_t count, const char *mode,
                struct err *e)
{
    if (!vet_run(c->run))
        return err_set(e, ERR_INTERNAL, "not a name for a run: \"%.100s\"", c->run ? c->run : "");
    if (vet_fixes(target_host(c->target), fixes, count, e))
        return -1;
    c->fixes = mem_grow(NULL, count, sizeof(*c->fixes));
    memcpy(c->fixes, fixes, count * sizeof(*c->fixes));
    c->fix_count = count;
    if (manifest_init(&c->manifest, c->fixes, count, e))
        return -1;
    return payload_build(&c->payload, &c->manifest, mode, c->run, c->owner, c->confirm_timeout_s,
                         e);
}

/* Stops whatever this side is waiting for; what runs on the host runs on. */
void change_hush(struct change *c)
{
    changer_cancel(c->job);
    c->job = NULL;
    loop_timer_stop(c->timer);
    c->timer = NULL;
    verify_cancel(c->verify);
    c->verify = NULL;
    explain_cancel(c->explain);
    c->explain = NULL;
}

void change_free(struct change *c)
{
    if (!c)
        return;
    change_hush(c);
    manifest_release(&c->manifest);
    journal_release(&c->journal);
    buf_release(&c->payload);
    buf_release(&c->detail);
    free(c->result.text);
    free(c->result.detail);
    free(c->fixes);
    free(c->run);
    free(c->owner);
    free(c->why);
    free(c->seen);
    free(c);
}

/* ---- states ---- */

const char *change_state_name(enum change_state state)
{
    static const char *const names[STATE_COUNT] = {
        "new", "proving", "sending", "running", "following", "verifying", "confirming", "reverting",
        "recovering", "undoing", "rejoining", "explaining", "done",
    };

    return names[state];
}

void change_tell(struct change *c, const char *word, const char *text)
{
    if (c->options.progress)
        c->options.progress(c->options.data, word, text);
}

static void enter_done(struct change *c)
{
    struct change_result *r = &c->result;

    if (c->detail.len && !r->detail)
        r->detail = mask_secrets(c->detail.data, c->detail.len, NULL);
    reader_forget(c->target);
    c->done(c->data, r); /* may free `c` */
}

static void explained(void *data)
{
    struct change *c = data;

    c->explain = NULL;
    change_enter(c, STATE_DONE);
}

static void enter_explaining(struct change *c)
{
    struct journal *j = &c->journal;

    reader_forget(c->target);
    if (j->output)
        buf_puts(&c->detail, j->output);
    if (j->changed)
        c->explain = explain_changed(c->target, j->changed, &c->detail, explained, c);
    else if (j->has_failed && j->failed)
        c->explain = explain_unit(c->target, j->failed, &c->detail, explained, c);
    if (!c->explain)
        change_enter(c, STATE_DONE);
}

void change_enter(struct change *c, enum change_state state)
{
    if (c->options.trace)
        c->options.trace(c->options.data, change_state_name(c->state), change_state_name(state));
    c->state = state;
    if (state == STATE_DONE)
        enter_done(c);
    else if (state == STATE_EXPLAINING)
        enter_explaining(c);
    else if (c->kind->enter[state])
        c->kind->enter[state](c);
}

static void paused(void *data)
{
    struct change *c = data;

    c->timer = NULL;
    change_enter(c, c->resume);
}

void change_pause(struct change *c, int64_t ms, enum change_state next)
{
    c->resume = next;
    c->timer = loop_timer_start(target_loop(c->target), ms, paused, c);
}

/* ---- the job on the host ---- */

static void heard_line(struct change *c, const char *line, size_t n)
{
    struct journal_line l;
    char *text;

    if (journal_parse(&l, line, n))
        return;
    text = journal_hear(&c->journal, &l);
    if (c->state == STATE_SENDING)
        change_enter(c, STATE_RUNNING);
    if (text) {
        char *word = text_clean_dup(l.words[0], strlen(l.words[0]));

        change_tell(c, word, text);
        free(word);
    }
    free(text);
    journal_line_release(&l);
}

static void job_line(void *data, const char *line, size_t n)
{
    struct change *c = data;

    if (c->kind->line)
        c->kind->line(c, line, n);
    else
        heard_line(c, line, n);
}

/* The reason in words: the program's own (its standard error) before the transport's. */
static char *job_why(const struct result *r)
{
    size_t n = r->err.len > 400 ? 400 : r->err.len;
    char *text;

    while (n && (r->err.data[n - 1] == '\n' || r->err.data[n - 1] == ' '))
        n--;
    if (n)
        return text_clean_dup(r->err.data, n);
    text = r->why ? r->why : NULL;
    return text ? text_clean_dup(text, strlen(text)) : mem_dup(outcome_name(r->outcome));
}

/* boot.sh's exit status; what the journal says counts for more. */
static enum said job_said(const struct change *c, const struct result *r)
{
    bool begun = c->journal.last > 0;

    if (c->journal.ended)
        return SAID_END;
    if (c->journal.waiting && (c->state == STATE_RUNNING || c->state == STATE_FOLLOWING))
        return SAID_WAITING;
    if (r->outcome == OUTCOME_UNREACHABLE)
        return begun || c->rejoin_until_ms ? SAID_LOST : SAID_AWAY;
    if (r->outcome == OUTCOME_EXIT && r->code == 3)
        return SAID_DIED;
    if (r->outcome == OUTCOME_EXIT && r->code == 73 && r->err.data &&
        strstr(r->err.data, "no such run"))
        return SAID_NO_RUN;
    if (r->outcome == OUTCOME_EXIT && (r->code == 64 || r->code == 73))
        return SAID_FAILED;
    if (r->outcome == OUTCOME_NOT_STARTED || (r->outcome == OUTCOME_EXIT && !begun))
        return SAID_FAILED;
    return SAID_LOST;
}

static void job_end(void *data, const struct result *r)
{
    struct change *c = data;
    enum said said = job_said(c, r);

    c->job = NULL;
    free(c->why);
    c->why = job_why(r);
    c->kind->ended[c->state](c, said);
}

static int job_start(struct change *c, const struct buf *payload, int timeout_ms, struct err *e)
{
    struct changer_calls calls = {.line = job_line, .end = job_end, .data = c};

    c->job = changer_start(c->target, shell_boot, payload->data, payload->len, timeout_ms, &calls,
                           e);
    return c->job ? 0 : -1;
}

int change_send(struct change *c, int timeout_ms, struct err *e)
{
    return job_start(c, &c->payload, timeout_ms, e);
}

/* A job that cannot even be started is a connection that is not there: it is tried again. */
void change_ask(struct change *c, const char *mode, long from, int timeout_ms)
{
    struct err e = {0};
    struct buf payload;

    payload_ask(&payload, mode, c->run, from);
    if (job_start(c, &payload, timeout_ms, &e)) {
        free(c->why);
        c->why = mem_dup(e.text);
        change_rejoin(c, c->state);
    }
    buf_release(&payload);
}

/* ---- a lost connection ---- */

/* As boot.sh's open_base() decides. */
char *change_base(const struct host *h)
{
    bool root = h->become ? strcmp(h->become, "sudo") == 0 || strcmp(h->become, "sudo:root") == 0
                          : h->user ? strcmp(h->user, "root") == 0 : getuid() == 0;

    return mem_dup(root ? "/var/lib/fettle" : "~/.local/state/fettle/target");
}

static void give_up_rejoining(struct change *c)
{
    char *base = change_base(target_host(c->target)), *until = sentence_time(c->journal.deadline), *then;
    bool either = c->confirm_sent || c->state == STATE_UNDOING;

    if (either)
        then = mem_dup("before it said how it ended");
    else if (c->journal.waiting && c->journal.deadline > 0)
        then = mem_format("and the host puts everything back by itself at %s", until);
    else
        then = mem_format("and the host puts everything back by itself %d s after it has made the "
                          "change", c->confirm_timeout_s);
    change_conclude(c, CHANGE_UNKNOWN, either ? 4 : 6,
                    mem_format("the connection to \"%s\" was lost (%s) %s; this shows it there: "
                               "tail %s/%s/journal", target_host(c->target)->name, c->why,
                               then, base, c->run));
    free(then);
    free(base);
    free(until);
}

void change_rejoin(struct change *c, enum change_state resume)
{
    int64_t now = clock_monotonic_ms();

    if (!c->rejoin_until_ms) {
        c->rejoin_until_ms = now + (int64_t)c->confirm_timeout_s * 1000;
        c->rejoin_wait_ms = REJOIN_FIRST_MS;
        change_tell(c, "lost", "the connection was lost; trying again (the host minds itself)");
    }
    if (now >= c->rejoin_until_ms) {
        give_up_rejoining(c);
        return;
    }
    change_enter(c, STATE_REJOINING);
    change_pause(c, c->rejoin_wait_ms, resume);
    c->rejoin_wait_ms = c->rejoin_wait_ms * 2 > REJOIN_LONGEST_MS ? REJOIN_LONGEST_MS
                                                                 : c->rejoin_wait_ms * 2;
}
