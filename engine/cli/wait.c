/* wait.c: waits for the end of what change/ does on a host. */
#include "cli/wait.h"

#include "base/mem.h"

#include <stdlib.h>

void wait_done(void *data, const struct change_result *r)
{
    struct wait *w = data;

    w->result = *r;
    w->result.text = mem_dup(r->text ? r->text : "");
    w->result.detail = mem_dup(r->detail);
    w->done = true;
}

void wait_release(struct wait *w)
{
    free(w->result.text);
    free(w->result.detail);
}
