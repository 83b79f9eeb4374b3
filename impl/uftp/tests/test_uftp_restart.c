/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "uftp/restart.h"

#include <stdio.h>

static char directory[] = "/tmp/uftp-restart.XXXXXX";

static int enter_directory(void **state)
{
    (void)state;
    return mkdtemp(directory) && chdir(directory) == 0 ? 0 : -1;
}

static int leave_directory(void **state)
{
    (void)state;
    unlink("_group_00000ABC_restart");
    unlink("damaged");
    return chdir("/") == 0 && rmdir(directory) == 0 ? 0 : -1;
}

static uftp_restart sample(void)
{
    static char *operands[] = {"page1.pdf", "/srv/pages"};
    static uftp_member members[] = {
        {.uid = 0x0a090002, .name = "0x0A090002"},
        {.uid = 0x00000011, .name = "plant-17", .has_fingerprint = true, .fingerprint = {1, 2, 3}}};
    return (uftp_restart){.group = 0xabc,
                          .instance = 3,
                          .operands = {operands, 2},
                          .members = {.items = members, .count = 2}};
}

static size_t read_file(const char *path, uint8_t *out, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(out, 1, capacity, file);
    fclose(file);
    return len;
}

/* The reference reads the file as the raw structures of its x86-64 build (spec cli 6.4). */
static void the_file_is_the_references(void **state)
{
    (void)state;
    uftp_restart restart = sample();
    char name[UFTP_RESTART_NAME_MAX];
    assert_int_equal(uftp_restart_write(&restart, name), 0);
    assert_string_equal(name, "_group_00000ABC_restart");
    uint8_t bytes[4000];
    assert_int_equal(read_file(name, bytes, sizeof bytes), 12 + 2 * 300 + 2 * 156);
    assert_memory_equal(bytes, "\xbc\x0a\0\0\3\0\0\0\2\0\0\0page1.pdf\0", 22);
    assert_memory_equal(bytes + 12 + 300, "/srv/pages\0", 11);
    const uint8_t *host = bytes + 12 + 600 + 156;
    assert_memory_equal(host, "plant-17\0", 9);
    assert_memory_equal(host + 80, "\0\0\0\x11\1\0\0\0\1\2\3", 11);
    assert_memory_equal(host + 152, "\0\0\0\0", 4);
}

static void what_was_written_is_read_back(void **state)
{
    (void)state;
    uftp_restart restart = sample(), again;
    char name[UFTP_RESTART_NAME_MAX];
    uftp_failure failure;
    assert_int_equal(uftp_restart_write(&restart, name), 0);
    assert_int_equal(uftp_restart_read(name, &again, &failure), 0);
    assert_int_equal(again.group, 0xabc);
    assert_int_equal(again.instance, 3);
    assert_int_equal(again.operands.count, 2);
    assert_string_equal(again.operands.items[1], "/srv/pages");
    assert_int_equal(again.members.count, 2);
    assert_int_equal(again.members.items[0].uid, 0x0a090002);
    assert_false(again.members.items[0].has_fingerprint);
    assert_string_equal(again.members.items[1].name, "plant-17");
    assert_true(again.members.items[1].has_fingerprint);
    assert_int_equal(again.members.items[1].fingerprint[2], 3);
    uftp_restart_free(&again);
}

static int read_bytes(const uint8_t *bytes, size_t len)
{
    FILE *file = fopen("damaged", "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    fclose(file);
    uftp_restart restart;
    uftp_failure failure;
    int code = uftp_restart_read("damaged", &restart, &failure);
    uftp_restart_free(&restart);
    return code;
}

/* Cut anywhere, or with counts that do not fit: one line and exit code 1, no half-read session. */
static void damaged_files_are_refused(void **state)
{
    (void)state;
    uftp_restart restart = sample();
    char name[UFTP_RESTART_NAME_MAX];
    assert_int_equal(uftp_restart_write(&restart, name), 0);
    uint8_t bytes[4000];
    size_t len = read_file(name, bytes, sizeof bytes);
    assert_int_equal(read_bytes(bytes, len), 0);
    for (size_t cut = 0; cut < len; cut++)
        if (cut != len - 156) /* one host less is a whole file */
            assert_int_equal(read_bytes(bytes, cut), UFTP_EXIT_ARGUMENTS);
    static const struct {
        size_t at;
        uint8_t value;
    } damage[] = {{4, 255}, {8, 0}, {8, 3}, {9, 0xff}, {11, 0xff}, {12, 0}, {612, 0}};
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        uint8_t copy[4000];
        memcpy(copy, bytes, len);
        copy[damage[i].at] = damage[i].value;
        assert_int_equal(read_bytes(copy, len), UFTP_EXIT_ARGUMENTS);
    }
}

static void an_operand_too_long_for_the_file_is_told(void **state)
{
    (void)state;
    char operand[400];
    memset(operand, 'x', 300);
    operand[300] = '\0';
    char *operands[] = {operand};
    uftp_restart restart = sample();
    restart.operands = (uftp_strings){operands, 1};
    char name[UFTP_RESTART_NAME_MAX];
    assert_int_equal(uftp_restart_write(&restart, name), UFTP_ERR_NAME);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_is_the_references),
        cmocka_unit_test(what_was_written_is_read_back),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(an_operand_too_long_for_the_file_is_told),
    };
    return cmocka_run_group_tests(tests, enter_directory, leave_directory);
}
