/* SPDX-License-Identifier: MIT */
#include "runtime/log.h"

#include <uftp/core.h>

#include "scratch.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static int setup(void **state)
{
    scratch *dir = malloc(sizeof *dir);
    *state = dir;
    return dir && scratch_make(dir) ? 0 : -1;
}

static int teardown(void **state)
{
    scratch_remove(*state);
    free(*state);
    return 0;
}

static uftp_log *open_log(const scratch *dir, const uftp_log_config *config)
{
    char path[SCRATCH_PATH_MAX];
    uftp_log_config own = *config;
    own.path = scratch_name(dir, "log", path);
    uftp_log *log = NULL;
    assert_int_equal(uftp_log_open(&own, &log), UFTP_OK);
    return log;
}

/* "yyyy/mm/dd hh:mm:ss.uuuuuu: ", by its shape. Returns what follows. */
static const char *behind_timestamp(const char *line)
{
    static const char shape[] = "dddd/dd/dd dd:dd:dd.dddddd: ";
    for (const char *s = shape; *s; s++, line++) {
        if (*s == 'd')
            assert_true(*line >= '0' && *line <= '9');
        else
            assert_int_equal(*line, *s);
    }
    return line;
}

static void a_line_has_the_form_of_the_reference(void **state)
{
    char text[1024];
    uftp_log *log = open_log(*state, &(uftp_log_config){.level = 2});
    uftp_log_subject file = {.group = 0x1FECB04D, .instance = 3, .file_id = 0x1a};
    uftp_log_subject group = {.group = 0xAB};
    uftp_log_line(log, 2, &file, "Name of file to receive: %s", "f1.bin");
    uftp_log_line(log, 1, &group, "Got DONE message for group");
    uftp_log_line(log, 0, &(uftp_log_subject){0}, "no group");
    uftp_log_system(log, 0, NULL, ENOSPC, "Couldn't write %d", 7);
    uftp_log_close(log);
    scratch_read(*state, "log", text, sizeof text);
    static const char *const expected[] = {"[1FECB04D/03:001A]: Name of file to receive: f1.bin",
                                           "[000000AB/00:0]: Got DONE message for group",
                                           "no group", "Couldn't write 7: No space left on device"};
    char *rest = text;
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(behind_timestamp(strsep(&rest, "\n")), expected[i]);
    assert_string_equal(rest, "");
}

static void lines_above_the_level_are_not_written(void **state)
{
    char text[256];
    uftp_log *log = open_log(*state, &(uftp_log_config){.level = 1});
    assert_true(uftp_log_enabled(log, 1));
    assert_false(uftp_log_enabled(log, 2));
    uftp_log_line(log, 2, NULL, "hidden");
    uftp_log_system(log, 3, NULL, EIO, "hidden");
    uftp_log_close(log);
    assert_string_equal(scratch_read(*state, "log", text, sizeof text), "");
    uftp_log_line(NULL, 0, NULL, "nowhere"); /* a program without a log yet */
    assert_false(uftp_log_enabled(NULL, 0));
}

static void expect_escaped(const char *text, const char *special, const char *expected)
{
    char out[256];
    assert_int_equal(uftp_log_escape(text, special, out, sizeof out), strlen(expected));
    assert_string_equal(out, expected);
}

/* Design threat 21: a name must neither forge a line nor drive the terminal. */
static void nothing_in_a_name_acts_on_a_terminal(void **state)
{
    (void)state;
    expect_escaped("plain name.txt", NULL, "plain name.txt");
    expect_escaped("Gr\xc3\xbc\xc3\x9f"
                   "e \xe2\x82\xac \xf0\x9f\x98\x80",
                   NULL,
                   "Gr\xc3\xbc\xc3\x9f"
                   "e \xe2\x82\xac \xf0\x9f\x98\x80");
    expect_escaped("a\nb\r\tc\x1b[2J\x7f", NULL, "a\\x0ab\\x0d\\x09c\\x1b[2J\\x7f");
    expect_escaped("\xc2\x9b"
                   "2J",
                   NULL, "\\xc2\\x9b2J"); /* C1 control as UTF-8 */
    expect_escaped("\x9b"
                   "2J",
                   NULL, "\\x9b2J"); /* and as Latin-1 */
    expect_escaped("\xe2\x80\xae"
                   "fdp",
                   NULL,
                   "\\xe2\\x80\\xae"
                   "fdp");                                   /* right-to-left override */
    expect_escaped("\xe2\x80\xa8", NULL, "\\xe2\\x80\\xa8"); /* line separator */
    expect_escaped("\xc0\xaf\xe0\x80\xaf", NULL, "\\xc0\\xaf\\xe0\\x80\\xaf"); /* overlong */
    expect_escaped("\xed\xa0\x80\xf4\x90\x80\x80", NULL,
                   "\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"); /* surrogate, beyond Unicode */
    expect_escaped("x\xe2\x82", NULL, "x\\xe2\\x82");      /* cut off */
    expect_escaped("\xff\xfe", NULL, "\\xff\\xfe");
    expect_escaped("a;b\\", ";\\", "a\\x3bb\\x5c");
}

