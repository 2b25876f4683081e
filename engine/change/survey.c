/* survey.c: what earlier changes left on a host, read through the door to read. */
#include "change/survey.h"

#include "base/argv.h"
#include "base/mem.h"
#include "base/text.h"
#include "change/apply.h"
#include "change/journal.h"
#include "change/sentence.h"
#include "change/vet.h"
#include "io/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BUDGET = 3, HOUR_S = 3600, SURVEY_LIMIT = 64 << 10 }; /* the first two as in txn.sh */

/* Most hosts have no such folder, and are left with one question. */
enum step { STEP_FOLDER, STEP_MARKS, STEP_MARK, STEP_HOLDER, STEP_BUDGET, STEP_UPTIME, STEP_BOOT,
            STEP_COUNT };

struct survey {
    struct target *target;
    char *base;
    bool marks, budget; /* the folder has such an entry */
    char *run, *pid;    /* of the newest mark */
    char *texts[STEP_COUNT]; /* NULL: could not be read, or was not asked for */
    char **argv;
    enum step at;
    struct survey_found found;
    survey_done *done;
    void *data;
};

static void survey_next(struct survey *l);

void survey_found_release(struct survey_found *found)
{
    size_t i;

    for (i = 0; i < found->spent_count; i++) {
        free(found->spent[i].fix);
        free(found->spent[i].run);
        free(found->spent[i].owner);
    }
    free(found->spent);
    free(found->unfinished);
    memset(found, 0, sizeof(*found));
}

static void survey_free(struct survey *l)
{
    size_t i;

    for (i = 0; i < STEP_COUNT; i++)
        free(l->texts[i]);
    argv_free(l->argv);
    survey_found_release(&l->found);
    free(l->base);
    free(l->run);
    free(l->pid);
    free(l);
}

void survey_cancel(struct survey *l)
{
    if (!l)
        return;
    reader_cancel(l->target, l);
    survey_free(l);
}

/* ---- what was read ---- */

static bool has_line(const char *text, const char *word)
{
    size_t n = strlen(word);

    for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
        if (strncmp(text, word, n) == 0 && (text[n] == '\n' || !text[n]))
            return true;
    return false;
}

/* The names tell their age: the last is the newest. */
static void take_marks(struct survey *l)
{
    char *rest = l->texts[STEP_MARKS], *name;

    while (rest && (name = strsep(&rest, "\n")))
        if (vet_run(name)) {
            free(l->run);
            l->run = mem_dup(name);
        }
}

/* `RUN PID START BOOT SINCE OWNER`, in the journal's encoding. */
static int parse_mark(struct journal_line *mark, const char *text)
{
    char *line = mem_format("1 1 %.*s", (int)strcspn(text, "\n"), text);
    int rc = journal_parse(mark, line, strlen(line));

    free(line);
    return rc;
}

/* Field 22 of proc_pid_stat(5), counted from behind the name, which may hold anything. */
static bool holder_lives(const char *stat, const char *start)
{
    const char *p = stat ? strrchr(stat, ')') : NULL;
    int field;

    if (p && p[1] == ' ' && (p[2] == 'Z' || p[2] == 'X')) /* dead, and not yet taken notice of */
        return false;
    for (field = 2; p && field < 22; field++)
        p = strchr(p + 1, ' ');
    return p && strncmp(p + 1, start, strlen(start)) == 0 && p[1 + strlen(start)] == ' ';
}

static void take_holder(struct survey *l)
{
    struct journal_line mark;

    if (!l->run || !l->texts[STEP_MARK] || parse_mark(&mark, l->texts[STEP_MARK]))
        return;
    if (mark.count > 4 && holder_lives(l->texts[STEP_HOLDER], journal_word(&mark, 2))) {
        char *holder = sentence_holder(mark.words);

        l->found.unfinished = mem_format("a change is being made there just now: %s", holder);
        free(holder);
    } else {
        char *since = sentence_time(journal_number(journal_word(&mark, 4)));

        l->found.unfinished =
            mem_format("run %s of %s, begun at %s, was cut off there and left its change half made: "
                       "`fettle recover` puts it back, or there `sh %s/%s/txn recover`",
                       l->run, journal_word(&mark, 5)[0] ? journal_word(&mark, 5) : "someone", since,
                       l->base, l->run);
        free(since);
    }
    journal_line_release(&mark);
}

/* As lately() in txn.sh: within one boot its uptime decides, so that the clock may jump. */
static bool is_recent(const struct survey *l, const struct journal_line *line, int64_t now)
{
    long up = l->texts[STEP_UPTIME] ? atol(l->texts[STEP_UPTIME]) : -1;
    long then = journal_number(journal_word(line, 0));
    const char *boot = journal_word(line, 1);
    int64_t age = now - line->epoch;

    if (up >= 0 && then >= 0 && l->texts[STEP_BOOT] &&
        strncmp(l->texts[STEP_BOOT], boot, strlen(boot)) == 0)
        return up - then < HOUR_S;
    if (up >= HOUR_S)
        return false;
    return age < HOUR_S && (up >= 0 || age > -HOUR_S);
}

