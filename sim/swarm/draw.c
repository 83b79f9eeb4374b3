/* SPDX-License-Identifier: MIT
 *
 * How scenarios are drawn. Most are small, and most of what can go wrong does not go wrong in most
 * of them: a session that fails at once shows nothing of what comes later. Each number has a stream
 * of its own, so that a new one leaves the scenarios as they were.
 */
#include "swarm/scenario.h"

#include "engine/random.h"

typedef struct drawer {
    uint64_t seed;
    swarm_scenario *scenario;
} drawer;

static uint64_t draw(const drawer *d, swarm_field field, uint64_t limit)
{
    sim_random random;
    sim_random_init(&random, d->seed, swarm_field_name(field));
    return sim_random_below(&random, limit);
}

/* Evenly from low to high. */
static void evenly(const drawer *d, swarm_field field, uint64_t low, uint64_t high)
{
    d->scenario->value[field] = low + draw(d, field, high - low + 1);
}

/* One of the values. */
static void one_of(const drawer *d, swarm_field field, size_t count, const uint64_t *values)
{
    d->scenario->value[field] = values[draw(d, field, count)];
}
#define ONE_OF(field, ...) \
    one_of(&d, SWARM_##field, sizeof((const uint64_t[]){__VA_ARGS__}) / sizeof(uint64_t), \
           (const uint64_t[]){__VA_ARGS__})
#define EVENLY(field, low, high) evenly(&d, SWARM_##field, low, high)

/* True once in `times`, by a name. */
static bool happens(const drawer *d, const char *name, uint64_t times)
{
    sim_random random;
    sim_random_init(&random, d->seed, name);
    return sim_random_below(&random, times) == 0;
}

/* Sizes on both sides of every border that there is in a file. */
static void draw_size(const drawer *d, swarm_field field, uint64_t block)
{
    const uint64_t borders[] = {0,         1,         block - 1,     block,         block + 1,
                                7 * block, 8 * block, 8 * block + 1, 16 * block - 1};
    uint64_t which = draw(d, field, 16);
    if (which < sizeof borders / sizeof *borders)
        d->scenario->value[field] = borders[which] + 1;
    else
        evenly(d, field, 1, which < 14 ? 20000 : 60000);
}

static void draw_files(drawer d)
{
    swarm_scenario *s = d.scenario;
    uint64_t block = swarm_get(s, block_size);
    draw_size(&d, SWARM_file1, block);
    if (happens(&d, "second file", 2))
        draw_size(&d, SWARM_file2, block);
    if (happens(&d, "third file", 4))
        draw_size(&d, SWARM_file3, block);
    if (happens(&d, "fourth file", 8))
        draw_size(&d, SWARM_file4, block);
    /* More than one section takes 8 * block_size blocks: seldom, and then cheap otherwise. */
    if (happens(&d, "sections", 60)) {
        swarm_get(s, block_size) = 512;
        swarm_get(s, file1) = 1 + 4096 * 512 + draw(&d, SWARM_file1, 3) * 511;
        swarm_get(s, receivers) = 1;
    }
    swarm_get(s, dir) = happens(&d, "dir", 4);
    swarm_get(s, link) = happens(&d, "link", 4);
    swarm_get(s, delete) = happens(&d, "delete", 8);
    swarm_get(s, freespace) = happens(&d, "freespace", 10);
    if (happens(&d, "existing", 5))
        EVENLY(existing, 1, 4);
}

/* Losses that every session must live through (swarm_must_succeed()). */
static void draw_tame_network(drawer d)
{
    ONE_OF(delay, 0, 1, 5, 10);
    ONE_OF(grtt_min, 100, 150);
    ONE_OF(grtt_initial, 200, 300);
    ONE_OF(grtt_max, 300, 500);
    ONE_OF(robust, 20, 30, 50);
    ONE_OF(rate, 1000000, 500000, 4000000, 0, 20000, 4000);
    if (happens(&d, "jitter", 4)) {
        ONE_OF(jitter, 1, 3, 10);
        EVENLY(reorder, 0, 1);
    }
    if (happens(&d, "clean", 5))
        return;
    ONE_OF(loss_down, 0, 5000, 10000, 20000, 35000);
    ONE_OF(loss_up, 0, 0, 5000, 20000);
    ONE_OF(loss_hub, 0, 0, 0, 5000, 10000);
    if (happens(&d, "duplicates", 5))
        ONE_OF(duplicate, 20000, 100000);
    if (happens(&d, "held", 6)) {
        ONE_OF(hold, 20000, 50000);
        ONE_OF(hold_time, 5, 20);
    }
    EVENLY(calm, 2000, 20000);
}

