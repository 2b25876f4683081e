/* ssh_config.c: what `ssh -G` prints, read.
 *
 * OpenSSH prints a line for each setting, the keyword in lower case (readconf.c,
 * dump_client_config).  Names of identity files come with their tokens and `~` (ssh expands them
 * later, in load_public_identity_files), those of known hosts without. */
#include "io/ssh_config.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/mem.h"
#include "model/ssh_scan.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_TEXT_MAX = 4096 };

struct reading {
    struct ssh_settings *s;
    struct ssh_extras *x;
    char *home;
    char **user_hosts, **global_hosts;
};

static void set_text(char **place, const char *text)
{
    free(*place);
    *place = mem_dup(text);
}

static void set_reason(struct reading *r, char *reason)
{
    if (r->x->reason)
        free(reason);
    else
        r->x->reason = reason;
}

static bool is_set(const char *value)
{
    return *value && strcmp(value, "none") != 0;
}

static bool is_yes(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
}

static char *expand_home(const struct reading *r, const char *path)
{
    if (strncmp(path, "~/", 2) == 0)
        return mem_format("%s%s", r->home, path + 1);
    return mem_dup(path);
}

/* Several paths are printed on one line with blanks between, and a path may have blanks itself:
 * what does not begin as a path does goes on with the one before. */
static char **split_paths(const struct reading *r, const char *value)
{
    char **words = argv_split(value), **paths = mem_alloc(sizeof *paths), *path = NULL;
    size_t i;

    for (i = 0; is_set(value) && words[i]; i++) {
        bool begins = !path || *words[i] == '/' || *words[i] == '~';
        char *longer = begins ? expand_home(r, words[i]) : mem_format("%s %s", path, words[i]);

        if (begins && path)
            paths = argv_add(paths, path);
        free(path);
        path = longer;
    }
    if (path)
        paths = argv_add(paths, path);
    free(path);
    argv_free(words);
    return paths;
}

static void take_agent(struct reading *r, const char *value)
{
    const char *variable = NULL, *path = NULL;

    if (strcmp(value, "SSH_AUTH_SOCK") == 0)
        variable = value;
    else if (*value == '$')
        variable = value + 1;
    if (variable)
        path = getenv(variable);
    else if (is_set(value))
        path = value;
    free(r->s->agent);
    r->s->agent = path && *path ? expand_home(r, path) : NULL;
}

/* What ssh prints for "no" and "accept-new" must not turn the check off here. */
static void take_check(struct reading *r, const char *value)
{
    r->s->strict = is_yes(value);
    if (is_yes(value) || strcmp(value, "ask") == 0)
        return;
    set_text(&r->s->note, strcmp(value, "accept-new") == 0
                              ? "StrictHostKeyChecking is \"accept-new\" in the ssh configuration; "
                                "fettle asks before it trusts an unknown key"
                              : "StrictHostKeyChecking is \"no\" in the ssh configuration; fettle "
                                "checks host keys all the same");
}

/* Keys whose values mean: this is beyond libssh2, or beyond what is done with it. */
static bool take_reason(struct reading *r, const char *key, const char *value)
{
    static const struct {
        const char *key, *name;
    } beyond[] = {
        {"certificatefile", "CertificateFile"},
        {"pkcs11provider", "PKCS11Provider"},
        {"knownhostscommand", "KnownHostsCommand"},
        {"revokedhostkeys", "RevokedHostKeys"},
        {"bindaddress", "BindAddress"},
        {"bindinterface", "BindInterface"},
    };
    size_t i;

    for (i = 0; i < sizeof beyond / sizeof *beyond; i++)
        if (strcmp(key, beyond[i].key) == 0) {
            if (is_set(value))
                set_reason(r, mem_format("%s is set in the ssh configuration", beyond[i].name));
            return true;
        }
    if (strcmp(key, "hostbasedauthentication") == 0 && is_yes(value))
        set_reason(r, mem_dup("HostbasedAuthentication is set in the ssh configuration"));
    else if (strcmp(key, "addressfamily") == 0 && strcmp(value, "any") != 0)
        set_reason(r, mem_format("AddressFamily %s is set in the ssh configuration", value));
    else
        return false;
    return true;
}

