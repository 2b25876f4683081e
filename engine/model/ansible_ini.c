/* ansible_ini.c: an Ansible inventory in its INI form. */
#include "model/ansible.h"

#include "base/argv.h"
#include "base/mem.h"
#include "base/text.h"
#include "model/ansible_words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum section { SECTION_HOSTS, SECTION_CHILDREN, SECTION_VARS };

struct ini {
    struct ansible *all;
    const char *file;
    size_t line;
    struct ansible_group *group; /* NULL: its name was no good */
    enum section section;
    struct placed *mentioned;    /* groups that somebody still has to declare */
    size_t mentioned_count;
};

static struct place here(const struct ini *ini, size_t column)
{
    return (struct place){ini->file, ini->line, column};
}

static void wrong(const struct ini *ini, size_t column, const char *text)
{
    problems_add(ini->all->problems, ini->file, ini->line, column, "%s", text);
}

static void mention(struct ini *ini, const char *group, size_t column)
{
    ini->mentioned =
        mem_grow(ini->mentioned, ini->mentioned_count + 1, sizeof *ini->mentioned);
    ini->mentioned[ini->mentioned_count++] =
        (struct placed){mem_dup(group), NULL, ini->line, column};
}

/* What follows a name or a `]`: blanks, or a comment. */
static bool is_rest_empty(const char *text)
{
    text += strspn(text, " \t");
    return !*text || *text == '#';
}

/* ---- [group], [group:children], [group:vars] ---- */

static int section_kind(const char *text, size_t n)
{
    static const char *const kinds[] = {"hosts", "children", "vars"};
    int i;

    for (i = 0; i < 3; i++)
        if (strlen(kinds[i]) == n && strncmp(kinds[i], text, n) == 0)
            return i;
    return -1;
}

static void read_section(struct ini *ini, const char *line, size_t column)
{
    size_t n = strcspn(line + 1, ":] \t"), kind_len;
    const char *kind = line + 1 + n, *end = strchr(line, ']');
    int section = SECTION_HOSTS;
    char *name;

    ini->group = NULL;
    if (*kind == ':') {
        kind_len = strcspn(++kind, "]");
        section = section_kind(kind, kind_len);
        end = kind[kind_len] ? kind + kind_len : NULL;
    } else if (*kind != ']') {
        end = NULL;
    }
    if (!n || !end || !is_rest_empty(end + 1)) {
        wrong(ini, column, "a section is written [GROUP], [GROUP:children] or [GROUP:vars]");
        return;
    }
    if (section < 0) {
        wrong(ini, column + n + 2, "a section may be of hosts, children or vars, nothing else");
        return;
    }
    name = mem_dupn(line + 1, n);
    ini->section = (enum section)section;
    ini->group = ansible_group(ini->all, name, here(ini, column + 1));
    if (ini->group && section != SECTION_VARS)
        ini->group->declared = true;
    else if (ini->group)
        mention(ini, name, column + 1);
    free(name);
}

/* ---- hosts ---- */

static void set_host_vars(const struct ini *ini, struct ansible_host *host,
                          const struct word *words, size_t count)
{
    size_t i;

    for (i = 1; i < count; i++) {
        const char *equals = strchr(words[i].text, '=');
        char *name = mem_dupn(words[i].text, (size_t)(equals - words[i].text));

        ansible_set(host->vars.own, name, words_value(equals + 1), here(ini, words[i].column));
        free(name);
    }
}

static void add_hosts(struct ini *ini, const struct word *words, size_t count)
{
    char **names =
        ansible_hosts(ini->all, ini->group, words[0].text, here(ini, words[0].column));
    size_t i;

    for (i = 0; names && names[i]; i++)
        set_host_vars(ini, ansible_find_host(ini->all, names[i]), words, count);
    argv_free(names);
}

