/* SPDX-License-Identifier: MIT */
#include "check_internal.h"

#include <stdlib.h>

enum { VERSION_4 = 0x40, CAP_SECTION_MAX = 40 };

typedef struct rule {
    const char *name, *text;
    const char *sections[3]; /* of the texts of versions 3, 4, 5 */
} rule;

#define RULE(id, rule_name, v3, v4, v5, rule_text) \
    {.name = (rule_name), .sections = {v3, v4, v5}, .text = (rule_text)},
static const rule rules[CAP_RULE_COUNT] = {CAP_RULES(RULE)};
#undef RULE

const char *cap_rule_name(cap_rule number)
{
    return rules[number].name;
}

const char *cap_rule_section(cap_rule number, int version)
{
    return rules[number].sections[version - 3];
}

/* "v5 1.3, v4 3, v3 4" */
static const char *section_of(cap_rule number, char out[CAP_SECTION_MAX])
{
    size_t len = 0;
    *out = '\0';
    for (int version = 5; version >= 3; version--) {
        const char *section = rules[number].sections[version - 3];
        if (*section)
            len += (size_t)snprintf(out + len, CAP_SECTION_MAX - len, "%sv%d %s", len ? ", " : "",
                                    version, section);
    }
    return out;
}

static void write_rule(cap_writer *w, cap_rule number)
{
    char section[CAP_SECTION_MAX];
    cap_write_text(w, "rule", rules[number].name);
    cap_write_text(w, "section", section_of(number, section));
    cap_write_text(w, "demands", rules[number].text);
}

void cap_rules_write(cap_writer *w)
{
    char section[CAP_SECTION_MAX];
    if (!w->json) {
        for (int i = 0; i < CAP_RULE_COUNT; i++)
            fprintf(w->out, "%-21s %-25s %s\n", rules[i].name, section_of((cap_rule)i, section),
                    rules[i].text);
        return;
    }
    cap_open_list(w, NULL);
    for (int i = 0; i < CAP_RULE_COUNT; i++) {
        cap_open_object(w, NULL);
        write_rule(w, (cap_rule)i);
        cap_close_object(w);
    }
    cap_close_list(w);
}

/* ---- what is remembered ---- */

cap_check *cap_check_new(void)
{
    return calloc(1, sizeof(cap_check));
}

void cap_check_free(cap_check *check)
{
    if (!check)
        return;
    for (check_session *s = check->session_list, *next; s; s = next) {
        next = s->next;
        free(s);
    }
    for (check_peer *p = check->peer_list, *next; p; p = next) {
        next = p->next;
        free(p);
    }
    cap_map_free(&check->sessions);
    cap_map_free(&check->peers);
    free(check);
}

static check_session *find_session(cap_check *check, const cap_session *session)
{
    check_session *s = cap_map_get(&check->sessions, (uintptr_t)session);
    if (s)
        return s;
    s = calloc(1, sizeof *s);
    if (!s || !cap_map_put(&check->sessions, (uintptr_t)session, s)) {
        free(s);
        return NULL;
    }
    s->next = check->session_list;
    check->session_list = s;
    return s;
}

static check_peer *find_peer(cap_check *check, const cap_peer *peer)
{
    check_peer *p = cap_map_get(&check->peers, (uintptr_t)peer);
    if (p)
        return p;
    p = calloc(1, sizeof *p);
    if (!p || !cap_map_put(&check->peers, (uintptr_t)peer, p)) {
        free(p);
        return NULL;
    }
    p->next = check->peer_list;
    check->peer_list = p;
    return p;
}

check_peer *cap_check_other(const check_case *c, uint32_t uid)
{
    const cap_peer *peer = cap_session_peer(c->packet->session, uid);
    return peer ? cap_map_get(&c->check->peers, (uintptr_t)peer) : NULL;
}

void cap_rule_expect_of(const check_case *c, uint64_t packet, cap_rule number, bool holds)
{
    if (holds)
        return;
    cap_breaks *breaks = &c->check->breaks[number];
    if (breaks->count < CAP_BREAKS_SHOWN)
        breaks->numbers[breaks->count] = packet;
    breaks->count++;
}