static void draw_network(drawer d)
{
    ONE_OF(delay, 0, 1, 5, 20);
    ONE_OF(grtt_min, 100, 150, 200, 100, 10, 1);
    ONE_OF(grtt_initial, 100, 200, 500, 300);
    ONE_OF(grtt_max, 300, 500, 1000);
    ONE_OF(robust, 20, 20, 30, 10, 50, 5, 1);
    if (happens(&d, "jitter", 4)) {
        ONE_OF(jitter, 1, 3, 10);
        EVENLY(reorder, 0, 1);
    }
    if (!happens(&d, "clean", 4)) {
        if (!happens(&d, "much loss", 5)) {
            ONE_OF(loss_down, 0, 5000, 20000, 30000, 50000);
            ONE_OF(loss_up, 0, 0, 5000, 20000, 50000);
            ONE_OF(loss_hub, 0, 0, 0, 5000, 10000);
        } else {
            ONE_OF(loss_down, 100000, 200000, 500000);
            ONE_OF(loss_up, 0, 100000, 300000);
            ONE_OF(loss_hub, 0, 0, 100000, 300000);
        }
        if (happens(&d, "bursts", 6))
            EVENLY(burst, 2, 10);
        if (happens(&d, "duplicates", 5))
            ONE_OF(duplicate, 20000, 100000);
        if (happens(&d, "held", 6)) {
            ONE_OF(hold, 20000, 100000);
            ONE_OF(hold_time, 5, 20, 100, 1000);
        }
        EVENLY(calm, 500, 20000);
    }
}

/* What version 4 has besides: half of it is broken, and must work all the same. */
static void draw_version_4(drawer d)
{
    swarm_scenario *s = d.scenario;
    if (happens(&d, "legacy", 2)) {
        EVENLY(cipher, 1, 8);
        EVENLY(hash, 2, 5);
    }
    swarm_get(s, rsa) = happens(&d, "rsa in version 4", 2);
    swarm_get(s, exchange) = swarm_get(s, rsa) && happens(&d, "rsa exchange", 2);
    swarm_get(s, signature) = happens(&d, "keyex", 3);
}

/* The rate is what the receivers' reports make of it. */
static void draw_congestion(drawer d)
{
    swarm_scenario *s = d.scenario;
    if (!happens(&d, "congestion", 8))
        return;
    swarm_get(s, congestion) = 1;
    ONE_OF(rate_max, 0, 1000000, 100000, 10000000);
    ONE_OF(rate_initial, 0, 0, 20000, 100000);
    ONE_OF(rate_min, 0, 0, 10000);
    if (happens(&d, "bottleneck with congestion", 2)) {
        ONE_OF(bottleneck, 20000, 50000, 200000);
        ONE_OF(mark, 0, 3000, 10000);
    }
}

/* A way of half a second: everything is timed by it. */
static void draw_satellite(drawer d)
{
    if (!happens(&d, "satellite", 20))
        return;
    ONE_OF(satellite, 1, 1, 2, 3);
    ONE_OF(grtt_min, 100, 1000, 4000);
    ONE_OF(grtt_initial, 1000, 4000);
    ONE_OF(grtt_max, 4000, 8000);
    ONE_OF(robust, 10, 20);
}

