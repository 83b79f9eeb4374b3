/* SPDX-License-Identifier: MIT
 *
 * Senders are added before proxies, and these before receivers: what a receiver keeps about each
 * node that it has sent to is found by that node's index, which is to be small.
 */
#include "run/stage_internal.h"

#include "run/deeds.h"
#include "run/network.h"

#include "base/assert.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FILE_MTIME UINT64_C(1767200000)

char *sim_stage_keep_text(sim_stage *stage, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (stage->block_count == stage->block_capacity) {
        stage->block_capacity = stage->block_capacity ? 2 * stage->block_capacity : 64;
        stage->blocks = sim_reallocate(stage->blocks, stage->block_capacity * sizeof(void *));
    }
    char *copy = sim_copy_text(text);
    stage->blocks[stage->block_count++] = copy;
    return copy;
}

static int digits_of(uint64_t count)
{
    int digits = 1;
    for (uint64_t last = count - 1; last >= 10; last /= 10)
        digits++;
    return digits;
}

/* "page" alone, or "page-007" among several. */
static char *numbered(sim_stage *stage, const char *name, uint64_t index, uint64_t count)
{
    if (count == 1)
        return sim_stage_keep_text(stage, "%s", name);
    return sim_stage_keep_text(stage, "%s-%0*" PRIu64, name, digits_of(count), index);
}

/* ---- keys ---- */

uftp_key *sim_stage_make_key(sim_stage *stage, const char *name, int kind)
{
    sim_random random;
    sim_random_init(&random, sim_world_seed(stage->world), name);
    const uftp_key_spec spec = {.type = kind < 0 ? UFTP_KEY_RSA : UFTP_KEY_EC,
                                .bits = kind < 0 ? (uint16_t)-kind : 0,
                                .curve = kind < 0 ? 0 : (uftp_curve)kind};
    uftp_key *key = NULL;
    int err = uftp_key_generate(&stage->key_memory.core, &random.core, &spec, &key);
    UFTP_ASSERT(err == UFTP_OK); /* the kinds that a scenario may name all exist */
    return key;
}

/* ---- files ---- */

/* The store knows a file whose content it is to check by its size: equal sizes, equal content. */
uint64_t sim_stage_content_seed(uint64_t size)
{
    return sim_mix(size + 1);
}

/* One block size for all senders, or nothing is checked and every byte kept. */
static uint32_t common_block(const sim_scenario *scenario)
{
    const sim_sender_part *senders = scenario->senders.items;
    for (size_t i = 1; i < scenario->senders.count; i++)
        if (senders[i].block != senders[0].block)
            return 0;
    return senders[0].block ? (uint32_t)senders[0].block : UFTP_BLOCK_SIZE_DEFAULT;
}

static void expect_files(sim_stage *stage)
{
    const sim_sender_part *senders = stage->scenario->senders.items;
    size_t count = 0;
    for (size_t i = 0; i < stage->sender_count; i++)
        count += senders[i].files.count;
    stage->expected = sim_allocate(count * sizeof *stage->expected);
    for (size_t i = 0; i < stage->sender_count; i++) {
        const sim_file_part *files = senders[i].files.items;
        for (size_t f = 0; f < senders[i].files.count; f++)
            if (files[f].size > 0)
                stage->expected[stage->expected_count++] = (sim_expected){
                    .size = files[f].size, .seed = sim_stage_content_seed(files[f].size)};
    }
}

/* The first of a row of senders that go on with one session, and which of the row this one is. */
static const sim_stage_sender *first_of(const sim_stage *stage, const sim_stage_sender *sender,
                                        uint8_t *instance)
{
    *instance = 0;
    for (size_t i = (size_t)(sender - stage->senders); i > 0 && sender->part->continues; i--)
        if (strcmp(stage->senders[i - 1].part->name, sender->part->continues) == 0) {
            sender = &stage->senders[i - 1];
            ++*instance;
        }
    return sender;
}

static void name_files(sim_stage *stage, sim_stage_sender *sender)
{
    uint8_t instance;
    const char *owner = first_of(stage, sender, &instance)->part->name;
    const sim_file_part *files = sender->part->files.items;
    for (size_t f = 0; f < sender->part->files.count; f++)
        sender->path_count += files[f].count;
    sender->paths = sim_allocate(sender->path_count * sizeof *sender->paths);
    size_t at = 0;
    for (size_t f = 0; f < sender->part->files.count; f++)
        for (uint64_t i = 0; i < files[f].count; i++) {
            const char *name = numbered(stage, files[f].name, i, files[f].count);
            /* Two senders may have a file of one name. */
            sender->paths[at++] = stage->sender_count > 1
                                      ? sim_stage_keep_text(stage, "/out/%s-%s", owner, name)
                                      : sim_stage_keep_text(stage, "/out/%s", name);
            sender->bytes += files[f].size;
        }
    if (!sender->part->continues)
        stage->bytes += sender->bytes;
}

