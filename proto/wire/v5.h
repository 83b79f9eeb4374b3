/* SPDX-License-Identifier: MIT
 *
 * Between the files of the v5 codec. v5.c holds the common header, the wrapper and the dispatch;
 * v5_setup.c the messages that set a session up (spec v5 1.6 to 1.12, 1.18); v5_transfer.c those
 * that carry it (1.13 to 1.18). Most layouts are those of version 4 too, which calls these
 * functions (wire/v4.h).
 *
 * One rule for what a codec refuses: lengths that contradict each other and values from which no
 * session could be run are errors; a number whose meaning is not known (file type, status, flag,
 * reserved byte) decodes, and whoever gives it a meaning refuses it.
 */
#ifndef UFTP_WIRE_V5_H
#define UFTP_WIRE_V5_H

#include "wire/cursor.h"

#define UFTP_V5_HEADER_MAX 1020 /* 255 words (1.3) */

enum { /* header extensions (1.20) */
       UFTP_V5_EXT_NONE = 0,
       UFTP_V5_EXT_ENC_INFO = 1,
       UFTP_V5_EXT_TFMCC_DATA = 2,
       UFTP_V5_EXT_TFMCC_ACK = 3,
       UFTP_V5_EXT_FREESPACE = 7
};
#define UFTP_V5_TFMCC_DATA_LEN 8
#define UFTP_V5_TFMCC_ACK_LEN 20
#define UFTP_V5_FREESPACE_LEN 12
#define UFTP_V5_ENC_INFO_FIXED_LEN 44

/* A message cut in two (1.3). Both cursors share one rule: once failed, nothing more is read. */
typedef struct uftp_v5_frame {
    uftp_bytes whole;   /* the message header, from the type byte */
    uftp_reader header; /* behind type and length byte, to the end of the header */
    uftp_reader body;   /* the rest of the message */
} uftp_v5_frame;

/* The common header, the same in every version but for its first byte. TRUNCATED, VERSION. */
int uftp_v5_common_read(uftp_reader *r, uint8_t version, uftp_header *out);
int uftp_v5_common_write(uftp_writer *w, uint8_t version, const uftp_header *in);

/* Cuts a message, which is not empty, in two. Both cursors have failed when it is too short. */
uftp_v5_frame uftp_v5_frame_read(uftp_reader *r, uint8_t *type);
/* The message of out->type behind that. */
int uftp_v5_fields_read(uftp_v5_frame *f, uftp_message *out);
int uftp_v5_message_write(uftp_writer *w, const uftp_message *in);

/* What is left of the header must be well-formed extensions. Hands out the one of `type`, from its
 * type byte on; found->at is NULL when there is none. TRUNCATED, MALFORMED. */
int uftp_v5_extensions_read(uftp_reader *header, uint8_t type, uftp_reader *found);
/* The end of a header in which no extension means anything. */
int uftp_v5_extensions_skip(uftp_reader *header);
/* The end of a message that has no body. */
int uftp_v5_end_read(uftp_v5_frame *f);

/* Type and length byte. LIMIT when the header would be too long, MALFORMED when it does not end
 * at a word. SPACE is left to uftp_v5_end_write(). */
int uftp_v5_start_write(uftp_writer *w, uint8_t type, size_t header_len);
int uftp_v5_end_write(const uftp_writer *w);

/* A length for a sum: whatever does not fit a header counts as too long, so that no sum wraps. */
static inline size_t uftp_v5_bounded(size_t len)
{
    return len < UFTP_V5_HEADER_MAX ? len : UFTP_V5_HEADER_MAX + 4;
}

/* floor(body / 4) UIDs; what remains behind them is ignored (1.3). */
static inline uftp_uid_list uftp_v5_uids_read(uftp_reader *body)
{
    size_t count = uftp_read_left(body) / 4;
    return (uftp_uid_list){.bytes = uftp_read_bytes(body, 4 * count), .count = count};
}

static inline void uftp_v5_uids_write(uftp_writer *w, const uftp_uid_list *list)
{
    if (list->bytes)
        uftp_write_bytes(w, list->bytes, 4 * list->count);
}

