/* SPDX-License-Identifier: MIT */
#include "run/scenario.h"

#include "engine/memory_store.h"
#include "models/nat.h"
#include "models/satellite.h"
#include <uftp/event.h>
#include <uftp/key.h>
#include <uftp/proxy.h>

#include <string.h>

#define NODES_MAX 20000
#define DRIFT_MAX 100000 /* ppm: no clock is so bad */
#define SIZE_MAX_FILE (UINT64_C(1) << 42)

#define FIELD(type, label, kind_, member) \
    .name = label, .kind = SIM_FIELD_##kind_, .offset = offsetof(type, member)
#define SCHEMA(variable, type, label, table) \
    static const sim_schema variable = {.name = label, \
                                        .size = sizeof(type), \
                                        .fields = table, \
                                        .count = sizeof table / sizeof *table}

/* ---- the network ---- */

static const sim_field burst_fields[] = {
    {FIELD(sim_burst_part, "enter", SHARE, enter), .required = true, .min = 1},
    {FIELD(sim_burst_part, "leave", SHARE, leave), .required = true, .min = 1},
    {FIELD(sim_burst_part, "pass", SHARE, pass)},
    {FIELD(sim_burst_part, "good_loss", SHARE, good_loss)},
};
SCHEMA(burst_schema, sim_burst_part, "a burst", burst_fields);

static const sim_field link_fields[] = {
    {FIELD(sim_link_part, "loss", SHARE, loss)},
    {FIELD(sim_link_part, "loss_trace", TEXT, loss_trace)},
    {FIELD(sim_link_part, "loss_trace_start", COUNT, loss_trace_start)},
    {FIELD(sim_link_part, "loss_trace_once", FLAG, loss_trace_once)},
    {FIELD(sim_link_part, "burst", OBJECT, burst), .schema = &burst_schema},
    {FIELD(sim_link_part, "duplicate", SHARE, duplicate)},
    {FIELD(sim_link_part, "duplicate_gap", TIME, duplicate_gap)},
    {FIELD(sim_link_part, "corrupt", SHARE, corrupt)},
    {FIELD(sim_link_part, "corrupt_bits", COUNT, corrupt_bits), .min = 1, .max = 1000},
    {FIELD(sim_link_part, "hold", SHARE, hold)},
    {FIELD(sim_link_part, "hold_time", TIME, hold_time)},
    {FIELD(sim_link_part, "rate", RATE, rate), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_link_part, "queue", SIZE, queue), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_link_part, "mark", SIZE, mark_bytes), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_link_part, "overhead", SIZE, overhead), .max = 10000},
    {FIELD(sim_link_part, "delay", TIME, delay), .max = UFTP_S(3600)},
    {FIELD(sim_link_part, "jitter", TIME, jitter), .max = UFTP_S(3600)},
    {FIELD(sim_link_part, "reorder", FLAG, reorder)},
    {FIELD(sim_link_part, "mtu", SIZE, mtu), .min = 68, .max = 65535},
    {FIELD(sim_link_part, "mtu_drop", FLAG, mtu_drop)},
    {FIELD(sim_link_part, "fade", TEXT, fade)},
    {FIELD(sim_link_part, "carrier", TEXT, carrier)},
    {FIELD(sim_link_part, "channel", TEXT, channel)},
    {FIELD(sim_link_part, "orbit_pass", TIME, orbit_pass), .min = 1},
    {FIELD(sim_link_part, "orbit_min", TIME, orbit_min)},
    {FIELD(sim_link_part, "orbit_max", TIME, orbit_max)},
    {FIELD(sim_link_part, "orbit_gap", TIME, orbit_gap)},
};
SCHEMA(link_schema, sim_link_part, "a link", link_fields);

static const sim_field level_fields[] = {
    {FIELD(sim_level_part, "loss", SHARE, loss), .required = true},
    {FIELD(sim_level_part, "lasts", TIME, lasts), .required = true, .min = UFTP_MS(100)},
    {FIELD(sim_level_part, "worse", SHARE, worse)},
};
SCHEMA(level_schema, sim_level_part, "a level", level_fields);

static const sim_field span_fields[] = {
    {FIELD(sim_span_part, "from", TIME, from), .required = true},
    {FIELD(sim_span_part, "to", TIME, to), .required = true},
    {FIELD(sim_span_part, "loss", SHARE, loss), .required = true},
};
SCHEMA(span_schema, sim_span_part, "a span", span_fields);

