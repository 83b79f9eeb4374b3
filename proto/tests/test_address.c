/* SPDX-License-Identifier: MIT
 *
 * Addresses: comparing, classifying, and text.
 */
#include "support.h"
#include <uftp/address.h>

#include <string.h>

static uftp_address ipv6(const char *hex, uint16_t port, uint32_t scope)
{
    uftp_address address = {.family = UFTP_IPV6, .port = port, .scope = scope};
    assert_int_equal(test_unhex(hex, address.bytes, 16), 16);
    return address;
}

#define LINK_LOCAL "fe800000000000000000000000000001"

/* A reply is matched to its peer by these: too loose lets strangers in, too strict loses peers. */
static void equal_addresses_share_host_and_port(void **state)
{
    (void)state;
    uftp_address a = uftp_address_ipv4(10, 0, 0, 1, 1044), b = a;
    assert_true(uftp_address_equal(&a, &b));
    b.port = 1045;
    assert_false(uftp_address_equal(&a, &b));
    assert_true(uftp_address_same_host(&a, &b));
    b = uftp_address_ipv4(10, 0, 0, 2, 1044);
    assert_false(uftp_address_same_host(&a, &b));
    uftp_address six = ipv6("0a000001000000000000000000000000", 1044, 0);
    assert_false(uftp_address_same_host(&a, &six));
    uftp_address other = six;
    other.bytes[15] = 1;
    assert_false(uftp_address_equal(&six, &other));
}

static void a_scope_counts_only_where_both_have_one(void **state)
{
    (void)state;
    uftp_address two = ipv6(LINK_LOCAL, 1, 2), three = ipv6(LINK_LOCAL, 1, 3),
                 none = ipv6(LINK_LOCAL, 1, 0);
    assert_false(uftp_address_equal(&two, &three));
    assert_true(uftp_address_equal(&two, &none));
    assert_true(uftp_address_equal(&none, &three));
}

static void multicast_and_ssm_ranges_end_where_they_end(void **state)
{
    (void)state;
    static const struct {
        uint8_t first;
        bool multicast, ssm;
    } four[] = {{223, false, false}, {224, true, false}, {230, true, false}, {231, true, false},
                {232, true, true},   {233, true, false}, {239, true, false}, {240, false, false}};
    for (size_t i = 0; i < sizeof four / sizeof *four; i++) {
        uftp_address a = uftp_address_ipv4(four[i].first, 1, 2, 3, 0);
        assert_int_equal(uftp_address_is_multicast(&a), four[i].multicast);
        assert_int_equal(uftp_address_is_ssm(&a), four[i].ssm);
    }
    static const struct {
        const char *hex;
        bool multicast, ssm;
    } six[] = {{"ff020000000000000000000000000001", true, false},
               {"ff3e0000000000000000000080000001", true, true},
               {"ff7e0000000000000000000000000001", true, false},
               {"fe3e0000000000000000000000000001", false, false},
               {"e8000000000000000000000000000001", false, false}};
    for (size_t i = 0; i < sizeof six / sizeof *six; i++) {
        uftp_address a = ipv6(six[i].hex, 0, 0);
        assert_int_equal(uftp_address_is_multicast(&a), six[i].multicast);
        assert_int_equal(uftp_address_is_ssm(&a), six[i].ssm);
    }
    const uftp_address none = {0};
    assert_false(uftp_address_is_multicast(&none) || uftp_address_is_ssm(&none));
}

static void zero_is_zero_in_every_byte(void **state)
{
    (void)state;
    uftp_address a = uftp_address_ipv4(0, 0, 0, 0, 1044);
    assert_true(uftp_address_is_zero(&a));
    a.bytes[3] = 1;
    assert_false(uftp_address_is_zero(&a));
    uftp_address six = ipv6("00000000000000000000000000000000", 0, 0);
    assert_true(uftp_address_is_zero(&six));
    six.bytes[15] = 1;
    assert_false(uftp_address_is_zero(&six));
    const uftp_address none = {0};
    assert_true(uftp_address_is_zero(&none));
}

/* RFC 5952 and the forms that log readers and tests compare. */
static void text_is_what_people_write(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        uint16_t port;
        uint32_t scope;
        const char *text;
    } cases[] = {
        {"ff020000000000000000000000000001", 1044, 2, "[ff02::1%2]:1044"},
        {"00000000000000000000000000000000", 0, 0, "::"},
        {"00000000000000000000000000000001", 0, 0, "::1"},
        {"20010db8000000000000000000000000", 0, 0, "2001:db8::"},
        {"20010db8000000000001000000000001", 1, 0, "[2001:db8::1:0:0:1]:1"},
        {"20010db8000000010001000100010001", 0, 0, "2001:db8:0:1:1:1:1:1"},
        {"20010db80a0b00000000000000000a0b", 0, 0, "2001:db8:a0b::a0b"},
        {"00010000000000020000000000000003", 0, 0, "1:0:0:2::3"},
        {"ffffffffffffffffffffffffffffffff", 65535, UINT32_MAX,
         "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff%4294967295]:65535"},
    };
    char text[UFTP_ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_address a = ipv6(cases[i].hex, cases[i].port, cases[i].scope);
        assert_string_equal(uftp_address_format(&a, text), cases[i].text);
    }
    uftp_address four = uftp_address_ipv4(10, 0, 255, 1, 1044);
    assert_string_equal(uftp_address_format(&four, text), "10.0.255.1:1044");
    four.port = 0;
    assert_string_equal(uftp_address_format(&four, text), "10.0.255.1");
    const uftp_address none = {0};
    assert_string_equal(uftp_address_format(&none, text), "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_addresses_share_host_and_port),
        cmocka_unit_test(a_scope_counts_only_where_both_have_one),
        cmocka_unit_test(multicast_and_ssm_ranges_end_where_they_end),
        cmocka_unit_test(zero_is_zero_in_every_byte),
        cmocka_unit_test(text_is_what_people_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
