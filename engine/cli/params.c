/* params.c: -p KEY=VALUE against what the playbooks declare. */
#include "cli/params.h"

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

static bool is_digits(const char *text)
{
    return *text && text[strspn(text, "0123456789")] == '\0';
}

static bool is_duration(const char *text)
{
    size_t n = strspn(text, "0123456789");

    return n > 0 && n < 10 && (text[n] == '\0' || (strchr("smhd", text[n]) && text[n + 1] == '\0'));
}

/* As strict as <url> in a playbook's patterns, so that a command can take it. */
static bool is_url(const char *text)
{
    const char *p = strncmp(text, "http://", 7) == 0    ? text + 7
                    : strncmp(text, "https://", 8) == 0 ? text + 8
                                                        : "";

    if (!*p || *p == '/')
        return false;
    for (; *p; p++)
        if (*p <= ' ' || *p > '~' || strchr("\"'\\`<>", *p))
            return false;
    return true;
}

static const char *wrong(enum param_type type, const char *value)
{
    switch (type) {
    case PARAM_INT: return is_digits(value) ? NULL : "a whole number";
    case PARAM_DURATION: return is_duration(value) ? NULL : "a duration such as 90, 30s, 15m or 2h";
    case PARAM_URL: return is_url(value) ? NULL : "an address such as http://127.0.0.1/";
    case PARAM_STRING: break;
    }
    return NULL;
}

json_t *params_check(const struct incident *i, const struct options *o, struct err *e)
{
    json_t *params = json_object();
    size_t n;

    for (n = 0; n < o->param_count; n++) {
        const struct param_given *given = &o->params[n];
        const struct param *param = find(i, given->key);
        const char *wanted = param ? wrong(param->type, given->value) : NULL;
        json_t *value;

        if (!param) {
            unknown(i, given->key, e);
            goto failed;
        }
        value = json_string(given->value);
        if (wanted || !value) {
            json_decref(value);
            err_set(e, ERR_USAGE, "parameter \"%s\" needs %s, not \"%s\"", given->key,
                    wanted ? wanted : "UTF-8 text", given->value);
            goto failed;
        }
        json_object_set_new(params, given->key, value);
    }
    return params;
failed:
    json_decref(params);
    return NULL;
}
