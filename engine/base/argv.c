/* argv.c: NULL-terminated lists of strings, owned as a whole. */
#include "base/argv.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

size_t argv_len(char *const *argv)
{
    size_t n = 0;

    while (argv && argv[n])
        n++;
    return n;
}

char **argv_dup(char *const *argv)
{
    size_t i, n = argv_len(argv);
    char **copy;

    if (!argv)
        return NULL;
    copy = mem_alloc((n + 1) * sizeof *copy);
    for (i = 0; i < n; i++)
        copy[i] = mem_dup(argv[i]);
    return copy;
}

void argv_free(char **argv)
{
    size_t i;

    for (i = 0; argv && argv[i]; i++)
        free(argv[i]);
    free(argv);
}

bool argv_equal(char *const *a, char *const *b)
{
    size_t i, n = argv_len(a);

    if (n != argv_len(b))
        return false;
    for (i = 0; i < n; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return true;
}

char **argv_add(char **argv, const char *word)
{
    size_t n = argv_len(argv);

    argv = mem_grow(argv, n + 2, sizeof *argv);
    argv[n] = mem_dup(word);
    argv[n + 1] = NULL;
    return argv;
}

char **argv_split(const char *text)
{
    char **argv = mem_alloc(sizeof *argv);
    const char *p = text;

    for (;;) {
        size_t n;
        char *word;

        p += strspn(p, " \t\n");
        n = strcspn(p, " \t\n");
        if (!n)
            return argv;
        word = mem_dupn(p, n);
        argv = argv_add(argv, word);
        free(word);
        p += n;
    }
}

static bool word_is_plain(const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-./:=@%+,";

    return *word && strspn(word, plain) == strlen(word);
}

void argv_quote_word(struct buf *b, const char *word)
{
    if (word_is_plain(word)) {
        buf_puts(b, word);
        return;
    }
    buf_puts(b, "'");
    for (; *word; word++)
        buf_add(b, *word == '\'' ? "'\\''" : word, *word == '\'' ? 4 : 1);
    buf_puts(b, "'");
}

void argv_quote(struct buf *b, char *const *argv)
{
    size_t i;

    for (i = 0; argv && argv[i]; i++) {
        if (i)
            buf_puts(b, " ");
        argv_quote_word(b, argv[i]);
    }
}

char *argv_text(char *const *argv)
{
    struct buf b;
    char *text;

    buf_init(&b, 1 << 20);
    argv_quote(&b, argv);
    text = buf_take(&b);
    buf_release(&b);
    return text;
}
