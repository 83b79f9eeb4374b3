/* SPDX-License-Identifier: MIT */
#include "swarm/run.h"

#include "base/assert.h"
#include "engine/node.h"
#include "engine/receiver_node.h"
#include "engine/script.h"
#include "engine/sender_node.h"
#include "invariants/guard.h"

#include <inttypes.h>
#include <string.h>

#define CURVES 3
#define ECHO_COPIES 8
#define ECHO_INTERVAL UFTP_MS(50)

/* What may never be seen on the wire of an encrypted session. */
static const char marker_name[] = "confidential";
static const uint8_t marker_bytes[16] = "\x01\x92\x83\x74\x65\x56\x47\x38secretly";

static struct {
    sim_memory memory;
    uftp_key *keys[CURVES];
} shared;

typedef struct place_drops {
    const char *place;
    uint32_t nth[SWARM_DROPS_MAX + 1];
    size_t count;
} place_drops;

typedef struct run {
    const swarm_scenario *scenario;
    const swarm_run_options *options;
    sim *world;
    sim_guard *guard;
    const uftp_key_log *key_log;
    sim_node *hub, *second, *again, *echo;
    sim_nat *nat;
    sim_node *plants[SWARM_RECEIVERS_MAX];
    size_t plant_count;
    uftp_member members[SWARM_RECEIVERS_MAX];
    bool calm;
    bool cut;
    place_drops *places[2 + 2 * SWARM_RECEIVERS_MAX];
    size_t place_count;

    sim_packet *copies[ECHO_COPIES];
    uint64_t echo_left;
} run;

#define get(r, field) swarm_get((r)->scenario, field)

/* ---- keys ---- */

void swarm_keys_make(void)
{
    sim_memory_init(&shared.memory);
    for (int i = 0; i < CURVES; i++) {
        sim_random random;
        sim_random_init(&random, (uint64_t)i, "swarm/key");
        const uftp_key_spec spec = {.type = UFTP_KEY_EC,
                                    .curve = (uftp_curve)(UFTP_CURVE_SECP256R1 + i)};
        int err = uftp_key_generate(&shared.memory.core, &random.core, &spec, &shared.keys[i]);
        UFTP_ASSERT(err == UFTP_OK);
    }
}

void swarm_keys_free(void)
{
    for (int i = 0; i < CURVES; i++) {
        uftp_key_free(shared.keys[i]);
        shared.keys[i] = NULL;
    }
    UFTP_ASSERT(shared.memory.live == 0);
}

/* ---- files ---- */

static uint8_t *make_bytes(uint64_t seed, uint64_t size)
{
    uint8_t *bytes = sim_allocate(size + 1);
    sim_generate(seed, 0, bytes, size);
    for (uint64_t at = 100; at + sizeof marker_bytes <= size; at += 300)
        memcpy(bytes + at, marker_bytes, sizeof marker_bytes);
    return bytes;
}

static void add_file(sim_node *hub, const char *path, uint64_t seed, uint64_t size)
{
    uint8_t *bytes = make_bytes(seed, size);
    sim_source_file(sim_node_source(hub), path, bytes, size, 1700000000 + seed);
    sim_release(bytes);
}

/* `tree`: "/out/one" */
static void fill_source(const run *r, sim_node *hub, const char *tree)
{
    const uint64_t sizes[] = {get(r, file1), get(r, file2), get(r, file3), get(r, file4)};
    static const char *const names[] = {"a-confidential", "b-confidential", "dir/c-confidential",
                                        "dir/deeper/d-confidential"};
    char path[128];
    sim_source *source = sim_node_source(hub);
    for (size_t i = 0; i < SWARM_FILES_MAX; i++) {
        snprintf(path, sizeof path, "%s/%s", tree, names[i]);
        if (sizes[i])
            add_file(hub, path, i + 1, sizes[i] - 1);
    }
    snprintf(path, sizeof path, "%s/empty-confidential", tree);
    if (get(r, dir))
        sim_source_dir(source, path);
    snprintf(path, sizeof path, "%s/link-confidential", tree);
    if (get(r, link))
        sim_source_link(source, path, "a-confidential");
}