static const sim_field fade_fields[] = {
    {FIELD(sim_fade_part, "name", TEXT, name), .required = true},
    {FIELD(sim_fade_part, "apart", SHARE, apart)},
    {FIELD(sim_fade_part, "levels", LIST, levels), .schema = &level_schema},
    {FIELD(sim_fade_part, "spans", LIST, spans), .schema = &span_schema},
};
SCHEMA(fade_schema, sim_fade_part, "a fade", fade_fields);

static const sim_field carrier_fields[] = {
    {FIELD(sim_carrier_part, "name", TEXT, name), .required = true},
    {FIELD(sim_carrier_part, "rate", RATE, rate), .required = true, .min = 1,
     .max = UINT64_C(1) << 40},
    {FIELD(sim_carrier_part, "queue", SIZE, queue), .min = 1, .max = UINT64_C(1) << 40},
};
SCHEMA(carrier_schema, sim_carrier_part, "a carrier", carrier_fields);

static const sim_field channel_fields[] = {
    {FIELD(sim_channel_part, "name", TEXT, name), .required = true},
    {FIELD(sim_channel_part, "rate", RATE, rate), .required = true, .min = 1,
     .max = UINT64_C(1) << 40},
    {FIELD(sim_channel_part, "queue", SIZE, queue), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_channel_part, "slot", TIME, slot), .min = 1, .max = UFTP_S(60)},
    {FIELD(sim_channel_part, "tries", COUNT, tries), .min = 1, .max = 1000},
    {FIELD(sim_channel_part, "feedback", TIME, feedback), .max = UFTP_S(60)},
    {FIELD(sim_channel_part, "backoff", TIME, backoff), .max = UFTP_S(600)},
};
SCHEMA(channel_schema, sim_channel_part, "a channel", channel_fields);

static const sim_choice behaviours[] = {{"endpoint-independent", SIM_NAT_ENDPOINT_INDEPENDENT},
                                        {"address", SIM_NAT_ADDRESS_DEPENDENT},
                                        {"address-and-port", SIM_NAT_ADDRESS_AND_PORT_DEPENDENT},
                                        {0}};
static const sim_field nat_fields[] = {
    {FIELD(sim_nat_part, "name", TEXT, name), .required = true},
    {FIELD(sim_nat_part, "mapping", CHOICE, mapping), .choices = behaviours},
    {FIELD(sim_nat_part, "filtering", CHOICE, filtering), .choices = behaviours},
    {FIELD(sim_nat_part, "timeout", TIME, timeout), .min = 1},
    {FIELD(sim_nat_part, "port_first", COUNT, port_first), .min = 1, .max = 65535},
    {FIELD(sim_nat_part, "ports", COUNT, ports), .min = 1, .max = 65535},
    {FIELD(sim_nat_part, "ports_drawn", FLAG, ports_drawn)},
    {FIELD(sim_nat_part, "refresh_inbound", FLAG, refresh_inbound)},
    {FIELD(sim_nat_part, "hairpin", FLAG, hairpin)},
    {FIELD(sim_nat_part, "expose", FLAG, expose)},
    {FIELD(sim_nat_part, "multicast_blocked", FLAG, multicast_blocked)},
};
SCHEMA(nat_schema, sim_nat_part, "a nat", nat_fields);

static const sim_field router_fields[] = {
    {FIELD(sim_router_part, "name", TEXT, name), .required = true},
    {FIELD(sim_router_part, "parent", TEXT, parent)},
    {FIELD(sim_router_part, "down", OBJECT, down), .schema = &link_schema},
    {FIELD(sim_router_part, "up", OBJECT, up), .schema = &link_schema},
};
SCHEMA(router_schema, sim_router_part, "a router", router_fields);

static const sim_choice accesses[] = {{"assigned", SIM_SATELLITE_ASSIGNED},
                                      {"slotted-aloha", SIM_SATELLITE_SLOTTED},
                                      {"aloha", SIM_SATELLITE_PURE},
                                      {0}};
static const sim_field satellite_fields[] = {
    {FIELD(sim_satellite_part, "forward", RATE, forward), .required = true, .min = 10,
     .max = UINT64_C(1) << 40},
    {FIELD(sim_satellite_part, "return", RATE, back), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_satellite_part, "queue", SIZE, queue), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_satellite_part, "return_queue", SIZE, return_queue), .min = 1,
     .max = UINT64_C(1) << 40},
    {FIELD(sim_satellite_part, "overhead", SIZE, overhead), .max = 10000},
    {FIELD(sim_satellite_part, "slot", TIME, slot), .min = 1, .max = UFTP_S(60)},
    {FIELD(sim_satellite_part, "tries", COUNT, tries), .min = 1, .max = 1000},
    {FIELD(sim_satellite_part, "backoff", TIME, backoff), .min = 1, .max = UFTP_S(600)},
    {FIELD(sim_satellite_part, "delay_min", TIME, delay_min), .min = 1, .max = UFTP_S(60)},
    {FIELD(sim_satellite_part, "delay_max", TIME, delay_max), .min = 1, .max = UFTP_S(60)},
    {FIELD(sim_satellite_part, "access", CHOICE, access), .choices = accesses},
};
SCHEMA(satellite_schema, sim_satellite_part, "the satellite", satellite_fields);

