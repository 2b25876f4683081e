/* test_ansible.c: Ansible's inventories as hosts of ours.  That Ansible itself reads them the same
 * way is proved in tests/cli/ansible.sh, where it is installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/argv.h"
#include "base/file.h"
#include "base/mem.h"
#include "model/ansible_words.h"
#include "model/inventory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *scratch; /* a folder of this test's own */

static char *path_of(const char *name)
{
    return mem_format("%s/%s", scratch, name);
}

static void put_file(const char *name, const char *text)
{
    char *path = path_of(name), *folder = mem_dup(path);
    struct err e = {0};

    *strrchr(folder, '/') = '\0';
    assert_int_equal(file_make_folders(folder, &e), 0);
    assert_int_equal(file_write(path, text, strlen(text), &e), 0);
    free(path);
    free(folder);
}

static int begin(void **state)
{
    (void)state;
    scratch = mem_dup("/tmp/fettle-ansible-XXXXXX");
    return mkdtemp(scratch) ? 0 : -1;
}

static int finish(void **state)
{
    char *command = mem_format("rm -r %s", scratch);
    int rc = system(command);

    (void)state;
    free(command);
    free(scratch);
    return rc;
}

static struct inventory *load(const char *name, struct problems *p)
{
    char *path = path_of(name);
    struct inventory *inv = inventory_load(path, NULL, p);

    free(path);
    return inv;
}

static struct inventory *loaded(const char *name)
{
    struct problems p = {0};
    struct inventory *inv = load(name, &p);

    if (!inv)
        fail_msg("%s", problems_text(&p));
    return inv;
}

/* All of its problems, without the scratch folder. */
static void check_refused(const char *name, const char *want)
{
    struct problems p = {0};
    char *text, *at, *got;
    struct inventory *inv = load(name, &p);
    size_t n = strlen(scratch) + 1;

    assert_null(inv);
    text = problems_text(&p);
    got = mem_alloc(strlen(text) + 1);
    for (at = text; *at;) {
        if (strncmp(at, scratch, n - 1) == 0)
            at += n;
        else
            strncat(got, at++, 1);
    }
    assert_string_equal(got, want);
    free(got);
    free(text);
    problems_release(&p);
}

/* One host as a line: USER@ADDRESS:PORT TRANSPORT BECOME JUMP, `-` for what is not set. */
static void check_host(const struct inventory *inv, const char *name, const char *want)
{
    const struct host *h = inventory_host(inv, name);
    char *got;

    assert_non_null(h);
    if (h->unusable)
        fail_msg("%s: %s", name, h->unusable);
    got = mem_format("%s@%s:%d %s %s %s", h->user ? h->user : "-", h->address ? h->address : "-",
                     h->port, h->transport, h->become ? h->become : "-", h->jump ? h->jump : "-");
    assert_string_equal(got, want);
    free(got);
}

static void check_unusable(const struct inventory *inv, const char *name, const char *want)
{
    const struct host *h = inventory_host(inv, name);

    assert_non_null(h);
    assert_non_null(h->unusable);
    if (!strstr(h->unusable, want))
        fail_msg("%s: \"%s\" is not in \"%s\"", name, want, h->unusable);
}

static void check_select(const struct inventory *inv, const char *pattern, const char *want)
{
    struct err e = {0};
    const struct host **list = inventory_select(inv, pattern, &e);
    char got[400] = "";
    size_t i;

    for (i = 0; list && list[i]; i++) {
        strcat(got, i ? " " : "");
        strcat(got, list[i]->name);
    }
    assert_string_equal(list ? got : e.text, want);
    free(list);
}

