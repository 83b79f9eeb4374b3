/* SPDX-License-Identifier: MIT */
#include "support.h"
#include "transfer/name.h"

#include <stdio.h>
#include <string.h>

static const char *clean(const char *name)
{
    static char out[1024];
    int err = uftp_name_clean((uftp_bytes){(const uint8_t *)name, strlen(name)}, out);
    return err == UFTP_OK ? out : err == UFTP_ERR_NAME ? NULL : "?";
}

static void names_are_cleaned(void **state)
{
    (void)state;
    static const struct {
        const char *raw, *cleaned;
    } table[] = {
        {"a", "a"},
        {"a/b", "a/b"},
        {"a//b", "a/b"},
        {"./a", "a"},
        {"a/./b", "a/b"},
        {"a/", "a"},
        {"/a//b/", "/a/b"},
        {"...", "..."},
        {"a..b", "a..b"},
        {"..a/b..", "..a/b.."},
        {".hidden", ".hidden"},
        {"a\\b", "a\\b"},
        {"\x1b[31m", "\x1b[31m"}, /* the program escapes */
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        assert_string_equal(clean(table[i].raw), table[i].cleaned);
}

/* trap 62: every component is looked at, under both separators. */
static void trap_62_no_component_climbs(void **state)
{
    (void)state;
    static const char *const bad[] = {"..",         "../a",    "a/..",  "a/../b", "a..b/../../x",
                                      "/..",        "/a/../b", "..\\a", "a\\..",  "a\\..\\b",
                                      "a/b\\..\\c", "",        "/",     ".",      "./.",
                                      "//"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (clean(bad[i]))
            fail_msg("accepted: \"%s\"", bad[i]);
}

static void a_nul_or_a_long_component_is_no_name(void **state)
{
    (void)state;
    char out[1024], name[600];
    assert_int_equal(uftp_name_clean((uftp_bytes){(const uint8_t *)"a\0b", 3}, out), UFTP_ERR_NAME);
    memset(name, 'x', sizeof name);
    assert_int_equal(uftp_name_clean((uftp_bytes){(uint8_t *)name, 255}, out), UFTP_OK);
    assert_int_equal(uftp_name_clean((uftp_bytes){(uint8_t *)name, 256}, out), UFTP_ERR_NAME);
    name[255] = '/';
    assert_int_equal(uftp_name_clean((uftp_bytes){(uint8_t *)name, 511}, out), UFTP_OK);
}

/* Whatever the bytes: what comes out has only plain components, and cleaning it again is nothing.
 */
static void cleaned_names_are_always_safe(void **state)
{
    (void)state;
    test_random random;
    test_random_init(&random, 7);
    static const char alphabet[] = {'.', '.', '/', '\\', 'a', '\0'};
    for (int i = 0; i < 200000; i++) {
        uint8_t name[13];
        size_t len = (size_t)test_random_below(&random, sizeof name);
        for (size_t j = 0; j < len; j++)
            name[j] = (uint8_t)alphabet[test_random_below(&random, 5 + (i % 8 == 0))];
        char out[14], again[14];
        if (uftp_name_clean((uftp_bytes){name, len}, out) < 0)
            continue;
        assert_true(strlen(out) <= len);
        assert_null(strstr(out, "//"));
        char probe[20];
        snprintf(probe, sizeof probe, "/%s/", out[0] == '/' ? out + 1 : out);
        for (char *at = probe; *at; at++)
            if (*at == '\\')
                *at = '/';
        assert_null(strstr(probe, "/../"));
        assert_int_equal(uftp_name_clean((uftp_bytes){(uint8_t *)out, strlen(out)}, again),
                         UFTP_OK);
        assert_string_equal(again, out);
    }
}

static void a_destination_matches_whole_components_only(void **state)
{
    (void)state;
    assert_string_equal(uftp_name_below("/srv/one/a/b", "/srv/one"), "a/b");
    assert_null(uftp_name_below("/srv/oneself/a", "/srv/one"));
    assert_null(uftp_name_below("/srv/one", "/srv/one"));
    assert_null(uftp_name_below("/srv", "/srv/one"));
    assert_string_equal(uftp_name_below("/etc/passwd", ""), "etc/passwd");
}

static void temporary_names_stand_beside_the_file_and_fit(void **state)
{
    (void)state;
    char out[400], name[300];
    uftp_name_temporary("dir/file", 0x3d30c238, 0x1f, out, sizeof out);
    assert_string_equal(out, "dir/file.~uftp-3D30C238-001F");
    uftp_name_temporary("f", 1, 65535, out, sizeof out);
    assert_string_equal(out, "f.~uftp-00000001-FFFF");
    strcpy(name, "dir/");
    memset(name + 4, 'x', 255);
    name[259] = '\0';
    uftp_name_temporary(name, 1, 2, out, sizeof out);
    assert_int_equal(strlen(out + 4), 255);
    assert_string_equal(out + strlen(out) - 20, ".~uftp-00000001-0002");
    /* Two-byte characters at odd places: none is cut in half. */
    for (size_t i = 4; i + 1 < 259; i += 2)
        memcpy(name + i, "\xc3\xa9", 2);
    name[258] = '\0';
    uftp_name_temporary(name, 1, 2, out, sizeof out);
    size_t body = strlen(out) - 4 - UFTP_NAME_SUFFIX_LEN;
    assert_int_equal(body % 2, 0);
    assert_true(body >= 230);
}

static void parents_and_folders(void **state)
{
    (void)state;
    char folder[UFTP_GROUP_FOLDER_SIZE];
    assert_int_equal(uftp_name_parent_len("a"), 0);
    assert_int_equal(uftp_name_parent_len("ab/c/d"), 4);
    uftp_name_group_folder(0xabcdef01, folder);
    assert_string_equal(folder, "_group_ABCDEF01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_cleaned),
        cmocka_unit_test(trap_62_no_component_climbs),
        cmocka_unit_test(a_nul_or_a_long_component_is_no_name),
        cmocka_unit_test(cleaned_names_are_always_safe),
        cmocka_unit_test(a_destination_matches_whole_components_only),
        cmocka_unit_test(temporary_names_stand_beside_the_file_and_fit),
        cmocka_unit_test(parents_and_folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
