/* SPDX-License-Identifier: MIT */
#include "runtime/netif.h"

#include "runtime/resolve.h"
#include "runtime/sockaddr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uftp_address address(const char *text)
{
    uftp_address out = {0};
    assert_int_equal(uftp_resolve_numeric(text, &out), UFTP_OK);
    return out;
}

/* A machine with what makes trouble: two addresses of one family on an interface, an interface that
 * is down, one without IPv4, one that cannot do multicast. */
typedef struct machine {
    uftp_netif items[9];
    uftp_netif_list all;
} machine;

static void add(machine *m, const char *name, uint32_t index, const char *text, bool up,
                bool multicast)
{
    uftp_netif *item = &m->items[m->all.count++];
    *item = (uftp_netif){.index = index,
                         .address = address(text),
                         .up = up,
                         .loopback = !strcmp(name, "lo"),
                         .multicast = multicast};
    snprintf(item->name, sizeof item->name, "%s", name);
}

static void machine_build(machine *m)
{
    *m = (machine){0};
    m->all.items = m->items;
    add(m, "lo", 1, "127.0.0.1", true, false);
    add(m, "down0", 2, "10.9.9.9", false, true);
    add(m, "eth0", 3, "10.9.0.2", true, true);
    add(m, "eth1", 4, "10.8.0.2", true, true);
    add(m, "tun0", 5, "10.7.0.2", true, false);
    add(m, "lo", 1, "::1", true, false);
    add(m, "eth0", 3, "fd09::3", true, true);
    add(m, "eth0", 3, "fe80::1", true, true);
    add(m, "six0", 6, "fd06::1", true, true);
}

static void expect_selection(const machine *m, const char *text, const char *expected)
{
    uftp_netif_list chosen = {0};
    assert_int_equal(uftp_netif_select(&m->all, text, &chosen, NULL), UFTP_OK);
    char names[512] = "";
    for (size_t i = 0; i < chosen.count; i++) {
        uftp_address *a = &chosen.items[i].address;
        char one[UFTP_ADDRESS_TEXT_MAX];
        strcat(strcat(names, i ? " " : ""), uftp_address_format(a, one));
    }
    uftp_netif_list_free(&chosen);
    assert_string_equal(names, expected);
}

static void names_indices_patterns_and_addresses_select(void **state)
{
    (void)state;
    machine m;
    machine_build(&m);
    expect_selection(&m, "eth1", "10.8.0.2");
    expect_selection(&m, "eth0", "10.9.0.2 fd09::3 fe80::1");
    expect_selection(&m, "eth0/4", "10.9.0.2");
    expect_selection(&m, "eth0/6", "fd09::3 fe80::1");
    expect_selection(&m, "3/6", "fd09::3 fe80::1");
    expect_selection(&m, "4", "10.8.0.2");
    expect_selection(&m, "six0", "fd06::1");
    expect_selection(&m, "10.9.0.2", "10.9.0.2");
    expect_selection(&m, "fd09::3", "fd09::3");
    expect_selection(&m, "eth*/4", "10.9.0.2 10.8.0.2");
    expect_selection(&m, "eth?", "10.9.0.2 10.8.0.2 fd09::3 fe80::1");
    expect_selection(&m, "eth1,lo/4,eth1,10.8.0.2", "10.8.0.2 127.0.0.1"); /* each once */
}

static void an_interface_that_is_not_there_is_pointed_at(void **state)
{
    (void)state;
    machine m;
    machine_build(&m);
    /* No names: a test must not wait for a resolver. */
    static const char *const bad[] = {"eth0,192.0.2.1", "9", "six0/4", "eth0,", "", "10.9.0.3"};
    static const size_t offset[] = {5, 0, 0, 5, 0, 0};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uftp_netif_list chosen = {0};
        const char *element = NULL;
        assert_int_equal(uftp_netif_select(&m.all, bad[i], &chosen, &element), UFTP_ERR_NOT_FOUND);
        assert_ptr_equal(element, bad[i] + offset[i]);
        uftp_netif_list_free(&chosen);
    }
}

static void defaults_avoid_loopback_and_what_is_down(void **state)
{
    (void)state;
    machine m;
    machine_build(&m);
    assert_string_equal(uftp_netif_default(&m.all, UFTP_IPV4)->name, "eth0");
    uftp_netif_list chosen = {0};
    assert_int_equal(uftp_netif_select_default(&m.all, &chosen), UFTP_OK);
    assert_int_equal(chosen.count, 6); /* all but lo (2) and down0 */
    assert_int_equal(uftp_netif_list_uid(&chosen), 0x0A090002);
    uftp_netif_list_free(&chosen);
    m.all.count = 2; /* only loopback is up */
    assert_string_equal(uftp_netif_default(&m.all, UFTP_IPV4)->name, "lo");
    assert_null(uftp_netif_default(&m.all, UFTP_IPV6));
    assert_int_equal(uftp_netif_select_default(&m.all, &chosen), UFTP_OK);
    assert_int_equal(chosen.count, 1);
    uftp_netif_list_free(&chosen);
}