static void ini_has_groups_ranges_ports_quotes_and_comments(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("hosts", "# comment\n"
                      "lonely ansible_host=192.0.2.1\n"
                      "[web]\n"
                      "web[08:10:2] ansible_user=ops # comment\n"
                      "n[a:b]:2222 ansible_user='o p s'\n"
                      "[2001:db8::7]:2200\n"
                      "[db:vars]\n"
                      "ansible_port = 99\n"
                      "[db]\n"
                      "db1 ansible_connection=local\n"
                      "[prod:children]\n"
                      "web   # comment\n"
                      "db\n"
                      "[all:vars]\n"
                      "ansible_user=nobody\n");
    inv = loaded("hosts");
    check_host(inv, "lonely", "nobody@192.0.2.1:0 ssh - -");
    check_host(inv, "web08", "ops@-:0 ssh - -");
    check_host(inv, "web10", "ops@-:0 ssh - -");
    check_host(inv, "nb", "o p s@-:2222 ssh - -");
    check_host(inv, "2001:db8::7", "nobody@-:2200 ssh - -");
    check_host(inv, "db1", "nobody@-:99 local - -");
    check_select(inv, "prod", "web08 web10 na nb 2001:db8::7 db1");
    check_select(inv, "ungrouped", "lonely");
    inventory_free(inv);
}

static void the_deeper_group_wins_then_the_later_name_then_the_host(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("hosts", "[zeta]\nboth\nown ansible_user=host\n"
                      "[alpha]\nboth\n"
                      "[outer:children]\nzeta\n"
                      "[zeta:vars]\nansible_user=zeta\n"
                      "[alpha:vars]\nansible_user=alpha\nansible_port=1\n"
                      "[outer:vars]\nansible_user=outer\nansible_port=2\n"
                      "[all:vars]\nansible_user=all\nansible_port=3\n");
    inv = loaded("hosts");
    check_host(inv, "both", "zeta@-:2 ssh - -");
    check_host(inv, "own", "host@-:2 ssh - -");
    inventory_free(inv);
}

static void yaml_may_have_anchors_merges_and_ranges(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("hosts.yml", "all:\n"
                          "  children:\n"
                          "    web:\n"
                          "      vars: &base {ansible_user: web, ansible_port: 22}\n"
                          "      hosts:\n"
                          "        w[1:2]:\n"
                          "        w3: {ansible_become: true, ansible_become_user: app}\n"
                          "db:\n"
                          "  vars: {<<: *base, ansible_user: db}\n"
                          "  hosts: d1\n");
    inv = loaded("hosts.yml");
    check_host(inv, "w2", "web@-:22 ssh - -");
    check_host(inv, "w3", "web@-:22 ssh sudo:app -");
    check_host(inv, "d1", "db@-:22 ssh - -");
    inventory_free(inv);
}

static void a_folder_has_vars_beside_it_and_files_of_every_kind(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("d/1.yaml", "hosts: {own: {address: 192.0.2.2}}\ngroups: {mine: [own, web]}\n");
    put_file("d/2", "[web]\nweb1\nweb2 ansible_user=own\n");
    put_file("d/3", "{\"web\": [\"web3\"],\n \"_meta\": {\"hostvars\": {}}}\n");
    put_file("d/4.ini", "[left out\n");
    put_file("d/group_vars/all/a.yml", "ansible_port: 24\n");
    put_file("d/group_vars/all/vault.yml", "$ANSIBLE_VAULT;1.1;AES256\n3233\n");
    put_file("d/group_vars/web.yml", "ansible_user: beside\nservices: {80: nginx}\nnginx: [no map]\n");
    put_file("d/host_vars/web2", "ansible_port: 25\n");
    inv = loaded("d");
    check_select(inv, "mine", "own web1 web2 web3");
    check_host(inv, "own", "-@192.0.2.2:0 ssh - -");
    check_host(inv, "web1", "beside@-:24 ssh - -");
    check_host(inv, "web2", "own@-:25 ssh - -");
    assert_string_equal(
        json_string_value(json_object_get(
            json_object_get(inventory_host(inv, "web1")->vars, "services"), "80")),
        "nginx");
    assert_null(json_object_get(inventory_host(inv, "web1")->vars, "nginx"));
    assert_int_equal(argv_len(inv->notes), 1);
    assert_non_null(strstr(inv->notes[0], "vault.yml is encrypted"));
    inventory_free(inv);
}

