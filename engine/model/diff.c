/* diff.c: what an edit changes, as the unified diff that a person reads.
 *
 * Myers, "An O(ND) difference algorithm and its variations" (1986), in its greedy
 * form over what lies between the common first and last lines.  It remembers each
 * round, so its memory grows with the square of the difference: beyond ROUNDS_MAX
 * the middle is shown as replaced, which is as true and no less readable. */
#include "model/diff.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 1500, CONTEXT = 3 };

struct line {
    const char *at;
    size_t n; /* with its newline, where it has one */
    uint32_t hash;
};

struct lines {
    struct line *items;
    size_t count;
    bool *changed; /* removed on the one side, added on the other */
};

static void lines_split(struct lines *l, const char *text, size_t n)
{
    const char *end = text + n;

    memset(l, 0, sizeof *l);
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct line *item;
        size_t i;

        if ((l->count & (l->count - 1)) == 0) /* doubled at each power of two */
            l->items = mem_grow(l->items, l->count ? l->count * 2 : 1, sizeof *l->items);
        item = &l->items[l->count++];
        item->at = text;
        item->n = newline ? (size_t)(newline - text) + 1 : (size_t)(end - text);
        item->hash = 2166136261u; /* FNV-1a */
        for (i = 0; i < item->n; i++)
            item->hash = (item->hash ^ (unsigned char)text[i]) * 16777619u;
        text += item->n;
    }
    l->changed = mem_alloc(l->count);
}

static void lines_release(struct lines *l)
{
    free(l->items);
    free(l->changed);
}

