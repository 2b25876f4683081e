/* base64.c: bytes in JSON (RFC 4648, section 4). */
#include "model/base64.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(const void *data, size_t n)
{
    const unsigned char *in = data;
    char *text = mem_alloc((n + 2) / 3 * 4 + 1), *out = text;
    size_t i;

    for (i = 0; i < n; i += 3) {
        uint32_t bits = (uint32_t)in[i] << 16;

        bits |= i + 1 < n ? (uint32_t)in[i + 1] << 8 : 0;
        bits |= i + 2 < n ? in[i + 2] : 0;
        *out++ = digits[bits >> 18];
        *out++ = digits[bits >> 12 & 63];
        *out++ = i + 1 < n ? digits[bits >> 6 & 63] : '=';
        *out++ = i + 2 < n ? digits[bits & 63] : '=';
    }
    return text;
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One form for each content: bits that padding leaves over must be zero. */
char *base64_decode(const char *text, size_t *n)
{
    size_t len = strlen(text), pad = 0, i;
    uint32_t bits = 0;
    char *data, *out;

    if (len % 4)
        return NULL;
    while (pad < 2 && len && text[len - 1 - pad] == '=')
        pad++;
    data = out = mem_alloc(len / 4 * 3 + 1);
    for (i = 0; i < len; i++) {
        int value = i >= len - pad ? 0 : digit_value(text[i]);

        if (value < 0)
            goto bad;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 != 3)
            continue;
        *out++ = (char)(bits >> 16 & 255);
        *out++ = (char)(bits >> 8 & 255);
        *out++ = (char)(bits & 255);
    }
    *n = (size_t)(out - data) - pad;
    if ((pad > 0 && data[*n]) || (pad > 1 && data[*n + 1]))
        goto bad;
    return data;
bad:
    free(data);
    return NULL;
}