static void what_cannot_be_followed_makes_only_that_host_unusable(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("h", "good\n"
                  "su ansible_become=1 ansible_become_method=su\n"
                  "win ansible_connection=winrm\n"
                  "tpl ansible_host='{{ address }}'\n"
                  "port ansible_port=http\n"
                  "dash ansible_user=-oProxyCommand=x\n"
                  "maybe ansible_become=perhaps\n"
                  "bind ansible_ssh_common_args='-b 192.0.2.1'\n"
                  "conf ansible_ssh_extra_args='-F other'\n"
                  "proxy ansible_ssh_common_args='-o ProxyCommand=\"nc %h %p\"'\n");
    put_file("v.yml", "g: {hosts: {vault: {ansible_user: !vault \"x\"}, map: {ansible_user: {}}}}\n");
    inv = loaded("h");
    check_host(inv, "good", "-@-:0 ssh - -");
    check_unusable(inv, "su", "/h:2:21: it becomes root by \"su\"; fettle knows sudo");
    check_unusable(inv, "win", "/h:3:5: its connection is \"winrm\"");
    check_unusable(inv, "tpl", "/h:4:5: \"ansible_host\" is a template");
    check_unusable(inv, "port", "/h:5:6: \"ansible_port\" must be a number");
    check_unusable(inv, "dash", "/h:6:6: \"ansible_user\" must not start with \"-\"");
    check_unusable(inv, "maybe", "\"ansible_become\" must be true or false");
    check_unusable(inv, "bind", "\"ansible_ssh_common_args\" has \"-b\", which fettle does not");
    check_unusable(inv, "conf", "has \"-F\"");
    check_unusable(inv, "proxy", "has a ProxyCommand");
    inventory_free(inv);
    inv = loaded("v.yml");
    check_unusable(inv, "vault", "/v.yml:1:35: \"ansible_user\" is encrypted with ansible-vault");
    check_unusable(inv, "map", "\"ansible_user\" must be a text");
    inventory_free(inv);
}

static void ssh_arguments_may_name_a_jump_host_and_nothing_turns_checks_off(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("h", "a ansible_ssh_common_args='-J ops@bastion:22'\n"
                  "b ansible_ssh_common_args='-o ProxyJump=bastion -o ServerAliveInterval=5 -q'\n"
                  "c ansible_ssh_common_args='-o ProxyCommand=\"ssh -W %h:%p -q -p 24 u@bastion\"'\n"
                  "d ansible_ssh_extra_args='-o UserKnownHostsFile=/dev/null -o "
                  "StrictHostKeyChecking=no -oPort=26 -l u -i /keys/k'\n"
                  "e ansible_password=geheim ansible_become_pass=geheim\n");
    inv = loaded("h");
    check_host(inv, "a", "-@-:0 ssh - ops@bastion:22");
    check_host(inv, "b", "-@-:0 ssh - bastion");
    check_host(inv, "c", "-@-:0 ssh - u@bastion:24");
    check_host(inv, "d", "u@-:26 ssh - -");
    assert_null(inventory_host(inv, "d")->known_hosts);
    assert_string_equal(inventory_host(inv, "d")->identity, "/keys/k");
    assert_int_equal(argv_len(inv->notes), 2);
    assert_non_null(strstr(inv->notes[0], "fettle keeps it on"));
    assert_non_null(strstr(inv->notes[1], "are not taken: fettle asks"));
    assert_null(strstr(inv->notes[1], "geheim"));
    assert_int_equal(json_object_size(inventory_host(inv, "e")->vars), 0);
    inventory_free(inv);
}

