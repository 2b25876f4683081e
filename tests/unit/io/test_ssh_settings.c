/* test_ssh_settings.c: what `ssh -G` and the inventory say, and how often it is asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "io/ssh_settings.h"
#include "shell_line.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { HOSTS = 20 };

struct asked {
    size_t *open;
    bool *idle;
    const struct ssh_settings *settings;
    char *error;
};

static char *scratch, *path_before;
static struct loop *loop;
static int descriptors;

static int count_descriptors(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static char *in_scratch(const char *name)
{
    return mem_format("%s/%s", scratch, name);
}

static void put(const char *name, const char *text)
{
    char *path = in_scratch(name);
    struct err e = {0};

    assert_int_equal(file_write(path, text, strlen(text), &e), 0);
    free(path);
}

/* An `ssh` that notes each call, before the real one; no agent, no ticket. */
static int begin(void **state)
{
    char *config, *path;
    struct err e = {0};

    (void)state;
    scratch = mem_dup("/tmp/fettle-settings-XXXXXX");
    assert_non_null(mkdtemp(scratch));
    path_before = mem_dup(getenv("PATH"));
    shell("mkdir %s/bin && printf '#!/bin/sh\\necho \"$*\" >>%s/calls\\nPATH=%s\\nexec ssh "
          "\"$@\"\\n' "
          ">%s/bin/ssh && chmod 755 %s/bin/ssh && : >%s/calls",
          scratch, scratch, path_before, scratch, scratch, scratch);
    path = mem_format("%s/bin:%s", scratch, path_before);
    setenv("PATH", path, 1);
    free(path);
    unsetenv("SSH_AUTH_SOCK");
    unsetenv("KRB5CCNAME");
    config = in_scratch("config");
    setenv("FETTLE_SSH_CONFIG", config, 1);
    free(config);
    loop_free(loop_new(&e));
    descriptors = count_descriptors();
    loop = loop_new(&e);
    assert_non_null(loop);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    loop_free(loop);
    assert_int_equal(count_descriptors(), descriptors);
    setenv("PATH", path_before, 1);
    shell("rm -r %s", scratch);
    free(path_before);
    free(scratch);
    return 0;
}

static void put_config(const char *text)
{
    char *whole = mem_format("%s\nHost *\n  IdentityFile %s/none\n"
                             "  UserKnownHostsFile %s/known\n  GlobalKnownHostsFile none\n",
                             text, scratch, scratch);

    put("config", whole);
    free(whole);
}

static int count_calls(void)
{
    char *path = in_scratch("calls");
    struct buf text;
    size_t i;
    int n = 0;

    assert_int_equal(file_read(path, 1 << 20, &text, NULL), 0);
    for (i = 0; i < text.len; i++)
        n += text.data[i] == '\n';
    buf_release(&text);
    free(path);
    return n;
}

static void on_done(void *data, const struct ssh_settings *s, const struct err *e)
{
    struct asked *a = data;

    assert_null(a->settings);
    assert_null(a->error);
    a->settings = s;
    a->error = s ? NULL : mem_dup(e->text);
    *a->idle = --*a->open == 0;
}

static void ask_all(const struct host *hosts, struct asked *asked, size_t n)
{
    size_t open = n, i;
    bool idle = false;

    for (i = 0; i < n; i++) {
        asked[i] = (struct asked){&open, &idle, NULL, NULL};
        assert_non_null(ssh_settings_get(loop, &hosts[i], on_done, &asked[i]));
    }
    assert_int_equal(open, n); /* never from within the call */
    assert_int_equal(loop_run(loop, &idle), 0);
}

static const struct ssh_settings *ask(const struct host *h)
{
    struct asked a;

    ask_all(h, &a, 1);
    if (!a.settings)
        fail_msg("%s", a.error);
    return a.settings;
}

static struct host host(const char *name, const char *address)
{
    return (struct host){.name = (char *)name, .address = (char *)address};
}

static void check_needs(const struct ssh_settings *s, const char *want)
{
    if (!want)
        assert_null(s->needs_openssh);
    else if (!s->needs_openssh || !strstr(s->needs_openssh, want))
        fail_msg("\"%s\" is not in: %s", want, s->needs_openssh ? s->needs_openssh : "nothing");
}

