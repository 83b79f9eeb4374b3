/* SPDX-License-Identifier: MIT */
#include "runtime/clock.h"
#include "runtime/membership.h"
#include "runtime/netif.h"
#include "runtime/resolve.h"
#include "runtime/socket.h"

#include "isolated.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

/* Every check works in a child too, where it ends the process. */

static uftp_address address(const char *text, uint16_t port)
{
    uftp_address out = {0};
    MUST(uftp_resolve_numeric(text, &out) == UFTP_OK);
    out.port = port;
    return out;
}

static uint32_t loopback(void)
{
    return if_nametoindex("lo");
}

static uftp_socket *open_socket(const uftp_socket_config *config)
{
    uftp_socket *s = NULL;
    int number;
    int err = uftp_socket_open(config, &s, &number);
    if (err)
        fprintf(stderr, "open: %s, %s\n", uftp_strerror(err), strerror(number));
    MUST(err == UFTP_OK);
    return s;
}

/* A pattern that shows which datagram and which byte of it went astray. */
static uint8_t pattern(size_t at)
{
    return (uint8_t)(at * 31 + at / 251);
}

static void queue(uftp_socket *s, const uftp_address *to, size_t len, size_t segment_len,
                  uint8_t tos)
{
    uftp_transmit *slot = uftp_socket_slot(s);
    MUST(slot && slot->capacity >= len);
    for (size_t i = 0; i < len; i++)
        slot->data[i] = pattern(i);
    slot->len = len;
    slot->segment_len = segment_len;
    slot->destination = *to;
    slot->tos = tos;
    uftp_socket_push(s);
}

static size_t send_train(uftp_socket *s, const uftp_address *to, size_t len, size_t segment_len,
                         uint8_t tos)
{
    queue(s, to, len, segment_len, tos);
    return uftp_socket_flush(s);
}

static int receive(uftp_socket *s, const uftp_datagram **trains, int wait_ms)
{
    struct pollfd fd = {.fd = uftp_socket_fd(s), .events = POLLIN};
    if (poll(&fd, 1, wait_ms) <= 0)
        return 0;
    return uftp_socket_receive(s, uftp_clock_now(), trains);
}

typedef struct received {
    size_t len, datagrams, trains;
    uftp_datagram last;
} received;

/* Everything that arrives until `len` bytes are there; checks the pattern. */
static received receive_all(uftp_socket *s, size_t len, size_t segment_len)
{
    received r = {0};
    while (r.len < len) {
        const uftp_datagram *trains;
        int count = receive(s, &trains, 1000);
        if (count <= 0)
            break;
        for (int i = 0; i < count; i++) {
            const uftp_datagram *t = &trains[i];
            size_t segment = t->segment_len && t->segment_len < t->len ? t->segment_len : t->len;
            for (size_t j = 0; j < t->len; j++)
                MUST(t->data[j] == pattern(r.len + j));
            /* Each datagram has the sender's length, but for the last of all. */
            MUST(segment == segment_len || r.len + t->len == len);
            r.datagrams += (t->len + segment - 1) / segment;
            r.len += t->len;
            r.trains++;
            r.last = *t;
        }
    }
    return r;
}

static bool has_ipv6(void)
{
    uftp_socket *s;
    if (uftp_socket_open(&(uftp_socket_config){.family = UFTP_IPV6}, &s, NULL))
        return false;
    uftp_address to = address("::1", uftp_socket_port(s));
    bool works = !send_train(s, &to, 1, 1, 0);
    uftp_socket_close(s);
    return works;
}

/* ---- opening ---- */

static void a_port_in_use_is_told_apart(void **state)
{
    (void)state;
    uftp_socket *first = open_socket(&(uftp_socket_config){.family = UFTP_IPV4}), *second;
    uint16_t port = uftp_socket_port(first);
    int number = 0;
    assert_true(port > 0);
    uftp_socket_config config = {.family = UFTP_IPV4, .port = port};
    assert_int_equal(uftp_socket_open(&config, &second, &number), UFTP_ERR_EXISTS);
    assert_int_equal(number, EADDRINUSE);
    config.share_port = true; /* both sides must want it */
    assert_int_equal(uftp_socket_open(&config, &second, &number), UFTP_ERR_EXISTS);
    uftp_socket_close(first);
    config.interface_index = 999999;
    assert_int_equal(uftp_socket_open(&config, &second, &number), UFTP_ERR_NOT_FOUND);
    config.family = 5;
    assert_int_equal(uftp_socket_open(&config, &second, &number), UFTP_ERR_ARGUMENT);
}