/* ---- the nodes ---- */

static const sim_field file_fields[] = {
    {FIELD(sim_file_part, "name", TEXT, name), .required = true},
    {FIELD(sim_file_part, "count", COUNT, count), .min = 1, .max = 10000},
    {FIELD(sim_file_part, "size", SIZE, size), .required = true, .max = SIZE_MAX_FILE},
};
SCHEMA(file_schema, sim_file_part, "a file", file_fields);

static const sim_choice ciphers[] = {{"none", 0},
                                     {"aes128-gcm", UFTP_CIPHER_AES128_GCM},
                                     {"aes256-gcm", UFTP_CIPHER_AES256_GCM},
                                     {"aes128-ccm", UFTP_CIPHER_AES128_CCM},
                                     {"aes256-ccm", UFTP_CIPHER_AES256_CCM},
                                     {"des-cbc", UFTP_CIPHER_DES_CBC},
                                     {"3des-cbc", UFTP_CIPHER_3DES_CBC},
                                     {"aes128-cbc", UFTP_CIPHER_AES128_CBC},
                                     {"aes256-cbc", UFTP_CIPHER_AES256_CBC},
                                     {0}};
static const sim_choice hashes[] = {{"sha256", UFTP_HASH_SHA256},
                                    {"sha384", UFTP_HASH_SHA384},
                                    {"sha512", UFTP_HASH_SHA512},
                                    {"sha1", UFTP_HASH_SHA1},
                                    {0}};
static const sim_choice exchanges[] = {{"rsa", UFTP_KEY_EXCHANGE_RSA},
                                       {"ecdh-rsa", UFTP_KEY_EXCHANGE_ECDH_RSA},
                                       {"ecdh-ecdsa", UFTP_KEY_EXCHANGE_ECDH_ECDSA},
                                       {0}};
static const sim_choice signatures[] = {
    {"hmac", UFTP_SIGTYPE_HMAC}, {"keyex", UFTP_SIGTYPE_KEYEX}, {0}};
static const sim_choice curves[] = {{"secp256r1", UFTP_CURVE_SECP256R1},
                                    {"secp384r1", UFTP_CURVE_SECP384R1},
                                    {"secp521r1", UFTP_CURVE_SECP521R1},
                                    {0}};
static const sim_choice keys[] = {{"ec:secp256r1", UFTP_CURVE_SECP256R1},
                                  {"ec:secp384r1", UFTP_CURVE_SECP384R1},
                                  {"ec:secp521r1", UFTP_CURVE_SECP521R1},
                                  {"rsa:2048", -2048},
                                  {0}};
