/* SPDX-License-Identifier: MIT
 *
 * Tunnels: a hub, a server proxy beside it, branches behind NATs that let no multicast through, and
 * in each a client proxy with receivers. What a receiver gets must be the same as beside the hub.
 */
#include "session.h"

#include "engine/proxy_node.h"

#include <stdio.h>
#include <string.h>

#define BRANCHES_MAX 4
#define END UFTP_S(300)

typedef struct tunnel_options {
    size_t branches; /* [1] */
    size_t plants;   /* in each [3] */
    bool chained;    /* a second server proxy between the two, which the first knows */
    bool closed;
    uint64_t heartbeat;    /* [1 s] */
    uint32_t wan_loss_ppm; /* each way */
    uint32_t plant_loss_ppm;
    uint64_t big_size; /* [150000] */
    uftp_sender_config sender;
    uftp_receiver_config receiver;
    uftp_proxy_config proxy; /* of the client proxies */
    const sim_options *world;
    uint8_t wrong_key; /* the server proxy expects another key than the client proxy has */
} tunnel_options;

typedef struct tunnel {
    session s;
    sim_node *gates[BRANCHES_MAX + 1]; /* server proxies */
    sim_node *branches[BRANCHES_MAX];  /* client proxies */
    sim_nat *nats[BRANCHES_MAX];
    size_t branch_count, gate_count;
} tunnel;

static const uftp_key *proxy_key_of(size_t branch)
{
    static const uftp_curve curves[] = {UFTP_CURVE_SECP256R1, UFTP_CURVE_SECP384R1,
                                        UFTP_CURVE_SECP521R1};
    return branch % 4 == 3 ? session_key(UFTP_KEY_RSA, 0)
                           : session_key(UFTP_KEY_EC, curves[branch % 4]);
}

static void fingerprint_of(const uftp_key *key, uint8_t out[UFTP_FINGERPRINT_LEN])
{
    const uftp_bytes blob = uftp_key_blob(key);
    uftp_fingerprint(blob.data, blob.len, out);
}

/* hub 0, server proxies, client proxies, plants: UIDs are indices plus one. */
static tunnel tunnel_new(uint64_t seed, const tunnel_options *options)
{
    static const char *const operands[] = {"/out/tree"};
    static uftp_member members[64];
    static uftp_server_entry servers[BRANCHES_MAX];
    tunnel_options o = *options;
    tunnel t = {.branch_count = o.branches ? o.branches : 1};
    size_t plants = o.plants ? o.plants : 3;
    sim_options world = o.world ? *o.world : (sim_options){0};
    world.end = END;
    t.s.world = sim_test_new(seed, &world);

    uftp_sender_config config = o.sender;
    config.operands = operands;
    config.operand_count = 1;
    if (!config.rate_bytes_per_s)
        config.rate_bytes_per_s = 500000;
    config.plain = !config.key;
    t.gate_count = o.chained ? 2 : 1;
    uint32_t first_branch = 2 + (uint32_t)t.gate_count; /* UIDs */
    uint32_t first_plant = first_branch + (uint32_t)t.branch_count;
    if (o.closed) {
        size_t count = 0;
        for (size_t i = 0; i < t.branch_count; i++)
            members[count++] = (uftp_member){.uid = first_branch + (uint32_t)i, .is_proxy = true};
        for (size_t i = 0; i < plants * t.branch_count; i++)
            members[count++] = (uftp_member){.uid = first_plant + (uint32_t)i};
        config.members = members;
        config.member_count = count;
    }
    t.s.hub = sim_add_sender(t.s.world, "hub", &config);
    for (size_t i = 0; i < t.gate_count; i++)
        t.gates[i] = sim_add_proxy(t.s.world, i ? "gate-2" : "gate",
                                   &(uftp_proxy_config){.kind = UFTP_PROXY_SERVER});
    sim_node *last_gate = t.gates[t.gate_count - 1];
    if (o.chained)
        sim_proxy_relay_to(t.gates[0], t.gates[1], NULL);

    const sim_link line = {.delay = UFTP_MS(20), .loss_ppm = o.wan_loss_ppm};
    for (size_t i = 0; i < t.branch_count; i++) {
        char name[32];
        snprintf(name, sizeof name, "branch-%zu", i);
        uftp_proxy_config proxy = o.proxy;
        proxy.kind = UFTP_PROXY_CLIENT;
        proxy.heartbeat_interval = o.heartbeat ? o.heartbeat : UFTP_S(1);
        if (!proxy.key)
            proxy.key = proxy_key_of(i);
        t.branches[i] = sim_add_proxy(t.s.world, name, &proxy);
        t.nats[i] = sim_add_nat(t.s.world, name,
                                &(sim_nat_config){.filtering = SIM_NAT_ADDRESS_AND_PORT_DEPENDENT,
                                                  .timeout = UFTP_S(30),
                                                  .ports_drawn = true,
                                                  .multicast_blocked = true});
        uint8_t fingerprint[UFTP_FINGERPRINT_LEN];
        fingerprint_of(o.wrong_key ? proxy_key_of(i + 1) : proxy.key, fingerprint);
        sim_behind(t.branches[i], t.nats[i]);
        sim_proxy_heartbeat_to(t.branches[i], last_gate);
        sim_proxy_relay_to(last_gate, t.branches[i], fingerprint);
        sim_connect(last_gate, t.branches[i], &line);
        sim_connect(t.branches[i], last_gate, &line);
    }
    for (size_t i = 0; i < plants * t.branch_count; i++) {
        char name[32];
        size_t branch = i / plants;
        snprintf(name, sizeof name, "plant-%zu", i);
        uftp_receiver_config receiver = o.receiver;
        if (receiver.server_count == 1) { /* they know the hub and their proxy */
            servers[branch] =
                (uftp_server_entry){.uid = 1, .proxy = first_branch + (uint32_t)branch};
            receiver.servers = &servers[branch];
        }
        sim_node *plant = sim_add_receiver(t.s.world, name, &receiver, NULL);
        sim_behind(plant, t.nats[branch]);
        sim_downlink(plant, &(sim_link){.loss_ppm = o.plant_loss_ppm});
        t.s.plants[t.s.plant_count++] = plant;
    }
    session_fill(t.s.hub, "/out/tree", o.big_size ? o.big_size : 150000);
    return t;
}

