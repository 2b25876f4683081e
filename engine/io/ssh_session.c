/* ssh_session.c: the connection of transport "ssh", state by state.
 *
 * A handler returns SSH_STEPPED where there may be more to do at once, LIBSSH2_ERROR_EAGAIN where
 * it has to wait, or -1 with `e` set: then the connection is over.  "Would block" ends a turn in
 * one place, ssh_pump(); what goes on after it, the wire's and the timers' calls, leads there.
 *
 * libssh2 1.10 stops the program by an assertion where a garbled packet makes its own count of
 * bytes negative (transport.c, remainbuf); nothing can be done about that from outside. */
#include "io/ssh_inside.h"

#include "base/mem.h"
#include "base/text.h"
#include "io/loop_uv.h"

#include <stdlib.h>
#include <string.h>

enum {
    SSH_STEPPED = 0,
    TIMEOUT_MS =
        10 * 1000, /* for look-up, connect and handshake, each, where ConnectTimeout is not set */
    AUTH_MS = 30 * 1000,
    SETTINGS_MS = 20 * 1000,
    DIAL_PLACE_MS = 300,   /* a host that is not there costs the others no more than this */
    LOGIN_PLACE_MS = 3000, /* nor one that says nothing more than this */
};

struct ssh_turn { /* closes at its own pace */
    uv_prepare_t uv;
    struct ssh *ssh; /* NULL: given up */
};

/* ---- the one who changes the state ---- */

static void ssh_on_deadline(void *data);

static int phase_ms(const struct ssh *s, enum ssh_state state)
{
    switch (state) {
    case SSH_SETTINGS:
        return SETTINGS_MS;
    case SSH_HANDSHAKE:
        return s->timeout_ms;
    case SSH_AUTH:
        return AUTH_MS;
    default: /* SSH_DIAL has its own; a person may think for as long as it takes */
        return 0;
    }
}

static void ssh_set_deadline(struct ssh *s, int ms)
{
    loop_timer_stop(s->deadline);
    s->deadline = ms ? loop_timer_start(s->loop, ms, ssh_on_deadline, s) : NULL;
}

static int ssh_enter(struct ssh *s, enum ssh_state state)
{
    s->state = state;
    s->again = true;
    ssh_set_deadline(s, phase_ms(s, state));
    ssh_hold(s);
    return SSH_STEPPED;
}

/* ---- ends ---- */

/* A session whose wire is cut never waits: its own clean-up cannot block or linger. */
static void ssh_end_session(struct ssh *s)
{
    if (s->session && s->state == SSH_OPEN && !ssh_wire_why(s->abstract.wire)) {
        libssh2_session_disconnect(s->session, "done");
        ssh_wire_flush(s->abstract.wire);
    }
    ssh_auth_free(s->abstract.auth);
    s->abstract.auth = NULL;
    if (s->session) {
        ssh_wire_cut(s->abstract.wire);
        /* In the middle of the key exchange it keeps what only its own failure frees. */
        if (s->state == SSH_HANDSHAKE)
            libssh2_session_handshake(s->session, ssh_wire_socket(s->abstract.wire));
        libssh2_session_free(s->session);
    }
    s->session = NULL;
    ssh_wire_free(s->abstract.wire);
    s->abstract.wire = NULL;
    free(s->abstract.farewell);
    s->abstract.farewell = NULL;
    known_hosts_free(s->known);
    s->known = NULL;
    s->trusted = false;
    free(s->refused);
    s->refused = NULL;
}

static void ssh_let_go(struct ssh *s)
{
    ssh_settings_cancel(s->query);
    s->query = NULL;
    gate_leave(s->pass);
    s->pass = NULL;
    ssh_dial_cancel(s->dial);
    s->dial = NULL;
    if (s->ask)
        s->asker->cancel(s->asker->data, s->ask);
    s->ask = NULL;
    ssh_end_session(s);
    ssh_set_deadline(s, 0);
    s->state = SSH_IDLE;
}

/* The next channel begins anew. */
static void ssh_lose(struct ssh *s, const char *reason)
{
    char *why = text_clean_dup(reason, strlen(reason)); /* may be the session's own */

    if (s->abstract.auth && ssh_auth_better(s->abstract.auth)) {
        free(s->better);
        s->better = mem_dup(ssh_auth_better(s->abstract.auth));
    }
    ssh_let_go(s);
    ssh_channels_lose(s, why);
    free(why);
}