static void the_configuration_holds_where_the_inventory_is_silent(void **state)
{
    struct host h = host("web1", NULL);
    const struct ssh_settings *s;

    (void)state;
    put_config("Host web1\n  HostName 192.0.2.7\n  Port 2200\n  User joe\n  ConnectTimeout 7\n"
               "  HostKeyAlias web\n  IdentitiesOnly yes\n  IdentityFile /keys/%r@%h:%p,%n\n"
               "  UserKnownHostsFile \"/my hosts/known\" /other\n");
    s = ask(&h);
    assert_string_equal(s->address, "192.0.2.7");
    assert_int_equal(s->port, 2200);
    assert_string_equal(s->user, "joe");
    assert_int_equal(s->connect_timeout_ms, 7000);
    assert_string_equal(s->host_key_alias, "web");
    assert_true(s->identities_only);
    assert_string_equal(s->identities[0], "/keys/joe@192.0.2.7:2200,web1");
    assert_string_equal(s->known_hosts[0], "/my hosts/known");
    assert_string_equal(s->known_hosts[1], "/other");
    assert_null(s->known_hosts[2]);
    assert_null(s->agent);
    assert_true(s->has_openssh);
    check_needs(s, NULL);
}

static void the_inventorys_entries_win(void **state)
{
    struct host h = host("web1", "fe80::1%lo");
    const struct ssh_settings *s;

    (void)state;
    put_config("Host web1\n  HostName 192.0.2.7\n  Port 2200\n  User joe\n  ProxyJump other\n");
    h.port = 22;
    h.user = (char *)"ops";
    h.identity = (char *)"/keys/my own %h";
    h.known_hosts = (char *)"/etc/my \"hosts\"";
    h.jump = (char *)"bob@bastion:2222";
    s = ask(&h);
    assert_string_equal(s->address, "fe80::1%lo");
    assert_int_equal(s->port, 22);
    assert_string_equal(s->user, "ops");
    assert_string_equal(s->identities[0], "/keys/my own %h");
    assert_string_equal(s->known_hosts[0], "/etc/my \"hosts\"");
    assert_string_equal(s->proxy, "bob@bastion:2222");
    check_needs(s, "ProxyJump \"bob@bastion:2222\"");
}

static void a_host_line_is_found_by_the_name_and_else_by_the_address(void **state)
{
    struct host named = host("web1", "192.0.2.1"), bare = host("web2", "192.0.2.2");

    (void)state;
    put_config("Host web1\n  User named\nHost 192.0.2.*\n  User addressed\n");
    assert_string_equal(ask(&named)->user, "named");
    assert_string_equal(ask(&named)->name, "web1");
    assert_string_equal(ask(&bare)->user, "addressed");
    assert_string_equal(ask(&bare)->address, "192.0.2.2");
}

static void ask_many(struct asked *asked)
{
    static char names[HOSTS][16], addresses[HOSTS][16];
    struct host hosts[HOSTS];
    int i;

    for (i = 0; i < HOSTS; i++) {
        snprintf(names[i], sizeof names[i], "web%d", i);
        snprintf(addresses[i], sizeof addresses[i], "127.0.1.%d", i + 1);
        hosts[i] = host(names[i], i % 2 ? addresses[i] : NULL);
    }
    ask_all(hosts, asked, HOSTS);
    for (i = 0; i < HOSTS; i++) {
        assert_non_null(asked[i].settings);
        assert_string_equal(asked[i].settings->address, i % 2 ? addresses[i] : names[i]);
    }
}

static void hosts_that_are_not_told_apart_share_one_answer(void **state)
{
    struct asked asked[HOSTS];
    int i;

    (void)state;
    put_config("# Match and %h in a comment\nHost db? # and here\n  User db\nMatch all\n  Port 23\n"
               "Host *\n  ControlPath /tmp/%C\n");
    ask_many(asked);
    assert_int_equal(count_calls(), 2); /* those with an address of their own, and those without */
    for (i = 0; i < HOSTS; i++)
        assert_int_equal(asked[i].settings->port, 23);
    ask_many(asked);
    assert_int_equal(count_calls(), 2); /* remembered */
}

