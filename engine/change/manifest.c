/* manifest.c: the approved fixes of one host, merged, and as the bytes that go there. */
#include "change/manifest.h"

#include "base/argv.h"
#include "base/mem.h"
#include "change/shell.h"
#include "change/units.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- merging ---- */

static const char *edit_target(const struct edit *edit)
{
    return edit->was.real ? edit->was.real : edit->was.path;
}

/* Two files in a folder that neither of them finds. */
static bool makes_folder_of(const struct edit *a, const struct edit *b)
{
    const char *end_a = strrchr(a->was.path, '/'), *end_b = strrchr(b->was.path, '/');

    return a->was.folder_absent && b->was.folder_absent && end_a && end_b &&
           strcmp(a->was.path, b->was.path) != 0 &&
           end_a - a->was.path == end_b - b->was.path &&
           strncmp(a->was.path, b->was.path, (size_t)(end_a - a->was.path)) == 0;
}

static int manifest_add_edit(struct manifest *m, const struct edit *edit, struct err *e)
{
    size_t i;

    for (i = 0; i < m->edit_count; i++) {
        const struct edit *other = m->edits[i];

        if (makes_folder_of(other, edit))
            return err_set(e, ERR_REFUSED, "two fixes create files in a new folder, \"%s\" and \"%s\"; "
                           "apply one, then diagnose again", other->was.path, edit->was.path);
        if (strcmp(edit_target(other), edit_target(edit)) != 0)
            continue;
        if (other->was.absent == edit->was.absent && strcmp(other->was.sha256, edit->was.sha256) == 0 &&
            strcmp(other->after_sha256, edit->after_sha256) == 0)
            return 0;
        return err_set(e, ERR_REFUSED, "two fixes edit the same file \"%s\" in different ways; "
                       "apply one, then diagnose again", edit_target(edit));
    }
    m->edits = mem_grow(m->edits, m->edit_count + 1, sizeof(*m->edits));
    m->edits[m->edit_count++] = edit;
    return 0;
}

static bool command_has_undo(const struct command *c)
{
    return c->undo && c->undo[0];
}

/* An activation is moved to the last place that asks for it; what has an undo stays at the first,
 * since what comes in between may build on it. */
static int manifest_add_command(struct manifest *m, const struct command *c, struct err *e)
{
    size_t i;

    for (i = 0; i < m->command_count; i++) {
        const struct command *other = m->commands[i];

        if (!argv_equal(other->argv, c->argv))
            continue;
        if (command_has_undo(other) != command_has_undo(c) ||
            (command_has_undo(c) && !argv_equal(other->undo, c->undo)))
            return err_set(e, ERR_REFUSED, "two fixes run \"%s\" but disagree on how to take it "
                           "back", c->argv[0]);
        if (command_has_undo(c))
            return 0;
        m->command_count--;
        memmove(&m->commands[i], &m->commands[i + 1],
                (m->command_count - i) * sizeof(*m->commands));
        break;
    }
    m->commands = mem_grow(m->commands, m->command_count + 1, sizeof(*m->commands));
    m->commands[m->command_count++] = c;
    return 0;
}

static void list_add(char *const ***list, size_t *count, char *const *argv)
{
    size_t i;

    for (i = 0; i < *count; i++)
        if (argv_equal((*list)[i], argv))
            return;
    *list = mem_grow(*list, *count + 1, sizeof(**list));
    (*list)[(*count)++] = argv;
}

static bool fix_edits_and_runs(const struct fix *f, const struct command *c)
{
    size_t i;

    if (!f->edit_count)
        return false;
    for (i = 0; i < f->command_count; i++)
        if (argv_equal(f->commands[i].argv, c->argv))
            return true;
    return false;
}

/* A daemon goes on with what it last read: files that are put back must be read again, by the same
 * commands that activated them.  Where nothing was edited there is nothing to read again. */
static void manifest_add_reactivates(struct manifest *m)
{
    size_t i, j;

    for (i = 0; i < m->command_count; i++) {
        if (command_has_undo(m->commands[i]))
            continue;
        for (j = 0; j < m->fix_count; j++) {
            if (!fix_edits_and_runs(m->fixes[j], m->commands[i]))
                continue;
            list_add(&m->reactivates, &m->reactivate_count, m->commands[i]->argv);
            break;
        }
    }
}

int manifest_init(struct manifest *m, struct fix *const *fixes, size_t count, struct err *e)
{
    size_t i, j;

    memset(m, 0, sizeof(*m));
    m->fixes = fixes;
    m->fix_count = count;
    for (i = 0; i < count; i++) {
        const struct fix *f = fixes[i];

        for (j = 0; j < f->edit_count; j++)
            if (manifest_add_edit(m, &f->edits[j], e))
                goto fail;
        for (j = 0; j < f->command_count; j++)
            if (manifest_add_command(m, &f->commands[j], e))
                goto fail;
        for (j = 0; f->validate && f->validate[j]; j++)
            list_add(&m->validates, &m->validate_count, f->validate[j]);
    }
    manifest_add_reactivates(m);
    return 0;
fail:
    manifest_release(m);
    return -1;
}

void manifest_release(struct manifest *m)
{
    free(m->edits);
    free(m->commands);
    free(m->validates);
    free(m->reactivates);
    memset(m, 0, sizeof(*m));
}

/* ---- as bytes ---- */

void manifest_encode(struct buf *b, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:=@+,-";

    for (; *word; word++) {
        if (strchr(plain, *word))
            buf_add(b, word, 1);
        else
            buf_addf(b, "%%%02X", (unsigned)(unsigned char)*word);
    }
}

