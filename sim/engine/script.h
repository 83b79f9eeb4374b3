/* SPDX-License-Identifier: MIT
 *
 * A node played by a test: callbacks instead of a core. It stands behind the same five verbs.
 */
#ifndef SIM_SCRIPT_H
#define SIM_SCRIPT_H

#include "engine/world.h"

/* Each may be NULL. They may send, wake, join and leave. */
typedef struct sim_script {
    void (*on_start)(sim_node *node, void *ctx, uint64_t now);
    /* Once per datagram, trains taken apart; the bytes end with the call. */
    void (*on_datagram)(sim_node *node, void *ctx, uint64_t now, const uftp_datagram *datagram);
    void (*on_timer)(sim_node *node, void *ctx, uint64_t now);
} sim_script;

/* `script` and `ctx` outlive the world. */
sim_node *sim_add_script(sim *world, const char *name, const sim_script *script, void *ctx);

/* At this instant, from a callback or from outside. A train when segment_len is neither 0 nor
 * `len`. */
void sim_script_send(sim_node *node, const uftp_address *destination, const uint8_t *bytes,
                     size_t len, size_t segment_len);
/* Calls on_timer at this time; replaces an earlier wish. UFTP_NEVER takes it back. */
void sim_script_wake(sim_node *node, uint64_t at);
/* What the script tells as its next event. */
void sim_script_tell(sim_node *node, const uftp_event *event);

#endif
