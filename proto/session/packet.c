/* SPDX-License-Identifier: MIT */
#include "session/packet.h"

#include "base/assert.h"

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
    size_t wrapper_len = wire->encrypted_overhead - UFTP_TAG_LEN;
    uint8_t *wrapper = w.at;
    if ((size_t)(w.end - w.at) < wire->encrypted_overhead)
        return UFTP_ERR_SPACE;
    w.at += wrapper_len;
    w.end -= UFTP_TAG_LEN;
    uint8_t *plaintext = w.at;
    err = wire->message_write(&w, message);
    if (err < 0)
        return err;
    size_t plaintext_len = (size_t)(w.at - plaintext);
    uftp_writer inner = {.at = wrapper, .end = w.at + UFTP_TAG_LEN};
    const uftp_encrypted encrypted = {.iv_counter = counter,
                                      .payload = {.len = plaintext_len + UFTP_TAG_LEN}};
    err = wire->encrypted_write(&inner, &encrypted);
    if (err < 0)
        return err;
    *len = (size_t)(w.at - out) + UFTP_TAG_LEN;
    if (message->type != UFTP_MESSAGE_FILESEG || message->as.fileseg.data.data)
        uftp_packet_seal(wire, sealing, counter, out, *len);
    return UFTP_OK;
}

void uftp_packet_seal(const uftp_wire *wire, const uftp_sealing *sealing, uint64_t counter,
                      uint8_t *datagram, size_t len)
{
    UFTP_ASSERT(len >= wire->header_len + wire->encrypted_overhead);
    uftp_v5_seal(sealing->aead, sealing->traffic, counter, datagram,
                 len - wire->header_len - wire->encrypted_overhead);
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
    if (packet->wire != &uftp_wire_v5)
        return UFTP_ERR_AUTH;
    return uftp_v5_open(sealing->aead, sealing->traffic, packet->encrypted.iv_counter, packet->data,
                        packet->len);
}

int uftp_packet_message(const uftp_packet *packet, uftp_message *out)
{
    uftp_reader r = {.at = packet->data + packet->wire->header_len,
                     .end = packet->data + packet->len};
    if (packet->sealed && packet->encrypted.payload.len < UFTP_TAG_LEN)
        return UFTP_ERR_MALFORMED; /* of version 4, where a payload may have no tag */
    if (packet->sealed)
        r = (uftp_reader){.at = packet->encrypted.payload.data,
                          .end = packet->encrypted.payload.data + packet->encrypted.payload.len -
                                 UFTP_TAG_LEN};
    int err = packet->wire->message_read(&r, out);
    if (err < 0)
        return err;
    return packet->sealed || out->type == packet->header.type ? UFTP_OK : UFTP_ERR_MALFORMED;
}
