/* SPDX-License-Identifier: MIT
 *
 * Wire version 5: the messages that carry a session: files, blocks, what is missing, congestion
 * control, and how it ends.
 */
#include "wire/v5.h"

enum { FLAG_PARTIAL = 0x01 };      /* of FILEINFO_ACK (1.14) */
enum { FLAG_CURRENT_FILE = 0x01 }; /* of ABORT (1.17) */

#define UINT48_MAX ((UINT64_C(1) << 48) - 1)

/* Text up to its first NUL, or all of it: a name that fills its field has none (trap 38). */
static uftp_bytes text_cut(uftp_bytes text)
{
    const uint8_t *nul = text.len ? memchr(text.data, 0, text.len) : NULL;
    if (nul)
        text.len = (size_t)(nul - text.data);
    return text;
}

/* Whether text survives being padded with NULs and cut again. */
static bool text_fits(uftp_bytes text, size_t max)
{
    return text.len <= max && (text.len == 0 || !memchr(text.data, 0, text.len));
}

static size_t padding_len(size_t len)
{
    return (4 - len % 4) % 4;
}

static void padded_write(uftp_writer *w, uftp_bytes text)
{
    uftp_write_bytes(w, text.data, text.len);
    uftp_write_zeros(w, padding_len(text.len));
}

/* FILEINFO, spec v5 1.13; N and L in words
 *   0 type  1 length  2 file(2)  4 file type  5 reserved  6 mtime, high(2)  8 N  9 L
 *   10 size, high(2)  12 size, low(4)  16 mtime, low(4)  20 timestamp(8)  28 name(4N)
 *   28+4N link(4L); no extension is tolerated; body: UIDs */
int uftp_v5_fileinfo_read(uftp_v5_frame *f, uftp_fileinfo *out)
{
    uftp_reader *h = &f->header;
    out->file_id = uftp_read_u16(h);
    out->file_type = uftp_read_u8(h);
    uftp_read_skip(h, 1);
    uint64_t mtime_high = uftp_read_u16(h);
    size_t name_len = 4 * (size_t)uftp_read_u8(h);
    size_t link_len = 4 * (size_t)uftp_read_u8(h);
    uint64_t size_high = uftp_read_u16(h);
    out->size = size_high << 32 | uftp_read_u32(h);
    out->mtime = mtime_high << 32 | uftp_read_u32(h);
    out->timestamp_us = uftp_read_u64(h);
    out->name = text_cut(uftp_read_field(h, name_len));
    out->link = text_cut(uftp_read_field(h, link_len));
    out->clients = uftp_v5_uids_read(&f->body);
    if (h->failed)
        return UFTP_ERR_TRUNCATED;
    if (uftp_read_left(h) != 0 || name_len > UFTP_NAME_MAX || link_len > UFTP_NAME_MAX)
        return UFTP_ERR_MALFORMED;
    return out->file_id != 0 ? UFTP_OK : UFTP_ERR_MALFORMED;
}

int uftp_v5_fileinfo_write(uftp_writer *w, const uftp_fileinfo *in)
{
    if (!text_fits(in->name, UFTP_NAME_MAX) || !text_fits(in->link, UFTP_NAME_MAX) ||
        in->size > UINT48_MAX || in->mtime > UINT48_MAX || in->file_id == 0)
        return UFTP_ERR_MALFORMED;
    size_t name_len = in->name.len + padding_len(in->name.len);
    size_t link_len = in->link.len + padding_len(in->link.len);
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_FILEINFO, 28 + name_len + link_len);
    if (err < 0)
        return err;
    uftp_write_u16(w, in->file_id);
    uftp_write_u8(w, in->file_type);
    uftp_write_zeros(w, 1);
    uftp_write_u16(w, (uint16_t)(in->mtime >> 32));
    uftp_write_u8(w, (uint8_t)(name_len / 4));
    uftp_write_u8(w, (uint8_t)(link_len / 4));
    uftp_write_u16(w, (uint16_t)(in->size >> 32));
    uftp_write_u32(w, (uint32_t)in->size);
    uftp_write_u32(w, (uint32_t)in->mtime);
    uftp_write_u64(w, in->timestamp_us);
    padded_write(w, in->name);
    padded_write(w, in->link);
    uftp_v5_uids_write(w, &in->clients);
    return uftp_v5_end_write(w);
}

/* FILEINFO_ACK, spec v5 1.14
 *   0 type  1 length  2 file(2)  4 flags  5 reserved(3)  8 timestamp(8); body: UIDs */
