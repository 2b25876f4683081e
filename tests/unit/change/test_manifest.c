/* test_manifest.c: what is sent to a host, and what is never sent. */
#include "change/manifest.h"
#include "change/vet.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

static const struct host host = {.name = (char *)"web1"};

static char *formatted(struct fix *const *fixes, size_t count)
{
    struct manifest m;
    struct buf b;
    char *text;

    assert_int_equal(manifest_init(&m, fixes, count, NULL), 0);
    buf_init(&b, 1 << 20);
    manifest_format(&m, "run-1", "alice on laptop", 60, &b);
    manifest_release(&m);
    text = buf_take(&b);
    buf_release(&b);
    return text;
}

static void every_byte_survives_the_encoding(void **state)
{
    char word[256], plain[256];
    size_t i, n = 0;
    struct buf b;
    const char *p;

    (void)state;
    for (i = 1; i < 256; i++)
        word[i - 1] = (char)i;
    word[255] = '\0';
    buf_init(&b, 4096);
    manifest_encode(&b, word);
    for (p = b.data; *p; p++) {
        unsigned byte = (unsigned char)*p;

        assert_non_null(strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "_./:=@+,-%", *p));
        if (*p == '%') {
            assert_int_equal(sscanf(p + 1, "%2X", &byte), 1);
            p += 2;
        }
        plain[n++] = (char)byte;
    }
    assert_int_equal(n, 255);
    assert_memory_equal(plain, word, 255);
    buf_release(&b);
}

static void hostile_path_stays_one_word_of_one_line(void **state)
{
    struct fix *f = fixture_fix("x/y");
    char *text;

    (void)state;
    fixture_edit(f, "/etc/a b\nrun evil\t$(id)'\"\\%41;é", "1\n", "2\n");
    text = formatted(&f, 1);
    assert_non_null(strstr(text, "edit 1 /etc/a%20b%0Arun%20evil%09%24%28id%29%27%22%5C%2541%3B"
                                 "%C3%A9 "));
    assert_null(strstr(text, "\nrun evil"));
    free(text);
    fixture_free(f);
}

static void a_new_file_is_a_line_of_its_own(void **state)
{
    struct fix *f = fixture_fix("limits/open-files"), *both[2];
    struct manifest m;
    struct err e;
    char *text;

    (void)state;
    fixture_edit(f, "/etc/x.d/a b.conf", "", "new\n");
    f->edits[0].was.absent = f->edits[0].was.folder_absent = true;
    text = formatted(&f, 1);
    assert_non_null(strstr(text, "\ncreate 1 /etc/x.d/a%20b.conf 0 0 644 /etc/x.d\n"));
    free(text);
    f->edits[0].was.folder_absent = false;
    text = formatted(&f, 1);
    assert_non_null(strstr(text, "\ncreate 1 /etc/x.d/a%20b.conf 0 0 644 -\n"));
    free(text);
    both[0] = f;
    both[1] = fixture_fix("limits/workers");
    fixture_edit(both[1], "/etc/x.d/c.conf", "", "new\n");
    both[1]->edits[0].was.absent = true;
    assert_int_equal(manifest_init(&m, both, 2, &e), 0);
    manifest_release(&m);
    f->edits[0].was.folder_absent = both[1]->edits[0].was.folder_absent = true;
    assert_int_equal(manifest_init(&m, both, 2, &e), -1);
    assert_non_null(strstr(e.text, "two fixes create files in a new folder"));
    fixture_free(both[1]);
    fixture_free(f);
}

static void manifest_says_everything_in_order(void **state)
{
    struct fix *f = fixture_fix("unix-socket/mode");
    char *text, *want;

    (void)state;
    fixture_edit(f, "/etc/php/www.conf", "a\n", "b\n");
    f->edits[0].was.mode = 0640;
    f->edits[0].was.uid = 1;
    f->edits[0].was.gid = 2;
    free(f->edits[0].was.real);
    f->edits[0].was.real = mem_dup("/srv/www.conf");
    fixture_validate(f, "nginx -t");
    fixture_command(f, "systemctl start a", "systemctl stop a");
    fixture_command(f, "nginx -s reload", NULL);
    text = formatted(&f, 1);
    want = mem_format("run run-1\nfix unix-socket/mode\nowner alice%%20on%%20laptop\n"
                      "confirm-timeout 60\nvalidate-timeout 30\n"
                      "edit 1 /etc/php/www.conf %s 1 2 640 /srv/www.conf\n"
                      "validate 2 nginx -t\n"
                      "command 1 10 3 systemctl start a 3 systemctl stop a\n"
                      "command 2 10 3 nginx -s reload 0\n"
                      "reactivate 3 nginx -s reload\n", f->edits[0].was.sha256);
    assert_string_equal(text, want);
    free(text);
    free(want);
    fixture_free(f);
}