static void put_files(const sim_stage_sender *sender)
{
    const sim_file_part *files = sender->part->files.items;
    size_t at = 0;
    for (size_t f = 0; f < sender->part->files.count; f++)
        for (uint64_t i = 0; i < files[f].count; i++)
            sim_source_generated(sim_node_source(sender->node), sender->paths[at++],
                                 sim_stage_content_seed(files[f].size), files[f].size, FILE_MTIME);
}

uint32_t sim_stage_sender_uid(const sim_stage *stage, size_t index)
{
    uint8_t instance;
    const sim_stage_sender *first = first_of(stage, &stage->senders[index], &instance);
    return (uint32_t)(first - stage->senders) + 1;
}

/* ---- receivers ---- */

static void make_troubles(const sim_receiver_part *part, sim_node *node)
{
    const sim_failure_part *failures = part->failures.items;
    for (size_t i = 0; i < part->failures.count; i++)
        sim_node_store(node)->faults[failures[i].call - 1] =
            (sim_store_fault){.first = failures[i].nth ? failures[i].nth : 1,
                              .count = failures[i].count,
                              .error = failures[i].error};
    sim_fail_joins(node, (uint32_t)part->joins_fail);
    if (part->buffer)
        sim_set_socket_buffer(node, part->buffer);
}

/* To the microsecond, as clocks are set. */
static void set_clocks(sim_node *node, int64_t offset, int64_t drift)
{
    if (offset)
        sim_set_clock_offset(node, offset / (int64_t)UFTP_US(1));
    if (drift)
        sim_set_drift(node, (int32_t)drift * 1000);
}

static bool add_receivers(sim_stage *stage, size_t kind, char *error)
{
    const sim_receiver_part *part =
        (const sim_receiver_part *)stage->scenario->receivers.items + kind;
    uftp_receiver_config config = {.key = stage->receiver_key,
                                   .key_log = stage->logs.receivers,
                                   .temp_directory = part->temp,
                                   .sync_to_disk = part->flush,
                                   .legacy_crypto = part->legacy};
    if (part->proxy)
        sim_stage_know_proxy(stage, kind, part, &config);
    const uint32_t block = common_block(stage->scenario);
    const sim_store_options store = {.temp = part->temp,
                                     .capacity = part->disk,
                                     .rate_bytes_per_s = part->disk_rate,
                                     .cache_bytes = part->disk_cache,
                                     .sync_time = part->disk_sync,
                                     .expected = stage->expected,
                                     .expected_count = block ? stage->expected_count : 0,
                                     .block_size = block};
    for (uint64_t i = 0; i < part->count; i++) {
        const char *name = numbered(stage, part->name, i, part->count);
        sim_node *node = sim_add_receiver(stage->world, name, &config, &store);
        stage->receivers[stage->receiver_count++] =
            (sim_stage_receiver){.part = part, .node = node};
        const sim_place place = sim_stage_place(stage, node);
        if (!sim_names_place(stage->names, &place, error))
            return false;
        set_clocks(node, part->clock_offset, part->drift);
        make_troubles(part, node);
        uint64_t start = part->start + i * part->start_apart;
        if (start) {
            sim_stop(node);
            sim_start_at(node, start);
        }
    }
    return true;
}

/* ---- senders ---- */

/* Closed membership: the list is filled once the receivers are there, before anything runs. */
static void fill_members(sim_stage *stage)
{
    for (size_t i = 0, at = stage->receiver_count; i < stage->proxy_count; i++) {
        const sim_stage_proxy *proxy = &stage->proxies[i];
        if (proxy->part->kind == UFTP_PROXY_SERVER)
            continue; /* it only relays */
        uftp_member *member = &stage->members[at++];
        *member = (uftp_member){.uid = sim_index(proxy->node) + 1,
                                .name = sim_name(proxy->node),
                                .is_proxy = true,
                                .has_fingerprint = true};
        sim_stage_proxy_fingerprint(stage, i, member->fingerprint);
    }
    for (size_t i = 0; i < stage->receiver_count; i++) {
        const sim_node *node = stage->receivers[i].node;
        uftp_member *member = &stage->members[i];
        *member = (uftp_member){.uid = sim_index(node) + 1, .name = sim_name(node)};
        if (!stage->receiver_key)
            continue;
        const uftp_bytes blob = uftp_key_blob(stage->receiver_key);
        member->has_fingerprint = true;
        uftp_fingerprint(blob.data, blob.len, member->fingerprint);
    }
}