static void hosts_that_are_told_apart_are_asked_for_one_by_one(void **state)
{
    struct asked asked[HOSTS];

    (void)state;
    put("more", "Host web4\n  User four\n");
    put_config("Include ~/../nowhere/*\nHost web1?\n  Include more\n");
    ask_many(asked);
    assert_int_equal(count_calls(), 4);
    assert_string_not_equal(asked[4].settings->user,
                            "four"); /* an Include without folder: ~/.ssh */
}

static void an_included_file_tells_apart_too(void **state)
{
    struct asked asked[HOSTS];
    char *config;

    (void)state;
    put("more", "Host web4\n  User four\n");
    config = mem_format("Include \"%s/mo*\"\nHost=web6\n  User = six\n", scratch);
    put_config(config);
    free(config);
    ask_many(asked);
    assert_int_equal(count_calls(), 4); /* four, six, the others with and without address */
    assert_string_equal(asked[4].settings->user, "four");
    assert_string_equal(asked[6].settings->user, "six");
}

static void with_a_match_each_host_is_asked_for(void **state)
{
    struct asked asked[HOSTS];

    (void)state;
    put_config("Match host web2\n  User two\n");
    ask_many(asked);
    assert_int_equal(count_calls(), HOSTS);
    assert_string_equal(asked[2].settings->user, "two");
    assert_string_not_equal(asked[4].settings->user, "two");
}

static void a_file_of_known_hosts_for_each_host_is_each_hosts_own(void **state)
{
    struct asked asked[HOSTS];

    (void)state;
    put_config("Host *\n  UserKnownHostsFile /known/%h\n");
    ask_many(asked);
    assert_string_equal(asked[2].settings->known_hosts[0], "/known/web2");
    assert_string_equal(asked[3].settings->known_hosts[0], "/known/127.0.1.4");
}

static void a_hostname_that_is_made_from_the_name_is_each_hosts_own(void **state)
{
    struct host hosts[] = {host("a", NULL), host("b", NULL), host("c", "192.0.2.3")};
    struct asked asked[3];

    (void)state;
    put_config("Host *\n  HostName %h.example.org\n");
    ask_all(hosts, asked, 3);
    assert_string_equal(asked[0].settings->address, "a.example.org");
    assert_string_equal(asked[1].settings->address, "b.example.org");
    assert_string_equal(asked[2].settings->address, "192.0.2.3");
}

static void what_only_ssh_can_do_is_named(void **state)
{
    struct host jump = host("a", NULL), command = host("b", NULL), token = host("c", NULL),
                card = host("d", NULL), none = host("e", NULL);

    (void)state;
    put_config("Host a\n  ProxyJump bob@bastion\nHost b\n  ProxyCommand nc %h %p\n"
               "Host c\n  IdentityFile /keys/%C\nHost d\n  PKCS11Provider /usr/lib/p.so\n"
               "Host e\n  ProxyJump none\n  PKCS11Provider none\n");
    check_needs(ask(&jump), "ProxyJump \"bob@bastion\"");
    check_needs(ask(&command), "ProxyCommand \"nc %h %p\"");
    check_needs(ask(&token), "/keys/%C");
    check_needs(ask(&card), "PKCS11Provider");
    check_needs(ask(&none), NULL);
}

static void make_key(const char *name, const char *type, const char *phrase)
{
    shell("ssh-keygen -q -t %s -N '%s' -C none -f %s/%s", type, phrase, scratch, name);
}

static const struct ssh_settings *ask_with_key(const char *name, const char *key)
{
    struct host h = host(name, NULL);
    char *path = in_scratch(key);
    const struct ssh_settings *s;

    h.identity = path;
    s = ask(&h);
    free(path);
    return s;
}