void cap_rule_expect(const check_case *c, cap_rule number, bool holds)
{
    cap_rule_expect_of(c, c->packet->number, number, holds);
}

uint64_t cap_digest(uint64_t seed, const void *bytes, size_t len)
{
    const uint8_t *at = bytes;
    uint64_t digest = seed ^ UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < len; i++)
        digest = (digest ^ at[i]) * UINT64_C(0x100000001b3);
    return digest;
}

/* ---- numbers ---- */

/* False when the number was last used for another datagram. */
static bool remember(recent *r, uint64_t number, uint64_t digest)
{
    uint32_t known = r->count < RECENT_MAX ? r->count : RECENT_MAX;
    for (uint32_t i = 0; i < known; i++)
        if (r->number[i] == number)
            return r->digest[i] == digest;
    r->number[r->count % RECENT_MAX] = number;
    r->digest[r->count % RECENT_MAX] = digest;
    r->count++;
    return true;
}

static bool speaks_for_others(const cap_packet *packet)
{
    if (packet->depth != CAP_DEPTH_MESSAGE)
        return false;
    const uftp_message *m = &packet->message;
    return m->type == UFTP_MESSAGE_PROXY_KEY ||
           (m->type == UFTP_MESSAGE_REGISTER && m->as.registration.clients.count > 0) ||
           (m->type == UFTP_MESSAGE_FILEINFO_ACK && m->as.fileinfo_ack.clients.count > 0) ||
           (m->type == UFTP_MESSAGE_COMPLETE && m->as.complete.clients.count > 0);
}

/* A proxy of version 4 writes in the sender's name: an ANNOUNCE with its own keys, what confirms
 * its receivers (number 0), and whatever members sign. */
static bool is_rewritten(const check_case *c)
{
    const cap_packet *packet = c->packet;
    uint8_t type = packet->header.type;
    return packet->peer->is_server &&
           (type == UFTP_MESSAGE_ANNOUNCE || type == UFTP_MESSAGE_KEYINFO ||
            type == UFTP_MESSAGE_REG_CONF || (packet->sealed && c->session->signs));
}

/* A proxy passes packets on as they are, and a network may double them: the same bytes again are no
 * second packet. A proxy's own numbers mean nothing: it gives one to several packets, and nobody
 * looks at them. */
static void check_numbers(const check_case *c)
{
    const cap_packet *packet = c->packet;
    uint64_t digest = cap_digest(0, packet->bytes.data, packet->bytes.len);
    c->peer->is_proxy |= speaks_for_others(packet);
    bool fresh = remember(&c->peer->sequences, packet->header.seq, digest);
    bool rewritten = packet->header.version == VERSION_4 && is_rewritten(c);
    cap_rule_expect(c, CAP_RULE_SEQUENCE_REUSED, fresh || c->peer->is_proxy || rewritten);
    if (!packet->sealed || packet->depth == CAP_DEPTH_HEADER)
        return;
    uint64_t counter = packet->encrypted.iv_counter;
    cap_rule_expect(c, CAP_RULE_COUNTER_REUSED, remember(&c->peer->counters, counter, digest));
    check_peer *peer = c->peer;
    if (peer->sealed_seen && uftp_seq_newer(packet->header.seq, peer->sealed_seq))
        cap_rule_expect(c, CAP_RULE_COUNTER_ORDER, counter > peer->sealed_counter);
    if (!peer->sealed_seen || uftp_seq_newer(packet->header.seq, peer->sealed_seq)) {
        peer->sealed_seq = packet->header.seq;
        peer->sealed_counter = counter;
    }
    peer->sealed_seen = true;
}

/* ---- form ---- */

