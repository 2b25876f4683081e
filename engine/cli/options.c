/* options.c: the command line, read once. */
#include "cli/options.h"

#include "base/argv.h"
#include "base/mem.h"
#include "cli/batch.h"
#include "cli/command.h"
#include "cli/option_table.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Those that only a subcommand which names them takes. */
static const unsigned own_uses = USE_DRY_RUN | USE_OUTPUT | USE_APPROVE | USE_YES | USE_CHECK | USE_BATCH;

static int take_seconds(const char *name, const char *text, int *seconds, struct err *e)
{
    char *end;
    long n;

    errno = 0;
    n = strtol(text, &end, 10);
    if (errno || *end || end == text || n < 1 || n > 86400)
        return err_set(e, ERR_USAGE, "--%s needs a number of seconds from 1 to 86400, not \"%s\"",
                       name, text);
    *seconds = (int)n;
    return 0;
}

static int take_count(const char *name, const char *text, int *count, struct err *e)
{
    size_t n = strspn(text, "0123456789");

    if (!n || text[n] || n > 4)
        return err_set(e, ERR_USAGE, "--%s needs a number from 0 to 9999, not \"%s\"", name, text);
    *count = atoi(text);
    return 0;
}

static int take_param(struct options *o, const char *text, struct err *e)
{
    const char *equals = strchr(text, '=');
    struct param_given *given;

    if (!equals || equals == text)
        return err_set(e, ERR_USAGE, "--param needs KEY=VALUE, not \"%s\"", text);
    o->params = mem_grow(o->params, o->param_count + 1, sizeof *o->params);
    given = &o->params[o->param_count++];
    given->key = mem_dupn(text, (size_t)(equals - text));
    given->value = mem_dup(equals + 1);
    return 0;
}

static void set_text(char **to, const char *text)
{
    free(*to);
    *to = mem_dup(text);
}

static void add_with_comma(char **to, const char *text)
{
    char *joined = *to ? mem_format("%s,%s", *to, text) : mem_dup(text);

    free(*to);
    *to = joined;
}

static bool *flag_of(struct options *o, int key)
{
    switch (key) {
    case KEY_JSON:
        return &o->json;
    case KEY_EVENTS:
        return &o->events;
    case KEY_NO_COLOR:
        return &o->no_color;
    case KEY_QUIET:
        return &o->quiet;
    case KEY_VERBOSE:
        return &o->verbose;
    case KEY_HELP:
        return &o->help;
    case KEY_VERSION:
        return &o->version;
    case KEY_DRY_RUN:
        return &o->dry_run;
    case KEY_YES:
        return &o->yes;
    case KEY_CHECK:
        return &o->check;
    case KEY_APPROVE_RECOMMENDED:
        return &o->approve_recommended;
    default:
        return NULL;
    }
}

static int take_option(struct options *o, int key, const char *value, struct err *e)
{
    bool *flag = flag_of(o, key);

    if (flag) {
        *flag = true;
        return 0;
    }
    switch (key) {
    case KEY_INVENTORY:
        set_text(&o->inventory, value);
        return 0;
    case KEY_HOST:
        add_with_comma(&o->hosts, value);
        return 0;
    case KEY_PARAM:
        return take_param(o, value, e);
    case KEY_TIMEOUT:
        return take_seconds("timeout", value, &o->timeout_s, e);
    case KEY_CONFIRM_TIMEOUT:
        return take_seconds("confirm-timeout", value, &o->confirm_timeout_s, e);
    case KEY_PLAN_TTL:
        return take_seconds("plan-ttl", value, &o->plan_ttl_s, e);
    case KEY_MAX_FAILURES:
        return take_count("max-failures", value, &o->max_failures, e);
    case KEY_BATCH:
        set_text(&o->batch, value);
        return batch_check(value, e);
    case KEY_OUTPUT:
        set_text(&o->output, value);
        return 0;
    case KEY_APPROVE:
        add_with_comma(&o->approve, value);
        return 0;
    case KEY_PLAN_SHA256:
        set_text(&o->plan_sha256, value);
        return 0;
    default:
        return err_set(e, ERR_INTERNAL, "option %d is not handled", key);
    }
}

static unsigned use_of(int key)
{
    size_t i;

    for (i = 0; option_table[i].name; i++)
        if (option_table[i].key == key)
            return option_table[i].use;
    return 0;
}

static const char *name_of(int key)
{
    size_t i;

    for (i = 0; option_table[i].name; i++)
        if (option_table[i].key == key)
            return option_table[i].name;
    return "?";
}

static int bad_option(int what, char **argv, struct err *e)
{
    const char *missing = what == ':' ? " needs a value" : "";
    const char *word = argv[optind - 1];

    /* getopt leaves the letter of a short option in optopt, and 0 for a long one. */
    if (what == ':' && optopt)
        return err_set(e, ERR_USAGE, "option --%s needs a value", name_of(optopt));
    if (optopt && optopt < 256)
        return err_set(e, ERR_USAGE, "unknown option \"-%c\"%s", optopt, missing);
    if (optopt)
        return err_set(e, ERR_USAGE, "option --%s takes no value", name_of(optopt));
    return err_set(e, ERR_USAGE, "unknown option \"%s\"%s", word, missing);
}