int uftp_v5_fileinfo_ack_read(uftp_v5_frame *f, uftp_fileinfo_ack *out)
{
    uftp_reader *h = &f->header;
    out->file_id = uftp_read_u16(h);
    out->partial = uftp_read_u8(h) & FLAG_PARTIAL;
    uftp_read_skip(h, 3);
    out->timestamp_us = uftp_read_u64(h);
    out->clients = uftp_v5_uids_read(&f->body);
    return uftp_v5_extensions_skip(h);
}

int uftp_v5_fileinfo_ack_write(uftp_writer *w, const uftp_fileinfo_ack *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_FILEINFO_ACK, 16);
    if (err < 0)
        return err;
    uftp_write_u16(w, in->file_id);
    uftp_write_u8(w, in->partial ? FLAG_PARTIAL : 0);
    uftp_write_zeros(w, 3);
    uftp_write_u64(w, in->timestamp_us);
    uftp_v5_uids_write(w, &in->clients);
    return uftp_v5_end_write(w);
}

/* EXT_TFMCC_DATA_INFO, spec v5 1.15: 0 type 2  1 length 2  2 send rate(2)  4 CC seq(2)
 *   6 CC rate(2) */
static int tfmcc_data_read(uftp_reader *extension, uftp_tfmcc_data *out)
{
    uftp_read_skip(extension, 2);
    out->send_rate = uftp_read_u16(extension);
    out->cc_seq = uftp_read_u16(extension);
    out->cc_rate = uftp_read_u16(extension);
    return extension->failed ? UFTP_ERR_MALFORMED : UFTP_OK;
}

static int tfmcc_data_write(uftp_writer *w, const uftp_tfmcc_data *in)
{
    int err = uftp_v5_start_write(w, UFTP_V5_EXT_TFMCC_DATA, UFTP_V5_TFMCC_DATA_LEN);
    if (err < 0)
        return err;
    uftp_write_u16(w, in->send_rate);
    uftp_write_u16(w, in->cc_seq);
    uftp_write_u16(w, in->cc_rate);
    return uftp_v5_end_write(w);
}

/* FILESEG, spec v5 1.15
 *   0 type  1 length  2 file(2)  4 section(2)  6 block(2)  8 extensions; body: data. Once per
 *   packet: nothing is cleared or copied that need not be. */
int uftp_v5_fileseg_read(uftp_v5_frame *f, uftp_fileseg *out)
{
    uftp_reader *h = &f->header;
    out->file_id = uftp_read_u16(h);
    out->section = uftp_read_u16(h);
    out->block = uftp_read_u16(h);
    uftp_reader extension;
    int err = uftp_v5_extensions_read(h, UFTP_V5_EXT_TFMCC_DATA, &extension);
    if (err < 0)
        return err;
    out->has_tfmcc = extension.at != NULL;
    out->tfmcc = (uftp_tfmcc_data){0};
    out->data = uftp_read_rest(&f->body);
    if (out->data.len == 0)
        return UFTP_ERR_MALFORMED; /* no file has an empty block */
    return out->has_tfmcc ? tfmcc_data_read(&extension, &out->tfmcc) : UFTP_OK;
}

int uftp_v5_fileseg_write(uftp_writer *w, const uftp_fileseg *in)
{
    if (in->data.len == 0)
        return UFTP_ERR_MALFORMED;
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_FILESEG,
                                  8 + (in->has_tfmcc ? UFTP_V5_TFMCC_DATA_LEN : 0));
    if (err < 0)
        return err;
    uftp_write_u16(w, in->file_id);
    uftp_write_u16(w, in->section);
    uftp_write_u16(w, in->block);
    if (in->has_tfmcc) {
        err = tfmcc_data_write(w, &in->tfmcc);
        if (err < 0)
            return err;
    }
    if (in->data.data)
        uftp_write_bytes(w, in->data.data, in->data.len);
    else
        (void)uftp_write_space(w, in->data.len);
    return uftp_v5_end_write(w);
}

/* DONE, spec v5 1.16: 0 type  1 length  2 file(2)  4 section(2)  6 reserved(2); body: UIDs */
int uftp_v5_done_read(uftp_v5_frame *f, uftp_done *out)
{
    uftp_reader *h = &f->header;
    out->file_id = uftp_read_u16(h);
    out->section = uftp_read_u16(h);
    uftp_read_skip(h, 2);
    out->clients = uftp_v5_uids_read(&f->body);
    return uftp_v5_extensions_skip(h);
}

int uftp_v5_done_write(uftp_writer *w, const uftp_done *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_DONE, 8);
    if (err < 0)
        return err;
    uftp_write_u16(w, in->file_id);
    uftp_write_u16(w, in->section);
    uftp_write_zeros(w, 2);
    uftp_v5_uids_write(w, &in->clients);
    return uftp_v5_end_write(w);
}