static const sim_choice congestions[] = {{"none", UFTP_CC_NONE}, {"tfmcc", UFTP_CC_TFMCC}, {0}};
static const sim_choice versions[] = {{"5", 5}, {"4", 4}, {0}};
static const sim_field sender_fields[] = {
    {FIELD(sim_sender_part, "name", TEXT, name)},
    {FIELD(sim_sender_part, "start", TIME, start)},
    {FIELD(sim_sender_part, "rate", RATE, rate), .min = 1},
    {FIELD(sim_sender_part, "congestion", CHOICE, congestion), .choices = congestions},
    {FIELD(sim_sender_part, "rate_min", RATE, rate_min), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_sender_part, "rate_initial", RATE, rate_initial), .min = 1,
     .max = UINT64_C(1) << 40},
    {FIELD(sim_sender_part, "rate_max", RATE, rate_max), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_sender_part, "version", CHOICE, version), .choices = versions},
    {FIELD(sim_sender_part, "block", SIZE, block), .min = 64, .max = 8800},
    {FIELD(sim_sender_part, "robust", COUNT, robust), .min = 2, .max = 50},
    {FIELD(sim_sender_part, "grtt", TIME, grtt), .min = UFTP_MS(1), .max = UFTP_S(1000)},
    {FIELD(sim_sender_part, "grtt_min", TIME, grtt_min), .min = UFTP_MS(1), .max = UFTP_S(1000)},
    {FIELD(sim_sender_part, "grtt_max", TIME, grtt_max), .min = UFTP_MS(1), .max = UFTP_S(1000)},
    {FIELD(sim_sender_part, "passes", COUNT, passes), .min = 1, .max = 65535},
    {FIELD(sim_sender_part, "cipher", CHOICE, cipher), .choices = ciphers},
    {FIELD(sim_sender_part, "hash", CHOICE, hash), .choices = hashes},
    {FIELD(sim_sender_part, "curve", CHOICE, curve), .choices = curves},
    {FIELD(sim_sender_part, "key", CHOICE, key), .choices = keys},
    {FIELD(sim_sender_part, "exchange", CHOICE, exchange), .choices = exchanges},
    {FIELD(sim_sender_part, "signature", CHOICE, signature), .choices = signatures},
    {FIELD(sim_sender_part, "legacy", FLAG, legacy)},
    {FIELD(sim_sender_part, "continues", TEXT, continues)},
    {FIELD(sim_sender_part, "read_fails", COUNT, read_fails), .min = 1},
    {FIELD(sim_sender_part, "clock_offset", OFFSET, clock_offset), .max = UFTP_S(86400) * 365},
    {FIELD(sim_sender_part, "drift", DRIFT, drift), .max = DRIFT_MAX},
    {FIELD(sim_sender_part, "client_auth", FLAG, client_auth)},
    {FIELD(sim_sender_part, "closed", FLAG, closed)},
    {FIELD(sim_sender_part, "sync", FLAG, sync)},
    {FIELD(sim_sender_part, "quit_on_error", FLAG, quit_on_error)},
    {FIELD(sim_sender_part, "unicast", FLAG, unicast)},
    {FIELD(sim_sender_part, "nat", TEXT, nat)},
    {FIELD(sim_sender_part, "router", TEXT, router)},
    {FIELD(sim_sender_part, "up", OBJECT, up), .schema = &link_schema},
    {FIELD(sim_sender_part, "down", OBJECT, down), .schema = &link_schema},
    {FIELD(sim_sender_part, "files", LIST, files), .schema = &file_schema, .required = true},
};
SCHEMA(sender_schema, sim_sender_part, "a sender", sender_fields);

static const sim_choice proxy_kinds[] = {{"server", UFTP_PROXY_SERVER},
                                         {"client", UFTP_PROXY_CLIENT},
                                         {"response", UFTP_PROXY_RESPONSE},
                                         {0}};
static const sim_field proxy_fields[] = {
    {FIELD(sim_proxy_part, "name", TEXT, name), .required = true},
    {FIELD(sim_proxy_part, "kind", CHOICE, kind), .required = true, .choices = proxy_kinds},
    {FIELD(sim_proxy_part, "upstream", TEXT, upstream)},
    {FIELD(sim_proxy_part, "heartbeat", TIME, heartbeat), .min = UFTP_MS(100), .max = UFTP_S(3600)},
    {FIELD(sim_proxy_part, "key", CHOICE, key), .choices = keys},
    {FIELD(sim_proxy_part, "pinned", FLAG, pinned)},
    {FIELD(sim_proxy_part, "nat", TEXT, nat)},
    {FIELD(sim_proxy_part, "router", TEXT, router)},
    {FIELD(sim_proxy_part, "down", OBJECT, down), .schema = &link_schema},
    {FIELD(sim_proxy_part, "up", OBJECT, up), .schema = &link_schema},
};
SCHEMA(proxy_schema, sim_proxy_part, "a proxy", proxy_fields);

static const sim_choice calls[] = {{"lookup", 1 + SIM_STORE_LOOKUP},
                                   {"create", 1 + SIM_STORE_CREATE},
                                   {"write", 1 + SIM_STORE_WRITE},
                                   {"sync", 1 + SIM_STORE_SYNC},
                                   {"commit", 1 + SIM_STORE_COMMIT},
                                   {"mkdir", 1 + SIM_STORE_MKDIR},
                                   {"move", 1 + SIM_STORE_MOVE},
                                   {"remove", 1 + SIM_STORE_REMOVE},
                                   {"resume-save", 1 + SIM_STORE_RESUME_SAVE},
                                   {"resume-load", 1 + SIM_STORE_RESUME_LOAD},
                                   {0}};
static const sim_choice errors[] = {
    {"io", UFTP_ERR_IO}, {"no-space", UFTP_ERR_NO_SPACE}, {"access", UFTP_ERR_ACCESS}, {0}};
