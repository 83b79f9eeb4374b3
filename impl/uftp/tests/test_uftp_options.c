/* SPDX-License-Identifier: MIT */
#include "uftp/options.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#define ARGS_MAX 40

/* Parses a command line given as one string, split at blanks. The words live as long as the
 * options, which point at them. */
static int parse(uftp_sender_options *options, const char *line, uftp_failure *failure)
{
    static char words[1024];
    char *argv[ARGS_MAX + 1] = {"uftp"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    *failure = (uftp_failure){0};
    return uftp_sender_options_parse(options, argc, argv, failure);
}

/* The defaults of spec cli 2 and v5 5, all of them. */
static void defaults_are_those_of_the_reference(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "file", &failure), 0);
    assert_int_equal(o.action, UFTP_ACTION_RUN);
    assert_int_equal(o.core.rate_bytes_per_s, 128000);
    assert_int_equal(o.core.block_size, 1300);
    assert_int_equal(o.core.robust, 20);
    assert_int_equal(o.core.grtt_initial, UFTP_MS(500));
    assert_int_equal(o.core.grtt_min, UFTP_MS(10));
    assert_int_equal(o.core.grtt_max, UFTP_S(15));
    assert_int_equal(o.core.passes_max, 65535);
    assert_false(o.core.nak_limited);
    assert_int_equal(o.core.nak_count_max, 1);
    assert_int_equal(o.core.time_max_percent, 0);
    assert_int_equal(o.core.cipher, UFTP_CIPHER_AES256_GCM);
    assert_int_equal(o.core.hash, UFTP_HASH_SHA256);
    assert_int_equal(o.core.ecdh_curve, UFTP_CURVE_SECP256R1);
    assert_false(o.core.plain);
    assert_false(o.core.client_auth);
    assert_int_equal(o.core.tos, 0);
    assert_int_equal(o.core.uid, 0);
    assert_string_equal(o.public_address, "230.4.4.1");
    assert_null(o.private_address);
    assert_string_equal(o.port, "1044");
    assert_int_equal(o.source_port, 0);
    assert_int_equal(o.hops, 1);
    assert_int_equal(o.log_level, 2);
    assert_int_equal(o.log_archives, 5);
    assert_int_equal(o.progress, UFTP_PROGRESS_AUTO);
    assert_int_equal(o.operands.count, 1);
    assert_string_equal(o.operands.items[0], "file");
    uftp_sender_options_free(&o);
}