static void the_socket_is_closed_on_exec_and_tells_its_buffers(void **state)
{
    (void)state;
    uftp_socket *s = open_socket(
        &(uftp_socket_config){.family = UFTP_IPV4, .send_buffer = 70000, .receive_buffer = 80000});
    assert_true(fcntl(uftp_socket_fd(s), F_GETFD) & FD_CLOEXEC);
    assert_int_equal(uftp_socket_send_buffer(s), 70000);
    assert_int_equal(uftp_socket_receive_buffer(s), 80000);
    uftp_socket_close(s);
    s = open_socket(&(uftp_socket_config){.family = UFTP_IPV4, .receive_buffer = SIZE_MAX});
    assert_true(uftp_socket_receive_buffer(s) > 80000); /* as much as we may have */
    uftp_socket_close(s);
}

/* ---- one host, unicast ---- */

static void exchange(const char *host, uint8_t sender_family, uint8_t receiver_family)
{
    uftp_socket *sender = open_socket(&(uftp_socket_config){.family = sender_family});
    uftp_socket *receiver = open_socket(&(uftp_socket_config){.family = receiver_family});
    uftp_address to = address(host, uftp_socket_port(receiver));
    const uftp_datagram *trains;
    uint64_t before = uftp_clock_now();
    MUST(send_train(sender, &to, 100, 100, 0xba) == 0);
    MUST(receive(receiver, &trains, 1000) == 1);
    uftp_address from = address(host, uftp_socket_port(sender));
    MUST(trains->len == 100 && trains->data[99] == pattern(99));
    MUST(uftp_address_equal(&trains->source, &from));
    MUST(uftp_address_same_host(&trains->destination, &to));
    MUST(trains->interface_index == loopback());
    MUST(trains->tos == 0xba);
    /* The kernel's stamp, on our clock; its wall clock may be trimmed while we look. */
    MUST(trains->arrival + UFTP_MS(5) >= before && trains->arrival <= uftp_clock_now());
    uint64_t early = before - UFTP_S(1);
    MUST(send_train(sender, &to, 0, 0, 0) == 0); /* an empty datagram is one, too */
    struct pollfd fd = {.fd = uftp_socket_fd(receiver), .events = POLLIN};
    MUST(poll(&fd, 1, 1000) == 1);
    MUST(uftp_socket_receive(receiver, early, &trains) == 1);
    MUST(trains->len == 0 && trains->tos == 0);
    MUST(trains->arrival == early); /* never after the caller's clock */
    MUST(uftp_socket_receive(receiver, early, &trains) == 0);
    uftp_socket_close(sender);
    uftp_socket_close(receiver);
}

static void a_datagram_tells_where_it_came_from_and_went(void **state)
{
    (void)state;
    exchange("127.0.0.1", UFTP_IPV4, UFTP_IPV4);
}

static void a_socket_for_both_families_speaks_both(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    exchange("::1", UFTP_IPV6, UFTP_IPV6);
    exchange("127.0.0.1", UFTP_IPV6, UFTP_IPV4);
    exchange("127.0.0.1", UFTP_IPV4, UFTP_IPV6);
    exchange("127.0.0.1", UFTP_IPV6, UFTP_IPV6);
}