static void equal_activations_run_once_and_last(void **state)
{
    struct fix *fixes[2] = {fixture_fix("a/1"), fixture_fix("b/2")};
    struct manifest m;

    (void)state;
    fixture_edit(fixes[0], "/etc/nginx/a", "1\n", "2\n");
    fixture_command(fixes[0], "systemctl start php", "systemctl stop php");
    fixture_command(fixes[0], "nginx -s reload", NULL);
    fixture_validate(fixes[0], "nginx -t");
    fixture_command(fixes[1], "systemctl start php", "systemctl stop php");
    fixture_command(fixes[1], "systemctl restart other", NULL);
    fixture_command(fixes[1], "nginx -s reload", NULL);
    fixture_validate(fixes[1], "nginx -t");
    assert_int_equal(manifest_init(&m, fixes, 2, NULL), 0);
    assert_int_equal(m.command_count, 3);
    assert_string_equal(m.commands[0]->argv[1], "start");
    assert_string_equal(m.commands[1]->argv[2], "other");
    assert_string_equal(m.commands[2]->argv[0], "nginx");
    assert_int_equal(m.validate_count, 1);
    /* "other" activates no file that was edited */
    assert_int_equal(m.reactivate_count, 1);
    assert_string_equal(m.reactivates[0][0], "nginx");
    manifest_release(&m);
    fixture_free(fixes[0]);
    fixture_free(fixes[1]);
}

static void one_file_twice_is_refused_unless_it_is_the_same_edit(void **state)
{
    struct fix *fixes[2] = {fixture_fix("a/1"), fixture_fix("b/2")};
    struct manifest m;
    struct err e = {0};

    (void)state;
    fixture_edit(fixes[0], "/etc/nginx/a", "1\n", "2\n");
    fixture_edit(fixes[1], "/etc/nginx/link", "1\n", "2\n");
    free(fixes[1]->edits[0].was.real);
    fixes[1]->edits[0].was.real = mem_dup("/etc/nginx/a");
    assert_int_equal(manifest_init(&m, fixes, 2, &e), 0);
    assert_int_equal(m.edit_count, 1);
    manifest_release(&m);
    fixture_edit(fixes[1], "/etc/nginx/a", "1\n", "3\n");
    assert_int_equal(manifest_init(&m, fixes, 2, &e), -1);
    assert_int_equal(e.code, ERR_REFUSED);
    assert_non_null(strstr(e.text, "/etc/nginx/a"));
    fixture_free(fixes[0]);
    fixture_free(fixes[1]);
}

static void different_ways_back_are_refused(void **state)
{
    struct fix *fixes[2] = {fixture_fix("a/1"), fixture_fix("b/2")};
    struct manifest m;
    struct err e = {0};

    (void)state;
    fixture_command(fixes[0], "systemctl start php", "systemctl stop php");
    fixture_command(fixes[1], "systemctl start php", NULL);
    assert_int_equal(manifest_init(&m, fixes, 2, &e), -1);
    assert_int_equal(e.code, ERR_REFUSED);
    fixture_free(fixes[0]);
    fixture_free(fixes[1]);
}

static void payload_counts_its_bytes(void **state)
{
    struct fix *f = fixture_fix("a/1");
    struct manifest m;
    struct buf b;

    (void)state;
    fixture_edit(f, "/etc/nginx/a", "1\n", "two\nwithout newline");
    assert_int_equal(manifest_init(&m, &f, 1, NULL), 0);
    assert_int_equal(payload_build(&b, &m, "apply", "r-1", "me", 5, NULL), 0);
    assert_int_equal(strncmp(b.data, "fettle-txn 1 r-1 apply\ntxn ", 27), 0);
    assert_non_null(strstr(b.data, "new.1 19\ntwo\nwithout newlineend 0\n"));
    buf_release(&b);
    payload_ask(&b, "follow", "r-1", 7);
    assert_string_equal(b.data, "fettle-txn 1 r-1 follow\nfrom 7\nend 0\n");
    buf_release(&b);
    manifest_release(&m);
    fixture_free(f);
}

