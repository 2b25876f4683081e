/* ssh_auth.c: logging in.
 *
 *     AUTH_AGENT -> AUTH_NEXT -> AUTH_AGENT_KEY | AUTH_PROBE | AUTH_PASSPHRASE | AUTH_FILE_KEY ->
 * AUTH_NEXT …
 *                -> AUTH_METHODS -> AUTH_ASK -> AUTH_PASSWORD | AUTH_KEYBOARD -> AUTH_METHODS …
 *
 * A handler returns 0 where the next state can go on at once, else what libssh2 said. */
#include "io/ssh_auth.h"

#include "base/buf.h"
#include "base/digest.h"
#include "base/mem.h"
#include "base/signer.h"
#include "base/text.h"
#include "io/ssh_agent.h"
#include "io/ssh_key.h"
#include "io/ssh_wire.h"

#include <stdlib.h>
#include <string.h>

enum { TRIES = 3, CANDIDATES_MAX = 64, LOGGED_IN = 1 };

enum auth_state {
    AUTH_AGENT,
    AUTH_NEXT,
    AUTH_AGENT_KEY,
    AUTH_PROBE,
    AUTH_PASSPHRASE,
    AUTH_FILE_KEY,
    AUTH_METHODS,
    AUTH_ASK,
    AUTH_PASSWORD,
    AUTH_KEYBOARD,
    AUTH_REFUSED,
};

struct candidate {
    const struct ssh_agent_key *agent; /* or NULL, */
    struct ssh_key *file; /* then a file; both where the settings name an agent's key */
};

struct ssh_auth {
    struct loop *loop;
    LIBSSH2_SESSION *session;
    const struct ssh_settings *settings;
    const struct asker *asker;
    const char *host;
    void (*wake)(void *);
    void *data;
    enum auth_state state;
    struct candidate candidates[CANDIDATES_MAX];
    size_t count, at; /* at: the one that is being tried */
    struct ssh_agent *agent;
    struct ssh_agent_job *job;
    bool agent_asked, accepted; /* accepted: the host wants the key that is being tried */
    void *signature;
    size_t signature_n;
    bool sign_failed;
    struct ask *ask;
    struct ssh_key_waiter waiter;
    struct ssh_key *asked_for; /* the key whose question is ours */
    int tries;
    char *password, *methods;
    bool by_password;                        /* else keyboard-interactive */
    bool nobody; /* there to be asked for the password that the host would take */
    bool no_answer, rsa_refused, wants_more; /* wants_more: a question that is not for a password */
    struct buf refused;                      /* what was tried, in words */
};

static int auth_enter(struct ssh_auth *a, enum auth_state state)
{
    a->state = state;
    return 0;
}

static void wipe(char **secret)
{
    if (*secret)
        digest_wipe(*secret, strlen(*secret));
    free(*secret);
    *secret = NULL;
}

/* ---- the candidates ---- */

static bool has_type(const struct ssh_agent_key *k, const char *type)
{
    size_t n = strlen(type);

    return k->n > 4 + n && k->blob[3] == n && memcmp(k->blob + 4, type, n) == 0;
}

/* FIDO keys and certificates are for the system's ssh. */
static bool can_sign(const struct ssh_agent_key *k)
{
    return has_type(k, "ssh-ed25519") || has_type(k, "ecdsa-sha2-nistp256") ||
           has_type(k, "ecdsa-sha2-nistp384") || has_type(k, "ecdsa-sha2-nistp521") ||
           has_type(k, "ssh-rsa");
}

static void add_candidate(struct ssh_auth *a, const struct ssh_agent_key *agent,
                          struct ssh_key *file)
{
    size_t i;

    for (i = 0; i < a->count; i++)
        if (agent ? a->candidates[i].agent == agent : a->candidates[i].file == file)
            return;
    if (a->count < CANDIDATES_MAX)
        a->candidates[a->count++] = (struct candidate){agent, file};
}