static void expect_delivered(tunnel *t)
{
    sim_run(t->s.world);
    sim_expect_result(t->s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(t->s.hub, UFTP_EVENT_CLIENT_LOST, 0);
    sim_expect_event_count(t->s.hub, UFTP_EVENT_CLIENT_ABORTED, 0);
    for (size_t i = 0; i < t->s.plant_count; i++) {
        sim_expect_result(t->s.plants[i], UFTP_RESULT_OK);
        sim_expect_event_count(t->s.plants[i], UFTP_EVENT_SESSION_FINISHED, 1);
        session_expect_same(&t->s, t->s.plants[i]);
    }
    for (size_t i = 0; i < t->branch_count; i++) {
        sim_expect_result(t->branches[i], UFTP_RESULT_OK);
        sim_expect(t->s.world, t->branches[i], sim_count(t->branches[i])->sent_total > 0);
    }
}

static void must_deliver(uint64_t seed, const tunnel_options *options)
{
    tunnel t = tunnel_new(seed, options);
    expect_delivered(&t);
    sim_free(t.s.world);
}

/* ---- in the clear ---- */

static void a_branch_behind_a_nat_gets_everything(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 4)
    {
        must_deliver(seed, &(tunnel_options){0});
    }
}

static void several_branches_share_one_server_proxy(void **state)
{
    (void)state;
    must_deliver(1, &(tunnel_options){.branches = 4, .plants = 4});
}

static void a_closed_group_lists_the_proxy_and_those_behind_it(void **state)
{
    (void)state;
    must_deliver(1, &(tunnel_options){.closed = true, .branches = 2});
}

static void two_server_proxies_in_a_row_relay(void **state)
{
    (void)state;
    must_deliver(1, &(tunnel_options){.chained = true});
}

static void losses_on_both_legs_are_repaired(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 10)
    {
        must_deliver(seed, &(tunnel_options){.wan_loss_ppm = 20000,
                                             .plant_loss_ppm = 20000,
                                             .branches = 2,
                                             .sender = {.grtt_initial = UFTP_MS(200)}});
    }
}

