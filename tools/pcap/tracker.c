/* SPDX-License-Identifier: MIT */
#include "tracker.h"

#include "handshake.h"
#include "open.h"
#include "reassembly.h"
#include "session_internal.h"
#include "wire/cursor.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_AND_MESSAGE_MIN = 20 /* spec v5 1.3 */, WRAPPER_LEN = 12, VERSION_4 = 0x40 };

struct cap_tracker {
    cap_secrets secrets;
    cap_reassembly *reassembly;
    cap_counts counts;
    cap_map sessions; /* by version, instance and group */
    cap_session *first, *last;
    size_t session_count, peer_count;
    cap_packet packet;
    cap_packet head;    /* of a train: what its packets have in common */
    uftp_bytes train;   /* what is left of it */
    size_t segment_len; /* of its packets but the last */
    uint8_t scratch[CAP_REASSEMBLED_MAX + 1];
};

cap_tracker *cap_tracker_new(const cap_keylog *keylog)
{
    cap_tracker *tracker = calloc(1, sizeof *tracker);
    if (!tracker)
        return NULL;
    tracker->secrets.log = keylog;
    tracker->secrets.edition = 1;
    tracker->reassembly = cap_reassembly_new();
    if (!tracker->reassembly) {
        free(tracker);
        return NULL;
    }
    return tracker;
}

void cap_tracker_use_keys(cap_tracker *tracker, uftp_key *const *keys, size_t count)
{
    tracker->secrets.keys = keys;
    tracker->secrets.key_count = count;
}

void cap_tracker_use_weak_keys(cap_tracker *tracker, cap_weak_key *const *keys, size_t count)
{
    tracker->secrets.weak_keys = keys;
    tracker->secrets.weak_key_count = count;
}

void cap_tracker_secrets_grew(cap_tracker *tracker)
{
    tracker->secrets.edition++;
    tracker->secrets.growing = true;
}

const cap_secrets *cap_tracker_secrets(const cap_tracker *tracker)
{
    return &tracker->secrets;
}

void cap_tracker_free(cap_tracker *tracker)
{
    if (!tracker)
        return;
    for (cap_session *session = tracker->first, *next; session; session = next) {
        next = session->next;
        cap_session_free(session);
    }
    cap_map_free(&tracker->sessions);
    cap_reassembly_free(tracker->reassembly);
    free(tracker);
}

cap_session *cap_tracker_sessions(const cap_tracker *tracker)
{
    return tracker->first;
}

void cap_tracker_counts(const cap_tracker *tracker, cap_counts *out)
{
    *out = tracker->counts;
    out->incomplete = cap_reassembly_incomplete(tracker->reassembly, true);
}

/* ---- is it UFTP? ---- */

static uint64_t session_key(const uftp_header *header)
{
    return (uint64_t)header->version << 40 | (uint64_t)header->instance << 32 | header->group;
}

static bool read_header(cap_packet *packet)
{
    if (packet->bytes.len < HEADER_AND_MESSAGE_MIN)
        return false;
    if (uftp_v3_is_version(packet->bytes.data[0]))
        return cap_v3_header_read(packet);
    packet->wire = uftp_wire_find(packet->bytes.data[0]);
    if (!packet->wire)
        return false;
    uftp_reader r = {.at = packet->bytes.data, .end = packet->bytes.data + packet->bytes.len};
    return packet->wire->header_read(&r, &packet->header) == UFTP_OK && packet->header.type >= 1 &&
           packet->header.type <= UFTP_MESSAGE_TYPE_MAX;
}

static int read_message(cap_packet *packet, uftp_bytes bytes)
{
    uftp_reader r = {.at = bytes.data, .end = bytes.data + bytes.len};
    int err = packet->wire->message_read(&r, &packet->message);
    if (err == UFTP_OK && !packet->sealed && packet->message.type != packet->header.type)
        err = UFTP_ERR_MALFORMED;
    if (err == UFTP_OK) {
        packet->plain = bytes;
        packet->depth = CAP_DEPTH_MESSAGE;
    }
    return err;
}

/* What can be read without a key. */
static void read_body(cap_packet *packet)
{
    if (packet->is_v3) {
        cap_v3_body_read(packet);
        return;
    }
    size_t header_len = packet->wire->header_len;
    uftp_bytes body = {packet->bytes.data + header_len, packet->bytes.len - header_len};
    packet->depth = CAP_DEPTH_HEADER;
    packet->sealed = packet->header.type == UFTP_MESSAGE_ENCRYPTED;
    if (packet->cut) {
        packet->error = UFTP_ERR_TRUNCATED;
    } else if (packet->sealed) {
        uftp_reader r = {.at = body.data, .end = body.data + body.len};
        packet->error = packet->wire->encrypted_read(&r, &packet->encrypted);
        if (packet->error == UFTP_OK)
            packet->depth = CAP_DEPTH_WRAPPER;
    } else {
        packet->error = read_message(packet, body);
    }
}