static const sim_field failure_fields[] = {
    {FIELD(sim_failure_part, "call", CHOICE, call), .required = true, .choices = calls},
    {FIELD(sim_failure_part, "nth", COUNT, nth), .min = 1},
    {FIELD(sim_failure_part, "count", COUNT, count), .min = 1},
    {FIELD(sim_failure_part, "error", CHOICE, error), .choices = errors},
};
SCHEMA(failure_schema, sim_failure_part, "a failure", failure_fields);

static const sim_field receiver_fields[] = {
    {FIELD(sim_receiver_part, "name", TEXT, name)},
    {FIELD(sim_receiver_part, "count", COUNT, count), .min = 1, .max = NODES_MAX},
    {FIELD(sim_receiver_part, "start", TIME, start)},
    {FIELD(sim_receiver_part, "start_apart", TIME, start_apart)},
    {FIELD(sim_receiver_part, "expected", FLAG, expected)},
    {FIELD(sim_receiver_part, "terrestrial", FLAG, terrestrial)},
    {FIELD(sim_receiver_part, "temp", FLAG, temp)},
    {FIELD(sim_receiver_part, "disk", SIZE, disk), .min = 1},
    {FIELD(sim_receiver_part, "disk_rate", RATE, disk_rate), .min = 1, .max = UINT64_C(1) << 40},
    {FIELD(sim_receiver_part, "disk_cache", SIZE, disk_cache), .max = UINT64_C(1) << 40},
    {FIELD(sim_receiver_part, "disk_sync", TIME, disk_sync), .max = UFTP_S(60)},
    {FIELD(sim_receiver_part, "flush", FLAG, flush)},
    {FIELD(sim_receiver_part, "legacy", FLAG, legacy)},
    {FIELD(sim_receiver_part, "failures", LIST, failures), .schema = &failure_schema},
    {FIELD(sim_receiver_part, "joins_fail", COUNT, joins_fail), .max = 1000},
    {FIELD(sim_receiver_part, "clock_offset", OFFSET, clock_offset), .max = UFTP_S(86400) * 365},
    {FIELD(sim_receiver_part, "drift", DRIFT, drift), .max = DRIFT_MAX},
    {FIELD(sim_receiver_part, "buffer", SIZE, buffer), .min = 1, .max = UINT64_C(1) << 30},
    {FIELD(sim_receiver_part, "proxy", TEXT, proxy)},
    {FIELD(sim_receiver_part, "nat", TEXT, nat)},
    {FIELD(sim_receiver_part, "router", TEXT, router)},
    {FIELD(sim_receiver_part, "down", OBJECT, down), .schema = &link_schema},
    {FIELD(sim_receiver_part, "up", OBJECT, up), .schema = &link_schema},
};
SCHEMA(receiver_schema, sim_receiver_part, "a receiver", receiver_fields);

/* ---- the rest ---- */

static const sim_choice deeds[] = {{"crash", SIM_DEED_CRASH},
                                   {"power-failure", SIM_DEED_POWER},
                                   {"start", SIM_DEED_START},
                                   {"shutdown", SIM_DEED_SHUTDOWN},
                                   {"interrupt", SIM_DEED_INTERRUPT},
                                   {"freeze", SIM_DEED_FREEZE},
                                   {"rebind", SIM_DEED_REBIND},
                                   {"cut", SIM_DEED_CUT},
                                   {"line", SIM_DEED_LINE},
                                   {"clock-forward", SIM_DEED_CLOCK},
                                   {"clock-step", SIM_DEED_STEP},
                                   {"drift", SIM_DEED_DRIFT},
                                   {0}};
static const sim_field deed_fields[] = {
    {FIELD(sim_deed_part, "at", TIME, at), .required = true},
    {FIELD(sim_deed_part, "node", TEXT, node), .required = true},
    {FIELD(sim_deed_part, "do", CHOICE, deed), .required = true, .choices = deeds},
    {FIELD(sim_deed_part, "for", TIME, lasts)},
    {FIELD(sim_deed_part, "step", OFFSET, step), .max = UFTP_S(86400) * 365},
    {FIELD(sim_deed_part, "drift", DRIFT, drift), .max = DRIFT_MAX},
    {FIELD(sim_deed_part, "down", OBJECT, down), .schema = &link_schema},
    {FIELD(sim_deed_part, "up", OBJECT, up), .schema = &link_schema},
};
SCHEMA(deed_schema, sim_deed_part, "an event", deed_fields);

