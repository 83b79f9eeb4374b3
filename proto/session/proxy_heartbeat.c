/* SPDX-License-Identifier: MIT
 *
 * The way through NATs (spec proxy 7). A heartbeat leaves from the port that the data comes to, so
 * that it keeps the NAT's mapping alive. Who is to learn an address from it challenges it first:
 * the answer is signed, over a number that is used once.
 *
 *   us -> them  HB_REQ, bare          at start, and each interval
 *   them -> us  HB_RESP accepted      they do not care, or know this address already
 *               HB_RESP challenge     then  us -> them  HB_REQ, signed  ->  accepted, or refused
 */
#include "session/proxy_internal.h"

#include "crypto/hash.h"

enum { HEARTBEAT_REFUSED = 0, HEARTBEAT_ACCEPTED = 1, HEARTBEAT_CHALLENGED = 2 };

static void digest_of(uint32_t nonce, uint8_t out[UFTP_HASH_LEN_MAX])
{
    uint8_t bytes[4];
    for (int i = 0; i < 4; i++)
        bytes[i] = (uint8_t)(nonce >> (24 - 8 * i));
    const uftp_bytes part = {bytes, sizeof bytes};
    uftp_hash_parts(UFTP_HASH_SHA1, &part, 1, out);
}

static void draw_nonce(uftp_proxy *proxy)
{
    uint32_t last = proxy->nonce;
    while (proxy->nonce == last || proxy->nonce == 0) /* 0 is what a bare one carries */
        proxy->nonce = (uint32_t)uftp_random_below(proxy->config.random, (uint64_t)UINT32_MAX + 1);
}

static void push(uftp_proxy *proxy, const uftp_address *address, uint8_t result, bool answer,
                 const char *why)
{
    uftp_proxy_push(proxy, &(uftp_event){.type = UFTP_EVENT_HEARTBEAT,
                                         .address = *address,
                                         .status = result,
                                         .repeated = answer,
                                         .text = why});
}

static void send(uftp_proxy *proxy, const uftp_message *message, const uftp_address *to)
{
    const uftp_header header = {.version = uftp_wire_v5.version, .source = proxy->config.uid};
    uftp_proxy_send(proxy, &header, message, NULL, 0, to);
}

/* ---- ours ---- */

void uftp_proxy_heartbeat_begin(uftp_proxy *proxy, uint64_t now)
{
    draw_nonce(proxy);
    proxy->heartbeat_deadline = proxy->config.heartbeat_count ? now : UFTP_NEVER;
}

void uftp_proxy_heartbeat_timeout(uftp_proxy *proxy, uint64_t now)
{
    const uftp_message bare = {.type = UFTP_MESSAGE_HB_REQ};
    for (size_t i = 0; i < proxy->config.heartbeat_count; i++)
        send(proxy, &bare, &proxy->heartbeat_hosts[i]);
    proxy->stats.heartbeats_sent += proxy->config.heartbeat_count;
    proxy->heartbeat_deadline = now + proxy->config.heartbeat_interval;
}

static int answer_challenge(uftp_proxy *proxy, uint32_t nonce, const uftp_address *to)
{
    const uftp_key *key = proxy->config.key;
    uint8_t digest[UFTP_HASH_LEN_MAX], signature[UFTP_SIGNATURE_MAX];
    digest_of(nonce, digest);
    int err = uftp_sign(key, proxy->config.random, UFTP_HASH_SHA1, digest, signature);
    if (err < 0)
        return err;
    const uftp_message message = {.type = UFTP_MESSAGE_HB_REQ,
                                  .as.hb_req = {.nonce = nonce,
                                                .public_key = uftp_key_blob(key),
                                                .signature = {signature, uftp_signature_len(key)}}};
    proxy->stats.heartbeats_sent++;
    send(proxy, &message, to);
    return UFTP_OK;
}