static void add_named(struct ssh_auth *a, const struct ssh_agent_key *keys, size_t count,
                      struct ssh_key *file)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (file->blob_n == keys[i].n && memcmp(file->blob, keys[i].blob, keys[i].n) == 0 &&
            can_sign(&keys[i]))
            add_candidate(a, &keys[i], file);
}

static void list_candidates(struct ssh_auth *a, const struct ssh_agent_key *keys, size_t count)
{
    char **paths = a->settings->identities;
    size_t i;

    for (i = 0; paths && paths[i]; i++)
        add_named(a, keys, count, ssh_key_get(a->loop, paths[i]));
    for (i = 0; i < count && !a->settings->identities_only; i++)
        if (can_sign(&keys[i]))
            add_candidate(a, &keys[i], NULL);
    for (i = 0; paths && paths[i]; i++) {
        struct ssh_key *file = ssh_key_get(a->loop, paths[i]);

        if (file->text)
            add_candidate(a, NULL, file);
        else if (file->why)
            buf_addf(&a->refused, "%s%s", a->refused.len ? ", " : "", file->why);
    }
}

static void on_listed(void *data, const struct ssh_agent_key *keys, size_t count, const char *why)
{
    struct ssh_auth *a = data;

    a->job = NULL;
    if (why)
        buf_addf(&a->refused, "%s%s", a->refused.len ? ", " : "", why);
    list_candidates(a, keys, count);
    auth_enter(a, AUTH_NEXT);
    a->wake(a->data);
}

static int auth_agent(struct ssh_auth *a)
{
    if (a->agent_asked)
        return LIBSSH2_ERROR_EAGAIN;
    a->agent_asked = true;
    if (a->settings->key_auth && a->settings->agent) {
        a->agent = ssh_agent_get(a->loop, a->settings->agent);
        a->job = ssh_agent_list(a->agent, on_listed, a);
        return LIBSSH2_ERROR_EAGAIN;
    }
    if (a->settings->key_auth)
        list_candidates(a, NULL, 0);
    return auth_enter(a, AUTH_NEXT);
}

static int auth_next(struct ssh_auth *a)
{
    const struct candidate *c = &a->candidates[a->at];

    a->accepted = a->sign_failed = false;
    a->tries = 0;
    free(a->signature);
    a->signature = NULL;
    if (a->at == a->count)
        return auth_enter(a, AUTH_METHODS);
    if (c->agent)
        return auth_enter(a, AUTH_AGENT_KEY);
    if (c->file->encrypted && !c->file->passphrase)
        return auth_enter(a, c->file->blob_n ? AUTH_PROBE : AUTH_PASSPHRASE);
    return auth_enter(a, AUTH_FILE_KEY);
}

/* ---- keys ---- */

static bool candidate_is_rsa(const struct candidate *c)
{
    return c->agent ? has_type(c->agent, "ssh-rsa") : ssh_key_is_rsa(c->file);
}

static void note_refused(struct ssh_auth *a, const char *why)
{
    const struct candidate *c = &a->candidates[a->at];
    char *comment =
        c->agent && !c->file ? text_clean_dup(c->agent->comment, strlen(c->agent->comment)) : NULL;

    buf_addf(&a->refused, "%s%s%s%s%s", a->refused.len ? ", " : "",
             c->file    ? c->file->path
             : *comment ? comment
                        : "a key",
             c->agent ? " (of the agent)" : "", why ? ": " : "", why ? why : "");
    a->rsa_refused = a->rsa_refused || (!why && candidate_is_rsa(c));
    free(comment);
}

/* What libssh2 said about the key that was tried.  A connection that ended is not the key's fault.
 */
static int key_tried(struct ssh_auth *a, int rc)
{
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return rc;
    if (rc == 0)
        return LOGGED_IN;
    if (rc == LIBSSH2_ERROR_SOCKET_SEND || rc == LIBSSH2_ERROR_SOCKET_DISCONNECT ||
        rc == LIBSSH2_ERROR_SOCKET_RECV)
        return rc;
    note_refused(a, a->accepted && a->sign_failed ? "the agent did not sign" : NULL);
    a->at++;
    return auth_enter(a, AUTH_NEXT);
}

