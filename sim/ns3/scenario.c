/* SPDX-License-Identifier: MIT */
#include "scenario.h"

#include "base/assert.h"
#include "engine/random.h"

#include <stdio.h>

static uint64_t or_default(uint64_t given, uint64_t otherwise)
{
    return given ? given : otherwise;
}

void ns3_scenario_complete(ns3_scenario *s)
{
    s->receivers = (uint32_t)or_default(s->receivers, 20);
    s->file_size = or_default(s->file_size, 1000000);
    s->rate_bytes_per_s = or_default(s->rate_bytes_per_s, 1000000);
    s->carrier_bytes_per_s =
        or_default(s->carrier_bytes_per_s, s->rate_bytes_per_s + s->rate_bytes_per_s / 4);
    s->return_bytes_per_s = or_default(s->return_bytes_per_s, 32000);
    s->queue_bytes = or_default(s->queue_bytes, 256 * 1024);
    if (s->delay_max == 0) {
        s->delay_min = UFTP_MS(240);
        s->delay_max = UFTP_MS(280);
    }
    s->seed = (uint32_t)or_default(s->seed, 1);
    s->run = (uint32_t)or_default(s->run, 1);
    s->limit = or_default(s->limit, UFTP_S(3600));
}

const char *ns3_scenario_check(const ns3_scenario *s)
{
    if (s->receivers == 0 || s->receivers > NS3_RECEIVERS_MAX)
        return "between 1 and 200 receivers are possible";
    if (s->stack && s->receivers > NS3_STACK_RECEIVERS_MAX)
        return "between 1 and 100 receivers are possible behind the Internet stack";
    if (!s->stack && s->queue != NS3_QUEUE_DROP_TAIL)
        return "a queue discipline needs the Internet stack";
    if (s->rate_bytes_per_s == 0 || s->carrier_bytes_per_s == 0 || s->return_bytes_per_s == 0)
        return "a rate is at least one byte per second";
    if (s->delay_min > s->delay_max || s->delay_max > NS3_DELAY_MAX)
        return "delays rise and are at most 10 s";
    if (s->loss_ppm_min > s->loss_ppm_max || s->loss_ppm_max > 1000000)
        return "losses rise and are at most everything";
    if (s->queue_bytes < UFTP_DATAGRAM_MAX || s->queue_bytes > UINT32_MAX)
        return "a queue holds at least one datagram and less than 4 GiB";
    if (s->seed == 0 || s->seed > NS3_SEED_MAX || s->run == 0)
        return "seed and run begin with 1, and a seed is at most 1000000000";
    return NULL;
}

/* One of the receiver's lots between two bounds: a stream for each, so that another receiver more
 * changes nobody's. */
static uint64_t lot(const ns3_scenario *s, const char *what, uint32_t receiver, uint64_t min,
                    uint64_t max)
{
    char name[64];
    snprintf(name, sizeof name, "%s/%u", what, (unsigned)receiver);
    sim_random random;
    sim_random_init(&random, s->seed, name);
    return min + sim_random_below(&random, max - min + 1);
}

uint64_t ns3_scenario_delay(const ns3_scenario *s, uint32_t receiver)
{
    if (s->stack) /* they share the terminal */
        return s->delay_min + (s->delay_max - s->delay_min) / 2;
    return lot(s, "delay", receiver, s->delay_min, s->delay_max);
}

uint32_t ns3_scenario_loss_ppm(const ns3_scenario *s, uint32_t receiver)
{
    return (uint32_t)lot(s, "loss", receiver, s->loss_ppm_min, s->loss_ppm_max);
}

uint64_t ns3_scenario_luck(const ns3_scenario *s)
{
    return sim_mix((uint64_t)s->seed << 32 | s->run);
}

void ns3_scenario_name(uint32_t receiver, char out[NS3_NAME_MAX])
{
    UFTP_ASSERT(receiver < NS3_RECEIVERS_MAX);
    snprintf(out, NS3_NAME_MAX, "plant-%u", (unsigned)receiver);
}

bool ns3_outcome_good(const ns3_scenario *scenario, const ns3_outcome *outcome)
{
    return outcome->ended && outcome->result == UFTP_RESULT_OK &&
           outcome->identical == scenario->receivers;
}

static void make_key(ns3_cast *cast, const ns3_scenario *s)
{
    sim_random random;
    sim_random_init(&random, s->seed, "key");
    const uftp_key_spec spec = {.type = UFTP_KEY_EC, .curve = UFTP_CURVE_SECP256R1};
    int err = uftp_key_generate(&cast->memory.core, &random.core, &spec, &cast->key);
    UFTP_ASSERT(err == UFTP_OK);
}

void ns3_cast_init(ns3_cast *cast, const ns3_scenario *s)
{
    static const char *const operands[] = {"/" NS3_FILE};
    *cast = (ns3_cast){.expected = {.size = s->file_size, .seed = s->seed}};
    sim_memory_init(&cast->memory);
    if (!s->plain)
        make_key(cast, s);
    /* The sender names its receivers: who does not answer is missed instead of overlooked, and the
     * announcements end when all have. */
    cast->members = sim_allocate(s->receivers * sizeof *cast->members);
    for (uint32_t i = 0; i < s->receivers; i++)
        cast->members[i] = (uftp_member){.uid = i + 2};
    cast->sender =
        (uftp_sender_config){.uid = 1,
                             .public_address = uftp_address_ipv4(230, 4, 4, 1, NS3_PORT),
                             .private_address = uftp_address_ipv4(230, 5, 5, 1, NS3_PORT),
                             .rate_bytes_per_s = s->rate_bytes_per_s,
                             .plain = s->plain,
                             .key = cast->key,
                             .members = cast->members,
                             .member_count = s->receivers,
                             .operands = operands,
                             .operand_count = 1};
    cast->receiver = (uftp_receiver_config){.key = cast->key, .encrypted_only = !s->plain};
    cast->store = (sim_store_options){.expected = &cast->expected, .expected_count = 1};
}

void ns3_cast_free(ns3_cast *cast)
{
    uftp_key_free(cast->key);
    sim_release(cast->members);
    UFTP_ASSERT(cast->memory.live == 0);
}