static void fill_store(const run *r, sim_node *plant)
{
    static const char name[] = "one/a-confidential";
    sim_store *store = sim_node_store(plant);
    uint64_t time = 1700000001; /* that of the first file */
    switch (get(r, existing)) {
    case 1:
        sim_store_put(store, 0, name, "older", 5, time - 10);
        break;
    case 2:
        sim_store_put(store, 0, name, "newer", 5, time + 10);
        break;
    case 3: {
        uint64_t size = get(r, file1) ? get(r, file1) - 1 : 0;
        uint8_t *bytes = make_bytes(1, size);
        sim_store_put(store, 0, name, bytes, size, time);
        sim_release(bytes);
        break;
    }
    case 4:
        sim_store_put(store, 0, "one/a-confidential/below", "a tree", 6, time);
        break;
    default:
        break;
    }
    if (get(r, delete))
        sim_store_put(store, 0, "gone-confidential", "to be deleted", 13, time);
}

/* ---- links ---- */

static const uint32_t *drops_at(const run *r, const char *place)
{
    for (size_t i = 0; i < r->place_count; i++)
        if (strcmp(r->places[i]->place, place) == 0)
            return r->places[i]->nth;
    return NULL;
}

static void sort_drops(run *r)
{
    for (size_t i = 0; i < r->scenario->drop_count; i++) {
        const swarm_drop *drop = &r->scenario->drops[i];
        size_t p = 0;
        while (p < r->place_count && strcmp(r->places[p]->place, drop->place) != 0)
            p++;
        if (p == sizeof r->places / sizeof *r->places)
            continue; /* a place that does not exist */
        if (p == r->place_count) {
            r->places[r->place_count] = sim_allocate(sizeof **r->places);
            r->places[r->place_count++]->place = drop->place;
        }
        place_drops *list = r->places[p];
        if (list->count == 0 || list->nth[list->count - 1] < drop->nth)
            list->nth[list->count++] = drop->nth;
    }
}

static void set_loss(sim_link *link, uint64_t loss_ppm, uint64_t burst)
{
    if (burst < 2 || loss_ppm == 0 || loss_ppm >= 900000) {
        link->loss_ppm = (uint32_t)loss_ppm;
        return;
    }
    uint64_t r = 1000000 / burst;
    link->gilbert = (sim_gilbert_config){.r_ppm = (uint32_t)r,
                                         .p_ppm = (uint32_t)(loss_ppm * r / (1000000 - loss_ppm))};
}

/* The faults of a way that belongs to one receiver. */
static sim_link access_link(const run *r, const char *place, uint64_t loss, uint64_t burst)
{
    sim_link link = {.delay = UFTP_MS(get(r, delay))};
    if (r->calm)
        return link;
    link.drop_nth = drops_at(r, place);
    set_loss(&link, loss, burst);
    link.duplicate_ppm = (uint32_t)get(r, duplicate);
    link.duplicate_gap = UFTP_MS(3);
    link.jitter = UFTP_MS(get(r, jitter));
    link.reorder = get(r, reorder);
    link.hold_ppm = (uint32_t)get(r, hold);
    link.hold_time = UFTP_MS(get(r, hold_time));
    link.corrupt_ppm = (uint32_t)get(r, corrupt);
    return link;
}

static void lay_plant(const run *r, size_t i)
{
    sim_node *plant = r->plants[i];
    char place[32];
    snprintf(place, sizeof place, ">%s", sim_name(plant));
    sim_link down = access_link(r, place, get(r, loss_down), get(r, burst));
    if (i == 0 && !r->calm && get(r, bottleneck)) {
        down.rate_bytes_per_s = get(r, bottleneck);
        down.queue_bytes = 20000;
    }
    snprintf(place, sizeof place, "%s>", sim_name(plant));
    sim_link up = access_link(r, place, get(r, loss_up), 0);
    if (r->cut && get(r, cut) == i + 1) {
        down = up = (sim_link){.loss_ppm = 1000000};
    }
    sim_downlink(plant, &down);
    sim_uplink(plant, &up);
}

