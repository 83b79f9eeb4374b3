/* SPDX-License-Identifier: MIT */
#include "run/network.h"

#include "models/satellite.h"

#include <string.h>

typedef struct sim_named_trace {
    struct sim_named_trace *next;
    char *path;
    sim_loss_trace trace;
} sim_named_trace;

struct sim_stage_names {
    const sim_scenario *scenario;
    sim_fade **fades;
    sim_carrier **carriers;
    sim_contention **channels;
    sim_named_trace *traces; /* by path */
    sim_nat **nats;
    uint32_t *routers;
    sim_fade_span *spans; /* of all fades */
    size_t span_count;
    sim_satellite *satellite; /* NULL: none */
    bool made;
};

sim_names *sim_names_new(const sim_scenario *s)
{
    sim_names *names = sim_allocate(sizeof *names);
    names->scenario = s;
    names->fades = sim_allocate((s->fades.count + 1) * sizeof *names->fades);
    names->carriers = sim_allocate((s->carriers.count + 1) * sizeof *names->carriers);
    names->channels = sim_allocate((s->channels.count + 1) * sizeof *names->channels);
    names->nats = sim_allocate((s->nats.count + 1) * sizeof *names->nats);
    names->routers = sim_allocate((s->routers.count + 1) * sizeof *names->routers);
    return names;
}

void sim_names_free(sim_names *names)
{
    sim_release(names->fades);
    sim_release(names->carriers);
    sim_release(names->channels);
    sim_release(names->nats);
    while (names->traces) {
        sim_named_trace *trace = names->traces;
        names->traces = trace->next;
        sim_loss_trace_free(&trace->trace);
        sim_release(trace->path);
        sim_release(trace);
    }
    sim_release(names->routers);
    sim_release(names->spans);
    sim_release(names);
}

/* The index of what is called `name` in a list; its `name` is found at `offset` of an element. */
static size_t find(const sim_list *list, size_t size, size_t offset, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *const *own =
            (const char *const *)(const void *)((const char *)list->items + i * size + offset);
        if (strcmp(*own, name) == 0)
            return i;
    }
    return list->count;
}
#define FIND(list, type, wanted) find(list, sizeof(type), offsetof(type, name), wanted)

static bool names_once(const sim_list *list, size_t size, size_t offset, char *error)
{
    for (size_t i = 1; i < list->count; i++) {
        const char *item = (const char *)list->items + i * size;
        const char *name = *(const char *const *)(const void *)(item + offset);
        if (find(list, size, offset, name) < i)
            return sim_yaml_refuse(((const sim_mark *)(const void *)item)->at, error,
                                   "the name '%s' is given twice", name);
    }
    return true;
}
#define NAMES_ONCE(list, type, error) names_once(list, sizeof(type), offsetof(type, name), error)

/* ---- making ---- */

static void make_fade(sim_names *names, sim *world, size_t index)
{
    const sim_fade_part *part = (const sim_fade_part *)names->scenario->fades.items + index;
    const sim_level_part *parts = part->levels.items;
    sim_fade_level levels[SIM_FADE_LEVELS_MAX];
    for (size_t i = 0; i < part->levels.count; i++)
        levels[i] = (sim_fade_level){
            .loss_ppm = parts[i].loss, .mean = parts[i].lasts, .worse_ppm = parts[i].worse};
    const sim_span_part *span_parts = part->spans.items;
    for (size_t i = 0; i < part->spans.count; i++)
        names->spans[names->span_count + i] = (sim_fade_span){
            .from = span_parts[i].from, .to = span_parts[i].to, .loss_ppm = span_parts[i].loss};
    const sim_fade_config config = {.spans = names->spans + names->span_count,
                                    .span_count = part->spans.count,
                                    .levels = part->levels.count ? levels : NULL,
                                    .level_count = part->levels.count,
                                    .apart_ppm = part->apart};
    names->span_count += part->spans.count;
    names->fades[index] = sim_fade_new(sim_world_medium(world), part->name, &config);
}

static uint64_t queue_of(uint64_t queue, uint64_t rate)
{
    uint64_t quarter = rate / 4;
    return queue ? queue : quarter > 3000 ? quarter : 3000; /* two packets at least */
}

static void make_carrier(sim_names *names, sim *world, size_t index)
{
    const sim_carrier_part *part =
        (const sim_carrier_part *)names->scenario->carriers.items + index;
    names->carriers[index] =
        sim_carrier_new(sim_world_medium(world), part->name,
                        &(sim_line_config){.rate_bytes_per_s = part->rate,
                                           .queue_bytes = queue_of(part->queue, part->rate)});
}

