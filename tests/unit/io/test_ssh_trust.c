/* test_ssh_trust.c: which hosts are trusted, against a real sshd. */
#include "helper.h"

#include "io/ask.h"
#include "io/ssh_known_hosts.h"
#include "model/base64.h"

static struct sshd sshd;
static char *key; /* the host's: type and base64 */

static const char other_key[] =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIMc5iRyJx6bXTiq5Ybk3o1hTT0VxZP1gnR9BcUVFV3B5";

/* One read with this known_hosts file: its outcome, and the reason in `why`. */
static enum outcome try_with(const char *text, const struct asker *asker, char **why)
{
    struct world w;
    struct asked a;
    enum outcome outcome;

    sshd_write(&sshd, "tried", text);
    world_open(&w, &(struct target_options){.asker = asker}, NULL);
    free(w.host.known_hosts);
    w.host.known_hosts = sshd_path(&sshd, "tried");
    ask(&w, &a, ARGV("echo", "in"), 0, 0);
    outcome = a.outcome;
    *why = mem_dup(a.why);
    asked_release(&a);
    world_close(&w);
    return outcome;
}

static void assert_known(const char *format)
{
    char *text = mem_format("# a comment\n\n%s\n", format), *why;

    assert_int_equal(try_with(text, NULL, &why), OUTCOME_EXIT);
    free(text);
    free(why);
}

static void assert_refused(char *text, const char *says)
{
    char *why;

    assert_int_equal(try_with(text, NULL, &why), OUTCOME_UNREACHABLE);
    if (!why || !strstr(why, says))
        fail_msg("\"%s\" does not say \"%s\"", why ? why : "", says);
    free(text);
    free(why);
}

static char *line_of(const char *hosts, const char *which)
{
    return mem_format("%s %s a comment", hosts, which);
}

static void a_host_is_known_as_openssh_would_know_it(void **state)
{
    char *name = mem_format("[127.0.0.1]:%d", sshd.port), *both, *line;
    size_t i;
    const char *const hosts[] = {name, "[127.0.0.*]:*", "web1,[127.0.0.?]:*", "127.0.0.1"};

    (void)state;
    for (i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        line = line_of(hosts[i], key);
        assert_known(line);
        free(line);
    }
    both = mem_format("%s %s\n%s %s", name, other_key, name, key); /* one of two is enough */
    assert_known(both);
    free(both);
    free(name);
}

static void hashed_names_are_read(void **state)
{
    char *name = mem_format("[127.0.0.1]:%d %s\n", sshd.port, key), *path, *hashed;

    (void)state;
    sshd_write(&sshd, "hashed", name);
    path = sshd_path(&sshd, "hashed");
    assert_int_equal(sshd_run((char *[]){(char[]){"/usr/bin/ssh-keygen"}, (char[]){"-q"},
                                         (char[]){"-H"}, (char[]){"-f"}, path, NULL}),
                     0);
    hashed = sshd_read(&sshd, "hashed");
    assert_int_equal(strncmp(hashed, "|1|", 3), 0);
    assert_known(hashed);
    free(hashed);
    free(path);
    free(name);
}

static void what_is_not_known_or_not_right_is_refused(void **state)
{
    char *name = mem_format("[127.0.0.1]:%d", sshd.port);

    (void)state;
    assert_refused(mem_dup(""), "the host's key is not known: ssh-ed25519 SHA256:");
    assert_refused(mem_format("!%s,[*]:* %s", name, key), "not known");
    assert_refused(mem_format("\n%s %s\n", name, other_key), "the host key has CHANGED: ");
    assert_refused(mem_format("\n%s %s\n", name, other_key), "tried:2 knows another");
    assert_refused(mem_format("%s %s\n@revoked * %s\n", name, key, key), ""); /* whoever judges */
    free(name);
}