static const sim_choice results[] = {{"ok", UFTP_RESULT_OK},
                                     {"interrupted", UFTP_RESULT_INTERRUPTED},
                                     {"no-registration", UFTP_RESULT_NO_REGISTRATION},
                                     {"no-fileinfo", UFTP_RESULT_NO_FILEINFO},
                                     {"all-lost", UFTP_RESULT_ALL_LOST},
                                     {"nothing-sent", UFTP_RESULT_NOTHING_SENT},
                                     {"any", -1},
                                     {0}};
static const sim_field expect_fields[] = {
    {FIELD(sim_expect_part, "result", CHOICE, result), .choices = results},
    {FIELD(sim_expect_part, "complete", COUNT, complete)},
    {FIELD(sim_expect_part, "within", TIME, within)},
};
SCHEMA(expect_schema, sim_expect_part, "the expectation", expect_fields);

static const sim_field scenario_fields[] = {
    {FIELD(sim_scenario, "name", TEXT, name), .required = true},
    {FIELD(sim_scenario, "about", TEXT, about)},
    {FIELD(sim_scenario, "seed", COUNT, seed)},
    {FIELD(sim_scenario, "end", TIME, end), .min = 1},
    {FIELD(sim_scenario, "network", OBJECT, network), .schema = &link_schema},
    {FIELD(sim_scenario, "satellite", OBJECT, satellite), .schema = &satellite_schema},
    {FIELD(sim_scenario, "fades", LIST, fades), .schema = &fade_schema},
    {FIELD(sim_scenario, "carriers", LIST, carriers), .schema = &carrier_schema},
    {FIELD(sim_scenario, "channels", LIST, channels), .schema = &channel_schema},
    {FIELD(sim_scenario, "nats", LIST, nats), .schema = &nat_schema},
    {FIELD(sim_scenario, "routers", LIST, routers), .schema = &router_schema},
    {FIELD(sim_scenario, "join_latency", TIME, join_latency)},
    {FIELD(sim_scenario, "leave_latency", TIME, leave_latency)},
    {FIELD(sim_scenario, "trains", FLAG, trains)},
    {FIELD(sim_scenario, "sender", LIST, senders), .schema = &sender_schema, .required = true},
    {FIELD(sim_scenario, "proxies", LIST, proxies), .schema = &proxy_schema},
    {FIELD(sim_scenario, "receivers", LIST, receivers), .schema = &receiver_schema,
     .required = true},
    {FIELD(sim_scenario, "events", LIST, deeds), .schema = &deed_schema},
    {FIELD(sim_scenario, "expect", OBJECT, expect), .schema = &expect_schema},
};
SCHEMA(scenario_schema, sim_scenario, "a scenario", scenario_fields);
const sim_schema *const sim_scenario_keys = &scenario_schema;

/* ---- what no table can say ---- */

static bool given(const sim_mark *mark, const char *name)
{
    return sim_yaml_find(mark->at, name) != NULL;
}

static bool check_link(const sim_link_part *link, char *error)
{
    if (!link->mark.at)
        return true;
    if (link->queue && !link->rate)
        return sim_yaml_refuse(link->mark.at, error, "a queue needs a rate");
    if (link->reorder && !link->jitter)
        return sim_yaml_refuse(link->mark.at, error, "reorder needs a jitter");
    if ((link->mark_bytes || link->overhead) && !link->rate)
        return sim_yaml_refuse(link->mark.at, error, "mark and overhead need a rate");
    if ((link->loss_trace_start || link->loss_trace_once) && !link->loss_trace)
        return sim_yaml_refuse(link->mark.at, error, "there is no loss_trace");
    if (link->orbit_pass && (link->orbit_gap >= link->orbit_pass ||
                             link->orbit_min > link->orbit_max || !link->orbit_max))
        return sim_yaml_refuse(link->mark.at, error,
                               "an orbit needs orbit_min <= orbit_max and a gap below the pass");
    return true;
}