/* Every mix of trains and single datagrams on either side delivers the same datagrams. */
static void trains_arrive_as_the_datagrams_they_are(void **state)
{
    (void)state;
    static const size_t shapes[][2] = {
        {50 * 1300, 1300}, {49 * 1300 + 7, 1300}, {64 * 20, 20},        {64 * 20 + 1, 20},
        {1300, 1300},      {65507, 65507},        {3 * 8800 + 1, 8800}, {2, 1}};
    for (int mode = 0; mode < 8; mode++) {
        uint8_t family = mode & 4 ? UFTP_IPV6 : UFTP_IPV4;
        if (family == UFTP_IPV6 && !has_ipv6())
            continue;
        uftp_socket *sender =
            open_socket(&(uftp_socket_config){.family = family, .no_offload = mode & 1});
        uftp_socket *receiver =
            open_socket(&(uftp_socket_config){.family = family, .no_offload = mode & 2});
        assert_false(mode & 1 && uftp_socket_has_gso(sender));
        assert_false(mode & 2 && uftp_socket_has_gro(receiver));
        uftp_address to = address(mode & 4 ? "::1" : "127.0.0.1", uftp_socket_port(receiver));
        for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
            size_t len = shapes[i][0], segment = shapes[i][1];
            assert_int_equal(send_train(sender, &to, len, segment, 0), 0);
            received r = receive_all(receiver, len, segment);
            assert_int_equal(r.len, len);
            assert_int_equal(r.datagrams, (len + segment - 1) / segment);
            if (mode == 0 && segment == 1300 && len > segment && uftp_socket_has_gso(sender) &&
                uftp_socket_has_gro(receiver))
                assert_int_equal(r.trains, 1); /* or the whole effort is for nothing */
        }
        uftp_socket_stats sent, got;
        uftp_socket_stats_get(sender, &sent);
        uftp_socket_stats_get(receiver, &got);
        assert_int_equal(sent.datagrams_sent, got.datagrams_received);
        assert_int_equal(sent.bytes_sent, got.bytes_received);
        uftp_socket_close(sender);
        uftp_socket_close(receiver);
    }
}

static void the_queue_is_bounded_and_keeps_the_order(void **state)
{
    (void)state;
    uftp_socket *sender = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_socket *receiver = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_address to = address("127.0.0.1", uftp_socket_port(receiver));
    assert_ptr_equal(uftp_socket_slot(sender), uftp_socket_slot(sender));
    size_t count = 0;
    for (uftp_transmit *slot; (slot = uftp_socket_slot(sender)); count++) {
        assert_true(count < 1000);
        /* Trains too large for GSO among single ones: the split ones must not be overtaken. */
        size_t segments = count % 3 ? 1 : 70;
        slot->len = segments * 4;
        slot->segment_len = 4;
        slot->destination = to;
        for (size_t i = 0; i < segments; i++)
            memcpy(slot->data + 4 * i, &(uint32_t){(uint32_t)(count * 100 + i)}, 4);
        uftp_socket_push(sender);
    }
    assert_int_equal(count, 64);
    assert_int_equal(uftp_socket_flush(sender), 0);
    uint32_t last = 0;
    size_t datagrams = 0;
    const uftp_datagram *trains;
    for (int got; (got = receive(receiver, &trains, 100)) > 0;) {
        for (int i = 0; i < got; i++) {
            for (size_t at = 0; at < trains[i].len; at += 4) {
                uint32_t number;
                memcpy(&number, trains[i].data + at, 4);
                assert_true(!datagrams || number > last);
                last = number;
                datagrams++;
            }
        }
    }
    assert_int_equal(datagrams, 22 * 70 + 42);
    for (count = 0; uftp_socket_slot(sender) && count < 1000; count++)
        queue(sender, &to, 60000, 60000, 0);
    assert_in_range(count, 2, 8); /* of the longest trains only a few wait */
    uftp_socket_close(sender);    /* with a full queue */
    uftp_socket_close(receiver);
}

static void a_receive_buffer_that_is_too_small_shows_in_the_counters(void **state)
{
    (void)state;
    uftp_socket *sender = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_socket *receiver =
        open_socket(&(uftp_socket_config){.family = UFTP_IPV4, .receive_buffer = 5000});
    uftp_address to = address("127.0.0.1", uftp_socket_port(receiver));
    for (int i = 0; i < 50; i++)
        send_train(sender, &to, 1000, 1000, 0);
    const uftp_datagram *trains;
    size_t got = 0;
    for (int count; (count = receive(receiver, &trains, 100)) > 0;)
        got += (size_t)count;
    send_train(sender, &to, 1000, 1000, 0); /* brings the news */
    got += (size_t)receive(receiver, &trains, 1000);
    uftp_socket_stats stats;
    uftp_socket_stats_get(receiver, &stats);
    assert_true(got < 51);
    assert_int_equal(stats.datagrams_overflowed + got, 51);
    uftp_socket_close(sender);
    uftp_socket_close(receiver);
}