static void fill_tables(struct option longs[OPTION_COUNT + 1], char shorts[64])
{
    size_t i;
    /* "-": operands come in their place as key 1, also under POSIXLY_CORRECT; ":" tells a
     * missing value from an unknown option. */
    size_t used = (size_t)snprintf(shorts, 64, "-:");

    memset(longs, 0, (OPTION_COUNT + 1) * sizeof *longs);
    for (i = 0; option_table[i].name; i++) {
        longs[i].name = option_table[i].name;
        longs[i].has_arg = option_table[i].argument ? required_argument : no_argument;
        longs[i].val = option_table[i].key;
        if (option_table[i].key < 256)
            used += (size_t)snprintf(shorts + used, 64 - used, "%c%s", option_table[i].key,
                                     option_table[i].argument ? ":" : "");
    }
}

static void add_operand(struct options *o, const char *word)
{
    o->operands = argv_add(o->operands, word);
    o->operand_count++;
}

/* The first operand names the subcommand; `fettle help CMD` is `fettle CMD --help`. */
static int find_command(struct options *o, struct err *e)
{
    const char *name;

    if (o->operand_count && strcmp(o->operands[0], "help") == 0) {
        o->help = true;
        free(o->operands[0]);
        memmove(o->operands, o->operands + 1, o->operand_count-- * sizeof *o->operands);
    }
    if (o->operand_count == 0)
        return 0;
    name = o->operands[0];
    o->command = command_find(name);
    if (!o->command)
        return err_set(e, ERR_USAGE, "there is no command \"%s\"", name);
    free(o->operands[0]);
    memmove(o->operands, o->operands + 1, o->operand_count-- * sizeof *o->operands);
    return 0;
}

static int check_operands(const struct options *o, struct err *e)
{
    const struct command_entry *c = o->command;

    if (!c || o->help || o->version)
        return 0;
    if (o->operand_count < c->least)
        return err_set(e, ERR_USAGE, "%s needs %s", c->name, c->operands);
    if (o->operand_count > c->most)
        return err_set(e, ERR_USAGE, "%s takes no more operands: \"%s\"", c->name,
                       o->operands[c->most]);
    return 0;
}

static int read_words(struct options *o, int argc, char **argv, unsigned *uses, struct err *e)
{
    struct option longs[OPTION_COUNT + 1];
    char shorts[64];
    int key;

    fill_tables(longs, shorts);
    opterr = 0;
    while ((key = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
        if (key == '?' || key == ':')
            return bad_option(key, argv, e);
        if (key == 1) {
            add_operand(o, optarg);
            continue;
        }
        if (take_option(o, key, optarg, e) != 0)
            return -1;
        *uses |= use_of(key) & own_uses;
    }
    for (; optind < argc; optind++)
        add_operand(o, argv[optind]);
    return 0;
}

int options_parse(struct options *o, int argc, char **argv, struct err *e)
{
    unsigned uses = 0;
    size_t i;
    bool failed;

    memset(o, 0, sizeof *o);
    o->program = mem_dup(argc > 0 && strchr(argv[0], '/') ? argv[0] : "fettle");
    failed = read_words(o, argc, argv, &uses, e) != 0;
    /* Also after a wrong option, for the usage line of the right subcommand. */
    if (find_command(o, failed ? NULL : e) != 0 || failed)
        return -1;
    uses &= o->command ? ~o->command->options : ~0u;
    for (i = 0; uses && option_table[i].name; i++)
        if (option_table[i].use & uses)
            return err_set(e, ERR_USAGE, "%s has no option --%s",
                           o->command ? o->command->name : "fettle", option_table[i].name);
    return check_operands(o, e);
}

void options_release(struct options *o)
{
    size_t i;

    for (i = 0; i < o->param_count; i++) {
        free(o->params[i].key);
        free(o->params[i].value);
    }
    free(o->params);
    free(o->program);
    free(o->inventory);
    free(o->hosts);
    free(o->output);
    free(o->approve);
    free(o->plan_sha256);
    free(o->batch);
    argv_free(o->operands);
    memset(o, 0, sizeof *o);
}

char *options_command_line(const struct options *o, const char *command, const char *rest)
{
    char **words = argv_add(argv_add(NULL, o->program), command);
    char *text, *line;
    size_t i;

    if (o->operand_count)
        words = argv_add(words, o->operands[0]);
    if (o->inventory)
        words = argv_add(argv_add(words, "-i"), o->inventory);
    if (o->hosts)
        words = argv_add(argv_add(words, "-H"), o->hosts);
    for (i = 0; i < o->param_count; i++) {
        char *pair = mem_format("%s=%s", o->params[i].key, o->params[i].value);

        words = argv_add(argv_add(words, "-p"), pair);
        free(pair);
    }
    text = argv_text(words);
    line = rest ? mem_format("%s %s", text, rest) : mem_dup(text);
    free(text);
    argv_free(words);
    return line;
}
