/* verify.c: is the symptom gone?  Asked from here, while the host waits for the word. */
#include "change/verify.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/loop.h"
#include "io/reader.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

enum { VERIFY_PAUSE_MS = 250, VERIFY_READ_MS = 15000, VERIFY_WAIT_MAX_S = 120, VERIFY_TIMES_MAX = 20, VERIFY_SEEN_MAX = 6 };

struct verify {
    struct target *target;
    const struct check **checks;
    size_t check_count, at;
    int passed;          /* of the current check, in a row */
    int asked;           /* of the current check */
    struct buf seen;     /* what its attempts gave */
    int64_t settled_ms;  /* monotonic: from then on no patience is left */
    bool forgiven;       /* an ill answer after the first good one */
    struct loop_timer *timer;
    bool reading;
    verify_done *done;
    void *data;
};

static void verify_ask(void *data);

static bool check_equal(const struct check *a, const struct check *b)
{
    return argv_equal(a->argv, b->argv) && a->times == b->times && a->exit == b->exit &&
           strcmp(a->out ? a->out : "", b->out ? b->out : "") == 0;
}

static void verify_add(struct verify *v, const struct check *check)
{
    size_t i;

    for (i = 0; i < v->check_count; i++)
        if (check_equal(v->checks[i], check))
            return;
    v->checks = mem_grow(v->checks, v->check_count + 1, sizeof(*v->checks));
    v->checks[v->check_count++] = check;
}

void verify_cancel(struct verify *v)
{
    if (!v)
        return;
    loop_timer_stop(v->timer);
    if (v->reading)
        reader_cancel(v->target, v);
    buf_release(&v->seen);
    free(v->checks);
    free(v);
}

static void verify_finish(struct verify *v, bool cured)
{
    verify_done *done = v->done;
    void *data = v->data;
    char *seen = mem_format("asked %d time%s: %s", v->asked, v->asked == 1 ? "" : "s",
                            v->seen.data);

    verify_cancel(v);
    done(data, cured, seen);
    free(seen);
}

/* `$` means the end of what was said, so the newline that ends a line is taken off.  A NUL would
 * hide what comes after it from regexec(), and of cut output the rest is not known: no match. */
static bool output_matches(const struct check *check, const struct result *r)
{
    regex_t pattern;
    bool matches;
    char *text;

    if (!check->out)
        return true;
    if (r->out.cut || memchr(r->out.data, '\0', r->out.len) ||
        regcomp(&pattern, check->out, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    text = mem_dupn(r->out.data, r->out.len);
    if (r->out.len && text[r->out.len - 1] == '\n')
        text[r->out.len - 1] = '\0';
    matches = regexec(&pattern, text, 0, NULL, 0) == 0;
    free(text);
    regfree(&pattern);
    return matches;
}

static bool check_passes(const struct check *check, const struct result *r)
{
    return r->outcome == OUTCOME_EXIT && r->code == check->exit && output_matches(check, r);
}

/* One attempt in a word: a status such as "502" where the command says one, else how it ended. */
static void seen_add(struct verify *v, const struct check *check, const struct result *r)
{
    const char *text = r->out.data ? r->out.data : "";
    size_t n = strcspn(text, " \t\n");

    if (v->asked > VERIFY_SEEN_MAX) {
        if (v->asked == VERIFY_SEEN_MAX + 1)
            buf_puts(&v->seen, ", …");
        return;
    }
    if (v->seen.len)
        buf_puts(&v->seen, ", ");
    if (r->outcome != OUTCOME_EXIT)
        buf_puts(&v->seen, outcome_name(r->outcome));
    else if (n && (r->code == check->exit || strcmp(check->argv[0], "curl") == 0))
        text_clean(&v->seen, text, n > 32 ? 32 : n);
    else
        buf_addf(&v->seen, "exit %d", r->code);
}

static void verify_next_check(struct verify *v)
{
    v->at++;
    if (v->at == v->check_count) {
        verify_finish(v, true);
        return;
    }
    v->passed = v->asked = 0;
    v->forgiven = false;
    buf_clear(&v->seen);
    v->timer = loop_timer_start(target_loop(v->target), 0, verify_ask, v);
}

/* Once well and then ill again is not cured.  But a daemon that was told to read its files anew answers
 * from its old processes, too, for a moment: after the first good answer that is forgiven once. */
static bool is_ill(struct verify *v)
{
    if (clock_monotonic_ms() >= v->settled_ms || v->passed > 1 || (v->passed && v->forgiven))
        return true;
    v->forgiven = v->forgiven || v->passed;
    v->passed = 0;
    return false;
}

static void verify_read(void *data, const struct result *r)
{
    struct verify *v = data;
    const struct check *check = v->checks[v->at];
    int times = check->times < 1 ? 1 : check->times > VERIFY_TIMES_MAX ? VERIFY_TIMES_MAX
                                                                      : check->times;

    v->reading = false;
    v->asked++;
    seen_add(v, check, r);
    if (check_passes(check, r)) {
        if (++v->passed == times) {
            verify_next_check(v);
            return;
        }
    } else if (is_ill(v)) {
        verify_finish(v, false);
        return;
    }
    v->timer = loop_timer_start(target_loop(v->target), VERIFY_PAUSE_MS, verify_ask, v);
}

/* A question that says itself how long it waits gets that time and a little more. */
static int verify_patience_ms(char *const *argv)
{
    size_t i;
    int seconds;

    for (i = 0; argv[i] && argv[i + 1]; i++)
        if (strcmp(argv[i], "--max-time") == 0) {
            seconds = atoi(argv[i + 1]);
            return seconds > 0 && seconds <= VERIFY_WAIT_MAX_S && seconds * 1000 + 5000 > VERIFY_READ_MS
                       ? seconds * 1000 + 5000
                       : VERIFY_READ_MS;
        }
    return VERIFY_READ_MS;
}

static void verify_ask(void *data)
{
    struct verify *v = data;
    char *const *argv = v->checks[v->at]->argv;
    struct request q = {.argv = argv, .timeout_ms = verify_patience_ms(argv),
                        .limit = 64 << 10, .fresh = true};

    v->timer = NULL;
    v->reading = true;
    if (reader_submit(v->target, &q, verify_read, v, NULL) == 0)
        return;
    v->reading = false; /* not in the catalogue: vet.c would have said so before */
    buf_puts(&v->seen, "refused");
    verify_finish(v, false);
}

struct verify *verify_start(struct target *t, struct fix *const *fixes, size_t count,
                            int64_t settle_ms, verify_done *done, void *data)
{
    struct verify *v = mem_alloc(sizeof(*v));
    size_t i, j;

    v->target = t;
    v->done = done;
    v->data = data;
    v->settled_ms = clock_monotonic_ms() + settle_ms;
    buf_init(&v->seen, 1024);
    for (i = 0; i < count; i++)
        for (j = 0; j < fixes[i]->check_count; j++)
            verify_add(v, &fixes[i]->checks[j]);
    reader_forget(t);
    v->timer = loop_timer_start(target_loop(t), 0, verify_ask, v);
    return v;
}