static void format_words(struct buf *b, char *const *argv)
{
    size_t i;

    buf_addf(b, " %zu", argv_len(argv));
    for (i = 0; argv && argv[i]; i++) {
        buf_puts(b, " ");
        manifest_encode(b, argv[i]);
    }
}

static void format_create(struct buf *b, size_t number, const struct fingerprint *was)
{
    const char *slash = strrchr(was->path, '/');
    char *folder = mem_dupn(was->path, slash ? (size_t)(slash - was->path) : 0);

    buf_addf(b, "create %zu ", number);
    manifest_encode(b, was->path);
    buf_addf(b, " %u %u %o ", was->uid, was->gid, was->mode & 07777);
    manifest_encode(b, was->folder_absent ? folder : "-");
    buf_puts(b, "\n");
    free(folder);
}

static void format_edit(struct buf *b, size_t number, const struct edit *edit)
{
    const struct fingerprint *was = &edit->was;

    if (was->absent) {
        format_create(b, number, was);
        return;
    }
    buf_addf(b, "edit %zu ", number);
    manifest_encode(b, was->path);
    buf_addf(b, " %s %u %u %o ", was->sha256, was->uid, was->gid, was->mode & 07777);
    if (!was->real || strcmp(was->real, was->path) == 0)
        buf_puts(b, "-");
    else
        manifest_encode(b, was->real);
    buf_puts(b, "\n");
}

static int command_seconds(const struct command *c)
{
    return c->timeout_s > 0 ? c->timeout_s : MANIFEST_COMMAND_S;
}

static void format_runs(struct buf *b, const char *word, char *const *const *list, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        buf_puts(b, word);
        format_words(b, list[i]);
        buf_puts(b, "\n");
    }
}

/* Two fixes for one unit were proposed at the same time, so a second line says the same. */
static void format_unit(struct buf *b, const struct command *c)
{
    const char *unit = units_of(c->argv);

    if (!unit || !c->unit_was)
        return;
    buf_puts(b, "unit ");
    manifest_encode(b, unit);
    buf_addf(b, " %s\n", c->unit_was);
}

void manifest_format(const struct manifest *m, const char *run, const char *owner,
                     int confirm_timeout_s, struct buf *b)
{
    size_t i;

    buf_addf(b, "run %s\n", run);
    for (i = 0; i < m->fix_count; i++) {
        buf_puts(b, "fix ");
        manifest_encode(b, m->fixes[i]->id);
        buf_puts(b, "\n");
    }
    buf_puts(b, "owner ");
    manifest_encode(b, owner && *owner ? owner : "unknown");
    buf_addf(b, "\nconfirm-timeout %d\nvalidate-timeout %d\n", confirm_timeout_s,
             MANIFEST_VALIDATE_S);
    for (i = 0; i < m->edit_count; i++)
        format_edit(b, i + 1, m->edits[i]);
    for (i = 0; i < m->command_count; i++)
        format_unit(b, m->commands[i]);
    format_runs(b, "validate", m->validates, m->validate_count);
    for (i = 0; i < m->command_count; i++) {
        buf_addf(b, "command %zu %d", i + 1, command_seconds(m->commands[i]));
        format_words(b, m->commands[i]->argv);
        format_words(b, m->commands[i]->undo);
        buf_puts(b, "\n");
    }
    format_runs(b, "reactivate", m->reactivates, m->reactivate_count);
}

int manifest_seconds(const struct manifest *m)
{
    int seconds = 120 + 2 * MANIFEST_VALIDATE_S * (int)m->validate_count +
                  60 * (int)m->reactivate_count;
    size_t i;

    for (i = 0; i < m->command_count; i++)
        seconds += 2 * command_seconds(m->commands[i]);
    return seconds;
}

static void payload_add(struct buf *b, const char *name, const void *data, size_t n)
{
    buf_addf(b, "%s %zu\n", name, n);
    buf_add(b, data, n);
}

int payload_build(struct buf *b, const struct manifest *m, const char *mode, const char *run,
                  const char *owner, int confirm_timeout_s, struct err *e)
{
    struct buf text;
    char name[32];
    size_t i;

    buf_init(b, PAYLOAD_MAX);
    buf_init(&text, PAYLOAD_MAX);
    manifest_format(m, run, owner, confirm_timeout_s, &text);
    buf_addf(b, "fettle-txn 1 %s %s\n", run, mode);
    payload_add(b, "txn", shell_txn, strlen(shell_txn));
    payload_add(b, "prove", shell_prove, strlen(shell_prove));
    payload_add(b, "manifest", text.data, text.len);
    for (i = 0; i < m->edit_count; i++) {
        snprintf(name, sizeof(name), "new.%zu", i + 1);
        payload_add(b, name, m->edits[i]->after, m->edits[i]->after_len);
    }
    buf_puts(b, "end 0\n");
    text.cut = text.cut || b->cut;
    if (text.cut)
        err_set(e, ERR_REFUSED, "the edited files are larger than %d MiB together",
                PAYLOAD_MAX >> 20);
    i = text.cut;
    buf_release(&text);
    return i ? -1 : 0;
}

void payload_ask(struct buf *b, const char *mode, const char *run, long from)
{
    buf_init(b, 1 << 12);
    buf_addf(b, "fettle-txn 1 %s %s\n", run, mode);
    if (from > 0)
        buf_addf(b, "from %ld\n", from);
    buf_puts(b, "end 0\n");
}
