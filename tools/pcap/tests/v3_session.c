/* SPDX-License-Identifier: MIT */
#include "v3_session.h"

#include "tests/support.h"

#include <string.h>

enum {
    SENDER = 0x0a000001,
    ONE = 0x0a000002,
    TWO = 0x0a000003,
    BEHIND = 0x0a000004,
    PROXY = 0x0a000009,
    GROUP = 0x1a2b3c4d,
    PORT = 9044 /* not the usual one: content decides */
};

static const uint32_t PUBLIC = 0xe6040401, PRIVATE = 0xe605054d;

static void put(uint8_t *at, uint64_t value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        at[i] = (uint8_t)(value >> 8 * (len - 1 - i));
}

uint8_t v3_content(size_t at)
{
    return (uint8_t)(at * 7 + at / 251 + at / 65521);
}

/* ---- frames ---- */

static uint16_t checksum(const uint8_t *bytes, size_t len)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < len; i += 2)
        sum += (uint32_t)(bytes[i] << 8 | bytes[i + 1]);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

void v3_frame(uint8_t *frame, size_t *frame_len, uint8_t version, uint8_t type, uint32_t source,
              uint32_t ip_source, uint32_t destination, const uint8_t *message, size_t len)
{
    assert_true(len <= V3_FRAME_MAX - V3_MESSAGE_AT);
    memset(frame, 0, V3_MESSAGE_AT);
    frame[0] = 0x45; /* IP */
    put(frame + 2, V3_MESSAGE_AT + len, 2);
    frame[8] = 64;
    frame[9] = 17;
    put(frame + 12, ip_source, 4);
    put(frame + 16, destination, 4);
    put(frame + 10, checksum(frame, 20), 2);
    put(frame + 20, PORT, 2); /* UDP, without a checksum */
    put(frame + 22, PORT, 2);
    put(frame + 24, 8 + 16 + len, 2);
    frame[28] = version; /* spec v3 2 */
    frame[29] = type;
    put(frame + 30, len, 2);
    put(frame + 32, type >= 14 && type <= 17 ? 0 : GROUP, 4);
    put(frame + 36, source, 4);
    put(frame + 40, type >= 14 && type <= 17 ? 0 : destination, 4);
    memcpy(frame + V3_MESSAGE_AT, message, len);
    *frame_len = V3_MESSAGE_AT + len;
}

size_t v3_find(const v3_session *s, uint8_t type, int nth)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->bytes[i][29] == type && --nth == 0)
            return i;
    fail_msg("no message of type %u", type);
    return 0;
}

/* ---- the session as it grows ---- */

typedef struct writing {
    v3_session *out;
    uint8_t version;
    uint8_t message[V3_FRAME_MAX];
} writing;

static void send_from(writing *w, uint32_t source, uint32_t ip_source, uint32_t to, uint8_t type,
                      size_t len)
{
    v3_session *s = w->out;
    assert_true(s->count < V3_FRAMES_MAX);
    v3_frame(s->bytes[s->count], &s->len[s->count], w->version, type, source, ip_source, to,
             w->message, len);
    s->count++;
    memset(w->message, 0, sizeof w->message);
}

static void send(writing *w, uint32_t from, uint32_t to, uint8_t type, size_t len)
{
    send_from(w, from, from, to, type, len);
}

static uint8_t *start(writing *w, uint8_t type)
{
    memset(w->message, 0, sizeof w->message);
    w->message[0] = type;
    return w->message;
}

static void random_bytes(uint8_t *at, uint8_t first)
{
    for (uint8_t i = 0; i < 32; i++)
        at[i] = (uint8_t)(first + i);
}

static void announce(writing *w, bool sealed)
{
    uint8_t *m = start(w, 1);
    put(m + 2, 2, 2); /* hosts */
    put(m + 4, 2500, 2);
    put(m + 6, 4000, 2);
    put(m + 8, 4001, 2);
    put(m + 10, 4002, 2);
    m[12] = 10;
    m[13] = 12;
    put(m + 14, 76, 2); /* MTU */
    put(m + 16, PRIVATE, 4);
    random_bytes(m + 32, 0xa0);
    size_t key_len = sealed ? 64 : 0;
    if (sealed) {
        m[20] = 1; /* client authentication */
        m[21] = 1; /* HMAC */
        m[22] = 2; /* SHA-1 */
        m[23] = 3; /* AES-128 */
        put(m + 24, key_len, 2);
        put(m + 28, 65537, 4);
        memset(m + 64, 0x77, key_len);
    }
    put(m + 64 + key_len, ONE, 4);
    put(m + 68 + key_len, TWO, 4);
    send(w, SENDER, PUBLIC, 1, 72 + key_len);
}