static void an_error_is_told_once_and_the_rest_still_leaves(void **state)
{
    (void)state;
    uftp_socket *sender = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_socket *receiver = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_address good = address("127.0.0.1", uftp_socket_port(receiver));
    uftp_address bad = address("fd09::1", 9); /* no such family on this socket */
    uftp_socket_error error;
    assert_false(uftp_socket_error_take(sender, &error));
    for (int round = 0; round < 2; round++) {
        queue(sender, &good, 10, 10, 0);
        queue(sender, &bad, 10, 10, 0);
        queue(sender, &bad, 10, 5, 0);
        queue(sender, &good, 10, 10, 0);
        assert_int_equal(uftp_socket_flush(sender), 2);
        assert_int_equal(uftp_socket_error_take(sender, &error), !round);
        assert_false(uftp_socket_error_take(sender, &error));
        assert_true(uftp_address_equal(&error.destination, &bad));
        const uftp_datagram *trains;
        assert_int_equal(receive(receiver, &trains, 1000), 2);
    }
    uftp_socket_close(sender);
    uftp_socket_close(receiver);
}

/* ---- one host, multicast ---- */

typedef struct group_bench {
    uftp_socket *sender, *receiver;
    uftp_address group, source;
    uint32_t on; /* interface */
} group_bench;

static group_bench group_open(const char *group, const char *source, uint32_t on)
{
    group_bench b = {.group = address(group, 0), .source = address(source, 0), .on = on};
    uint8_t family = b.group.family;
    b.receiver = open_socket(&(uftp_socket_config){.family = family, .share_port = true});
    b.sender = open_socket(&(uftp_socket_config){
        .family = family, .interface_index = on, .interface_address = b.source});
    b.group.port = uftp_socket_port(b.receiver);
    return b;
}

static void group_close(group_bench *b)
{
    uftp_socket_close(b->sender);
    uftp_socket_close(b->receiver);
}

static bool arrives(group_bench *b)
{
    const uftp_datagram *trains;
    MUST(send_train(b->sender, &b->group, 4 * 1300, 1300, 0) == 0);
    size_t len = 0;
    while (receive(b->receiver, &trains, 50) > 0) {
        len += trains->len;
        MUST(uftp_address_same_host(&trains->destination, &b->group));
        MUST(trains->interface_index == b->on);
    }
    return len > 0;
}

static void check_groups(const char *group, const char *source, const char *stranger, uint32_t on)
{
    group_bench b = group_open(group, source, on);
    uftp_address other = address(stranger, 0);
    MUST(!arrives(&b)); /* not joined */
    MUST(uftp_socket_join(b.receiver, &b.group, NULL, on) == UFTP_OK);
    MUST(uftp_socket_join(b.receiver, &b.group, NULL, on) == UFTP_ERR_EXISTS);
    MUST(arrives(&b));
    MUST(uftp_socket_leave(b.receiver, &b.group, NULL, on) == UFTP_OK);
    MUST(uftp_socket_leave(b.receiver, &b.group, NULL, on) == UFTP_ERR_NOT_FOUND);
    MUST(!arrives(&b));
    MUST(uftp_socket_join(b.receiver, &b.group, NULL, 999999) == UFTP_ERR_NOT_FOUND);
    MUST(uftp_socket_join(b.receiver, &b.source, NULL, on) == UFTP_ERR_KIND); /* unicast */
    /* Another program on this host that listens to the group must not make us hear it. */
    uftp_socket *neighbour = open_socket(
        &(uftp_socket_config){.family = b.group.family, .port = b.group.port, .share_port = true});
    MUST(uftp_socket_join(neighbour, &b.group, NULL, on) == UFTP_OK);
    MUST(!arrives(&b));
    MUST(uftp_socket_join(b.receiver, &b.group, NULL, on) == UFTP_OK);
    MUST(arrives(&b)); /* and both hear it when both want to */
    const uftp_datagram *trains;
    MUST(receive(neighbour, &trains, 1000) > 0);
    MUST(uftp_socket_leave(b.receiver, &b.group, NULL, on) == UFTP_OK);
    uftp_socket_close(neighbour);
    /* Source-specific: only what comes from there. */
    MUST(uftp_socket_join(b.receiver, &b.group, &other, on) == UFTP_OK);
    MUST(!arrives(&b));
    MUST(uftp_socket_join(b.receiver, &b.group, &b.source, on) == UFTP_OK);
    MUST(uftp_socket_join(b.receiver, &b.group, &b.source, on) == UFTP_ERR_EXISTS);
    MUST(arrives(&b));
    MUST(uftp_socket_leave(b.receiver, &b.group, &b.source, on) == UFTP_OK);
    MUST(!arrives(&b));
    group_close(&b);
}

