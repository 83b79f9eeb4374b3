/* SPDX-License-Identifier: MIT
 *
 * Wire version 4: messages that differ from version 5 in nothing but their times (spec v4 11).
 */
#include "wire/v4.h"

#define US_PER_S UINT64_C(1000000)
#define TIME_MAX (UINT32_MAX * US_PER_S + US_PER_S - 1)

/* Microseconds that make up a second or more are added up as they are; the last time there is
 * stands for what lies beyond, so that whatever is read can be written. */
uint64_t uftp_v4_time_from_pair(uint64_t pair)
{
    uint64_t time_us = (pair >> 32) * US_PER_S + (uint32_t)pair;
    return time_us < TIME_MAX ? time_us : TIME_MAX;
}

int uftp_v4_time_to_pair(uint64_t *time_us)
{
    if (*time_us > TIME_MAX)
        return UFTP_ERR_LIMIT;
    *time_us = *time_us / US_PER_S << 32 | *time_us % US_PER_S;
    return UFTP_OK;
}

/* REGISTER, spec v4 3.2
 *   0 type  1 length  2 L(2)  4 seconds(4)  8 microseconds(4)  12 random(32)  44 key info(L);
 *   body: UIDs. The random number is there without encryption too (trap 10). */
int uftp_v4_register_read(uftp_v5_frame *f, uftp_register *out)
{
    int err = uftp_v5_register_read(f, out);
    out->timestamp_us = uftp_v4_time_from_pair(out->timestamp_us);
    return err;
}

int uftp_v4_register_write(uftp_writer *w, const uftp_register *in)
{
    uftp_register message = *in;
    int err = uftp_v4_time_to_pair(&message.timestamp_us);
    return err < 0 ? err : uftp_v5_register_write(w, &message);
}

/* FILEINFO, spec v4 3.7
 *   0 type  1 length  2 file(2)  4 file type  5 reserved(3)  8 N  9 L  10 size, high(2)
 *   12 size, low(4)  16 mtime(4)  20 seconds(4)  24 microseconds(4)  28 name(4N)  28+4N link(4L);
 *   no extension is tolerated; body: UIDs */
int uftp_v4_fileinfo_read(uftp_v5_frame *f, uftp_fileinfo *out)
{
    int err = uftp_v5_fileinfo_read(f, out);
    out->mtime = (uint32_t)out->mtime; /* the high part is reserved here */
    out->timestamp_us = uftp_v4_time_from_pair(out->timestamp_us);
    return err;
}

int uftp_v4_fileinfo_write(uftp_writer *w, const uftp_fileinfo *in)
{
    uftp_fileinfo message = *in;
    int err = uftp_v4_time_to_pair(&message.timestamp_us);
    if (err == UFTP_OK && in->mtime > UINT32_MAX)
        err = UFTP_ERR_LIMIT;
    return err < 0 ? err : uftp_v5_fileinfo_write(w, &message);
}

/* FILEINFO_ACK, spec v4 3.8
 *   0 type  1 length  2 file(2)  4 flags  5 reserved(3)  8 seconds(4)  12 microseconds(4);
 *   body: UIDs */
int uftp_v4_fileinfo_ack_read(uftp_v5_frame *f, uftp_fileinfo_ack *out)
{
    int err = uftp_v5_fileinfo_ack_read(f, out);
    out->timestamp_us = uftp_v4_time_from_pair(out->timestamp_us);
    return err;
}

int uftp_v4_fileinfo_ack_write(uftp_writer *w, const uftp_fileinfo_ack *in)
{
    uftp_fileinfo_ack message = *in;
    int err = uftp_v4_time_to_pair(&message.timestamp_us);
    return err < 0 ? err : uftp_v5_fileinfo_ack_write(w, &message);
}

/* STATUS, spec v4 3.11
 *   0 type  1 length  2 file(2)  4 section(2)  6 reserved(2)  8 extensions; body: NAK bitmap
 * EXT_TFMCC_ACK_INFO: 0 type 3  1 length 5  2 flags  3 reserved  4 CC seq(2)  6 CC rate(2)
 *   8 client(4)  12 seconds(4)  16 microseconds(4) */
int uftp_v4_status_read(uftp_v5_frame *f, uftp_status *out)
{
    int err = uftp_v5_status_read(f, out);
    if (err == UFTP_OK)
        out->tfmcc.timestamp_us = uftp_v4_time_from_pair(out->tfmcc.timestamp_us);
    return err;
}

int uftp_v4_status_write(uftp_writer *w, const uftp_status *in)
{
    uftp_status message = *in;
    int err = in->has_tfmcc ? uftp_v4_time_to_pair(&message.tfmcc.timestamp_us) : UFTP_OK;
    return err < 0 ? err : uftp_v5_status_write(w, &message);
}

/* CONG_CTRL, spec v4 3.17
 *   0 type  1 length  2 reserved(2)  4 CC seq(2)  6 CC rate(2)  8 seconds(4)  12 microseconds(4);
 *   body: items of client(4), flags, RTT, reserved(2) */
int uftp_v4_cong_ctrl_read(uftp_v5_frame *f, uftp_cong_ctrl *out)
{
    int err = uftp_v5_cong_ctrl_read(f, out);
    out->timestamp_us = uftp_v4_time_from_pair(out->timestamp_us);
    return err;
}

int uftp_v4_cong_ctrl_write(uftp_writer *w, const uftp_cong_ctrl *in)
{
    uftp_cong_ctrl message = *in;
    int err = uftp_v4_time_to_pair(&message.timestamp_us);
    return err < 0 ? err : uftp_v5_cong_ctrl_write(w, &message);
}

/* CC_ACK, spec v4 3.17: 0 type  1 length  2 reserved(2)  4 EXT_TFMCC_ACK_INFO; no body */
int uftp_v4_cc_ack_read(uftp_v5_frame *f, uftp_cc_ack *out)
{
    int err = uftp_v5_cc_ack_read(f, out);
    if (err == UFTP_OK)
        out->tfmcc.timestamp_us = uftp_v4_time_from_pair(out->tfmcc.timestamp_us);
    return err;
}

int uftp_v4_cc_ack_write(uftp_writer *w, const uftp_cc_ack *in)
{
    uftp_cc_ack message = *in;
    int err = uftp_v4_time_to_pair(&message.tfmcc.timestamp_us);
    return err < 0 ? err : uftp_v5_cc_ack_write(w, &message);
}
