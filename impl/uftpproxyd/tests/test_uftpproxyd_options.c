/* SPDX-License-Identifier: MIT */
#include "uftpproxyd/options.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

#define ARGS_MAX 60

/* Parses a command line given as one string, split at blanks. */
static int parse(uftp_proxy_options *options, const char *line, uftp_failure *failure)
{
    static char words[2048];
    char *argv[ARGS_MAX + 1] = {"uftpproxyd"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word && argc < ARGS_MAX; word = strtok(NULL, " "))
        argv[argc++] = word;
    *failure = (uftp_failure){0};
    return uftp_proxy_options_parse(options, argc, argv, failure);
}

static void expect_refusal(const char *line, const char *text)
{
    uftp_proxy_options o;
    uftp_failure failure;
    int code = parse(&o, line, &failure);
    if (!code)
        code = uftp_proxy_options_load(&o, &failure);
    assert_int_equal(code, UFTP_EXIT_ARGUMENTS);
    if (!strstr(failure.text, text))
        fail_msg("'%s' says '%s', not '%s'", line, failure.text, text);
    uftp_proxy_options_free(&o);
}

static void defaults_are_those_of_the_reference(void **state)
{
    (void)state;
    uftp_proxy_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-c", &failure), 0);
    assert_int_equal(o.core.kind, UFTP_PROXY_CLIENT);
    assert_string_equal(o.log_path, "/tmp/uftpproxyd.log");
    assert_int_equal(o.log_level, 2);
    assert_int_equal(o.port, 1044);
    assert_int_equal(o.core.port, 1044);
    assert_int_equal(o.hops, 1);
    assert_int_equal(o.core.heartbeat_interval, 0); /* the core's: 20 s */
    assert_int_equal(o.groups.count, 1);
    assert_string_equal(o.groups.items[0], "230.4.4.1");
    uftp_proxy_options_free(&o);
}

static void every_option_reaches_its_place(void **state)
{
    (void)state;
    uftp_proxy_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o,
                           "-d -c -p 1050 -q 1051 -t 5 -Q 46 -N 3 -O eth1 -U 0xC1 -x 4 "
                           "-H 10.0.0.1,10.0.0.2:2000 -h 30 -g 3 -n 7 -B 100000 -L /l -P /p "
                           "-M 230.1.1.1,230.1.1.2 -I eth0 -K rsa:2048,ec:secp384r1 -k a,b "
                           "-e secp256r1 -m --keylog /k",
                           &failure),
                     0);
    assert_true(o.foreground && o.windows_only && o.version4_only && o.has_key_spec);
    assert_int_equal(o.port, 1050);
    assert_int_equal(o.core.port, 1051);
    assert_int_equal(o.hops, 5);
    assert_int_equal(o.core.tos, 46 << 2);
    assert_int_equal(o.nice, 3);
    assert_string_equal(o.out_interface, "eth1");
    assert_int_equal(o.core.uid, 0xC1);
    assert_int_equal(o.core.heartbeat_interval, UFTP_S(30));
    assert_int_equal(o.groups.count, 2);
    assert_int_equal(o.key_spec.bits, 2048);
    assert_int_equal(uftp_proxy_options_load(&o, &failure), 0);
    assert_int_equal(o.heartbeat_hosts[0].port, 1044);
    assert_int_equal(o.heartbeat_hosts[1].port, 2000);
    uftp_proxy_options_free(&o);

    assert_int_equal(parse(&o, "-r -p 1060 -q 1061", &failure), 0);
    assert_int_equal(o.core.port, 1060); /* of a response proxy: its own */
    uftp_proxy_options_free(&o);
}

static void a_server_proxy_has_a_host_or_a_fingerprint(void **state)
{
    (void)state;
    uftp_proxy_options o;
    uftp_failure failure;
    assert_int_equal(parse(&o, "-s 10.2.0.9 -q 1070", &failure), 0);
    assert_int_equal(uftp_proxy_options_load(&o, &failure), 0);
    assert_false(o.relay.has_fingerprint);
    assert_int_equal(o.relay.address.bytes[3], 9);
    assert_int_equal(o.relay.address.port, 1070);
    uftp_proxy_options_free(&o);

    assert_int_equal(
        parse(&o, "-s fp=01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:10:11:12:13:14", &failure),
        0);
    assert_int_equal(uftp_proxy_options_load(&o, &failure), 0);
    assert_true(o.relay.has_fingerprint);
    assert_int_equal(o.relay.fingerprint[19], 0x14);
    uftp_proxy_options_free(&o);
}

static void what_cannot_work_is_refused_in_words(void **state)
{
    (void)state;
    expect_refusal("", "Either -s, -c, or -r must be specified");
    expect_refusal("-c -r", "Only one of -s, -c, and -r may be specified");
    expect_refusal("-s fp=01:02", "is not a fingerprint");
    expect_refusal("-c -o", "needs a server list");
    expect_refusal("-c -t 0", "-t/--ttl");
    expect_refusal("-c -h 3601", "-h/--heartbeat-interval");
    expect_refusal("-c extra", "unexpected operand 'extra'");
    expect_refusal("-c -S /nonexistent/list", "/nonexistent/list");
    expect_refusal("-c -K ,", "-K/--new-key");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_the_reference),
        cmocka_unit_test(every_option_reaches_its_place),
        cmocka_unit_test(a_server_proxy_has_a_host_or_a_fingerprint),
        cmocka_unit_test(what_cannot_work_is_refused_in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