/* A sender that speaks to one host alone: to the first receiver. */
static void aim(const sim_stage *stage)
{
    const sim_node *node = stage->receivers[0].node;
    const sim_nat *nat = sim_node_nat(node);
    uftp_address address = nat ? sim_nat_outer(nat) : sim_address(node, UFTP_IPV4);
    address.port = SIM_PORT;
    for (size_t i = 0; i < stage->sender_count; i++)
        if (stage->senders[i].part->unicast)
            sim_sender_aim(stage->senders[i].node, &address);
}

#define SESSION_OF(index) (0x5e550000u + (uint32_t)(index))

bool sim_stage_is_continued(const sim_stage *stage, const sim_stage_sender *sender)
{
    for (size_t i = 0; i < stage->sender_count; i++) {
        const char *name = stage->senders[i].part->continues;
        if (name && strcmp(name, sender->part->name) == 0)
            return true;
    }
    return false;
}

static uftp_sender_config sender_config(sim_stage *stage, size_t index)
{
    const sim_stage_sender *sender = &stage->senders[index];
    const sim_sender_part *part = sender->part;
    uint8_t instance;
    size_t first = (size_t)(first_of(stage, sender, &instance) - stage->senders);
    bool in_a_row = instance || sim_stage_is_continued(stage, sender);
    uftp_sender_config config = {.uid = instance ? (uint32_t)first + 1 : 0,
                                 .group = in_a_row ? SESSION_OF(first) : 0,
                                 .instance = instance,
                                 .rate_bytes_per_s = part->rate,
                                 .congestion_control = (uint8_t)part->congestion,
                                 .rate_min = part->rate_min,
                                 .rate_initial = part->rate_initial,
                                 .rate_max = part->rate_max,
                                 .version = (uint8_t)part->version,
                                 .block_size = (uint16_t)part->block,
                                 .robust = (uint8_t)part->robust,
                                 .grtt_initial = part->grtt,
                                 .grtt_min = part->grtt_min,
                                 .grtt_max = part->grtt_max,
                                 .passes_max = (uint16_t)part->passes,
                                 .plain = !part->cipher,
                                 .client_auth = part->client_auth,
                                 .key_exchange = (uftp_key_exchange)part->exchange,
                                 .sigtype = (uftp_sigtype)part->signature,
                                 .legacy_crypto = part->legacy,
                                 .cipher = (uftp_cipher)part->cipher,
                                 .hash = (uftp_hash)part->hash,
                                 .ecdh_curve = (uftp_curve)part->curve,
                                 .key = stage->sender_keys[index],
                                 .key_log = stage->logs.senders,
                                 .sync_mode = part->sync,
                                 .quit_on_error = part->quit_on_error,
                                 .operands = sender->paths,
                                 .operand_count = sender->path_count};
    if (part->closed) {
        config.members = stage->members;
        config.member_count = stage->member_count;
    }
    return config;
}

static bool add_sender(sim_stage *stage, const sim_sender_part *part, char *error)
{
    size_t index = stage->sender_count - stage->senders_left--;
    sim_stage_sender *sender = &stage->senders[index];
    const uftp_sender_config config = sender_config(stage, index);
    sender->node = sim_add_sender(stage->world, part->name, &config);
    put_files(sender);
    if (part->start) {
        sim_stop(sender->node);
        sim_start_at(sender->node, part->start);
    }
    set_clocks(sender->node, part->clock_offset, part->drift);
    sim_node_source(sender->node)->read_fail_at = part->read_fails;
    const sim_place place = sim_stage_place(stage, sender->node);
    return sim_names_place(stage->names, &place, error);
}

/* ---- life ---- */

static bool needs_keys(const sim_scenario *scenario)
{
    const sim_sender_part *senders = scenario->senders.items;
    for (size_t i = 0; i < scenario->senders.count; i++)
        if (senders[i].cipher)
            return true;
    return false;
}

/* With an RSA exchange of version 4 receivers sign with RSA, too. */
static int receivers_key(const sim_scenario *scenario)
{
    const sim_sender_part *senders = scenario->senders.items;
    for (size_t i = 0; i < scenario->senders.count; i++)
        if (senders[i].version == 4 && senders[i].cipher && senders[i].key < 0)
            return senders[i].key;
    return UFTP_CURVE_SECP256R1;
}

