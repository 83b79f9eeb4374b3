/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "session/clients.h"

#define CLIENTS 500

/* Random moves against counting by hand: the lists by state and by message due must always hold
 * each client exactly once, and a change of state must drop what was due in the old one. */
static void lists_hold_every_client_once(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 3);
    uftp_clients clients;
    uftp_clients_init(&clients, &memory.allocator, &random.random);
    for (uint32_t i = 0; i < CLIENTS; i++) {
        uftp_client *client;
        /* Neighbours, as plants numbered by their addresses are. */
        assert_int_equal(
            uftp_clients_add(&clients, 0x0a090000 + i, i % 7 ? NULL : "plant", i % 5 == 0, &client),
            0);
        assert_int_equal(client->index, i);
        assert_int_equal(uftp_clients_add(&clients, 0x0a090000 + i, NULL, false, &client),
                         UFTP_ERR_EXISTS);
    }
    for (int step = 0; step < 20000; step++) {
        uftp_client *client = clients.table[test_random_below(&random, CLIENTS)];
        if (test_random_below(&random, 2)) {
            uftp_client_state to =
                (uftp_client_state)test_random_below(&random, UFTP_CLIENT_STATES);
            uftp_clients_enter(&clients, client, to);
            assert_int_equal(client->state, to);
            assert_int_equal(client->due, CLIENT_DUE_NOTHING);
        } else {
            client_due due = (client_due)test_random_below(&random, CLIENT_DUE_KINDS);
            uftp_clients_set_due(&clients, client, due);
            assert_int_equal(client->due, due);
        }
        if (step % 1000)
            continue;
        uint32_t seen = 0, due = 0;
        for (int s = 0; s < UFTP_CLIENT_STATES; s++) {
            uint32_t count = 0, proxies = 0;
            for (uftp_client *c = clients.by_state[s].first; c; c = c->state_next) {
                assert_int_equal(c->state, s);
                count++;
                proxies += c->is_proxy;
            }
            assert_int_equal(count, uftp_clients_in(&clients, (uftp_client_state)s));
            assert_int_equal(count - proxies,
                             uftp_clients_receivers_in(&clients, (uftp_client_state)s));
            seen += count;
        }
        assert_int_equal(seen, CLIENTS);
        for (int d = 1; d < CLIENT_DUE_KINDS; d++)
            for (uftp_client *c = clients.by_due[d].first; c; c = c->due_next) {
                assert_int_equal(c->due, d);
                due++;
            }
        for (uint32_t i = 0; i < CLIENTS; i++)
            due -= clients.table[i]->due != CLIENT_DUE_NOTHING;
        assert_int_equal(due, 0);
    }
    for (uint32_t i = 0; i < CLIENTS; i++)
        assert_ptr_equal(uftp_clients_find(&clients, 0x0a090000 + i), clients.table[i]);
    assert_null(uftp_clients_find(&clients, 0x0a090000 + CLIENTS));
    uftp_clients_free(&clients);
    assert_int_equal(memory.live, 0);
}

/* Messages leave in the order in which they became due. */
static void due_clients_come_out_in_order(void **state)
{
    (void)state;
    test_memory memory;
    test_random random;
    test_memory_init(&memory);
    test_random_init(&random, 4);
    uftp_clients clients;
    uftp_clients_init(&clients, &memory.allocator, &random.random);
    uftp_client *client;
    for (uint32_t uid = 1; uid <= 40; uid++)
        assert_int_equal(uftp_clients_add(&clients, uid, NULL, false, &client), 0);
    uftp_clients_set_due_all(&clients, UFTP_CLIENT_MUTE, CLIENT_DUE_ANNOUNCE);
    uftp_clients_enter(&clients, clients.table[9], UFTP_CLIENT_REGISTERED);
    for (uint32_t uid = 1; uid <= 40; uid++) {
        if (uid == 10)
            continue; /* has registered meanwhile: not announced to */
        client = uftp_clients_take_due(&clients, CLIENT_DUE_ANNOUNCE);
        assert_non_null(client);
        assert_int_equal(client->uid, uid);
    }
    assert_null(uftp_clients_take_due(&clients, CLIENT_DUE_ANNOUNCE));
    uftp_clients_free(&clients);
    assert_int_equal(memory.live, 0);
}

/* Every allocation may fail: nothing leaks, and the table stays usable. */
static void a_failed_allocation_leaves_the_table_usable(void **state)
{
    (void)state;
    for (size_t fail_at = 1; fail_at < 40; fail_at++) {
        test_memory memory;
        test_random random;
        test_memory_init(&memory);
        test_random_init(&random, 5);
        memory.fail_at = fail_at;
        uftp_clients clients;
        uftp_clients_init(&clients, &memory.allocator, &random.random);
        uint32_t added = 0;
        for (uint32_t uid = 1; uid <= 40; uid++) {
            uftp_client *client;
            int err = uftp_clients_add(&clients, uid, "name", false, &client);
            assert_true(err == UFTP_OK || err == UFTP_ERR_MEMORY);
            added += err == UFTP_OK;
        }
        assert_int_equal(clients.count, added);
        assert_in_range(added, 38, 40);
        uftp_clients_free(&clients);
        assert_int_equal(memory.live, 0);
    }
}

/* Trap 64: a counter acts once; what is late but new still acts. */
static void replay_window_takes_each_counter_once(void **state)
{
    (void)state;
    uftp_replay replay = {0};
    assert_true(uftp_replay_fresh(&replay, 1));
    uftp_replay_mark(&replay, 1);
    assert_false(uftp_replay_fresh(&replay, 1));
    uftp_replay_mark(&replay, 64);
    assert_false(uftp_replay_fresh(&replay, 1));
    assert_true(uftp_replay_fresh(&replay, 2));
    uftp_replay_mark(&replay, 2);
    assert_false(uftp_replay_fresh(&replay, 2));
    uftp_replay_mark(&replay, 1000);
    assert_false(uftp_replay_fresh(&replay, 64)); /* too old to tell: taken as seen */
    assert_true(uftp_replay_fresh(&replay, 1000 - 63));
    uftp_replay_mark(&replay, UINT64_MAX);
    assert_false(uftp_replay_fresh(&replay, UINT64_MAX));
    assert_false(uftp_replay_fresh(&replay, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_hold_every_client_once),
        cmocka_unit_test(due_clients_come_out_in_order),
        cmocka_unit_test(a_failed_allocation_leaves_the_table_usable),
        cmocka_unit_test(replay_window_takes_each_counter_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
