/* fixture.h: fixes to try things with. */
#ifndef FETTLE_TESTS_CHANGE_FIXTURE_H
#define FETTLE_TESTS_CHANGE_FIXTURE_H

#include "base/argv.h"
#include "base/digest.h"
#include "base/mem.h"
#include "model/diff.h"
#include "model/finding.h"

#include <stdlib.h>
#include <string.h>

static inline struct fix *fixture_fix(const char *id)
{
    struct fix *f = mem_alloc(sizeof(*f));

    f->id = mem_dup(id);
    f->playbook = mem_dup("unix-socket");
    f->title = mem_dup("a title");
    return f;
}

static inline void fixture_edit(struct fix *f, const char *path, const char *before,
                                const char *after)
{
    struct edit *edit;

    f->edits = mem_grow(f->edits, f->edit_count + 1, sizeof(*f->edits));
    edit = &f->edits[f->edit_count++];
    memset(edit, 0, sizeof(*edit));
    edit->was.path = mem_dup(path);
    edit->was.real = mem_dup(path);
    edit->was.mode = 0644;
    edit->before = mem_dup(before);
    edit->before_len = strlen(before);
    edit->after = mem_dup(after);
    edit->after_len = strlen(after);
    digest_sha256(before, strlen(before), edit->was.sha256);
    digest_sha256(after, strlen(after), edit->after_sha256);
    edit->diff = diff_unified(path, before, strlen(before), after, strlen(after));
}

static inline void fixture_command(struct fix *f, const char *argv, const char *undo)
{
    struct command *command;

    f->commands = mem_grow(f->commands, f->command_count + 1, sizeof(*f->commands));
    command = &f->commands[f->command_count++];
    memset(command, 0, sizeof(*command));
    command->argv = argv_split(argv);
    command->undo = undo ? argv_split(undo) : NULL;
    command->timeout_s = 10;
}

static inline void fixture_validate(struct fix *f, const char *argv)
{
    size_t n = 0;

    while (f->validate && f->validate[n])
        n++;
    f->validate = mem_grow(f->validate, n + 2, sizeof(*f->validate));
    f->validate[n] = argv_split(argv);
    f->validate[n + 1] = NULL;
}

static inline void fixture_check(struct fix *f, const char *argv, int times, const char *out)
{
    struct check *check;

    f->checks = mem_grow(f->checks, f->check_count + 1, sizeof(*f->checks));
    check = &f->checks[f->check_count++];
    memset(check, 0, sizeof(*check));
    check->argv = argv_split(argv);
    check->times = times;
    check->out = mem_dup(out);
}

static inline void fixture_free(struct fix *f)
{
    fix_release(f);
    free(f);
}

#endif