static void marked_lines_are_seen(void **state)
{
    struct loop *l = loop_new(NULL);
    char *path = sshd_path(&sshd, "marked"), *files[] = {path, NULL}, *text, *where;
    const char *said = NULL;
    struct known_hosts *k;
    size_t n;
    char *blob = base64_decode(strchr(key, ' ') + 1, &n);

    (void)state;
    text = mem_format("web1 %s\n@revoked web* %s\n@cert-authority *.example %s\n", key, key, key);
    sshd_write(&sshd, "marked", text);
    where = mem_format("%s:2", path);
    k = known_hosts_find(l, files, "web1", 22, NULL);
    assert_int_equal(known_hosts_check(k, blob, n, &said), KNOWN_REVOKED);
    assert_string_equal(said, where);
    assert_null(known_hosts_authority(k));
    known_hosts_free(k);
    k = known_hosts_find(l, files, "a.example", 22, NULL);
    assert_non_null(known_hosts_authority(k));
    known_hosts_free(k);
    loop_free(l);
    free(blob);
    free(text);
    free(where);
    free(path);
}

/* ---- a person ---- */

struct person {
    const char *answer;
    int asked;
    struct loop_timer *timer;
};

static struct loop *person_loop;

struct question {
    ask_answer *answer;
    void *data;
    const char *text;
};

static void answer_now(void *data)
{
    struct question q = *(struct question *)data;

    free(data);
    q.answer(q.data, q.text);
}

static struct ask *person_start(void *data, const struct ask_question *q, ask_answer *answer,
                                void *answer_data)
{
    struct person *p = data;
    struct question *mine = mem_alloc(sizeof *mine);

    assert_int_equal(q->kind, ASK_YES);
    assert_non_null(strstr(q->text, "SHA256:"));
    assert_non_null(strstr(q->text, "ssh-ed25519"));
    p->asked++;
    *mine = (struct question){answer, answer_data, p->answer};
    loop_timer_start(person_loop, 0, answer_now, mine);
    return (struct ask *)mine;
}

static void person_cancel(void *data, struct ask *a)
{
    (void)data;
    (void)a;
    fail();
}

static enum outcome ask_person(const char *answer, int *asked)
{
    struct person p = {.answer = answer};
    struct asker asker = {person_start, person_cancel, &p};
    struct world w;
    struct asked a;
    enum outcome outcome;

    world_open(&w, &(struct target_options){.asker = &asker}, NULL);
    person_loop = w.loop;
    free(w.host.known_hosts);
    w.host.known_hosts = sshd_path(&sshd, "asked");
    ask(&w, &a, ARGV("echo", "in"), 0, 0);
    outcome = a.outcome;
    *asked = p.asked;
    asked_release(&a);
    world_close(&w);
    return outcome;
}

static void an_unknown_key_is_asked_for_once_and_kept(void **state)
{
    int asked;

    (void)state;
    sshd_write(&sshd, "asked", "web1 ssh-ed25519 AAAA"); /* and no newline at its end */
    assert_int_equal(ask_person(NULL, &asked), OUTCOME_UNREACHABLE);
    assert_int_equal(asked, 1);
    assert_int_equal(ask_person("yes", &asked), OUTCOME_EXIT);
    assert_int_equal(asked, 1);
    assert_int_equal(ask_person("yes", &asked), OUTCOME_EXIT);
    assert_int_equal(asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_is_known_as_openssh_would_know_it),
        cmocka_unit_test(hashed_names_are_read),
        cmocka_unit_test(what_is_not_known_or_not_right_is_refused),
        cmocka_unit_test(marked_lines_are_seen),
        cmocka_unit_test(an_unknown_key_is_asked_for_once_and_kept),
    };
    int failed;
    char *text;

    if (sshd_missing()) {
        printf("skipped: %s\n", sshd_missing());
        return 77;
    }
    unsetenv("SSH_AUTH_SOCK");
    sshd_start(&sshd, NULL);
    over_ssh = &sshd;
    text = sshd_read(&sshd, "host_key.pub");
    text[strcspn(text, "\n")] = '\0';
    *strrchr(text, ' ') = '\0'; /* the comment */
    key = text;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    free(key);
    sshd_stop(&sshd);
    return failed;
}