static void mistakes_have_their_place(void **state)
{
    (void)state;
    put_file("a.ini", "[web\nweb1\n[db:host]\n[c:children]\nnobody\nx y\n[all:vars]\nloose\n"
                      "[w]\nweb1 ansible_user\n  \"open\nweb[3:1]\nweb[1\n-x\n[late:vars]\n");
    check_refused("a.ini",
                  "a.ini:1:1: a section is written [GROUP], [GROUP:children] or [GROUP:vars]\n"
                  "a.ini:3:5: a section may be of hosts, children or vars, nothing else\n"
                  "a.ini:6:1: the name of a group should stand here alone\n"
                  "a.ini:8:1: a var is written NAME=VALUE\n"
                  "a.ini:10:6: \"ansible_user\" should be NAME=VALUE\n"
                  "a.ini:11:3: a quote is not closed\n"
                  "a.ini:12:1: a range must not go down\n"
                  "a.ini:13:1: the range's \"[\" is not closed\n"
                  "a.ini:14:1: \"-x\" is no name for a host\n"
                  "a.ini:5:1: there is no group \"nobody\": no section [nobody] or "
                  "[nobody:children]\n"
                  "a.ini:15:2: there is no group \"late\": no section [late] or [late:children]\n");
    put_file("b.yml", "web:\n  hots: {w1: }\n  hosts: [w1]\ndb: {children: {web: {children: {db: "
                      "}}}}\n");
    check_refused("b.yml", "b.yml:2:3: unknown key \"hots\" of the group \"web\"; an Ansible group "
                           "has hosts, children and vars\n"
                           "b.yml:3:10: \"hosts\" must be a map: each host is a key, with \":\" "
                           "after it\n"
                           "b.yml:4:17: the group \"web\" holds itself by way of \"db\"\n");
    put_file("c.yml", "plugin: aws_ec2\nregions: [x]\n");
    check_refused("c.yml", "c.yml:1:9: these hosts come from a plugin, which only Ansible can run; "
                           "give fettle a script that calls `ansible-inventory -i … --list`\n");
    put_file("vaulted", "$ANSIBLE_VAULT;1.1;AES256\n");
    check_refused("vaulted", "vaulted: this is encrypted with ansible-vault, which fettle does not read\n");
    put_file("e.json", "{\"_meta\": {}}");
    check_refused("e.json", "e.json: its answer has no \"_meta\": {\"hostvars\": {…}}; fettle does "
                            "not ask for each host with --host\n");
    put_file("f/1.yaml", "hosts: {web1: {}}\n");
    put_file("f/2", "web1\n");
    check_refused("f", "f/2:1:1: \"web1\" is already defined in f/1.yaml:1\n");
    put_file("g", "g\xff\n");
    check_refused("g", "g:1:1: this line is no text in UTF-8\n");
}