static void make_channel(sim_names *names, sim *world, size_t index)
{
    const sim_channel_part *part =
        (const sim_channel_part *)names->scenario->channels.items + index;
    names->channels[index] =
        sim_contention_new(sim_world_medium(world), part->name,
                           &(sim_contention_config){.rate_bytes_per_s = part->rate,
                                                    .slot = part->slot,
                                                    .queue_bytes = part->queue,
                                                    .tries_max = (uint32_t)part->tries,
                                                    .feedback = part->feedback,
                                                    .backoff = part->backoff});
}

static void make_nat(sim_names *names, sim *world, size_t index)
{
    const sim_nat_part *part = (const sim_nat_part *)names->scenario->nats.items + index;
    names->nats[index] =
        sim_add_nat(world, part->name,
                    &(sim_nat_config){.mapping = (sim_nat_behaviour)part->mapping,
                                      .filtering = (sim_nat_behaviour)part->filtering,
                                      .timeout = part->timeout,
                                      .refresh_inbound = part->refresh_inbound,
                                      .ports_drawn = part->ports_drawn,
                                      .port_first = (uint16_t)part->port_first,
                                      .port_count = (uint16_t)part->ports,
                                      .hairpin = part->hairpin,
                                      .multicast_blocked = part->multicast_blocked});
}

static bool make_router(sim_names *names, sim *world, size_t index, char *error)
{
    const sim_list *list = &names->scenario->routers;
    const sim_router_part *part = (const sim_router_part *)list->items + index;
    uint32_t parent = SIM_ROUTER_NONE;
    if (part->parent) {
        size_t at = FIND(list, sim_router_part, part->parent);
        if (at >= index)
            return sim_yaml_refuse(sim_yaml_find(part->mark.at, "parent"), error,
                                   "no router '%s' stands before this one", part->parent);
        parent = names->routers[at];
    } else if (index > 0) {
        return sim_yaml_refuse(part->mark.at, error, "only the first router has no parent");
    }
    sim_link down, up;
    if (!sim_names_link(names, &part->down, &down, error) ||
        !sim_names_link(names, &part->up, &up, error))
        return false;
    names->routers[index] = sim_add_router(world, part->name, parent, &down, &up);
    return true;
}

/* Also makes room for the spans of all of them, which outlive the fades. */
static bool check_fades(sim_names *names, const sim_scenario *s, char *error)
{
    const sim_fade_part *fades = s->fades.items;
    for (size_t i = 0; i < s->fades.count; i++) {
        if (fades[i].spans.count && fades[i].levels.count)
            return sim_yaml_refuse(fades[i].mark.at, error, "a fade has levels or spans, not both");
        const sim_span_part *spans = fades[i].spans.items;
        for (size_t j = 0; j < fades[i].spans.count; j++)
            if (spans[j].to <= spans[j].from || (j > 0 && spans[j].from < spans[j - 1].to))
                return sim_yaml_refuse(spans[j].mark.at, error,
                                       "spans follow each other in time and are not empty");
        if (fades[i].levels.count == 1 || fades[i].levels.count > SIM_FADE_LEVELS_MAX)
            return sim_yaml_refuse(fades[i].mark.at, error, "a fade has 2 to %d levels",
                                   SIM_FADE_LEVELS_MAX);
        names->span_count += fades[i].spans.count;
    }
    names->spans = sim_allocate((names->span_count + 1) * sizeof *names->spans);
    names->span_count = 0;
    return true;
}

