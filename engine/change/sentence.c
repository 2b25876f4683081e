/* sentence.c: the words of a journal as plain sentences.
 *
 * A journal line is written before what it names is done, hence "locking", not "locked". */
#include "change/sentence.h"

#include "base/argv.h"
#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SENTENCE_MAX = 600 };

/* Cleaned last, so that nothing a host says gets around it. */
static char *sentence_clean(char *text)
{
    size_t n = strlen(text);
    char *clean = text_clean_dup(text, n > SENTENCE_MAX ? SENTENCE_MAX : n);
    char *p;

    for (p = clean; *p; p++)
        if (*p == '\n' || *p == '\t')
            *p = ' ';
    free(text);
    return clean;
}

char *sentence_time(int64_t epoch)
{
    time_t at = (time_t)epoch;
    struct tm tm;
    char text[32] = "?";

    if (epoch >= 0 && localtime_r(&at, &tm))
        strftime(text, sizeof(text), "%H:%M:%S", &tm);
    return mem_dup(text);
}

static const char *known_text(char *const *known, const char *number, const char *fallback)
{
    long n = journal_number(number);

    return n >= 0 && n < JOURNAL_KNOWN_MAX && known[n] ? known[n] : fallback;
}

static const char *exit_text(const char *code)
{
    return strcmp(code, "124") == 0 ? "ran out of time" : "failed";
}

/* The words of a list by their place; "" beyond its end. */
static const char *at(char *const *words, size_t i)
{
    return i < argv_len(words) ? words[i] : "";
}

char *sentence_reason(const struct journal *j, char *const *reason)
{
    const char *kind = at(reason, 0), *first = at(reason, 1), *second = at(reason, 2);
    char *text;

    if (strcmp(kind, "validate") == 0)
        text = mem_format("%s does not accept it (exit %s)",
                          known_text(j->validates, first, "the validator"), second);
    else if (strcmp(kind, "command") == 0)
        text = mem_format("%s %s (exit %s)", known_text(j->commands, first, "a command"),
                          exit_text(second), second);
    else if (strcmp(kind, "drift") == 0)
        text = mem_format("%s was changed by someone else meanwhile (%s)", first, second);
    else if (strcmp(kind, "write") == 0)
        text = mem_format("%s could not be written", second[0] ? second : first);
    else if (strcmp(kind, "backup") == 0)
        text = mem_format("no copy of %s could be kept", second[0] ? second : "a file");
    else if (strcmp(kind, "journal") == 0)
        text = mem_dup("the journal could not be written on the host");
    else if (strcmp(kind, "unconfirmed") == 0)
        text = mem_dup("no confirmation came in time");
    else if (strcmp(kind, "reverted") == 0)
        text = mem_dup("asked to");
    else if (strcmp(kind, "interrupted") == 0)
        text = mem_dup("interrupted");
    else if (strcmp(kind, "crashed") == 0)
        text = mem_dup("the transaction was killed on the host");
    else
        text = argv_text(reason);
    return sentence_clean(text);
}

/* `restore PATH`, `conflict PATH`, `command N`, `reactivate N`, `start-again N`, one after the other. */
char *sentence_failed(char *const *what)
{
    static const char *const kinds[][2] = {
        {"restore", "%s could not be written"},
        {"conflict", "%s was changed by someone else meanwhile"},
        {"command", "the undo of command %s failed"},
        {"reactivate", "what was put back could not be activated (command %s)"},
        {"start-again", "the service of command %s ran before and does not start again"},
    };
    char *text = mem_dup("");
    size_t i, k;

    for (i = 0; i < argv_len(what); i += 2) {
        char *more = NULL, *both;

        for (k = 0; k < sizeof(kinds) / sizeof(*kinds) && !more; k++)
            if (strcmp(what[i], kinds[k][0]) == 0) {
                const char *rest = strstr(kinds[k][1], "%s");

                more = mem_format("%.*s%s%s", (int)(rest - kinds[k][1]), kinds[k][1],
                                  at(what, i + 1), rest + 2);
            }
        both = mem_format("%s%s%s", text, *text ? "; " : "", more ? more : what[i]);
        free(text);
        free(more);
        text = both;
    }
    return sentence_clean(text);
}

/* `refused-budget FIX TIMES {EPOCH RUN OWNER}...` */
static char *budget_text(char *const *end)
{
    char *text = mem_format("fix %s was made %s times here within the last hour", at(end, 1),
                            at(end, 2));
    size_t i;

    for (i = 3; i + 2 < argv_len(end); i += 3) {
        char *when = sentence_time(journal_number(end[i]));
        char *both = mem_format("%s%s at %s by %s (run %s)", text, i == 3 ? ":" : ",", when,
                                end[i + 2], end[i + 1]);

        free(when);
        free(text);
        text = both;
    }
    i = strlen(text);
    text = mem_grow(text, i + 100, 1);
    strcpy(text + i, "; making it again is no repair: look for what undoes it");
    return text;
}

