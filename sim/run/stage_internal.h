/* SPDX-License-Identifier: MIT
 *
 * Between stage.c and stage_proxies.c.
 */
#ifndef SIM_RUN_STAGE_INTERNAL_H
#define SIM_RUN_STAGE_INTERNAL_H

#include "run/stage.h"

/* A text that lives as long as the stage. */
char *sim_stage_keep_text(sim_stage *stage, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* `name` names its luck; `kind`: a uftp_curve, or the bits of an RSA key, negative. */
uftp_key *sim_stage_make_key(sim_stage *stage, const char *name, int kind);
/* Who goes on with a session has the UID of who began it. */
uint32_t sim_stage_sender_uid(const sim_stage *stage, size_t index);

/* ---- stage_proxies.c ---- */

bool sim_stage_add_proxy(sim_stage *stage, size_t index, char *error);
/* Once all are there. */
void sim_stage_connect_proxies(sim_stage *stage);
void sim_stage_proxy_fingerprint(const sim_stage *stage, size_t index,
                                 uint8_t out[UFTP_FINGERPRINT_LEN]);
/* Heartbeats never end; a world does: when all senders have been through for a minute. */
void sim_stage_watch_senders(sim_stage *stage);
/* What receivers behind a proxy know of it: which senders it stands for, and, when it is pinned,
 * its key. */
void sim_stage_know_proxy(sim_stage *stage, size_t kind, const sim_receiver_part *part,
                          uftp_receiver_config *config);

#endif
