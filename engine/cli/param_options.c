/* param_options.c: -p KEY=VALUE against what the playbooks declare. */
#include "cli/param_options.h"

#include "base/buf.h"

#include <string.h>

const char *param_type_name(enum param_type t)
{
    static const char *const names[] = {"string", "int", "duration", "url"};

    return names[t];
}

static const struct param *find(const struct incident *i, const char *key)
{
    const struct param *found = playbook_param(&i->symptom, key);
    size_t n;

    for (n = 0; !found && n < i->count; n++)
        found = playbook_param(i->playbooks[n], key);
    return found;
}

static void add_names(struct buf *b, const struct playbook *p)
{
    size_t i;

    for (i = 0; i < p->param_count; i++)
        buf_addf(b, "%s%s", b->len ? ", " : "", p->params[i].name);
}

static int unknown(const struct incident *i, const char *key, struct err *e)
{
    struct buf names;
    size_t n;

    buf_init(&names, 512);
    add_names(&names, &i->symptom);
    for (n = 0; n < i->count; n++)
        add_names(&names, i->playbooks[n]);
    err_set(e, ERR_USAGE, "unknown parameter \"%s\": there %s", key,
            names.len ? "are " : "are none");
    strncat(e->text, names.data, sizeof e->text - strlen(e->text) - 1);
    buf_release(&names);
    return -1;
}

json_t *param_options_check(const struct incident *i, const struct options *o, struct err *e)
{
    json_t *params = json_object();
    size_t n;

    for (n = 0; n < o->param_count; n++) {
        const struct param_given *given = &o->params[n];
        const struct param *param = find(i, given->key);
        json_t *value;

        if (!param) {
            unknown(i, given->key, e);
            goto failed;
        }
        if (param_check(param, given->value, e) != 0) {
            e->code = ERR_USAGE; /* where it came from: the command line, not a file */
            goto failed;
        }
        value = json_string(given->value);
        if (!value) {
            err_set(e, ERR_USAGE, "parameter \"%s\" is not UTF-8", given->key);
            goto failed;
        }
        json_object_set_new(params, given->key, value);
    }
    return params;
failed:
    json_decref(params);
    return NULL;
}