static bool check_crypto(const sim_sender_part *sender, char *error)
{
    const sim_yaml *at = sender->mark.at;
    bool cbc = sender->cipher && sender->cipher <= UFTP_CIPHER_AES256_CBC;
    bool broken =
        cbc || sender->hash == UFTP_HASH_SHA1 || sender->exchange == UFTP_KEY_EXCHANGE_RSA;
    if (!sender->cipher && (sender->client_auth || sender->key || sender->hash ||
                            sender->exchange || sender->signature))
        return sim_yaml_refuse(at, error, "keys, hashes and client_auth need a cipher");
    if (sender->version != 4 && (broken || sender->exchange || sender->signature || sender->legacy))
        return sim_yaml_refuse(at, error,
                               "exchange, signature, legacy, CBC and SHA-1 need version 4");
    if (broken && !sender->legacy)
        return sim_yaml_refuse(at, error, "CBC, SHA-1 and the RSA exchange need legacy");
    bool ec = sender->key >= 0, wants_ec = sender->exchange == UFTP_KEY_EXCHANGE_ECDH_ECDSA;
    if (sender->exchange && ec != wants_ec)
        return sim_yaml_refuse(at, error, "the exchange needs another key");
    if (sender->signature == UFTP_SIGTYPE_KEYEX && !cbc)
        return sim_yaml_refuse(at, error, "the signature keyex needs a CBC cipher");
    return true;
}

static bool check_senders(sim_scenario *s, char *error)
{
    sim_sender_part *senders = s->senders.items;
    if (s->senders.count == 0)
        return sim_yaml_refuse(s->mark.at, error, "a scenario needs a sender");
    for (size_t i = 0; i < s->senders.count; i++) {
        sim_sender_part *sender = &senders[i];
        if (!sender->name && i > 0)
            return sim_yaml_refuse(sender->mark.at, error, "a second sender needs a name");
        if (!sender->name)
            sender->name = "hub";
        if (!given(&sender->mark, "rate"))
            sender->rate = 1000000;
        if (sender->files.count == 0)
            return sim_yaml_refuse(sender->mark.at, error, "a sender needs files");
        if (sender->congestion == UFTP_CC_NONE &&
            (sender->rate_min || sender->rate_initial || sender->rate_max))
            return sim_yaml_refuse(sender->mark.at, error,
                                   "rate_min, rate_initial and rate_max need congestion control");
        if ((sender->rate_min && sender->rate_initial && sender->rate_min > sender->rate_initial) ||
            (sender->rate_min && sender->rate_max && sender->rate_min > sender->rate_max) ||
            (sender->rate_initial && sender->rate_max && sender->rate_initial > sender->rate_max))
            return sim_yaml_refuse(sender->mark.at, error,
                                   "rate_min <= rate_initial <= rate_max is not so");
        if (!check_crypto(sender, error))
            return false;
        sim_file_part *files = sender->files.items;
        for (size_t f = 0; f < sender->files.count; f++)
            if (!files[f].count)
                files[f].count = 1;
        if (!check_link(&sender->up, error) || !check_link(&sender->down, error))
            return false;
    }
    return true;
}

static const sim_proxy_part *find_proxy(const sim_scenario *s, const char *name)
{
    const sim_proxy_part *proxies = s->proxies.items;
    for (size_t i = 0; i < s->proxies.count; i++)
        if (strcmp(proxies[i].name, name) == 0)
            return &proxies[i];
    return NULL;
}

static bool check_upstream(const sim_scenario *s, const sim_proxy_part *proxy, char *error)
{
    const sim_yaml *at = sim_yaml_find(proxy->mark.at, "upstream");
    if (proxy->kind == UFTP_PROXY_CLIENT && !at)
        return sim_yaml_refuse(proxy->mark.at, error, "a client proxy needs an upstream");
    if (proxy->kind == UFTP_PROXY_RESPONSE && at)
        return sim_yaml_refuse(at, error, "a response proxy hears the sender itself");
    if (!at)
        return proxy->heartbeat == 0 || sim_yaml_refuse(sim_yaml_find(proxy->mark.at, "heartbeat"),
                                                        error, "heartbeats go to an upstream");
    const sim_proxy_part *upstream = find_proxy(s, proxy->upstream);
    if (!upstream || upstream->kind != UFTP_PROXY_SERVER || upstream == proxy)
        return sim_yaml_refuse(at, error, "no other server proxy is named '%s'", proxy->upstream);
    if (upstream->nat)
        return sim_yaml_refuse(at, error, "'%s' is behind a nat", proxy->upstream);
    if (proxy->nat && !proxy->heartbeat)
        return sim_yaml_refuse(proxy->mark.at, error, "behind a nat it needs a heartbeat");
    return true;
}

static bool relays(const sim_scenario *s, const sim_proxy_part *server)
{
    const sim_proxy_part *proxies = s->proxies.items;
    for (size_t i = 0; i < s->proxies.count; i++)
        if (proxies[i].upstream && strcmp(proxies[i].upstream, server->name) == 0)
            return true;
    return false;
}

