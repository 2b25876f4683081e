/* ssh_scan.c: which hosts the files of the ssh configuration tell apart.
 *
 * The grammar is that of OpenSSH's readconf.c: a keyword, blanks or one `=`, then words that may
 * be quoted; Include takes globs, from ~/.ssh or /etc/ssh where they are not absolute. */
#include "model/ssh_scan.h"

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"

#include <glob.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SCAN_FILE_MAX = 4 << 20, SCAN_DEPTH = 16 }; /* ssh follows includes as deep */

static const char blanks[] = " \t\r\f";

char *ssh_home(void)
{
    const struct passwd *p = getpwuid(getuid());
    const char *home = p ? p->pw_dir : getenv("HOME");

    return mem_dup(home ? home : "/");
}

const char *ssh_config_path(void)
{
    const char *path = getenv("FETTLE_SSH_CONFIG");

    return path && *path ? path : NULL;
}

bool ssh_pattern_matches(const char *pattern, const char *name)
{
    const char *star = NULL, *again = NULL; /* the last `*`, and where it was tried from */

    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            again = name;
        } else if (*pattern == *name || *pattern == '?') {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* One word, its quotes and backslashes taken away; NULL at the end or at a comment. */
static char *take_word(const char **at)
{
    const char *c = *at + strspn(*at, blanks);
    char quote = '\0', *word;
    size_t n = 0;

    if (!*c || *c == '#') {
        *at = c;
        return NULL;
    }
    word = mem_alloc(strlen(c) + 1);
    for (; *c && (quote || !strchr(blanks, *c)); c++) {
        if (*c == '\\' && c[1] && strchr("\"'\\", c[1]))
            word[n++] = *++c;
        else if (quote ? *c == quote : *c == '"' || *c == '\'')
            quote = quote ? '\0' : *c;
        else
            word[n++] = *c;
    }
    *at = c;
    return word;
}

static char **take_words(const char *text)
{
    char **words = mem_alloc(sizeof *words), *word;

    while ((word = take_word(&text))) {
        words = argv_add(words, word);
        free(word);
    }
    return words;
}

static bool is_one_of(const char *word, size_t n, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == n && strncasecmp(*list, word, n) == 0)
            return true;
    return false;
}

static bool is_keyword(const char *word, size_t n, const char *want)
{
    return strlen(want) == n && strncasecmp(word, want, n) == 0;
}

/* A token such as %h makes an answer one host's own, except where nobody here looks at it, or it
 * is resolved by ourselves (io/ssh_config.c), or the answer betrays it (HostName). */
static bool depends_on_host(const char *keyword, size_t n, const char *rest)
{
    static const char *const harmless[] = {"ControlPath",       "LocalCommand",    "RemoteCommand",
                                           "IdentityFile",      "CertificateFile", "ProxyCommand",
                                           "KnownHostsCommand", "LocalForward",    "RemoteForward",
                                           "HostName",          "SetEnv",          NULL};

    if (n > 12 && strncasecmp(keyword, "Canonicali", 10) == 0)
        return true;
    return strchr(rest, '%') && !is_one_of(keyword, n, harmless);
}

static void scan_file(struct ssh_scan *s, const char *path, const char *folder, int depth);

static void scan_include(struct ssh_scan *s, char **words, const char *folder, int depth)
{
    size_t i;

    for (; *words; words++) {
        char *pattern = **words == '/' || **words == '~' ? mem_dup(*words)
                                                         : mem_format("%s/%s", folder, *words);
        glob_t found = {0};

        if (glob(pattern, GLOB_TILDE, NULL, &found) == 0)
            for (i = 0; i < found.gl_pathc; i++)
                scan_file(s, found.gl_pathv[i], folder, depth + 1);
        globfree(&found);
        free(pattern);
    }
}

static void scan_line(struct ssh_scan *s, const char *line, const char *place, const char *folder,
                      int depth)
{
    const char *keyword = line + strspn(line, blanks), *rest;
    size_t n = strcspn(keyword, " \t\r\f=");
    char **words;

    if (!n || *keyword == '#')
        return;
    rest = keyword + n;
    rest += strspn(rest, blanks);
    rest += *rest == '=';
    words = take_words(rest);
    if (is_keyword(keyword, n, "Host")) {
        s->hosts = mem_grow(s->hosts, s->count + 1, sizeof *s->hosts);
        s->places = mem_grow(s->places, s->count + 1, sizeof *s->places);
        s->places[s->count] = mem_dup(place);
        s->hosts[s->count++] = words;
        return;
    }
    if (is_keyword(keyword, n, "Include"))
        scan_include(s, words, folder, depth);
    else if (is_keyword(keyword, n, "Match"))
        s->apart |= !words[0] || strcasecmp(words[0], "all") != 0 || words[1];
    else
        s->apart |= depends_on_host(keyword, n, rest);
    argv_free(words);
}

static void scan_file(struct ssh_scan *s, const char *path, const char *folder, int depth)
{
    struct buf text;
    const char *at;
    size_t number = 0;

    if (access(path, F_OK) != 0)
        return;
    if (depth > SCAN_DEPTH || file_read(path, SCAN_FILE_MAX, &text, NULL) != 0) {
        s->apart = true; /* ssh itself will say what is wrong with it */
        if (depth <= SCAN_DEPTH)
            buf_release(&text);
        return;
    }
    for (at = text.data; *at; at += strcspn(at, "\n"), at += *at == '\n') {
        char *line = mem_dupn(at, strcspn(at, "\n"));
        char *place = mem_format("%s:%zu", path, ++number);

        scan_line(s, line, place, folder, depth);
        free(line);
        free(place);
    }
    buf_release(&text);
}

void ssh_scan_load(struct ssh_scan *s)
{
    const char *only = ssh_config_path();
    char *home = ssh_home(), *folder = mem_format("%s/.ssh", home);
    char *own = mem_format("%s/config", folder);

    memset(s, 0, sizeof *s);
    scan_file(s, only ? only : own, folder, 0);
    if (!only)
        scan_file(s, "/etc/ssh/ssh_config", "/etc/ssh", 0);
    free(home);
    free(folder);
    free(own);
}

void ssh_scan_release(struct ssh_scan *s)
{
    size_t i;

    for (i = 0; i < s->count; i++)
        argv_free(s->hosts[i]);
    for (i = 0; i < s->count; i++)
        free(s->places[i]);
    free(s->hosts);
    free(s->places);
    memset(s, 0, sizeof *s);
}

/* As readconf.c has it: one negated pattern that matches undoes the line. */
static bool line_matches(char *const *words, const char *name)
{
    bool any = false;

    for (; *words; words++) {
        bool negated = **words == '!';

        if (!ssh_pattern_matches(*words + negated, name))
            continue;
        if (negated)
            return false;
        any = true;
    }
    return any;
}

static bool is_for_all(char *const *words)
{
    return words[0] && strcmp(words[0], "*") == 0 && !words[1];
}

bool ssh_scan_names(const struct ssh_scan *s, const char *name)
{
    size_t i;

    for (i = 0; i < s->count; i++)
        if (!is_for_all(s->hosts[i]) && line_matches(s->hosts[i], name))
            return true;
    return false;
}

char *ssh_scan_class(const struct ssh_scan *s, const char *name)
{
    char *class;
    size_t i;

    if (s->apart)
        return NULL;
    class = mem_alloc(s->count + 1);
    for (i = 0; i < s->count; i++)
        class[i] = line_matches(s->hosts[i], name) ? '1' : '0';
    return class;
}
