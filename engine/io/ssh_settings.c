/* ssh_settings.c: who asks, what `ssh -G` is run for, and what is remembered.
 *
 * A query waits for an inquiry, one `ssh -G`; hosts that the configuration does not tell apart
 * share one.  Its text is kept, and so are the settings of each host, as long as the loop. */
#include "io/ssh_settings.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/child.h"
#include "io/result.h"
#include "io/ssh_command.h"
#include "io/ssh_needs.h"
#include "model/ssh_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    ASK_MS = 20 * 1000, /* `Match exec` and canonical names may take their time */
    ASK_MAX = 256 * 1024,
    ASK_SIDE_BY_SIDE = 8,
};

enum inquiry_state { INQUIRY_QUEUED, INQUIRY_RUNNING, INQUIRY_DONE };

struct inquiry {
    struct inquiry *next;
    struct cache *cache;
    char *key;
    char **argv;
    char *name; /* that it was asked about */
    enum inquiry_state state;
    struct child *child;
    char *text, *error; /* one of them, once it is done */
};

struct answer {
    struct answer *next;
    char *key;
    struct ssh_settings settings;
};

struct cache {
    struct loop *loop;
    struct ssh_scan scan;
    struct ssh_files files;
    char *program; /* NULL: no ssh here */
    struct inquiry *inquiries;
    struct answer *answers;
    struct ssh_settings_query *queries; /* that wait */
    int running;
};

struct ssh_settings_query {
    struct ssh_settings_query *next;
    struct cache *cache;
    const struct host *host;
    struct loop_timer *wake;
    struct inquiry *inquiry; /* that it waits for */
    void (*done)(void *data, const struct ssh_settings *s, const struct err *e);
    void *data;
};

static void query_step(struct ssh_settings_query *q);

/* ---- the cache ---- */

static void *cache_make(struct loop *l)
{
    struct cache *c = mem_alloc(sizeof *c);

    c->loop = l;
    c->program = ssh_command_find();
    ssh_scan_load(&c->scan);
    return c;
}

static void inquiry_free(struct inquiry *i)
{
    child_cancel(i->child);
    argv_free(i->argv);
    free(i->key);
    free(i->name);
    free(i->text);
    free(i->error);
    free(i);
}

static void cache_drop(void *kept)
{
    struct cache *c = kept;

    while (c->inquiries) {
        struct inquiry *i = c->inquiries;

        c->inquiries = i->next;
        inquiry_free(i);
    }
    while (c->answers) {
        struct answer *a = c->answers;

        c->answers = a->next;
        ssh_settings_release(&a->settings);
        free(a->key);
        free(a);
    }
    ssh_scan_release(&c->scan);
    ssh_files_release(&c->files);
    free(c->program);
    free(c);
}

/* People write a Host line for a name, or for addresses.  A name that one is for is asked for by
 * it, whatever its address; any other host by its address, as one would type it. */
static const char *asked_name(const struct cache *c, const struct host *h)
{
    return !h->address || ssh_scan_names(&c->scan, h->name) ? h->name : h->address;
}

/* All that the inventory's entries add to the question, without the address. */
static char *entries_key(const struct host *h)
{
    char port[16];

    snprintf(port, sizeof port, "%d", h->port);
    return mem_format("%s\n%s\n%s\n%s\n%s\n%s", h->address ? "addressed" : "", port,
                      h->user ? h->user : "", h->identity ? h->identity : "",
                      h->jump ? h->jump : "", h->known_hosts ? h->known_hosts : "");
}

static char *host_key(const struct host *h)
{
    char *entries = entries_key(h);
    char *key = mem_format("%s\n%s\n%s", h->name, h->address ? h->address : "", entries);

    free(entries);
    return key;
}

/* ---- inquiries: one `ssh -G` each ---- */

static void cache_pump(struct cache *c);

static void wake_waiting(struct inquiry *i);

static void inquiry_fail(struct inquiry *i, char *why)
{
    i->error = why;
    i->state = INQUIRY_DONE;
}

