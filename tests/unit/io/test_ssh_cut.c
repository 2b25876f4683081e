/* test_ssh_cut.c: the connection ends, or says nothing more, after every N bytes. */
#include "helper.h"

#include "io/changer.h"
#include "proxy.h"

#include <unistd.h>

enum { GOOD = 9, BAD = 8, CUTS = 20, SETTLE_US = 200 * 1000 };

static struct sshd sshd;

static void host_at(struct host *h, int port)
{
    world_host(h, NULL);
    h->port = port;
    /* The proxy's port is not the host's; nor shall the trust depend on it. */
    free(h->known_hosts);
    h->known_hosts = mem_format("%s/known_everywhere", sshd.folder);
}

/* ---- one that hangs among nine good ones ---- */

struct one {
    struct host host;
    struct target *target;
    struct asked asked;
};

static void one_start(struct one *o, struct loop *l, int port)
{
    struct request q = {.argv = ARGV("echo", "hello"), .timeout_ms = 5000};

    host_at(&o->host, port);
    memset(&o->asked, 0, sizeof o->asked);
    o->target = target_new(l, &o->host, NULL, NULL);
    assert_non_null(o->target);
    assert_int_equal(reader_submit(o->target, &q, on_answer, &o->asked, NULL), 0);
}

static void one_end(struct one *o)
{
    target_free(o->target);
    world_host_release(&o->host);
    asked_release(&o->asked);
}

/* How many bytes come down until the answer is whole; what the end of the connection brings is none
 * of it. */
static long whole_session(struct proxy *p, enum proxy_way way)
{
    struct loop *l = loop_new(NULL);
    struct one o;
    long passed;

    p->setting->limit = -1;
    one_start(&o, l, p->port);
    assert_int_equal(loop_run(l, &o.asked.done), 0);
    assert_int_equal(o.asked.outcome, OUTCOME_EXIT);
    passed = p->setting->passed[way];
    one_end(&o);
    loop_free(l);
    return passed;
}

static void hosts_that_hang_hold_up_no_other(void **state)
{
    static struct one good[GOOD], bad[BAD];
    static struct proxy proxies[BAD];
    struct loop *l = loop_new(NULL);
    int64_t began = clock_monotonic_ms(), nine_ms;
    long whole;
    int i;

    (void)state;
    for (i = 0; i < BAD; i++)
        proxy_start(&proxies[i], "127.0.0.1", sshd.port, PROXY_STALL);
    whole = whole_session(&proxies[0], PROXY_DOWN);
    for (i = 0; i < BAD; i++) {
        /* no banner, half of it, its end, and on to the middle of the answer.  Not to its last byte:
         * a session is a few packets shorter where the host puts more into one. */
        long points[] = {0, 10, 60, whole / 3, whole / 2, whole * 2 / 3, whole * 5 / 6, whole * 7 / 8};

        proxies[i].setting->limit = points[i];
        one_start(&bad[i], l, proxies[i].port);
    }
    for (i = 0; i < GOOD; i++)
        one_start(&good[i], l, sshd.port);
    for (i = 0; i < GOOD; i++) {
        assert_int_equal(loop_run(l, &good[i].asked.done), 0);
        assert_int_equal(good[i].asked.outcome, OUTCOME_EXIT);
        assert_string_equal(good[i].asked.out.data, "hello\n");
    }
    nine_ms = clock_monotonic_ms() - began;
    for (i = 0; i < BAD; i++)
        assert_false(bad[i].asked.done && bad[i].asked.outcome == OUTCOME_EXIT);
    for (i = 0; i < BAD; i++) {
        assert_int_equal(loop_run(l, &bad[i].asked.done), 0);
        printf("  %ld of %ld bytes: %s (%s)\n", proxies[i].setting->limit, whole,
               outcome_name(bad[i].asked.outcome), bad[i].asked.why ? bad[i].asked.why : "");
        assert_true(bad[i].asked.outcome == OUTCOME_UNREACHABLE ||
                    bad[i].asked.outcome == OUTCOME_TIMEOUT);
    }
    /* A deadline of its own for each phase. */
    assert_true(clock_monotonic_ms() - began < 80 * 1000);
    assert_string_equal(bad[0].asked.why, "no answer to the SSH banner within 10 s");
    assert_string_equal(bad[1].asked.why, "no SSH banner came within 10 s");
    assert_string_equal(bad[2].asked.why, "the key exchange did not end within 10 s");
    /* The bad ones took as long as their deadlines: the nine did not wait for those. */
    assert_true(clock_monotonic_ms() - began > nine_ms);
    for (i = 0; i < GOOD; i++)
        one_end(&good[i]);
    for (i = 0; i < BAD; i++) {
        one_end(&bad[i]);
        proxy_stop(&proxies[i]);
    }
    loop_free(l);
}

/* ---- cut ---- */

struct job {
    bool done;
    int lines;
    enum outcome outcome;
    int code;
};

static void on_line(void *data, const char *line, size_t n)
{
    struct job *j = data;

    assert_string_equal(line, j->lines ? "two" : "one");
    assert_int_equal(n, 3);
    j->lines++;
}

static void on_end(void *data, const struct result *r)
{
    struct job *j = data;

    j->done = true;
    j->outcome = r->outcome;
    j->code = r->code;
    assert_true(r->outcome == OUTCOME_EXIT || r->why);
    assert_true(r->outcome != OUTCOME_TIMEOUT); /* that the connection is gone is noticed before */
}