static bool names_differ(const sim_stage *stage, char *error)
{
    const sim_scenario *s = stage->scenario;
    const sim_sender_part *senders = s->senders.items;
    const sim_receiver_part *receivers = s->receivers.items;
    for (size_t i = 0; i < s->senders.count; i++) {
        for (size_t j = 0; j < i; j++)
            if (strcmp(senders[i].name, senders[j].name) == 0)
                return sim_yaml_refuse(senders[i].mark.at, error, "two senders are named '%s'",
                                       senders[i].name);
        bool found = !senders[i].continues;
        for (size_t j = 0; j < i && !found; j++)
            found = strcmp(senders[i].continues, senders[j].name) == 0;
        if (!found)
            return sim_yaml_refuse(sim_yaml_find(senders[i].mark.at, "continues"), error,
                                   "no sender '%s' stands before this one", senders[i].continues);
        for (size_t j = 0; j < s->receivers.count; j++)
            if (strcmp(senders[i].name, receivers[j].name) == 0)
                return sim_yaml_refuse(senders[i].mark.at, error,
                                       "a sender and a receiver are named '%s'", senders[i].name);
    }
    const sim_proxy_part *proxies = s->proxies.items;
    for (size_t i = 0; i < s->proxies.count; i++) {
        bool taken = false;
        for (size_t j = 0; j < s->senders.count; j++)
            taken = taken || strcmp(proxies[i].name, senders[j].name) == 0;
        for (size_t j = 0; j < s->receivers.count; j++)
            taken = taken || strcmp(proxies[i].name, receivers[j].name) == 0;
        if (taken)
            return sim_yaml_refuse(proxies[i].mark.at, error,
                                   "a proxy and another node are named '%s'", proxies[i].name);
    }
    return true;
}

static bool fill(sim_stage *stage, char *error)
{
    const sim_scenario *s = stage->scenario;
    const sim_sender_part *senders = s->senders.items;
    for (size_t i = 0; i < s->senders.count; i++)
        if (!add_sender(stage, &senders[i], error))
            return false;
    for (size_t i = 0; i < s->proxies.count; i++)
        if (!sim_stage_add_proxy(stage, i, error))
            return false;
    sim_stage_connect_proxies(stage);
    if (stage->proxy_count > 0)
        sim_stage_watch_senders(stage);
    for (size_t i = 0; i < s->receivers.count; i++)
        if (!add_receivers(stage, i, error))
            return false;
    fill_members(stage);
    aim(stage);
    return sim_deeds_plan(stage, error);
}

static void prepare(sim_stage *stage)
{
    const sim_scenario *s = stage->scenario;
    const sim_sender_part *senders = s->senders.items;
    stage->sender_count = stage->senders_left = s->senders.count;
    stage->senders = sim_allocate(stage->sender_count * sizeof *stage->senders);
    stage->sender_keys = sim_allocate(stage->sender_count * sizeof *stage->sender_keys);
    stage->through_since = UFTP_NEVER;
    stage->proxy_count = s->proxies.count;
    stage->proxies = sim_allocate(s->proxies.count * sizeof *stage->proxies + 1);
    stage->receivers = sim_allocate(sim_scenario_receivers(s) * sizeof *stage->receivers);
    stage->member_count = (size_t)sim_scenario_receivers(s);
    const sim_proxy_part *proxies = s->proxies.items;
    for (size_t i = 0; i < s->proxies.count; i++)
        stage->member_count += proxies[i].kind != UFTP_PROXY_SERVER;
    stage->members = sim_allocate(stage->member_count * sizeof *stage->members);
    stage->servers = sim_allocate(s->receivers.count * s->senders.count * sizeof *stage->servers);
    stage->pins = sim_allocate(s->receivers.count * sizeof *stage->pins);
    for (size_t i = 0; i < stage->sender_count; i++) {
        stage->senders[i].part = &senders[i];
        name_files(stage, &stage->senders[i]);
        if (senders[i].cipher)
            stage->sender_keys[i] =
                sim_stage_make_key(stage, sim_stage_keep_text(stage, "key/%s", senders[i].name),
                                   senders[i].key ? senders[i].key : UFTP_CURVE_SECP256R1);
    }
    if (needs_keys(s)) /* one for all: only who they are differs */
        stage->receiver_key = sim_stage_make_key(stage, "key/receivers", receivers_key(s));
    expect_files(stage);
}