static void groups_are_heard_while_joined_and_only_then(void **state)
{
    (void)state;
    check_groups("232.4.4.1", "127.0.0.1", "127.0.0.2", loopback());
}

/* The kernel sets up IPv6 on a new interface a little later. */
static void wait_for_ipv6(const char *interface)
{
    char command[128];
    snprintf(command, sizeof command,
             "ip -6 route show table local dev %s type multicast | grep -q ff00::/8", interface);
    for (int i = 0; i < 200 && system(command); i++)
        poll(NULL, 0, 20);
}

/* One host with an interface of its own: loopback does no IPv6 multicast. */
static uint32_t add_interface(void)
{
    if (system("ip link add uftp0 type veth peer name uftp1 && "
               "ip addr add 10.77.0.1/24 dev uftp0 && ip -6 addr add fd77::1/64 dev uftp0 nodad && "
               "ip link set uftp1 up && ip link set uftp0 up"))
        ISOLATED_CANNOT("no veth here");
    wait_for_ipv6("uftp0");
    return if_nametoindex("uftp0");
}

static void check_groups_of_both_families(void *arg)
{
    (void)arg;
    uint32_t on = add_interface();
    check_groups("232.4.4.1", "10.77.0.1", "10.77.0.2", on);
    check_groups("ff35::4:1", "fd77::1", "fd77::2", on);
}

static void ipv6_groups_work_like_ipv4_groups(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNET, check_groups_of_both_families, NULL);
}

static void a_socket_for_both_families_joins_ipv4_groups(void **state)
{
    (void)state;
    if (!has_ipv6())
        skip();
    uftp_socket *receiver = open_socket(&(uftp_socket_config){.family = UFTP_IPV6});
    uftp_socket *sender =
        open_socket(&(uftp_socket_config){.family = UFTP_IPV6, .interface_index = loopback()});
    uftp_address group = address("230.4.4.7", uftp_socket_port(receiver));
    assert_int_equal(uftp_socket_join(receiver, &group, NULL, loopback()), UFTP_OK);
    assert_int_equal(send_train(sender, &group, 10 * 500, 500, 0x28), 0);
    received r = receive_all(receiver, 10 * 500, 500);
    assert_int_equal(r.datagrams, 10);
    assert_int_equal(r.last.tos, 0x28);
    assert_true(uftp_address_same_host(&r.last.destination, &group));
    uftp_socket_close(sender);
    uftp_socket_close(receiver);
}

static void send_with_and_without_loop(void *arg)
{
    (void)arg;
    uint32_t on = add_interface();
    uftp_socket *receiver = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_address group = address("230.4.4.8", uftp_socket_port(receiver));
    MUST(uftp_socket_join(receiver, &group, NULL, on) == UFTP_OK);
    for (int quiet = 0; quiet < 2; quiet++) {
        uftp_socket *sender = open_socket(&(uftp_socket_config){
            .family = UFTP_IPV4, .interface_index = on, .no_multicast_loop = quiet});
        const uftp_datagram *trains;
        MUST(send_train(sender, &group, 10, 10, 0) == 0);
        MUST(receive(receiver, &trains, 100) == !quiet);
        uftp_socket_close(sender);
    }
    uftp_socket_close(receiver);
}

static void programs_on_this_host_can_be_spared_from_multicast(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNET, send_with_and_without_loop, NULL);
}

/* Spec threat list: leaving a group that another session uses must not silence that session. */
static void a_group_is_left_with_its_last_user(void **state)
{
    (void)state;
    group_bench b = group_open("230.4.4.9", "127.0.0.1", loopback());
    uftp_netif_list all, interfaces = {0};
    assert_int_equal(uftp_netif_list_system(&all), UFTP_OK);
    assert_int_equal(uftp_netif_select(&all, "lo", &interfaces, NULL), UFTP_OK);
    uftp_membership *m;
    assert_int_equal(uftp_membership_create(b.receiver, &interfaces, &m), UFTP_OK);
    uftp_netif_list_free(&all);
    uftp_netif_list_free(&interfaces);
    assert_int_equal(uftp_membership_leave(m, &b.group, NULL), UFTP_ERR_NOT_FOUND);
    assert_int_equal(uftp_membership_join(m, &b.source, NULL), UFTP_ERR_KIND);
    assert_int_equal(uftp_membership_join(m, &b.group, NULL), UFTP_OK);
    assert_int_equal(uftp_membership_join(m, &b.group, &(uftp_address){0}), UFTP_OK);
    assert_int_equal(uftp_membership_leave(m, &b.group, NULL), UFTP_OK);
    assert_true(arrives(&b));
    assert_int_equal(uftp_membership_leave(m, &b.group, NULL), UFTP_OK);
    assert_false(arrives(&b));
    /* By source and by any source are two memberships, of which the system allows one at a time. */
    assert_int_equal(uftp_membership_join(m, &b.group, &b.source), UFTP_OK);
    assert_int_equal(uftp_membership_leave(m, &b.group, NULL), UFTP_ERR_NOT_FOUND);
    assert_true(arrives(&b));
    uftp_membership_destroy(m);
    assert_false(arrives(&b));
    group_close(&b);
}