static void on_answer(void *data, const struct child_end *end)
{
    struct inquiry *i = data;
    char *said = result_one_line(end->err->data, end->err->len);

    i->child = NULL;
    i->cache->running--;
    if (end->status == 0 && !end->out->cut && end->out->len) {
        i->text = buf_take(end->out);
        i->state = INQUIRY_DONE;
    } else if (end->late) {
        inquiry_fail(
            i, mem_format("\"ssh -G %s\" gave no answer within %d s", i->name, ASK_MS / 1000));
    } else {
        inquiry_fail(i, mem_format("the ssh configuration for \"%s\" cannot be used: %s", i->name,
                                   said ? said : "ssh -G gave no answer"));
    }
    free(said);
    wake_waiting(i);
    cache_pump(i->cache);
}

static void inquiry_run(struct inquiry *i)
{
    struct err e = {0};

    i->state = INQUIRY_RUNNING;
    i->child = child_start(i->cache->loop, i->argv, ASK_MS, ASK_MAX, on_answer, i, &e);
    if (i->child) {
        i->cache->running++;
        return;
    }
    inquiry_fail(i, mem_dup(e.text));
    wake_waiting(i);
}

static void cache_pump(struct cache *c)
{
    struct inquiry *i;

    for (i = c->inquiries; i && c->running < ASK_SIDE_BY_SIDE; i = i->next)
        if (i->state == INQUIRY_QUEUED)
            inquiry_run(i);
}

static struct inquiry *find_inquiry(struct cache *c, const char *key)
{
    struct inquiry *i;

    for (i = c->inquiries; i && strcmp(i->key, key) != 0;)
        i = i->next;
    return i;
}

static char **inquiry_argv(const struct cache *c, const struct host *h, const char *name)
{
    char **argv = ssh_command_begin(c->program, h);

    argv = argv_add(argv, "-T"); /* else it has something to say about terminals */
    argv = argv_add(argv, "-G");
    argv = argv_add(argv, "--");
    return argv_add(argv, name);
}

/* Takes `key`. */
static struct inquiry *inquiry_for(struct cache *c, const struct host *h, char *key)
{
    struct inquiry *i = find_inquiry(c, key);

    if (i) {
        free(key);
        return i;
    }
    i = mem_alloc(sizeof *i);
    i->cache = c;
    i->key = key;
    i->name = mem_dup(asked_name(c, h));
    i->argv = inquiry_argv(c, h, i->name);
    i->next = c->inquiries;
    c->inquiries = i;
    return i;
}

static struct inquiry *shared_inquiry(struct cache *c, const struct host *h)
{
    char *class = ssh_scan_class(&c->scan, asked_name(c, h)), *entries, *key;

    if (!class)
        return inquiry_for(c, h, host_key(h));
    entries = entries_key(h);
    key = mem_format("class %s\n%s", class, entries);
    free(entries);
    free(class);
    return inquiry_for(c, h, key);
}

/* An answer is for others too unless the HostName in it was made from the name. */
static bool is_for(const struct inquiry *i, const struct host *h, const char *name)
{
    char *address;
    bool same;

    if (h->address || strcmp(i->name, name) == 0)
        return true;
    address = ssh_config_value(i->text, "hostname");
    same = address && strcasecmp(address, i->name) == 0;
    free(address);
    return same;
}

/* ---- queries ---- */

static void replace(char **place, const char *text)
{
    if (!text)
        return;
    free(*place);
    *place = mem_dup(text);
}

static void replace_first(char ***list, char **others, const char *first)
{
    size_t i;

    *list = argv_add(NULL, first);
    for (i = 0; others[i]; i++)
        *list = argv_add(*list, others[i]);
    argv_free(others);
}

/* Without an ssh that is given them as options, the inventory's entries are put in here. */
static void apply_entries(struct ssh_settings *s, struct ssh_extras *x, const struct host *h)
{
    replace(&s->user, h->user);
    replace(&s->proxy, h->jump);
    s->port = h->port ? h->port : s->port;
    if (h->identity)
        replace_first(&s->identities, s->identities, h->identity);
    if (h->known_hosts)
        replace_first(&s->known_hosts, s->known_hosts, h->known_hosts);
    if (h->jump)
        x->reason = mem_format("it is reached by way of ProxyJump \"%s\"", h->jump);
}