static void every_option_reaches_its_place(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(
        parse(&o,
              "-R -1 -b 8800 -C none -s 50 -r 1:0.5:2 -a 3 -N 10 -m 4 -W 110 -M 239.1.1.1 -P "
              "239.1.1.x -p 5000 -u 6000 -I eth0 -t 32 -Q 0x2e -B 65536 -U 0x1234 -Y aes128-gcm",
              &failure),
        UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "no files to send; try 'uftp --help'");
    uftp_sender_options_free(&o);

    assert_int_equal(
        parse(&o,
              "-R -1 -b 8800 -C none -s 50 -r 1:0.5:2 -a 3 -N 10 -m 4 -W 110 -M 239.1.1.1 -P "
              "239.1.1.x -p 5000 -u 6000 -I eth0 -t 32 -Q 0x2e -B 65536 -U 0x1234 -Y aes128-gcm f",
              &failure),
        0);
    assert_true(o.core.rate_bytes_per_s == UFTP_RATE_UNLIMITED);
    assert_int_equal(o.core.block_size, 8800);
    assert_int_equal(o.core.robust, 50);
    assert_int_equal(o.core.grtt_initial, UFTP_S(1));
    assert_int_equal(o.core.grtt_min, UFTP_MS(500));
    assert_int_equal(o.core.grtt_max, UFTP_S(2));
    assert_int_equal(o.core.passes_max, 3);
    assert_true(o.core.nak_limited);
    assert_int_equal(o.core.nak_percent_max, 10);
    assert_int_equal(o.core.nak_count_max, 4);
    assert_int_equal(o.core.time_max_percent, 110);
    assert_string_equal(o.public_address, "239.1.1.1");
    assert_string_equal(o.private_address, "239.1.1.x");
    assert_string_equal(o.port, "5000");
    assert_int_equal(o.source_port, 6000);
    assert_string_equal(o.interface, "eth0");
    assert_int_equal(o.hops, 32);
    assert_int_equal(o.core.tos, 0xb8);
    assert_int_equal(o.buffer, 65536);
    assert_int_equal(o.core.uid, 0x1234);
    assert_int_equal(o.core.cipher, UFTP_CIPHER_AES128_GCM);
    uftp_sender_options_free(&o);

    assert_int_equal(parse(&o,
                           "-h sha512 -e secp521r1 -ck key -K rsa:2048 -H 0x1,0x2 -H @more -j "
                           "proxies -q -i list -X exclude -D dir/sub// -olz -E /a,/b -x 3 -L log "
                           "-T -g 2 -n 7 -S @LOG -y --progress=never",
                           &failure),
                     0);
    assert_int_equal(o.core.hash, UFTP_HASH_SHA512);
    assert_int_equal(o.core.ecdh_curve, UFTP_CURVE_SECP521R1);
    assert_true(o.core.client_auth);
    assert_string_equal(o.key_path, "key");
    assert_true(o.has_key_spec);
    assert_int_equal(o.key_spec.bits, 2048);
    assert_int_equal(o.hosts.count, 2);
    assert_string_equal(o.hosts.items[1], "@more");
    assert_string_equal(o.proxy_path, "proxies");
    assert_true(o.core.quit_on_error);
    assert_string_equal(o.list_path, "list");
    assert_string_equal(o.exclude_path, "exclude");
    assert_string_equal(o.destination_name, "dir/sub");
    assert_true(o.core.destination_is_directory);
    assert_true(o.core.follow_links);
    assert_true(o.core.sync_mode);
    assert_false(o.core.sync_preview);
    assert_int_equal(o.base_dirs.count, 2);
    assert_string_equal(o.base_dirs.items[1], "/b");
    assert_int_equal(o.log_level, 3);
    assert_string_equal(o.log_path, "log");
    assert_true(o.timestamps);
    assert_int_equal(o.log_roll_bytes, 2000000); /* MB of 10^6 */
    assert_int_equal(o.log_archives, 7);
    assert_string_equal(o.status_path, "@LOG");
    assert_int_equal(o.progress, UFTP_PROGRESS_NEVER);
    uftp_sender_options_free(&o);
}

static void a_preview_is_a_sync(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-Z f", &failure), 0);
    assert_true(o.core.sync_mode);
    assert_true(o.core.sync_preview);
    uftp_sender_options_free(&o);
}

/* -N 0 is a limit (any NAK counts), -N 100 is none. */
static void a_nak_limit_of_zero_is_a_limit(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-N 0 f", &failure), 0);
    assert_true(o.core.nak_limited);
    assert_int_equal(o.core.nak_percent_max, 0);
    uftp_sender_options_free(&o);
    assert_int_equal(parse(&o, "-N 100 f", &failure), 0);
    assert_false(o.core.nak_limited);
    uftp_sender_options_free(&o);
}

/* The reference squeezes both through a signed byte: a limit of 128 passes ends at the first
 * resend. */
static void trap_56_passes_and_hops_above_127_keep_their_value(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-a 65535 -t 255 f", &failure), 0);
    assert_int_equal(o.core.passes_max, 65535);
    assert_int_equal(o.hops, 255);
    uftp_sender_options_free(&o);
    assert_int_equal(parse(&o, "-a 128 -t 128 f", &failure), 0);
    assert_int_equal(o.core.passes_max, 128);
    assert_int_equal(o.hops, 128);
    uftp_sender_options_free(&o);
}