static void lay_links(run *r)
{
    for (size_t i = 0; i < r->plant_count; i++)
        lay_plant(r, i);
    sim_link hub = {0};
    if (!r->calm) {
        hub.drop_nth = drops_at(r, "hub>");
        hub.loss_ppm = (uint32_t)get(r, loss_hub);
    }
    sim_uplink(r->hub, &hub);
}

/* ---- faults in time ---- */

static void be_calm(void *ctx, uint64_t now)
{
    (void)now;
    run *r = ctx;
    r->calm = true;
    lay_links(r);
}

static void cut(void *ctx, uint64_t now)
{
    (void)now;
    run *r = ctx;
    r->cut = !r->cut;
    lay_plant(r, get(r, cut) - 1);
}

static void crash(void *ctx, uint64_t now)
{
    run *r = ctx;
    sim_node *plant = r->plants[get(r, crash) - 1];
    if (!sim_running(plant))
        return;
    sim_stop(plant);
    if (get(r, crash_back))
        sim_start_at(plant, now + UFTP_MS(get(r, crash_back)));
}

static void crash_hub(void *ctx, uint64_t now)
{
    run *r = ctx;
    if (!sim_running(r->hub))
        return;
    sim_stop(r->hub);
    if (get(r, hub_back))
        sim_start_at(r->hub, now + UFTP_MS(get(r, hub_back)));
}

static void interrupt(void *ctx, uint64_t now)
{
    (void)now;
    run *r = ctx;
    if (sim_running(r->hub))
        sim_interrupt(r->hub);
}

static void shut_down(void *ctx, uint64_t now)
{
    (void)now;
    run *r = ctx;
    sim_node *plant = r->plants[get(r, shutdown) - 1];
    if (sim_running(plant))
        sim_shutdown(plant);
}

static void freeze(void *ctx, uint64_t now)
{
    run *r = ctx;
    sim_freeze(r->plants[get(r, freeze) - 1], now + UFTP_MS(get(r, freeze_for)));
}

static void rebind(void *ctx, uint64_t now)
{
    (void)now;
    run *r = ctx;
    sim_nat_rebind(r->nat);
}

static void schedule(run *r)
{
    sim *world = r->world;
    /* A receiver that is not there any more has no trouble. */
#define MEANT(field) (get(r, field) && get(r, field) <= r->plant_count)
    if (MEANT(crash))
        sim_at(world, UFTP_MS(get(r, crash_at)), crash, r);
    if (MEANT(shutdown))
        sim_at(world, UFTP_MS(get(r, shutdown_at)), shut_down, r);
    if (MEANT(freeze))
        sim_at(world, UFTP_MS(get(r, freeze_at)), freeze, r);
    if (MEANT(cut)) {
        sim_at(world, UFTP_MS(get(r, cut_at)), cut, r);
        sim_at(world, UFTP_MS(get(r, cut_at) + get(r, cut_for)), cut, r);
    }
    if (MEANT(join_fails))
        sim_fail_joins(r->plants[get(r, join_fails) - 1], 1);
#undef MEANT
    if (r->nat && get(r, nat_rebind))
        sim_at(world, UFTP_MS(get(r, nat_rebind)), rebind, r);
    if (get(r, hub_crash_at))
        sim_at(world, UFTP_MS(get(r, hub_crash_at)), crash_hub, r);
    if (get(r, interrupt))
        sim_at(world, UFTP_MS(get(r, interrupt)), interrupt, r);
    sim_at(world, UFTP_MS(get(r, calm)), be_calm, r);
}

/* ---- addresses ---- */

/* IPv6: ff15::1 and ff15::2. */
static uftp_address group_of(const run *r, bool public_group)
{
    if (!get(r, ipv6))
        return public_group ? sim_public_group() : sim_private_group();
    uftp_address group = {.family = UFTP_IPV6, .bytes = {0xff, 0x15}, .port = SIM_PORT};
    group.bytes[15] = public_group ? 1 : 2;
    return group;
}

/* ---- somebody who repeats what it hears ---- */

