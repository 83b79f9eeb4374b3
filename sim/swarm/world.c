/* SPDX-License-Identifier: MIT
 *
 * The nodes of a scenario, and the files that they send and have.
 */
#include "swarm/world.h"

#include "engine/script.h"

#include <stdio.h>
#include <string.h>

#define ECHO_INTERVAL UFTP_MS(50)

const char swarm_marker_name[] = "confidential";
const uint8_t swarm_marker_bytes[16] = "\x01\x92\x83\x74\x65\x56\x47\x38secretly";

/* ---- files ---- */

static uint8_t *make_bytes(uint64_t seed, uint64_t size)
{
    uint8_t *bytes = sim_allocate(size + 1);
    sim_generate(seed, 0, bytes, size);
    for (uint64_t at = 100; at + sizeof swarm_marker_bytes <= size; at += 300)
        memcpy(bytes + at, swarm_marker_bytes, sizeof swarm_marker_bytes);
    return bytes;
}

static void add_file(sim_node *hub, const char *path, uint64_t seed, uint64_t size)
{
    uint8_t *bytes = make_bytes(seed, size);
    sim_source_file(sim_node_source(hub), path, bytes, size, 1700000000 + seed);
    sim_release(bytes);
}

/* `tree`: "/out/one" */
static void fill_source(const swarm_world *w, sim_node *hub, const char *tree)
{
    const uint64_t sizes[] = {get(w, file1), get(w, file2), get(w, file3), get(w, file4)};
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
    if (get(w, dir))
        sim_source_dir(source, path);
    snprintf(path, sizeof path, "%s/link-confidential", tree);
    if (get(w, link))
        sim_source_link(source, path, "a-confidential");
}

