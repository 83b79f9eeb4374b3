/* SPDX-License-Identifier: MIT */
#include "open.h"

#include "solve.h"

#include <string.h>

enum { VERSION_4 = 0x40, VERSION_5 = 0x50 };

/* The key that fitted goes to the front: the next packet is most likely under it, too. */
static void bring_forward(cap_key **first, cap_key **link)
{
    cap_key *key = *link;
    *link = key->next;
    key->next = *first;
    *first = key;
}

/* ---- version 4 ---- */

/* Whose signature a packet may bear (signature type KEYEX): its sender's, or that of a proxy which
 * signed it anew. */
static bool open_under(const cap_key *key, const cap_packet *packet, uint8_t *scratch,
                       uftp_bytes *plain)
{
    const cap_handshake *h = packet->session->handshake;
    const cap_exchange *x = packet->peer->exchange;
    size_t len = packet->bytes.len;
    uftp_bytes signer = {0};
    if (x)
        signer = (uftp_bytes){x->public_key, x->public_key_len};
    const cap_leg *leg = h ? h->legs : NULL;
    for (;;) {
        memcpy(scratch, packet->bytes.data, len);
        if (uftp_v4_open(&key->as.v4, signer, scratch, len, plain) == UFTP_OK)
            return true;
        if (key->as.v4.suite.sigtype != UFTP_SIGTYPE_KEYEX || !leg)
            return false;
        signer = (uftp_bytes){leg->public_key, leg->public_key_len};
        leg = leg->next;
    }
}

static bool try_v4(cap_packet *packet, uint8_t *scratch)
{
    cap_session *session = packet->session;
    for (cap_key **link = &session->keys; *link; link = &(*link)->next) {
        if (!open_under(*link, packet, scratch, &packet->plain))
            continue;
        packet->key = *link;
        (*link)->opened++;
        bring_forward(&session->keys, link);
        return true;
    }
    packet->has_key = session->keys != NULL;
    return false;
}

static bool open_v4(const cap_secrets *secrets, cap_packet *packet, uint8_t *scratch)
{
    bool opened;
    while (!(opened = try_v4(packet, scratch)) && cap_solve_v4(secrets, packet->session))
        ;
    packet->has_key |= opened;
    return opened;
}

/* ---- version 5 ---- */

static bool try_v5(cap_packet *packet, uint8_t *scratch)
{
    cap_peer *peer = packet->peer;
    size_t len = packet->bytes.len, overhead = packet->wire->encrypted_overhead;
    for (cap_key **link = &peer->keys; *link; link = &(*link)->next) {
        cap_key *key = *link;
        memcpy(scratch, packet->bytes.data, len);
        if (uftp_v5_open(&key->as.v5.aead, &key->as.v5.traffic, packet->encrypted.iv_counter,
                         scratch, len) < 0)
            continue;
        packet->key = key;
        packet->plain = (uftp_bytes){scratch + packet->wire->header_len + overhead - UFTP_TAG_LEN,
                                     len - packet->wire->header_len - overhead};
        key->opened++;
        bring_forward(&peer->keys, link);
        return true;
    }
    packet->has_key = peer->keys != NULL;
    return false;
}

static bool open_v5(const cap_secrets *secrets, cap_packet *packet, uint8_t *scratch)
{
    bool opened;
    while (!(opened = try_v5(packet, scratch)) &&
           cap_solve_v5(secrets, packet->session, packet->peer))
        ;
    packet->has_key |= opened;
    return opened;
}

/* ---- both ---- */

typedef struct opener {
    uint8_t version;
    bool (*open)(const cap_secrets *secrets, cap_packet *packet, uint8_t *scratch);
} opener;

static const opener openers[] = {{VERSION_5, open_v5}, {VERSION_4, open_v4}};

bool cap_open(const cap_secrets *secrets, cap_packet *packet, uint8_t *scratch)
{
    if (!cap_secrets_any(secrets) || !packet->session || !packet->peer || !packet->wire)
        return false;
    for (size_t i = 0; i < sizeof openers / sizeof *openers; i++)
        if (openers[i].version == packet->wire->version)
            return openers[i].open(secrets, packet, scratch);
    return false;
}

void cap_open_proof(const cap_secrets *secrets, const cap_packet *packet)
{
    if (packet->message.type != UFTP_MESSAGE_KEYINFO_ACK)
        return;
    if (packet->session->version == VERSION_4)
        cap_solve_receiver_v4(secrets, packet->session, packet->peer);
    else
        cap_solve_receiver_v5(secrets, packet->session, packet->peer);
}

static bool announces(const cap_handshake *h, uftp_bytes own)
{
    for (const cap_leg *leg = h->legs; leg; leg = leg->next)
        if (leg->public_key_len == own.len && memcmp(leg->public_key, own.data, own.len) == 0)
            return true;
    return false;
}

static bool announces_one_of(const cap_secrets *secrets, const cap_handshake *h)
{
    bool one = false;
    for (size_t i = 0; i < secrets->key_count; i++)
        one |= announces(h, uftp_key_blob(secrets->keys[i]));
    for (size_t i = 0; i < secrets->weak_key_count; i++)
        one |= announces(h, cap_weak_key_blob(secrets->weak_keys[i]));
    return one;
}

const char *cap_open_why_not(const cap_secrets *secrets, const cap_session *session)
{
    const cap_handshake *h = session->handshake;
    if (secrets->key_count + secrets->weak_key_count == 0 ||
        session->no_key + session->open_failed == 0)
        return NULL;
    for (const cap_key *key = session->keys; key; key = key->next)
        if (key->opened)
            return NULL; /* what came before its keys stays sealed */
    if (uftp_v3_is_version(session->version))
        return "version 3 is not decrypted";
    if (session->version != VERSION_4)
        return "a private key opens no session of this version: its keys come from ECDH, and a key "
               "log is needed";
    if (!h || !h->announced)
        return "a private key opens nothing of it: its ANNOUNCE was not captured";
    if (h->server.v4.suite.key_exchange != UFTP_KEY_EXCHANGE_RSA)
        return "a private key opens nothing of it: its keys come from ECDH, and a key log is "
               "needed";
    if (!announces_one_of(secrets, h))
        return "the private key is not the one it announces";
    return "the private key opens nothing of it: no REGISTER was captured with its KEYINFO";
}