static void echo_start(sim_node *node, void *ctx, uint64_t now)
{
    const run *r = ctx;
    const uftp_address groups[] = {group_of(r, true), group_of(r, false)};
    for (size_t i = 0; i < 2; i++)
        sim_join(node, &groups[i], NULL);
    sim_script_wake(node, now + ECHO_INTERVAL);
}

static void echo_hear(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    (void)now;
    run *r = ctx;
    sim_packet **place = &r->copies[sim_random_below(sim_node_random(node), ECHO_COPIES)];
    if (*place && sim_random_chance(sim_node_random(node), 3, 4))
        return;
    if (*place)
        sim_packet_free(*place);
    *place = sim_packet_new(datagram->data, datagram->len);
    (*place)->destination = datagram->destination;
}

static void echo_repeat(sim_node *node, void *ctx, uint64_t now)
{
    run *r = ctx;
    const sim_packet *copy = r->copies[sim_random_below(sim_node_random(node), ECHO_COPIES)];
    if (copy) {
        uftp_address to = copy->destination;
        if (sim_random_chance(sim_node_random(node), 1, 4))
            to = sim_address(r->hub, to.family);
        sim_script_send(node, &to, copy->bytes, copy->len, 0);
        r->echo_left--;
    }
    if (r->echo_left && !r->calm)
        sim_script_wake(node, now + ECHO_INTERVAL);
}

static const sim_script echo_script = {
    .on_start = echo_start, .on_datagram = echo_hear, .on_timer = echo_repeat};

/* ---- nodes ---- */

/* The hub is node 0, so the first receiver is node 1. */
static uftp_address first_address(const run *r)
{
    uftp_address address = {.family = UFTP_IPV4, .bytes = {10, 0, 0, 2}, .port = SIM_PORT};
    if (get(r, ipv6))
        address = (uftp_address){.family = UFTP_IPV6, .bytes = {0xfd}, .port = SIM_PORT};
    address.bytes[get(r, ipv6) ? 15 : 3] = 2;
    return address;
}

static uftp_sender_config sender_config(const run *r)
{
    uint64_t rate = get(r, rate);
    uftp_sender_config config = {
        .group = get(r, resume) ? 0x5a5a0001 : 0,
        .public_address = get(r, unicast) ? first_address(r) : group_of(r, true),
        .private_address = group_of(r, false),
        .block_size = (uint16_t)get(r, block_size),
        .rate_bytes_per_s = rate ? rate : UFTP_RATE_UNLIMITED,
        .robust = (uint8_t)get(r, robust),
        .grtt_initial = UFTP_MS(get(r, grtt_initial)),
        .grtt_min = UFTP_MS(get(r, grtt_min)),
        .grtt_max = UFTP_MS(get(r, grtt_max)),
        .passes_max = (uint16_t)get(r, passes_max),
        .nak_limited = get(r, nak_percent) < 100,
        .nak_percent_max = (uint8_t)get(r, nak_percent),
        .nak_count_max = 1,
        .time_max_percent = (uint32_t)get(r, time_max),
        .plain = get(r, cipher) == 0,
        .client_auth = get(r, client_auth),
        .cipher = (uftp_cipher)get(r, cipher),
        .hash = (uftp_hash)get(r, hash),
        .ecdh_curve = (uftp_curve)get(r, curve),
        .key = shared.keys[get(r, curve) - UFTP_CURVE_SECP256R1],
        .version = (uint8_t)get(r, version),
        .sync_mode = get(r, sync) > 0,
        .sync_preview = get(r, sync) == 2,
        .quit_on_error = get(r, quit_on_error),
    };
    if (get(r, closed)) {
        config.members = r->members;
        config.member_count = r->plant_count;
    }
    return config;
}

static sim_node *add_sender(run *r, const char *name, uftp_sender_config config, const char *tree)
{
    const char *operands[3];
    size_t count = 0;
    if (get(r, delete))
        operands[count++] = "@DELETE:gone-confidential";
    operands[count++] = tree;
    if (get(r, freespace))
        operands[count++] = "@FREESPACE";
    /* The list must outlive the world; there are eight of them. */
    static const char *kept[2][2][2][3];
    const char **list =
        kept[strcmp(tree, "/out/two") == 0][get(r, delete) != 0][get(r, freespace) != 0];
    memcpy(list, operands, count * sizeof *operands);
    config.operands = list;
    config.operand_count = count;
    config.key_log = r->key_log;
    sim_node *node = sim_add_sender(r->world, name, &config);
    fill_source(r, node, tree);
    sim_guard_sender(r->guard, node, NULL, sim_node_source(node));
    return node;
}

