/* SPDX-License-Identifier: MIT
 *
 * The network of a scenario. Each node has its access line, on which most of the faults are; behind
 * it are routers, a satellite or nothing.
 */
#include "swarm/world.h"

#include <stdio.h>
#include <string.h>

static const uint32_t *drops_at(const swarm_world *w, const char *place)
{
    for (size_t i = 0; i < w->place_count; i++)
        if (strcmp(w->places[i]->place, place) == 0)
            return w->places[i]->nth;
    return NULL;
}

/* What the links share. */
static void make_shared(swarm_world *w)
{
    sim_medium *medium = sim_world_medium(w->world);
    if (get(w, satellite))
        w->satellite = sim_satellite_new(
            medium, "satellite",
            &(sim_satellite_config){
                .forward_rate_bytes_per_s = SWARM_SATELLITE_RATE,
                .access = (sim_satellite_access)(get(w, satellite) - 1 + SIM_SATELLITE_ASSIGNED)});
    if (get(w, fade)) {
        const sim_fade_level levels[] = {
            {.mean = UFTP_MS(1500)},
            {.loss_ppm = (uint32_t)get(w, fade), .mean = UFTP_MS(100 + get(w, fade_for))}};
        w->fade = sim_fade_new(
            medium, "rain",
            &(sim_fade_config){.levels = levels, .level_count = 2, .apart_ppm = 200000});
    }
}

/* The sender at the root; receivers below it to the left, below it to the right, and beside it. */
void swarm_links_attach(swarm_world *w)
{
    if (!get(w, routers))
        return;
    const sim_link line = {.delay = UFTP_MS(1)};
    uint32_t routers[3];
    routers[0] = sim_add_router(w->world, "root", SIM_ROUTER_NONE, &line, &line);
    routers[1] = sim_add_router(w->world, "left", routers[0], &line, &line);
    routers[2] = sim_add_router(w->world, "right", routers[0], &line, &line);
    sim_attach(w->hub, routers[0]);
    for (size_t i = 0; i + 1 < get(w, senders); i++)
        sim_attach(w->others[i], routers[0]);
    if (w->again)
        sim_attach(w->again, routers[0]);
    if (w->echo)
        sim_attach(w->echo, routers[0]);
    for (size_t i = 0; i < w->plant_count; i++)
        sim_attach(w->plants[i], routers[(i + 1) % 3]);
}

void swarm_links_prepare(swarm_world *w)
{
    make_shared(w);
    for (size_t i = 0; i < w->scenario->drop_count; i++) {
        const swarm_drop *drop = &w->scenario->drops[i];
        size_t p = 0;
        while (p < w->place_count && strcmp(w->places[p]->place, drop->place) != 0)
            p++;
        if (p == sizeof w->places / sizeof *w->places)
            continue; /* a place that does not exist */
        if (p == w->place_count) {
            w->places[w->place_count] = sim_allocate(sizeof **w->places);
            w->places[w->place_count++]->place = drop->place;
        }
        swarm_place_drops *list = w->places[p];
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
static sim_link access_link(const swarm_world *w, const char *place, uint64_t loss, uint64_t burst)
{
    sim_link link = {.delay = UFTP_MS(get(w, delay))};
    link.mtu = (uint32_t)get(w, mtu);
    if (w->calm)
        return link;
    link.mtu_drop = get(w, mtu_drop);
    link.drop_nth = drops_at(w, place);
    set_loss(&link, loss, burst);
    link.duplicate_ppm = (uint32_t)get(w, duplicate);
    link.duplicate_gap = UFTP_MS(3);
    link.jitter = UFTP_MS(get(w, jitter));
    link.reorder = get(w, reorder);
    link.hold_ppm = (uint32_t)get(w, hold);
    link.hold_time = UFTP_MS(get(w, hold_time));
    link.corrupt_ppm = (uint32_t)get(w, corrupt);
    return link;
}

void swarm_links_lay_plant(const swarm_world *w, size_t i)
{
    sim_node *plant = w->plants[i];
    char place[32];
    snprintf(place, sizeof place, ">%s", sim_name(plant));
    sim_link down = access_link(w, place, get(w, loss_down), get(w, burst));
    if (i == 0 && !w->calm && get(w, bottleneck)) {
        down.rate_bytes_per_s = get(w, bottleneck);
        down.queue_bytes = 20000;
        down.mark_bytes = get(w, mark);
    }
    if (!w->calm)
        down.fade = w->fade;
    snprintf(place, sizeof place, "%s>", sim_name(plant));
    sim_link up = access_link(w, place, get(w, loss_up), 0);
    if (w->satellite) {
        const sim_link back = sim_satellite_return(w->satellite, sim_name(plant));
        down.delay += sim_satellite_down(w->satellite, sim_name(plant)).delay;
        up.carrier = back.carrier;
        up.contention = back.contention;
        up.delay += back.delay;
    }
    if (w->cut && get(w, cut) == i + 1) { /* as long a way as before, to nowhere */
        down = (sim_link){.loss_ppm = 1000000, .delay = down.delay};
        up = (sim_link){.loss_ppm = 1000000, .delay = up.delay};
    }
    sim_downlink(plant, &down);
    sim_uplink(plant, &up);
}

void swarm_links_lay(const swarm_world *w)
{
    for (size_t i = 0; i < w->plant_count; i++)
        swarm_links_lay_plant(w, i);
    sim_link hub = {0};
    if (w->satellite)
        hub = sim_satellite_forward(w->satellite);
    if (!w->calm) {
        hub.drop_nth = drops_at(w, "hub>");
        hub.loss_ppm = (uint32_t)get(w, loss_hub);
    }
    sim_uplink(w->hub, &hub);
    if (!w->gate)
        return;
    sim_link tunnel = {.delay = UFTP_MS(get(w, delay)),
                       .loss_ppm = w->calm ? 0 : (uint32_t)get(w, loss_tunnel)};
    tunnel.drop_nth = w->calm ? NULL : drops_at(w, "gate>branch");
    sim_connect(w->gate, w->branch, &tunnel);
    tunnel.drop_nth = w->calm ? NULL : drops_at(w, "branch>gate");
    sim_connect(w->branch, w->gate, &tunnel);
}

void swarm_links_free(swarm_world *w)
{
    for (size_t i = 0; i < w->place_count; i++)
        sim_release(w->places[i]);
}
