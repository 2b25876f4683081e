/* params.c: what a step finds in `params`. */
#include "script/params.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse_number(const char *text, bool duration, json_int_t *n)
{
    static const struct {
        char unit;
        json_int_t seconds;
    } units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
    char *end;
    size_t i;

    errno = 0;
    *n = strtoll(text, &end, 10);
    if (end == text || errno || (duration && *n < 0))
        return -1;
    if (*end == 0)
        return 0;
    for (i = 0; duration && i < sizeof units / sizeof *units; i++) {
        if (end[0] == units[i].unit && end[1] == 0)
            return __builtin_mul_overflow(*n, units[i].seconds, n) ? -1 : 0;
    }
    return -1;
}

static json_t *value_of(const struct param *p, const char *text, struct err *e)
{
    json_int_t n;

    if (p->type == PARAM_INT || p->type == PARAM_DURATION) {
        if (parse_number(text, p->type == PARAM_DURATION, &n) == 0)
            return json_integer(n);
        err_set(e, ERR_USAGE, "parameter \"%s\" is no %s: \"%s\"", p->name,
                p->type == PARAM_INT ? "integer" : "duration such as 90, 30s or 15m", text);
        return NULL;
    }
    if (p->type == PARAM_URL && strncmp(text, "http://", 7) != 0 &&
        strncmp(text, "https://", 8) != 0) {
        err_set(e, ERR_USAGE, "parameter \"%s\" is no http:// or https:// URL: \"%s\"", p->name, text);
        return NULL;
    }
    return json_string(text);
}

static int add_params(json_t *into, const struct playbook *b, const json_t *given, struct err *e)
{
    size_t i;

    for (i = 0; b && i < b->param_count; i++) {
        const struct param *p = &b->params[i];
        const char *text = json_string_value(json_object_get(given, p->name));
        json_t *value;

        if (!text)
            text = p->fallback;
        if (!text)
            continue;
        value = value_of(p, text, e);
        if (!value)
            return -1;
        json_object_set_new(into, p->name, value);
    }
    return 0;
}

json_t *params_resolve(const struct incident *i, const struct playbook *b, const json_t *given,
                       struct err *e)
{
    json_t *all = json_object();

    if (add_params(all, i ? &i->symptom : NULL, given, e) == 0 && add_params(all, b, given, e) == 0)
        return all;
    json_decref(all);
    return NULL;
}

int params_check(const struct incident *i, const json_t *given, struct err *e)
{
    const char *name;
    json_t *value;
    size_t k;

    json_object_foreach((json_t *)given, name, value) {
        bool known = playbook_param(&i->symptom, name) != NULL;

        for (k = 0; k < i->count && !known; k++)
            known = playbook_param(i->playbooks[k], name) != NULL;
        if (!known)
            return err_set(e, ERR_USAGE, "unknown parameter \"%s\"", name);
    }
    return 0;
}
