/* inventory_record.c: the hosts of a former run, as its record has them. */
#include "base/mem.h"
#include "model/inventory.h"
#include "model/inventory_groups.h"

#include <string.h>

static char *text_of(const json_t *line, const char *key)
{
    return mem_dup(json_string_value(json_object_get(line, key)));
}

struct inventory *inventory_of_record(const json_t *record)
{
    struct inventory *inv = mem_alloc(sizeof *inv);
    const json_t *line;
    size_t i;

    json_array_foreach(record, i, line)
    {
        const char *kind = json_string_value(json_object_get(line, "kind"));
        const char *name = json_string_value(json_object_get(line, "name"));
        struct host *h;

        if (!kind || strcmp(kind, "host") != 0 || !name || inventory_host(inv, name))
            continue;
        h = inventory_add_host(inv, name, NULL);
        h->address = text_of(line, "address");
        h->transport = mem_dup("replay");
        h->vars = json_deep_copy(json_object_get(line, "vars"));
        if (!h->vars)
            h->vars = json_object();
        h->implied = json_is_true(json_object_get(line, "implied"));
    }
    return inv;
}
