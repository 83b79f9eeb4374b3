/* SPDX-License-Identifier: MIT
 *
 * The names of a scenario's numbers, how they are read and written, and what follows from them.
 */
#include "swarm/scenario.h"

#include <uftp/key.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint64_t plain;
    const char *text;
} fields[] = {
#define SWARM_ROW(name, plain, text) {#name, plain, text},
    SWARM_FIELDS(SWARM_ROW)
#undef SWARM_ROW
};

const char *swarm_field_name(swarm_field field)
{
    return fields[field].name;
}

const char *swarm_field_text(swarm_field field)
{
    return fields[field].text;
}

uint64_t swarm_field_plain(swarm_field field)
{
    return fields[field].plain;
}

/* ---- text ---- */

static bool read_number(const char *text, size_t len, uint64_t *out)
{
    char copy[24], *end;
    if (len == 0 || len >= sizeof copy || text[0] < '0' || text[0] > '9')
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    *out = strtoull(copy, &end, 10);
    return *end == '\0';
}

static bool set_drop(swarm_scenario *scenario, const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len);
    uint64_t nth;
    if (!colon || scenario->drop_count == SWARM_DROPS_MAX)
        return false;
    size_t place_len = (size_t)(colon - text);
    swarm_drop *drop = &scenario->drops[scenario->drop_count];
    if (place_len >= sizeof drop->place || !read_number(colon + 1, len - place_len - 1, &nth) ||
        nth == 0 || nth > UINT32_MAX)
        return false;
    *drop = (swarm_drop){.nth = (uint32_t)nth};
    memcpy(drop->place, text, place_len);
    scenario->drop_count++;
    return true;
}

static bool set_one(swarm_scenario *scenario, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    if (!equals)
        return false;
    size_t name_len = (size_t)(equals - text), value_len = len - name_len - 1;
    if (name_len == 4 && memcmp(text, "drop", 4) == 0)
        return set_drop(scenario, equals + 1, value_len);
    for (size_t i = 0; i < SWARM_FIELD_COUNT; i++)
        if (strlen(fields[i].name) == name_len && memcmp(fields[i].name, text, name_len) == 0)
            return read_number(equals + 1, value_len, &scenario->value[i]);
    return false;
}

bool swarm_set(swarm_scenario *scenario, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, ",");
        if (!set_one(scenario, text, len))
            return false;
        text += len + (text[len] == ',');
    }
    return true;
}

void swarm_print(const swarm_scenario *scenario, const swarm_scenario *from, FILE *out)
{
    const char *comma = "";
    for (size_t i = 0; i < SWARM_FIELD_COUNT; i++)
        if (!from || scenario->value[i] != from->value[i]) {
            fprintf(out, "%s%s=%" PRIu64, comma, fields[i].name, scenario->value[i]);
            comma = ",";
        }
    for (size_t i = 0; i < scenario->drop_count; i++) {
        fprintf(out, "%sdrop=%s:%" PRIu32, comma, scenario->drops[i].place, scenario->drops[i].nth);
        comma = ",";
    }
}

/* ---- what follows ---- */

static void limit(uint64_t *value, uint64_t low, uint64_t high)
{
    if (*value < low)
        *value = low;
    if (*value > high)
        *value = high;
}

#define LIMIT(field, low, high) limit(&swarm_get(s, field), low, high)

/* What a sender refuses to be created with. */
static void normalise_crypto(swarm_scenario *s)
{
    bool encrypted = swarm_get(s, cipher) != 0, four = swarm_get(s, version) == 4;
    swarm_get(s, version) = four ? 4 : 5;
    if (encrypted)
        LIMIT(cipher, four ? UFTP_CIPHER_DES_CBC : UFTP_CIPHER_AES128_GCM, UFTP_CIPHER_AES256_CCM);
    LIMIT(hash, encrypted && four ? UFTP_HASH_SHA1 : UFTP_HASH_SHA256, UFTP_HASH_SHA512);
    LIMIT(curve, UFTP_CURVE_SECP256R1, UFTP_CURVE_SECP521R1);
    LIMIT(rsa, 0, encrypted);
    LIMIT(exchange, 0, encrypted && four);
    LIMIT(signature, 0, encrypted && four && swarm_get(s, cipher) <= UFTP_CIPHER_AES256_CBC);
    if (swarm_get(s, exchange))
        swarm_get(s, rsa) = 1;
    if (swarm_get(s, signature)) { /* one on each packet */
        swarm_get(s, client_auth) = 1;
        LIMIT(block_size, 512, 8000);
    }
}