static void fill_store(const swarm_world *w, sim_node *plant)
{
    static const char name[] = "one/a-confidential";
    sim_store *store = sim_node_store(plant);
    uint64_t time = 1700000001; /* that of the first file */
    switch (get(w, existing)) {
    case 1:
        sim_store_put(store, 0, name, "older", 5, time - 10);
        break;
    case 2:
        sim_store_put(store, 0, name, "newer", 5, time + 10);
        break;
    case 3: {
        uint64_t size = get(w, file1) ? get(w, file1) - 1 : 0;
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
    if (get(w, delete))
        sim_store_put(store, 0, "gone-confidential", "to be deleted", 13, time);
}

/* ---- addresses ---- */

/* IPv6: ff15::1 and ff15::2. */
static uftp_address group_of(const swarm_world *w, bool public_group)
{
    if (!get(w, ipv6))
        return public_group ? sim_public_group() : sim_private_group();
    uftp_address group = {.family = UFTP_IPV6, .bytes = {0xff, 0x15}, .port = SIM_PORT};
    group.bytes[15] = public_group ? 1 : 2;
    return group;
}

/* ---- somebody who repeats what it hears ---- */

static void echo_start(sim_node *node, void *ctx, uint64_t now)
{
    const swarm_world *w = ctx;
    const uftp_address groups[] = {group_of(w, true), group_of(w, false)};
    for (size_t i = 0; i < 2; i++)
        sim_join(node, &groups[i], NULL);
    sim_script_wake(node, now + ECHO_INTERVAL);
}

static void echo_hear(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram)
{
    (void)now;
    swarm_world *w = ctx;
    sim_packet **place = &w->copies[sim_random_below(sim_node_random(node), SWARM_ECHO_COPIES)];
    if (*place && sim_random_chance(sim_node_random(node), 3, 4))
        return;
    if (*place)
        sim_packet_free(*place);
    *place = sim_packet_new(datagram->data, datagram->len);
    (*place)->destination = datagram->destination;
}

static void echo_repeat(sim_node *node, void *ctx, uint64_t now)
{
    swarm_world *w = ctx;
    const sim_packet *copy = w->copies[sim_random_below(sim_node_random(node), SWARM_ECHO_COPIES)];
    if (copy) {
        uftp_address to = copy->destination;
        if (sim_random_chance(sim_node_random(node), 1, 4))
            to = sim_address(w->hub, to.family);
        sim_script_send(node, &to, copy->bytes, copy->len, 0);
        w->echo_left--;
    }
    if (w->echo_left && !w->calm)
        sim_script_wake(node, now + ECHO_INTERVAL);
}

static const sim_script echo_script = {
    .on_start = echo_start, .on_datagram = echo_hear, .on_timer = echo_repeat};

/* ---- nodes ---- */

/* The hub is node 0, so the first receiver is node 1. */
static uftp_address first_address(const swarm_world *w)
{
    uftp_address address = {.family = UFTP_IPV4, .bytes = {10, 0, 0, 2}, .port = SIM_PORT};
    if (get(w, ipv6))
        address = (uftp_address){.family = UFTP_IPV6, .bytes = {0xfd}, .port = SIM_PORT};
    address.bytes[get(w, ipv6) ? 15 : 3] = 2;
    return address;
}

static uftp_sender_config sender_config(const swarm_world *w)
{
    uint64_t rate = get(w, rate);
    bool four = get(w, version) == 4;
    uftp_sender_config config = {
        .group = get(w, resume) ? 0x5a5a0001 : 0,
        .public_address = get(w, unicast) ? first_address(w) : group_of(w, true),
        .private_address = group_of(w, false),
        .block_size = (uint16_t)get(w, block_size),
        .rate_bytes_per_s = rate ? rate : UFTP_RATE_UNLIMITED,
        .congestion_control = get(w, congestion) ? UFTP_CC_TFMCC : UFTP_CC_NONE,
        .rate_min = get(w, rate_min),
        .rate_initial = get(w, rate_initial),
        .rate_max = get(w, rate_max),
        .robust = (uint8_t)get(w, robust),
        .grtt_initial = UFTP_MS(get(w, grtt_initial)),
        .grtt_min = UFTP_MS(get(w, grtt_min)),
        .grtt_max = UFTP_MS(get(w, grtt_max)),
        .passes_max = (uint16_t)get(w, passes_max),
        .nak_limited = get(w, nak_percent) < 100,
        .nak_percent_max = (uint8_t)get(w, nak_percent),
        .nak_count_max = 1,
        .time_max_percent = (uint32_t)get(w, time_max),
        .plain = get(w, cipher) == 0,
        .client_auth = get(w, client_auth),
        .cipher = (uftp_cipher)get(w, cipher),
        .hash = (uftp_hash)get(w, hash),
        .ecdh_curve = (uftp_curve)get(w, curve),
        .key = swarm_key(get(w, rsa), get(w, curve)),
        .key_exchange = get(w, exchange)      ? UFTP_KEY_EXCHANGE_RSA
                        : four && get(w, rsa) ? UFTP_KEY_EXCHANGE_ECDH_RSA
                                              : (uftp_key_exchange)0,
        .sigtype = get(w, signature) ? UFTP_SIGTYPE_KEYEX : UFTP_SIGTYPE_HMAC,
        .legacy_crypto = four,
        .version = (uint8_t)get(w, version),
        .sync_mode = get(w, sync) > 0,
        .sync_preview = get(w, sync) == 2,
        .quit_on_error = get(w, quit_on_error),
    };
    if (get(w, closed)) {
        config.members = w->members;
        config.member_count = w->plant_count;
    }
    return config;
}

/* `index`: of the tree that it sends. */
static sim_node *add_sender(swarm_world *w, const char *name, uftp_sender_config config,
                            size_t index)
{
    static const char *const trees[SWARM_SENDERS_MAX] = {"/out/one", "/out/two", "/out/three"};
    const char *tree = trees[index];
    const char *operands[3];
    size_t count = 0;
    if (get(w, delete))
        operands[count++] = "@DELETE:gone-confidential";
    operands[count++] = tree;
    if (get(w, freespace))
        operands[count++] = "@FREESPACE";
    /* The list must outlive the world; there are four of them for each tree. */
    static const char *kept[SWARM_SENDERS_MAX][2][2][3];
    const char **list = kept[index][get(w, delete) != 0][get(w, freespace) != 0];
    memcpy(list, operands, count * sizeof *operands);
    config.operands = list;
    config.operand_count = count;
    config.key_log = w->key_log;
    sim_node *node = sim_add_sender(w->world, name, &config);
    fill_source(w, node, tree);
    sim_guard_sender(w->guard, node, NULL, sim_node_source(node));
    return node;
}

static void add_plants(swarm_world *w)
{
    uftp_receiver_config config = {.key = swarm_key(get(w, rsa), UFTP_CURVE_SECP256R1),
                                   .legacy_crypto = get(w, version) == 4,
                                   .sync_to_disk = get(w, flush),
                                   .move_individually = get(w, individually),
                                   .backup = get(w, backup),
                                   .encrypted_only = get(w, cipher) != 0};
    swarm_proxies_tell(w, &config);
    if (get(w, nat))
        w->nat = sim_add_nat(w->world, "nat",
                             &(sim_nat_config){.ports_drawn = true,
                                               .port_count = (uint16_t)get(w, nat_ports),
                                               .multicast_blocked = get(w, proxies) != 0,
                                               .timeout = UFTP_MS(get(w, nat_timeout))});
    for (size_t i = 0; i < w->plant_count; i++) {
        char name[16];
        snprintf(name, sizeof name, "plant-%zu", i + 1);
        sim_store_options store = {.temp = get(w, temp), .backup = get(w, backup)};
        if (i == 0) {
            store.capacity = get(w, capacity);
            store.rate_bytes_per_s = get(w, disk_rate);
            store.cache_bytes = get(w, disk_cache);
        }
        sim_node *plant = w->plants[i] = sim_add_receiver(w->world, name, &config, &store);
        const uftp_address group = group_of(w, true);
        sim_listen(plant, &group);
        if (w->nat && (i == 0 || get(w, nat) == 2))
            sim_behind(plant, w->nat);
        fill_store(w, plant);
        sim_guard_receiver(w->guard, plant, sim_node_store(plant));
        if (!get(w, flush))
            sim_guard_unflushed(w->guard, plant);
    }
    sim_node *first = w->plants[0], *last = w->plants[w->plant_count - 1];
    if (get(w, late))
        sim_start_at(last, UFTP_MS(get(w, late)));
    if (get(w, socket))
        sim_set_socket_buffer(first, (size_t)get(w, socket));
    const int32_t sign = get(w, drift_slow) ? -1 : 1;
    if (get(w, drift))
        sim_set_drift(first, sign * (int32_t)get(w, drift) * 1000);
    if (get(w, drift_hub))
        sim_set_drift(w->hub, sign * (int32_t)get(w, drift_hub) * 1000);
    if (get(w, store_op)) {
        static const int errors[] = {UFTP_ERR_IO, UFTP_ERR_NO_SPACE, UFTP_ERR_ACCESS};
        sim_node_store(first)->faults[get(w, store_op) - 1] =
            (sim_store_fault){.first = get(w, store_nth), .error = errors[get(w, store_error) % 3]};
    }
}

void swarm_nodes_add(swarm_world *w)
{
    for (size_t i = 0; i < w->plant_count; i++) /* the hub is node 0 with UID 1 */
        w->members[i] = (uftp_member){.uid = (uint32_t)i + 2};
    uftp_sender_config config = sender_config(w);
    w->hub = add_sender(w, "hub", config, 0);
    sim_node_source(w->hub)->read_fail_at = get(w, read_fail);
    add_plants(w);
    for (size_t i = 0; i + 1 < get(w, senders); i++) {
        static const char *const names[] = {"second", "third"};
        uftp_sender_config other = config;
        other.group = 0;
        w->others[i] = add_sender(w, names[i], other, i + 1);
    }
    if (get(w, resume)) {
        config.uid = 1;
        config.instance = 1;
        w->again = add_sender(w, "hub-again", config, 0);
        sim_start_at(w->again, UFTP_MS(get(w, resume)));
    }
    if (get(w, replay)) {
        w->echo_left = get(w, replay);
        w->echo = sim_add_script(w->world, "echo", &echo_script, w);
    }
    if (get(w, memory) && get(w, memory) <= w->plant_count + 1) {
        sim_node *node = get(w, memory) == 1 ? w->hub : w->plants[get(w, memory) - 2];
        sim_node_memory(node)->fail_at = get(w, memory_nth);
        sim_node_memory(node)->fail_onwards = get(w, memory_on);
        sim_guard_forgetful(w->guard, node);
    }
}