static void escaping_never_writes_beyond_the_buffer(void **state)
{
    (void)state;
    static const char text[] = "a\n\xe2\x82\xac\xff";
    for (size_t capacity = 1; capacity < 20; capacity++) {
        char *out = malloc(capacity); /* its end is watched by the sanitizer */
        size_t len = uftp_log_escape(text, NULL, out, capacity);
        assert_true(len < capacity);
        assert_int_equal(strlen(out), len);
        assert_true(strncmp("a\\x0a\xe2\x82\xac\\xff", out, len) == 0);
        assert_true(len != 6 && len != 7); /* no half character */
        free(out);
    }
    assert_int_equal(uftp_log_escape(text, NULL, NULL, 0), 0);
}

static void a_line_is_escaped_whole_and_cut_at_its_limit(void **state)
{
    char text[UFTP_LOG_LINE_MAX * 5], name[UFTP_LOG_LINE_MAX * 2];
    uftp_log *log = open_log(*state, &(uftp_log_config){.level = 0});
    memset(name, 1, sizeof name - 1);
    name[sizeof name - 1] = '\0';
    uftp_log_line(log, 0, NULL, "a\nb%s", name);
    uftp_log_record(log, "RESULT;x\ny;copy");
    uftp_log_close(log);
    scratch_read(*state, "log", text, sizeof text);
    char *rest = text;
    const char *line = behind_timestamp(strsep(&rest, "\n"));
    assert_memory_equal(line, "a\\x0ab\\x01", 10);
    assert_int_equal(strlen(line), 2 + 4 + 4 * (UFTP_LOG_LINE_MAX - 4));
    assert_string_equal(rest, "RESULT;x\\x0ay;copy\n");
}

static void a_log_is_continued_and_rolls_when_it_is_too_large(void **state)
{
    const scratch *dir = *state;
    char text[256];
    scratch_write(dir, "log", "0123456789");
    scratch_write(dir, "log.2", "second");
    scratch_write(dir, "log.3", "third");
    scratch_write(dir, "log.4", "not ours");
    uftp_log *log =
        open_log(dir, &(uftp_log_config){.level = 0, .roll_bytes = 14, .archive_count = 3});
    uftp_log_record(log, "abc"); /* 14 bytes: not yet too large */
    uftp_log_record(log, "d");   /* 16: rolls behind the line */
    uftp_log_record(log, "new");
    uftp_log_close(log);
    assert_string_equal(scratch_read(dir, "log.1", text, sizeof text), "0123456789abc\nd\n");
    assert_string_equal(scratch_read(dir, "log", text, sizeof text), "new\n");
    assert_string_equal(scratch_read(dir, "log.2", text, sizeof text), ""); /* there was no log.1 */
    assert_string_equal(scratch_read(dir, "log.3", text, sizeof text), "second");
    assert_string_equal(scratch_read(dir, "log.4", text, sizeof text), "not ours");
}

static void rolling_follows_stderr_into_the_new_file(void **state)
{
    const scratch *dir = *state;
    char text[256];
    int saved = dup(STDERR_FILENO);
    uftp_log *log =
        open_log(dir, &(uftp_log_config){.level = 0, .roll_bytes = 1, .redirect_stderr = true});
    uftp_log_record(log, "old");
    (void)!write(STDERR_FILENO, "stray\n", 6);
    uftp_log_close(log);
    dup2(saved, STDERR_FILENO);
    close(saved);
    assert_string_equal(scratch_read(dir, "log", text, sizeof text), "stray\n");
    assert_string_equal(scratch_read(dir, "log.1", text, sizeof text), "old\n");
}

static void a_log_that_cannot_be_opened_is_an_error(void **state)
{
    char path[SCRATCH_PATH_MAX];
    uftp_log *log;
    uftp_log_config config = {.path = scratch_name(*state, "no/such/log", path)};
    assert_int_equal(uftp_log_open(&config, &log), UFTP_ERR_NOT_FOUND);
    config.path = scratch_name(*state, "", path); /* a directory */
    assert_int_equal(uftp_log_open(&config, &log), UFTP_ERR_IO);
}

#define LOG(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOG(a_line_has_the_form_of_the_reference),
        LOG(lines_above_the_level_are_not_written),
        LOG(nothing_in_a_name_acts_on_a_terminal),
        LOG(escaping_never_writes_beyond_the_buffer),
        LOG(a_line_is_escaped_whole_and_cut_at_its_limit),
        LOG(a_log_is_continued_and_rolls_when_it_is_too_large),
        LOG(rolling_follows_stderr_into_the_new_file),
        LOG(a_log_that_cannot_be_opened_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