bool sim_names_make(sim_names *names, sim *world, char error[SIM_YAML_ERROR_MAX])
{
    const sim_scenario *s = names->scenario;
    if (!NAMES_ONCE(&s->fades, sim_fade_part, error) ||
        !NAMES_ONCE(&s->carriers, sim_carrier_part, error) ||
        !NAMES_ONCE(&s->nats, sim_nat_part, error) ||
        !NAMES_ONCE(&s->routers, sim_router_part, error) ||
        !NAMES_ONCE(&s->channels, sim_channel_part, error) || !check_fades(names, s, error))
        return false;
    names->made = true;
    for (size_t i = 0; i < s->fades.count; i++)
        make_fade(names, world, i);
    for (size_t i = 0; i < s->carriers.count; i++)
        make_carrier(names, world, i);
    for (size_t i = 0; i < s->channels.count; i++)
        make_channel(names, world, i);
    for (size_t i = 0; i < s->nats.count; i++)
        make_nat(names, world, i);
    for (size_t i = 0; i < s->routers.count; i++)
        if (!make_router(names, world, i, error))
            return false;
    if (s->satellite.mark.at)
        names->satellite = sim_satellite_new(
            sim_world_medium(world), "satellite",
            &(sim_satellite_config){.forward_rate_bytes_per_s = s->satellite.forward,
                                    .forward_queue_bytes = s->satellite.queue,
                                    .return_rate_bytes_per_s = s->satellite.back,
                                    .return_queue_bytes = s->satellite.return_queue,
                                    .overhead_bytes = (uint32_t)s->satellite.overhead,
                                    .slot = s->satellite.slot,
                                    .tries_max = (uint32_t)s->satellite.tries,
                                    .backoff = s->satellite.backoff,
                                    .delay_min = s->satellite.delay_min,
                                    .delay_max = s->satellite.delay_max,
                                    .access = (sim_satellite_access)s->satellite.access});
    return true;
}

/* ---- links ---- */

/* The path of what is named in a scenario: beside it, unless it is absolute. */
static char *beside(const sim_names *names, const char *name)
{
    const char *file = names->scenario->tree->file;
    const char *slash = strrchr(file, '/');
    size_t directory = *name == '/' || !slash ? 0 : (size_t)(slash + 1 - file);
    char *path = sim_allocate(directory + strlen(name) + 1);
    memcpy(path, file, directory);
    strcpy(path + directory, name);
    return path;
}

/* Each trace is read once. */
static const sim_loss_trace *find_trace(sim_names *names, const sim_link_part *part, char *error)
{
    char *path = beside(names, part->loss_trace);
    for (const sim_named_trace *known = names->traces; known; known = known->next)
        if (strcmp(known->path, path) == 0) {
            sim_release(path);
            return &known->trace;
        }
    sim_named_trace *trace = sim_allocate(sizeof *trace);
    unsigned line = 0;
    int err = sim_loss_trace_load(path, &trace->trace, &line);
    if (err < 0) {
        const sim_yaml *at = sim_yaml_find(part->mark.at, "loss_trace");
        if (err == UFTP_ERR_MALFORMED)
            sim_yaml_refuse(at, error, "%s:%u: this is no loss trace", path, line);
        else
            sim_yaml_refuse(at, error, "%s cannot be read", path);
        sim_release(path);
        sim_release(trace);
        return NULL;
    }
    trace->path = path;
    trace->next = names->traces;
    names->traces = trace;
    return &trace->trace;
}

/* Puts what is written over what is there: of a satellite, or nothing. */
static bool lay_over(sim_names *names, const sim_link_part *part, sim_link *link, char *error)
{
    if (!part->mark.at)
        return true;
    link->loss_ppm = part->loss;
    if (part->burst.mark.at)
        link->gilbert = (sim_gilbert_config){.p_ppm = part->burst.enter,
                                             .r_ppm = part->burst.leave,
                                             .h_ppm = part->burst.pass,
                                             .good_loss_ppm = part->burst.good_loss};
    if (part->loss_trace) {
        link->loss_trace = find_trace(names, part, error);
        if (!link->loss_trace)
            return false;
        link->loss_trace_start = part->loss_trace_start;
        link->loss_trace_once = part->loss_trace_once;
    }
    link->corrupt_ppm = part->corrupt;
    link->corrupt_bits = (uint32_t)part->corrupt_bits;
    link->duplicate_ppm = part->duplicate;
    link->duplicate_gap = part->duplicate_gap ? part->duplicate_gap : UFTP_MS(20);
    link->hold_ppm = part->hold;
    link->hold_time = part->hold_time ? part->hold_time : UFTP_MS(50);
    link->mtu = (uint32_t)part->mtu;
    link->mtu_drop = part->mtu_drop;
    if (part->rate) {
        link->rate_bytes_per_s = part->rate;
        link->queue_bytes = queue_of(part->queue, part->rate);
        link->mark_bytes = part->mark_bytes;
        link->overhead_bytes = (uint32_t)part->overhead;
    }
    if (part->delay)
        link->delay = part->delay;
    if (part->jitter) {
        link->jitter = part->jitter;
        link->reorder = part->reorder;
    }
    if (part->orbit_pass)
        link->orbit = (sim_orbit_config){.pass = part->orbit_pass,
                                         .delay_min = part->orbit_min,
                                         .delay_max = part->orbit_max,
                                         .gap = part->orbit_gap};
    if (part->fade) {
        size_t at = FIND(&names->scenario->fades, sim_fade_part, part->fade);
        if (!names->made || at == names->scenario->fades.count)
            return sim_yaml_refuse(sim_yaml_find(part->mark.at, "fade"), error,
                                   names->made ? "no fade is named '%s'"
                                               : "the fade '%s' cannot lie over all of the network",
                                   part->fade);
        link->fade = names->fades[at];
    }
    if (part->carrier) {
        size_t at = FIND(&names->scenario->carriers, sim_carrier_part, part->carrier);
        if (!names->made || at == names->scenario->carriers.count)
            return sim_yaml_refuse(sim_yaml_find(part->mark.at, "carrier"), error,
                                   names->made ? "no carrier is named '%s'"
                                               : "the carrier '%s' cannot carry all of the network",
                                   part->carrier);
        link->carrier = names->carriers[at];
    }
    if (part->channel) {
        size_t at = FIND(&names->scenario->channels, sim_channel_part, part->channel);
        if (!names->made || at == names->scenario->channels.count)
            return sim_yaml_refuse(sim_yaml_find(part->mark.at, "channel"), error,
                                   names->made ? "no channel is named '%s'"
                                               : "the channel '%s' cannot carry all of the network",
                                   part->channel);
        link->contention = names->channels[at];
    }
    return true;
}