/* What went wrong on the wire, as told from outside and from inside. */
static int ssh_fail(struct ssh *s, const char *what, int rc, struct err *e)
{
    const char *wire = ssh_wire_why(s->abstract.wire);
    char *text = NULL;

    if (s->abstract.farewell)
        return err_set(e, ERR_UNREACHABLE, "%s: the host hung up: %s", what, s->abstract.farewell);
    if (wire)
        return err_set(e, ERR_UNREACHABLE, "%s: the connection was lost (%s)", what, wire);
    libssh2_session_last_error(s->session, &text, NULL, 0);
    return err_set(e, ERR_UNREACHABLE, "%s: %s (libssh2 %d)", what, text && *text ? text : "failed",
                   rc);
}

static void ssh_on_deadline(void *data)
{
    struct ssh *s = data;
    const char *banner = s->session ? libssh2_session_banner_get(s->session) : NULL;
    struct err e = {0};

    s->deadline = NULL;
    if (s->state == SSH_AUTH && ssh_auth_is_asking(s->abstract.auth)) {
        ssh_set_deadline(s, AUTH_MS);
        return;
    }
    if (s->state == SSH_SETTINGS)
        err_set(&e, ERR_UNREACHABLE, "`ssh -G` did not answer within %d s", SETTINGS_MS / 1000);
    else if (s->state == SSH_AUTH)
        err_set(&e, ERR_UNREACHABLE, "the login did not end within %d s", AUTH_MS / 1000);
    else
        err_set(&e, ERR_UNREACHABLE, "%s within %d s",
                !ssh_wire_heard(s->abstract.wire)       ? "no answer to the SSH banner"
                : banner && !strncmp(banner, "SSH-", 4) ? "the key exchange did not end"
                                                        : "no SSH banner came",
                s->timeout_ms / 1000);
    ssh_give_up(s, e.text);
}

/* ---- states ---- */

static int ssh_idle(struct ssh *s, struct err *e)
{
    (void)s;
    (void)e;
    return LIBSSH2_ERROR_EAGAIN;
}

static void on_settings(void *data, const struct ssh_settings *settings, const struct err *e)
{
    struct ssh *s = data;

    s->query = NULL;
    s->settings = settings;
    if (!settings)
        ssh_lose(s, e->text);
    ssh_pump(s);
}

static int ssh_settings(struct ssh *s, struct err *e)
{
    if (!s->settings && !s->query)
        s->query = ssh_settings_get(s->loop, s->host, on_settings, s);
    if (!s->settings)
        return LIBSSH2_ERROR_EAGAIN;
    if (s->settings->needs_openssh) {
        free(s->better);
        s->better = mem_dup(s->settings->needs_openssh);
        return err_set(e, ERR_UNREACHABLE, "only the system's ssh can do this: %s",
                       s->settings->needs_openssh);
    }
    s->timeout_ms =
        s->settings->connect_timeout_ms > 0 ? s->settings->connect_timeout_ms : TIMEOUT_MS;
    return ssh_enter(s, SSH_GATE);
}

static void on_admitted(void *data)
{
    struct ssh *s = data;

    ssh_enter(s, s->abstract.wire ? SSH_HANDSHAKE : SSH_DIAL);
    ssh_pump(s);
}

static int ssh_gate(struct ssh *s, struct err *e)
{
    (void)e;
    if (!s->pass)
        s->pass =
            gate_ask(s->loop, s->abstract.wire ? LOGIN_PLACE_MS : DIAL_PLACE_MS, on_admitted, s);
    return LIBSSH2_ERROR_EAGAIN;
}

static void on_wire(void *data)
{
    ssh_pump(data);
}

static void on_dialled(void *data, int fd, const struct err *e)
{
    struct ssh *s = data;

    s->dial = NULL;
    if (fd < 0) {
        ssh_lose(s, e->text);
    } else {
        s->abstract.wire = ssh_wire_new(s->loop, fd, on_wire, s);
        if (!gate_is_in(s->pass)) {
            gate_leave(s->pass);
            s->pass = NULL;
        }
        ssh_enter(s, s->pass ? SSH_HANDSHAKE : SSH_GATE);
    }
    ssh_pump(s);
}

static int ssh_dial(struct ssh *s, struct err *e)
{
    (void)e;
    if (!s->dial)
        s->dial = ssh_dial_start(s->loop, s->settings->address, s->settings->port, s->timeout_ms,
                                 on_dialled, s);
    return LIBSSH2_ERROR_EAGAIN;
}

