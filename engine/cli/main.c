/* main.c: finds the subcommand and ends with its exit code. */
#include "cli/command.h"
#include "cli/message.h"
#include "io/askpass.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command_entry *const commands[] = {
    &cmd_diagnose, &cmd_fix,  &cmd_plan,    &cmd_apply, &cmd_undo,  &cmd_recover, &cmd_runs,  &cmd_show,
    &cmd_report,   &cmd_list, &cmd_explain, &cmd_lint,  &cmd_test, &cmd_hosts, &cmd_parse, NULL,
};

const struct command_entry *const *command_all(void)
{
    return commands;
}

const struct command_entry *command_find(const char *name)
{
    size_t i;

    for (i = 0; commands[i]; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

/* What was written may still fail on a full disk; a reader that has gone (`| head`) is no error. */
static int finish(int code)
{
    if ((fflush(stdout) != 0 || ferror(stdout)) && errno != EPIPE) {
        message("cannot write to standard output: %s", strerror(errno));
        return code ? code : ERR_INTERNAL;
    }
    return code;
}

static int run(const struct options *o)
{
    if (o->version) {
        printf("fettle %s\n", FETTLE_VERSION);
        return 0;
    }
    if (o->help) {
        options_print_help(o->command);
        return 0;
    }
    if (!o->command) {
        options_print_usage(NULL);
        return ERR_USAGE;
    }
    return o->command->run(o);
}

/* Whoever starts us with one of the three closed (`>&-`, some daemons) would have the loop's or the
 * record's descriptor take its number, and our words go there.  In its place comes one that can
 * only be used the wrong way round, so that a write still fails and is told. */
static void hold_standard_descriptors(void)
{
    static const int ways[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    int fd;

    for (fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", ways[fd]) != fd)
            _exit(ERR_INTERNAL);
}

int main(int argc, char **argv)
{
    struct options o;
    struct err e = {0};
    int code;

    if (askpass_is_meant())
        return askpass_main(argc, argv);
    hold_standard_descriptors();
    /* A pipe that closes must not end us in the middle of a transaction. */
    signal(SIGPIPE, SIG_IGN);
    /* So that what goes to standard error stands at its place also where both go into a file. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (options_parse(&o, argc, argv, &e) != 0) {
        code = message_err(&e);
        options_print_usage(o.command);
    } else {
        code = run(&o);
    }
    options_release(&o);
    return finish(code);
}