/* Just outside of each range of spec cli 2. */
static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-R 0",         "-R 1073741825", "-b 511",
        "-b 8801",      "-C foo",        "-s 9",
        "-s 51",        "-r 0.0001",     "-a 0",
        "-a 65536",     "-N 101",        "-N -1",
        "-m 0",         "-m 1001",       "-W 109",
        "-W 10001",     "-u 65536",      "-u x",
        "-t 0",         "-t 256",        "-Q 64",
        "-Q 0x40",      "-B 65535",      "-B 104857601",
        "-U xyz",       "-Y rot13",      "-h md5",
        "-e brainpool", "-K rsa",        "-K ec",
        "-g 0",         "-g 1025",       "-n 0",
        "-n 1001",      "-x -1",         "-x two",
        "-R 1000k",     "-b 1300.0",     "--progress=maybe",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_sender_options o;
        uftp_failure failure;
        char line[128];
        snprintf(line, sizeof line, "%s f", lines[i]);
        if (parse(&o, line, &failure) != UFTP_EXIT_ARGUMENTS)
            fail_msg("accepted: %s", line);
        assert_int_equal(failure.exit_code, UFTP_EXIT_ARGUMENTS);
        assert_null(strchr(failure.text, '\n'));
        assert_non_null(strstr(failure.text, " is not "));
        uftp_sender_options_free(&o);
    }
}

/* spec cli 2, -C: keys in any order, Kbps of 1024 bit/s, a bare number is the maximum. */
static void congestion_control_takes_its_bounds(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        uint64_t min, initial, max;
    } lines[] = {{"-C tfmcc f", 0, 0, 0},
                 {"-C tfmcc:min=1:init=2:max=3 f", 128, 256, 384},
                 {"-C tfmcc:max=0x10:min=1 f", 128, 0, 2048},
                 {"-C tfmcc:1073741824 f", 0, 0, UINT64_C(1) << 37},
                 {"-C tfmcc:min=5 -C tfmcc:init=7 f", 0, 896, 0}}; /* the last one counts */
    uftp_sender_options o;
    uftp_failure failure;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(parse(&o, lines[i].line, &failure), 0);
        assert_int_equal(o.core.congestion_control, UFTP_CC_TFMCC);
        assert_true(o.core.rate_min == lines[i].min);
        assert_true(o.core.rate_initial == lines[i].initial);
        assert_true(o.core.rate_max == lines[i].max);
        uftp_sender_options_free(&o);
    }
    assert_int_equal(parse(&o, "-C tfmcc -C none f", &failure), 0);
    assert_int_equal(o.core.congestion_control, UFTP_CC_NONE);
    uftp_sender_options_free(&o);
    static const char *const bad[] = {"-C tfmc f",
                                      "-C tfmcc: f",
                                      "-C tfmcc5 f",
                                      "-C tfmcc:min=0 f",
                                      "-C tfmcc:max=1073741825 f",
                                      "-C tfmcc:mean=5 f",
                                      "-C tfmcc:min=2:max=1 f",
                                      "-C tfmcc:min=2:init=1 f",
                                      "-C tfmcc:init=9:max=8 f",
                                      "-C tfmcc:min=1: f",
                                      "-C tfmcc:max=00000000000000000000000000001 f",
                                      "-C pgmcc f"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(parse(&o, bad[i], &failure), UFTP_EXIT_ARGUMENTS);
        assert_non_null(strstr(failure.text, "is not a congestion control"));
        uftp_sender_options_free(&o);
    }
}

/* What the reference can do and we cannot must be said, not ignored. */
static void missing_features_are_refused_by_name(void **state)
{
    (void)state;
    static const char *const lines[] = {"-j proxies f"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_sender_options o;
        uftp_failure failure;
        assert_int_equal(parse(&o, lines[i], &failure), UFTP_EXIT_ARGUMENTS);
        assert_non_null(strstr(failure.text, "is not implemented yet"));
        uftp_sender_options_free(&o);
    }
}

