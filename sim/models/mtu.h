/* SPDX-License-Identifier: MIT
 *
 * The largest IP packet that a link carries. What is larger is cut into fragments, which travel and
 * are lost one by one, or is dropped ("do not fragment", and IPv6 behind the first hop). Fragments
 * stay apart until the host puts them together (reassembly.h): a datagram of k fragments is lost
 * with chance 1-(1-p)^k.
 */
#ifndef SIM_MTU_H
#define SIM_MTU_H

#include "models/model.h"

#define SIM_MTU_MIN 68 /* RFC 791: every link carries this much */

typedef struct sim_mtu_config {
    uint32_t mtu; /* bytes of an IP packet with its headers, at least SIM_MTU_MIN */
    bool drop;
} sim_mtu_config;

sim_model *sim_mtu_new(sim_medium *medium, const char *place, const sim_mtu_config *config);

#endif