/* `EPOCH UPTIME BOOT RUN FIX OWNER` */
static void take_spent(struct survey *l)
{
    char *rest = l->texts[STEP_BUDGET], *text;

    while (rest && (text = strsep(&rest, "\n"))) {
        char *line = mem_format("1 %s", text);
        struct journal_line words;
        struct survey_spent *s;
        bool good = journal_parse(&words, line, strlen(line)) == 0;

        free(line);
        if (!good)
            continue;
        if (words.count >= 5 && is_recent(l, &words, (int64_t)time(NULL))) {
            l->found.spent = mem_grow(l->found.spent, l->found.spent_count + 1, sizeof(*s));
            s = &l->found.spent[l->found.spent_count++];
            s->run = text_clean_dup(words.words[2], strlen(words.words[2]));
            s->fix = mem_dup(words.words[3]);
            s->owner = text_clean_dup(words.words[4], strlen(words.words[4]));
            s->epoch = words.epoch;
        }
        journal_line_release(&words);
    }
}

char *survey_over_budget(const struct survey_found *found, const char *fix)
{
    char *text = NULL;
    size_t i, times = 0;

    for (i = 0; i < found->spent_count; i++) {
        const struct survey_spent *s = &found->spent[i];
        char *when, *more;

        if (strcmp(s->fix, fix) != 0)
            continue;
        times++;
        when = sentence_time(s->epoch);
        more = mem_format("%s%sat %s by %s (run %s)", text ? text : "", text ? ", " : "", when,
                          s->owner, s->run);
        free(when);
        free(text);
        text = more;
    }
    if (times >= BUDGET) {
        char *all = mem_format("it will be refused now, since it was made %zu times here within the "
                               "last hour: %s", times, text);

        free(text);
        return all;
    }
    free(text);
    return NULL;
}

/* ---- one question after the other ---- */

static void survey_finish(struct survey *l)
{
    struct survey_found found;

    take_holder(l);
    take_spent(l);
    found = l->found;
    memset(&l->found, 0, sizeof(l->found));
    l->done(l->data, &found);
    survey_free(l);
}

static void survey_read(void *data, const struct result *r)
{
    struct survey *l = data;

    if (r->outcome == OUTCOME_EXIT && r->code == 0 && !r->out.cut && r->out.data)
        l->texts[l->at] = mem_dupn(r->out.data, r->out.len);
    if (l->at == STEP_FOLDER) {
        l->marks = has_line(l->texts[STEP_FOLDER], "unfinished");
        l->budget = has_line(l->texts[STEP_FOLDER], "budget");
    } else if (l->at == STEP_MARKS) {
        take_marks(l);
    } else if (l->at == STEP_MARK && l->texts[STEP_MARK]) {
        struct journal_line mark;

        if (parse_mark(&mark, l->texts[STEP_MARK]) == 0) {
            if (journal_number(journal_word(&mark, 1)) > 0)
                l->pid = mem_dup(mark.words[1]);
            journal_line_release(&mark);
        }
    }
    l->at++;
    survey_next(l);
}

/* NULL: nothing to ask at this step. */
static char *path_of(const struct survey *l)
{
    switch (l->at) {
    case STEP_FOLDER:
        return mem_dup(l->base);
    case STEP_MARKS:
        return l->marks ? mem_format("%s/unfinished", l->base) : NULL;
    case STEP_MARK:
        return l->run ? mem_format("%s/unfinished/%s", l->base, l->run) : NULL;
    case STEP_HOLDER:
        return l->pid ? mem_format("/proc/%s/stat", l->pid) : NULL;
    case STEP_BUDGET:
        return l->budget ? mem_format("%s/budget", l->base) : NULL;
    case STEP_UPTIME:
        return l->texts[STEP_BUDGET] ? mem_dup("/proc/uptime") : NULL;
    case STEP_BOOT:
        return l->texts[STEP_BUDGET] ? mem_dup("/proc/sys/kernel/random/boot_id") : NULL;
    default:
        return NULL;
    }
}

static void survey_next(struct survey *l)
{
    for (; l->at < STEP_COUNT; l->at++) {
        bool list = l->at == STEP_FOLDER || l->at == STEP_MARKS;
        struct request q = {.limit = SURVEY_LIMIT, .fresh = true};
        char *path = path_of(l);

        if (!path)
            continue;
        argv_free(l->argv);
        l->argv = argv_add(NULL, list ? "ls" : "cat");
        if (list)
            l->argv = argv_add(l->argv, "-1A");
        l->argv = argv_add(l->argv, "--");
        l->argv = argv_add(l->argv, path);
        free(path);
        q.argv = l->argv;
        if (reader_submit(l->target, &q, survey_read, l, NULL) == 0)
            return;
    }
    survey_finish(l);
}

/* As boot.sh's open_base(); of another user's home on another machine we do not know. */
static char *base_of(const struct host *h)
{
    char *base = change_base(h);
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

    if (base[0] == '/')
        return base;
    free(base);
    if (!h->transport || strcmp(h->transport, "local") != 0 || h->become)
        return NULL;
    if (state && state[0] == '/')
        return mem_format("%s/fettle/target", state);
    return home && home[0] == '/' ? mem_format("%s/.local/state/fettle/target", home) : NULL;
}

struct survey *survey_start(struct target *t, survey_done *done, void *data)
{
    struct survey *l = mem_alloc(sizeof(*l));

    l->target = t;
    l->base = base_of(target_host(t));
    l->done = done;
    l->data = data;
    if (!l->base) {
        survey_free(l);
        return NULL;
    }
    survey_next(l);
    return l;
}