static const struct ssh_settings *remember(struct cache *c, const struct host *h, const char *text)
{
    struct answer *a = mem_alloc(sizeof *a);
    const char *name = asked_name(c, h);
    const char *address = h->address;
    struct ssh_extras extras;
    char *said = ssh_config_value(text, "hostname"), *asked = ssh_config_value(text, "host");

    if (!address && said && asked && strcasecmp(said, asked) == 0)
        address = name; /* not that of the host which was asked about */
    a->key = host_key(h);
    ssh_config_parse(text, name, address, &a->settings, &extras);
    if (!text)
        apply_entries(&a->settings, &extras, h);
    a->settings.has_openssh = c->program != NULL;
    ssh_needs_judge(&c->files, &a->settings, &extras, h->identity);
    free(extras.reason);
    free(said);
    free(asked);
    a->next = c->answers;
    c->answers = a;
    return &a->settings;
}

static void query_unlink(struct ssh_settings_query *q)
{
    struct ssh_settings_query **at = &q->cache->queries;

    while (*at && *at != q)
        at = &(*at)->next;
    if (*at)
        *at = q->next;
    loop_timer_stop(q->wake);
}

static void query_done(struct ssh_settings_query *q, const struct ssh_settings *s,
                       const struct err *e)
{
    query_unlink(q);
    q->done(q->data, s, e);
    free(q);
}

static const struct ssh_settings *remembered(const struct cache *c, const struct host *h)
{
    char *key = host_key(h);
    const struct answer *a;

    for (a = c->answers; a && strcmp(a->key, key) != 0;)
        a = a->next;
    free(key);
    return a ? &a->settings : NULL;
}

static void on_wake(void *data)
{
    struct ssh_settings_query *q = data;

    q->wake = NULL;
    query_step(q);
}

static void query_wake(struct ssh_settings_query *q)
{
    if (!q->wake)
        q->wake = loop_timer_start(q->cache->loop, 0, on_wake, q);
}

static void wake_waiting(struct inquiry *i)
{
    struct ssh_settings_query *q;

    for (q = i->cache->queries; q; q = q->next)
        if (q->inquiry == i)
            query_wake(q);
}

static void inquiry_told(struct ssh_settings_query *q)
{
    struct inquiry *i = q->inquiry;
    struct err e = {0};

    if (i->error) {
        err_set(&e, ERR_UNREACHABLE, "%s", i->error);
        query_done(q, NULL, &e);
    } else if (is_for(i, q->host, asked_name(q->cache, q->host))) {
        query_done(q, remember(q->cache, q->host, i->text), NULL);
    } else {
        q->inquiry = inquiry_for(q->cache, q->host, host_key(q->host));
        cache_pump(q->cache);
        if (q->inquiry->state == INQUIRY_DONE)
            query_wake(q);
    }
}

static void query_step(struct ssh_settings_query *q)
{
    struct cache *c = q->cache;
    const struct ssh_settings *known = remembered(c, q->host);

    if (known) {
        query_done(q, known, NULL);
    } else if (!c->program) {
        query_done(q, remember(c, q->host, NULL), NULL);
    } else if (q->inquiry) {
        inquiry_told(q);
    } else {
        q->inquiry = shared_inquiry(c, q->host);
        cache_pump(c);
        if (q->inquiry->state == INQUIRY_DONE)
            query_wake(q);
    }
}

struct ssh_settings_query *ssh_settings_get(struct loop *l, const struct host *h,
                                            void (*done)(void *data, const struct ssh_settings *s,
                                                         const struct err *e),
                                            void *data)
{
    struct ssh_settings_query *q = mem_alloc(sizeof *q);

    q->cache = loop_keep(l, cache_make, cache_drop);
    q->host = h;
    q->done = done;
    q->data = data;
    q->next = q->cache->queries;
    q->cache->queries = q;
    query_wake(q);
    return q;
}

void ssh_settings_cancel(struct ssh_settings_query *q)
{
    if (!q)
        return;
    query_unlink(q);
    free(q);
}
