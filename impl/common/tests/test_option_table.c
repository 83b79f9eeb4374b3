/* SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/parse.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <string.h>

static const uftp_option items[] = {
    {'a', "alpha", NULL, NULL, "first"},
    {'b', "beta", "VALUE", "1", "second\nline"},
    {UFTP_OPTION_OWN, "gamma-long-only", NULL, NULL, "third"},
    {'R', "rate", "KBPS", NULL, "fourth"},
    {UFTP_OPTION_HELP, "help", NULL, NULL, "help"},
    {UFTP_OPTION_VERSION, "version", NULL, NULL, "version"},
};
static const uftp_option_table table = {.program = "prog",
                                        .synopsis = "[options] file",
                                        .summary = "Does things.",
                                        .items = items,
                                        .count = sizeof items / sizeof *items};

/* What take() saw, as "a b=VALUE ". */
typedef struct trail {
    char text[256];
} trail;

static int take(void *ctx, const uftp_option_use *use, uftp_failure *failure)
{
    trail *t = ctx;
    size_t len = strlen(t->text);
    snprintf(t->text + len, sizeof t->text - len, "%s%s%s ", use->option->name,
             use->value ? "=" : "", use->value ? use->value : "");
    if (use->value && strcmp(use->value, "bad") == 0)
        return uftp_parse_refuse(use, failure, "good");
    return 0;
}

#define ARGC_MAX 12

static int scan(trail *t, uftp_failure *failure, uftp_action *action, int *operands, int argc,
                const char *const *args)
{
    char copies[ARGC_MAX][32];
    char *argv[ARGC_MAX + 1] = {0};
    *t = (trail){""};
    *failure = (uftp_failure){0};
    for (int i = 0; i < argc; i++) {
        snprintf(copies[i], sizeof copies[i], "%s", args[i]);
        argv[i] = copies[i];
    }
    int code = uftp_option_scan(&table, argc, argv, take, t, action, operands, failure);
    for (int i = code ? argc : *operands; i < argc; i++) {
        size_t len = strlen(t->text);
        snprintf(t->text + len, sizeof t->text - len, "[%s]", argv[i]);
    }
    return code;
}

#define SCAN(...) \
    scan(&t, &failure, &action, &operands, \
         (int)(sizeof((const char *[]){"prog", __VA_ARGS__}) / sizeof(char *)), \
         (const char *[]){"prog", __VA_ARGS__})

/* POSIX bundling, both spellings of values, operands anywhere, and what comes behind "--". */
static void options_are_found_however_they_are_spelled(void **state)
{
    (void)state;
    trail t;
    uftp_failure failure;
    uftp_action action;
    int operands;
    assert_int_equal(SCAN("-ab3", "-b", "4", "--beta=5", "--beta", "6", "--gamma-long-only"), 0);
    assert_string_equal(t.text, "alpha beta=3 beta=4 beta=5 beta=6 gamma-long-only ");
    assert_int_equal(SCAN("file", "-a", "--", "-b"), 0);
    assert_string_equal(t.text, "alpha [file][-b]");
    assert_int_equal(SCAN("-b", "-1", "-"), 0); /* a value may look like an option: -R -1 */
    assert_string_equal(t.text, "beta=-1 [-]");
}

/* One line with the culprit in it, exit code 1, whatever stood before. */
static void each_mistake_is_one_line_that_names_it(void **state)
{
    (void)state;
    trail t;
    uftp_failure failure;
    uftp_action action;
    int operands;
    assert_int_equal(SCAN("--beta=1", "-az"), UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "unknown option -z; try 'prog --help'");
    assert_int_equal(SCAN("--delta=4"), UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "unknown or ambiguous option --delta; try 'prog --help'");
    assert_int_equal(SCAN("--alpha=4"), UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "option --alpha takes no value");
    assert_int_equal(SCAN("--gamma-long-only=4"), UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "option --gamma-long-only takes no value");
    assert_int_equal(SCAN("-a", "-b"), UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "option -b/--beta needs a value (VALUE); try 'prog --help'");
    assert_int_equal(SCAN("--beta", "bad", "-a"), UFTP_EXIT_ARGUMENTS);
    assert_string_equal(failure.text, "-b/--beta: 'bad' is not good");
    assert_string_equal(t.text, "beta=bad "); /* stopped there */
}