/* EXT_TFMCC_ACK_INFO, spec v5 1.16: 0 type 3  1 length 5  2 flags  3 reserved  4 CC seq(2)
 *   6 CC rate(2)  8 client(4)  12 timestamp(8) */
static int tfmcc_ack_read(uftp_reader *extension, uftp_tfmcc_ack *out)
{
    uftp_read_skip(extension, 2);
    out->flags = uftp_read_u8(extension);
    uftp_read_skip(extension, 1);
    out->cc_seq = uftp_read_u16(extension);
    out->cc_rate = uftp_read_u16(extension);
    out->client = uftp_read_u32(extension);
    out->timestamp_us = uftp_read_u64(extension);
    return extension->failed ? UFTP_ERR_MALFORMED : UFTP_OK;
}

static int tfmcc_ack_write(uftp_writer *w, const uftp_tfmcc_ack *in)
{
    int err = uftp_v5_start_write(w, UFTP_V5_EXT_TFMCC_ACK, UFTP_V5_TFMCC_ACK_LEN);
    if (err < 0)
        return err;
    uftp_write_u8(w, in->flags);
    uftp_write_zeros(w, 1);
    uftp_write_u16(w, in->cc_seq);
    uftp_write_u16(w, in->cc_rate);
    uftp_write_u32(w, in->client);
    uftp_write_u64(w, in->timestamp_us);
    return uftp_v5_end_write(w);
}

/* STATUS, spec v5 1.16
 *   0 type  1 length  2 file(2)  4 section(2)  6 reserved(2)  8 extensions; body: NAK bitmap,
 *   floor(n/8)+1 bytes for n blocks, so never empty (trap 10) */
int uftp_v5_status_read(uftp_v5_frame *f, uftp_status *out)
{
    uftp_reader *h = &f->header;
    out->file_id = uftp_read_u16(h);
    out->section = uftp_read_u16(h);
    uftp_read_skip(h, 2);
    uftp_reader extension;
    int err = uftp_v5_extensions_read(h, UFTP_V5_EXT_TFMCC_ACK, &extension);
    if (err < 0)
        return err;
    out->has_tfmcc = extension.at != NULL;
    out->tfmcc = (uftp_tfmcc_ack){0};
    out->naks = uftp_read_rest(&f->body);
    if (out->naks.len == 0)
        return UFTP_ERR_MALFORMED;
    return out->has_tfmcc ? tfmcc_ack_read(&extension, &out->tfmcc) : UFTP_OK;
}

int uftp_v5_status_write(uftp_writer *w, const uftp_status *in)
{
    if (in->naks.len == 0)
        return UFTP_ERR_MALFORMED;
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_STATUS,
                                  8 + (in->has_tfmcc ? UFTP_V5_TFMCC_ACK_LEN : 0));
    if (err < 0)
        return err;
    uftp_write_u16(w, in->file_id);
    uftp_write_u16(w, in->section);
    uftp_write_zeros(w, 2);
    if (in->has_tfmcc) {
        err = tfmcc_ack_write(w, &in->tfmcc);
        if (err < 0)
            return err;
    }
    uftp_write_bytes(w, in->naks.data, in->naks.len);
    return uftp_v5_end_write(w);
}

/* COMPLETE, spec v5 1.16
 *   0 type  1 length  2 file(2)  4 status  5 reserved(3)  8 extensions; body: UIDs
 * EXT_FREESPACE_INFO: 0 type 7  1 length 3  2 reserved(2)  4 free bytes(8) */
int uftp_v5_complete_read(uftp_v5_frame *f, uftp_complete *out)
{
    uftp_reader *h = &f->header;
    out->file_id = uftp_read_u16(h);
    out->status = uftp_read_u8(h);
    uftp_read_skip(h, 3);
    out->clients = uftp_v5_uids_read(&f->body);
    uftp_reader extension;
    int err = uftp_v5_extensions_read(h, UFTP_V5_EXT_FREESPACE, &extension);
    if (err < 0)
        return err;
    out->has_free_space = extension.at != NULL;
    out->free_space = 0;
    if (!out->has_free_space)
        return UFTP_OK;
    uftp_read_skip(&extension, 4);
    out->free_space = uftp_read_u64(&extension);
    return extension.failed ? UFTP_ERR_MALFORMED : UFTP_OK;
}

