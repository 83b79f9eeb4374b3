/* SPDX-License-Identifier: MIT
 *
 * Whole sessions over the harder networks and on the less reliable machines: satellites, NATs,
 * routers, fragments, clocks that are wrong, disks that are slow, and power that fails.
 */
#include "session.h"

#include "engine/trace.h"
#include "models/satellite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define LIMIT UFTP_S(900)

/* ---- satellites ---- */

/* Puts all plants below a satellite, in regions of ten that have their rain together. */
static sim_satellite *under_satellite(session *s, const sim_satellite_config *config,
                                      const sim_fade_config *rain)
{
    sim_satellite *sat = sim_satellite_new(sim_world_medium(s->world), "geo", config);
    sim_fade *fade = NULL;
    const sim_link up = sim_satellite_forward(sat);
    sim_uplink(s->hub, &up);
    for (size_t i = 0; i < s->plant_count; i++) {
        char region[32];
        snprintf(region, sizeof region, "region-%zu", i / 10);
        if (rain && i % 10 == 0)
            fade = sim_fade_new(sim_world_medium(s->world), region, rain);
        sim_link down = sim_satellite_down(sat, sim_name(s->plants[i]));
        sim_link back = sim_satellite_return(sat, sim_name(s->plants[i]));
        down.fade = back.fade = fade;
        sim_downlink(s->plants[i], &down);
        sim_uplink(s->plants[i], &back);
    }
    return sat;
}

/* Patience is counted in GRTTs: 20 times one second outlasts the longest fade. */
static const uftp_sender_config satellite_sender = {
    .rate_bytes_per_s = 250000, .grtt_initial = UFTP_S(1), .grtt_min = UFTP_S(1)};

/* Fades of a second or more every twenty, in five regions, both ways. */
static void fifty_receivers_below_a_satellite_in_the_rain(void **state)
{
    (void)state;
    static const sim_fade_level levels[] = {
        {.loss_ppm = 1000, .mean = UFTP_S(20)},
        {.loss_ppm = 300000, .mean = UFTP_S(1), .worse_ppm = 500000},
        {.loss_ppm = 1000000, .mean = UFTP_S(1)}};
    const sim_fade_config rain = {.levels = levels, .level_count = 3, .apart_ppm = 100000};
    SIM_EACH_SEED(seed, 1, 4)
    {
        session s = session_new(
            seed,
            &(session_options){.plants = 50, .sender = satellite_sender, .big_size = 1500000});
        const sim_satellite *sat = under_satellite(
            &s, &(sim_satellite_config){.forward_rate_bytes_per_s = 300000, .overhead_bytes = 28},
            &rain);
        session_expect_success(&s, LIMIT);
        sim_expect(s.world, s.hub, sim_count(s.hub)->lost_total > 100);
        sim_expect(s.world, s.hub, sim_satellite_forward_line(sat)->dropped == 0);
        sim_free(s.world);
    }
}

/* All fifty answer at once into a channel without order. */
static void replies_survive_contention_for_the_return_channel(void **state)
{
    (void)state;
    for (int pure = 0; pure < 2; pure++) {
        session s = session_new(
            3, &(session_options){.plants = 50, .sender = satellite_sender, .big_size = 300000});
        const sim_satellite *sat = under_satellite(
            &s,
            &(sim_satellite_config){.forward_rate_bytes_per_s = 300000,
                                    .return_rate_bytes_per_s = 32000,
                                    .access = pure ? SIM_SATELLITE_PURE : SIM_SATELLITE_SLOTTED},
            NULL);
        session_expect_success(&s, LIMIT);
        sim_expect(s.world, s.hub, sim_satellite_contention(sat)->collided > 10);
        sim_free(s.world);
    }
}

static void hand_overs_between_low_satellites_are_survived(void **state)
{
    (void)state;
    const sim_link leo = {.orbit = {.pass = UFTP_S(4),
                                    .delay_min = UFTP_MS(15),
                                    .delay_max = UFTP_MS(45),
                                    .gap = UFTP_MS(400)}};
    SIM_EACH_SEED(seed, 1, 4)
    session_must_succeed(seed,
                         &(session_options){.plants_down = &leo,
                                            .plants_up = &leo,
                                            .sender = {.rate_bytes_per_s = 100000},
                                            .big_size = 1500000},
                         LIMIT);
}

/* ---- the path ---- */

