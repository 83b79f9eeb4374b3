/* SPDX-License-Identifier: MIT */
#include "own_packets.h"

#include "golden.h"
#include "rules.h"
#include "tests/support.h"

#include <stdio.h>
#include <string.h>

static void take_secret(void *ctx, const char *label, uint32_t group, uint32_t uid,
                        const uint8_t *value, size_t len)
{
    own_packets *own = ctx;
    char line[300];
    int at = snprintf(line, sizeof line, "%s %08X %08X ", label, (unsigned)group, (unsigned)uid);
    for (size_t i = 0; i < len; i++)
        at += snprintf(line + at, sizeof line - (size_t)at, "%02x", value[i]);
    assert_int_equal(cap_keylog_add(&own->keylog, line, (size_t)at), 0);
    for (cap_session *s = cap_tracker_sessions(own->tracker); s; s = s->next) {
        s->log_used = s->log_used_announced = false; /* there is a new one */
        for (cap_peer *peer = s->first_peer; peer; peer = peer->next)
            peer->log_used = peer->log_used_announced = false;
    }
}

void own_packets_init(own_packets *own, const char *folder)
{
    *own = (own_packets){.key_log = {.log = take_secret, .ctx = own}};
    golden_keylog(folder, &own->keylog);
    own->tracker = cap_tracker_new(&own->keylog);
    own->check = cap_check_new();
    assert_true(own->tracker && own->check);
}

void own_packets_free(own_packets *own)
{
    cap_check_free(own->check);
    cap_tracker_free(own->tracker);
    cap_keylog_free(&own->keylog);
}

/* In an IPv4 packet, for the tracker to look at like any other. */
const cap_packet *own_packets_take(own_packets *own, uint64_t time, const uint8_t *data, size_t len,
                                   bool checked)
{
    static uint8_t packet[UFTP_DATAGRAM_MAX + 28];
    assert_true(len <= UFTP_DATAGRAM_MAX);
    memset(packet, 0, 28);
    packet[0] = 0x45;
    packet[2] = (uint8_t)((len + 28) >> 8);
    packet[3] = (uint8_t)(len + 28);
    packet[9] = CAP_PROTOCOL_UDP;
    packet[22] = packet[20] = 4; /* port 1044 */
    packet[23] = packet[21] = 20;
    packet[24] = (uint8_t)((len + 8) >> 8);
    packet[25] = (uint8_t)(len + 8);
    memcpy(packet + 28, data, len);
    const cap_frame frame = {.time = time, .bytes = {packet, len + 28}};
    const cap_packet *p;
    assert_true(cap_tracker_take(own->tracker, CAP_LINK_RAW, &frame, &p));
    if (checked)
        cap_check_packet(own->check, p);
    return p;
}

void own_packets_expect_kept(const own_packets *own, const char *capture, const char *who)
{
    if (cap_check_broken(own->check) == 0)
        return;
    cap_writer w = {.out = stdout, .first = true};
    cap_check_write(own->check, &w);
    replay_broken(REPLAY_RULE_RULES_KEPT, capture, 0, "%s: see above", who);
}