/* ---- vet ---- */

static struct fix *sound_fix(void)
{
    struct fix *f = fixture_fix("a/1");

    fixture_edit(f, "/etc/nginx/a", "1\n", "2\n");
    fixture_validate(f, "nginx -t");
    fixture_command(f, "nginx -s reload", NULL);
    fixture_check(f, "ss -H -ltnp", 1, NULL);
    return f;
}

static void expect_refusal(struct fix *f, const char *part)
{
    struct err e = {0};

    assert_int_equal(vet_fixes(&host, &f, 1, &e), -1);
    assert_int_equal(e.code, ERR_REFUSED);
    if (!strstr(e.text, part))
        fail_msg("\"%s\" is not in \"%s\"", part, e.text);
    fixture_free(f);
}

static void sound_fix_passes(void **state)
{
    struct fix *f = sound_fix();
    struct err e = {0};

    (void)state;
    if (vet_fixes(&host, &f, 1, &e))
        fail_msg("%s", e.text);
    fixture_free(f);
}

static void other_bytes_than_shown_are_refused(void **state)
{
    struct fix *f = sound_fix();

    (void)state;
    f->edits[0].after[0] = '3';
    expect_refusal(f, "not the one that was approved");
    f = sound_fix();
    f->edits[0].after[0] = '3';
    digest_sha256(f->edits[0].after, f->edits[0].after_len, f->edits[0].after_sha256);
    expect_refusal(f, "the diff");
    f = sound_fix();
    f->edits[0].diff[strlen(f->edits[0].diff) - 2]++;
    expect_refusal(f, "the diff");
    f = sound_fix();
    f->edits[0].before[0] = '7';
    expect_refusal(f, "fingerprint");
}

static void commands_outside_the_catalogues_are_refused(void **state)
{
    struct fix *f = sound_fix();

    (void)state;
    fixture_command(f, "rm -rf /", NULL);
    expect_refusal(f, "not a change");
    f = sound_fix();
    fixture_command(f, "systemctl start a", "sh -c evil");
    expect_refusal(f, "not a change");
    f = sound_fix();
    fixture_validate(f, "sh -c true");
    expect_refusal(f, "not a validation");
    f = sound_fix();
    fixture_check(f, "nginx -s stop", 1, NULL);
    expect_refusal(f, "not a check");
    f = sound_fix();
    fixture_check(f, "ss -H -ltnp", 1, "(");
    expect_refusal(f, "regular expression");
}

static void fix_of_another_host_is_refused(void **state)
{
    struct fix *f = sound_fix();

    (void)state;
    f->host = mem_dup("web2");
    expect_refusal(f, "for host \"web2\"");
}

static void fix_that_nobody_can_verify_is_refused(void **state)
{
    struct fix *f = fixture_fix("a/1");

    (void)state;
    fixture_command(f, "nginx -s reload", NULL);
    expect_refusal(f, "no check");
}

static void run_names_are_no_paths(void **state)
{
    (void)state;
    assert_true(vet_run("20260404T081233-3f9a1c"));
    assert_false(vet_run(""));
    assert_false(vet_run(NULL));
    assert_false(vet_run("lock"));
    assert_false(vet_run("-x"));
    assert_false(vet_run("../x"));
    assert_false(vet_run("a b"));
    assert_false(vet_run("a\nb"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_byte_survives_the_encoding),
        cmocka_unit_test(hostile_path_stays_one_word_of_one_line),
        cmocka_unit_test(a_new_file_is_a_line_of_its_own),
        cmocka_unit_test(manifest_says_everything_in_order),
        cmocka_unit_test(equal_activations_run_once_and_last),
        cmocka_unit_test(one_file_twice_is_refused_unless_it_is_the_same_edit),
        cmocka_unit_test(different_ways_back_are_refused),
        cmocka_unit_test(payload_counts_its_bytes),
        cmocka_unit_test(sound_fix_passes),
        cmocka_unit_test(other_bytes_than_shown_are_refused),
        cmocka_unit_test(commands_outside_the_catalogues_are_refused),
        cmocka_unit_test(fix_of_another_host_is_refused),
        cmocka_unit_test(fix_that_nobody_can_verify_is_refused),
        cmocka_unit_test(run_names_are_no_paths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