static void normalise_rates(swarm_scenario *s)
{
    LIMIT(congestion, 0, 1);
    if (!swarm_get(s, congestion))
        return;
    swarm_get(s, time_max) = 0;
    if (swarm_get(s, rate_max))
        LIMIT(rate_max, 10000, UINT64_C(1000000000));
    uint64_t most = swarm_get(s, rate_max) ? swarm_get(s, rate_max) : UINT64_MAX;
    if (swarm_get(s, rate_initial))
        LIMIT(rate_initial, 2000, most);
    LIMIT(rate_min, 0, swarm_get(s, rate_initial) ? swarm_get(s, rate_initial) : most);
}

/* No file, or an unbelievable wait, would prove nothing; a sender is not created with limits that
 * contradict each other. */
void swarm_normalise(swarm_scenario *s)
{
    LIMIT(receivers, 1, SWARM_RECEIVERS_MAX);
    LIMIT(senders, 1, SWARM_SENDERS_MAX);
    LIMIT(block_size, 512, 8800);
    LIMIT(robust, 1, 255);
    LIMIT(grtt_min, 1, 15000);
    LIMIT(grtt_max, swarm_get(s, grtt_min), 15000);
    LIMIT(grtt_initial, swarm_get(s, grtt_min), swarm_get(s, grtt_max));
    LIMIT(passes_max, 0, 65535);
    LIMIT(nak_percent, 0, 100);
    LIMIT(room, UFTP_DATAGRAM_MAX, UFTP_TRAIN_BYTES_MAX);
    LIMIT(rate, swarm_get(s, rate) ? 2000 : 0, UINT64_C(1000000000));
    LIMIT(drift, 0, 100000);
    LIMIT(drift_hub, 0, 100000);
    LIMIT(store_op, 0, 11);
    normalise_crypto(s);
    normalise_rates(s);
    LIMIT(mtu, swarm_get(s, mtu) ? 100 : 0, 65535);
    if (swarm_get(s, satellite) || swarm_get(s, routers))
        swarm_get(s, nat) = 0;
    LIMIT(satellite, 0, 3);
    if (swarm_get(s, satellite)) /* a way of its own */
        swarm_get(s, routers) = swarm_get(s, bottleneck) = 0;
    LIMIT(nat_ports, 0, 60000);
    if (swarm_get(s, unicast)) {
        swarm_get(s, receivers) = 1;
        swarm_get(s, nat) = 0;
    }
    if (swarm_get(s, ipv6))
        swarm_get(s, nat) = 0;
    if (swarm_get(s, cipher) == 0)
        swarm_get(s, corrupt) = 0; /* nothing would notice, and nothing could */
    LIMIT(proxies, 0, swarm_get(s, version) == 5);
    if (swarm_get(s, proxies)) { /* IPv4 multicast to the server proxy, a NAT around the others */
        swarm_get(s, unicast) = swarm_get(s, ipv6) = swarm_get(s, routers) = 0;
        swarm_get(s, satellite) = swarm_get(s, resume) = swarm_get(s, closed) = 0;
        swarm_get(s, replay) = swarm_get(s, corrupt) = 0;
        swarm_get(s, nat) = 2;
    }
    if (!swarm_get(s, proxies))
        swarm_get(s, loss_tunnel) = 0;
}
#undef LIMIT