static void draw_options(drawer d)
{
    swarm_scenario *s = d.scenario;
    if (happens(&d, "encrypted", 3)) {
        ONE_OF(cipher, 5, 6, 7, 8);
        EVENLY(hash, 3, 5);
        swarm_get(s, rsa) = happens(&d, "rsa", 8);
        if (happens(&d, "big curve", 12))
            EVENLY(curve, 24, 25);
        EVENLY(client_auth, 0, 1);
    }
    swarm_get(s, version) = happens(&d, "version 4", 6) ? 4 : 5;
    if (swarm_get(s, version) == 4 && swarm_get(s, cipher))
        draw_version_4(d);
    EVENLY(closed, 0, 1);
    swarm_get(s, unicast) = happens(&d, "unicast", 20);
    swarm_get(s, ipv6) = happens(&d, "ipv6", 8);
    if (happens(&d, "nat", 8))
        EVENLY(nat, 1, 2);
    if (swarm_get(s, nat) && happens(&d, "rebind", 2))
        EVENLY(nat_rebind, 1, 2000);
    if (swarm_get(s, nat) && happens(&d, "few ports", 5))
        EVENLY(nat_ports, 1, 3);
    if (swarm_get(s, nat) && happens(&d, "short mappings", 5))
        ONE_OF(nat_timeout, 50, 500, 2000);
    if (happens(&d, "routers", 10)) {
        swarm_get(s, routers) = 1;
        ONE_OF(join_latency, 0, 1, 20);
    }
    ONE_OF(block_size, 512, 600, 1300, 1300, 1447, 4000, 8800);
    ONE_OF(rate, 1000000, 500000, 100000, 4000000, 0, 30000);
    EVENLY(join_trains, 0, 1);
    ONE_OF(room, 65507, 65507, 9000, 20000);
}

/* What ends a session although everything could be mended. */
static void draw_limits(drawer d)
{
    swarm_scenario *s = d.scenario;
    if (happens(&d, "passes", 15))
        EVENLY(passes_max, 1, 4);
    if (happens(&d, "naks", 20))
        ONE_OF(nak_percent, 0, 10, 50);
    if (happens(&d, "time", 30))
        ONE_OF(time_max, 100, 500);
    swarm_get(s, quit_on_error) = happens(&d, "quit", 12);
}

static void draw_stores(drawer d)
{
    swarm_scenario *s = d.scenario;
    if (happens(&d, "sync", 8))
        EVENLY(sync, 1, 2);
    swarm_get(s, temp) = happens(&d, "temp", 4);
    swarm_get(s, backup) = happens(&d, "backup", 6);
    EVENLY(flush, 0, 1);
    swarm_get(s, individually) = happens(&d, "individually", 2);
}

/* What happens to one receiver and must not harm the others. */
static void draw_accidents(drawer d)
{
    swarm_scenario *s = d.scenario;
    uint64_t receivers = swarm_get(s, receivers);
    if (happens(&d, "mtu", 25)) {
        ONE_OF(mtu, 576, 1006, 1500);
        swarm_get(s, mtu_drop) = happens(&d, "no fragments", 4);
        if (swarm_get(s, calm) == 0)
            EVENLY(calm, 500, 20000);
    }
    if (happens(&d, "disk rate", 25)) {
        ONE_OF(disk_rate, 20000, 200000);
        ONE_OF(disk_cache, 0, 10000);
    }
    if (happens(&d, "late", 25))
        EVENLY(late, 1, 1500);
    if (happens(&d, "crash", 15)) {
        EVENLY(crash, 1, receivers);
        EVENLY(crash_at, 1, 3000);
        ONE_OF(crash_back, 0, 1, 100, 3000);
        EVENLY(crash_how, 0, 2);
    }
    if (happens(&d, "shutdown", 25)) {
        EVENLY(shutdown, 1, receivers);
        EVENLY(shutdown_at, 1, 3000);
    }
    if (happens(&d, "cut", 12)) {
        EVENLY(cut, 1, receivers);
        EVENLY(cut_at, 1, 2000);
        ONE_OF(cut_for, 100, 1000, 10000, 60000);
    }
    if (happens(&d, "freeze", 20)) {
        EVENLY(freeze, 1, receivers);
        EVENLY(freeze_at, 1, 2000);
        ONE_OF(freeze_for, 20, 300, 3000);
    }
    if (happens(&d, "store", 20)) {
        EVENLY(store_op, 1, 11);
        EVENLY(store_nth, 1, 6);
        EVENLY(store_error, 0, 2);
    }
    if (happens(&d, "disk", 40))
        EVENLY(capacity, 1, 30000);
    if (happens(&d, "memory", 15)) {
        EVENLY(memory, 2, 1 + receivers);
        EVENLY(memory_nth, 1, 60);
        EVENLY(memory_on, 0, 1);
    }
    if (happens(&d, "join", 40))
        EVENLY(join_fails, 1, receivers);
    if (happens(&d, "socket", 25))
        EVENLY(socket, 9000, 40000);
    if (happens(&d, "bottleneck", 25))
        ONE_OF(bottleneck, 50000, 200000);
    if (happens(&d, "drift", 12)) {
        ONE_OF(drift, 100, 10000, 50000);
        EVENLY(drift_slow, 0, 1);
    }
    if (happens(&d, "step", 20)) {
        EVENLY(step, 1, 1 + receivers);
        EVENLY(step_at, 1, 3000);
        ONE_OF(step_by, 1, 1000, 3600000, 100000000);
        EVENLY(step_back, 0, 1);
    }
}

