/* SPDX-License-Identifier: MIT */
#include "common/record.h"
#include "uftp/records.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

/* The examples of spec cli 7.1, from runs of the reference. */
static void results_read_as_those_of_the_reference(void **state)
{
    (void)state;
    static const struct {
        uftp_client_state state;
        uint8_t status;
        const char *file;
        uint64_t size, time;
        const char *record, *line;
    } cases[] = {
        {UFTP_CLIENT_DONE, UFTP_COMPLETE_NORMAL, "f1.bin", 300000, 50709000,
         "RESULT;0x0A090002;f1.bin;292KB;copy;5777.45KB/s",
         "Host: 0x0A090002       Status: Completed   time:   0.051 seconds"},
        {UFTP_CLIENT_DONE, UFTP_COMPLETE_OVERWRITE, "f2.txt", 6, 628700,
         "RESULT;0x0A090002;f2.txt;0KB;overwritten;9.32KB/s",
         "Host: 0x0A090002       Status: Completed(overwritten)   time:   0.001 seconds"},
        {UFTP_CLIENT_DONE, UFTP_COMPLETE_SKIPPED, "f1.bin", 300000, 5,
         "RESULT;0x0A090002;f1.bin;292KB;skipped;", "Host: 0x0A090002       Status: Skipped"},
        {UFTP_CLIENT_DONE, UFTP_COMPLETE_REJECTED, "/root/zzz", 6, 5,
         "RESULT;0x0A090002;/root/zzz;0KB;rejected;", "Host: 0x0A090002       Status: Rejected"},
        {UFTP_CLIENT_MUTE, 0, "f1.bin", 300000, 0, "RESULT;0x0A090002;f1.bin;292KB;mute;",
         "Host: 0x0A090002       Status: Mute"},
        {UFTP_CLIENT_LOST, 0, "f3.bin", 3000000, 0, "RESULT;0x0A090002;f3.bin;2929KB;lost;",
         "Host: 0x0A090002       Status: Lost connection"},
        {UFTP_CLIENT_ABORTED, 0, "f3.bin", 3000000, 0, "RESULT;0x0A090002;f3.bin;2929KB;aborted;",
         "Host: 0x0A090002       Status: Aborted"},
        {UFTP_CLIENT_DONE, UFTP_COMPLETE_NORMAL, "src/empty", 0, 0,
         "RESULT;0x0A090002;src/empty;0KB;copy;0.00KB/s",
         "Host: 0x0A090002       Status: Completed   time:   0.000 seconds"},
        {UFTP_CLIENT_ACTIVE, 0, "f", 0, 0, "RESULT;0x0A090002;f;0KB;Unknown;", NULL},
    };
    char out[UFTP_RECORD_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uftp_outcome outcome = {.client = "0x0A090002",
                                      .state = cases[i].state,
                                      .status = cases[i].status,
                                      .time = cases[i].time};
        const uftp_outcome_file file = {.name = cases[i].file, .size = cases[i].size};
        assert_string_equal(uftp_record_result(out, &outcome, &file), cases[i].record);
        if (cases[i].line)
            assert_string_equal(uftp_outcome_line(out, &outcome, &file), cases[i].line);
    }
}

/* In a preview nothing is sent: times are what the rate would give, in true kilobytes (the
 * reference's are 16 times too large, spec cli 16.6). */
static void a_preview_speaks_of_the_rate(void **state)
{
    (void)state;
    char out[UFTP_RECORD_MAX];
    const uftp_outcome outcome = {
        .client = "A", .state = UFTP_CLIENT_DONE, .status = UFTP_COMPLETE_NORMAL, .time = 7};
    const uftp_outcome_file file = {.name = "f", .size = 6400000, .preview_rate = 6400000};
    assert_string_equal(uftp_record_result(out, &outcome, &file),
                        "RESULT;A;f;6250KB;copy;6250.00KB/s");
    assert_int_equal(uftp_outcome_time(&outcome, &file), UFTP_S(1));
    const uftp_outcome_file empty = {.name = "e", .preview_rate = 6400000};
    assert_string_equal(uftp_record_result(out, &outcome, &empty),
                        "RESULT;A;e;0KB;copy;6250.00KB/s");
    const uftp_client_info client = {.name = "A", .copied = 1, .bytes = 6400000, .time = 7};
    assert_string_equal(uftp_record_stats(out, &client, 6400000),
                        "STATS;A;1;0;0;6MB;1.000;6250.00KB/s");
}

static void the_other_records_have_their_fields(void **state)
{
    (void)state;
    char out[UFTP_RECORD_MAX];
    assert_string_equal(uftp_record_connect(out, "0x0A0900EE", false), "CONNECT;failed;0x0A0900EE");
    assert_string_equal(uftp_record_connect(out, "10.9.0.2", true), "CONNECT;success;10.9.0.2");
    assert_string_equal(uftp_record_free_space(out, ".", UINT64_C(84867543040)),
                        "FREESPACE;.;84867543040");
    assert_string_equal(uftp_record_stats_head(out),
                        "HSTATS;target;copy;overwrite;skip;totalMB;time;speedKB/s");
    const uftp_client_info client = {.name = "0x0A090003",
                                     .copied = 2,
                                     .overwritten = 1,
                                     .skipped = 3,
                                     .bytes = 3000006,
                                     .time = UFTP_MS(3048)};
    assert_string_equal(uftp_record_stats(out, &client, 0),
                        "STATS;0x0A090003;2;1;3;2MB;3.048;961.19KB/s");
    const uftp_client_info mute = {.name = "0x0A0900EE"};
    assert_string_equal(uftp_record_stats(out, &mute, 0),
                        "STATS;0x0A0900EE;0;0;0;0MB;0.000;0.00KB/s");
}

/* A file name may hold what separates fields and lines: a record must stay one, with its fields. */
static void names_cannot_break_a_record(void **state)
{
    (void)state;
    char out[UFTP_RECORD_MAX], name[UFTP_NAME_MAX + 1];
    const uftp_outcome outcome = {.client = "A", .state = UFTP_CLIENT_LOST};
    uftp_outcome_file file = {.name = "a;b\nRESULT;\033[2J"};
    uftp_record_result(out, &outcome, &file);
    assert_string_equal(out, "RESULT;A;a\\x3bb\\x0aRESULT\\x3b\\x1b[2J;0KB;lost;");

    memset(name, '\001', UFTP_NAME_MAX); /* the longest name, at its worst */
    name[UFTP_NAME_MAX] = '\0';
    file.name = name;
    uftp_record_result(out, &outcome, &file);
    assert_string_equal(out + strlen(out) - strlen("\\x01;0KB;lost;"), "\\x01;0KB;lost;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_read_as_those_of_the_reference),
        cmocka_unit_test(a_preview_speaks_of_the_rate),
        cmocka_unit_test(the_other_records_have_their_fields),
        cmocka_unit_test(names_cannot_break_a_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