/* A datagram of three fragments at a loss of 5 % each, and bursts besides. */
static void fragments_and_bursts_are_repaired(void **state)
{
    (void)state;
    const sim_link path = {.mtu = 576,
                           .loss_ppm = 20000,
                           .gilbert = {.p_ppm = 2000, .r_ppm = 200000},
                           .delay = UFTP_MS(20)};
    SIM_EACH_SEED(seed, 1, 5)
    session_must_succeed(seed, &(session_options){.plants_down = &path, .plants_up = &path}, LIMIT);
}

/* Only encryption finds what the UDP checksum did not; no damage may reach a file. */
static void damaged_datagrams_never_reach_a_file(void **state)
{
    (void)state;
    const sim_link bad = {.corrupt_ppm = 50000, .corrupt_bits = 3};
    SIM_EACH_SEED(seed, 1, 3)
    session_must_succeed(
        seed,
        &(session_options){.plants_down = &bad,
                           .plants_up = &bad,
                           .sender = {.key = session_key(UFTP_KEY_EC, UFTP_CURVE_SECP256R1)}},
        LIMIT);
}

/* The first ANNOUNCE comes damaged in its signature, which is its last 68 bytes: that must not shut
 * out the session that it seems to announce. */
static void damaged_announce_does_not_shut_the_session_out(void **state)
{
    (void)state;
    const sim_link bad = {.corrupt_ppm = 1000000, .corrupt_from = 288 - 68}, good = {0};
    SIM_EACH_SEED(seed, 1, 20)
    {
        session s = session_new(
            seed,
            &(session_options){.plants = 1,
                               .big_size = 1000,
                               .sender = {.key = session_key(UFTP_KEY_EC, UFTP_CURVE_SECP256R1)}});
        sim_downlink(s.plants[0], &bad);
        sim_run_until(s.world, UFTP_MS(100));
        sim_expect_event_count(s.plants[0], UFTP_EVENT_REJECTED, 1);
        sim_downlink(s.plants[0], &good);
        session_expect_success(&s, UFTP_S(60));
        sim_free(s.world);
    }
}

/* Without encryption nobody can tell, so the bytes may be wrong; the session still ends. */
static void damaged_plain_sessions_end_in_time(void **state)
{
    (void)state;
    const sim_link bad = {.corrupt_ppm = 50000, .corrupt_bits = 2};
    SIM_EACH_SEED(seed, 1, 10)
    {
        session s = session_new(seed, &(session_options){.plants_down = &bad, .plants_up = &bad});
        sim_expect_quiet_by(s.world, LIMIT);
        sim_expect_event(s.hub, UFTP_EVENT_SESSION_FINISHED);
        sim_free(s.world);
    }
}

/* ---- NATs ---- */

/* Receivers see the groups and answer through their NAT, whichever kind. */
static void receivers_behind_any_nat_take_part(void **state)
{
    (void)state;
    for (int mapping = 0; mapping < 3; mapping++)
        for (int filtering = 0; filtering < 3; filtering++) {
            session s = session_new(1, NULL);
            sim_nat *nat = sim_add_nat(s.world, "home",
                                       &(sim_nat_config){.mapping = (sim_nat_behaviour)mapping,
                                                         .filtering = (sim_nat_behaviour)filtering,
                                                         .timeout = UFTP_S(1)});
            sim_behind(s.plants[0], nat);
            sim_behind(s.plants[1], nat); /* one port between the two is kept, one drawn */
            session_expect_success(&s, UFTP_S(60));
            sim_expect(s.world, s.hub, sim_nat_count(nat)->out > 0);
            sim_free(s.world);
        }
}

/* The sender's NAT lets replies in only when it does not filter: they come from hosts to which the
 * sender has never sent anything but to their group. */
static void sender_behind_a_nat_hears_replies_only_without_filtering(void **state)
{
    (void)state;
    for (int filtering = 0; filtering < 3; filtering++)
        for (int exposed = 0; exposed < 2; exposed++) {
            session s = session_new(1, NULL);
            sim_nat *nat = sim_add_nat(
                s.world, "plant", &(sim_nat_config){.filtering = (sim_nat_behaviour)filtering});
            sim_behind(s.hub, nat);
            if (exposed)
                sim_expose(s.hub);
            if (filtering == SIM_NAT_ENDPOINT_INDEPENDENT || exposed) {
                session_expect_success(&s, UFTP_S(60));
            } else {
                sim_expect_quiet_by(s.world, UFTP_S(200));
                sim_expect_result(s.hub, UFTP_RESULT_NO_REGISTRATION);
                sim_expect(s.world, s.hub, sim_nat_count(nat)->filtered > 0);
            }
            sim_free(s.world);
        }
}