/* A read and a change: each has the right end, or none and a reason.  A change that says it could
 * not reach the host never had its input. */
static bool session_cut_at(struct proxy *p, enum proxy_way way, long limit)
{
    static const char go[] = "go\n";
    char *made = mem_format("%s/made", sshd.folder);
    char *program = mem_format("echo one; read -r word && [ \"$word\" = go ] && : >'%s'; echo two", made);
    struct world w;
    struct asked a;
    struct job j = {0};
    struct changer_calls calls = {on_line, on_end, &j};
    bool whole;

    p->setting->way = way;
    p->setting->limit = limit;
    world_open(&w, NULL, NULL);
    w.host.port = p->port;
    free(w.host.known_hosts);
    w.host.known_hosts = mem_format("%s/known_everywhere", sshd.folder);
    ask(&w, &a, SHELL("echo hello; exit 3"), 0, 0);
    unlink(made);
    assert_non_null(changer_start(w.target, program, go, strlen(go), 0, &calls, NULL));
    assert_int_equal(loop_run(w.loop, &j.done), 0);
    whole = a.outcome == OUTCOME_EXIT && j.outcome == OUTCOME_EXIT;
    if (a.outcome == OUTCOME_EXIT) {
        assert_int_equal(a.code, 3);
        assert_string_equal(a.out.data, "hello\n");
    } else {
        assert_true(a.outcome == OUTCOME_UNREACHABLE || a.outcome == OUTCOME_LOST ||
                    a.outcome == OUTCOME_NO_STATUS);
        assert_non_null(a.why);
    }
    if (j.outcome == OUTCOME_EXIT) {
        assert_int_equal(j.code, 0);
        assert_int_equal(j.lines, 2);
        assert_int_equal(access(made, F_OK), 0);
    }
    asked_release(&a);
    world_close(&w);
    if (j.outcome == OUTCOME_UNREACHABLE) {
        usleep(SETTLE_US);
        assert_int_equal(access(made, F_OK), -1);
    }
    free(program);
    free(made);
    return whole;
}

static void cut_everywhere(enum proxy_way way)
{
    const char *all = getenv("FETTLE_TEST_CUTS"); /* how many places; "all": after each byte */
    struct proxy p;
    long whole, step, at;
    int wholes = 0, cut = 0;

    proxy_start(&p, "127.0.0.1", sshd.port, PROXY_CUT);
    assert_true(session_cut_at(&p, way, -1));
    whole = p.setting->passed[way];
    step = all && strcmp(all, "all") == 0 ? 1 : whole / (all ? atoi(all) : CUTS) + 1;
    for (at = 0; at < whole; at += step, cut++)
        wholes += session_cut_at(&p, way, at);
    printf("  cut at %d places of %ld bytes: %d sessions were whole\n", cut, whole, wholes);
    assert_true(wholes * 4 < cut); /* the proxy does cut */
    proxy_stop(&p);
}

static void a_connection_cut_from_the_host_has_a_clear_result(void **state)
{
    (void)state;
    cut_everywhere(PROXY_DOWN);
}

static void a_connection_cut_to_the_host_has_a_clear_result(void **state)
{
    (void)state;
    cut_everywhere(PROXY_UP);
}

/* The loop does not run meanwhile, so that it is sending that finds out. */
static void a_connection_that_is_reset_unseen_is_lost_at_once(void **state)
{
    struct job j = {0};
    struct changer_calls calls = {on_line, on_end, &j};
    struct proxy p;
    struct world w;
    struct asked a;
    int64_t began;

    (void)state;
    proxy_start(&p, "127.0.0.1", sshd.port, PROXY_CUT);
    p.setting->reset = true;
    world_open(&w, NULL, NULL);
    w.host.port = p.port;
    free(w.host.known_hosts);
    w.host.known_hosts = mem_format("%s/known_everywhere", sshd.folder);
    ask(&w, &a, SHELL("echo hello"), 0, 0);
    assert_int_equal(a.outcome, OUTCOME_EXIT);
    asked_release(&a);
    proxy_stop(&p);
    w.children--;
    usleep(SETTLE_US);
    began = clock_monotonic_ms();
    assert_non_null(changer_start(w.target, "echo one", NULL, 0, 0, &calls, NULL));
    assert_int_equal(loop_run(w.loop, &j.done), 0);
    assert_int_equal(j.outcome, OUTCOME_UNREACHABLE);
    assert_true(clock_monotonic_ms() - began < 5000); /* a shell has 15 s to come */
    world_close(&w);
}

static void know_everywhere(void)
{
    char *key = sshd_read(&sshd, "host_key.pub"), *line = mem_format("[127.0.0.1]:* %s", key);

    sshd_write(&sshd, "known_everywhere", line);
    free(key);
    free(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_that_hang_hold_up_no_other),
        cmocka_unit_test(a_connection_cut_from_the_host_has_a_clear_result),
        cmocka_unit_test(a_connection_cut_to_the_host_has_a_clear_result),
        cmocka_unit_test(a_connection_that_is_reset_unseen_is_lost_at_once),
    };
    int failed;

    if (sshd_missing()) {
        printf("skipped: %s\n", sshd_missing());
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    sshd_start(&sshd, NULL);
    over_ssh = &sshd;
    know_everywhere();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    sshd_stop(&sshd);
    return failed;
}
