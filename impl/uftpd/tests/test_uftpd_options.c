/* SPDX-License-Identifier: MIT */
#include "uftpd/options.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#define ARGS_MAX 60

/* Parses a command line given as one string, split at blanks. The words live as long as the
 * options, which point at them. */
static int parse(uftp_receiver_options *options, const char *line, uftp_failure *failure)
{
    static char words[2048];
    char *argv[ARGS_MAX + 1] = {"uftpd"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    *failure = (uftp_failure){0};
    return uftp_receiver_options_parse(options, argc, argv, failure);
}

static void defaults_are_those_of_the_reference(void **state)
{
    (void)state;
    uftp_receiver_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "", &failure), 0);
    assert_false(o.foreground);
    assert_string_equal(o.log_path, "/tmp/uftpd.log");
    assert_int_equal(o.log_level, 2);
    assert_int_equal(o.log_archives, 5);
    assert_int_equal(o.port, 1044);
    assert_false(o.share_port);
    assert_int_equal(o.groups.count, 1);
    assert_string_equal(o.groups.items[0], "230.4.4.1");
    assert_int_equal(o.destinations.count, 1);
    assert_string_equal(o.destinations.items[0], "/tmp");
    assert_false(o.core.encrypted_only);
    assert_false(o.core.refuse_delete);
    assert_false(o.core.temp_directory);
    assert_false(o.core.backup);
    assert_int_equal(o.core.uid, 0);
    assert_null(o.script);
    assert_int_equal(o.script_time_max, UFTP_S(3600));
    assert_null(o.status_path);
    assert_null(o.pid_path);
    uftp_receiver_options_free(&o);
}

static void every_option_reaches_its_place(void **state)
{
    (void)state;
    uftp_receiver_options o;
    uftp_failure failure;
    assert_int_equal(
        parse(&o,
              "-d -D /a,/b -A /c,/d -t -c 10240 -s /bin/script --script-time 60 -M "
              "239.1.1.1,ff05::1 -p 5000 -I "
              "eth0,lo/6 -U beef --share-port -B 65536 -Q 46 -S list -E --refuse-delete -k key -K "
              "ec:secp521r1 --sync-to-disk -x 9 -L log -g 1 -n 9 -F @LOG -P pid -N -5 -q -m",
              &failure),
        0);
    assert_true(o.foreground);
    assert_int_equal(o.destinations.count, 2);
    assert_string_equal(o.destinations.items[1], "/b");
    assert_int_equal(o.backups.count, 2);
    assert_true(o.core.backup);
    assert_string_equal(o.script, "/bin/script");
    assert_int_equal(o.script_time_max, UFTP_S(60));
    assert_int_equal(o.groups.count, 2);
    assert_string_equal(o.groups.items[1], "ff05::1");
    assert_int_equal(o.port, 5000);
    assert_string_equal(o.interfaces, "eth0,lo/6");
    assert_int_equal(o.core.uid, 0xbeef);
    assert_true(o.share_port);
    assert_int_equal(o.buffer, 65536);
    assert_int_equal(o.core.tos, 0xb8);
    assert_string_equal(o.servers_path, "list");
    assert_true(o.core.encrypted_only);
    assert_true(o.core.refuse_delete);
    assert_string_equal(o.key_path, "key");
    assert_int_equal(o.key_spec.curve, UFTP_CURVE_SECP521R1);
    assert_true(o.core.sync_to_disk);
    assert_int_equal(o.log_level, 5); /* more is accepted, and is 5 */
    assert_int_equal(o.log_roll_bytes, 1000000);
    assert_int_equal(o.log_archives, 9);
    assert_string_equal(o.status_path, "@LOG");
    assert_string_equal(o.pid_path, "pid");
    assert_int_equal(o.nice, -5);
    uftp_receiver_options_free(&o);

    assert_int_equal(parse(&o, "-T /t -i -D /a -o -S list -M 232.1.1.1", &failure), 0);
    assert_string_equal(o.temp, "/t");
    assert_true(o.core.temp_directory);
    assert_true(o.core.move_individually);
    assert_true(o.core.source_specific);
    uftp_receiver_options_free(&o);
}

/* spec cli 3: these contradict each other, or are out of range. */
static void what_cannot_be_is_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-t -T /t",
        "-T /t -D /a,/b",
        "-T /t -A /b",
        "-A /b,/c",
        "-D /a,/b -A /c",
        "-o",
        "-D relative",
        "-D /a,relative",
        "-A relative",
        "-T relative",
        "-s relative",
        "-D ,",
        "-D /1,/2,/3,/4,/5,/6,/7,/8,/9,/10,/11",
        "-p 0",
        "-p 65536",
        "-p x",
        "-c 10239",
        "-c 20971521",
        "-N 20",
        "-N -21",
        "-N 1x",
        "-g 0",
        "-n 0",
        "-Q 64",
        "-B 1",
        "-U 123456789",
        "-K foo",
        "-x -1",
        "operand",
        "-z",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_receiver_options o;
        uftp_failure failure;
        if (parse(&o, lines[i], &failure) != UFTP_EXIT_ARGUMENTS)
            fail_msg("accepted: %s", lines[i]);
        assert_true(strlen(failure.text) > 0);
        assert_null(strchr(failure.text, '\n'));
        uftp_receiver_options_free(&o);
    }
}

/* A directory may be as long as the protocol's limits allow, and no longer (spec cli 14). */
static void long_directories_are_refused(void **state)
{
    (void)state;
    uftp_receiver_options o;
    uftp_failure failure;
    char line[300] = "-D /";
    memset(line + 4, 'd', 198);
    assert_int_equal(parse(&o, line, &failure), 0);
    uftp_receiver_options_free(&o);
    memset(line + 4, 'd', 199);
    assert_int_equal(parse(&o, line, &failure), UFTP_EXIT_ARGUMENTS);
    uftp_receiver_options_free(&o);
}

static void missing_features_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const lines[] = {"-H host", "-h 20", "-r host"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_receiver_options o;
        uftp_failure failure;
        assert_int_equal(parse(&o, lines[i], &failure), UFTP_EXIT_ARGUMENTS);
        assert_non_null(strstr(failure.text, "is not implemented yet"));
        uftp_receiver_options_free(&o);
    }
}

static void every_letter_and_name_stands_once(void **state)
{
    (void)state;
    const uftp_option_table *table = &uftp_receiver_option_table;
    assert_true(table->count <= UFTP_OPTION_COUNT_MAX);
    for (size_t i = 0; i < table->count; i++)
        for (size_t k = i + 1; k < table->count; k++) {
            assert_int_not_equal(table->items[i].id, table->items[k].id);
            assert_string_not_equal(table->items[i].name, table->items[k].name);
        }
    for (const char *letter = "dpxqFLPscItTDAMBQEUoSRrkKmNignHh"; *letter; letter++) {
        bool found = false;
        for (size_t i = 0; i < table->count; i++)
            found |= table->items[i].id == *letter;
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_reference),
        cmocka_unit_test(every_option_reaches_its_place),
        cmocka_unit_test(what_cannot_be_is_refused),
        cmocka_unit_test(long_directories_are_refused),
        cmocka_unit_test(missing_features_are_refused_by_name),
        cmocka_unit_test(every_letter_and_name_stands_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
