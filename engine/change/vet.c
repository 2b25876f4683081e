/* vet.c: the last look at fixes before anything leaves for a host. */
#include "change/vet.h"

#include "base/argv.h"
#include "base/digest.h"
#include "model/catalogue.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* What was shown is the diff; what would be written is `after`.  Both must say the same. */
static int vet_edit(const struct fix *f, const struct edit *edit, struct err *e)
{
    const char *path = edit->was.path;
    char sha[DIGEST_TEXT_SIZE], *diff;
    bool same;

    if (!path || path[0] != '/' || !edit->before || !edit->after)
        return err_set(e, ERR_REFUSED, "fix \"%s\" edits no file that has a full path", f->id);
    digest_sha256(edit->before, edit->before_len, sha);
    if (strcmp(sha, edit->was.sha256) != 0)
        return err_set(e, ERR_REFUSED, "fix \"%s\": the fingerprint of \"%s\" is not that of the "
                       "content that was read", f->id, path);
    digest_sha256(edit->after, edit->after_len, sha);
    if (strcmp(sha, edit->after_sha256) != 0)
        return err_set(e, ERR_REFUSED, "fix \"%s\": the new content of \"%s\" is not the one that "
                       "was approved", f->id, path);
    if (edit->was.absent && (edit->before_len || !edit->after_len))
        return err_set(e, ERR_REFUSED, "fix \"%s\" creates \"%s\" out of something or nothing", f->id,
                       path);
    /* No fingerprint of the host's stands against what a plan says here. */
    if (edit->was.absent && (edit->was.mode != 0644 || edit->was.uid || edit->was.gid ||
                             (edit->was.real && strcmp(edit->was.real, path) != 0)))
        return err_set(e, ERR_REFUSED, "fix \"%s\" does not create \"%s\" for root with mode 644", f->id,
                       path);
    diff = edit_diff(edit);
    same = edit->diff && strcmp(diff, edit->diff) == 0;
    free(diff);
    if (!same)
        return err_set(e, ERR_REFUSED, "fix \"%s\": the diff of \"%s\" that was shown is not what "
                       "would be written", f->id, path);
    return 0;
}

/* The wire format has no way to say an empty word, and no command of ours needs one. */
static int vet_words(const struct fix *f, char *const *argv, struct err *e)
{
    size_t i;

    if (!argv || !argv[0])
        return err_set(e, ERR_REFUSED, "fix \"%s\" has an empty command", f->id);
    for (i = 0; argv[i]; i++)
        if (!argv[i][0])
            return err_set(e, ERR_REFUSED, "fix \"%s\": command \"%s\" has an empty word", f->id,
                           argv[0]);
    return 0;
}

static int vet_refuse(const struct fix *f, const char *what, char *const *argv, struct err *e)
{
    char *text = argv_text(argv);

    err_set(e, ERR_REFUSED, "fix \"%s\": not a %s that fettle runs: \"%.300s\"", f->id, what, text);
    free(text);
    return -1;
}

static int vet_change(const struct host *h, const struct fix *f, char *const *argv, struct err *e)
{
    if (vet_words(f, argv, e))
        return -1;
    if (catalogue_changes(argv) || host_names_command(h, argv))
        return 0;
    return vet_refuse(f, "change", argv, e);
}

static int vet_check(const struct fix *f, const struct check *check, struct err *e)
{
    regex_t pattern;

    if (!check->argv || !catalogue_reads(check->argv))
        return vet_refuse(f, "check", check->argv, e);
    if (!check->out)
        return 0;
    if (regcomp(&pattern, check->out, REG_EXTENDED | REG_NOSUB) != 0)
        return err_set(e, ERR_REFUSED, "fix \"%s\": not a regular expression: \"%.200s\"", f->id,
                       check->out);
    regfree(&pattern);
    return 0;
}

static bool is_two_numbers(const char *text)
{
    size_t first = strspn(text, "0123456789"), second;

    if (!first || first > 19 || text[first] != ' ')
        return false;
    second = strspn(text + first + 1, "0123456789");
    return second && second < 10 && !text[first + 1 + second];
}

static int vet_runs(const struct host *h, const struct fix *f, struct err *e)
{
    size_t i;

    for (i = 0; i < f->command_count; i++) {
        const struct command *command = &f->commands[i];

        if (vet_change(h, f, command->argv, e))
            return -1;
        if (command->unit_was && !is_two_numbers(command->unit_was))
            return err_set(e, ERR_REFUSED, "fix \"%s\": not a unit's start: \"%.100s\"", f->id,
                           command->unit_was);
        if (command->undo && command->undo[0] && vet_change(h, f, command->undo, e))
            return -1;
    }
    for (i = 0; f->validate && f->validate[i]; i++) {
        if (vet_words(f, f->validate[i], e))
            return -1;
        if (!catalogue_validates(f->validate[i]))
            return vet_refuse(f, "validation", f->validate[i], e);
    }
    for (i = 0; i < f->check_count; i++)
        if (vet_check(f, &f->checks[i], e))
            return -1;
    return 0;
}

static int vet_fix(const struct host *h, const struct fix *f, struct err *e)
{
    size_t i;

    if (f->host && strcmp(f->host, h->name) != 0)
        return err_set(e, ERR_REFUSED, "fix \"%s\" is for host \"%s\", not for \"%s\"", f->id,
                       f->host, h->name);
    if (!f->edit_count && !f->command_count)
        return err_set(e, ERR_REFUSED, "fix \"%s\" changes nothing", f->id);
    if (!f->check_count)
        return err_set(e, ERR_REFUSED, "fix \"%s\" has no check, so nobody could say whether it "
                       "helped", f->id);
    for (i = 0; i < f->edit_count; i++)
        if (vet_edit(f, &f->edits[i], e))
            return -1;
    return vet_runs(h, f, e);
}

int vet_fixes(const struct host *h, struct fix *const *fixes, size_t count, struct err *e)
{
    size_t i;

    if (!count)
        return err_set(e, ERR_REFUSED, "no fix for host \"%s\"", h->name);
    for (i = 0; i < count; i++)
        if (vet_fix(h, fixes[i], e))
            return -1;
    return 0;
}

bool vet_run(const char *run)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789-";

    return run && run[0] && run[0] != '-' && strcmp(run, "lock") != 0 &&
           strcmp(run, "unfinished") != 0 && strcmp(run, "budget") != 0 && strlen(run) <= 100 &&
           strspn(run, allowed) == strlen(run);
}