static void aliases_cannot_grow_without_bound(void **state)
{
    char text[1000] = "a0: &a0 {vars: {x: [1, 2, 3, 4, 5, 6, 7, 8, 9]}}\n";
    struct problems p = {0};
    char *said;
    int i;

    (void)state;
    for (i = 1; i < 9; i++) {
        char line[100];

        snprintf(line, sizeof line,
                 "a%d: &a%d {vars: {x: [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]}}\n", i, i,
                 i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
        strcat(text, line);
    }
    put_file("bomb.yml", text);
    assert_null(load("bomb.yml", &p));
    said = problems_text(&p);
    assert_non_null(strstr(said, "the aliases stand for too much"));
    free(said);
    problems_release(&p);
}

static void programs_are_not_run_unless_they_are_named(void **state)
{
    char *path = path_of("program");

    (void)state;
    put_file("program", "#!/bin/sh\necho no\n");
    assert_int_equal(chmod(path, 0755), 0);
    check_refused("program",
                  "program: this is a program; it is run only where -i names it or its folder\n");
    put_file("plain", "web1\n");
    free(path);
    path = path_of("plain");
    assert_int_equal(chmod(path, 0755), 0); /* as on a file system that knows no modes */
    inventory_free(loaded("plain"));
    free(path);
}

static void patterns_take_away_and_intersect_wherever_they_stand(void **state)
{
    struct inventory *inv;

    (void)state;
    put_file("h", "[web]\nweb[1:3]\n[prod]\nweb2\nweb3\ndb1\n[web1]\ndb1\n");
    inv = loaded("h");
    check_select(inv, "web,&prod", "web2 web3");
    check_select(inv, "&prod,web", "web2 web3");
    check_select(inv, "!web3,prod", "web2 db1");
    check_select(inv, "&prod,!db*", "web2 web3");
    check_select(inv, "web[2:9]", "web2 web3");
    check_select(inv, "web[12]", "web1 web2");
    check_select(inv, "web1", "web1 db1"); /* a group of that name, too */
    check_select(inv, "web,&nope", "there is no host or group \"nope\"");
    check_select(inv, "web[7:9]", "there is no host or group \"web[7:9]\"");
    inventory_free(inv);
}

static void aliases_of_ssh_are_hosts_where_they_are_named(void **state)
{
    char *config = path_of("config");
    struct inventory *inv;

    (void)state;
    put_file("config", "Host web1 jump !no *.x\n  Port 2222\nHost *\nInclude config.d/*\nHost db1\n");
    put_file("h", "[web]\nweb1\nweb2\n");
    setenv("FETTLE_SSH_CONFIG", config, 1);
    inv = loaded("h");
    inventory_add_aliases(inv);
    unsetenv("FETTLE_SSH_CONFIG");
    assert_false(inventory_host(inv, "web1")->alias);
    assert_true(inventory_host(inv, "jump")->alias);
    assert_non_null(strstr(inventory_host(inv, "jump")->source, "/config:1"));
    assert_non_null(strstr(inventory_host(inv, "db1")->source, "/config:5"));
    assert_null(inventory_host(inv, "no"));
    assert_null(inventory_host(inv, "*.x"));
    check_select(inv, "jump", "jump");
    check_select(inv, "all", "web1 web2");
    check_select(inv, "*", "web1 web2");
    check_select(inv, "jmup", "there is no host or group \"jmup\"; did you mean \"jump\"?");
    assert_null(inventory_by_address(inv, "jump"));
    inventory_free(inv);
    free(config);
}

static void words_are_split_as_shlex_does(void **state)
{
    static const char *const want[] = {"a b", "x\"y", "p\\q", "e", "c d"};
    struct word *words;
    int count = words_split("  'a b' \"x\\\"y\" \"p\\q\" e#f", true, &words), i;

    (void)state;
    assert_int_equal(count, 4);
    for (i = 0; i < count; i++)
        assert_string_equal(words[i].text, want[i]);
    assert_int_equal(words[1].column, 9);
    words_free(words, (size_t)count);
    assert_int_equal(words_split("c\\ d # e", false, &words), 3);
    assert_string_equal(words[0].text, want[4]);
    words_free(words, 3);
    assert_int_equal(words_split("'open", true, &words), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ini_has_groups_ranges_ports_quotes_and_comments),
        cmocka_unit_test(the_deeper_group_wins_then_the_later_name_then_the_host),
        cmocka_unit_test(yaml_may_have_anchors_merges_and_ranges),
        cmocka_unit_test(a_folder_has_vars_beside_it_and_files_of_every_kind),
        cmocka_unit_test(what_cannot_be_followed_makes_only_that_host_unusable),
        cmocka_unit_test(ssh_arguments_may_name_a_jump_host_and_nothing_turns_checks_off),
        cmocka_unit_test(mistakes_have_their_place),
        cmocka_unit_test(aliases_cannot_grow_without_bound),
        cmocka_unit_test(programs_are_not_run_unless_they_are_named),
        cmocka_unit_test(patterns_take_away_and_intersect_wherever_they_stand),
        cmocka_unit_test(aliases_of_ssh_are_hosts_where_they_are_named),
        cmocka_unit_test(words_are_split_as_shlex_does),
    };

    return cmocka_run_group_tests(tests, begin, finish);
}