static bool take_proxy(struct reading *r, const char *key, const char *value)
{
    bool jump = strcmp(key, "proxyjump") == 0;

    if (!jump && strcmp(key, "proxycommand") != 0)
        return false;
    if (is_set(value)) {
        set_text(&r->s->proxy, value);
        set_reason(r, mem_format("it is reached by way of %s \"%s\"",
                                 jump ? "ProxyJump" : "ProxyCommand", value));
    }
    return true;
}

static bool take_basic(struct reading *r, const char *key, const char *value)
{
    struct ssh_settings *s = r->s;

    if (strcmp(key, "hostname") == 0)
        set_text(&s->address, value);
    else if (strcmp(key, "hostkeyalias") == 0)
        set_text(&s->host_key_alias, value);
    else if (strcmp(key, "user") == 0)
        set_text(&s->user, value);
    else if (strcmp(key, "port") == 0)
        s->port = atoi(value);
    else if (strcmp(key, "connecttimeout") == 0)
        s->connect_timeout_ms = atoi(value) < 86400 ? atoi(value) * 1000 : 0;
    else if (strcmp(key, "identityfile") == 0)
        s->identities = is_set(value) ? argv_add(s->identities, value) : s->identities;
    else if (strcmp(key, "identitiesonly") == 0)
        s->identities_only = is_yes(value);
    else if (strcmp(key, "pubkeyauthentication") == 0)
        s->key_auth = strcmp(value, "no") != 0 && strcmp(value, "false") != 0;
    else if (strcmp(key, "passwordauthentication") == 0)
        s->password_auth = is_yes(value);
    else if (strcmp(key, "kbdinteractiveauthentication") == 0)
        s->keyboard_auth = is_yes(value);
    else
        return false;
    return true;
}

static void take(struct reading *r, const char *key, const char *value)
{
    if (take_basic(r, key, value) || take_reason(r, key, value) || take_proxy(r, key, value))
        return;
    if (strcmp(key, "identityagent") == 0) {
        take_agent(r, value);
    } else if (strcmp(key, "stricthostkeychecking") == 0) {
        take_check(r, value);
    } else if (strcmp(key, "gssapiauthentication") == 0) {
        r->x->gssapi = is_yes(value);
    } else if (strcmp(key, "userknownhostsfile") == 0) {
        argv_free(r->user_hosts);
        r->user_hosts = split_paths(r, value);
    } else if (strcmp(key, "globalknownhostsfile") == 0) {
        argv_free(r->global_hosts);
        r->global_hosts = split_paths(r, value);
    }
}

static void take_defaults(struct reading *r)
{
    static const char *const keys[] = {"id_rsa", "id_ecdsa", "id_ed25519"};
    const struct passwd *p = getpwuid(getuid());
    size_t i;

    r->s->port = 22;
    r->s->key_auth = r->s->password_auth = r->s->keyboard_auth = true;
    r->s->user = mem_dup(p ? p->pw_name : getenv("USER"));
    r->user_hosts = split_paths(r, "~/.ssh/known_hosts ~/.ssh/known_hosts2");
    r->global_hosts = split_paths(r, "/etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2");
    take_agent(r, "SSH_AUTH_SOCK");
    for (i = 0; i < sizeof keys / sizeof *keys; i++) {
        char *path = mem_format("~/.ssh/%s", keys[i]);

        r->s->identities = argv_add(r->s->identities, path);
        free(path);
    }
}

static void take_lines(struct reading *r, const char *text)
{
    char *copy = mem_dup(text), *line, *rest = NULL;

    argv_free(r->s->identities); /* ssh prints the default ones, too */
    r->s->identities = mem_alloc(sizeof *r->s->identities);
    for (line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *value = strchr(line, ' ');

        if (!value)
            continue;
        *value++ = '\0';
        take(r, line, value);
    }
    free(copy);
}

/* ---- tokens of identity files: ssh_config(5), TOKENS ---- */