static bool encodes_the_same(const check_case *c)
{
    const cap_packet *packet = c->packet;
    uint8_t *scratch = c->check->scratch;
    uftp_writer w = {.at = scratch, .end = scratch + sizeof c->check->scratch};
    if (packet->wire->header_write(&w, &packet->header) < 0 ||
        memcmp(scratch, packet->bytes.data, packet->wire->header_len) != 0)
        return false;
    w.at = scratch;
    return packet->wire->message_write(&w, &packet->message) == UFTP_OK &&
           (size_t)(w.at - scratch) == packet->plain.len &&
           memcmp(scratch, packet->plain.data, packet->plain.len) == 0;
}

typedef enum origin { FROM_SERVER = 1, FROM_CLIENT = 2, FROM_PROXY = 4 } origin;

/* Who may send a message (1.4). A proxy speaks to its receivers in the sender's stead where keys
 * are concerned, and to the sender as a receiver does. */
static unsigned origins_of(uint8_t type)
{
    switch ((uftp_message_type)type) {
    case UFTP_MESSAGE_ANNOUNCE:
    case UFTP_MESSAGE_FILEINFO:
    case UFTP_MESSAGE_FILESEG:
    case UFTP_MESSAGE_DONE:
    case UFTP_MESSAGE_DONE_CONF:
    case UFTP_MESSAGE_CONG_CTRL:
        return FROM_SERVER;
    case UFTP_MESSAGE_REGISTER:
    case UFTP_MESSAGE_CLIENT_KEY:
    case UFTP_MESSAGE_KEYINFO_ACK:
    case UFTP_MESSAGE_FILEINFO_ACK:
    case UFTP_MESSAGE_STATUS:
    case UFTP_MESSAGE_COMPLETE:
    case UFTP_MESSAGE_CC_ACK:
        return FROM_CLIENT | FROM_PROXY;
    case UFTP_MESSAGE_REG_CONF:
    case UFTP_MESSAGE_KEYINFO:
        return FROM_SERVER | FROM_PROXY;
    case UFTP_MESSAGE_PROXY_KEY:
        return FROM_PROXY;
    case UFTP_MESSAGE_HB_REQ:
    case UFTP_MESSAGE_HB_RESP:
    case UFTP_MESSAGE_KEY_REQ:
    case UFTP_MESSAGE_ENCRYPTED:
    case UFTP_MESSAGE_ABORT:
        break;
    }
    return FROM_SERVER | FROM_CLIENT | FROM_PROXY;
}

/* Who is a proxy cannot be seen, only who is the sender. */
static void check_direction(const check_case *c)
{
    const cap_session *session = c->packet->session;
    if (!session->announced)
        return;
    unsigned allowed = origins_of(c->packet->message.type);
    bool from_server = c->packet->header.source == session->server;
    cap_rule_expect(c, CAP_RULE_DIRECTION,
                    from_server ? (allowed & FROM_SERVER) != 0
                                : (allowed & (FROM_CLIENT | FROM_PROXY)) != 0);
    if (!from_server && !(allowed & FROM_SERVER) && (allowed & FROM_CLIENT))
        cap_rule_expect(c, CAP_RULE_RECEIVER_HEADER,
                        c->packet->header.grtt == 0 && c->packet->header.group_size == 0);
}

static bool always_clear(uint8_t type)
{
    return type == UFTP_MESSAGE_ANNOUNCE || type == UFTP_MESSAGE_REGISTER ||
           type == UFTP_MESSAGE_REG_CONF || type == UFTP_MESSAGE_KEYINFO ||
           type == UFTP_MESSAGE_PROXY_KEY || type == UFTP_MESSAGE_HB_REQ ||
           type == UFTP_MESSAGE_HB_RESP || type == UFTP_MESSAGE_KEY_REQ;
}

