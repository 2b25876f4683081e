/* library.c: the playbooks at hand. */
#include "cli/library.h"

#include "base/mem.h"
#include "cli/message.h"

#include <stdlib.h>

char *library_folder(int *code)
{
    struct err e = {0};
    char *data = data_folder(&e);
    char *folder = data ? mem_format("%s/playbooks", data) : NULL;

    if (!data)
        *code = message_err(&e);
    free(data);
    return folder;
}

struct incident *library_incident(const char *name, const char *folder, int *code)
{
    struct problems problems = {0};
    struct err e = {0};
    struct incident *i = incident_load(name, folder, &problems, &e);

    if (problems.count)
        *code = message_problems(&problems);
    else if (!i)
        *code = message_err(&e);
    if (problems.count && i) {
        incident_free(i);
        i = NULL;
    }
    problems_release(&problems);
    return i;
}