static void on_signed(void *data, const void *signature, size_t n, const char *why)
{
    struct ssh_auth *a = data;

    (void)why;
    a->job = NULL;
    a->sign_failed = !signature;
    if (signature) {
        a->signature = mem_alloc(n ? n : 1);
        memcpy(a->signature, signature, n);
        a->signature_n = n;
    }
    a->wake(a->data);
}

/* libssh2 asks again where it is told EAGAIN (userauth.c, libssh2_NB_state_sent1): so nothing has
 * to block until the agent has signed.  It frees the signature with free(). */
static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign_by_agent)
{
    struct ssh_auth *a = *abstract;

    (void)session;
    a->accepted = true;
    if (!a->signature && !a->sign_failed) {
        if (!a->job)
            a->job =
                ssh_agent_sign(a->agent, a->candidates[a->at].agent, data, data_len, on_signed, a);
        return LIBSSH2_ERROR_EAGAIN;
    }
    if (a->sign_failed)
        return -1;
    *sig = a->signature;
    *sig_len = a->signature_n;
    a->signature = NULL;
    return 0;
}

static int auth_agent_key(struct ssh_auth *a)
{
    const struct ssh_agent_key *k = a->candidates[a->at].agent;
    void *abstract = a;

    return key_tried(a, libssh2_userauth_publickey(a->session, a->settings->user, k->blob, k->n,
                                                   sign_by_agent, &abstract));
}

static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign_not)
{
    struct ssh_auth *a = *abstract;

    (void)session;
    (void)sig;
    (void)sig_len;
    (void)data;
    (void)data_len;
    a->accepted = true;
    return -1;
}

/* Does the host want this key at all?  Only then a person is asked for its passphrase. */
static int auth_probe(struct ssh_auth *a)
{
    const struct ssh_key *k = a->candidates[a->at].file;
    void *abstract = a;
    int rc = libssh2_userauth_publickey(a->session, a->settings->user, k->blob, k->blob_n, sign_not,
                                        &abstract);

    if (rc == LIBSSH2_ERROR_EAGAIN || !a->accepted)
        return key_tried(a, rc);
    return auth_enter(a, AUTH_PASSPHRASE);
}

static void on_waited(void *data)
{
    struct ssh_auth *a = data;

    a->wake(a->data);
}

static void on_passphrase(void *data, const char *answer)
{
    struct ssh_auth *a = data;
    struct ssh_key *k = a->asked_for;

    a->ask = NULL;
    a->asked_for = NULL;
    k->declined = !answer || !*answer;
    ssh_key_answered(k, k->declined ? NULL : answer);
    a->wake(a->data);
}

static void ask_passphrase(struct ssh_auth *a, struct ssh_key *k)
{
    char *text =
        mem_format("%sPassphrase for key \"%s\"", a->tries ? "That was not it.  " : "", k->path);
    struct ask_question q = {ASK_SECRET, a->host, text};

    a->tries++;
    k->asked = true;
    a->asked_for = k;
    a->ask = a->asker->start(a->asker->data, &q, on_passphrase, a);
    free(text);
}

/* One question for all hosts that want this key. */
static int auth_passphrase(struct ssh_auth *a)
{
    struct ssh_key *k = a->candidates[a->at].file;

    if (a->ask)
        return LIBSSH2_ERROR_EAGAIN;
    if (k->passphrase)
        return auth_enter(a, AUTH_FILE_KEY);
    ssh_key_unwait(k, &a->waiter);
    if (k->asked) {
        a->waiter = (struct ssh_key_waiter){.wake = on_waited, .data = a};
        ssh_key_wait(k, &a->waiter);
        return LIBSSH2_ERROR_EAGAIN;
    }
    if (k->declined || !a->asker || a->tries == TRIES) {
        note_refused(a, a->asker ? "no passphrase for it"
                                 : "it has a passphrase, and there is no terminal to ask for it");
        a->at++;
        return auth_enter(a, AUTH_NEXT);
    }
    ask_passphrase(a, k);
    return LIBSSH2_ERROR_EAGAIN;
}