/* Spec cli 12.3: administrators list the values that the reference shows. */
static void trap_52_uids_of_ipv6_addresses_are_reversed_as_in_the_reference(void **state)
{
    (void)state;
    uftp_address a = address("10.9.0.2");
    assert_int_equal(uftp_netif_uid(&a), 0x0A090002);
    a = address("fd09::3");
    assert_int_equal(uftp_netif_uid(&a), 0x03000000);
    a = address("fd09::1:203:405");
    assert_int_equal(uftp_netif_uid(&a), 0x05040302);
    assert_int_equal(uftp_netif_uid(&(uftp_address){0}), 0);
}

/* Spec cli 12.4: the reference joins once per address and fails at the second. */
static void an_interface_is_joined_once_however_many_addresses_it_has(void **state)
{
    (void)state;
    machine m;
    machine_build(&m);
    uint32_t out[8];
    assert_int_equal(uftp_netif_indices(&m.all, UFTP_IPV6, out, 8), 2);
    assert_int_equal(out[0], 3);
    assert_int_equal(out[1], 6);
    assert_int_equal(uftp_netif_indices(&m.all, UFTP_IPV4, out, 8), 3); /* lo, tun0 cannot */
    assert_int_equal(uftp_netif_indices(&m.all, UFTP_IPV4, out, 2), 2);
}

static void the_system_has_a_loopback_interface(void **state)
{
    (void)state;
    uftp_netif_list all;
    assert_int_equal(uftp_netif_list_system(&all), UFTP_OK);
    uftp_address loopback = address("127.0.0.1"), stranger = address("192.0.2.1");
    assert_true(uftp_netif_has(&all, &loopback));
    assert_false(uftp_netif_has(&all, &stranger));
    uftp_netif_list chosen = {0};
    assert_int_equal(uftp_netif_select(&all, "127.0.0.1", &chosen, NULL), UFTP_OK);
    assert_true(chosen.items[0].loopback);
    assert_true(chosen.items[0].index > 0);
    uftp_netif_list_free(&chosen);
    uftp_netif_list_free(&all);
}

/* ---- addresses ---- */

static void addresses_survive_the_way_through_a_sockaddr(void **state)
{
    (void)state;
    static const char *const texts[] = {"10.1.2.3", "fd09::3", "ff02::1%1"};
    for (size_t i = 0; i < 3; i++) {
        uftp_address in = address(texts[i]);
        in.port = 1044;
        struct sockaddr_storage storage;
        socklen_t len = uftp_address_to_sockaddr(&in, &storage);
        uftp_address out = uftp_address_from_sockaddr((const struct sockaddr *)&storage, len);
        assert_memory_equal(&in, &out, sizeof in);
        len = uftp_address_to_sockaddr_mapped(&in, &storage);
        assert_int_equal(storage.ss_family, AF_INET6);
        out = uftp_address_from_sockaddr((const struct sockaddr *)&storage, len);
        assert_memory_equal(&in, &out, sizeof in);
        out = uftp_address_from_sockaddr((const struct sockaddr *)&storage, 4);
        assert_int_equal(out.family, 0); /* too short to be one */
    }
    struct sockaddr_storage storage;
    assert_int_equal(uftp_address_to_sockaddr(&(uftp_address){0}, &storage), 0);
}

static void ports_are_numbers_in_range_or_services(void **state)
{
    (void)state;
    uint16_t port = 0;
    assert_int_equal(uftp_resolve_port("1044", &port), UFTP_OK);
    assert_int_equal(port, 1044);
    assert_int_equal(uftp_resolve_port("65535", &port), UFTP_OK);
    assert_int_equal(uftp_resolve_port("0", &port), UFTP_ERR_ARGUMENT);
    assert_int_equal(uftp_resolve_port("65536", &port), UFTP_ERR_ARGUMENT);
    assert_int_equal(uftp_resolve_port("99999999999999999999", &port), UFTP_ERR_ARGUMENT);
    assert_int_equal(uftp_resolve_port("", &port), UFTP_ERR_NOT_FOUND);
    assert_int_equal(uftp_resolve_port("1044x", &port), UFTP_ERR_NOT_FOUND);
}

