/* journal.c: what a transaction on a host says of itself, line by line. */
#include "change/journal.h"

#include "base/argv.h"
#include "base/mem.h"
#include "change/sentence.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ---- a line ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* What is no well-formed %XX, or would be a NUL, stays as it came. */
static char *word_decode(const char *word, size_t n)
{
    char *text = mem_alloc(n + 1);
    size_t i, out = 0;

    for (i = 0; i < n; i++) {
        int high = word[i] == '%' && i + 2 < n ? hex_digit(word[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(word[i + 2]) : -1;

        if (low < 0 || (high == 0 && low == 0)) {
            text[out++] = word[i];
            continue;
        }
        text[out++] = (char)(high * 16 + low);
        i += 2;
    }
    return text;
}

long journal_number(const char *word)
{
    size_t n = strspn(word, "0123456789");

    if (!n || word[n] || n > 15)
        return -1;
    return strtol(word, NULL, 10);
}

void journal_line_release(struct journal_line *l)
{
    argv_free(l->words);
    memset(l, 0, sizeof(*l));
}

static void line_split(struct journal_line *l, const char *text, size_t n)
{
    size_t i = 0;

    l->words = mem_alloc((JOURNAL_WORDS_MAX + 1) * sizeof(*l->words));
    while (i < n && l->count < JOURNAL_WORDS_MAX) {
        size_t start;

        while (i < n && text[i] == ' ')
            i++;
        for (start = i; i < n && text[i] != ' ';)
            i++;
        if (i > start)
            l->words[l->count++] = word_decode(text + start, i - start);
    }
}

/* The two numbers in front are taken out of the list, so that words[0] is the WORD. */
int journal_parse(struct journal_line *l, const char *text, size_t n)
{
    memset(l, 0, sizeof(*l));
    if (n > JOURNAL_LINE_MAX || memchr(text, '\0', n))
        return -1;
    line_split(l, text, n);
    if (l->count < 3)
        goto fail;
    l->sequence = journal_number(l->words[0]);
    l->epoch = journal_number(l->words[1]);
    if (l->sequence < 0 || l->epoch < 0)
        goto fail;
    free(l->words[0]);
    free(l->words[1]);
    l->count -= 2;
    memmove(l->words, l->words + 2, (l->count + 1) * sizeof(*l->words));
    return 0;
fail:
    journal_line_release(l);
    return -1;
}

const char *journal_word(const struct journal_line *l, size_t i)
{
    return i < l->count ? l->words[i] : "";
}

/* ---- all of them ---- */

void journal_init(struct journal *j)
{
    memset(j, 0, sizeof(*j));
}

void journal_release(struct journal *j)
{
    size_t i;

    for (i = 0; i < JOURNAL_KNOWN_MAX; i++) {
        free(j->validates[i]);
        free(j->commands[i]);
    }
    argv_free(j->end);
    argv_free(j->failed);
    argv_free(j->changed);
    free(j->output);
    memset(j, 0, sizeof(*j));
}

static void known_set(char **known, const struct journal_line *l)
{
    long number = journal_number(journal_word(l, 1));

    if (number < 0 || number >= JOURNAL_KNOWN_MAX || l->count < 3)
        return;
    free(known[number]);
    known[number] = argv_text(l->words + 2);
}

/* `validated N EXIT [OUTPUT]` and `commanded N EXIT [OUTPUT]`: only the first failure counts. */
static void failure_note(struct journal *j, const struct journal_line *l)
{
    if (journal_number(journal_word(l, 2)) == 0 || j->has_failed)
        return;
    j->has_failed = true;
    if (l->count > 3)
        j->output = mem_dup(l->words[3]);
}

static void command_note(struct journal *j, const struct journal_line *l)
{
    known_set(j->commands, l);
    if (j->has_failed)
        return;
    argv_free(j->failed);
    j->failed = argv_dup(l->count > 2 ? l->words + 2 : NULL);
}

static void end_note(struct journal *j, const struct journal_line *l)
{
    j->ended = true;
    argv_free(j->end);
    j->end = argv_dup(l->words + 1);
}

char *journal_hear(struct journal *j, const struct journal_line *l)
{
    const char *word = journal_word(l, 0);

    /* Sequence 0: said by one who could not even get at the journal. */
    if (l->sequence > 0 && l->sequence <= j->last)
        return NULL;
    if (l->sequence > 0)
        j->last = l->sequence;
    if (strcmp(word, "validate") == 0)
        known_set(j->validates, l);
    else if (strcmp(word, "command") == 0)
        command_note(j, l);
    else if (strcmp(word, "validated") == 0 || strcmp(word, "commanded") == 0)
        failure_note(j, l);
    else if (strcmp(word, "changed") == 0 && !j->changed)
        j->changed = argv_dup(l->words);
    else if (strcmp(word, "waiting") == 0) {
        j->waiting = true;
        j->deadline = journal_number(journal_word(l, 1));
    } else if (strcmp(word, "end") == 0)
        end_note(j, l);
    return sentence_of(j, l);
}