static void help_and_version_end_the_scan(void **state)
{
    (void)state;
    trail t;
    uftp_failure failure;
    uftp_action action;
    int operands;
    assert_int_equal(SCAN("-a", "--help", "-z"), 0);
    assert_int_equal(action, UFTP_ACTION_HELP);
    assert_int_equal(SCAN("--version"), 0);
    assert_int_equal(action, UFTP_ACTION_VERSION);
    assert_int_equal(SCAN("-a"), 0);
    assert_int_equal(action, UFTP_ACTION_RUN);
}

/* The help is made from the table: each option must stand in it. */
static void help_names_every_option(void **state)
{
    (void)state;
    char text[4096] = "";
    FILE *out = fmemopen(text, sizeof text, "w");
    uftp_option_help(&table, out);
    fclose(out);
    for (size_t i = 0; i < table.count; i++)
        assert_non_null(strstr(text, items[i].name));
    assert_non_null(strstr(text, "-b, --beta VALUE"));
    assert_non_null(strstr(text, "second\n                                line [1]"));
    assert_non_null(strstr(text, "Usage: prog [options] file\n"));
}

static uftp_option_use use_of(const char *value)
{
    return (uftp_option_use){.option = &items[3], .value = value};
}

/* A number is the whole text or nothing: "12abc" has sent files at the wrong rate before. */
static void numbers_are_strict(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool any_base, allowed;
        uint64_t value;
    } cases[] = {
        {"512", false, true, 512},  {"8800", false, true, 8800},
        {"511", false, false, 0},   {"8801", false, false, 0},
        {"", false, false, 0},      {" 600", false, false, 0},
        {"600 ", false, false, 0},  {"+600", false, false, 0},
        {"-600", false, false, 0},  {"600x", false, false, 0},
        {"0x300", false, false, 0}, {"0x300", true, true, 0x300},
        {"01000", true, true, 512}, {"01000", false, true, 1000},
        {"0x", true, false, 0},     {"99999999999999999999", false, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const uftp_range range = {.min = 512, .max = 8800, .any_base = cases[i].any_base};
        const uftp_option_use use = use_of(cases[i].text);
        uftp_failure failure = {0};
        uint64_t value = 0;
        int code = uftp_parse_number(&use, &range, &value, &failure);
        assert_int_equal(code, cases[i].allowed ? 0 : UFTP_EXIT_ARGUMENTS);
        assert_int_equal(value, cases[i].value);
    }
}

static void rates_are_kilobits_of_1024(void **state)
{
    (void)state;
    uftp_failure failure;
    uint64_t rate;
    uftp_option_use use = use_of("1000");
    assert_int_equal(uftp_parse_rate(&use, &rate, &failure), 0);
    assert_int_equal(rate, 128000);
    use = use_of("0x10");
    assert_int_equal(uftp_parse_rate(&use, &rate, &failure), 0);
    assert_int_equal(rate, 2048);
    use = use_of("-1");
    assert_int_equal(uftp_parse_rate(&use, &rate, &failure), 0);
    assert_true(rate == UINT64_MAX);
    use = use_of("1073741824");
    assert_int_equal(uftp_parse_rate(&use, &rate, &failure), 0);
    static const char *const refused[] = {"0", "-2", "1073741825", "1k", "", "1.5", "--1"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        use = use_of(refused[i]);
        assert_int_equal(uftp_parse_rate(&use, &rate, &failure), UFTP_EXIT_ARGUMENTS);
    }
}