bool sim_names_link(sim_names *names, const sim_link_part *part, sim_link *out,
                    char error[SIM_YAML_ERROR_MAX])
{
    *out = (sim_link){0};
    return lay_over(names, part, out, error);
}

/* ---- places ---- */

static bool place_nat(const sim_names *names, const sim_place *place, char *error)
{
    const sim_list *list = &names->scenario->nats;
    size_t at = FIND(list, sim_nat_part, place->nat);
    if (at == list->count)
        return sim_yaml_refuse(sim_yaml_find(place->at, "nat"), error, "no nat is named '%s'",
                               place->nat);
    sim_behind(place->node, names->nats[at]);
    if (((const sim_nat_part *)list->items)[at].expose)
        sim_expose(place->node);
    return true;
}

static bool place_router(const sim_names *names, const sim_place *place, char *error)
{
    const sim_list *list = &names->scenario->routers;
    size_t at = FIND(list, sim_router_part, place->router);
    if (at == list->count)
        return sim_yaml_refuse(sim_yaml_find(place->at, "router"), error, "no router is named '%s'",
                               place->router);
    sim_attach(place->node, names->routers[at]);
    return true;
}

bool sim_names_lay(sim_names *names, const sim_place *place, char error[SIM_YAML_ERROR_MAX])
{
    sim_link down = {0}, up = {0};
    if (names->satellite && place->satellite_hub)
        up = sim_satellite_forward(names->satellite);
    else if (names->satellite && place->satellite_site) {
        down = sim_satellite_down(names->satellite, sim_name(place->node));
        up = sim_satellite_return(names->satellite, sim_name(place->node));
    }
    if (!lay_over(names, place->down, &down, error) || !lay_over(names, place->up, &up, error))
        return false;
    sim_uplink(place->node, &up);
    sim_downlink(place->node, &down);
    return true;
}

bool sim_names_place(sim_names *names, const sim_place *place, char error[SIM_YAML_ERROR_MAX])
{
    return sim_names_lay(names, place, error) && (!place->nat || place_nat(names, place, error)) &&
           (!place->router || place_router(names, place, error));
}

/* ---- for reports ---- */

size_t sim_names_lines(const sim_names *names, sim_named_line *out, size_t max)
{
    size_t count = 0;
    const sim_carrier_part *parts = names->scenario->carriers.items;
    for (size_t i = 0; i < names->scenario->carriers.count && count < max; i++)
        out[count++] = (sim_named_line){parts[i].name, sim_carrier_line(names->carriers[i])};
    if (!names->satellite)
        return count;
    const sim_line *back = sim_satellite_return_line(names->satellite);
    if (count < max)
        out[count++] =
            (sim_named_line){"satellite, forward", sim_satellite_forward_line(names->satellite)};
    if (back && count < max)
        out[count++] = (sim_named_line){"satellite, return", back};
    return count;
}