static uint64_t largest(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* With congestion control, what is left of it when much is lost; else as it was wished for. */
#define CONGESTED_RATE 4000

static uint64_t rate_of(const swarm_scenario *s)
{
    if (swarm_get(s, congestion))
        return largest(CONGESTED_RATE, swarm_get(s, rate_min));
    return swarm_get(s, rate);
}

static uint64_t round_trip(const swarm_scenario *s)
{
    /* Up and down again, and what waits for the way back, or is tried there anew. */
    uint64_t satellite = swarm_get(s, satellite) > 1 ? 4000 : swarm_get(s, satellite) ? 1000 : 0;
    /* A proxy waits for its receivers, and the sender for it. */
    uint64_t proxies = swarm_get(s, proxies) ? 2 : 1;
    return satellite + proxies * 2 *
                           (swarm_get(s, delay) + swarm_get(s, jitter) +
                            (swarm_get(s, hold) ? swarm_get(s, hold_time) : 0));
}

static uint64_t sent_bytes(const swarm_scenario *s)
{
    uint64_t blocks = 40; /* messages */
    const uint64_t sizes[] = {swarm_get(s, file1), swarm_get(s, file2), swarm_get(s, file3),
                              swarm_get(s, file4)};
    for (size_t i = 0; i < SWARM_FILES_MAX; i++)
        blocks += sizes[i] / swarm_get(s, block_size) + 1;
    return blocks * (swarm_get(s, block_size) + 100);
}

/* Time for one datagram, ms. */
static uint64_t gap(const swarm_scenario *s)
{
    uint64_t rate = rate_of(s);
    return rate ? (swarm_get(s, block_size) + 100) * 1000 / rate + 1 : 1;
}

/* Whatever may end it for everybody. */
static bool has_trouble(const swarm_scenario *s)
{
    return swarm_get(s, hub_crash_at) || swarm_get(s, resume) || swarm_get(s, interrupt) ||
           swarm_get(s, read_fail) || swarm_get(s, memory) == 1 || swarm_get(s, replay) ||
           swarm_get(s, corrupt) || swarm_get(s, time_max) || swarm_get(s, hub_freeze_at) ||
           swarm_get(s, drift_hub) || swarm_get(s, fade) ||
           /* the tunnel is down until the next heartbeat */
           (swarm_get(s, proxies) && swarm_get(s, nat_rebind));
}

static bool has_accident(const swarm_scenario *s, uint64_t receiver)
{
    bool first = receiver == 1, last = receiver == swarm_get(s, receivers);
    return swarm_get(s, crash) == receiver || swarm_get(s, shutdown) == receiver ||
           swarm_get(s, cut) == receiver || swarm_get(s, freeze) == receiver ||
           swarm_get(s, join_fails) == receiver || swarm_get(s, memory) == receiver + 1 ||
           (first &&
            (swarm_get(s, store_op) || swarm_get(s, capacity) || swarm_get(s, socket) ||
             swarm_get(s, bottleneck) || swarm_get(s, drift) || swarm_get(s, disk_rate))) ||
           (swarm_get(s, nat) && (swarm_get(s, nat_ports) || swarm_get(s, nat_timeout)) &&
            (first || swarm_get(s, nat) == 2)) ||
           (last && swarm_get(s, late));
}

static bool has_accidents(const swarm_scenario *s)
{
    for (uint64_t i = 1; i <= swarm_get(s, receivers); i++)
        if (has_accident(s, i))
            return true;
    return false;
}

static bool network_is_tame(const swarm_scenario *s)
{
    /* Between two files a receiver hears a sender that repeats itself every three GRTTs, and gives
     * up after ROBUST of them, or a second. */
    uint64_t grtt = largest(swarm_get(s, grtt_max), gap(s));
    uint64_t chances = largest(swarm_get(s, robust), 1000 / grtt) / 3;
    uint64_t loss = swarm_get(s, loss_hub) + swarm_get(s, loss_tunnel) +
                    largest(swarm_get(s, loss_down), swarm_get(s, loss_up)) +
                    swarm_get(s, duplicate) / 20 + swarm_get(s, hold) / 20;
    if (swarm_get(s, satellite) > 1)
        return false; /* answers collide at their own will */
    /* With one fragment the whole datagram is lost. */
    if (swarm_get(s, mtu) && (swarm_get(s, mtu_drop) || loss || s->drop_count))
        return false;
    if (swarm_get(s, burst) > 1 || s->drop_count + 3 > chances * 2)
        return false;
    if (swarm_get(s, grtt_min) < 2 * round_trip(s))
        return false; /* timers that run out before an answer can be there */
    if (loss == 0 && s->drop_count == 0 && !swarm_get(s, reorder) && !swarm_get(s, hold))
        return chances >= 3;
    if (swarm_get(s, passes_max) || swarm_get(s, nak_percent) < 100)
        return false;
    return loss == 0 ? chances >= 3 : loss <= 20000 ? chances >= 6 : loss <= 50000 && chances >= 8;
}

bool swarm_must_succeed(const swarm_scenario *s, uint64_t receiver)
{
    return !has_trouble(s) && !has_accident(s, receiver) && network_is_tame(s) &&
           !(swarm_get(s, quit_on_error) && has_accidents(s));
}

bool swarm_any_must_succeed(const swarm_scenario *s)
{
    for (uint64_t i = 1; i <= swarm_get(s, receivers); i++)
        if (swarm_must_succeed(s, i))
            return true;
    return false;
}

uint64_t swarm_calm(const swarm_scenario *s)
{
    uint64_t at = swarm_get(s, calm);
    at = largest(at, swarm_get(s, late));
    at = largest(at, swarm_get(s, nat_rebind));
    at = largest(at, swarm_get(s, crash_at) + swarm_get(s, crash_back));
    at = largest(at, swarm_get(s, hub_crash_at) + swarm_get(s, hub_back));
    at = largest(at, swarm_get(s, resume));
    at = largest(at, swarm_get(s, interrupt));
    at = largest(at, swarm_get(s, shutdown_at));
    at = largest(at, swarm_get(s, cut_at) + swarm_get(s, cut_for));
    at = largest(at, swarm_get(s, freeze_at) + swarm_get(s, freeze_for));
    at = largest(at, swarm_get(s, hub_freeze_at) + swarm_get(s, hub_freeze_for));
    at = largest(at, swarm_get(s, step_at));
    return UFTP_MS(at);
}

/* Each phase of a session takes ROBUST rounds of three GRTTs at most; a file two phases, and with
 * the losses over no more than three passes, each of which may be followed by ROBUST DONEs. */
uint64_t swarm_bound(const swarm_scenario *s)
{
    uint64_t grtt = largest(swarm_get(s, grtt_max), gap(s)) + round_trip(s);
    uint64_t round = 3 * grtt + 4 * gap(s);
    uint64_t objects = SWARM_FILES_MAX + swarm_get(s, dir) + swarm_get(s, link) +
                       swarm_get(s, delete) + swarm_get(s, freespace);
    uint64_t rate = rate_of(s) ? rate_of(s) : 1000000;
    if (swarm_get(s, satellite))
        rate = rate < SWARM_SATELLITE_RATE ? rate : SWARM_SATELLITE_RATE;
    if (swarm_get(s, disk_rate) && swarm_get(s, disk_rate) < rate)
        rate = swarm_get(s, disk_rate);
    if (swarm_get(s, bottleneck) && swarm_get(s, bottleneck) < rate)
        rate = swarm_get(s, bottleneck);
    uint64_t pass = sent_bytes(s) * 1000 / rate;
    uint64_t silence = largest(1000, 5 * grtt * swarm_get(s, robust));
    uint64_t session = (2 + 4 * objects) * swarm_get(s, robust) * round + 6 * pass + silence;
    uint64_t reassembly = swarm_get(s, mtu) ? 31000 : 0; /* fragments wait so long for the others */
    if (swarm_get(s, proxies))
        session = 2 * session + (SWARM_PROXIES_LINGER + 60) * 1000;
    return UFTP_MS(swarm_get(s, senders) * session + reassembly + 2000);
}
