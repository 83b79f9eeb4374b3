/* SPDX-License-Identifier: MIT
 *
 * A capture of a simulated node, as tcpdump would take it there: raw IP packets with the time of
 * the world.
 */
#ifndef SIM_RUN_PCAP_H
#define SIM_RUN_PCAP_H

#include "run/stage.h"

#include <stdio.h>

typedef struct sim_pcap {
    const sim_stage *stage;
    FILE *file; /* NULL: closed */
    const char *path;
    const char *from, *to; /* of a link; of a node: from is it, to is NULL */
    bool failed;
    sim_tap tap;
} sim_pcap;

/* `what` is "NODE=FILE", all that the node sends and gets, or "NODE>NODE=FILE", what arrives at the
 * second from the first; changed and kept. The nodes are looked for when the stage is there. False
 * with a line on stderr. */
bool sim_pcap_open(sim_pcap *pcap, char *what, const sim_stage *stage);
bool sim_pcap_names_exist(const sim_pcap *pcap);
bool sim_pcap_close(sim_pcap *pcap); /* false when something could not be written */

/* The secrets of all sessions, "LABEL GROUP_ID UID VALUE" in hex. */
typedef struct sim_keylog {
    FILE *file;
    uftp_key_log log;
} sim_keylog;
bool sim_keylog_open(sim_keylog *keylog, const char *path);
bool sim_keylog_close(sim_keylog *keylog);

#endif