static void registration(writing *w, uint32_t source, uint32_t from, uint32_t behind, bool sealed)
{
    uint8_t *m = start(w, 2);
    size_t secret_len = sealed ? 64 : 0;
    put(m + 4, behind ? 1 : 0, 2);
    put(m + 6, secret_len, 2);
    random_bytes(m + 8, (uint8_t)from);
    memset(m + 40, 0x55, secret_len);
    put(m + 40 + secret_len, behind, 4);
    send_from(w, source, from, SENDER, 2, 40 + secret_len + (behind ? 4 : 0));
}

static void reg_conf(writing *w)
{
    uint8_t *m = start(w, 4);
    put(m + 2, 3, 2);
    put(m + 4, ONE, 4);
    put(m + 8, TWO, 4);
    put(m + 12, PROXY, 4);
    send(w, SENDER, PRIVATE, 4, 16);
}

static void fileinfo(writing *w, uint16_t id, uint8_t type, uint64_t size, const char *name,
                     const char *link)
{
    uint8_t *m = start(w, 5);
    size_t name_at = w->version == 0x31 ? 24 : 20;
    uint64_t blocks = (size + V3_BLOCK - 1) / V3_BLOCK;
    m[1] = type;
    put(m + 2, id, 2);
    put(m + 4, blocks, 4);
    put(m + 8, (blocks + V3_SECTION - 1) / V3_SECTION, 2);
    put(m + 10, 1, 2);
    put(m + 12, size, 8);
    if (w->version == 0x31)
        put(m + 20, 1700000000, 4);
    memcpy(m + name_at, name, strlen(name));
    memcpy(m + name_at + strlen(name) + 1, link, strlen(link));
    put(m + name_at + 300, ONE, 4);
    send(w, SENDER, PRIVATE, 5, name_at + 304);
}

static void info_ack(writing *w, uint32_t source, uint32_t from, uint16_t id)
{
    put(start(w, 7) + 2, id, 2);
    send_from(w, source, from, SENDER, 7, 20);
}

static void fileseg(writing *w, uint8_t pass, uint32_t block)
{
    uint8_t *m = start(w, 8);
    size_t at = (size_t)block * V3_BLOCK, len = V3_FILE_SIZE - at;
    if (len > V3_BLOCK)
        len = V3_BLOCK;
    put(m + 2, 1, 2);
    m[4] = pass;
    put(m + 6, block / V3_SECTION + 1, 2);
    put(m + 8, block, 4);
    for (size_t i = 0; i < len; i++)
        m[12 + i] = v3_content(at + i);
    send(w, SENDER, PRIVATE, 8, 12 + len);
}

static void done(writing *w, uint8_t pass, uint16_t section, uint16_t id)
{
    uint8_t *m = start(w, 9);
    m[1] = pass;
    put(m + 2, section, 2);
    put(m + 4, id, 2);
    put(m + 6, 1, 2);
    put(m + 8, ONE, 4);
    send(w, SENDER, PRIVATE, 9, 12);
}

/* Blocks of the section, each missing whose bit in `first` is set. */
static void status(writing *w, uint32_t source, uint32_t from, uint8_t pass, uint16_t section,
                   uint8_t first, uint8_t count)
{
    uint8_t *m = start(w, 10);
    put(m + 2, 1, 2);
    m[4] = pass;
    put(m + 6, section, 2);
    put(m + 8, count, 4);
    m[12] = first;
    send_from(w, source, from, SENDER, 10, count ? 12 + V3_BLOCK : 12);
}

static void prstatus(writing *w, uint8_t pass, uint16_t section)
{
    uint8_t *m = start(w, 11);
    put(m + 2, 1, 2);
    m[4] = pass;
    put(m + 6, section, 2);
    put(m + 8, 1, 2);
    put(m + 12, BEHIND, 4);
    send(w, PROXY, SENDER, 11, 16);
}

static void complete(writing *w, uint32_t source, uint32_t from, uint16_t id, uint32_t behind)
{
    uint8_t *m = start(w, 12);
    put(m + 2, id, 2);
    put(m + 4, behind ? 1 : 0, 2);
    put(m + 8, behind, 4);
    send_from(w, source, from, SENDER, 12, behind ? 12 : 8);
}

static void all_complete(writing *w, uint16_t id)
{
    complete(w, ONE, ONE, id, 0);
    complete(w, 0, TWO, id, 0);
    complete(w, PROXY, PROXY, id, BEHIND);
}

static void done_conf(writing *w)
{
    uint8_t *m = start(w, 13);
    put(m + 4, 2, 2);
    put(m + 8, ONE, 4);
    put(m + 12, TWO, 4);
    send(w, SENDER, PRIVATE, 13, 16);
}