static bool line_equal(const struct line *a, const struct line *b)
{
    return a->hash == b->hash && a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* The part of both that is compared: between the common first and last lines. */
struct middle {
    struct lines *a, *b;
    size_t skip; /* common lines at the start */
    int n, m;    /* lines between */
};

static bool same(const struct middle *mid, int x, int y)
{
    return line_equal(&mid->a->items[mid->skip + (size_t)x], &mid->b->items[mid->skip + (size_t)y]);
}

/* Round d keeps its furthest x for the diagonals k = -d, -d + 2, … d. */
static int furthest(int *const *rounds, int d, int k)
{
    return rounds[d][(k + d) / 2];
}

static bool goes_down(int *const *rounds, int d, int k)
{
    return k == -d || (k != d && furthest(rounds, d - 1, k - 1) < furthest(rounds, d - 1, k + 1));
}

/* Where round d starts on diagonal k, before it follows equal lines. */
static int start_of(int *const *rounds, int d, int k)
{
    if (d == 0)
        return 0;
    return goes_down(rounds, d, k) ? furthest(rounds, d - 1, k + 1)
                                   : furthest(rounds, d - 1, k - 1) + 1;
}

/* Beyond the edges a diagonal is carried on as it is: it never leads back in. */
static bool round_run(const struct middle *mid, int **rounds, int d)
{
    int k;

    rounds[d] = mem_alloc(((size_t)d + 1) * sizeof **rounds);
    for (k = -d; k <= d; k += 2) {
        int x = start_of(rounds, d, k), y = x - k;

        while (x < mid->n && y < mid->m && y >= 0 && same(mid, x, y)) {
            x++;
            y++;
        }
        rounds[d][(k + d) / 2] = x;
        if (x >= mid->n && y >= mid->m)
            return true;
    }
    return false;
}

static void trace_back(const struct middle *mid, int *const *rounds, int d)
{
    int x = mid->n, y = mid->m;

    for (; d > 0; d--) {
        int k = x - y;
        bool down = goes_down(rounds, d, k);

        x = furthest(rounds, d - 1, down ? k + 1 : k - 1);
        y = x - (down ? k + 1 : k - 1);
        if (down)
            mid->b->changed[mid->skip + (size_t)y] = true;
        else
            mid->a->changed[mid->skip + (size_t)x] = true;
    }
}

static void compare(const struct middle *mid)
{
    int **rounds = mem_alloc((ROUNDS_MAX + 1) * sizeof *rounds);
    bool found = false;
    int d = -1, i;

    while (!found && d < ROUNDS_MAX && mid->n + mid->m > 0)
        found = round_run(mid, rounds, ++d);
    if (found) {
        trace_back(mid, rounds, d);
    } else {
        memset(mid->a->changed + mid->skip, true, (size_t)mid->n);
        memset(mid->b->changed + mid->skip, true, (size_t)mid->m);
    }
    for (i = 0; i <= d; i++)
        free(rounds[i]);
    free(rounds);
}

static void mark_changes(struct lines *a, struct lines *b)
{
    size_t skip = 0, tail = 0, least = a->count < b->count ? a->count : b->count;
    struct middle mid;

    while (skip < least && line_equal(&a->items[skip], &b->items[skip]))
        skip++;
    while (tail < least - skip &&
           line_equal(&a->items[a->count - tail - 1], &b->items[b->count - tail - 1]))
        tail++;
    mid = (struct middle){a, b, skip, (int)(a->count - skip - tail), (int)(b->count - skip - tail)};
    compare(&mid);
}

static void put_line(struct buf *out, char sign, const struct line *l)
{
    buf_add(out, &sign, 1);
    buf_add(out, l->at, l->n);
    if (l->at[l->n - 1] != '\n')
        buf_puts(out, "\n\\ No newline at end of file\n");
}

/* POSIX: an empty range names the line before it, and a count of one is left out. */
static void put_range(struct buf *out, char sign, size_t start, size_t count)
{
    buf_addf(out, "%c%zu", sign, count ? start + 1 : start);
    if (count != 1)
        buf_addf(out, ",%zu", count);
}

/* A stretch of both files, lines [a, a_end) and [b, b_end). */
struct hunk {
    size_t a, a_end, b, b_end;
};

static bool at_change(const struct lines *a, const struct lines *b, size_t x, size_t y)
{
    return (x < a->count && a->changed[x]) || (y < b->count && b->changed[y]);
}

/* Starts at a change; swallows changes that less than two contexts of equal lines part. */
static struct hunk hunk_find(const struct lines *a, const struct lines *b, size_t x, size_t y)
{
    size_t before = x < CONTEXT ? x : CONTEXT, equal;
    struct hunk h = {x - before, x, y - before, y};

    for (;;) {
        while (h.a_end < a->count && a->changed[h.a_end])
            h.a_end++;
        while (h.b_end < b->count && b->changed[h.b_end])
            h.b_end++;
        for (equal = 0; h.a_end + equal < a->count && equal <= 2 * CONTEXT &&
                        !at_change(a, b, h.a_end + equal, h.b_end + equal);
             equal++)
            continue;
        if (equal > 2 * CONTEXT || !at_change(a, b, h.a_end + equal, h.b_end + equal))
            break;
        h.a_end += equal;
        h.b_end += equal;
    }
    equal = equal < CONTEXT ? equal : CONTEXT;
    h.a_end += equal;
    h.b_end += equal;
    return h;
}

static void put_hunk(struct buf *out, const struct lines *a, const struct lines *b, struct hunk h)
{
    buf_puts(out, "@@ ");
    put_range(out, '-', h.a, h.a_end - h.a);
    buf_puts(out, " ");
    put_range(out, '+', h.b, h.b_end - h.b);
    buf_puts(out, " @@\n");
    while (h.a < h.a_end || h.b < h.b_end) {
        if (h.a < h.a_end && a->changed[h.a]) {
            put_line(out, '-', &a->items[h.a++]);
        } else if (h.b < h.b_end && b->changed[h.b]) {
            put_line(out, '+', &b->items[h.b++]);
        } else {
            put_line(out, ' ', &a->items[h.a++]);
            h.b++;
        }
    }
}

/* A blank ends a file's name unless a tab does; odd characters are quoted as git and patch do. */
static void put_name(struct buf *out, const char *sign, const char *side, const char *path)
{
    const unsigned char *c = (const unsigned char *)(*path == '/' ? path + 1 : path);
    bool odd = false;
    size_t i;

    for (i = 0; c[i]; i++)
        odd = odd || c[i] < 0x20 || c[i] == 0x7f || c[i] == '"' || c[i] == '\\';
    buf_addf(out, "%s %s%s/", sign, odd ? "\"" : "", side);
    for (i = 0; c[i]; i++) {
        if (c[i] < 0x20 || c[i] == 0x7f)
            buf_addf(out, "\\%03o", c[i]);
        else
            buf_addf(out, "%s%c", c[i] == '"' || c[i] == '\\' ? "\\" : "", c[i]);
    }
    buf_puts(out, odd ? "\"\n" : strchr((const char *)c, ' ') ? "\t\n" : "\n");
}

static char *diff_text(const char *path, bool created, const char *before, size_t before_len,
                       const char *after, size_t after_len)
{
    struct lines a, b;
    struct buf out;
    size_t x = 0, y = 0;
    char *text;

    if (before_len == after_len && (!after_len || memcmp(before, after, after_len) == 0))
        return mem_dup("");
    if ((before_len && memchr(before, '\0', before_len)) ||
        (after_len && memchr(after, '\0', after_len)))
        return mem_format("Binary files %s%s and b%s differ\n", created ? "" : "a",
                          created ? "/dev/null" : path, path);
    buf_init(&out, SIZE_MAX / 4); /* bounded by its input, which is */
    lines_split(&a, before, before_len);
    lines_split(&b, after, after_len);
    mark_changes(&a, &b);
    if (created)
        buf_puts(&out, "--- /dev/null\n");
    else
        put_name(&out, "---", "a", path);
    put_name(&out, "+++", "b", path);
    while (x < a.count || y < b.count) {
        if (at_change(&a, &b, x, y)) {
            struct hunk h = hunk_find(&a, &b, x, y);

            put_hunk(&out, &a, &b, h);
            x = h.a_end;
            y = h.b_end;
        } else {
            x++;
            y++;
        }
    }
    text = buf_take(&out);
    buf_release(&out);
    lines_release(&a);
    lines_release(&b);
    return text;
}

char *diff_unified(const char *path, const char *before, size_t before_len, const char *after,
                   size_t after_len)
{
    return diff_text(path, false, before, before_len, after, after_len);
}

char *diff_created(const char *path, const char *content, size_t n)
{
    return diff_text(path, true, "", 0, content, n);
}
