/* test_become.c: another user, with a password that is asked for. */
#include "helper.h"
#include "person.h"

#include "io/changer.h"

#include <sys/stat.h>

static char folder[64];

/* A sudo that takes "right word", once for each run, and writes down how often it read one. */
static const char fake_sudo[] = "#!/bin/sh\n"
                                "while [ $# -gt 0 ]; do case $1 in -n) n=1 ;; -v) v=1 ;; -p | -u) "
                                "shift ;; --) shift; break ;;\n"
                                "esac; shift; done\n"
                                "if [ \"$n\" ]; then echo 'sudo: it takes a word' >&2; exit 1; fi\n"
                                "IFS= read -r word; echo read >>FOLDER/log\n"
                                "if [ \"$word\" != 'right word' ]; then\n"
                                "    if IFS= read -r word; then echo more >>FOLDER/log; fi\n"
                                "    echo 'sudo: not that one' >&2; exit 1\n"
                                "fi\n"
                                "[ -z \"$v\" ] || exit 0\n"
                                "AS=other; export AS; exec \"$@\"\n";

static void write_fake(void)
{
    const char *from = fake_sudo, *at;
    char *path = mem_format("%s/sudo", folder);
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (; (at = strstr(from, "FOLDER")); from = at + 6)
        fprintf(f, "%.*s%s", (int)(at - from), from, folder);
    fputs(from, f);
    fchmod(fileno(f), 0755);
    fclose(f);
    free(path);
}

static int count_in_log(const char *word)
{
    char line[64], *path = mem_format("%s/log", folder);
    FILE *f = fopen(path, "r");
    int n = 0;

    while (f && fgets(line, sizeof line, f))
        n += strncmp(line, word, strlen(word)) == 0;
    if (f)
        fclose(f);
    free(path);
    return n;
}

static void open_with(struct world *w, struct person *p, struct asker *a, int timeout_ms)
{
    char *log = mem_format("%s/log", folder);

    unlink(log);
    free(log);
    world_open_with(w, p, a, timeout_ms, "sudo");
}

/* ---- what is expected ---- */

static void a_password_is_asked_for_once_and_seen_by_nobody(void **state)
{
    struct person p = {.answers = (const char *const[]){"right word"}};
    struct asker a;
    struct world w;
    struct asked first, second, third;

    (void)state;
    open_with(&w, &p, &a, 0);
    ask(&w, &first, SHELL("echo $AS"), 0, 0);
    assert_int_equal(first.outcome, OUTCOME_EXIT);
    assert_string_equal(first.out.data, "other\n");
    submit(&w, &second, ARGV("sleep", "0.3"), 0, 0);
    ask(&w, &third, SHELL("tr '\\0' '\\n' </proc/$PPID/environ; echo; ps -eo args"), 0, 0);
    assert_null(strstr(third.out.data, "right word"));
    assert_int_equal(loop_run(w.loop, &second.done), 0);
    assert_int_equal(p.asked, 1);
    assert_int_equal(count_processes("right word"), 0);
    asked_release(&first);
    asked_release(&second);
    asked_release(&third);
    world_close(&w);
}

static void a_wrong_password_counts_once_and_is_asked_for_again(void **state)
{
    struct person p = {.answers = (const char *const[]){"wrong", ":fettle:", "right word"}};
    struct asker a;
    struct world w;
    struct asked r;

    (void)state;
    open_with(&w, &p, &a, 0);
    ask(&w, &r, SHELL("echo $AS"), 0, 0);
    assert_string_equal(r.out.data, "other\n");
    assert_int_equal(p.asked, 3);
    assert_int_equal(count_in_log("read"), 4); /* two wrong ones, one that is tried, and its use */
    assert_int_equal(count_in_log("more"), 0);
    asked_release(&r);
    world_close(&w);
}