static void check_sealing(const check_case *c)
{
    const cap_packet *packet = c->packet;
    const cap_session *session = packet->session;
    if (packet->sealed && packet->depth == CAP_DEPTH_WRAPPER)
        cap_rule_expect(c, CAP_RULE_SEALED_OPENS, !packet->has_key);
    if (packet->sealed && session->announced)
        cap_rule_expect(c, CAP_RULE_SEALED_IN_PLAIN, session->encrypted);
    if (packet->depth != CAP_DEPTH_MESSAGE)
        return;
    uint8_t type = packet->message.type;
    if (packet->sealed)
        cap_rule_expect(c, CAP_RULE_SEALED_TYPE, !always_clear(type));
    else if (session->announced && session->encrypted)
        /* An ABORT may have to be sent before there are keys. */
        cap_rule_expect(c, CAP_RULE_CLEAR,
                        always_clear(type) || type == UFTP_MESSAGE_ABORT ||
                            (type == UFTP_MESSAGE_CLIENT_KEY && session->version == VERSION_4));
}

/* The list in a message, or the entries of KEYINFO and the items of CONG_CTRL: how many, and how
 * many bytes each takes in a block (v5 1.3). False: it has none. */
static bool list_of(const uftp_message *m, size_t *count, size_t *entry_len)
{
    *entry_len = 4;
    switch ((uftp_message_type)m->type) {
    case UFTP_MESSAGE_ANNOUNCE:
        *count = m->as.announce.members.count;
        return true;
    case UFTP_MESSAGE_REGISTER:
        *count = m->as.registration.clients.count;
        return true;
    case UFTP_MESSAGE_REG_CONF:
        *count = m->as.reg_conf.clients.count;
        return true;
    case UFTP_MESSAGE_KEYINFO:
        *count = m->as.keyinfo.entry_count;
        *entry_len = UFTP_KEYINFO_ENTRY_LEN;
        return true;
    case UFTP_MESSAGE_FILEINFO:
        *count = m->as.fileinfo.clients.count;
        return true;
    case UFTP_MESSAGE_FILEINFO_ACK:
        *count = m->as.fileinfo_ack.clients.count;
        return true;
    case UFTP_MESSAGE_DONE:
        *count = m->as.done.clients.count;
        return true;
    case UFTP_MESSAGE_COMPLETE:
        *count = m->as.complete.clients.count;
        return true;
    case UFTP_MESSAGE_DONE_CONF:
        *count = m->as.done_conf.clients.count;
        return true;
    case UFTP_MESSAGE_CONG_CTRL:
        *count = m->as.cong_ctrl.item_count;
        *entry_len = UFTP_CONG_ITEM_LEN;
        return true;
    default:
        return false;
    }
}

static void check_list(const check_case *c)
{
    const uftp_message *m = &c->packet->message;
    size_t count, entry_len;
    if (!list_of(m, &count, &entry_len))
        return;
    if (c->packet->session->announced)
        cap_rule_expect(c, CAP_RULE_LIST_LENGTH,
                        count <= c->packet->session->block_size / entry_len);
    if (m->type == UFTP_MESSAGE_REG_CONF || m->type == UFTP_MESSAGE_KEYINFO ||
        m->type == UFTP_MESSAGE_FILEINFO || m->type == UFTP_MESSAGE_DONE_CONF)
        cap_rule_expect(c, CAP_RULE_LIST_EMPTY, count > 0);
}

static void check_congestion(const check_case *c)
{
    const uftp_message *m = &c->packet->message;
    bool of_tfmcc = m->type == UFTP_MESSAGE_CONG_CTRL || m->type == UFTP_MESSAGE_CC_ACK ||
                    (m->type == UFTP_MESSAGE_FILESEG && m->as.fileseg.has_tfmcc) ||
                    (m->type == UFTP_MESSAGE_STATUS && m->as.status.has_tfmcc);
    if (of_tfmcc && c->packet->session->announced)
        cap_rule_expect(c, CAP_RULE_TFMCC_UNANNOUNCED,
                        c->packet->session->cc_type == UFTP_CC_TFMCC);
}

/* ---- time ---- */

static bool timestamp_of(const uftp_message *m, uint64_t *out)
{
    if (m->type == UFTP_MESSAGE_ANNOUNCE)
        *out = m->as.announce.timestamp_us;
    else if (m->type == UFTP_MESSAGE_FILEINFO)
        *out = m->as.fileinfo.timestamp_us;
    else if (m->type == UFTP_MESSAGE_CONG_CTRL)
        *out = m->as.cong_ctrl.timestamp_us;
    else
        return false;
    return true;
}