static void keys_that_libssh2_cannot_use_are_told_by_what_is_in_them(void **state)
{
    (void)state;
    put_config("");
    make_key("plain", "ed25519", "");
    make_key("rsa", "rsa", "");
    make_key("locked", "rsa", "a long secret");
    make_key("pem", "rsa -m PEM", "");
    make_key("signed", "ed25519", "");
    make_key("ca", "ed25519", "");
    shell("rm %s/locked.pub && ssh-keygen -q -s %s/ca -I me -n me %s/signed.pub", scratch, scratch,
        scratch);
    put("fido.pub", "sk-ssh-ed25519@openssh.com AAAA none\n");
    check_needs(ask_with_key("a", "plain"), NULL);
    check_needs(ask_with_key("b", "rsa"), "RSA key");
    check_needs(ask_with_key("c", "locked"), "RSA key");
    check_needs(ask_with_key("d", "pem"), "RSA key");
    check_needs(ask_with_key("e", "signed"), "certificate");
    check_needs(ask_with_key("f", "fido"), "FIDO");
    check_needs(ask_with_key("g", "absent"), NULL);
}

static void an_rsa_key_among_others_is_only_fallen_back_to(void **state)
{
    struct host h = host("a", NULL);
    const struct ssh_settings *s;
    char *config;

    (void)state;
    make_key("plain", "ed25519", "");
    make_key("rsa", "rsa", "");
    config =
        mem_format("Host *\n  IdentityFile %s/rsa\n  IdentityFile %s/plain\n", scratch, scratch);
    put_config(config);
    free(config);
    s = ask(&h);
    check_needs(s, NULL);
    assert_non_null(strstr(s->fallback, "RSA key"));
}

static void an_agent_is_what_the_settings_say(void **state)
{
    struct host given = host("a", NULL), none = host("b", NULL), plain = host("c", NULL),
                variable = host("d", NULL);
    const struct ssh_settings *s;

    (void)state;
    setenv("SSH_AUTH_SOCK", "/run/agent", 1);
    setenv("MY_AGENT", "/run/mine", 1);
    put_config("Host a\n  IdentityAgent /run/given\nHost b\n  IdentityAgent none\n"
               "Host d\n  IdentityAgent $MY_AGENT\n");
    assert_string_equal(ask(&given)->agent, "/run/given");
    assert_null(ask(&none)->agent);
    assert_string_equal(ask(&variable)->agent, "/run/mine");
    s = ask(&plain);
    assert_string_equal(s->agent, "/run/agent");
    assert_non_null(strstr(s->fallback, "agent"));
}

static void marked_lines_of_known_hosts_are_for_ssh(void **state)
{
    struct host in = host("a", "192.0.2.5"), out = host("b", "198.51.100.5"),
                not = host("c", "192.0.2.9"), port = host("d", "203.0.113.5");

    (void)state;
    put_config("");
    put("known", "# @revoked *\n@cert-authority !192.0.2.9,192.0.2.* ssh-ed25519 AAAA\n"
                 " @revoked [203.0.113.5]:2222 ssh-ed25519 AAAA\n");
    port.port = 2222;
    check_needs(ask(&in), "@cert-authority");
    check_needs(ask(&out), NULL);
    check_needs(ask(&not ), NULL);
    check_needs(ask(&port), "@revoked");
}

static void a_hashed_marked_line_may_be_for_anybody(void **state)
{
    struct host h = host("b", "198.51.100.5");

    (void)state;
    put_config("");
    put("known", "@revoked |1|abc=|def= ssh-ed25519 AAAA\n");
    check_needs(ask(&h), "@revoked");
}

static void gssapi_is_wanted_only_with_a_ticket_and_without_keys(void **state)
{
    struct host before = host("a", NULL), after = host("b", NULL);
    char *ticket = in_scratch("ticket");

    (void)state;
    put_config("Host *\n  GSSAPIAuthentication yes\n");
    setenv("KRB5CCNAME", ticket, 1);
    check_needs(ask(&before), NULL);
    put("ticket", "");
    check_needs(ask(&after), "Kerberos ticket");
    make_key("plain", "ed25519", "");
    check_needs(ask_with_key("c", "plain"), NULL);
    free(ticket);
}