static void rebind_now(void *ctx, uint64_t now)
{
    (void)now;
    sim_nat_rebind(ctx);
}

/* The NAT of a receiver restarts in the middle: its replies come from another port from then on. */
static void receiver_whose_nat_rebinds_stays_in_the_session(void **state)
{
    (void)state;
    const sim_link lossy = {.loss_ppm = 20000};
    SIM_EACH_SEED(seed, 1, 5)
    {
        session s =
            session_new(seed, &(session_options){.big_size = 1500000, .plants_down = &lossy});
        sim_nat *nat = sim_add_nat(s.world, "home", &(sim_nat_config){0});
        sim_behind(s.plants[0], nat);
        for (uint64_t at = 1; at <= 8; at++)
            sim_at(s.world, UFTP_MS(500) * at, rebind_now, nat);
        session_expect_success(&s, UFTP_S(60));
        sim_expect(s.world, s.plants[0], sim_nat_count(nat)->mappings_made > 2);
        sim_free(s.world);
    }
}

/* ---- routers ---- */

/* Eight sites below two regions, of which one has no receivers: nothing goes there. */
static void session_over_a_tree_leaves_empty_branches_alone(void **state)
{
    (void)state;
    session s = session_new(
        1, &(session_options){
               .plants = 8, .world = {.join_latency = UFTP_MS(40), .leave_latency = UFTP_MS(500)}});
    const sim_link trunk = {.delay = UFTP_MS(15), .loss_ppm = 5000};
    uint32_t core = sim_add_router(s.world, "core", SIM_ROUTER_NONE, NULL, NULL);
    uint32_t west = sim_add_router(s.world, "west", core, &trunk, &trunk);
    uint32_t east = sim_add_router(s.world, "east", core, &trunk, &trunk);
    sim_attach(s.hub, core);
    for (size_t i = 0; i < s.plant_count; i++)
        sim_attach(s.plants[i], west);
    session_expect_success(&s, LIMIT);
    const sim_routing *tree = sim_world_routing(s.world);
    sim_expect(s.world, s.hub, sim_routing_carried(tree, core, west) > 100);
    sim_expect(s.world, s.hub, sim_routing_carried(tree, core, east) == 0);
    sim_free(s.world);
}

/* ---- machines ---- */

static void freeze_three_seconds(void *ctx, uint64_t now)
{
    sim_freeze(ctx, now + UFTP_S(3));
}

/* With a GRTT of at least half a second both sides have the patience; in a fast network they give
 * up within a second, as the protocol has it. */
static const session_options patient = {.big_size = 1000000, .sender = {.grtt_min = UFTP_MS(500)}};

/* At each moment since its registration: the node comes back and nobody is given up. */
static void receiver_that_freezes_for_three_seconds_catches_up(void **state)
{
    (void)state;
    for (uint64_t at = UFTP_MS(400); at < UFTP_S(10); at += UFTP_MS(400)) {
        session s = session_new(1, &patient);
        sim_at(s.world, at, freeze_three_seconds, s.plants[0]);
        session_expect_success(&s, LIMIT);
        sim_free(s.world);
    }
}

static void sender_that_freezes_for_three_seconds_goes_on(void **state)
{
    (void)state;
    for (uint64_t at = 0; at < UFTP_S(10); at += UFTP_MS(400)) {
        session s = session_new(1, &patient);
        sim_at(s.world, at, freeze_three_seconds, s.hub);
        session_expect_success(&s, LIMIT);
        sim_free(s.world);
    }
}

static const int64_t steps_us[] = {3600000000, -3600000000, -1800000000000, 1};
static const int64_t *step_next;

static void step_clock(void *ctx, uint64_t now)
{
    (void)now;
    sim_step_clock(ctx, *step_next);
}

/* Daylight saving done wrong, a GPS receiver that finds its week: an hour on or back, three weeks
 * back, in mid-session, at either side. No timer may go by the wall clock. */
static void clock_steps_in_mid_session_change_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof steps_us / sizeof *steps_us; i++)
        for (int who = 0; who < 2; who++) {
            session s = session_new(1, &(session_options){.big_size = 1000000});
            step_next = &steps_us[i];
            for (uint64_t at = 500; at < 4000; at += 700)
                sim_at(s.world, UFTP_MS(at), step_clock, who ? s.plants[0] : s.hub);
            session_expect_success(&s, UFTP_S(60));
            sim_free(s.world);
        }
}