static void grtt_takes_one_value_or_three_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool allowed;
        uint64_t initial, min, max;
    } cases[] = {
        {"0.5", true, UFTP_MS(500), UFTP_MS(10), UFTP_S(15)},
        {"0.001", true, UFTP_MS(1), UFTP_MS(1), UFTP_S(15)}, /* the limits follow */
        {"20", true, UFTP_S(20), UFTP_MS(10), UFTP_S(20)},
        {"1:.25:3", true, UFTP_S(1), UFTP_MS(250), UFTP_S(3)},
        {"1000:1000:1000", true, UFTP_S(1000), UFTP_S(1000), UFTP_S(1000)},
        {"1:2", false, 0, 0, 0},
        {"1:2:3", false, 0, 0, 0},
        {"3:1:2", false, 0, 0, 0},
        {"1:1:1:1", false, 0, 0, 0},
        {"0.0009", false, 0, 0, 0},
        {"1000.1", false, 0, 0, 0},
        {"1e3", false, 0, 0, 0},
        {"", false, 0, 0, 0},
        {".", false, 0, 0, 0},
        {"-1", false, 0, 0, 0},
        {"1:1:", false, 0, 0, 0},
        {"0.0010000001", false, 0, 0, 0}, /* ten decimals: less than a nanosecond */
        {"99999999999999999999", false, 0, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_grtt_range range = {.min = UFTP_MS(10), .max = UFTP_S(15)};
        const uftp_option_use use = use_of(cases[i].text);
        uftp_failure failure = {0};
        int code = uftp_parse_grtt(&use, &range, &failure);
        assert_int_equal(code, cases[i].allowed ? 0 : UFTP_EXIT_ARGUMENTS);
        if (!code) {
            assert_int_equal(range.initial, cases[i].initial);
            assert_int_equal(range.min, cases[i].min);
            assert_int_equal(range.max, cases[i].max);
        }
    }
}

static void names_of_algorithms_are_those_of_the_protocol(void **state)
{
    (void)state;
    uftp_failure failure;
    uftp_cipher cipher = UFTP_CIPHER_AES256_GCM;
    bool plain = false;
    uftp_hash hash;
    uftp_curve curve;
    uftp_option_use use = use_of("none");
    assert_int_equal(uftp_parse_cipher(&use, &cipher, &plain, &failure), 0);
    assert_true(plain);
    use = use_of("aes128-ccm");
    assert_int_equal(uftp_parse_cipher(&use, &cipher, &plain, &failure), 0);
    assert_int_equal(cipher, UFTP_CIPHER_AES128_CCM);
    assert_false(plain); /* the last one counts */
    use = use_of("aes256-cbc");
    assert_int_equal(uftp_parse_cipher(&use, &cipher, &plain, &failure), UFTP_EXIT_ARGUMENTS);
    use = use_of("sha384");
    assert_int_equal(uftp_parse_hash(&use, &hash, &failure), 0);
    assert_int_equal(hash, UFTP_HASH_SHA384);
    use = use_of("sha1"); /* of version 4 only */
    assert_int_equal(uftp_parse_hash(&use, &hash, &failure), UFTP_EXIT_ARGUMENTS);
    use = use_of("prime256v1");
    assert_int_equal(uftp_parse_curve(&use, &curve, &failure), 0);
    assert_int_equal(curve, UFTP_CURVE_SECP256R1);
    use = use_of("secp256k1");
    assert_int_equal(uftp_parse_curve(&use, &curve, &failure), UFTP_EXIT_ARGUMENTS);

    static const char *const refused[] = {"rsa", "ec", "ec:", "foo", "rsa:512", "ec:secp256k1", ""};
    uftp_key_spec spec;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        use = use_of(refused[i]);
        assert_int_equal(uftp_parse_key_spec(&use, &spec, &failure), UFTP_EXIT_ARGUMENTS);
    }
}

static void uids_are_hexadecimal_with_and_without_prefix(void **state)
{
    (void)state;
    uftp_failure failure;
    uint32_t uid;
    uftp_option_use use = use_of("0x0A090002");
    assert_int_equal(uftp_parse_uid(&use, &uid, &failure), 0);
    assert_int_equal(uid, 0x0A090002);
    use = use_of("10");
    assert_int_equal(uftp_parse_uid(&use, &uid, &failure), 0);
    assert_int_equal(uid, 0x10);
    static const char *const refused[] = {"zz", "123456789", "ffffffff", "", "0x", "1 "};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        use = use_of(refused[i]);
        assert_int_equal(uftp_parse_uid(&use, &uid, &failure), UFTP_EXIT_ARGUMENTS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_found_however_they_are_spelled),
        cmocka_unit_test(each_mistake_is_one_line_that_names_it),
        cmocka_unit_test(help_and_version_end_the_scan),
        cmocka_unit_test(help_names_every_option),
        cmocka_unit_test(numbers_are_strict),
        cmocka_unit_test(rates_are_kilobits_of_1024),
        cmocka_unit_test(grtt_takes_one_value_or_three_in_order),
        cmocka_unit_test(names_of_algorithms_are_those_of_the_protocol),
        cmocka_unit_test(uids_are_hexadecimal_with_and_without_prefix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
