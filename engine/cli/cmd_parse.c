/* cmd_parse.c: one of lua/'s parsers as a filter: text in, JSON out. */
#include "cli/command.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "cli/message.h"
#include "cli/session.h"
#include "script/parse.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INPUT_MAX = 256 << 20 };

/* An array is one item a line, so that line tools can take it apart. */
static void print(json_t *json)
{
    size_t flags = isatty(STDOUT_FILENO) ? JSON_ENSURE_ASCII : 0;
    json_t *item;
    size_t i;

    if (!json_is_array(json)) {
        session_print_json(json, JSON_INDENT(2));
        return;
    }
    putchar('[');
    json_array_foreach(json, i, item)
    {
        fputs(i ? ",\n" : "\n", stdout);
        json_dumpf(item, stdout, flags | JSON_COMPACT | JSON_ENCODE_ANY | JSON_SORT_KEYS);
    }
    fputs(json_array_size(json) ? "\n]\n" : "]\n", stdout);
}

/* A filter runs here, whatever an inventory that happens to lie around calls "localhost". */
static const struct host here = {.name = (char[]){"localhost"}, .transport = (char[]){"local"}};

static int parse(struct session *s, const struct options *o)
{
    const char *file =
        o->operand_count > 1 && strcmp(o->operands[1], "-") != 0 ? o->operands[1] : NULL;
    struct err e = {0};
    struct buf b = {0};
    json_t *json = NULL;
    struct target *local = session_target(s, here.name, INT64_MAX);
    int code = local ? 0 : ERR_INTERNAL;

    if (code == 0 && file_read(file ? file : "-", INPUT_MAX, &b, &e) != 0)
        code = message_err(&e);
    if (code == 0) {
        json = parse_text(s->loop, local, s->lua, o->operands[0], b.data, b.len, file, &e);
        if (json)
            print(json);
        else
            code = message_err(&e);
    }
    json_decref(json);
    buf_release(&b);
    return code;
}

static int run(const struct options *o)
{
    struct session s;
    int code;

    session_init(&s, o, "parse");
    code = session_load_local(&s);
    session_add_host(&s, &here);
    if (code == 0)
        code = parse(&s, o);
    session_release(&s);
    return code;
}

static const int exits[] = {0, 1, 64, 65, -1};

const struct command_entry cmd_parse = {
    .name = "parse",
    .operands = "KIND [FILE]",
    .summary = "read a log, a configuration or a tool's output as JSON",
    .about = "Reads FILE, or standard input, with the parser that diagnoses use, and prints JSON.\n"
             "KIND is the name of what is read; a wrong one names all that there are.",
    .examples = "  fettle parse nginx-error /var/log/nginx/error.log\n"
                "  fettle parse nginx-config /etc/nginx/nginx.conf\n"
                "  ss -H -ltnp | fettle parse ss",
    .exits = exits,
    .least = 1,
    .most = 2,
    .run = run,
};