/* Ports are free, so content decides: a packet that reads well is one of ours, and so is a damaged
 * one of a session that is known, or at the usual port. Sixteen bytes that look like a header are
 * not enough by themselves: any protocol has such. */
static bool is_uftp(const cap_tracker *tracker, cap_packet *packet)
{
    if (!read_header(packet))
        return false;
    read_body(packet);
    return packet->error == UFTP_OK || packet->destination.port == CAP_PORT_DEFAULT ||
           packet->source.port == CAP_PORT_DEFAULT ||
           cap_map_get(&tracker->sessions, session_key(&packet->header));
}

/* ---- sessions ---- */

static cap_session *find_session(cap_tracker *tracker, const cap_packet *packet)
{
    uint64_t key = session_key(&packet->header);
    cap_session *session = cap_map_get(&tracker->sessions, key);
    if (session || tracker->session_count == CAP_SESSIONS_MAX)
        return session;
    session = calloc(1, sizeof *session);
    if (!session || !cap_map_put(&tracker->sessions, key, session)) {
        free(session);
        return NULL;
    }
    session->index = (uint32_t)tracker->session_count++;
    session->version = packet->header.version;
    session->group = packet->header.group;
    session->instance = packet->header.instance;
    session->first_time = packet->time;
    if (tracker->last)
        tracker->last->next = session;
    else
        tracker->first = session;
    tracker->last = session;
    return session;
}

/* Heartbeats are of no session (spec v5 1.18). */
static bool is_heartbeat(const cap_packet *packet)
{
    return packet->header.type == UFTP_MESSAGE_HB_REQ ||
           packet->header.type == UFTP_MESSAGE_HB_RESP || packet->header.group == 0;
}

static void attribute(cap_tracker *tracker, cap_packet *packet)
{
    if (is_heartbeat(packet))
        return;
    cap_session *session = find_session(tracker, packet);
    cap_peer *peer = session ? cap_session_peer(session, packet->header.source) : NULL;
    if (session && !peer && tracker->peer_count < CAP_PEERS_MAX) {
        peer = cap_session_add_peer(session, packet->header.source, &packet->source);
        tracker->peer_count += peer != NULL;
    }
    if (!session || !peer)
        tracker->counts.untracked++;
    packet->session = session;
    packet->peer = peer;
    if (session) {
        session->last_time = packet->time;
        session->counts[packet->header.type]++;
    }
    if (peer)
        peer->packets++;
}

static void unseal(cap_tracker *tracker, cap_packet *packet)
{
    cap_session *session = packet->session;
    tracker->counts.sealed++;
    if (cap_open(&tracker->secrets, packet, tracker->scratch)) {
        tracker->counts.opened++;
        packet->error = read_message(packet, packet->plain);
        if (packet->error < 0)
            packet->depth = CAP_DEPTH_HEADER;
        else if (session)
            session->opened[packet->message.type]++;
    } else if (packet->has_key) {
        tracker->counts.open_failed++;
        packet->error = UFTP_ERR_AUTH;
    } else {
        tracker->counts.no_key++;
    }
    if (session) {
        session->sealed++;
        session->no_key += !packet->key && !packet->has_key;
        session->open_failed += packet->has_key && !packet->key;
    }
}

static bool take_datagram(cap_tracker *tracker, cap_packet *packet)
{
    if (!is_uftp(tracker, packet)) {
        tracker->counts.other++;
        return false;
    }
    tracker->counts.packets++;
    attribute(tracker, packet);
    if (packet->depth == CAP_DEPTH_WRAPPER)
        unseal(tracker, packet);
    if (packet->depth == CAP_DEPTH_MESSAGE && packet->session) {
        cap_session_take(packet->session, packet);
        if (packet->peer && cap_secrets_any(&tracker->secrets)) {
            cap_handshake_take(packet);
            cap_open_proof(&tracker->secrets, packet);
        }
    }
    if (packet->cut) {
        tracker->counts.cut++;
    } else if (packet->depth == CAP_DEPTH_HEADER) {
        tracker->counts.malformed++;
        if (packet->session)
            packet->session->malformed++;
    }
    return true;
}

/* ---- trains ---- */