static int add_token(struct buf *b, const struct reading *r, char token)
{
    const struct ssh_settings *s = r->s;
    const struct passwd *p = getpwuid(getuid());
    char here[256] = "";

    gethostname(here, sizeof here - 1);
    switch (token) {
    case '%':
        return buf_puts(b, "%");
    case 'd':
        return buf_puts(b, r->home);
    case 'h':
        return buf_puts(b, s->address);
    case 'k':
        return buf_puts(b, s->host_key_alias ? s->host_key_alias : s->name);
    case 'n':
        return buf_puts(b, s->name);
    case 'p':
        return buf_addf(b, "%d", s->port);
    case 'r':
        return buf_puts(b, s->user);
    case 'u':
        return buf_puts(b, p ? p->pw_name : "");
    case 'i':
        return buf_addf(b, "%u", (unsigned)getuid());
    case 'L':
        here[strcspn(here, ".")] = '\0';
        return buf_puts(b, here);
    case 'l':
        return buf_puts(b, here);
    }
    return -1;
}

static int add_variable(struct buf *b, const char **at)
{
    size_t n = strcspn(*at + 2, "}");
    char *name = mem_dupn(*at + 2, n);
    const char *value = (*at)[2 + n] ? getenv(name) : NULL;

    free(name);
    if (!value)
        return -1;
    *at += n + 2;
    return buf_puts(b, value);
}

/* NULL where there is a token that is not known here, or a variable that is not set. */
static char *expand(const struct reading *r, const char *path)
{
    char *whole = expand_home(r, path);
    const char *c;
    char *done = NULL;
    struct buf b;
    int rc = 0;

    buf_init(&b, PATH_TEXT_MAX);
    for (c = whole; *c && rc == 0; c++) {
        if (*c == '%' && c[1])
            rc = add_token(&b, r, *++c);
        else if (*c == '$' && c[1] == '{')
            rc = add_variable(&b, &c);
        else
            rc = buf_add(&b, c, 1);
    }
    free(whole);
    if (rc == 0)
        done = mem_dup(b.data);
    buf_release(&b);
    return done;
}

static void expand_identities(struct reading *r)
{
    char **raw = r->s->identities, **list = mem_alloc(sizeof *list);
    size_t i;

    for (i = 0; raw[i]; i++) {
        char *path = expand(r, raw[i]);

        if (path)
            list = argv_add(list, path);
        else
            set_reason(r, mem_format("only ssh knows what \"%s\" stands for", raw[i]));
        free(path);
    }
    argv_free(raw);
    r->s->identities = list;
}

void ssh_config_parse(const char *text, const char *name, const char *address,
                      struct ssh_settings *s, struct ssh_extras *x)
{
    struct reading r = {.s = s, .x = x, .home = ssh_home()};
    size_t i;

    memset(s, 0, sizeof *s);
    memset(x, 0, sizeof *x);
    s->name = mem_dup(name);
    s->address = mem_dup(name);
    take_defaults(&r);
    if (text)
        take_lines(&r, text);
    if (address)
        set_text(&s->address, address);
    expand_identities(&r);
    s->known_hosts = r.user_hosts;
    for (i = 0; r.global_hosts[i]; i++)
        s->known_hosts = argv_add(s->known_hosts, r.global_hosts[i]);
    argv_free(r.global_hosts);
    free(r.home);
}

char *ssh_config_value(const char *text, const char *key)
{
    size_t n = strlen(key);

    while (text && *text) {
        size_t len = strcspn(text, "\n");

        if (len > n && strncmp(text, key, n) == 0 && text[n] == ' ')
            return mem_dupn(text + n + 1, len - n - 1);
        text += len + (text[len] == '\n');
    }
    return NULL;
}

void ssh_settings_release(struct ssh_settings *s)
{
    free(s->name);
    free(s->address);
    free(s->host_key_alias);
    free(s->user);
    argv_free(s->identities);
    free(s->agent);
    argv_free(s->known_hosts);
    free(s->proxy);
    free(s->needs_openssh);
    free(s->fallback);
    free(s->note);
    memset(s, 0, sizeof *s);
}