/* A restart file names files and hosts itself, and sync mode leaves nothing to restart. */
static void restart_options_exclude_what_contradicts_them(void **state)
{
    (void)state;
    static const char *const lines[] = {"-f -z f",      "-f -Z f",     "-F r f",
                                        "-F r -i list", "-F r -H 0x1", "-F r -z"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_sender_options o;
        uftp_failure failure;
        assert_int_equal(parse(&o, lines[i], &failure), UFTP_EXIT_ARGUMENTS);
        uftp_sender_options_free(&o);
    }
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-F r", &failure), 0);
    assert_true(o.restartable);
    assert_string_equal(o.restart_path, "r");
    uftp_sender_options_free(&o);
}

static void base_directories_have_a_limit(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-E 1,2,3,4,5,6,7,8,9,10 f", &failure), 0);
    uftp_sender_options_free(&o);
    assert_int_equal(parse(&o, "-E 1,2,3,4,5,6,7,8,9,10,11 f", &failure), UFTP_EXIT_ARGUMENTS);
    uftp_sender_options_free(&o);
}

/* A second option with one letter or name would silently shadow the first. */
static void every_letter_and_name_stands_once(void **state)
{
    (void)state;
    const uftp_option_table *table = &uftp_sender_option_table;
    assert_true(table->count <= UFTP_OPTION_COUNT_MAX);
    for (size_t i = 0; i < table->count; i++)
        for (size_t k = i + 1; k < table->count; k++) {
            assert_int_not_equal(table->items[i].id, table->items[k].id);
            assert_string_not_equal(table->items[i].name, table->items[k].name);
        }
    for (const char *letter = "RLBgnmYhecksKlTbtQzZIpujqfyUaxWHFXMPNCoDESri"; *letter; letter++) {
        bool found = false;
        for (size_t i = 0; i < table->count; i++)
            found |= table->items[i].id == *letter;
        assert_true(found);
    }
}

/* A command line of version 4 means what it meant (spec cli 15), wherever --wire stands. */
static void version_4_has_its_own_grammar(void **state)
{
    (void)state;
    uftp_sender_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "--wire 4 file", &failure), 0);
    assert_int_equal(o.core.version, 4);
    assert_true(o.core.plain);
    uftp_sender_options_free(&o);

    assert_int_equal(parse(&o, "-Y aes256 -h sha1 file --legacy-crypto --wire 4", &failure), 0);
    assert_false(o.core.plain);
    assert_true(o.core.legacy_crypto);
    assert_int_equal(o.core.cipher, UFTP_CIPHER_AES256_CBC);
    assert_int_equal(o.core.hash, UFTP_HASH_SHA1);
    assert_int_equal(o.core.key_exchange, UFTP_KEY_EXCHANGE_RSA);
    assert_int_equal(o.core.sigtype, UFTP_SIGTYPE_HMAC);
    assert_true(o.has_key_spec);
    assert_int_equal(o.key_spec.type, UFTP_KEY_RSA);
    assert_int_equal(o.key_spec.bits, 2048);
    uftp_sender_options_free(&o);

    assert_int_equal(parse(&o,
                           "--wire 4 --legacy-crypto -Y 3des -h sha384 -w keyex -e "
                           "ecdh_ecdsa:secp192r1 -K secp521r1 file",
                           &failure),
                     0);
    assert_int_equal(o.core.cipher, UFTP_CIPHER_3DES_CBC);
    assert_int_equal(o.core.sigtype, UFTP_SIGTYPE_KEYEX);
    assert_int_equal(o.core.key_exchange, UFTP_KEY_EXCHANGE_ECDH_ECDSA);
    assert_int_equal(o.core.ecdh_curve, UFTP_CURVE_SECP192R1);
    assert_int_equal(o.key_spec.curve, UFTP_CURVE_SECP521R1);
    uftp_sender_options_free(&o);

    assert_int_equal(
        parse(&o, "--wire 4 -Y aes128-gcm -h sha256 -e ecdh_rsa -K 1024 file", &failure), 0);
    assert_int_equal(o.core.key_exchange, UFTP_KEY_EXCHANGE_ECDH_RSA);
    assert_int_equal(o.key_spec.bits, 1024);
    uftp_sender_options_free(&o);
}