static void add_plants(run *r)
{
    uftp_receiver_config config = {.key = shared.keys[0],
                                   .move_individually = get(r, individually),
                                   .backup = get(r, backup),
                                   .encrypted_only = get(r, cipher) != 0};
    if (get(r, nat))
        r->nat = sim_add_nat(r->world, "nat", &(sim_nat_config){.ports_drawn = true});
    for (size_t i = 0; i < r->plant_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "plant-%zu", i + 1);
        sim_store_options store = {.temp = get(r, temp), .backup = get(r, backup)};
        if (i == 0)
            store.capacity = get(r, capacity);
        sim_node *plant = r->plants[i] = sim_add_receiver(r->world, name, &config, &store);
        const uftp_address group = group_of(r, true);
        sim_listen(plant, &group);
        if (r->nat && (i == 0 || get(r, nat) == 2))
            sim_behind(plant, r->nat);
        fill_store(r, plant);
        sim_guard_receiver(r->guard, plant, sim_node_store(plant));
    }
    sim_node *first = r->plants[0], *last = r->plants[r->plant_count - 1];
    if (get(r, late))
        sim_start_at(last, UFTP_MS(get(r, late)));
    if (get(r, socket))
        sim_set_socket_buffer(first, (size_t)get(r, socket));
    if (get(r, drift))
        sim_set_drift(first, (int32_t)get(r, drift) * 1000);
    if (get(r, store_op)) {
        static const int errors[] = {UFTP_ERR_IO, UFTP_ERR_NO_SPACE, UFTP_ERR_ACCESS};
        sim_node_store(first)->faults[get(r, store_op) - 1] =
            (sim_store_fault){.first = get(r, store_nth), .error = errors[get(r, store_error) % 3]};
    }
}

static void add_nodes(run *r)
{
    for (size_t i = 0; i < r->plant_count; i++) /* the hub is node 0 with UID 1 */
        r->members[i] = (uftp_member){.uid = (uint32_t)i + 2};
    uftp_sender_config config = sender_config(r);
    r->hub = add_sender(r, "hub", config, "/out/one");
    sim_node_source(r->hub)->read_fail_at = get(r, read_fail);
    add_plants(r);
    if (get(r, senders) > 1) {
        uftp_sender_config other = config;
        other.group = 0;
        r->second = add_sender(r, "second", other, "/out/two");
    }
    if (get(r, resume)) {
        config.uid = 1;
        config.instance = 1;
        r->again = add_sender(r, "hub-again", config, "/out/one");
        sim_start_at(r->again, UFTP_MS(get(r, resume)));
    }
    if (get(r, replay)) {
        r->echo_left = get(r, replay);
        r->echo = sim_add_script(r->world, "echo", &echo_script, r);
    }
    if (get(r, memory) && get(r, memory) <= r->plant_count + 1) {
        sim_node *node = get(r, memory) == 1 ? r->hub : r->plants[get(r, memory) - 2];
        sim_node_memory(node)->fail_at = get(r, memory_nth);
        sim_node_memory(node)->fail_onwards = get(r, memory_on);
        sim_guard_forgetful(r->guard, node);
    }
}

/* ---- the end ---- */

static bool is_undisturbed(const run *r)
{
    return !(get(r, loss_hub) || get(r, loss_down) || get(r, loss_up) || get(r, duplicate) ||
             get(r, hold) || get(r, jitter)) &&
           r->scenario->drop_count == 0 && !get(r, bottleneck) && !get(r, freeze) && !get(r, cut) &&
           !get(r, drift);
}

