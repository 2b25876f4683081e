/* reads.c: each command that was run on a host, into the record and before a person's eyes. */
#include "cli/reads.h"

#include "base/argv.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "io/reader.h"
#include "model/base64.h"

#include <stdlib.h>
#include <string.h>

static json_t *text_json(const char *text, size_t n)
{
    json_t *json = json_stringn(text, n);

    if (!json) {
        char *clean = text_clean_dup(text, n);

        json = json_string(clean);
        free(clean);
    }
    return json;
}

static json_t *argv_json(char *const *argv)
{
    json_t *list = json_array();

    for (; *argv; argv++)
        json_array_append_new(list, text_json(*argv, strlen(*argv)));
    return list;
}

/* Base64 would hide a secret from the record's masking: so it is masked before. */
static void put_output(json_t *fields, const char *name, const struct buf *b)
{
    char *key = mem_format("%s_cut", name);

    json_object_set_new(fields, key, json_boolean(b->cut));
    free(key);
    if (text_is_utf8(b->data, b->len)) {
        json_object_set_new(fields, name, json_stringn(b->data, b->len));
    } else {
        size_t n = 0;
        char *masked = mask_secrets(b->data, b->len, &n);
        char *code = base64_encode(masked, n);

        key = mem_format("%s_base64", name);
        json_object_set_new(fields, key, json_string(code));
        free(key);
        free(code);
        free(masked);
    }
}

static void show(const struct session *s, const struct host *h, const struct request *q,
                 const struct result *r)
{
    char *line = argv_text(q->argv);

    if (r->outcome == OUTCOME_EXIT)
        style_line(&s->text, LOOK_DIM, 0, "%s  %5lld ms  exit %d  %s", h->name,
                   (long long)r->took_ms, r->code, line);
    else
        style_line(&s->text, LOOK_DIM, 0, "%s  %5lld ms  %s  %s", h->name, (long long)r->took_ms,
                   r->why ? r->why : outcome_name(r->outcome), line);
    free(line);
}

void reads_note(void *data, const struct host *h, const struct request *q, const struct result *r)
{
    struct session *s = data;
    char at[CLOCK_TEXT_SIZE];
    json_t *fields;

    if (s->options->verbose)
        show(s, h, q, r);
    if (!s->record)
        return;
    clock_format(r->at_ms, at);
    fields = json_pack("{s:s, s:o, s:s, s:I, s:s, s:i}", "host", h->name, "argv",
                       argv_json(q->argv), "at", at, "took_ms", (json_int_t)r->took_ms, "outcome",
                       outcome_name(r->outcome), "code", r->code);
    if (r->why)
        json_object_set_new(fields, "why", text_json(r->why, strlen(r->why)));
    put_output(fields, "out", &r->out);
    put_output(fields, "err", &r->err);
    record_add(s->record, "read", fields);
}