/* The hub must not hear a branch as many: one answer for all, whatever they say. */
static void the_hub_hears_one_answer_for_a_branch(void **state)
{
    (void)state;
    tunnel t = tunnel_new(1, &(tunnel_options){.plants = 40});
    expect_delivered(&t);
    const sim_counters *heard = sim_count(t.s.hub);
    sim_expect(t.s.world, t.s.hub, heard->arrived[UFTP_MESSAGE_REGISTER] <= 3);
    sim_expect(t.s.world, t.s.hub, heard->arrived[UFTP_MESSAGE_FILEINFO_ACK] <= 2 * 7);
    sim_expect(t.s.world, t.s.hub, heard->arrived[UFTP_MESSAGE_COMPLETE] <= 3 * 8);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_REGISTERED, 41);
    sim_free(t.s.world);
}

/* With TFMCC the reports of a branch pass one by one, and those in a STATUS name their receiver. */
static void congestion_control_works_through_a_tunnel(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        const tunnel_options o = {.wan_loss_ppm = 5000,
                                  .sender = {.congestion_control = UFTP_CC_TFMCC,
                                             .rate_initial = 50000,
                                             .rate_max = 1000000}};
        must_deliver(seed, &o);
    }
}

/* Runs until the large file has been under way for so long. */
static void run_into_large_file(tunnel *t, uint64_t big_size, uint64_t further)
{
    do {
        sim_expect(t->s.world, t->s.hub,
                   sim_run_until_event(t->s.world, t->s.hub, UFTP_EVENT_FILE_STARTED));
    } while (sim_event_last(t->s.hub, UFTP_EVENT_FILE_STARTED)->event.size != big_size);
    sim_run_until(t->s.world, sim_now(t->s.world) + further);
}

/* The mapping is lost in mid-session: nothing comes down any more until the next heartbeat, which
 * must come before the receivers have lost patience. */
static void heartbeats_repair_a_nat_that_forgets(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 5)
    {
        const tunnel_options o = {
            .branches = 2, .big_size = 3000000, .sender = {.grtt_min = UFTP_MS(100)}};
        tunnel t = tunnel_new(seed, &o);
        run_into_large_file(&t, o.big_size, UFTP_S(1) + seed * UFTP_MS(170));
        uint64_t rebound = sim_now(t.s.world);
        sim_nat_rebind(t.nats[0]);
        expect_delivered(&t);
        /* Both branches at first, and the one again. */
        sim_expect_event_count(t.gates[0], UFTP_EVENT_DOWNSTREAM, 3);
        sim_expect(t.s.world, t.s.hub,
                   sim_event_last(t.gates[0], UFTP_EVENT_DOWNSTREAM)->at > rebound);
        sim_expect(t.s.world, t.s.hub,
                   sim_event_last(t.gates[0], UFTP_EVENT_DOWNSTREAM)->at <
                       sim_event_last(t.s.hub, UFTP_EVENT_SESSION_FINISHED)->at);
        sim_free(t.s.world);
    }
}

/* What the test above rests on: with heartbeats too seldom the branch is lost. */
static void without_heartbeats_in_time_a_branch_is_lost(void **state)
{
    (void)state;
    const tunnel_options o = {.branches = 2, .big_size = 3000000, .heartbeat = UFTP_S(60)};
    tunnel t = tunnel_new(1, &o);
    run_into_large_file(&t, o.big_size, UFTP_S(1));
    sim_nat_rebind(t.nats[0]);
    sim_run(t.s.world);
    for (size_t i = 0; i < t.s.plant_count; i++)
        sim_expect_result(t.s.plants[i], i < 3 ? UFTP_RESULT_FAILED : UFTP_RESULT_OK);
    sim_free(t.s.world);
}

/* Somebody else's heartbeats must not draw the session away. */
static void a_key_with_another_fingerprint_gets_nothing(void **state)
{
    (void)state;
    tunnel t = tunnel_new(1, &(tunnel_options){.wrong_key = true});
    sim_run(t.s.world);
    sim_expect_event_count(t.gates[0], UFTP_EVENT_DOWNSTREAM, 0);
    sim_expect_result(t.s.hub, UFTP_RESULT_NO_REGISTRATION);
    uftp_proxy_stats stats;
    uftp_proxy_stats_get(sim_proxy(t.gates[0]), &stats);
    sim_expect(t.s.world, t.gates[0], stats.heartbeats_refused > 0);
    sim_expect(t.s.world, t.gates[0], stats.unestablished > 0 && stats.relayed_down == 0);
    sim_free(t.s.world);
}

