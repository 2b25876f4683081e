/* test_become.c: another user, with a password that is asked for. */
#include "helper.h"

#include "io/ask.h"
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

/* ---- a person ---- */

struct person {
    struct loop *loop;
    const char *const *answers; /* in turn; NULL: no answer */
    int asked, cancelled;
    int64_t thinks_ms;
    struct loop_timer *timer;
    ask_answer *answer;
    void *data;
};

static void answer_now(void *data)
{
    struct person *p = data;

    p->timer = NULL;
    p->answer(p->data, p->answers[p->asked++]);
}

static struct ask *person_start(void *data, const struct ask_question *q, ask_answer *answer,
                                void *answer_data)
{
    struct person *p = data;

    assert_int_equal(q->kind, ASK_SECRET);
    assert_string_equal(q->host, "here");
    assert_null(p->timer);
    p->answer = answer;
    p->data = answer_data;
    p->timer = loop_timer_start(p->loop, p->thinks_ms, answer_now, p);
    return (struct ask *)p;
}

static void person_cancel(void *data, struct ask *a)
{
    struct person *p = data;

    assert_ptr_equal(p, a);
    loop_timer_stop(p->timer);
    p->timer = NULL;
    p->cancelled++;
}

static void open_with(struct world *w, struct person *p, struct asker *a, int timeout_ms)
{
    char *log = mem_format("%s/log", folder);

    unlink(log);
    free(log);
    *a = (struct asker){person_start, person_cancel, p};
    world_open(w, &(struct target_options){.asker = a, .timeout_ms = timeout_ms}, "sudo");
    p->loop = w->loop;
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
    struct person p = {.answers = (const char *const[]){"right word"}, .thinks_ms = 9000};
    struct asker a;
    struct world w;
    struct asked r;

    (void)state;
    open_with(&w, &p, &a, 8000);
    ask(&w, &r, SHELL("echo $AS"), 0, 0);
    assert_string_equal(r.out.data, "other\n");
    asked_release(&r);
    world_close(&w);
}

static void set_true(void *data)
{
    *(bool *)data = true;
}

static void a_target_may_be_freed_while_a_person_thinks(void **state)
{
    struct person p = {.answers = (const char *const[]){"right word"}, .thinks_ms = 60 * 1000};
    struct asker a;
    struct world w;
    struct asked r;
    int i;

    (void)state;
    open_with(&w, &p, &a, 0);
    submit(&w, &r, SHELL("echo $AS"), 0, 0);
    for (i = 0; i < 600 && !p.timer; i++) {
        bool over = false;

        loop_timer_start(w.loop, 50, set_true, &over);
        loop_run(w.loop, &over);
    }
    assert_non_null(p.timer);
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

int main(int argc, char **argv)
{
    char *path;
    int failed;

    strcpy(folder, "/tmp/fettle-become-XXXXXX");
    if (!mkdtemp(folder))
        return 1;
    write_fake();
    path = mem_format("%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    free(path);
    failed = run_over(argc, argv, run_all);
    path = mem_format("%s/sudo", folder);
    unlink(path);
    free(path);
    path = mem_format("%s/log", folder);
    unlink(path);
    free(path);
    rmdir(folder);
    return failed;
}
