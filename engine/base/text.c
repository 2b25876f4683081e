/* text.c: what others wrote, made fit for a person's terminal. */
#include "base/text.h"

#include <stdint.h>

/* Well-formed sequences as in table 3-7 of the Unicode standard: no overlong
 * forms, no surrogates, nothing above U+10FFFF. */
static size_t utf8_decode(const unsigned char *s, size_t n, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t i, len;

    if (n == 0)
        return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    if (len == 0 || len > n || s[0] > 0xf4)
        return 0;
    *code = s[0] & (0xffu >> (len + 1));
    for (i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (s[i] & 0x3fu);
    }
    if (*code < least[len] || *code > 0x10ffff || (*code >= 0xd800 && *code < 0xe000))
        return 0;
    return len;
}

static bool reorders_text(uint32_t code)
{
    return code == 0x061c || code == 0x200e || code == 0x200f ||
           (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

void text_clean(struct buf *b, const char *text, size_t n)
{
    const unsigned char *s = (const unsigned char *)text;

    while (n) {
        uint32_t code = 0;
        size_t len = utf8_decode(s, n, &code);

        if (len == 0 || (code < 0x20 && code != '\n' && code != '\t') || code == 0x7f) {
            buf_addf(b, "\\x%02x", s[0]);
            len = 1;
        } else if ((code >= 0x80 && code < 0xa0) || reorders_text(code)) {
            buf_addf(b, "\\u{%04x}", (unsigned)code);
        } else {
            buf_add(b, s, len);
        }
        s += len;
        n -= len;
    }
}

char *text_clean_dup(const char *text, size_t n)
{
    struct buf b;
    char *clean;

    buf_init(&b, n * 8 + 1);
    text_clean(&b, text, n);
    clean = buf_take(&b);
    buf_release(&b);
    return clean;
}

size_t text_utf8_len(const char *text, size_t n)
{
    uint32_t code;

    return utf8_decode((const unsigned char *)text, n, &code);
}

bool text_is_utf8(const char *text, size_t n)
{
    while (n) {
        size_t len = text_utf8_len(text, n);

        if (len == 0 || *text == '\0')
            return false;
        text += len;
        n -= len;
    }
    return true;
}