/* A receiver that gives up is aborted at the hub, not lost; the others go on. */
static void an_abort_of_a_receiver_reaches_the_hub(void **state)
{
    (void)state;
    tunnel t = tunnel_new(1, &(tunnel_options){.big_size = 3000000});
    run_into_large_file(&t, 3000000, UFTP_S(1));
    sim_shutdown(t.s.plants[1]);
    sim_run(t.s.world);
    sim_expect_result(t.s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_ABORTED, 1);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_LOST, 0);
    session_expect_same(&t.s, t.s.plants[0]);
    session_expect_same(&t.s, t.s.plants[2]);
    sim_free(t.s.world);
}

static void an_abort_of_the_hub_reaches_the_receivers(void **state)
{
    (void)state;
    /* They know their proxy: it speaks in its own name. */
    tunnel t =
        tunnel_new(1, &(tunnel_options){.big_size = 3000000, .receiver = {.server_count = 1}});
    run_into_large_file(&t, 3000000, UFTP_S(1));
    sim_interrupt(t.s.hub);
    sim_run(t.s.world);
    for (size_t i = 0; i < t.s.plant_count; i++) {
        sim_expect_result(t.s.plants[i], UFTP_RESULT_FAILED);
        sim_expect(t.s.world, t.s.plants[i],
                   strstr(sim_event_last(t.s.plants[i], UFTP_EVENT_SESSION_FINISHED)->event.text,
                          "Server quit") != NULL);
    }
    sim_free(t.s.world);
}

/* A client proxy that dies takes its branch with it, and nobody else. */
static void a_proxy_that_drops_out_loses_its_branch_alone(void **state)
{
    (void)state;
    const tunnel_options o = {.branches = 2, .big_size = 3000000};
    tunnel t = tunnel_new(1, &o);
    run_into_large_file(&t, o.big_size, UFTP_S(1));
    sim_stop(t.branches[0]);
    sim_run(t.s.world);
    sim_expect_result(t.s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_LOST, 3);
    for (size_t i = 0; i < t.s.plant_count; i++)
        sim_expect_result(t.s.plants[i], i < 3 ? UFTP_RESULT_FAILED : UFTP_RESULT_OK);
    sim_free(t.s.world);
}

/* ---- encrypted ---- */

static const uftp_key *ec_key(void)
{
    return session_key(UFTP_KEY_EC, UFTP_CURVE_SECP256R1);
}

static tunnel_options encrypted(void)
{
    return (tunnel_options){
        .sender = {.key = ec_key()},
        .receiver = {.key = ec_key(), .encrypted_only = true, .server_count = 1}};
}

/* The four branches have proxies with keys of all kinds. */
static void keys_pass_a_proxy_with_every_cipher_hash_and_curve(void **state)
{
    (void)state;
    static const uftp_cipher ciphers[] = {UFTP_CIPHER_AES128_GCM, UFTP_CIPHER_AES256_GCM,
                                          UFTP_CIPHER_AES128_CCM, UFTP_CIPHER_AES256_CCM};
    static const uftp_hash hashes[] = {UFTP_HASH_SHA256, UFTP_HASH_SHA384, UFTP_HASH_SHA512};
    static const uftp_curve curves[] = {UFTP_CURVE_SECP256R1, UFTP_CURVE_SECP384R1,
                                        UFTP_CURVE_SECP521R1};
    for (size_t i = 0; i < 12; i++) {
        tunnel_options o = encrypted();
        o.branches = 4;
        o.plants = 1;
        o.big_size = 30000;
        o.sender.cipher = ciphers[i % 4];
        o.sender.hash = hashes[i % 3];
        o.sender.ecdh_curve = curves[(i + i / 3) % 3];
        o.sender.client_auth = i % 2;
        must_deliver(i, &o);
    }
}