/* What happens to all. */
static void draw_troubles(drawer d)
{
    swarm_scenario *s = d.scenario;
    if (happens(&d, "hub crash", 25)) {
        EVENLY(hub_crash_at, 1, 3000);
        ONE_OF(hub_back, 0, 1, 500, 5000);
    }
    if (happens(&d, "resume", 15)) {
        swarm_get(s, temp) = !happens(&d, "no temp", 4);
        swarm_get(s, sync) = 0;
        EVENLY(resume, 1, 4000);
        if (happens(&d, "resume after", 2))
            swarm_get(s, hub_crash_at) = swarm_get(s, resume);
        else
            swarm_get(s, interrupt) = swarm_get(s, resume);
        swarm_get(s, hub_back) = 0;
    } else if (happens(&d, "interrupt", 25)) {
        EVENLY(interrupt, 1, 3000);
    }
    if (happens(&d, "hub freeze", 30)) {
        EVENLY(hub_freeze_at, 1, 2000);
        ONE_OF(hub_freeze_for, 20, 300, 3000, 20000);
    }
    if (happens(&d, "hub drift", 25)) {
        ONE_OF(drift_hub, 100, 10000, 50000);
        EVENLY(drift_slow, 0, 1);
    }
    if (happens(&d, "fade", 12)) {
        ONE_OF(fade, 100000, 500000, 1000000);
        ONE_OF(fade_for, 0, 300, 2000);
    }
    if (happens(&d, "read", 40))
        EVENLY(read_fail, 1, 20);
    if (happens(&d, "hub memory", 25)) {
        swarm_get(s, memory) = 1;
        EVENLY(memory_nth, 1, 100);
        EVENLY(memory_on, 0, 1);
    }
    if (happens(&d, "replay", 15))
        ONE_OF(replay, 5, 50, 200);
    if (happens(&d, "corrupt", 6))
        ONE_OF(corrupt, 10000, 100000);
    if ((swarm_get(s, replay) || swarm_get(s, corrupt)) && swarm_get(s, calm) == 0)
        EVENLY(calm, 500, 20000);
}

void swarm_draw(uint64_t seed, swarm_scenario *out)
{
    swarm_drop *drops = out->drops;
    *out = (swarm_scenario){.seed = seed, .drops = drops};
    for (int i = 0; i < SWARM_FIELD_COUNT; i++)
        out->value[i] = swarm_field_plain((swarm_field)i);
    drawer d = {.seed = sim_mix(seed), .scenario = out};
    ONE_OF(receivers, 1, 1, 2, 2, 3, 5);
    swarm_get(out, senders) = happens(&d, "senders", 12) ? 2 + happens(&d, "a third", 3) : 1;
    draw_options(d);
    draw_files(d);
    draw_stores(d);
    if (happens(&d, "tame", 2)) {
        draw_tame_network(d);
        if (happens(&d, "accidents", 3))
            draw_accidents(d);
    } else {
        draw_network(d);
        draw_limits(d);
        draw_accidents(d);
        draw_troubles(d);
    }
    draw_congestion(d);
    draw_satellite(d);
    swarm_get(out, proxies) = happens(&d, "proxies", 10) && !swarm_get(out, satellite) &&
                              swarm_get(out, version) == 5 && !swarm_get(out, resume);
    if (swarm_get(out, proxies))
        ONE_OF(loss_tunnel, 0, 0, 5000, 20000, 50000);
    /* Several sections: losses so few that one of them may be whole, and time to ask for what the
     * others miss while the pass is under way. */
    if (swarm_get(out, file1) > 1000000) {
        ONE_OF(loss_down, 0, 300, 300, 1000, 20000);
        ONE_OF(rate, 1000000, 2000000, 4000000, 20000000);
    }
    swarm_normalise(out);
}
