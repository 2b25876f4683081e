/* ansible_args.c: what ssh's options in an Ansible var say of the way to a host.
 *
 * Understood are those that fettle has an entry for: a jump host, a key, a user, a port, a file of
 * known hosts.  What only tunes the connection is left out.  Whatever else there is might decide
 * where a connection ends up or whom it trusts, so that host cannot be used. */
#include "model/ansible.h"

#include "base/mem.h"
#include "model/ansible_words.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct args {
    struct ansible *all;
    struct host *host;
    char *why; /* it cannot be followed */
};

static bool is_one_of(const char *word, const char *const *list)
{
    for (; *list; list++)
        if (strcasecmp(word, *list) == 0)
            return true;
    return false;
}

/* As in ssh itself, the first one counts. */
static void set(char **place, const char *text)
{
    if (!*place)
        *place = mem_dup(text);
}

/* `ssh -W %h:%p [-q] [-p PORT] [USER@]HOST` is what people wrote before there was ProxyJump.
 * The jump host, owned; NULL: it is more than that. */
static char *jump_of_command(const char *command)
{
    struct word *words;
    int count = words_split(command, false, &words), i;
    const char *host = NULL, *port = NULL;
    bool forwards = false, plain = count > 0 && strcmp(words[0].text, "ssh") == 0;
    char *jump = NULL;

    for (i = 1; plain && i < count; i++) {
        const char *word = words[i].text;

        if (strcmp(word, "-W") == 0 && i + 1 < count && strcmp(words[i + 1].text, "%h:%p") == 0)
            forwards = ++i;
        else if (strcmp(word, "-p") == 0 && i + 1 < count)
            port = words[++i].text;
        else if (*word != '-' && !host)
            host = word;
        else
            plain = strcmp(word, "-q") == 0;
    }
    if (plain && forwards && host)
        jump = mem_format("%s%s%s", host, port ? ":" : "", port ? port : "");
    words_free(words, count > 0 ? (size_t)count : 0);
    return jump;
}

static void take_jump(struct args *a, const char *value)
{
    if (strcasecmp(value, "none") == 0)
        return;
    if (!*value || *value == '-' || strpbrk(value, " \t"))
        a->why = mem_format("names no jump host that can be understood");
    else
        set(&a->host->jump, value);
}

static void take_proxy_command(struct args *a, const char *value)
{
    char *jump = jump_of_command(value);

    if (jump)
        take_jump(a, jump);
    else if (strcasecmp(value, "none") != 0)
        a->why = mem_format("has a ProxyCommand that fettle does not follow");
    free(jump);
}

/* No option turns the check of host keys off. */
static void note_check(struct args *a)
{
    if (!a->all->checks_noted)
        ansible_note(a->all, "the inventory turns the check of host keys off; fettle keeps it on");
    a->all->checks_noted = true;
}

static void take_known_hosts(struct args *a, const char *value)
{
    if (strcmp(value, "/dev/null") == 0)
        note_check(a);
    else if (*value && *value != '-' && !strpbrk(value, " \t"))
        set(&a->host->known_hosts, value);
    else
        a->why = mem_format("has more than one UserKnownHostsFile");
}

static void take_user(struct args *a, const char *value)
{
    if (!*value || *value == '-')
        a->why = mem_format("names no user");
    else
        set(&a->host->user, value);
}

static void take_identity(struct args *a, const char *value)
{
    if (!*value || *value == '-')
        a->why = mem_format("names no key");
    else
        set(&a->host->identity, value);
}

static void take_port(struct args *a, const char *value)
{
    size_t n = strspn(value, "0123456789");
    long port = n && n < 6 && !value[n] ? strtol(value, NULL, 10) : 0;

    if (port < 1 || port > 65535)
        a->why = mem_format("names no port");
    else if (!a->host->port)
        a->host->port = (int)port;
}

/* They do not decide where one ends up, nor as whom. */
static const char *const harmless[] = {
    "AddKeysToAgent", "BatchMode", "Ciphers", "Compression", "ConnectionAttempts",
    "ConnectTimeout", "ControlMaster", "ControlPath", "ControlPersist", "ForwardAgent",
    "ForwardX11", "GSSAPIAuthentication", "HostKeyAlgorithms", "IPQoS", "IdentitiesOnly",
    "KbdInteractiveAuthentication", "KexAlgorithms", "LogLevel", "MACs",
    "NumberOfPasswordPrompts", "PasswordAuthentication", "PreferredAuthentications",
    "PubkeyAcceptedAlgorithms", "PubkeyAcceptedKeyTypes", "PubkeyAuthentication", "RequestTTY",
    "SendEnv", "ServerAliveCountMax", "ServerAliveInterval", "TCPKeepAlive",
    "UpdateHostKeys", "VerifyHostKeyDNS", NULL};

/* `KEY=VALUE` or `KEY VALUE`; the value may stand in quotes of ssh's own. */
static void take_option(struct args *a, const char *text)
{
    size_t n = strcspn(text, "= \t"), len;
    char *key = mem_dupn(text, n), *value;

    text += n + strspn(text + n, " \t");
    text += *text == '=';
    text += strspn(text, " \t");
    len = strlen(text);
    value = len > 1 && *text == '"' && text[len - 1] == '"' ? mem_dupn(text + 1, len - 2)
                                                            : mem_dup(text);
    if (strcasecmp(key, "ProxyJump") == 0)
        take_jump(a, value);
    else if (strcasecmp(key, "ProxyCommand") == 0)
        take_proxy_command(a, value);
    else if (strcasecmp(key, "UserKnownHostsFile") == 0)
        take_known_hosts(a, value);
    else if (strcasecmp(key, "StrictHostKeyChecking") == 0)
        strcasecmp(value, "yes") == 0 || strcasecmp(value, "ask") == 0 ? (void)0 : note_check(a);
    else if (strcasecmp(key, "User") == 0)
        take_user(a, value);
    else if (strcasecmp(key, "Port") == 0)
        take_port(a, value);
    else if (strcasecmp(key, "IdentityFile") == 0)
        take_identity(a, value);
    else if (!is_one_of(key, harmless))
        a->why = mem_format("has ssh's option \"%s\", which fettle does not follow", key);
    free(key);
    free(value);
}

static void take_letter(struct args *a, char letter, const char *value)
{
    if (letter == 'o')
        take_option(a, value);
    else if (letter == 'J')
        take_jump(a, value);
    else if (letter == 'l')
        take_user(a, value);
    else if (letter == 'p')
        take_port(a, value);
    else if (letter == 'i')
        take_identity(a, value);
}

char *ansible_map_ssh_args(struct ansible *all, struct host *h, const char *text)
{
    struct args a = {all, h, NULL};
    struct word *words;
    int count = words_split(text, false, &words), i;

    if (count < 0)
        return mem_format("has a quote that is not closed");
    for (i = 0; i < count && !a.why; i++) {
        const char *word = words[i].text;
        char letter = *word == '-' ? word[1] : '\0';

        if (letter && strchr("oJlpi", letter) && (word[2] || i + 1 < count))
            take_letter(&a, letter, word[2] ? word + 2 : words[++i].text);
        else if (!letter || strspn(word + 1, "46ACKTaknqtvxXY") != strlen(word + 1))
            a.why = mem_format("has \"%s\", which fettle does not follow", word);
    }
    words_free(words, (size_t)count);
    return a.why;
}