static void the_check_of_host_keys_cannot_be_switched_off(void **state)
{
    struct host no = host("a", NULL), new = host("b", NULL), yes = host("c", NULL),
                ask_me = host("d", NULL);

    (void)state;
    put_config("Host a\n  StrictHostKeyChecking no\nHost b\n  StrictHostKeyChecking accept-new\n"
               "Host c\n  StrictHostKeyChecking yes\n");
    assert_false(ask(&no)->strict);
    assert_non_null(strstr(ask(&no)->note, "StrictHostKeyChecking is \"no\""));
    assert_non_null(strstr(ask(&new)->note, "\"accept-new\""));
    assert_true(ask(&yes)->strict);
    assert_null(ask(&yes)->note);
    assert_false(ask(&ask_me)->strict);
    assert_null(ask(&ask_me)->note);
}

static void a_wrong_configuration_says_where(void **state)
{
    struct host h = host("a", NULL);
    struct asked a;

    (void)state;
    put_config("Host *\n  Prot 22\n");
    ask_all(&h, &a, 1);
    assert_null(a.settings);
    if (!strstr(a.error, "config: line 2: Bad configuration option: prot"))
        fail_msg("%s", a.error);
    free(a.error);
}

static void without_ssh_the_inventory_and_the_defaults_hold(void **state)
{
    struct host h = host("a", "192.0.2.1");
    const struct ssh_settings *s;

    (void)state;
    setenv("PATH", "/nowhere", 1);
    h.user = (char *)"ops";
    h.identity = (char *)"/keys/one";
    s = ask(&h);
    assert_false(s->has_openssh);
    assert_string_equal(s->address, "192.0.2.1");
    assert_string_equal(s->user, "ops");
    assert_int_equal(s->port, 22);
    assert_string_equal(s->identities[0], "/keys/one");
    assert_non_null(strstr(s->identities[1], "/.ssh/id_"));
    assert_non_null(strstr(s->known_hosts[0], "/.ssh/known_hosts"));
    assert_false(s->strict);
    setenv("PATH", path_before, 1);
}

static void who_cancels_is_not_called(void **state)
{
    struct host hosts[] = {host("a", NULL), host("b", NULL)};
    size_t open = 2;
    bool idle = false;
    struct asked gone = {&open, &idle, NULL, NULL}, kept = {&open, &idle, NULL, NULL};
    struct ssh_settings_query *q;

    (void)state;
    put_config("");
    q = ssh_settings_get(loop, &hosts[0], on_done, &gone);
    open = 1;
    ssh_settings_get(loop, &hosts[1], on_done, &kept);
    ssh_settings_cancel(q);
    assert_int_equal(loop_run(loop, &idle), 0);
    assert_null(gone.settings);
    assert_non_null(kept.settings);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, finish)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_configuration_holds_where_the_inventory_is_silent),
        TEST(the_inventorys_entries_win),
        TEST(a_host_line_is_found_by_the_name_and_else_by_the_address),
        TEST(hosts_that_are_not_told_apart_share_one_answer),
        TEST(hosts_that_are_told_apart_are_asked_for_one_by_one),
        TEST(an_included_file_tells_apart_too),
        TEST(with_a_match_each_host_is_asked_for),
        TEST(a_file_of_known_hosts_for_each_host_is_each_hosts_own),
        TEST(a_hostname_that_is_made_from_the_name_is_each_hosts_own),
        TEST(what_only_ssh_can_do_is_named),
        TEST(keys_that_libssh2_cannot_use_are_told_by_what_is_in_them),
        TEST(an_rsa_key_among_others_is_only_fallen_back_to),
        TEST(an_agent_is_what_the_settings_say),
        TEST(marked_lines_of_known_hosts_are_for_ssh),
        TEST(a_hashed_marked_line_may_be_for_anybody),
        TEST(gssapi_is_wanted_only_with_a_ticket_and_without_keys),
        TEST(the_check_of_host_keys_cannot_be_switched_off),
        TEST(a_wrong_configuration_says_where),
        TEST(without_ssh_the_inventory_and_the_defaults_hold),
        TEST(who_cancels_is_not_called),
    };

    if (system("command -v ssh >/dev/null && command -v ssh-keygen >/dev/null") != 0) {
        puts("skipped: there is no ssh or no ssh-keygen on this machine");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
