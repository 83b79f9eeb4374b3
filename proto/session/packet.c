/* SPDX-License-Identifier: MIT */
#include "session/packet.h"

#include "base/assert.h"

static size_t signature_len(const uftp_sealing *sealing)
{
    return sealing->group ? uftp_v4_packet_signature_len(sealing->group, sealing->own_key) : 0;
}

static size_t payload_len(const uftp_sealing *sealing, size_t message_len)
{
    return sealing->group ? uftp_v4_packet_payload_len(sealing->group, message_len)
                          : message_len + UFTP_TAG_LEN;
}

size_t uftp_packet_message_at(const uftp_wire *wire, const uftp_sealing *sealing)
{
    if (!sealing)
        return wire->header_len;
    return wire->header_len + wire->encrypted_overhead - UFTP_TAG_LEN + signature_len(sealing);
}

size_t uftp_packet_len(const uftp_wire *wire, const uftp_sealing *sealing, size_t message_len)
{
    return uftp_packet_message_at(wire, sealing) +
           (sealing ? payload_len(sealing, message_len) : message_len);
}

int uftp_packet_write(const uftp_wire *wire, const uftp_header *header, const uftp_message *message,
                      const uftp_sealing *sealing, uint64_t counter, uint8_t *out, size_t capacity,
                      size_t *len)
{
    uftp_writer w = {.at = out, .end = out + capacity};
    uftp_header outer = *header;
    outer.type = sealing ? UFTP_MESSAGE_ENCRYPTED : message->type;
    int err = wire->header_write(&w, &outer);
    if (err < 0)
        return err;
    if (!sealing) {
        err = wire->message_write(&w, message);
        *len = (size_t)(w.at - out);
        return err;
    }
    /* The wrapper carries the payload's length, which is known once the message stands: write the
     * message behind a wrapper's worth of room, then the wrapper before it. */
    uint8_t *wrapper = w.at;
    size_t message_at = uftp_packet_message_at(wire, sealing);
    if (capacity < message_at)
        return UFTP_ERR_SPACE;
    w.at = out + message_at;
    err = wire->message_write(&w, message);
    if (err < 0)
        return err;
    size_t message_len = (size_t)(w.at - out) - message_at;
    size_t total = uftp_packet_len(wire, sealing, message_len);
    if (total > capacity)
        return UFTP_ERR_SPACE;
    uftp_writer inner = {.at = wrapper, .end = out + total};
    const uftp_encrypted encrypted = {.iv_counter = counter,
                                      .signature = {.len = signature_len(sealing)},
                                      .payload = {.len = payload_len(sealing, message_len)}};
    err = wire->encrypted_write(&inner, &encrypted);
    if (err < 0)
        return err;
    *len = total;
    if (message->type != UFTP_MESSAGE_FILESEG || message->as.fileseg.data.data)
        uftp_packet_seal(wire, sealing, counter, out, message_len);
    return UFTP_OK;
}

void uftp_packet_seal(const uftp_wire *wire, const uftp_sealing *sealing, uint64_t counter,
                      uint8_t *datagram, size_t message_len)
{
    if (sealing->group) {
        UFTP_ASSERT(wire == &uftp_wire_v4);
        int err =
            uftp_v4_seal(sealing->group, sealing->own_key, sealing->random, datagram, message_len);
        UFTP_ASSERT(err == UFTP_OK); /* our key has signed before */
        return;
    }
    UFTP_ASSERT(wire == &uftp_wire_v5);
    uftp_v5_seal(sealing->aead, sealing->traffic, counter, datagram, message_len);
}

int uftp_packet_read(uint8_t *data, size_t len, uftp_packet *out)
{
    if (len == 0)
        return UFTP_ERR_TRUNCATED;
    if (len > UFTP_DATAGRAM_MAX)
        return UFTP_ERR_LIMIT;
    *out = (uftp_packet){.wire = uftp_wire_find(data[0]), .data = data, .len = len};
    if (!out->wire)
        return UFTP_ERR_VERSION;
    uftp_reader r = {.at = data, .end = data + len};
    int err = out->wire->header_read(&r, &out->header);
    if (err < 0)
        return err;
    out->sealed = out->header.type == UFTP_MESSAGE_ENCRYPTED;
    return out->sealed ? out->wire->encrypted_read(&r, &out->encrypted) : UFTP_OK;
}

int uftp_packet_open(uftp_packet *packet, const uftp_sealing *sealing)
{
    UFTP_ASSERT(packet->sealed);
    if (sealing->group)
        return packet->wire == &uftp_wire_v4
                   ? uftp_v4_open(sealing->group, sealing->peer_key, packet->data, packet->len,
                                  &packet->plaintext)
                   : UFTP_ERR_AUTH;
    if (packet->wire != &uftp_wire_v5)
        return UFTP_ERR_AUTH;
    packet->plaintext = packet->encrypted.payload;
    packet->plaintext.len -= UFTP_TAG_LEN; /* the codec has seen to it that there is a tag */
    return uftp_v5_open(sealing->aead, sealing->traffic, packet->encrypted.iv_counter, packet->data,
                        packet->len);
}

int uftp_packet_message(const uftp_packet *packet, uftp_message *out)
{
    uftp_reader r = {.at = packet->data + packet->wire->header_len,
                     .end = packet->data + packet->len};
    if (packet->sealed)
        r = (uftp_reader){.at = packet->plaintext.data,
                          .end = packet->plaintext.data + packet->plaintext.len};
    int err = packet->wire->message_read(&r, out);
    if (err < 0)
        return err;
    return packet->sealed || out->type == packet->header.type ? UFTP_OK : UFTP_ERR_MALFORMED;
}