/* ANNOUNCE without what is inside EXT_ENC_INFO: reading hands that extension out when
 * out->encrypted; writing stops where it would stand, with `extension_len` counted in. */
int uftp_v5_announce_fields_read(uftp_v5_frame *f, uftp_announce *out, uftp_reader *extension);
int uftp_v5_announce_fields_write(uftp_writer *w, const uftp_announce *in, size_t extension_len);
int uftp_v5_announce_read(uftp_v5_frame *f, uftp_announce *out);
int uftp_v5_announce_write(uftp_writer *w, const uftp_announce *in);
int uftp_v5_enc_info_write(uftp_writer *w, const uftp_enc_info *in);
int uftp_v5_register_read(uftp_v5_frame *f, uftp_register *out);
int uftp_v5_register_write(uftp_writer *w, const uftp_register *in);
int uftp_v5_client_key_read(uftp_v5_frame *f, uftp_client_key *out);
int uftp_v5_client_key_write(uftp_writer *w, const uftp_client_key *in);
int uftp_v5_keyinfo_read(uftp_v5_frame *f, uftp_keyinfo *out);
int uftp_v5_keyinfo_write(uftp_writer *w, const uftp_keyinfo *in);
int uftp_v5_keyinfo_ack_read(uftp_v5_frame *f, uftp_keyinfo_ack *out);
int uftp_v5_keyinfo_ack_write(uftp_writer *w, const uftp_keyinfo_ack *in);
int uftp_v5_hb_req_read(uftp_v5_frame *f, uftp_hb_req *out);
int uftp_v5_hb_req_write(uftp_writer *w, const uftp_hb_req *in);
int uftp_v5_hb_resp_read(uftp_v5_frame *f, uftp_hb_resp *out);
int uftp_v5_hb_resp_write(uftp_writer *w, const uftp_hb_resp *in);
int uftp_v5_proxy_key_read(uftp_v5_frame *f, uftp_proxy_key *out);
int uftp_v5_proxy_key_write(uftp_writer *w, const uftp_proxy_key *in);

/* REG_CONF and DONE_CONF have one layout. */
int uftp_v5_uid_message_read(uftp_v5_frame *f, uftp_uid_message *out);
int uftp_v5_uid_message_write(uftp_writer *w, uint8_t type, const uftp_uid_message *in);

int uftp_v5_fileinfo_read(uftp_v5_frame *f, uftp_fileinfo *out);
int uftp_v5_fileinfo_write(uftp_writer *w, const uftp_fileinfo *in);
int uftp_v5_fileinfo_ack_read(uftp_v5_frame *f, uftp_fileinfo_ack *out);
int uftp_v5_fileinfo_ack_write(uftp_writer *w, const uftp_fileinfo_ack *in);
int uftp_v5_fileseg_read(uftp_v5_frame *f, uftp_fileseg *out);
int uftp_v5_fileseg_write(uftp_writer *w, const uftp_fileseg *in);
int uftp_v5_done_read(uftp_v5_frame *f, uftp_done *out);
int uftp_v5_done_write(uftp_writer *w, const uftp_done *in);
int uftp_v5_status_read(uftp_v5_frame *f, uftp_status *out);
int uftp_v5_status_write(uftp_writer *w, const uftp_status *in);
int uftp_v5_complete_read(uftp_v5_frame *f, uftp_complete *out);
int uftp_v5_complete_write(uftp_writer *w, const uftp_complete *in);
int uftp_v5_abort_read(uftp_v5_frame *f, uftp_abort *out);
int uftp_v5_abort_write(uftp_writer *w, const uftp_abort *in);
int uftp_v5_cong_ctrl_read(uftp_v5_frame *f, uftp_cong_ctrl *out);
int uftp_v5_cong_ctrl_write(uftp_writer *w, const uftp_cong_ctrl *in);
int uftp_v5_cc_ack_read(uftp_v5_frame *f, uftp_cc_ack *out);
int uftp_v5_cc_ack_write(uftp_writer *w, const uftp_cc_ack *in);

#endif