static void encrypted_tunnels_survive_losses(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 10)
    {
        tunnel_options o = encrypted();
        o.branches = 2;
        o.wan_loss_ppm = o.plant_loss_ppm = 20000;
        o.sender.client_auth = seed % 2;
        o.sender.grtt_initial = UFTP_MS(200);
        must_deliver(seed, &o);
    }
}

static void a_closed_encrypted_group_works_through_proxies(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        tunnel_options o = encrypted();
        o.closed = true;
        o.branches = 2;
        o.sender.client_auth = seed % 2;
        must_deliver(seed, &o);
    }
}

static void encrypted_sessions_survive_a_nat_that_forgets(void **state)
{
    (void)state;
    tunnel_options o = encrypted();
    o.big_size = 3000000;
    o.sender.grtt_min = UFTP_MS(100);
    tunnel t = tunnel_new(1, &o);
    run_into_large_file(&t, o.big_size, UFTP_S(2));
    sim_nat_rebind(t.nats[0]);
    expect_delivered(&t);
    sim_expect_event_count(t.gates[0], UFTP_EVENT_DOWNSTREAM, 2);
    sim_free(t.s.world);
}

/* Its reports are sealed for the proxy: they must go up under the proxy's key, and be taken for the
 * receiver's. The reference's servers crash at the first. */
static void congestion_control_works_through_an_encrypted_tunnel(void **state)
{
    (void)state;
    SIM_EACH_SEED(seed, 1, 3)
    {
        tunnel_options o = encrypted();
        o.wan_loss_ppm = 5000;
        o.sender.congestion_control = UFTP_CC_TFMCC;
        o.sender.rate_initial = 50000;
        o.sender.rate_max = 1000000;
        tunnel t = tunnel_new(seed, &o);
        expect_delivered(&t);
        uftp_sender_stats stats;
        uftp_sender_stats_get(sim_sender(t.s.hub), &stats);
        sim_expect(t.s.world, t.s.hub, stats.datagrams_rejected == 0);
        sim_free(t.s.world);
    }
}

/* Each message of the handshake may be lost once, wherever it passes. */
static void losing_any_message_of_the_handshake_does_no_harm(void **state)
{
    (void)state;
    static const uftp_message_type messages[] = {UFTP_MESSAGE_ANNOUNCE,  UFTP_MESSAGE_REGISTER,
                                                 UFTP_MESSAGE_REG_CONF,  UFTP_MESSAGE_KEYINFO,
                                                 UFTP_MESSAGE_PROXY_KEY, UFTP_MESSAGE_ENCRYPTED};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++)
        for (int place = 0; place < 4; place++) {
            const sim_drop drops[] = {SIM_DROP_FIRST(messages[i])};
            const sim_link lossy = {.delay = UFTP_MS(20), .drops = drops, .drop_count = 1};
            tunnel_options o = encrypted();
            o.big_size = 30000;
            o.sender.client_auth = i % 2;
            tunnel t = tunnel_new(i * 4 + (uint64_t)place, &o);
            if (place == 0)
                sim_connect(t.gates[0], t.branches[0], &lossy);
            else if (place == 1)
                sim_connect(t.branches[0], t.gates[0], &lossy);
            else if (place == 2)
                sim_downlink(t.s.plants[0], &lossy);
            else
                sim_uplink(t.s.plants[0], &lossy);
            expect_delivered(&t);
            sim_free(t.s.world);
        }
}

/* A proxy that is not who it should be gets no receiver. */
static void receivers_refuse_a_proxy_with_another_key(void **state)
{
    (void)state;
    static uftp_proxy_entry proxies[1];
    proxies[0] = (uftp_proxy_entry){.uid = 3, .has_fingerprint = true};
    fingerprint_of(proxy_key_of(1), proxies[0].fingerprint);
    tunnel_options o = encrypted();
    o.receiver.proxies = proxies;
    o.receiver.proxy_count = 1;
    tunnel t = tunnel_new(1, &o);
    sim_run(t.s.world);
    sim_expect_result(t.s.hub, UFTP_RESULT_NO_REGISTRATION);
    for (size_t i = 0; i < t.s.plant_count; i++)
        sim_expect(t.s.world, t.s.plants[i],
                   strcmp(sim_event_last(t.s.plants[i], UFTP_EVENT_ABORT)->event.text,
                          "Failed to verify proxy key fingerprint") == 0);
    sim_free(t.s.world);

    fingerprint_of(proxy_key_of(0), proxies[0].fingerprint);
    must_deliver(1, &o);
}