static void expect_success(const run *r, sim_node *sender)
{
    const sim_event *last = sim_event_last(sender, UFTP_EVENT_SESSION_FINISHED);
    bool sent_any = get(r, file1) || get(r, file2) || get(r, file3) || get(r, file4);
    if (sent_any && (!last || last->event.result != UFTP_RESULT_OK))
        sim_fail(r->world, sender, "%s ended with %d, with no reason to fail", sim_name(sender),
                 last ? (int)last->event.result : -1);
    uftp_sender_stats stats;
    uftp_sender_stats_get(sim_sender(sender), &stats);
    if (is_undisturbed(r) && stats.blocks_repeated)
        sim_fail(r->world, sender, "%s repeated %" PRIu64 " blocks, and none was lost",
                 sim_name(sender), stats.blocks_repeated);
}

static void check_end(const run *r, swarm_outcome *outcome)
{
    sim *world = r->world;
    if (sim_queue_next(&world->queue) != UFTP_NEVER)
        sim_fail(world, NULL, "something still goes on %" PRIu64 " s after the last fault",
                 (world->queue.now - swarm_calm(r->scenario)) / UFTP_S(1));
    sim_guard_end(r->guard);
    outcome->had_to_succeed = swarm_any_must_succeed(r->scenario);
    if (!outcome->had_to_succeed)
        return;
    expect_success(r, r->hub);
    if (r->second)
        expect_success(r, r->second);
    for (size_t i = 0; i < r->plant_count; i++)
        if (swarm_must_succeed(r->scenario, i + 1))
            sim_guard_got_it(r->guard, r->plants[i]);
}

/* ---- the run ---- */

static void on_drop(void *ctx, const sim_model *model, const sim_packet *packet)
{
    (void)packet;
    /* The hooks share one context, that of the guard; it knows whose it is. */
    const run *r = sim_guard_owner(ctx);
    bool chance =
        strcmp(model->type->name, "loss") == 0 || strcmp(model->type->name, "gilbert") == 0;
    if (r->options->on_loss && chance && !r->calm)
        r->options->on_loss(r->options->ctx, model->place, model->seen);
}

static void on_failure(void *ctx, const char *report)
{
    const run *r = sim_guard_owner(ctx);
    r->options->on_failure(r->options->ctx, report);
}

swarm_outcome swarm_run(const swarm_scenario *scenario, const swarm_run_options *options)
{
    run *r = sim_allocate(sizeof *r);
    r->scenario = scenario;
    r->options = options;
    r->plant_count = (size_t)swarm_get(scenario, receivers);
    r->guard = sim_guard_new();
    sim_guard_set_owner(r->guard, r);
    r->key_log = sim_guard_key_log(r->guard, NULL);
    const sim_link direct = {0};
    sim_options with = {.seed = scenario->seed,
                        .end = swarm_calm(scenario) + swarm_bound(scenario),
                        .link = &direct,
                        .join_trains = swarm_get(scenario, join_trains),
                        .transmit_capacity = (size_t)swarm_get(scenario, room),
                        .repeat = options->repeat,
                        .on_failure = options->on_failure ? on_failure : NULL};
    sim_guard_hooks(r->guard, &with);
    with.on_drop = on_drop;
    r->world = sim_new(&with);
    if (swarm_get(scenario, cipher)) {
        sim_guard_secret_name(r->guard, marker_name);
        sim_guard_secret(r->guard, "the content of a file", marker_bytes, sizeof marker_bytes);
    }
    if (swarm_get(scenario, corrupt))
        sim_guard_damaged(r->guard);
    sort_drops(r);
    add_nodes(r);
    lay_links(r);
    schedule(r);

    swarm_outcome outcome = {.ended = sim_run(r->world), .steps = sim_steps(r->world)};
    check_end(r, &outcome);
    memcpy(outcome.digest, sim_digest(r->world), sizeof outcome.digest);
    sim_free(r->world);
    sim_guard_free(r->guard);
    for (size_t i = 0; i < ECHO_COPIES; i++)
        if (r->copies[i])
            sim_packet_free(r->copies[i]);
    for (size_t i = 0; i < r->place_count; i++)
        sim_release(r->places[i]);
    sim_release(r);
    return outcome;
}
