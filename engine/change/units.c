/* units.c: when the systemd units that fixes are for were started. */
#include "change/units.h"

#include "base/argv.h"
#include "base/mem.h"
#include "io/reader.h"

#include <stdlib.h>
#include <string.h>

struct units {
    struct target *target;
    struct fix *fix;
    size_t at; /* the command that is asked for */
    char **argv;
    units_done *done;
    void *data;
};

const char *units_of(char *const *argv)
{
    static const char *const verbs[] = {"start", "stop", "restart", "reload"};
    size_t i;

    if (argv_len(argv) != 3 || strcmp(argv[0], "systemctl") != 0)
        return NULL;
    for (i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
        if (strcmp(argv[1], verbs[i]) == 0)
            return argv[2];
    return NULL;
}

void units_cancel(struct units *u)
{
    if (!u)
        return;
    reader_cancel(u->target, u);
    argv_free(u->argv);
    free(u);
}

/* The digits after `KEY=` at the start of a line; owned, NULL where there are none. */
static char *value_of(const char *text, const char *key)
{
    size_t n = strlen(key), digits;

    for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : NULL) {
        if (strncmp(text, key, n) != 0)
            continue;
        digits = strspn(text + n, "0123456789");
        return digits && digits < 20 ? mem_dupn(text + n, digits) : NULL;
    }
    return NULL;
}

static void units_next(struct units *u);

static void units_read(void *data, const struct result *r)
{
    struct units *u = data;
    bool good = r->outcome == OUTCOME_EXIT && r->code == 0 && !r->out.cut && r->out.data;
    char *text = mem_dupn(good ? r->out.data : "", good ? r->out.len : 0);
    char *started = value_of(text, "ActiveEnterTimestampMonotonic=");
    char *restarts = value_of(text, "NRestarts=");

    /* No NRestarts before systemd 235, nor of what is no service. */
    if (started)
        u->fix->commands[u->at].unit_was = mem_format("%s %s", started, restarts ? restarts : "0");
    free(started);
    free(restarts);
    free(text);
    u->at++;
    units_next(u);
}

static bool units_ask(struct units *u)
{
    struct request q = {.limit = 4096};
    const char *unit = units_of(u->fix->commands[u->at].argv);

    if (!unit || u->fix->commands[u->at].unit_was)
        return false;
    argv_free(u->argv);
    u->argv = argv_split("systemctl show --no-pager "
                         "--property=ActiveEnterTimestampMonotonic,NRestarts --");
    u->argv = argv_add(u->argv, unit);
    q.argv = u->argv;
    return reader_submit(u->target, &q, units_read, u, NULL) == 0;
}

static bool units_go_on(struct units *u)
{
    for (; u->at < u->fix->command_count; u->at++)
        if (units_ask(u))
            return true;
    return false;
}

static void units_next(struct units *u)
{
    units_done *done = u->done;
    void *data = u->data;

    if (units_go_on(u))
        return;
    units_cancel(u);
    done(data);
}

struct units *units_start(struct target *t, struct fix *f, units_done *done, void *data)
{
    struct units *u = mem_alloc(sizeof(*u));

    u->target = t;
    u->fix = f;
    u->done = done;
    u->data = data;
    if (units_go_on(u))
        return u;
    units_cancel(u);
    return NULL;
}
