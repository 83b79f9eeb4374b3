/* SPDX-License-Identifier: MIT */
#include "common/keys.h"

#include "runtime/entropy.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[96];

static int make_directory(void **state)
{
    (void)state;
    snprintf(directory, sizeof directory, "/tmp/test_keys.XXXXXX");
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/key.pem", directory);
    return 0;
}

static int remove_directory(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(directory);
}

/* -k with -K makes the file, for our eyes only; -k alone reads the same key back; a second -K must
 * not destroy it. */
static void a_key_is_written_once_and_read_back(void **state)
{
    (void)state;
    uftp_entropy entropy;
    uftp_entropy_init(&entropy);
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP384R1};
    uftp_key_choice choice = {.path = path, .spec = &spec, .random = &entropy.random};
    uftp_failure failure = {0};
    uftp_key *made, *again, *read_back;
    struct stat status;
    char line[UFTP_KEY_LINE_MAX], line_back[UFTP_KEY_LINE_MAX];

    assert_int_equal(uftp_key_obtain(&choice, &made, &failure), 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    off_t size = status.st_size;
    assert_int_equal(uftp_key_obtain(&choice, &again, &failure), UFTP_EXIT_KEYS);
    assert_non_null(strstr(failure.text, "already exists, won't overwrite"));
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, size);

    choice.spec = NULL;
    assert_int_equal(uftp_key_obtain(&choice, &read_back, &failure), 0);
    uftp_key_line(made, line);
    uftp_key_line(read_back, line_back);
    assert_string_equal(line, line_back);
    assert_int_equal(strncmp(line, "Loaded ECDSA key with curve secp384r1 and fingerprint ", 54),
                     0);
    assert_int_equal(strlen(line), 54 + 59);
    uftp_key_free(made);
    uftp_key_free(read_back);
    unlink(path);
}

/* The reference loops for ever here (spec cli 16.1). */
static void an_unreadable_key_is_refused_with_its_reason(void **state)
{
    (void)state;
    uftp_entropy entropy;
    uftp_entropy_init(&entropy);
    const uftp_key_choice choice = {.path = path, .random = &entropy.random};
    uftp_failure failure = {0};
    uftp_key *key = NULL;
    assert_int_equal(uftp_key_obtain(&choice, &key, &failure), UFTP_EXIT_KEYS);
    assert_non_null(strstr(failure.text, "No such file or directory"));

    static const char text[] =
        "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n";
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    close(fd);
    assert_int_equal(uftp_key_obtain(&choice, &key, &failure), UFTP_EXIT_KEYS);
    assert_non_null(strstr(failure.text, "cannot be used"));
    assert_null(key);
    unlink(path);

    fd = open(path, O_WRONLY | O_CREAT, 0600); /* a huge file must not be swallowed */
    assert_int_equal(ftruncate(fd, 1 << 30), 0);
    close(fd);
    assert_int_equal(uftp_key_obtain(&choice, &key, &failure), UFTP_EXIT_KEYS);
    unlink(path);
}

static void each_run_has_a_key_of_its_own_by_default(void **state)
{
    (void)state;
    uftp_entropy entropy;
    uftp_entropy_init(&entropy);
    const uftp_key_choice choice = {.random = &entropy.random};
    uftp_failure failure = {0};
    uftp_key *first, *second;
    char line[UFTP_KEY_LINE_MAX], other[UFTP_KEY_LINE_MAX];
    assert_int_equal(uftp_key_obtain(&choice, &first, &failure), 0);
    assert_int_equal(uftp_key_obtain(&choice, &second, &failure), 0);
    uftp_key_line(first, line);
    uftp_key_line(second, other);
    assert_string_not_equal(line, other);
    assert_non_null(strstr(line, "curve prime256v1"));
    uftp_key_free(first);
    uftp_key_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_written_once_and_read_back),
        cmocka_unit_test(an_unreadable_key_is_refused_with_its_reason),
        cmocka_unit_test(each_run_has_a_key_of_its_own_by_default),
    };
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