/* CLIENT_KEY without, HB_REQ and PROXY_KEY with a nonce. */
static void key(writing *w, uint32_t from, uint32_t to, uint8_t type)
{
    uint8_t *m = start(w, type);
    size_t at = 4;
    if (type != 3) {
        put(m + 4, 0x01020304, 4);
        at = 8;
    }
    put(m + at, 64, 2);
    put(m + at + 2, 64, 2);
    put(m + at + 4, 65537, 4);
    memset(m + at + 8, 0x66, 64);
    memset(m + at + 72, 0x99, 64);
    send(w, from, to, type, at + 136);
}

static void heartbeats(writing *w)
{
    key(w, PROXY, SENDER, 14);
    uint8_t *m = start(w, 15);
    m[1] = 2;
    put(m + 4, 0x01020304, 4);
    send(w, SENDER, PROXY, 15, 8);
    (void)start(w, 16);
    send(w, ONE, PROXY, 16, 4);
    key(w, PROXY, PUBLIC, 17);
}

static void abort_message(writing *w)
{
    uint8_t *m = start(w, 99);
    m[1] = 1;
    put(m + 4, ONE, 4);
    memcpy(m + 8, "enough", 6);
    send(w, SENDER, PRIVATE, 99, 308);
}

static void passes(writing *w)
{
    for (uint16_t section = 1; section <= 3; section++) {
        uint32_t first = (section - 1u) * V3_SECTION, end = first + V3_SECTION;
        for (uint32_t block = first; block < end && block < V3_BLOCKS; block++)
            if (section != 2 || block % V3_SECTION != 0) /* lost on its way to the capture */
                fileseg(w, 1, block);
        done(w, 1, section, 1);
        status(w, ONE, ONE, 1, section, 0, 0);
        status(w, 0, TWO, 1, section, section == 2 ? 5 : 0, section == 2 ? 2 : 0);
        prstatus(w, 1, section);
        status(w, PROXY, PROXY, 1, section, section == 2 ? 1 : 0, section == 2 ? 1 : 0);
    }
    fileseg(w, 2, V3_SECTION);
    fileseg(w, 2, V3_SECTION + 2);
    done(w, 2, 2, 1);
    all_complete(w, 1);
}

void v3_session_plain(v3_session *out, uint8_t version)
{
    writing w = {.out = out, .version = version};
    *out = (v3_session){0};
    heartbeats(&w);
    announce(&w, false);
    registration(&w, ONE, ONE, 0, false);
    registration(&w, 0, TWO, 0, false);
    registration(&w, PROXY, PROXY, BEHIND, false);
    reg_conf(&w);
    announce(&w, false);
    fileinfo(&w, 1, 0, V3_FILE_SIZE, V3_FILE_NAME, "");
    fileinfo(&w, 1, 0, V3_FILE_SIZE, V3_FILE_NAME, "");
    info_ack(&w, ONE, ONE, 1);
    info_ack(&w, 0, TWO, 1);
    info_ack(&w, PROXY, PROXY, 1);
    passes(&w);
    fileinfo(&w, 2, 1, 0, V3_DIRECTORY, "");
    all_complete(&w, 2);
    fileinfo(&w, 3, 2, 0, V3_LINK, V3_FILE_NAME);
    all_complete(&w, 3);
    fileinfo(&w, 4, 0, 0, V3_EMPTY, "");
    info_ack(&w, ONE, ONE, 4);
    done(&w, 1, 1, 4);
    all_complete(&w, 4);
    done(&w, 1, 1, 0);
    all_complete(&w, 0);
    done_conf(&w);
    abort_message(&w);
}

static void keyinfo(writing *w)
{
    uint8_t *m = start(w, 6);
    m[2] = 2;
    m[3] = 48;
    put(m + 4, 1310000000, 4);
    put(m + 8, 123456, 4);
    put(m + 12, ONE, 4);
    memset(m + 16, 0x44, 48);
    put(m + 64, TWO, 4);
    memset(m + 68, 0x45, 48);
    send(w, SENDER, PRIVATE, 6, 116);
}

static void sealed(writing *w, uint32_t from, uint32_t to)
{
    uint8_t *m = start(w, 0); /* no type of its own */
    put(m, 1310000001, 4);
    put(m + 4, 654321, 4);
    put(m + 8, 20, 2);
    put(m + 10, 48, 2);
    memset(m + 12, 0x88, 20);
    memset(m + 32, 0xcc, 48);
    send(w, from, to, 80, 80);
}

void v3_session_sealed(v3_session *out)
{
    writing w = {.out = out, .version = 0x31};
    *out = (v3_session){0};
    announce(&w, true);
    registration(&w, ONE, ONE, 0, true);
    key(&w, ONE, SENDER, 3);
    registration(&w, 0, TWO, 0, true);
    key(&w, TWO, SENDER, 3);
    keyinfo(&w);
    sealed(&w, ONE, SENDER);
    sealed(&w, TWO, SENDER);
    sealed(&w, SENDER, PRIVATE);
}
