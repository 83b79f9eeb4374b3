/* SPDX-License-Identifier: MIT
 *
 * Between the files of the v4 codec. Version 4 has most layouts of version 5, and those are read
 * and written by the functions of wire/v5.h. What differs is here: times, EXT_ENC_INFO, the key
 * messages and the signature of ENCRYPTED. v4.c holds the wrapper and the dispatch, v4_setup.c the
 * messages that set a session up, v4_times.c those of which only the times differ.
 */
#ifndef UFTP_WIRE_V4_H
#define UFTP_WIRE_V4_H

#include "wire/v5.h"

/* A time is 32 bits of seconds and 32 bits of microseconds where version 5 has 64 bits of
 * microseconds. So the v5 functions see both halves as one number, a "pair". */
uint64_t uftp_v4_time_from_pair(uint64_t pair);
/* LIMIT after the year 2105. */
int uftp_v4_time_to_pair(uint64_t *time_us);

int uftp_v4_announce_read(uftp_v5_frame *f, uftp_announce *out);
int uftp_v4_announce_write(uftp_writer *w, const uftp_announce *in);
int uftp_v4_enc_info_write(uftp_writer *w, const uftp_enc_info *in);
int uftp_v4_keyinfo_read(uftp_v5_frame *f, uftp_keyinfo *out);
int uftp_v4_keyinfo_write(uftp_writer *w, const uftp_keyinfo *in);
int uftp_v4_keyinfo_ack_read(uftp_v5_frame *f, uftp_keyinfo_ack *out);
int uftp_v4_keyinfo_ack_write(uftp_writer *w, const uftp_keyinfo_ack *in);
int uftp_v4_key_req_read(uftp_v5_frame *f);
int uftp_v4_key_req_write(uftp_writer *w);
int uftp_v4_proxy_key_read(uftp_v5_frame *f, uftp_proxy_key *out);
int uftp_v4_proxy_key_write(uftp_writer *w, const uftp_proxy_key *in);

int uftp_v4_register_read(uftp_v5_frame *f, uftp_register *out);
int uftp_v4_register_write(uftp_writer *w, const uftp_register *in);
int uftp_v4_fileinfo_read(uftp_v5_frame *f, uftp_fileinfo *out);
int uftp_v4_fileinfo_write(uftp_writer *w, const uftp_fileinfo *in);
int uftp_v4_fileinfo_ack_read(uftp_v5_frame *f, uftp_fileinfo_ack *out);
int uftp_v4_fileinfo_ack_write(uftp_writer *w, const uftp_fileinfo_ack *in);
int uftp_v4_status_read(uftp_v5_frame *f, uftp_status *out);
int uftp_v4_status_write(uftp_writer *w, const uftp_status *in);
int uftp_v4_cong_ctrl_read(uftp_v5_frame *f, uftp_cong_ctrl *out);
int uftp_v4_cong_ctrl_write(uftp_writer *w, const uftp_cong_ctrl *in);
int uftp_v4_cc_ack_read(uftp_v5_frame *f, uftp_cc_ack *out);
int uftp_v4_cc_ack_write(uftp_writer *w, const uftp_cc_ack *in);

#endif