/* The length of the first packet, as far as it tells; 0 when it does not. */
static size_t first_len(const cap_tracker *tracker, const cap_packet *packet)
{
    const uint8_t *at = packet->bytes.data + packet->wire->header_len;
    uftp_reader r = {.at = at, .end = packet->bytes.data + packet->bytes.len};
    if (packet->header.type == UFTP_MESSAGE_FILESEG) {
        const cap_session *session = cap_map_get(&tracker->sessions, session_key(&packet->header));
        uftp_read_skip(&r, 1);
        size_t header_len = 4 * (size_t)uftp_read_u8(&r);
        return session && session->announced && !r.failed
                   ? packet->wire->header_len + header_len + session->block_size
                   : 0;
    }
    if (packet->header.type != UFTP_MESSAGE_ENCRYPTED)
        return 0;
    uftp_read_skip(&r, 8); /* counter */
    size_t signature_len = uftp_read_u16(&r);
    size_t payload_len = uftp_read_u16(&r);
    if (packet->header.version != VERSION_4) /* where there is none, and the field is reserved */
        signature_len = 0;
    return r.failed ? 0 : packet->wire->header_len + WRAPPER_LEN + signature_len + payload_len;
}

/* A train has packets of one session and sender, of one length, numbered in a row. */
static bool is_train(const cap_packet *packet, size_t segment_len)
{
    uftp_header expected = packet->header;
    for (size_t at = segment_len; at < packet->bytes.len; at += segment_len) {
        uftp_reader r = {.at = packet->bytes.data + at,
                         .end = packet->bytes.data + packet->bytes.len};
        uftp_header header;
        expected.seq++;
        if (packet->wire->header_read(&r, &header) < 0 || header.seq != expected.seq ||
            header.source != expected.source || header.group != expected.group ||
            header.instance != expected.instance)
            return false;
    }
    return true;
}

/* Keeps back all but the first packet. */
static void split_train(cap_tracker *tracker, cap_packet *packet)
{
    if (packet->cut || !read_header(packet) || packet->is_v3)
        return; /* programs of version 3 send one by one */
    size_t len = first_len(tracker, packet);
    if (len == 0 || len >= packet->bytes.len || !is_train(packet, len))
        return;
    tracker->counts.trains++;
    tracker->head = *packet;
    tracker->segment_len = len;
    tracker->train = (uftp_bytes){packet->bytes.data + len, packet->bytes.len - len};
    packet->bytes.len = len;
}

bool cap_tracker_next(cap_tracker *tracker, const cap_packet **out)
{
    *out = &tracker->packet;
    while (tracker->train.len > 0) {
        size_t left = tracker->train.len;
        size_t len = tracker->segment_len < left ? tracker->segment_len : left;
        tracker->packet = tracker->head;
        tracker->packet.bytes = (uftp_bytes){tracker->train.data, len};
        tracker->train.data += len;
        tracker->train.len -= len;
        if (take_datagram(tracker, &tracker->packet))
            return true;
    }
    return false;
}

/* ---- frames ---- */

static void note_time(cap_counts *counts, uint64_t time)
{
    if (counts->frames++ == 0)
        counts->first_time = counts->last_time = time;
    counts->backwards += time < counts->last_time;
    if (time < counts->first_time)
        counts->first_time = time;
    counts->last_time = time;
}

bool cap_tracker_take(cap_tracker *tracker, cap_link link, const cap_frame *frame,
                      const cap_packet **out)
{
    cap_counts *counts = &tracker->counts;
    note_time(counts, frame->time);
    tracker->train = (uftp_bytes){0};
    cap_ip ip;
    cap_result result = cap_frame_read(link, frame->bytes, &ip);
    bool reassembled = result == CAP_FOUND && ip.protocol == CAP_PROTOCOL_UDP && ip.is_fragment;
    if (reassembled) {
        counts->fragments++;
        result = cap_reassembly_take(tracker->reassembly, frame->time, &ip);
        if (result == CAP_OTHER)
            return false; /* more is to come */
    }
    cap_udp udp = {0};
    if (result == CAP_FOUND)
        result =
            ip.protocol == CAP_PROTOCOL_UDP ? cap_udp_read(ip.payload, ip.cut, &udp) : CAP_OTHER;
    if (result != CAP_FOUND) {
        counts->damaged += result == CAP_DAMAGED;
        counts->other += result == CAP_OTHER;
        return false;
    }
    ip.source.port = udp.source_port;
    ip.destination.port = udp.destination_port;
    tracker->packet = (cap_packet){.number = frame->number,
                                   .time = frame->time,
                                   .source = ip.source,
                                   .destination = ip.destination,
                                   .tos = ip.tos,
                                   .reassembled = reassembled,
                                   .cut = udp.cut,
                                   .bytes = udp.payload};
    split_train(tracker, &tracker->packet);
    *out = &tracker->packet;
    return take_datagram(tracker, &tracker->packet);
}
