/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "uftpd/records.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

/* The examples of spec cli 7.2. */
static void records_read_as_those_of_the_reference(void **state)
{
    (void)state;
    char out[UFTP_RECORD_MAX];
    setenv("TZ", "UTC", 1);
    tzset();
    const uftp_record_session session = {
        .when = 1795175251, .server = 0x0A090001, .group = 0x2BAC810E};
    const uftp_address server = uftp_address_ipv4(10, 9, 0, 1, 40000);
    assert_string_equal(uftp_record_accepted(out, &session, &server),
                        "CONNECT;2026/11/20-11:47:31;0A090001;2BAC810E;10.9.0.1;10.9.0.1");
    static const char *const words[] = {"copied", "skipped", "overwritten", "rejected", "unknown"};
    for (uint8_t status = 0; status < 5; status++) {
        char expected[128];
        snprintf(expected, sizeof expected,
                 "RESULT;2026/11/20-11:47:31;0A090001;2BAC810E;f1.bin;292KB;%s", words[status]);
        assert_string_equal(uftp_record_received(out, &session, "f1.bin", 300000, status),
                            expected);
    }
    assert_string_equal(
        uftp_record_received(out, &session, "a;b\n\033[2J", 0, 3),
        "RESULT;2026/11/20-11:47:31;0A090001;2BAC810E;a\\x3bb\\x0a\\x1b[2J;0KB;rejected");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_read_as_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
