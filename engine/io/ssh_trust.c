/* ssh_trust.c: is it the host that we know? */
#include "io/ssh_inside.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

static const char *name_of(const struct ssh *s)
{
    return s->settings->host_key_alias ? s->settings->host_key_alias : s->settings->address;
}

static int port_of(const struct ssh *s)
{
    return s->settings->host_key_alias ? 22 : s->settings->port;
}

static void on_answer(void *data, const char *answer)
{
    struct ssh *s = data;
    struct err e = {0};
    size_t n = 0;
    int type;
    const char *key = libssh2_session_hostkey(s->session, &n, &type);

    s->ask = NULL;
    s->trusted =
        answer && strcmp(answer, "yes") == 0 &&
        known_hosts_add(s->loop, s->settings->known_hosts, name_of(s), port_of(s), key, n, &e) == 0;
    s->refused = s->trusted ? NULL : mem_dup(e.text[0] ? e.text : "its key was not accepted");
    ssh_pump(s);
}

static void ask(struct ssh *s, const char *type, const char *fingerprint)
{
    char *text =
        mem_format("%s (port %d) is not known yet.  Its %s key is\n  %s\n"
                   "Is that the right one?  \"yes\" adds it to %s",
                   name_of(s), s->settings->port, type, fingerprint, s->settings->known_hosts[0]);
    struct ask_question q = {ASK_YES, s->host->name, text};

    s->ask = s->asker->start(s->asker->data, &q, on_answer, s);
    free(text);
}

static int unknown(struct ssh *s, const char *type, const char *fingerprint, struct err *e)
{
    const char *other = known_hosts_other_type(s->known);

    if (other) {
        free(s->better);
        s->better = mem_format("the host is known by its %s key", other);
        return err_set(e, ERR_UNREACHABLE,
                       "the host is known by its %s key, which libssh2 cannot ask for; it showed "
                       "a %s key %s",
                       other, type, fingerprint);
    }
    if (s->asker && s->settings->known_hosts && s->settings->known_hosts[0] &&
        !s->settings->strict) {
        ask(s, type, fingerprint);
        return LIBSSH2_ERROR_EAGAIN;
    }
    return err_set(e, ERR_UNREACHABLE,
                   "the host's key is not known: %s %s; %s it to known_hosts if it is right", type,
                   fingerprint,
                   s->settings->strict ? "StrictHostKeyChecking is \"yes\", add"
                                       : "there is no terminal to ask at, add");
}

static int judge(struct ssh *s, const void *key, size_t n, struct err *e)
{
    char *type = known_hosts_key_type(key, n), *fingerprint = known_hosts_fingerprint(key, n);
    const char *where = NULL;
    int rc = -1;

    switch (known_hosts_check(s->known, key, n, &where)) {
    case KNOWN_SAME:
        rc = 0;
        break;
    case KNOWN_NEW:
        rc = unknown(s, type, fingerprint, e);
        break;
    case KNOWN_CHANGED:
        err_set(e, ERR_UNREACHABLE,
                "the host key has CHANGED: %s knows another than the %s key %s that %s shows; "
                "somebody may be in between, or the host was set up anew",
                where, type, fingerprint, name_of(s));
        break;
    case KNOWN_REVOKED:
        err_set(e, ERR_UNREACHABLE, "the host key is REVOKED: %s says so of the %s key %s", where,
                type, fingerprint);
        break;
    }
    free(type);
    free(fingerprint);
    return rc;
}

int ssh_trust(struct ssh *s, struct err *e)
{
    size_t n = 0;
    int type;
    const char *key = libssh2_session_hostkey(s->session, &n, &type);

    if (s->ask)
        return LIBSSH2_ERROR_EAGAIN;
    if (s->trusted)
        return 0;
    if (s->refused)
        return err_set(e, ERR_UNREACHABLE, "the host is not trusted: %s", s->refused);
    if (!key || !n)
        return err_set(e, ERR_UNREACHABLE, "the host showed no key");
    return judge(s, key, n, e);
}
