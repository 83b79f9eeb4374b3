/* SPDX-License-Identifier: MIT */
#include "uftp/progress.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

static uftp_sender_stats transfer(void)
{
    uftp_sender_stats stats = {.phase = UFTP_SENDER_TRANSFER,
                               .file_size = 10000000,
                               .pass_size = 10000900, /* whole blocks */
                               .file_sent = 4300900,
                               .pass = 1};
    stats.clients_in[UFTP_CLIENT_DONE] = 2;
    stats.clients_in[UFTP_CLIENT_ACTIVE] = 1;
    return stats;
}

static void the_line_says_what_a_user_asks(void **state)
{
    (void)state;
    char out[UFTP_PROGRESS_LINE_MAX];
    const uftp_sender_stats stats = transfer();
    uftp_progress_format(&stats, "file.bin", 475000, 120, out);
    assert_string_equal(
        out, "file.bin   43 %  3.8 Mbit/s  2/3 done, 1 active, 0 lost  0:12 left  pass 1");
}

/* A pass over a few missing blocks starts near the end, not at nothing. */
static void later_passes_do_not_go_back_to_zero(void **state)
{
    (void)state;
    uftp_sender_stats stats = transfer();
    stats.pass = 2;
    stats.pass_size = 1000000;
    stats.file_sent = 0;
    assert_int_equal(uftp_progress_percent(&stats), 90);
    stats.file_sent = 1000000;
    assert_int_equal(uftp_progress_percent(&stats), 100);
    stats.pass = 1;
    stats.pass_size = 10000900;
    stats.file_sent = 0; /* more blocks than bytes: never below zero */
    assert_int_equal(uftp_progress_percent(&stats), 0);
    stats.file_size = 0;
    assert_int_equal(uftp_progress_percent(&stats), 100);
    stats.phase = UFTP_SENDER_FILEINFO;
    assert_int_equal(uftp_progress_percent(&stats), 0);
}

static void time_left_is_what_the_rate_makes_of_the_rest(void **state)
{
    (void)state;
    uftp_sender_stats stats = transfer();
    char out[32];
    assert_int_equal(uftp_progress_left(&stats, 5700000), UFTP_S(1));
    assert_true(uftp_progress_left(&stats, 0) == UFTP_NEVER);
    assert_string_equal(uftp_progress_duration(0, out), "0:00");
    assert_string_equal(uftp_progress_duration(1, out), "0:01");
    assert_string_equal(uftp_progress_duration(UFTP_S(60), out), "1:00");
    assert_string_equal(uftp_progress_duration(UFTP_S(3599), out), "59:59");
    assert_string_equal(uftp_progress_duration(UFTP_S(3599) + 1, out), "1:00:00");
    assert_string_equal(uftp_progress_duration(UFTP_S(360000), out), "100:00:00");
    assert_string_equal(uftp_progress_duration(UFTP_NEVER, out), "--:--");
}

static void speeds_have_readable_units(void **state)
{
    (void)state;
    char out[32];
    assert_string_equal(uftp_progress_speed(0, out), "0 kbit/s");
    assert_string_equal(uftp_progress_speed(128000, out), "1.0 Mbit/s");
    assert_string_equal(uftp_progress_speed(80000, out), "640 kbit/s");
    assert_string_equal(uftp_progress_speed(150000000, out), "1.2 Gbit/s");
}

/* The rate is that of the last two seconds, also after the ring has gone round. */
static void the_rate_follows_what_is_sent(void **state)
{
    (void)state;
    uftp_progress_rate rate = {0};
    assert_int_equal(uftp_progress_rate_get(&rate), 0);
    uint64_t bytes = 0, now = UFTP_S(5);
    uftp_progress_rate_add(&rate, now, bytes);
    assert_int_equal(uftp_progress_rate_get(&rate), 0);
    for (int i = 0; i < 3; i++)
        uftp_progress_rate_add(&rate, now += UFTP_MS(200), bytes += 200);
    assert_int_equal(uftp_progress_rate_get(&rate), 1000);
    for (int i = 0; i < UFTP_PROGRESS_SAMPLES; i++)
        uftp_progress_rate_add(&rate, now += UFTP_MS(200), bytes += 2000);
    assert_int_equal(uftp_progress_rate_get(&rate), 10000); /* the slow start is forgotten */
}

/* A line longer than the terminal would wrap, and could not be taken away again. */
static void the_line_fits_any_terminal(void **state)
{
    (void)state;
    char out[UFTP_PROGRESS_LINE_MAX], name[UFTP_NAME_MAX];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    uftp_sender_stats stats = transfer();
    stats.clients_in[UFTP_CLIENT_ACTIVE] = 100000;
    stats.clients_in[UFTP_CLIENT_LOST] = 99999;
    for (int phase = UFTP_SENDER_ANNOUNCE; phase <= UFTP_SENDER_ENDED; phase++) {
        stats.phase = (uftp_sender_phase)phase;
        for (unsigned width = 1; width <= 1000; width++) {
            size_t len = uftp_progress_format(&stats, name, 1, width, out);
            assert_int_equal(len, strlen(out));
            assert_true(len < width);
        }
    }
}

/* Cutting inside of a character, or an escape sequence in a name, would spoil the screen. */
static void names_are_cut_and_escaped_whole(void **state)
{
    (void)state;
    char out[UFTP_PROGRESS_LINE_MAX];
    const uftp_sender_stats stats = transfer();
    uftp_progress_format(&stats,
                         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
                         "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
                         475000, 76, out);
    assert_int_equal(strncmp(out, "\xc3\xa4\xc3\xa4\xc3\xa4", 6), 0);
    assert_non_null(strstr(out, "\xc3\xa4~  "));
    uftp_progress_format(&stats, "\033[2Jx", 475000, 120, out);
    assert_int_equal(strncmp(out, "\\x1b[2Jx  ", 10), 0);
}

static void before_and_after_the_files_the_line_says_so(void **state)
{
    (void)state;
    char out[UFTP_PROGRESS_LINE_MAX];
    uftp_sender_stats stats = {.phase = UFTP_SENDER_ANNOUNCE};
    stats.clients_in[UFTP_CLIENT_MUTE] = 5; /* expected, not lost */
    stats.clients_in[UFTP_CLIENT_REGISTERED] = 1;
    stats.clients_in[UFTP_CLIENT_ACTIVE] = 2;
    uftp_progress_format(&stats, NULL, 0, 80, out);
    assert_string_equal(out, "looking for receivers: 3 found");
    stats.phase = UFTP_SENDER_COMPLETION;
    uftp_progress_format(&stats, "file", 0, 80, out);
    assert_string_equal(out, "finishing: 0/8 done, 5 lost");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_line_says_what_a_user_asks),
        cmocka_unit_test(later_passes_do_not_go_back_to_zero),
        cmocka_unit_test(time_left_is_what_the_rate_makes_of_the_rest),
        cmocka_unit_test(speeds_have_readable_units),
        cmocka_unit_test(the_rate_follows_what_is_sent),
        cmocka_unit_test(the_line_fits_any_terminal),
        cmocka_unit_test(names_are_cut_and_escaped_whole),
        cmocka_unit_test(before_and_after_the_files_the_line_says_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
