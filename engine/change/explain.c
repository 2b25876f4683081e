/* explain.c: reads what a person needs to see once a change has failed. */
#include "change/explain.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/reader.h"
#include "model/diff.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { EXPLAIN_READS = 3, EXPLAIN_FILE_MAX = 1 << 20, EXPLAIN_LINE_MAX = 1000 };

struct explain {
    struct target *target;
    char *subject; /* the unit, or the file's path */
    char **reads[EXPLAIN_READS];
    char *texts[EXPLAIN_READS]; /* NULL: could not be read */
    size_t lens[EXPLAIN_READS];
    size_t count, at;
    void (*finish)(struct explain *x);
    struct buf *out;
    void (*done)(void *data);
    void *data;
};

static struct explain *explain_new(struct target *t, const char *subject, struct buf *out,
                                   void (*done)(void *data), void *data)
{
    struct explain *x = mem_alloc(sizeof(*x));

    x->target = t;
    x->subject = mem_dup(subject);
    x->out = out;
    x->done = done;
    x->data = data;
    return x;
}

void explain_cancel(struct explain *x)
{
    size_t i;

    if (!x)
        return;
    if (x->at < x->count)
        reader_cancel(x->target, x);
    for (i = 0; i < EXPLAIN_READS; i++) {
        argv_free(x->reads[i]);
        free(x->texts[i]);
    }
    free(x->subject);
    free(x);
}

static void explain_read(void *data, const struct result *r);

/* What is not in the catalogue here cannot be read, and that is all. */
static int explain_ask(struct explain *x)
{
    struct request q = {.limit = EXPLAIN_FILE_MAX, .fresh = true};

    q.argv = x->reads[x->at];
    return reader_submit(x->target, &q, explain_read, x, NULL);
}

static void explain_read(void *data, const struct result *r)
{
    struct explain *x = data;
    void (*done)(void *data) = x->done;
    void *whose = x->data;

    if (r->outcome == OUTCOME_EXIT && r->code == 0 && !r->out.cut) {
        x->texts[x->at] = mem_dupn(r->out.data, r->out.len);
        x->lens[x->at] = r->out.len;
    }
    x->at++;
    if (x->at < x->count && explain_ask(x) == 0)
        return;
    x->finish(x);
    x->count = x->at;
    explain_cancel(x);
    done(whose);
}

static struct explain *explain_begin(struct explain *x)
{
    if (explain_ask(x) == 0)
        return x;
    x->at = x->count; /* nothing under way to be cancelled */
    explain_cancel(x);
    return NULL;
}

/* ---- a unit's journal ---- */

/* A MESSAGE that is no UTF-8 comes as a list of bytes. */
static void message_add(struct buf *out, json_t *message)
{
    const char *text = json_string_value(message);
    size_t i, n = json_is_array(message) ? json_array_size(message) : 0;

    if (text)
        buf_add(out, text, strnlen(text, EXPLAIN_LINE_MAX));
    for (i = 0; i < n && i < EXPLAIN_LINE_MAX; i++) {
        char byte = (char)json_integer_value(json_array_get(message, i));

        buf_add(out, &byte, byte ? 1 : 0);
    }
    buf_puts(out, "\n");
}

static void unit_finish(struct explain *x)
{
    const char *p = x->texts[0], *end;

    if (!p || !*p)
        return;
    buf_addf(x->out, "%slast lines of the journal of %s:\n", x->out->len ? "\n" : "", x->subject);
    for (; *p; p = *end ? end + 1 : end) {
        json_t *entry;

        end = p + strcspn(p, "\n");
        entry = json_loadb(p, (size_t)(end - p), 0, NULL);
        if (json_object_get(entry, "MESSAGE"))
            message_add(x->out, json_object_get(entry, "MESSAGE"));
        json_decref(entry);
    }
}

/* `systemctl start -- UNIT` and `service NAME start`. */
static const char *started_unit(char *const *argv)
{
    size_t n = argv_len(argv);

    if (n >= 3 && strcmp(argv[0], "systemctl") == 0 &&
        (strcmp(argv[1], "start") == 0 || strcmp(argv[1], "restart") == 0 ||
         strcmp(argv[1], "reload") == 0))
        return argv[n - 1];
    if (n == 3 && strcmp(argv[0], "service") == 0 && strcmp(argv[2], "stop") != 0)
        return argv[1];
    return NULL;
}

struct explain *explain_unit(struct target *t, char *const *failed, struct buf *out,
                             void (*done)(void *data), void *data)
{
    static const char *const form[] = {"journalctl", "--no-pager", "-o", "json", "-n", "20", "-u"};
    const char *unit = started_unit(failed);
    struct explain *x;
    size_t i;

    if (!unit)
        return NULL;
    x = explain_new(t, unit, out, done, data);
    for (i = 0; i < sizeof(form) / sizeof(*form); i++)
        x->reads[0] = argv_add(x->reads[0], form[i]);
    x->reads[0] = argv_add(x->reads[0], unit);
    x->count = 1;
    x->finish = unit_finish;
    return explain_begin(x);
}

/* ---- a file that was changed since ---- */

static void diff_add(struct explain *x, const char *title, size_t a, size_t b)
{
    char *diff;

    if (!x->texts[a] || !x->texts[b])
        return;
    diff = diff_unified(x->subject, x->texts[a], x->lens[a], x->texts[b], x->lens[b]);
    buf_addf(x->out, "%s\n%s", title, diff);
    free(diff);
}

static void changed_finish(struct explain *x)
{
    diff_add(x, "what the run had changed:", 0, 1);
    diff_add(x, "what was changed since:", 1, 2);
}

/* `changed` is a journal line's `changed PATH OLD NEW CURRENT`. */
struct explain *explain_changed(struct target *t, char *const *changed, struct buf *out,
                                void (*done)(void *data), void *data)
{
    struct explain *x;
    size_t i;

    if (argv_len(changed) < 5)
        return NULL;
    x = explain_new(t, changed[1], out, done, data);
    for (i = 0; i < EXPLAIN_READS; i++) {
        x->reads[i] = argv_add(argv_add(NULL, "cat"), "--");
        x->reads[i] = argv_add(x->reads[i], changed[2 + i]);
    }
    x->count = EXPLAIN_READS;
    x->finish = changed_finish;
    return explain_begin(x);
}
