/* options_help.c: usage lines and help texts, out of the tables. */
#include "cli/command.h"
#include "cli/option_table.h"

#include <stdio.h>

void options_print_usage(const struct command_entry *c)
{
    if (c)
        fprintf(stderr, "usage: fettle %s%s%s [OPTION]…  (fettle %s --help says more)\n", c->name,
                *c->operands ? " " : "", c->operands, c->name);
    else
        fprintf(stderr, "usage: fettle COMMAND [OPERAND] [OPTION]…  (fettle --help says more)\n");
}

static void print_option(const struct option_entry *entry)
{
    const char *help = entry->help;
    char left[64];
    int n = snprintf(left, sizeof left, "%c%c%c --%s%s%s", entry->key < 256 ? '-' : ' ',
                     entry->key < 256 ? entry->key : ' ', entry->key < 256 ? ',' : ' ', entry->name,
                     entry->argument ? " " : "", entry->argument ? entry->argument : "");

    printf("  %s%*s", left, n < 30 ? 30 - n : 1, "");
    for (; *help; help++) {
        putchar(*help);
        if (*help == '\n')
            printf("%32s", "");
    }
    putchar('\n');
}

static const char *exit_meaning(int code)
{
    switch (code) {
    case 0:
        return "healthy, fixed and verified, or done";
    case 1:
        return "internal or I/O error";
    case 2:
        return "a cause was found and nothing was changed";
    case 3:
        return "the symptom is there, no cause confirmed";
    case 4:
        return "a host could not be reached or logged in to";
    case 5:
        return "refused: not approved, out of date, locked, not declared";
    case 6:
        return "a change failed and everything was put back";
    case 7:
        return "changed, but the symptom remained";
    case 8:
        return "putting back failed: a person must look";
    case 64:
        return "the command line is wrong";
    case 65:
        return "a playbook, inventory or plan is wrong";
    case 130:
        return "interrupted, with nothing half done";
    default:
        return "";
    }
}

static void print_exits(const int *codes)
{
    printf("\nExit codes:\n");
    for (; *codes >= 0; codes++)
        printf("  %3d  %s\n", *codes, exit_meaning(*codes));
}

static void print_overview(void)
{
    static const int all[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 64, 65, 130, -1};
    const struct command_entry *const *c;

    printf("usage: fettle COMMAND [OPERAND] [OPTION]…\n\n"
           "Finds out why a symptom such as \"nginx answers 502\" is there, shows the evidence,\n"
           "proposes the exact change, makes it after a yes, and can take it back.\n\nCommands:\n");
    for (c = command_all(); *c; c++)
        printf("  %-9s %s\n", (*c)->name, (*c)->summary);
    printf("  %-9s %s\n", "help", "the same as --help: fettle help COMMAND");
    printf("\nStart with:\n  fettle diagnose nginx-502      look, and change nothing\n"
           "  fettle fix nginx-502           look, then be asked about each fix\n");
    print_exits(all);
}

void options_print_help(const struct command_entry *c)
{
    size_t i;

    if (!c) {
        print_overview();
        return;
    }
    printf("usage: fettle %s%s%s [OPTION]…\n\n%s\n\nOptions:\n", c->name, *c->operands ? " " : "",
           c->operands, c->about);
    for (i = 0; option_table[i].name; i++)
        if (option_table[i].use & (c->options | USE_ALWAYS))
            print_option(&option_table[i]);
    printf("\nExamples:\n%s\n", c->examples);
    print_exits(c->exits);
}
