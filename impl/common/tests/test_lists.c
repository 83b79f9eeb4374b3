/* SPDX-License-Identifier: MIT */
#include "common/lists.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file with these bytes; the caller unlinks it. */
static const char *file_of(const char *bytes, size_t len)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/test_lists.XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), (ssize_t)len);
    close(fd);
    return path;
}

#define FILE_OF(text) file_of(text, sizeof text - 1)

/* Blank lines and a file written on Windows must not become operands of their own. */
static void lines_lose_their_ends_and_blank_ones_are_skipped(void **state)
{
    (void)state;
    uftp_failure failure;
    uftp_strings lines = {0};
    const uftp_lines_rules rules = {.what = "file list", .count_max = 9, .len_max = 99};
    const char *path = FILE_OF("f1\n\nf 2\r\n\r\n#f3\nlast");
    assert_int_equal(uftp_lines_read(path, &rules, &lines, &failure), 0);
    unlink(path);
    assert_int_equal(lines.count, 4);
    assert_string_equal(lines.items[0], "f1");
    assert_string_equal(lines.items[1], "f 2");
    assert_string_equal(lines.items[2], "#f3"); /* no comments here */
    assert_string_equal(lines.items[3], "last");
    uftp_strings_free(&lines);
}

static void lists_have_limits_and_hold_only_text(void **state)
{
    (void)state;
    uftp_failure failure;
    uftp_strings lines = {0};
    const uftp_lines_rules rules = {.what = "list", .count_max = 2, .len_max = 4};
    const char *path = FILE_OF("1234\n1234\n");
    assert_int_equal(uftp_lines_read(path, &rules, &lines, &failure), 0);
    uftp_strings_free(&lines);
    unlink(path);
    path = FILE_OF("1\n2\n3\n");
    assert_int_equal(uftp_lines_read(path, &rules, &lines, &failure), UFTP_EXIT_ARGUMENTS);
    uftp_strings_free(&lines);
    unlink(path);
    path = FILE_OF("12345\n");
    assert_int_equal(uftp_lines_read(path, &rules, &lines, &failure), UFTP_EXIT_ARGUMENTS);
    uftp_strings_free(&lines);
    unlink(path);
    path = FILE_OF("1\0002\n");
    assert_int_equal(uftp_lines_read(path, &rules, &lines, &failure), UFTP_EXIT_ARGUMENTS);
    uftp_strings_free(&lines);
    unlink(path);
    assert_int_equal(uftp_lines_read("/nonexistent/x", &rules, &lines, &failure),
                     UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "cannot open list /nonexistent/x: No such file or directory");
}

/* The three classical spellings of one UID, and the display name as given (spec cli 6.1). */
static void hosts_are_uids_in_every_spelling(void **state)
{
    (void)state;
    static const char *const spellings[] = {"0x0A090002", "10.9.0.2", "168361986"};
    uftp_failure failure;
    for (size_t i = 0; i < 3; i++) {
        uftp_members members = {0};
        assert_int_equal(uftp_members_add(&members, spellings[i], false, &failure), 0);
        assert_int_equal(members.count, 1);
        assert_int_equal(members.items[0].uid, 0x0A090002);
        assert_string_equal(members.items[0].name, spellings[i]);
        uftp_members_free(&members);
    }
}

static void hosts_come_from_files_with_fingerprints_and_comments(void **state)
{
    (void)state;
    uftp_failure failure;
    uftp_members members = {0};
    const char *path = FILE_OF("# fleet\r\n0x1\r\n\n"
                               "0x2|00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:02:03:04\n");
    char text[80];
    snprintf(text, sizeof text, "@%s", path);
    assert_int_equal(uftp_members_add(&members, text, false, &failure), 0);
    assert_int_equal(uftp_members_add(&members, "0x3,0x4", false, &failure), 0); /* cumulative */
    unlink(path);
    assert_int_equal(members.count, 4);
    assert_false(members.items[0].has_fingerprint);
    assert_true(members.items[1].has_fingerprint);
    assert_int_equal(members.items[1].fingerprint[10], 0xAA);
    assert_string_equal(members.items[1].name, "0x2");
    assert_string_equal(members.items[3].name, "0x4");
    uftp_members_free(&members);
}

/* The reference takes a garbled fingerprint and never matches it: refused here. */
static void bad_hosts_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"0x1|AA:BB", "0", "0xffffffff", "0x1,0x2,1",
                                      "no such host.invalid"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uftp_failure failure = {0};
        uftp_members members = {0};
        assert_int_equal(uftp_members_add(&members, bad[i], false, &failure), UFTP_EXIT_ARGUMENTS);
        assert_true(strlen(failure.text) > 0);
        uftp_members_free(&members);
    }
}

static void servers_have_an_address_and_a_proxy(void **state)
{
    (void)state;
    uftp_failure failure;
    uftp_server_entry *servers = NULL;
    size_t count = 0;
    const char *path = FILE_OF("#UID|IP|PROXY\n\n0A090001|10.9.0.1|0\n"
                               "0x0A090009|fd00::9|0A0900FE|"
                               "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF:01:02:03:04\n");
    assert_int_equal(uftp_servers_read(path, &servers, &count, &failure), 0);
    unlink(path);
    assert_int_equal(count, 2);
    assert_int_equal(servers[0].uid, 0x0A090001);
    assert_int_equal(servers[0].address.family, UFTP_IPV4);
    assert_int_equal(servers[0].proxy, 0);
    assert_false(servers[0].has_fingerprint);
    assert_int_equal(servers[1].address.family, UFTP_IPV6);
    assert_int_equal(servers[1].proxy, 0x0A0900FE);
    assert_true(servers[1].has_fingerprint);
    free(servers);

    static const char *const bad[] = {
        "0A090001\n",        "0A090001|10.9.0.1\n", "0|10.9.0.1|0\n", "xyz|10.9.0.1|0\n",
        "1|10.9.0.1|0|AA\n", "# nothing\n",         "1||0\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        path = file_of(bad[i], strlen(bad[i]));
        assert_int_equal(uftp_servers_read(path, &servers, &count, &failure), UFTP_EXIT_ARGUMENTS);
        unlink(path);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_lose_their_ends_and_blank_ones_are_skipped),
        cmocka_unit_test(lists_have_limits_and_hold_only_text),
        cmocka_unit_test(hosts_are_uids_in_every_spelling),
        cmocka_unit_test(hosts_come_from_files_with_fingerprints_and_comments),
        cmocka_unit_test(bad_hosts_are_refused),
        cmocka_unit_test(servers_have_an_address_and_a_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