char *sentence_holder(char *const *holder)
{
    char *since = sentence_time(journal_number(at(holder, 4)));
    char *text = mem_format("locked by %s since %s (run %s, process %s there)",
                            at(holder, 5)[0] ? at(holder, 5) : "someone", since, at(holder, 0),
                            at(holder, 1));

    free(since);
    return sentence_clean(text);
}

static char *drift_text(const char *path, const char *what)
{
    if (strcmp(what, "present") == 0)
        return mem_format("%s is there now and was not before", path);
    if (strcmp(what, "folder-present") == 0)
        return mem_format("the folder of %s is there now and was not before", path);
    if (strcmp(what, "folder-missing") == 0)
        return mem_format("the folder that %s should be in is gone", path);
    if (strcmp(what, "started") == 0)
        return mem_format("%s was started anew by someone since the fix was proposed", path);
    if (strcmp(what, "missing") == 0)
        return mem_format("%s is gone", path);
    if (strcmp(what, "content") == 0)
        return mem_format("%s has other content than when the fix was proposed", path);
    return mem_format("%s has another %s than when the fix was proposed", path,
                      strcmp(what, "uid") == 0   ? "owner"
                      : strcmp(what, "gid") == 0 ? "group"
                      : strcmp(what, "link") == 0 ? "symlink target"
                                                  : what);
}

char *sentence_refusal(char *const *end)
{
    const char *kind = at(end, 0), *first = at(end, 1), *second = at(end, 2);
    char *text;

    if (strcmp(kind, "refused-locked") == 0)
        return sentence_holder(end + 1);
    if (strcmp(kind, "refused-drift") == 0)
        text = drift_text(first, second);
    else if (strcmp(kind, "refused-hardlink") == 0)
        text = mem_format("%s has %s hard links, and writing it would part them", first, second);
    else if (strcmp(kind, "refused-folder") == 0)
        text = mem_format("%s is not safe to write: others can write in %s, and could lead the write "
                          "elsewhere", first, second);
    else if (strcmp(kind, "refused-space") == 0)
        text = mem_format("%s has too little free space: %s KiB wanted, %s there", first, second,
                          at(end, 3));
    else if (strcmp(kind, "refused-inodes") == 0)
        text = mem_format("%s has too few free inodes: %s wanted, %s there", first, second,
                          at(end, 3));
    else if (strcmp(kind, "refused-budget") == 0)
        text = budget_text(end);
    else if (strcmp(kind, "refused-changed") == 0)
        text = mem_format("%s was changed by someone after the run; putting it back would destroy "
                          "that", first);
    else if (strcmp(kind, "refused-unrecovered") == 0)
        text = mem_format("run %s was left unfinished there and could not be put back", first);
    else if (strcmp(kind, "refused-nothing-to-undo") == 0)
        text = mem_dup("that run changed nothing there");
    else if (strcmp(kind, "refused-manifest") == 0)
        text = mem_format("the host does not understand line %s of the manifest", first);
    else if (strcmp(kind, "refused-tools") == 0)
        text = mem_format("the host lacks %s", first);
    else if (strcmp(kind, "refused-journal") == 0)
        text = mem_dup("the journal cannot be written on the host");
    else if (strcmp(kind, "refused-invalid") == 0)
        text = mem_dup("not accepted in a private copy");
    else if (strcmp(kind, "refused-interrupted") == 0)
        text = mem_dup("interrupted before anything was touched");
    else
        text = argv_text(end);
    return sentence_clean(text);
}

/* ---- lines ---- */

static char *shadow_text(const struct journal_line *l)
{
    if (strcmp(journal_word(l, 1), "ok") == 0)
        return mem_dup("accepted in a private copy");
    if (strcmp(journal_word(l, 1), "failed") == 0)
        return mem_dup("not accepted in a private copy");
    if (strcmp(journal_word(l, 2), "nothing-to-run") == 0)
        return mem_dup("there is no file in it to check beforehand");
    return mem_format("it could not be checked beforehand: %s", journal_word(l, 2));
}

/* The line before has the whole command. */
static char *ran_text(char *const *known, const struct journal_line *l, const char *good)
{
    const char *code = journal_word(l, 2);
    const char *what = known_text(known, journal_word(l, 1), "it");

    if (strcmp(code, "0") == 0)
        return mem_dup(good);
    return mem_format("%s %s (exit %s)", what, exit_text(code), code);
}