static bool echo_of(const uftp_message *m, uint64_t *out)
{
    if (m->type == UFTP_MESSAGE_REGISTER)
        *out = m->as.registration.timestamp_us;
    else if (m->type == UFTP_MESSAGE_FILEINFO_ACK)
        *out = m->as.fileinfo_ack.timestamp_us;
    else if (m->type == UFTP_MESSAGE_CC_ACK)
        *out = m->as.cc_ack.tfmcc.timestamp_us;
    else if (m->type == UFTP_MESSAGE_STATUS && m->as.status.has_tfmcc)
        *out = m->as.status.tfmcc.timestamp_us;
    else
        return false;
    return true;
}

/* Two clocks are compared over the time since the sender's last stamp: 50 ms for how they are read,
 * and a hundredth for how differently they run. */
static void check_time(const check_case *c)
{
    check_session *s = c->session;
    const cap_packet *packet = c->packet;
    uint64_t us;
    if (timestamp_of(&packet->message, &us)) {
        bool newer = !s->stamp_seen || uftp_seq_newer(packet->header.seq, s->stamp_seq);
        if (s->stamp_seen && newer)
            cap_rule_expect(c, CAP_RULE_TIME_ORDER, us >= s->stamp_us);
        if (newer) {
            s->stamp_seen = true;
            s->stamp_seq = packet->header.seq;
            s->stamp_us = us;
            s->stamp_time = packet->time;
        }
    } else if (echo_of(&packet->message, &us) && s->stamp_seen && us > s->stamp_us) {
        uint64_t since = packet->time > s->stamp_time ? (packet->time - s->stamp_time) / 1000 : 0;
        cap_rule_expect(c, CAP_RULE_TIME_ECHO, us - s->stamp_us <= since + since / 100 + 50000);
    }
}

void cap_check_packet(cap_check *check, const cap_packet *packet)
{
    if (!packet->session || !packet->peer || packet->cut)
        return;
    check_case c = {.check = check,
                    .packet = packet,
                    .session = find_session(check, packet->session),
                    .peer = find_peer(check, packet->peer)};
    if (!c.session || !c.peer)
        return;
    if (packet->is_v3) {
        cap_check_v3(&c);
        return;
    }
    check_numbers(&c);
    check_sealing(&c);
    if (packet->depth != CAP_DEPTH_MESSAGE) {
        cap_rule_expect(&c, CAP_RULE_MALFORMED, packet->depth == CAP_DEPTH_WRAPPER);
        return;
    }
    cap_rule_expect(&c, CAP_RULE_ENCODING, encodes_the_same(&c));
    check_direction(&c);
    check_list(&c);
    check_congestion(&c);
    check_time(&c);
    cap_check_handshake(&c);
    cap_check_files(&c);
}

/* ---- report ---- */

const cap_breaks *cap_check_breaks(const cap_check *check, cap_rule number)
{
    return &check->breaks[number];
}

unsigned cap_check_broken(const cap_check *check)
{
    unsigned broken = 0;
    for (int i = 0; i < CAP_RULE_COUNT; i++)
        broken += check->breaks[i].count > 0;
    return broken;
}

void cap_check_write(const cap_check *check, cap_writer *w)
{
    cap_open_list(w, "broken");
    for (int i = 0; i < CAP_RULE_COUNT; i++) {
        const cap_breaks *breaks = &check->breaks[i];
        if (breaks->count == 0)
            continue;
        cap_open_object(w, NULL);
        write_rule(w, (cap_rule)i);
        cap_write_number(w, "count", breaks->count);
        cap_open_list(w, "packets");
        for (uint64_t k = 0; k < breaks->count && k < CAP_BREAKS_SHOWN; k++)
            cap_write_number(w, NULL, breaks->numbers[k]);
        cap_close_list(w);
        cap_close_object(w);
    }
    cap_close_list(w);
}