/* Who does not know its proxy agrees upon keys with the wrong side, and is put out in the end. */
static void receivers_that_do_not_know_their_proxy_are_put_out(void **state)
{
    (void)state;
    tunnel_options o = encrypted();
    o.receiver.server_count = 0;
    tunnel t = tunnel_new(1, &o);
    sim_run(t.s.world);
    for (size_t i = 0; i < t.s.plant_count; i++)
        sim_expect_result(t.s.plants[i], UFTP_RESULT_FAILED);
    sim_expect_event_count(t.branches[0], UFTP_EVENT_CLIENT_ABORTED, 3);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_ABORTED, 3);
    sim_free(t.s.world);
}

/* The client proxy knows the keys of its receivers (-C): another key is turned away at the proxy.
 */
static void a_proxy_checks_the_keys_of_its_receivers(void **state)
{
    (void)state;
    static uftp_member allowed[3];
    for (uint32_t i = 0; i < 3; i++) { /* backwards: the list is sorted by the proxy */
        allowed[2 - i] = (uftp_member){.uid = 4 + i, .has_fingerprint = true};
        fingerprint_of(i == 1 ? proxy_key_of(1) : ec_key(), allowed[2 - i].fingerprint);
    }
    tunnel_options o = encrypted();
    o.sender.client_auth = true;
    o.proxy.clients = allowed;
    o.proxy.client_count = 3;
    tunnel t = tunnel_new(1, &o);
    sim_run(t.s.world);
    sim_expect_result(t.s.hub, UFTP_RESULT_OK);
    session_expect_same(&t.s, t.s.plants[0]);
    session_expect_same(&t.s, t.s.plants[2]);
    sim_expect_result(t.s.plants[1], UFTP_RESULT_FAILED);
    sim_free(t.s.world);
}

static void a_sealed_abort_of_a_receiver_reaches_the_hub(void **state)
{
    (void)state;
    tunnel_options o = encrypted();
    o.big_size = 3000000;
    tunnel t = tunnel_new(1, &o);
    run_into_large_file(&t, o.big_size, UFTP_S(1));
    sim_shutdown(t.s.plants[1]);
    sim_run(t.s.world);
    sim_expect_result(t.s.hub, UFTP_RESULT_OK);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_ABORTED, 1);
    sim_expect_event_count(t.s.hub, UFTP_EVENT_CLIENT_LOST, 0);
    session_expect_same(&t.s, t.s.plants[0]);
    sim_free(t.s.world);
}

static void a_sealed_abort_of_the_hub_reaches_the_receivers(void **state)
{
    (void)state;
    tunnel_options o = encrypted();
    o.big_size = 3000000;
    tunnel t = tunnel_new(1, &o);
    run_into_large_file(&t, o.big_size, UFTP_S(1));
    sim_interrupt(t.s.hub);
    sim_run(t.s.world);
    for (size_t i = 0; i < t.s.plant_count; i++)
        sim_expect(t.s.world, t.s.plants[i],
                   strstr(sim_event_last(t.s.plants[i], UFTP_EVENT_SESSION_FINISHED)->event.text,
                          "Server quit") != NULL);
    sim_free(t.s.world);
}

/* ---- response proxies ---- */