static void read_hosts(struct ini *ini, const char *line, size_t indent)
{
    struct word *words;
    int count = words_split(line, true, &words), i;
    bool good = count > 0;

    if (count < 0)
        wrong(ini, indent + 1, "a quote is not closed");
    for (i = 0; i < count; i++)
        words[i].column += indent;
    for (i = 1; i < count; i++) {
        const char *equals = strchr(words[i].text, '=');

        if (!equals || equals == words[i].text) {
            problems_add(ini->all->problems, ini->file, ini->line, words[i].column,
                         "\"%s\" should be NAME=VALUE", words[i].text);
            good = false;
        }
    }
    if (good)
        add_hosts(ini, words, (size_t)count);
    words_free(words, count > 0 ? (size_t)count : 0);
}

/* ---- children, vars ---- */

static void read_child(struct ini *ini, const char *line, size_t column)
{
    size_t n = strcspn(line, ":] \t");
    char *name = mem_dupn(line, n);

    if (!n || !is_rest_empty(line + n)) {
        wrong(ini, column, "the name of a group should stand here alone");
    } else if (ansible_group(ini->all, name, here(ini, column))) {
        ansible_child(ini->group, name, here(ini, column));
        mention(ini, name, column);
    }
    free(name);
}

/* The value is all that is left of the line, with its quotes and `#`. */
static void read_var(struct ini *ini, const char *line, size_t column)
{
    const char *equals = strchr(line, '='), *value;
    size_t n = equals ? (size_t)(equals - line) : 0;
    char *name;

    while (n && isspace((unsigned char)line[n - 1]))
        n--;
    if (!n) {
        wrong(ini, column, "a var is written NAME=VALUE");
        return;
    }
    value = equals + 1 + strspn(equals + 1, " \t");
    name = mem_dupn(line, n);
    ansible_set(ini->group->vars.own, name, words_value(value), here(ini, column));
    free(name);
}

/* ---- the file ---- */

/* `[a:c].example` is a host. */
static bool is_section(const char *line)
{
    const char *close = strchr(line, ']');

    return *line == '[' && (!close || is_rest_empty(close + 1) || line[strlen(line) - 1] == ']');
}

static void read_line(struct ini *ini, char *line)
{
    size_t indent = strspn(line, " \t\r\f\v"), n = strlen(line);
    size_t column = indent + 1;

    while (n > indent && isspace((unsigned char)line[n - 1]))
        line[--n] = '\0';
    line += indent;
    if (!*line || *line == '#' || *line == ';')
        return;
    if (is_section(line))
        read_section(ini, line, column);
    else if (!ini->group)
        return; /* of a section whose head is wrong: that has been said */
    else if (ini->section == SECTION_HOSTS)
        read_hosts(ini, line, indent);
    else if (ini->section == SECTION_CHILDREN)
        read_child(ini, line, column);
    else
        read_var(ini, line, column);
}

static void check_mentioned(const struct ini *ini)
{
    size_t i;

    for (i = 0; i < ini->mentioned_count; i++) {
        const struct placed *m = &ini->mentioned[i];
        const struct ansible_group *group = ansible_find_group(ini->all, m->name);

        if (!group || !group->declared)
            problems_add(ini->all->problems, ini->file, m->line, m->column,
                         "there is no group \"%s\": no section [%s] or [%s:children]", m->name,
                         m->name, m->name);
        free(m->name);
    }
    free(ini->mentioned);
}

void ansible_ini_read(struct ansible *a, const char *text, size_t n, const char *file)
{
    struct ini ini = {.all = a, .file = file, .group = ansible_find_group(a, "ungrouped")};
    const char *end = text + n;

    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        char *line = mem_dupn(text, len);

        ini.line++;
        if (*line == '#' || *line == ';' || text_is_utf8(line, len)) /* in a comment it is no matter */
            read_line(&ini, line);
        else
            wrong(&ini, 1, "this line is no text in UTF-8");
        free(line);
        text += len + 1;
    }
    check_mentioned(&ini);
}