/* Clocks that differ from the start by years, run apart by 5 %, and count from other beginnings. */
static void clocks_that_disagree_do_no_harm(void **state)
{
    (void)state;
    const sim_link lossy = {.loss_ppm = 50000, .delay = UFTP_MS(100)};
    SIM_EACH_SEED(seed, 1, 5)
    {
        session s = session_new(
            seed,
            &(session_options){.plants_down = &lossy, .plants_up = &lossy, .big_size = 500000});
        sim_set_drift(s.hub, 50000000);
        sim_set_drift(s.plants[0], -50000000);
        sim_set_uptime(s.plants[0], UFTP_S(86400) * 400);
        sim_set_clock_offset(s.plants[0], -INT64_C(1000000) * 86400 * 365 * 20);
        sim_set_clock_offset(s.plants[1], INT64_C(1000000) * 86400 * 365 * 20);
        session_expect_success(&s, LIMIT);
        sim_free(s.world);
    }
}

static void crash_now(void *ctx, uint64_t now)
{
    (void)now;
    sim_node *node = ctx;
    (void)sim_crash(node, true);
    sim_start_at(node, sim_now(sim_world(node)) + UFTP_S(2));
}

/* Back with the same UID, at each moment: whatever becomes of it in this session, the others get
 * everything, it ends, and no file of the wrong content stands under its final name. */
static void receiver_that_comes_back_with_its_uid_disturbs_nobody(void **state)
{
    (void)state;
    for (uint64_t at = UFTP_MS(100); at < UFTP_S(4); at += UFTP_MS(300)) {
        session s = session_new(
            1, &(session_options){.big_size = 1000000, .receiver = {.sync_to_disk = true}});
        sim_at(s.world, at, crash_now, s.plants[0]);
        sim_expect_quiet_by(s.world, LIMIT);
        sim_expect_result(s.hub, UFTP_RESULT_OK);
        session_expect_same(&s, s.plants[1]);
        session_expect_same(&s, s.plants[2]);
        const sim_entry *large = sim_store_find(sim_node_store(s.plants[0]), 0, "tree/large");
        sim_content sent = {0};
        sim_content_generate(&sent, 1, 1000000);
        if (large)
            sim_expect(s.world, s.plants[0], sim_content_equal(&large->content, &sent));
        sim_free(s.world);
    }
}

/* A disk of a quarter of the rate: its node is late for everything, and done in the end. */
static void slow_disk_is_waited_for(void **state)
{
    (void)state;
    session s = session_new(1, &(session_options){.big_size = 1000000,
                                                  .sender = {.grtt_min = UFTP_MS(500)},
                                                  .store = {.rate_bytes_per_s = 125000,
                                                            .cache_bytes = 50000,
                                                            .sync_time = UFTP_MS(30)},
                                                  .receiver = {.sync_to_disk = true}});
    session_expect_success(&s, LIMIT);
    for (size_t i = 0; i < s.plant_count; i++)
        sim_expect(s.world, s.plants[i], sim_node_store(s.plants[i])->busy_total > UFTP_S(2));
    sim_free(s.world);
}

/* What was reported COMPLETE with sync_to_disk is there after a power failure; without it, it need
 * not be: the test would be empty if the disk kept everything. */
static void synced_files_outlive_the_power(void **state)
{
    (void)state;
    for (int sync = 0; sync < 2; sync++) {
        session s = session_new(1, &(session_options){.receiver = {.sync_to_disk = sync == 1}});
        session_expect_success(&s, UFTP_S(60));
        uint64_t lost = sim_crash(s.plants[0], true);
        if (sync) {
            assert_int_equal(lost, 0);
            session_expect_same(&s, s.plants[0]);
        } else {
            assert_true(lost > 150000);
        }
        sim_free(s.world);
    }
}

/* A session ends in mid-file, a later instance continues it (-T). `power`: in between the machine
 * of a receiver loses what it had not synced. Blocks that the record says are there must be there.
 * `killed`: the receiver did not see the end and has saved nothing, only noted what it had. */