bool sim_stage_new(const sim_scenario *scenario, const sim_options *options,
                   const sim_stage_logs *logs, sim_stage *out, char error[SIM_YAML_ERROR_MAX])
{
    sim_stage *stage = out;
    *stage = (sim_stage){.scenario = scenario};
    if (logs)
        stage->logs = *logs;
    if (!names_differ(stage, error))
        return false;
    sim_memory_init(&stage->key_memory);
    stage->names = sim_names_new(scenario);
    sim_options o = *options;
    o.end = scenario->end;
    o.join_latency = scenario->join_latency;
    o.leave_latency = scenario->leave_latency;
    o.events_max = 1; /* whoever wants more has a tap */
    if (!sim_names_link(stage->names, &scenario->network, &stage->network, error)) {
        sim_names_free(stage->names);
        return false;
    }
    if (scenario->network.mark.at)
        o.link = &stage->network;
    stage->world = sim_new(&o);
    prepare(stage);
    if (sim_names_make(stage->names, stage->world, error) && fill(stage, error))
        return true;
    sim_stage_free(stage);
    return false;
}

void sim_stage_free(sim_stage *stage)
{
    sim_free(stage->world);
    for (size_t i = 0; i < stage->sender_count; i++) {
        uftp_key_free(stage->sender_keys[i]);
        sim_release(stage->senders[i].paths);
    }
    for (size_t i = 0; i < stage->proxy_count; i++)
        uftp_key_free(stage->proxies[i].key);
    uftp_key_free(stage->receiver_key);
    UFTP_ASSERT(stage->key_memory.live == 0);
    for (size_t i = 0; i < stage->block_count; i++)
        sim_release(stage->blocks[i]);
    sim_release(stage->blocks);
    sim_release(stage->senders);
    sim_release(stage->sender_keys);
    sim_release(stage->proxies);
    sim_release(stage->receivers);
    sim_release(stage->deeds);
    sim_release(stage->members);
    sim_release(stage->servers);
    sim_release(stage->pins);
    sim_release(stage->expected);
    sim_names_free(stage->names);
    *stage = (sim_stage){0};
}

/* ---- questions ---- */

sim_place sim_stage_place(const sim_stage *stage, sim_node *node)
{
    size_t index = sim_index(node);
    if (index < stage->sender_count) {
        const sim_sender_part *part = stage->senders[index].part;
        return (sim_place){.node = node,
                           .down = &part->down,
                           .up = &part->up,
                           .nat = part->nat,
                           .router = part->router,
                           .satellite_hub = true,
                           .at = part->mark.at};
    }
    index -= stage->sender_count;
    if (index < stage->proxy_count) {
        const sim_proxy_part *part = stage->proxies[index].part;
        return (sim_place){.node = node,
                           .down = &part->down,
                           .up = &part->up,
                           .nat = part->nat,
                           .router = part->router,
                           .at = part->mark.at};
    }
    const sim_receiver_part *part = stage->receivers[index - stage->proxy_count].part;
    return (sim_place){.node = node,
                       .down = &part->down,
                       .up = &part->up,
                       .nat = part->nat,
                       .router = part->router,
                       .satellite_site = !part->terrestrial,
                       .at = part->mark.at};
}

size_t sim_stage_receiver_of(const sim_stage *stage, const sim_node *node)
{
    size_t index = sim_index(node), others = stage->sender_count + stage->proxy_count;
    return index < others ? stage->receiver_count : index - others;
}

bool sim_stage_is_sender(const sim_stage *stage, const sim_node *node)
{
    return sim_index(node) < stage->sender_count;
}

const char *sim_stage_name(const sim_stage *stage, uint32_t index)
{
    size_t others = stage->sender_count + stage->proxy_count;
    return sim_name(index < stage->sender_count ? stage->senders[index].node
                    : index < others            ? stage->proxies[index - stage->sender_count].node
                                                : stage->receivers[index - others].node);
}

bool sim_stage_has_all(const sim_stage *stage, size_t receiver)
{
    sim_store *store = sim_node_store(stage->receivers[receiver].node);
    for (size_t s = 0; s < stage->sender_count; s++)
        for (size_t f = 0; f < stage->senders[s].path_count; f++) {
            const char *path = stage->senders[s].paths[f];
            sim_entry *sent = NULL;
            sim_tree_resolve(sim_node_source(stage->senders[s].node)->root, path, false, &sent);
            const sim_entry *got = sim_store_find(store, 0, path + strlen("/out/"));
            if (!sent || !got || got->type != UFTP_STAT_REGULAR ||
                !sim_content_equal(&sent->content, &got->content))
                return false;
        }
    return true;
}