/* libssh2 frees the signature with free(). */
static LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC(sign_by_file)
{
    (void)session;
    *sig = signer_sign(*abstract, data, data_len, sig_len);
    return *sig ? 0 : -1;
}

/* Never without a passphrase: OpenSSL would ask at the terminal by itself. */
static int auth_file_key(struct ssh_auth *a)
{
    struct ssh_key *k = a->candidates[a->at].file;
    void *abstract = k->signer;
    int rc;

    if (k->signer)
        return key_tried(a, libssh2_userauth_publickey(a->session, a->settings->user, k->blob,
                                                       k->blob_n, sign_by_file, &abstract));
    rc = libssh2_userauth_publickey_frommemory(
        a->session, a->settings->user, strlen(a->settings->user), k->public_line,
        k->public_line ? strlen(k->public_line) : 0, k->text, k->text_n,
        k->passphrase ? k->passphrase : "");

    /* The host wanted it, or nobody could ask the host: the passphrase was wrong. */
    if (k->encrypted && (rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED || rc == LIBSSH2_ERROR_FILE ||
                         rc == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED)) {
        ssh_key_set_passphrase(k, NULL);
        return auth_enter(a, AUTH_PASSPHRASE);
    }
    return key_tried(a, rc);
}

/* ---- passwords ---- */

static int auth_methods(struct ssh_auth *a)
{
    const char *list =
        libssh2_userauth_list(a->session, a->settings->user, (unsigned)strlen(a->settings->user));
    bool keyboard;

    if (!list) {
        int rc = libssh2_session_last_errno(a->session);

        return libssh2_userauth_authenticated(a->session) ? LOGGED_IN : rc;
    }
    free(a->methods);
    a->methods = text_clean_dup(list, strlen(list));
    a->by_password = a->settings->password_auth && strstr(list, "password");
    keyboard = a->settings->keyboard_auth && strstr(list, "keyboard-interactive");
    a->nobody = !a->asker && (a->by_password || keyboard);
    if ((!a->by_password && !keyboard) || a->no_answer || a->wants_more || !a->asker ||
        a->tries == TRIES)
        return auth_enter(a, AUTH_REFUSED);
    return auth_enter(a, AUTH_ASK);
}

static void on_password(void *data, const char *answer)
{
    struct ssh_auth *a = data;

    a->ask = NULL;
    wipe(&a->password);
    a->no_answer = !answer || !*answer;
    if (!a->no_answer)
        a->password = mem_dup(answer);
    auth_enter(a, a->no_answer ? AUTH_REFUSED : a->by_password ? AUTH_PASSWORD : AUTH_KEYBOARD);
    a->wake(a->data);
}

static int auth_ask(struct ssh_auth *a)
{
    struct ask_question q = {ASK_SECRET, a->host, NULL};
    char *text;

    if (a->ask)
        return LIBSSH2_ERROR_EAGAIN;
    text = mem_format("%sPassword for %s@%s", a->tries ? "It was refused.  " : "",
                      a->settings->user, a->settings->address);
    q.text = text;
    a->tries++;
    a->ask = a->asker->start(a->asker->data, &q, on_password, a);
    free(text);
    return LIBSSH2_ERROR_EAGAIN;
}

static int password_tried(struct ssh_auth *a, int rc)
{
    if (rc == LIBSSH2_ERROR_EAGAIN)
        return rc;
    wipe(&a->password);
    if (rc == 0)
        return LOGGED_IN;
    if (rc != LIBSSH2_ERROR_AUTHENTICATION_FAILED && rc != LIBSSH2_ERROR_PASSWORD_EXPIRED)
        return rc;
    buf_addf(&a->refused, "%s%s", a->refused.len ? ", " : "",
             rc == LIBSSH2_ERROR_PASSWORD_EXPIRED ? "a password that has expired" : "a password");
    return auth_enter(a, AUTH_METHODS);
}

static int auth_password(struct ssh_auth *a)
{
    return password_tried(a, libssh2_userauth_password_ex(
                                 a->session, a->settings->user, (unsigned)strlen(a->settings->user),
                                 a->password, (unsigned)strlen(a->password), NULL));
}