static void resume_after_a_crash(bool power, bool killed)
{
    static const char *const operands[] = {"/out/tree"};
    /* Notes are taken at the ends of sections, here of 2 MB. */
    const uint64_t size = killed ? 6000000 : 1000000;
    const uint16_t block_size = killed ? 512 : UFTP_BLOCK_SIZE_DEFAULT;
    session s =
        session_new(1, &(session_options){.big_size = size,
                                          .sender = {.group = 0x1234, .block_size = block_size},
                                          .store = {.temp = true}});
    assert_true(sim_run_until_event(s.world, s.hub, UFTP_EVENT_FILE_PASS));
    sim_run_until(s.world, sim_now(s.world) + (killed ? UFTP_S(8) : UFTP_MS(1500)));
    if (killed)
        (void)sim_crash(s.plants[0], power);
    sim_interrupt(s.hub);
    sim_run_until(s.world, sim_now(s.world) + UFTP_S(20));
    if (!killed) {
        sim_expect_result(s.plants[0], UFTP_RESULT_FAILED);
        (void)sim_crash(s.plants[0], power);
    }
    assert_true((sim_node_store(s.plants[0])->records != NULL) == (!killed || !power));
    sim_start(s.plants[0]);
    sim_node *again = sim_add_sender(s.world, "hub-again",
                                     &(uftp_sender_config){.plain = true,
                                                           .uid = 1,
                                                           .group = 0x1234,
                                                           .instance = 1,
                                                           .block_size = block_size,
                                                           .rate_bytes_per_s = 500000,
                                                           .operands = operands,
                                                           .operand_count = 1});
    session_fill(again, "/out/tree", size);
    sim_expect_quiet_by(s.world, LIMIT);
    sim_expect_result(again, UFTP_RESULT_OK);
    for (size_t i = 0; i < s.plant_count; i++)
        session_expect_same(&s, s.plants[i]);
    /* Something was resumed, unless nothing could be: else the test would be empty. */
    uftp_receiver_stats stats;
    uftp_receiver_stats_get(sim_receiver(s.plants[0]), &stats);
    sim_expect(s.world, s.plants[0], (stats.bytes_written < size / 10 * 8) == (!killed || !power));
    sim_free(s.world);
}

static void session_that_is_resumed_after_a_crash_is_whole(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++)
        resume_after_a_crash(kind & 1, kind & 2);
}

/* ---- killed on the way out of the temporary directory ---- */

typedef struct killing {
    sim_node *plant;
    uint64_t left; /* entries that still find their name before the receiver is dead */
    bool dead;
} killing;

static void kill_after_placed(void *ctx, const sim_entry *entry)
{
    killing *k = ctx;
    (void)entry;
    if (k->dead || k->left-- > 0)
        return;
    k->dead = true;
    sim_store_die(sim_node_store(k->plant));
    /* What it says in this very turn, it never said. */
    sim_uplink(k->plant, &(sim_link){.loss_ppm = 1000000});
}

static bool counts_as_served(sim_node *hub, uint32_t uid)
{
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(hub), &stats);
    for (uint32_t i = 0; i < stats.clients; i++) {
        uftp_client_info info;
        uftp_sender_client_get(sim_sender(hub), i, &info);
        if (info.uid == uid)
            return info.state == UFTP_CLIENT_DONE;
    }
    return false;
}

/* A receiver dies after each of the steps of a session: what its sender takes for served has its
 * files where they belong, and who was not served is after a restart, with nothing left over. */
static bool killed_at_step(uint64_t step, bool individually)
{
    static const char *const operands[] = {"/out/tree"};
    const session_options o = {.plants = 2,
                               .closed = true,
                               .sender = {.group = 0x1234},
                               .receiver = {.move_individually = individually},
                               .store = {.temp = true}};
    session s = session_new(1, &o);
    killing k = {.plant = s.plants[0], .left = step};
    sim_store *disk = sim_node_store(s.plants[0]);
    disk->placed = kill_after_placed;
    disk->placed_ctx = &k;
    while (!k.dead && sim_event_count(s.hub, UFTP_EVENT_SESSION_FINISHED) == 0)
        sim_run_until(s.world, sim_now(s.world) + UFTP_MS(1));
    if (k.dead)
        (void)sim_crash(s.plants[0], false);
    disk->placed = NULL;
    sim_expect_quiet_by(s.world, LIMIT);
    session_expect_same(&s, s.plants[1]);
    if (counts_as_served(s.hub, 2)) {
        sim_expect(s.world, s.plants[0], !k.dead);
        session_expect_same(&s, s.plants[0]);
    } else {
        sim_uplink(s.plants[0], &(sim_link){.delay = UFTP_MS(10)});
        sim_start(s.plants[0]);
        static const uftp_member left[] = {{.uid = 2}};
        sim_node *again = sim_add_sender(s.world, "hub-again",
                                         &(uftp_sender_config){.plain = true,
                                                               .uid = 1,
                                                               .group = 0x1234,
                                                               .instance = 1,
                                                               .members = left,
                                                               .member_count = 1,
                                                               .rate_bytes_per_s = 500000,
                                                               .operands = operands,
                                                               .operand_count = 1});
        session_fill(again, "/out/tree", 150000);
        sim_expect_quiet_by(s.world, 2 * LIMIT);
        sim_expect_result(again, UFTP_RESULT_OK);
        session_expect_same(&s, s.plants[0]);
    }
    sim_expect(s.world, s.plants[0], !disk->temp || disk->temp->count == 0);
    sim_free(s.world);
    return k.dead;
}

