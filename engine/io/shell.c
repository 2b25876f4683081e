/* shell.c: how a program begins on a host, whatever its login shell. */
#include "io/shell.h"

#include "base/argv.h"
#include "base/buf.h"
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

/* No newline, quote, backslash or `!`: within single quotes they mean different things to csh,
 * fish and sh.  `read` takes its input byte by byte, so what follows the program is left alone. */
static const char reader[] =
    "b=0;p=;n=$(echo;echo .);n=${n%.};while IFS= read -r l;do case $b$l in 0:fettle:)b=1;;"
    "1.)b=2;break;;1:*)p=$p${l#:}$n;;esac;done;if [ $b = 2 ];then eval \"$p\";fi";

enum { PROGRAM_MAX = 1 << 20 };

int shell_check_become(const char *become, struct err *e)
{
    if (!become || strcmp(become, "sudo") == 0)
        return 0;
    if (strncmp(become, "sudo:", 5) == 0 && become[5] && become[5] != '-' &&
        !strpbrk(become + 5, " \t\n'\\!"))
        return 0;
    return err_set(e, ERR_DATA, "unknown way to become another user: \"%s\"", become);
}

const char *shell_reader(void)
{
    return reader;
}

/* "sudo" is root's, "sudo:USER" another's; -n: it never asks, it fails. */
char **shell_argv(const char *become)
{
    char **argv = NULL;

    if (become) {
        argv = argv_add(argv, "sudo");
        argv = argv_add(argv, "-n");
        if (strncmp(become, "sudo:", 5) == 0) {
            argv = argv_add(argv, "-u");
            argv = argv_add(argv, become + 5);
        }
        argv = argv_add(argv, "--");
    }
    argv = argv_add(argv, "sh");
    argv = argv_add(argv, "-c");
    argv = argv_add(argv, reader);
    return argv_add(argv, "fettle");
}

char *shell_line(const char *become)
{
    char **argv = shell_argv(become);
    char *text = argv_text(argv), *line = mem_format("exec %s", text);

    free(text);
    argv_free(argv);
    return line;
}

/* Each line behind a colon, so that none can be taken for the end. */
void shell_send(struct stream *s, const char *program)
{
    struct buf b;

    buf_init(&b, PROGRAM_MAX);
    buf_puts(&b, ":fettle:\n");
    while (*program) {
        size_t n = strcspn(program, "\n");

        buf_puts(&b, ":");
        buf_add(&b, program, n);
        buf_puts(&b, "\n");
        program += n + (program[n] == '\n');
    }
    buf_puts(&b, ".\n");
    s->ops->write(s, b.data, b.len);
    buf_release(&b);
}