static void who_does_not_say_it_is_not_let_in(void **state)
{
    struct person p = {.answers = (const char *const[]){NULL, NULL}};
    struct asker a;
    struct world w;
    struct asked r;

    (void)state;
    open_with(&w, &p, &a, 0);
    ask(&w, &r, SHELL("echo $AS"), 0, 0);
    assert_int_equal(r.outcome, OUTCOME_UNREACHABLE);
    assert_int_equal(p.asked, 1);
    asked_release(&r);
    world_close(&w);
}

static void the_clock_stands_still_while_a_person_thinks(void **state)
{
    int time_ms = over_ssh ? 25000 : 8000; /* what the rest needs, on a slow machine */
    struct person p = {.answers = (const char *const[]){"right word"},
                       .thinks_ms = time_ms + 1000};
    struct asker a;
    struct world w;
    struct asked r;

    (void)state;
    open_with(&w, &p, &a, time_ms);
    ask(&w, &r, SHELL("echo $AS"), 0, 0);
    assert_string_equal(r.out.data, "other\n");
    asked_release(&r);
    world_close(&w);
}

static void a_target_may_be_freed_while_a_person_thinks(void **state)
{
    struct person p = {.answers = (const char *const[]){"right word"}, .thinks_ms = 60 * 1000};
    struct asker a;
    struct world w;
    struct asked r;

    (void)state;
    open_with(&w, &p, &a, 0);
    submit(&w, &r, SHELL("echo $AS"), 0, 0);
    wait_for_question(&w, &p);
    world_close(&w);
    assert_int_equal(p.cancelled, 1);
    assert_false(r.done);
}

static void on_line(void *data, const char *line, size_t n)
{
    (void)n;
    assert_string_equal(line, "other|in|put");
    ++*(int *)data;
}

static bool ended;

static void on_end(void *data, const struct result *r)
{
    (void)data;
    assert_int_equal(r->outcome, OUTCOME_EXIT);
    assert_int_equal(r->code, 7);
    ended = true;
}

static void a_change_becomes_somebody_too(void **state)
{
    struct person p = {.answers = (const char *const[]){"right word"}};
    int lines = 0;
    struct changer_calls calls = {on_line, on_end, &lines};
    struct asker a;
    struct world w;

    (void)state;
    ended = false;
    open_with(&w, &p, &a, 0);
    assert_non_null(changer_start(w.target, "read a; read b; echo \"$AS|$a|$b\"; exit 7",
                                  "in\nput\n", 7, 0, &calls, NULL));
    assert_int_equal(loop_run(w.loop, &ended), 0);
    assert_int_equal(lines, 1);
    world_close(&w);
}

static void without_anybody_to_ask_sudo_has_the_last_word(void **state)
{
    struct world w;
    struct asked r;

    (void)state;
    world_open(&w, NULL, "sudo");
    ask(&w, &r, SHELL("echo $AS"), 0, 0);
    assert_int_equal(r.outcome, OUTCOME_UNREACHABLE);
    assert_string_equal(r.why, "sudo: it takes a word");
    asked_release(&r);
    world_close(&w);
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_is_asked_for_once_and_seen_by_nobody),
        cmocka_unit_test(a_wrong_password_counts_once_and_is_asked_for_again),
        cmocka_unit_test(who_does_not_say_it_is_not_let_in),
        cmocka_unit_test(the_clock_stands_still_while_a_person_thinks),
        cmocka_unit_test(a_target_may_be_freed_while_a_person_thinks),
        cmocka_unit_test(a_change_becomes_somebody_too),
        cmocka_unit_test(without_anybody_to_ask_sudo_has_the_last_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

static void remove_folder(void)
{
    char *command = mem_format("rm -r %s", folder);

    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", folder);
    free(command);
}

int main(int argc, char **argv)
{
    char *path;

    if (askpass_is_meant())
        return askpass_main(argc, argv);
    strcpy(folder, "/tmp/fettle-become-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    atexit(remove_folder);
    write_fake();
    path = mem_format("%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    free(path);
    return run_over(argc, argv, run_all);
}