static LIBSSH2_DISCONNECT_FUNC(on_farewell)
{
    struct ssh_abstract *a = *abstract;

    (void)session;
    (void)reason;
    (void)language;
    (void)language_len;
    free(a->farewell);
    a->farewell = message_len > 0 ? text_clean_dup(message, (size_t)message_len) : NULL;
}

static const char *name_of(const struct ssh *s)
{
    return s->settings->host_key_alias ? s->settings->host_key_alias : s->settings->address;
}

/* Cheap ones first; what the host does not have is passed over. */
static void ssh_prefer(struct ssh *s)
{
    char *types = known_hosts_types(s->known);
    static const char ciphers[] = "aes128-ctr,aes256-ctr,aes192-ctr";
    static const char macs[] = "hmac-sha2-256,hmac-sha2-512";

    libssh2_session_method_pref(s->session, LIBSSH2_METHOD_HOSTKEY, types);
    libssh2_session_method_pref(s->session, LIBSSH2_METHOD_KEX,
                                "curve25519-sha256,curve25519-sha256@libssh.org,"
                                "ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,"
                                "diffie-hellman-group-exchange-sha256,"
                                "diffie-hellman-group16-sha512,diffie-hellman-group14-sha256");
    libssh2_session_method_pref(s->session, LIBSSH2_METHOD_CRYPT_CS, ciphers);
    libssh2_session_method_pref(s->session, LIBSSH2_METHOD_CRYPT_SC, ciphers);
    libssh2_session_method_pref(s->session, LIBSSH2_METHOD_MAC_CS, macs);
    libssh2_session_method_pref(s->session, LIBSSH2_METHOD_MAC_SC, macs);
    free(types);
}

static int ssh_make_session(struct ssh *s, struct err *e)
{
    bool alias = s->settings->host_key_alias != NULL;
    const char *authority;

    s->known = known_hosts_find(s->loop, s->settings->known_hosts, name_of(s),
                                alias ? 22 : s->settings->port, e);
    if (!s->known)
        return -1;
    authority = known_hosts_authority(s->known);
    if (authority) {
        free(s->better);
        s->better = mem_format("%s is an @cert-authority line for this host", authority);
        return err_set(e, ERR_UNREACHABLE, "only the system's ssh can check the host's key: %s",
                       s->better);
    }
    s->session = libssh2_session_init_ex(NULL, NULL, NULL, &s->abstract);
    if (!s->session)
        return err_set(e, ERR_INTERNAL, "cannot make an SSH session");
    libssh2_session_set_blocking(s->session, 0);
    libssh2_session_callback_set(s->session, LIBSSH2_CALLBACK_DISCONNECT, (void *)on_farewell);
    ssh_wire_attach(s->session);
    ssh_prefer(s);
    return 0;
}

static int ssh_handshake_failed(struct ssh *s, int rc, struct err *e)
{
    if ((rc == LIBSSH2_ERROR_KEX_FAILURE || rc == LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE ||
         rc == LIBSSH2_ERROR_METHOD_NONE) &&
        !ssh_wire_why(s->abstract.wire)) {
        free(s->better);
        s->better = mem_dup("this libssh2 and the host have no method of key exchange in common");
        return err_set(e, ERR_UNREACHABLE,
                       "cannot agree with the host on keys and ciphers "
                       "(libssh2 has no rsa-sha2 and no chacha20)");
    }
    return ssh_fail(s,
                    libssh2_session_banner_get(s->session) ? "the key exchange failed"
                                                           : "no SSH banner came",
                    rc, e);
}

static int ssh_handshake(struct ssh *s, struct err *e)
{
    int rc;

    if (!s->session && ssh_make_session(s, e) < 0)
        return -1;
    /* The socket is the wire's; libssh2 only has to have one that does not block. */
    rc = libssh2_session_handshake(s->session, ssh_wire_socket(s->abstract.wire));
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return rc;
    return rc ? ssh_handshake_failed(s, rc, e) : ssh_enter(s, SSH_TRUST);
}

static int ssh_trusted(struct ssh *s, struct err *e)
{
    int rc = ssh_trust(s, e);

    if (rc)
        return rc;
    s->abstract.auth =
        ssh_auth_new(s->loop, s->session, s->settings, s->asker, s->host->name, on_wire, s);
    return ssh_enter(s, SSH_AUTH);
}