/* Each is broken in one way, and the line names the way out. */
static void broken_cryptography_needs_the_switch(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--wire 4 -Y aes256 -h sha256 -e ecdh_rsa file",
        "--wire 4 -Y des -h sha256 -e ecdh_rsa file",
        "--wire 4 -Y 3des -h sha256 -e ecdh_rsa file",
        "--wire 4 -Y aes128-cbc -h sha256 -e ecdh_rsa -w keyex file",
        "--wire 4 -Y aes256-gcm -h sha1 -e ecdh_rsa file",
        "--wire 4 -Y aes256-gcm -e ecdh_rsa file",
        "--wire 4 -Y aes256-gcm -h sha256 file",
        "--wire 4 -Y aes256-gcm -h sha256 -e rsa file",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_sender_options o;
        uftp_failure failure;
        char allowed[256];
        assert_int_equal(parse(&o, lines[i], &failure), UFTP_EXIT_ARGUMENTS);
        assert_non_null(strstr(failure.text, "--legacy-crypto"));
        assert_null(strchr(failure.text, '\n'));
        uftp_sender_options_free(&o);
        snprintf(allowed, sizeof allowed, "--legacy-crypto %s", lines[i]);
        assert_int_equal(parse(&o, allowed, &failure), 0);
        uftp_sender_options_free(&o);
    }
}

static void the_two_grammars_do_not_mix(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "-Y aes256 file",
        "-Y 3des file",
        "-h sha1 file",
        "-e ecdh_rsa file",
        "-w hmac file",
        "--wire 3 file",
        "--wire 4 --legacy-crypto -Y aes256 -e rsa:secp256r1 file",
        "--wire 4 --legacy-crypto -Y aes256 -e ecdh file",
        "--wire 4 --legacy-crypto -Y aes256 -e ecdh_rsa:sect163k1 file",
        "--wire 4 --legacy-crypto -Y aes256 -w authenc file",
        "--wire 4 --legacy-crypto -Y aes256 -K 512 file",
        "--wire 4 --legacy-crypto -Y aes256 -K secp256r1 file", /* -e rsa */
        "--wire 4 --legacy-crypto -Y aes256 -e ecdh_ecdsa -K 2048 file",
        "--wire 4 --legacy-crypto -Y aes256 -e ecdh_ecdsa -K secp192r1 file",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        uftp_sender_options o;
        uftp_failure failure;
        assert_int_equal(parse(&o, lines[i], &failure), UFTP_EXIT_ARGUMENTS);
        uftp_sender_options_free(&o);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_reference),
        cmocka_unit_test(every_option_reaches_its_place),
        cmocka_unit_test(a_preview_is_a_sync),
        cmocka_unit_test(a_nak_limit_of_zero_is_a_limit),
        cmocka_unit_test(trap_56_passes_and_hops_above_127_keep_their_value),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(congestion_control_takes_its_bounds),
        cmocka_unit_test(missing_features_are_refused_by_name),
        cmocka_unit_test(restart_options_exclude_what_contradicts_them),
        cmocka_unit_test(base_directories_have_a_limit),
        cmocka_unit_test(every_letter_and_name_stands_once),
        cmocka_unit_test(version_4_has_its_own_grammar),
        cmocka_unit_test(broken_cryptography_needs_the_switch),
        cmocka_unit_test(the_two_grammars_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