static bool check_proxies(sim_scenario *s, char *error)
{
    const sim_proxy_part *proxies = s->proxies.items;
    const sim_receiver_part *receivers = s->receivers.items;
    for (size_t i = 0; i < s->proxies.count; i++) {
        const sim_proxy_part *proxy = &proxies[i];
        if (find_proxy(s, proxy->name) != proxy)
            return sim_yaml_refuse(proxy->mark.at, error, "two proxies are named '%s'",
                                   proxy->name);
        if (!check_upstream(s, proxy, error))
            return false;
        if (proxy->kind == UFTP_PROXY_SERVER && !relays(s, proxy))
            return sim_yaml_refuse(proxy->mark.at, error, "'%s' is the upstream of no proxy",
                                   proxy->name);
        if (!check_link(&proxy->up, error) || !check_link(&proxy->down, error))
            return false;
    }
    for (size_t i = 0; i < s->receivers.count; i++) {
        const char *name = receivers[i].proxy;
        const sim_proxy_part *proxy = name ? find_proxy(s, name) : NULL;
        if (name && (!proxy || proxy->kind == UFTP_PROXY_SERVER))
            return sim_yaml_refuse(sim_yaml_find(receivers[i].mark.at, "proxy"), error,
                                   "no client or response proxy is named '%s'", name);
    }
    return true;
}

static bool check_receivers(sim_scenario *s, char *error)
{
    sim_receiver_part *receivers = s->receivers.items;
    for (size_t i = 0; i < s->receivers.count; i++) {
        sim_receiver_part *receiver = &receivers[i];
        if (!receiver->name)
            receiver->name = "plant";
        if (!receiver->count)
            receiver->count = 1;
        if (!given(&receiver->mark, "expected"))
            receiver->expected = true;
        for (size_t before = 0; before < i; before++)
            if (strcmp(receivers[before].name, receiver->name) == 0)
                return sim_yaml_refuse(receiver->mark.at, error,
                                       "there are receivers named '%s' before", receiver->name);
        if (!check_link(&receiver->down, error) || !check_link(&receiver->up, error))
            return false;
    }
    uint64_t count = sim_scenario_receivers(s);
    if (count == 0 || count > NODES_MAX)
        return sim_yaml_refuse(s->mark.at, error, "a scenario has 1 to %d receivers", NODES_MAX);
    return true;
}

uint64_t sim_scenario_receivers(const sim_scenario *scenario)
{
    const sim_receiver_part *receivers = scenario->receivers.items;
    uint64_t count = 0;
    for (size_t i = 0; i < scenario->receivers.count; i++)
        count += receivers[i].count;
    return count;
}

static bool check_rest(sim_scenario *s, char *error)
{
    if (!s->end)
        s->end = UFTP_S(24 * 3600);
    if (s->satellite.mark.at && s->satellite.delay_max &&
        s->satellite.delay_min > s->satellite.delay_max)
        return sim_yaml_refuse(s->satellite.mark.at, error, "delay_min is above delay_max");
    if (!s->expect.mark.at || !given(&s->expect.mark, "complete")) {
        const sim_receiver_part *receivers = s->receivers.items;
        for (size_t i = 0; i < s->receivers.count; i++)
            s->expect.complete += receivers[i].expected ? receivers[i].count : 0;
    }
    const sim_deed_part *events = s->deeds.items;
    for (size_t i = 0; i < s->deeds.count; i++)
        if (!check_link(&events[i].down, error) || !check_link(&events[i].up, error))
            return false;
    return check_link(&s->network, error);
}

bool sim_scenario_from_tree(sim_yaml *tree, sim_scenario *out, char error[SIM_YAML_ERROR_MAX])
{
    *out = (sim_scenario){.tree = tree};
    if (sim_schema_read(&scenario_schema, tree, out, error) && check_senders(out, error) &&
        check_receivers(out, error) && check_proxies(out, error) && check_rest(out, error))
        return true;
    sim_scenario_free(out);
    return false;
}

bool sim_scenario_read(const char *path, const char *const *sets, size_t set_count,
                       sim_scenario *out, char error[SIM_YAML_ERROR_MAX])
{
    sim_yaml *tree = sim_yaml_read(path, path, error);
    if (!tree)
        return false;
    for (size_t i = 0; i < set_count; i++)
        if (!sim_yaml_set(tree, sets[i], error)) {
            sim_yaml_free(tree);
            return false;
        }
    return sim_scenario_from_tree(tree, out, error);
}

void sim_scenario_free(sim_scenario *scenario)
{
    sim_schema_free(&scenario_schema, scenario);
    sim_yaml_free(scenario->tree);
    *scenario = (sim_scenario){0};
}
