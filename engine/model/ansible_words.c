/* ansible_words.c: the words of an Ansible INI file.
 *
 * The rules are those of Python's shlex (POSIX mode, split at blanks), of ast.literal_eval, and of
 * expand_hostname_range() and parse_address() in Ansible. */
#include "model/ansible_words.h"

#include "base/argv.h"
#include "base/mem.h"
#include "model/yaml.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

/* Moves `*at` behind the word.  -1: a quote is not closed. */
static int take_word(const char **at, bool comments, char *word)
{
    const char *c = *at;
    char quote = '\0';

    for (; *c && (quote || !isspace((unsigned char)*c)); c++) {
        if (!quote && comments && *c == '#')
            break;
        if (*c == '\\' && quote != '\'' && c[1] && (!quote || c[1] == '"' || c[1] == '\\'))
            *word++ = *++c;
        else if (quote ? *c == quote : *c == '"' || *c == '\'')
            quote = quote ? '\0' : *c;
        else
            *word++ = *c;
    }
    *word = '\0';
    *at = c;
    return quote ? -1 : 0;
}

int words_split(const char *line, bool comments, struct word **words)
{
    const char *at = line;
    int count = 0, rc = 0;

    *words = NULL;
    for (;;) {
        struct word *w;

        at += strspn(at, " \t\r\n\f\v");
        if (!*at || (comments && *at == '#'))
            return count;
        *words = mem_grow(*words, (size_t)count + 1, sizeof **words);
        w = &(*words)[count++];
        *w = (struct word){mem_alloc(strlen(at) + 1), (size_t)(at - line) + 1};
        rc = take_word(&at, comments, w->text);
        if (rc != 0) {
            words_free(*words, (size_t)count);
            *words = NULL;
            return -1;
        }
    }
}

void words_free(struct word *words, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++)
        free(words[i].text);
    free(words);
}

/* ---- values ---- */

/* Lists and dicts of Python's are written almost as YAML's are. */
static json_t *flow_value(const char *text)
{
    struct problems none = {0};
    struct yaml_node *node = yaml_parse(text, strlen(text), "", &none);
    json_t *value = node ? yaml_to_json(node) : NULL;

    problems_release(&none);
    yaml_node_free(node);
    return value;
}

json_t *words_value(const char *text)
{
    size_t n = strlen(text), digits = strspn(text, "0123456789");
    json_t *value;

    if (strcmp(text, "True") == 0 || strcmp(text, "False") == 0)
        return json_boolean(*text == 'T');
    if (strcmp(text, "None") == 0)
        return json_null();
    if (n && n == digits && n < 18 && (n == 1 || *text != '0'))
        return json_integer(strtoll(text, NULL, 10));
    if (n > 1 && (*text == '"' || *text == '\'') && strchr(text + 1, *text) == text + n - 1 &&
        !strchr(text, '\\'))
        return json_stringn(text + 1, n - 2);
    value = *text == '{' || *text == '[' ? flow_value(text) : NULL;
    return value ? value : json_string(text);
}

/* ---- ranges ---- */

struct range {
    long first, last, step;
    int width;    /* of numbers with leading zeros */
    bool letters;
};

static int take_number(const char *text, long *number)
{
    size_t n = strlen(text);

    if (!n || n > 9 || strspn(text, "0123456789") != n)
        return -1;
    *number = strtol(text, NULL, 10);
    return 0;
}

/* Letters count from `a` to `z`, then from `A` to `Z`. */
static int take_letter(const char *text, long *number)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    const char *at = *text && !text[1] ? strchr(letters, *text) : NULL;

    if (!at)
        return -1;
    *number = at - letters;
    return 0;
}

static int range_parse(char *text, struct range *r, struct err *e)
{
    char *last = strchr(text, ':'), *step = last ? strchr(last + 1, ':') : NULL;
    const char *whole = "a range is [FIRST:LAST] or [FIRST:LAST:STEP], of numbers or letters";

    *r = (struct range){.step = 1};
    if (last)
        *last++ = '\0';
    if (step)
        *step++ = '\0';
    if (!last || (step && (take_number(step, &r->step) != 0 || r->step < 1)))
        return err_set(e, ERR_DATA, "%s", whole);
    r->letters = take_letter(text, &r->first) == 0 && take_letter(last, &r->last) == 0;
    if (!r->letters &&
        (take_number(*text ? text : "0", &r->first) != 0 || take_number(last, &r->last) != 0))
        return err_set(e, ERR_DATA, "%s", whole);
    if (*text == '0' && text[1] && !r->letters)
        r->width = (int)strlen(text);
    if (r->width && strlen(last) != (size_t)r->width)
        return err_set(e, ERR_DATA, "the ends of a range with leading zeros must be equally long");
    return r->first <= r->last ? 0 : err_set(e, ERR_DATA, "a range must not go down");
}

static char *range_item(const struct range *r, long number)
{
    if (!r->letters)
        return mem_format("%0*ld", r->width, number);
    return mem_format("%c", (char)(number < 26 ? 'a' + number : 'A' + number - 26));
}

static int expand(const char *pattern, char ***list, size_t *count, struct err *e)
{
    const char *open = strchr(pattern, '['), *close = open ? strchr(open, ']') : NULL;
    struct range r;
    char *text;
    long i;
    int rc;

    if (!open) {
        *list = argv_add(*list, pattern);
        return ++*count <= NAMES_MAX ? 0
                                     : err_set(e, ERR_DATA, "a range of more than %d hosts",
                                               NAMES_MAX);
    }
    if (!close)
        return err_set(e, ERR_DATA, "the range's \"[\" is not closed");
    text = mem_dupn(open + 1, (size_t)(close - open) - 1);
    rc = range_parse(text, &r, e);
    free(text);
    for (i = r.first; rc == 0 && i <= r.last; i += r.step) {
        char *item = range_item(&r, i);
        char *name = mem_format("%.*s%s%s", (int)(open - pattern), pattern, item, close + 1);

        rc = expand(name, list, count, e);
        free(name);
        free(item);
    }
    return rc;
}

char **words_expand(const char *pattern, struct err *e)
{
    char **list = mem_alloc(sizeof *list);
    size_t count = 0;

    if (expand(pattern, &list, &count, e) == 0)
        return list;
    argv_free(list);
    return NULL;
}

/* Colons within brackets belong to a range, more than one to an IPv6 address. */
static char *last_colon(char *pattern)
{
    char *c, *found = NULL;
    bool inside = false;

    for (c = pattern; *c; c++) {
        inside = *c == '[' || (inside && *c != ']');
        if (*c != ':' || inside)
            continue;
        if (found)
            return NULL;
        found = c;
    }
    return found;
}

int words_take_port(char *pattern)
{
    char *colon = last_colon(pattern);
    long port = 0;

    if (!colon || take_number(colon + 1, &port) != 0 || port < 1 || port > 65535)
        return 0;
    *colon = '\0';
    if (*pattern == '[' && colon > pattern && colon[-1] == ']' &&
        strchr(pattern, ']') == colon - 1) { /* an address in brackets */
        colon[-1] = '\0';
        memmove(pattern, pattern + 1, strlen(pattern + 1) + 1);
    }
    return (int)port;
}