static void no_interface_of_the_family_is_not_found(void **state)
{
    (void)state;
    uftp_socket *s = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_membership *m;
    uftp_address group = address("230.4.4.9", 0);
    assert_int_equal(uftp_membership_create(s, &(uftp_netif_list){0}, &m), UFTP_OK);
    assert_int_equal(uftp_membership_join(m, &group, NULL), UFTP_ERR_NOT_FOUND);
    uftp_membership_destroy(m);
    uftp_socket_close(s);
}

/* ---- without the batch calls ---- */

static void forbid_batch_calls(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sendmmsg, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_recvmmsg, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
        ISOLATED_CANNOT("no seccomp here");
}

static void exchange_without_batch_calls(void *arg)
{
    (void)arg;
    forbid_batch_calls();
    exchange("127.0.0.1", UFTP_IPV4, UFTP_IPV4);
    uftp_socket *sender = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_socket *receiver = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_address to = address("127.0.0.1", uftp_socket_port(receiver));
    for (int i = 0; i < 3; i++)
        queue(sender, &to, 100, 30, 0);
    MUST(uftp_socket_flush(sender) == 0);
    for (int i = 0; i < 3; i++)
        MUST(receive_all(receiver, 100, 30).datagrams == 4);
    uftp_socket_close(sender);
    uftp_socket_close(receiver);
}

static void a_system_without_batch_calls_is_served_one_by_one(void **state)
{
    (void)state;
    run_isolated(0, exchange_without_batch_calls, NULL);
}

/* ---- two hosts: network namespaces joined by a cable with an MTU ---- */

typedef struct cable {
    int here, there; /* namespaces */
    uint32_t index_here, index_there;
} cable;

static void enter(int netns)
{
    MUST(!setns(netns, CLONE_NEWNET));
}

static int new_netns(void)
{
    MUST(!unshare(CLONE_NEWNET));
    int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    MUST(fd >= 0);
    return fd;
}

static cable lay_cable(void)
{
    cable c = {.here = new_netns()};
    c.there = new_netns();
    enter(c.here);
    char command[256];
    snprintf(command, sizeof command,
             "ip link add uftp0 type veth peer name uftp1 && "
             "ip link set uftp1 netns /proc/%d/fd/%d && "
             "ip addr add 10.77.0.1/24 dev uftp0 && ip -6 addr add fd77::1/64 dev uftp0 nodad && "
             "ip link set uftp0 up",
             (int)getpid(), c.there);
    if (system(command))
        ISOLATED_CANNOT("no veth here");
    enter(c.there);
    MUST(!system("ip addr add 10.77.0.2/24 dev uftp1 && ip -6 addr add fd77::2/64 dev uftp1 nodad "
                 "&& ip link set uftp1 up"));
    c.index_there = if_nametoindex("uftp1");
    wait_for_ipv6("uftp1");
    enter(c.here);
    wait_for_ipv6("uftp0");
    c.index_here = if_nametoindex("uftp0");
    return c;
}