static int ssh_auth(struct ssh *s, struct err *e)
{
    int rc = ssh_auth_step(s->abstract.auth, e);

    if (rc == LIBSSH2_ERROR_EAGAIN)
        return rc;
    if (rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED && e->text[0])
        return -1;
    if (rc)
        return ssh_fail(s, "the login failed", rc, e);
    ssh_auth_free(s->abstract.auth);
    s->abstract.auth = NULL;
    gate_leave(s->pass);
    s->pass = NULL;
    return ssh_enter(s, SSH_OPEN);
}

/* What comes is for the channels; a connection that ends is seen on the wire. */
static int ssh_open(struct ssh *s, struct err *e)
{
    if (ssh_channels_step(s))
        s->again = true;
    if (!s->freed && ssh_wire_why(s->abstract.wire) && !s->again)
        return err_set(e, ERR_UNREACHABLE, "the connection was lost (%s)",
                       s->abstract.farewell ? s->abstract.farewell
                                            : ssh_wire_why(s->abstract.wire));
    return LIBSSH2_ERROR_EAGAIN;
}

/* ---- turns ---- */

static void ssh_really_free(struct ssh *s)
{
    ssh_let_go(s);
    ssh_channels_free(s);
    if (s->turn) {
        s->turn->ssh = NULL;
        uv_prepare_stop(&s->turn->uv);
        uv_close((uv_handle_t *)&s->turn->uv, (uv_close_cb)(void (*)(void))free);
    }
    free(s->better);
    free(s);
}

static int ssh_step(struct ssh *s, struct err *e)
{
    static int (*const handlers[])(struct ssh *, struct err *) = {
        [SSH_IDLE] = ssh_idle, [SSH_SETTINGS] = ssh_settings,   [SSH_GATE] = ssh_gate,
        [SSH_DIAL] = ssh_dial, [SSH_HANDSHAKE] = ssh_handshake, [SSH_TRUST] = ssh_trusted,
        [SSH_AUTH] = ssh_auth, [SSH_OPEN] = ssh_open,
    };

    return handlers[s->state](s, e);
}

/* As long as something moves, and until what came of it is sent or found to have nowhere to go. */
static void ssh_settle(struct ssh *s)
{
    struct err e = {0};

    s->pumping = true;
    do {
        while (s->again && !s->freed) {
            s->again = false;
            if (ssh_step(s, &e) == -1 && !s->freed)
                ssh_lose(s, e.text);
        }
        if (s->freed)
            break;
        s->again = s->abstract.wire && ssh_wire_flush(s->abstract.wire);
    } while (s->again);
    s->pumping = false;
}

void ssh_pump(struct ssh *s)
{
    s->again = true;
    if (s->pumping)
        return;
    ssh_settle(s);
    if (s->freed) {
        ssh_really_free(s);
        return;
    }
    ssh_channels_sweep(s);
    ssh_hold(s);
}

static void on_turn(uv_prepare_t *uv)
{
    struct ssh_turn *turn = uv->data;

    uv_prepare_stop(uv);
    if (turn->ssh)
        ssh_pump(turn->ssh);
}

/* Before the loop waits again: what several workers have to say leaves as one. */
void ssh_wake(struct ssh *s)
{
    if (s->pumping) {
        s->again = true;
        return;
    }
    if (!s->turn) {
        s->turn = mem_alloc(sizeof *s->turn);
        s->turn->ssh = s;
        uv_prepare_init(loop_uv(s->loop), &s->turn->uv);
        s->turn->uv.data = s->turn;
    }
    uv_prepare_start(&s->turn->uv, on_turn);
}

/* While the login is under way, and while a channel is waited for. */
void ssh_hold(struct ssh *s)
{
    const struct ssh_channel *c;
    bool hold = s->state != SSH_OPEN;

    if (!s->abstract.wire)
        return;
    for (c = s->channels; c && !hold; c = c->next)
        hold = c->held;
    ssh_wire_hold(s->abstract.wire, hold);
}

void ssh_give_up(struct ssh *s, const char *why)
{
    ssh_lose(s, why);
    ssh_pump(s);
}

void ssh_begin(struct ssh *s)
{
    if (s->state == SSH_IDLE)
        ssh_enter(s, SSH_SETTINGS);
    ssh_wake(s);
}

void ssh_free(struct ssh *s)
{
    s->freed = true;
    if (!s->pumping)
        ssh_really_free(s);
}