static void receiver_killed_at_any_step_is_served_or_can_be(void **state)
{
    (void)state;
    for (int individually = 0; individually < 2; individually++) {
        uint64_t steps = 0;
        while (killed_at_step(steps, individually))
            steps++;
        print_message("    %" PRIu64 " steps\n", steps);
        assert_in_range(steps, 10, 200);
    }
}

/* Everything that draws, at once: equal seeds give equal digests. */
static void worlds_of_all_models_repeat_bit_for_bit(void **state)
{
    (void)state;
    char digests[3][SIM_DIGEST_TEXT];
    for (uint64_t i = 0; i < 3; i++) {
        session s = session_new(
            i < 2 ? 1 : 2,
            &(session_options){.plants = 6, .sender = satellite_sender, .big_size = 100000});
        under_satellite(&s,
                        &(sim_satellite_config){.forward_rate_bytes_per_s = 300000,
                                                .access = SIM_SATELLITE_SLOTTED},
                        &(sim_fade_config){.apart_ppm = 200000});
        sim_behind(s.plants[1],
                   sim_add_nat(s.world, "home", &(sim_nat_config){.ports_drawn = true}));
        const sim_link bad = {.mtu = 576,
                              .gilbert = {.p_ppm = 10000, .r_ppm = 300000},
                              .corrupt_ppm = 1000,
                              .jitter = UFTP_MS(5)};
        sim_connect(s.hub, s.plants[2], &bad);
        sim_set_drift(s.plants[3], -200000);
        sim_at(s.world, UFTP_S(3), freeze_three_seconds, s.plants[4]);
        sim_run(s.world);
        memcpy(digests[i], sim_digest(s.world), sizeof digests[i]);
        sim_free(s.world);
    }
    assert_string_equal(digests[0], digests[1]);
    assert_string_not_equal(digests[0], digests[2]);
}

static int free_keys(void **state)
{
    (void)state;
    session_keys_free();
    return 0;
}

static const struct CMUnitTest tests[] = {
    SIM_TEST(fifty_receivers_below_a_satellite_in_the_rain),
    SIM_TEST(replies_survive_contention_for_the_return_channel),
    SIM_TEST(hand_overs_between_low_satellites_are_survived),
    SIM_TEST(fragments_and_bursts_are_repaired),
    SIM_TEST(damaged_datagrams_never_reach_a_file),
    SIM_TEST(damaged_announce_does_not_shut_the_session_out),
    SIM_TEST(damaged_plain_sessions_end_in_time),
    SIM_TEST(receivers_behind_any_nat_take_part),
    SIM_TEST(sender_behind_a_nat_hears_replies_only_without_filtering),
    SIM_TEST(receiver_whose_nat_rebinds_stays_in_the_session),
    SIM_TEST(session_over_a_tree_leaves_empty_branches_alone),
    SIM_TEST(receiver_that_freezes_for_three_seconds_catches_up),
    SIM_TEST(sender_that_freezes_for_three_seconds_goes_on),
    SIM_TEST(clock_steps_in_mid_session_change_nothing),
    SIM_TEST(clocks_that_disagree_do_no_harm),
    SIM_TEST(receiver_that_comes_back_with_its_uid_disturbs_nobody),
    SIM_TEST(slow_disk_is_waited_for),
    SIM_TEST(synced_files_outlive_the_power),
    SIM_TEST(worlds_of_all_models_repeat_bit_for_bit),
    SIM_TEST(session_that_is_resumed_after_a_crash_is_whole),
    SIM_TEST(receiver_killed_at_any_step_is_served_or_can_be),
};

SIM_TEST_MAIN_TEARDOWN(tests, free_keys)