static void send_over_the_cable(void *arg)
{
    (void)arg;
    cable c = lay_cable();
    for (int mode = 0; mode < 4; mode++) {
        uint8_t family = mode & 1 ? UFTP_IPV6 : UFTP_IPV4;
        enter(c.there);
        uftp_socket *receiver =
            open_socket(&(uftp_socket_config){.family = family, .no_offload = mode & 2});
        uftp_address group = address(mode == 3   ? "ff02::4:4:1"
                                     : mode == 1 ? "ff05::4:4:1"
                                                 : "230.4.4.1",
                                     uftp_socket_port(receiver));
        MUST(uftp_socket_join(receiver, &group, NULL, c.index_there) == UFTP_OK);
        enter(c.here);
        uftp_socket *sender = open_socket(
            &(uftp_socket_config){.family = family, .interface_index = c.index_here, .hops = 3});
        bool gso = uftp_socket_has_gso(sender);
        MUST(send_train(sender, &group, 40 * 1300, 1300, 0x2a) == 0);
        received r = receive_all(receiver, 40 * 1300, 1300);
        MUST(r.datagrams == 40 && r.last.tos == 0x2a);
        MUST(r.last.interface_index == c.index_there);
        MUST(r.last.destination.scope == (mode == 3 ? c.index_there : 0)); /* link-local */
        uftp_address from = address(mode & 1 ? "fd77::1" : "10.77.0.1", uftp_socket_port(sender));
        /* IPv6 chooses the source itself, a link-local one for instance. */
        MUST(mode & 1 ? r.last.source.port == from.port
                      : uftp_address_equal(&r.last.source, &from));
        /* Blocks above the MTU are legal: such a train leaves as fragmented datagrams. */
        MUST(send_train(sender, &group, 7 * 8800 + 5, 8800, 0x28) == 0);
        r = receive_all(receiver, 7 * 8800 + 5, 8800);
        MUST(r.datagrams == 8 && r.last.tos == 0x28);
        MUST(send_train(sender, &group, 2 * 8800, 8800, 0) == 0);
        MUST(receive_all(receiver, 2 * 8800, 8800).datagrams == 2);
        MUST(uftp_socket_has_gso(sender) == gso); /* for shorter ones it is as good as before */
        MUST(send_train(sender, &group, 40 * 1300, 1300, 0) == 0);
        MUST(receive_all(receiver, 40 * 1300, 1300).datagrams == 40);
        uftp_socket_error error;
        MUST(!uftp_socket_error_take(sender, &error));
        /* One call more for the first train that was refused; the second is not even tried. */
        uftp_socket_stats stats;
        uftp_socket_stats_get(sender, &stats);
        MUST(!gso || stats.send_calls == 5);
        uftp_socket_close(sender);
        uftp_socket_close(receiver);
    }
}

static void trains_and_fragments_cross_a_network(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNET, send_over_the_cable, NULL);
}

static void send_without_route(void *arg)
{
    (void)arg; /* a fresh namespace: not even loopback is up */
    uftp_socket *s = open_socket(&(uftp_socket_config){.family = UFTP_IPV4});
    uftp_address group = address("230.4.4.1", 1044);
    MUST(send_train(s, &group, 2600, 1300, 0) == 1);
    MUST(send_train(s, &group, 1300, 1300, 0) == 1);
    uftp_socket_error error;
    MUST(uftp_socket_error_take(s, &error) && error.system_error == ENETUNREACH);
    MUST(uftp_address_equal(&error.destination, &group));
    MUST(!uftp_socket_error_take(s, &error));
    uftp_socket_close(s);
}

static void no_route_is_an_error_that_is_told_once(void **state)
{
    (void)state;
    run_isolated(CLONE_NEWNET, send_without_route, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_in_use_is_told_apart),
        cmocka_unit_test(the_socket_is_closed_on_exec_and_tells_its_buffers),
        cmocka_unit_test(a_datagram_tells_where_it_came_from_and_went),
        cmocka_unit_test(a_socket_for_both_families_speaks_both),
        cmocka_unit_test(trains_arrive_as_the_datagrams_they_are),
        cmocka_unit_test(the_queue_is_bounded_and_keeps_the_order),
        cmocka_unit_test(a_receive_buffer_that_is_too_small_shows_in_the_counters),
        cmocka_unit_test(an_error_is_told_once_and_the_rest_still_leaves),
        cmocka_unit_test(groups_are_heard_while_joined_and_only_then),
        cmocka_unit_test(ipv6_groups_work_like_ipv4_groups),
        cmocka_unit_test(a_socket_for_both_families_joins_ipv4_groups),
        cmocka_unit_test(programs_on_this_host_can_be_spared_from_multicast),
        cmocka_unit_test(a_group_is_left_with_its_last_user),
        cmocka_unit_test(no_interface_of_the_family_is_not_found),
        cmocka_unit_test(a_system_without_batch_calls_is_served_one_by_one),
        cmocka_unit_test(trains_and_fragments_cross_a_network),
        cmocka_unit_test(no_route_is_an_error_that_is_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