/* The receivers hear the hub themselves; everything that they say goes to the proxy. */
static void answers_pass_a_response_proxy(bool encrypted_session, bool client_auth, uint32_t loss)
{
    static const char *const operands[] = {"/out/tree"};
    static const uftp_server_entry servers[] = {{.uid = 1, .proxy = 2}};
    session s = {.world = sim_test_new(1, &(sim_options){.end = END})};
    const uftp_sender_config config = {.rate_bytes_per_s = 500000,
                                       .plain = !encrypted_session,
                                       .key = encrypted_session ? ec_key() : NULL,
                                       .client_auth = client_auth,
                                       .operands = operands,
                                       .operand_count = 1};
    s.hub = sim_add_sender(s.world, "hub", &config);
    sim_node *proxy =
        sim_add_proxy(s.world, "proxy",
                      &(uftp_proxy_config){.kind = UFTP_PROXY_RESPONSE, .key = proxy_key_of(1)});
    for (int i = 0; i < 5; i++) {
        char name[32];
        snprintf(name, sizeof name, "plant-%d", i);
        const uftp_receiver_config receiver = {
            .key = ec_key(), .servers = servers, .server_count = 1};
        s.plants[s.plant_count++] = sim_add_receiver(s.world, name, &receiver, NULL);
        sim_downlink(s.plants[i], &(sim_link){.loss_ppm = loss});
    }
    session_fill(s.hub, "/out/tree", 150000);
    sim_run(s.world);
    sim_expect_result(s.hub, UFTP_RESULT_OK);
    for (size_t i = 0; i < s.plant_count; i++) {
        sim_expect_result(s.plants[i], UFTP_RESULT_OK);
        session_expect_same(&s, s.plants[i]);
    }
    uftp_proxy_stats stats;
    uftp_proxy_stats_get(sim_proxy(proxy), &stats);
    sim_expect(s.world, proxy, stats.relayed_down == 0 && stats.aggregates > 0);
    sim_expect(s.world, s.hub, sim_count(s.hub)->arrived[UFTP_MESSAGE_REGISTER] <= 2);
    sim_expect_event_count(proxy, UFTP_EVENT_JOIN, 1);
    sim_expect_event_count(proxy, UFTP_EVENT_LEAVE, 1);
    sim_free(s.world);
}

static void a_response_proxy_gathers_what_its_receivers_say(void **state)
{
    (void)state;
    answers_pass_a_response_proxy(false, false, 0);
    answers_pass_a_response_proxy(false, false, 20000);
}

static void a_response_proxy_hands_on_the_keys(void **state)
{
    (void)state;
    answers_pass_a_response_proxy(true, false, 0);
    answers_pass_a_response_proxy(true, true, 20000);
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(a_branch_behind_a_nat_gets_everything),
    SIM_TEST(several_branches_share_one_server_proxy),
    SIM_TEST(a_closed_group_lists_the_proxy_and_those_behind_it),
    SIM_TEST(two_server_proxies_in_a_row_relay),
    SIM_TEST(losses_on_both_legs_are_repaired),
    SIM_TEST(the_hub_hears_one_answer_for_a_branch),
    SIM_TEST(congestion_control_works_through_a_tunnel),
    SIM_TEST(heartbeats_repair_a_nat_that_forgets),
    SIM_TEST(without_heartbeats_in_time_a_branch_is_lost),
    SIM_TEST(a_key_with_another_fingerprint_gets_nothing),
    SIM_TEST(an_abort_of_a_receiver_reaches_the_hub),
    SIM_TEST(an_abort_of_the_hub_reaches_the_receivers),
    SIM_TEST(a_proxy_that_drops_out_loses_its_branch_alone),
    SIM_TEST(keys_pass_a_proxy_with_every_cipher_hash_and_curve),
    SIM_TEST(encrypted_tunnels_survive_losses),
    SIM_TEST(a_closed_encrypted_group_works_through_proxies),
    SIM_TEST(encrypted_sessions_survive_a_nat_that_forgets),
    SIM_TEST(congestion_control_works_through_an_encrypted_tunnel),
    SIM_TEST(losing_any_message_of_the_handshake_does_no_harm),
    SIM_TEST(receivers_refuse_a_proxy_with_another_key),
    SIM_TEST(receivers_that_do_not_know_their_proxy_are_put_out),
    SIM_TEST(a_proxy_checks_the_keys_of_its_receivers),
    SIM_TEST(a_sealed_abort_of_a_receiver_reaches_the_hub),
    SIM_TEST(a_sealed_abort_of_the_hub_reaches_the_receivers),
    SIM_TEST(a_response_proxy_gathers_what_its_receivers_say),
    SIM_TEST(a_response_proxy_hands_on_the_keys),
};

static int free_keys(void **state)
{
    (void)state;
    session_keys_free();
    return 0;
}

SIM_TEST_MAIN_TEARDOWN(tests, free_keys)