static char *waiting_text(const struct journal_line *l)
{
    char *until = sentence_time(journal_number(journal_word(l, 1)));
    char *text = mem_format("the change is made; without confirmation the host puts everything "
                            "back at %s", until);

    free(until);
    return text;
}

static char *end_text(const struct journal *j, char *const *end)
{
    const char *kind = at(end, 0), *before = "refused: ";
    char *reason, *text;

    if (strcmp(kind, "confirmed") == 0)
        return mem_dup("confirmed; the change stays");
    if (strcmp(kind, "undone") == 0)
        return mem_dup("everything is as it was before the run");
    if (strcmp(kind, "nothing-to-recover") == 0)
        return mem_dup("nothing is left unfinished there");
    if (strcmp(kind, "already-undone") == 0)
        return mem_dup("that was taken back before");
    if (strcmp(kind, "put-back-failed") == 0) {
        before = "putting back failed: ";
        reason = sentence_failed(end + 1);
    } else if (strcmp(kind, "rolled-back") == 0) {
        before = "everything was put back: ";
        reason = sentence_reason(j, end + 1);
    } else {
        reason = sentence_refusal(end);
    }
    text = mem_format("%s%s", before, reason);
    free(reason);
    return text;
}

/* Words whose sentence is a fixed text, maybe around one argument. */
static const struct {
    const char *word, *before;
    int argument; /* 0: none */
    const char *after;
} plain_sentences[] = {
    {"start", "started on the host", 0, ""},
    {"lock", "locking the host", 0, ""},
    {"check", "locked the host; checking that nothing has moved since", 0, ""},
    {"backup", "keeping a copy of ", 2, ""},
    {"write", "writing ", 2, ""},
    {"undo", "taking back what the run changed", 0, ""},
    {"restore", "putting back ", 2, ""},
    {"conflict", "left as it is, since someone else has changed it: ", 1, ""},
    {"changed", "changed since by someone else: ", 1, ""},
    {"note", "", 1, ""},
    {"undone-command", "undone: exit ", 2, ""},
    {"reactivated", "activated again: exit ", 2, ""},
    {"recovered", "putting back what run ", 1, " had left unfinished"},
    {"was", "the state of its service before: ", 3, ""},
    {"start-again", "starting again, since it ran before: ", 2, ""},
    {"started-again", "started again: exit ", 2, ""},
};

static char *plain_text(const struct journal_line *l)
{
    size_t i;

    for (i = 0; i < sizeof(plain_sentences) / sizeof(*plain_sentences); i++) {
        if (strcmp(plain_sentences[i].word, journal_word(l, 0)) != 0)
            continue;
        return mem_format("%s%s%s", plain_sentences[i].before,
                          plain_sentences[i].argument
                              ? journal_word(l, (size_t)plain_sentences[i].argument) : "",
                          plain_sentences[i].after);
    }
    return NULL;
}

/* `WORD N ARG...` as "DOING arg …" */
static char *doing_text(const char *doing, const struct journal_line *l)
{
    char *argv = argv_text(l->count > 2 ? l->words + 2 : NULL);
    char *text = mem_format("%s %s", doing, argv);

    free(argv);
    return text;
}

static char *line_text(const struct journal *j, const struct journal_line *l)
{
    const char *word = journal_word(l, 0);
    char *reason, *text;

    if (strcmp(word, "shadow") == 0)
        return shadow_text(l);
    if (strcmp(word, "validate") == 0)
        return doing_text("asking", l);
    if (strcmp(word, "validated") == 0)
        return ran_text(j->validates, l, "accepted");
    if (strcmp(word, "command") == 0)
        return doing_text("running", l);
    if (strcmp(word, "commanded") == 0)
        return ran_text(j->commands, l, "done");
    if (strcmp(word, "undo-command") == 0)
        return doing_text("undoing with", l);
    if (strcmp(word, "reactivate") == 0)
        return doing_text("activating again with", l);
    if (strcmp(word, "waiting") == 0)
        return waiting_text(l);
    if (strcmp(word, "end") == 0)
        return end_text(j, l->words + 1);
    if (strcmp(word, "put-back") == 0) {
        reason = sentence_reason(j, l->words + 1);
        text = mem_format("putting everything back: %s", reason);
        free(reason);
        return text;
    }
    text = plain_text(l);
    return text ? text : argv_text(l->words);
}

char *sentence_of(const struct journal *j, const struct journal_line *l)
{
    return sentence_clean(line_text(j, l));
}