/* libssh2 wants the answers at once.  One question that is not echoed is the password's; for
 * others there is the system's ssh.  The answers are freed with free(). */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer_keyboard)
{
    struct ssh_auth *a = ((struct ssh_abstract *)*abstract)->auth;
    int i;

    (void)name;
    (void)name_len;
    (void)instruction;
    (void)instruction_len;
    for (i = 0; i < num_prompts; i++) {
        bool is_password = num_prompts == 1 && !prompts[i].echo && a->password;

        a->wants_more = a->wants_more || !is_password;
        responses[i].text = mem_dup(is_password ? a->password : "");
        responses[i].length = (unsigned)strlen(responses[i].text);
    }
}

static int auth_keyboard(struct ssh_auth *a)
{
    return password_tried(a, libssh2_userauth_keyboard_interactive_ex(
                                 a->session, a->settings->user, (unsigned)strlen(a->settings->user),
                                 answer_keyboard));
}

/* ---- the end ---- */

static int auth_refused(struct ssh_auth *a, struct err *e)
{
    const char *end = a->nobody ? "; there is no terminal to ask at)" : ")";

    err_set(e, ERR_UNREACHABLE, "cannot log in as \"%s\": %s%s%s%s%s", a->settings->user,
            a->refused.len ? "refused: " : "there is no key to offer",
            a->refused.len ? a->refused.data : "", a->methods ? " (the host takes: " : "",
            a->methods ? a->methods : "", a->methods ? end : "");
    return LIBSSH2_ERROR_AUTHENTICATION_FAILED;
}

int ssh_auth_step(struct ssh_auth *a, struct err *e)
{
    static int (*const handlers[])(struct ssh_auth *) = {
        [AUTH_AGENT] = auth_agent,           [AUTH_NEXT] = auth_next,
        [AUTH_AGENT_KEY] = auth_agent_key,   [AUTH_PROBE] = auth_probe,
        [AUTH_PASSPHRASE] = auth_passphrase, [AUTH_FILE_KEY] = auth_file_key,
        [AUTH_METHODS] = auth_methods,       [AUTH_ASK] = auth_ask,
        [AUTH_PASSWORD] = auth_password,     [AUTH_KEYBOARD] = auth_keyboard,
    };
    int rc = 0;

    while (rc == 0 && a->state != AUTH_REFUSED)
        rc = handlers[a->state](a);
    if (rc == LOGGED_IN)
        return 0;
    return rc ? rc : auth_refused(a, e);
}

bool ssh_auth_is_asking(const struct ssh_auth *a)
{
    return a->ask || (a->state == AUTH_PASSPHRASE && a->candidates[a->at].file->asked);
}

const char *ssh_auth_better(const struct ssh_auth *a)
{
    if (a->rsa_refused)
        return "an RSA key was refused, and this libssh2 cannot sign with rsa-sha2";
    return a->wants_more ? "the host asks for more than a password" : NULL;
}

struct ssh_auth *ssh_auth_new(struct loop *l, LIBSSH2_SESSION *session,
                              const struct ssh_settings *settings, const struct asker *asker,
                              const char *host, void (*wake)(void *data), void *data)
{
    struct ssh_auth *a = mem_alloc(sizeof *a);

    a->loop = l;
    a->session = session;
    a->settings = settings;
    a->asker = asker;
    a->host = host;
    a->wake = wake;
    a->data = data;
    buf_init(&a->refused, 600);
    return a;
}

void ssh_auth_free(struct ssh_auth *a)
{
    if (!a)
        return;
    ssh_agent_cancel(a->job);
    if (a->ask)
        a->asker->cancel(a->asker->data, a->ask);
    if (a->at < a->count && a->candidates[a->at].file)
        ssh_key_unwait(a->candidates[a->at].file, &a->waiter);
    if (a->asked_for) /* who waits with us asks for itself */
        ssh_key_answered(a->asked_for, NULL);
    wipe(&a->password);
    free(a->signature);
    free(a->methods);
    buf_release(&a->refused);
    free(a);
}