static void endpoints_take_ports_of_both_families(void **state)
{
    (void)state;
    static const struct {
        const char *text, *expected; /* NULL: refused */
    } cases[] = {{"10.0.0.1", "10.0.0.1:1044"},
                 {"10.0.0.1:99", "10.0.0.1:99"},
                 {"fd09::3", "[fd09::3]:1044"},
                 {"[fd09::3]", "[fd09::3]:1044"},
                 {"[fd09::3]:7", "[fd09::3]:7"},
                 {"[fd09::3", NULL},
                 {"[fd09::3]x", NULL},
                 {"10.0.0.1:", NULL},
                 {"10.0.0.1:0", NULL},
                 {"", NULL},
                 {":7", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uftp_address out;
        char text[UFTP_ADDRESS_TEXT_MAX];
        int err = uftp_resolve_endpoint(cases[i].text, 1044, &out);
        if (!cases[i].expected) {
            assert_true(err < 0);
            continue;
        }
        assert_int_equal(err, UFTP_OK);
        assert_string_equal(uftp_address_format(&out, text), cases[i].expected);
    }
}

static void a_list_of_addresses_is_bounded(void **state)
{
    (void)state;
    uftp_address out[2];
    size_t count;
    assert_int_equal(uftp_resolve_list("230.4.4.1,ff05::1", out, 2, &count), UFTP_OK);
    assert_int_equal(count, 2);
    assert_int_equal(out[0].family, UFTP_IPV4);
    assert_int_equal(out[1].family, UFTP_IPV6);
    assert_int_equal(uftp_resolve_list("1.1.1.1,2.2.2.2,3.3.3.3", out, 2, &count), UFTP_ERR_LIMIT);
    assert_int_equal(uftp_resolve_list("1.1.1.1,", out, 2, &count), UFTP_ERR_NOT_FOUND);
}

static void count_up(void *ctx, size_t len, uint8_t *dst)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < len; i++)
        dst[i] = (*next)++;
}

static void templates_draw_each_x(void **state)
{
    (void)state;
    uint8_t next = 254;
    const uftp_random random = {.fill = count_up, .ctx = &next};
    uftp_address out;
    char text[UFTP_ADDRESS_TEXT_MAX];
    assert_int_equal(uftp_resolve_template("230.5.x.x", &random, &out), UFTP_OK);
    assert_string_equal(uftp_address_format(&out, text), "230.5.254.0");
    next = 0xab;
    assert_int_equal(uftp_resolve_template("ff05::4:x:5", &random, &out), UFTP_OK);
    assert_string_equal(uftp_address_format(&out, text), "ff05::4:abac:5");
    /* The zone is a name, whatever it has in it: here there is no interface "x1". */
    assert_int_equal(uftp_resolve_template("ff12::4:x%lo", &random, &out), UFTP_OK);
    assert_int_equal(out.scope, 1);
    assert_int_equal(uftp_resolve_template("ff12::4%lo", &random, &out), UFTP_OK);
    assert_int_equal(uftp_resolve_template("ff12::4%x1", &random, &out), UFTP_ERR_NOT_FOUND);
    assert_int_equal(uftp_resolve_template("ff12::4:x%x1", &random, &out), UFTP_ERR_FORMAT);
    assert_int_equal(uftp_resolve_template("230.5.5.9", &random, &out), UFTP_OK);
    assert_string_equal(uftp_address_format(&out, text), "230.5.5.9");
    assert_int_equal(uftp_resolve_template("230.5.5.xx", &random, &out), UFTP_ERR_FORMAT);
    assert_int_equal(uftp_resolve_template("230.x", &random, &out), UFTP_OK); /* as inet_aton */
    char long_text[600];
    memset(long_text, 'x', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(uftp_resolve_template(long_text, &random, &out), UFTP_ERR_FORMAT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_indices_patterns_and_addresses_select),
        cmocka_unit_test(an_interface_that_is_not_there_is_pointed_at),
        cmocka_unit_test(defaults_avoid_loopback_and_what_is_down),
        cmocka_unit_test(trap_52_uids_of_ipv6_addresses_are_reversed_as_in_the_reference),
        cmocka_unit_test(an_interface_is_joined_once_however_many_addresses_it_has),
        cmocka_unit_test(the_system_has_a_loopback_interface),
        cmocka_unit_test(addresses_survive_the_way_through_a_sockaddr),
        cmocka_unit_test(ports_are_numbers_in_range_or_services),
        cmocka_unit_test(endpoints_take_ports_of_both_families),
        cmocka_unit_test(a_list_of_addresses_is_bounded),
        cmocka_unit_test(templates_draw_each_x),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