int uftp_proxy_on_heartbeat_answer(uftp_proxy *proxy, const uftp_packet *packet,
                                   const proxy_arrival *arrival)
{
    const uftp_address *from = &arrival->train->source;
    bool asked = false;
    for (size_t i = 0; i < proxy->config.heartbeat_count && !asked; i++)
        asked = uftp_address_equal(&proxy->heartbeat_hosts[i], from);
    if (!asked)
        return UFTP_ERR_AUTH;
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    push(proxy, from, message.as.hb_resp.result, true, NULL);
    if (message.as.hb_resp.result != HEARTBEAT_CHALLENGED)
        return UFTP_OK;
    /* A signature costs something, too: one who forges challenges gets no more of them than this.
     */
    if (!uftp_proxy_bucket_take(&proxy->verifications, arrival->now))
        return UFTP_ERR_LIMIT;
    return answer_challenge(proxy, message.as.hb_resp.nonce, from);
}

/* ---- theirs ---- */

/* Why a signed one proves nothing, or NULL; *out is the downstream whose key it is. */
static const char *objection(uftp_proxy *proxy, const uftp_hb_req *request, uint64_t now,
                             uftp_downstream **out)
{
    uint8_t fingerprint[UFTP_FINGERPRINT_LEN], digest[UFTP_HASH_LEN_MAX];
    uftp_fingerprint(request->public_key.data, request->public_key.len, fingerprint);
    *out = NULL;
    for (size_t i = 0; i < proxy->config.downstream_count && !*out; i++) {
        uftp_downstream *downstream = &proxy->downstreams[i];
        if (downstream->has_fingerprint &&
            memcmp(downstream->fingerprint, fingerprint, sizeof fingerprint) == 0)
            *out = downstream;
    }
    if (!*out)
        return "Failed to verify HB_REQ fingerprint";
    if (!uftp_proxy_bucket_take(&proxy->verifications, now))
        return "too many heartbeats to verify";
    digest_of(request->nonce, digest);
    if (uftp_verify(request->public_key, UFTP_HASH_SHA1, digest, request->signature) < 0)
        return "Failed to verify HB_REQ signature";
    return NULL;
}

static bool learns(const uftp_proxy *proxy)
{
    for (size_t i = 0; i < proxy->config.downstream_count; i++)
        if (proxy->downstreams[i].has_fingerprint)
            return true;
    return false;
}

static bool is_downstream(const uftp_proxy *proxy, const uftp_address *address)
{
    for (size_t i = 0; i < proxy->config.downstream_count; i++)
        if (proxy->downstreams[i].address.family &&
            uftp_address_equal(&proxy->downstreams[i].address, address))
            return true;
    return false;
}

static uint8_t judge(uftp_proxy *proxy, const uftp_hb_req *request, const proxy_arrival *arrival,
                     const char **why)
{
    const uftp_address *from = &arrival->train->source;
    if (!learns(proxy) || is_downstream(proxy, from))
        return HEARTBEAT_ACCEPTED;
    if (request->nonce != proxy->nonce)
        return HEARTBEAT_CHALLENGED;
    uftp_downstream *downstream;
    *why = objection(proxy, request, arrival->now, &downstream);
    if (*why)
        return HEARTBEAT_REFUSED;
    downstream->address = *from;
    draw_nonce(proxy);
    uftp_proxy_push(proxy,
                    &(uftp_event){.type = UFTP_EVENT_DOWNSTREAM, .peer = 0, .address = *from});
    return HEARTBEAT_ACCEPTED;
}

/* The answer is no longer than the question, so that nobody can make us shout at a third. */
int uftp_proxy_on_heartbeat(uftp_proxy *proxy, const uftp_packet *packet,
                            const proxy_arrival *arrival)
{
    const uftp_address *from = &arrival->train->source;
    uftp_message message;
    int err = uftp_packet_message(packet, &message);
    if (err < 0)
        return err;
    if (from->port == 0 || uftp_address_is_multicast(from))
        return UFTP_ERR_MALFORMED;
    const char *why = NULL;
    uint8_t result = judge(proxy, &message.as.hb_req, arrival, &why);
    proxy->stats.heartbeats_received++;
    proxy->stats.heartbeats_refused += result == HEARTBEAT_REFUSED;
    push(proxy, from, result, false, why);
    const uftp_message answer = {
        .type = UFTP_MESSAGE_HB_RESP,
        .as.hb_resp = {.result = result,
                       .nonce = result == HEARTBEAT_CHALLENGED ? proxy->nonce : 0}};
    send(proxy, &answer, from);
    return UFTP_OK;
}