int uftp_v5_complete_write(uftp_writer *w, const uftp_complete *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_COMPLETE,
                                  8 + (in->has_free_space ? UFTP_V5_FREESPACE_LEN : 0));
    if (err < 0)
        return err;
    uftp_write_u16(w, in->file_id);
    uftp_write_u8(w, in->status);
    uftp_write_zeros(w, 3);
    if (in->has_free_space) {
        err = uftp_v5_start_write(w, UFTP_V5_EXT_FREESPACE, UFTP_V5_FREESPACE_LEN);
        if (err < 0)
            return err;
        uftp_write_zeros(w, 2);
        uftp_write_u64(w, in->free_space);
    }
    uftp_v5_uids_write(w, &in->clients);
    return uftp_v5_end_write(w);
}

/* ABORT, spec v5 1.17
 *   0 type  1 length  2 flags  3 reserved  4 host(4)  8 text, padded with NULs(300) */
int uftp_v5_abort_read(uftp_v5_frame *f, uftp_abort *out)
{
    uftp_reader *h = &f->header;
    out->current_file = uftp_read_u8(h) & FLAG_CURRENT_FILE;
    uftp_read_skip(h, 1);
    out->host = uftp_read_u32(h);
    out->text = uftp_read_field(h, UFTP_ABORT_TEXT_MAX);
    uftp_read_skip(h, 1); /* the last byte is a NUL whatever it says */
    out->text = text_cut(out->text);
    return uftp_v5_end_read(f);
}

int uftp_v5_abort_write(uftp_writer *w, const uftp_abort *in)
{
    if (!text_fits(in->text, UFTP_ABORT_TEXT_MAX))
        return UFTP_ERR_MALFORMED;
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_ABORT, 8 + UFTP_ABORT_TEXT_MAX + 1);
    if (err < 0)
        return err;
    uftp_write_u8(w, in->current_file ? FLAG_CURRENT_FILE : 0);
    uftp_write_zeros(w, 1);
    uftp_write_u32(w, in->host);
    uftp_write_bytes(w, in->text.data, in->text.len);
    uftp_write_zeros(w, UFTP_ABORT_TEXT_MAX + 1 - in->text.len);
    return uftp_v5_end_write(w);
}

/* CONG_CTRL, spec v5 1.18
 *   0 type  1 length  2 reserved(2)  4 CC seq(2)  6 CC rate(2)  8 timestamp(8); body: items of
 *   client(4), flags, RTT, reserved(2). As with DONE_CONF never a longer header (trap 12). */
int uftp_v5_cong_ctrl_read(uftp_v5_frame *f, uftp_cong_ctrl *out)
{
    uftp_reader *h = &f->header;
    uftp_read_skip(h, 2);
    out->cc_seq = uftp_read_u16(h);
    out->cc_rate = uftp_read_u16(h);
    out->timestamp_us = uftp_read_u64(h);
    out->item_count = uftp_read_left(&f->body) / UFTP_CONG_ITEM_LEN;
    out->items = uftp_read_bytes(&f->body, out->item_count * UFTP_CONG_ITEM_LEN);
    return uftp_v5_extensions_skip(h);
}

int uftp_v5_cong_ctrl_write(uftp_writer *w, const uftp_cong_ctrl *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_CONG_CTRL, 16);
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    uftp_write_u16(w, in->cc_seq);
    uftp_write_u16(w, in->cc_rate);
    uftp_write_u64(w, in->timestamp_us);
    uftp_write_bytes(w, in->items, in->item_count * UFTP_CONG_ITEM_LEN);
    return uftp_v5_end_write(w);
}

/* CC_ACK, spec v5 1.18: 0 type  1 length  2 reserved(2)  4 EXT_TFMCC_ACK_INFO; no body */
int uftp_v5_cc_ack_read(uftp_v5_frame *f, uftp_cc_ack *out)
{
    uftp_reader *h = &f->header;
    uftp_read_skip(h, 2);
    uftp_reader extension;
    int err = uftp_v5_extensions_read(h, UFTP_V5_EXT_TFMCC_ACK, &extension);
    if (err < 0)
        return err;
    if (!extension.at || uftp_read_left(&f->body) != 0)
        return UFTP_ERR_MALFORMED;
    return tfmcc_ack_read(&extension, &out->tfmcc);
}

int uftp_v5_cc_ack_write(uftp_writer *w, const uftp_cc_ack *in)
{
    int err = uftp_v5_start_write(w, UFTP_MESSAGE_CC_ACK, 4 + UFTP_V5_TFMCC_ACK_LEN);
    if (err < 0)
        return err;
    uftp_write_zeros(w, 2);
    return tfmcc_ack_write(w, &in->tfmcc);
}
