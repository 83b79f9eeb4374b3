/* SPDX-License-Identifier: MIT
 *
 * The invariants: what must hold in every world, after every event, whatever the network, the disks
 * and the operators do. A watch looks at what the nodes send and tell and at what lies in their
 * stores; it asks nothing of a core that a program could not see, but for the sender's keys. A
 * violation ends the run through sim_fail().
 *
 *   watch.c   who is watched, and what has been told so far
 *   wire.c    datagrams: sizes, sequence numbers, IV counters, GRTT, rate, secrets
 *   files.c   stores: whoever says COMPLETE holds the bytes; a final name stands for a whole file
 *   views.c   what a sender believes of its receivers, and what it reports in the end, is true
 *   timers.c  no session without a timer, none beyond its limits, no hot loop
 */
#ifndef SIM_WATCH_H
#define SIM_WATCH_H

#include "engine/memory_source.h"
#include "engine/memory_store.h"
#include "engine/world.h"
#include <uftp/sender.h>

typedef struct sim_watch sim_watch;

sim_watch *sim_watch_new(void);
void sim_watch_free(sim_watch *watch); /* after the world */
/* Sets the hooks of a world that is to be watched. They have no other use yet. */
void sim_watch_hooks(sim_watch *watch, sim_options *options);

/* Whatever belongs to who watches: the world's hooks have one context only, which is the watch. */
void sim_watch_set_owner(sim_watch *watch, void *owner);
void *sim_watch_owner(const sim_watch *watch);

/* Datagrams may be altered on their way: what they claim in the clear is nobody's word any more. */
void sim_watch_damaged(sim_watch *watch);
/* This node runs out of memory: it may lose events, so that what it does not tell means nothing. */
void sim_watch_forgetful(sim_watch *watch, sim_node *node);
/* These bytes may be in no datagram: at least 8 of them. Copied. */
void sim_watch_secret(sim_watch *watch, const void *bytes, size_t len);

/* A node whose behaviour is to be that of a sender. `config`: with its defaults filled in where
 * they matter (block_size, robust, grtt_*, rate_bytes_per_s); copied. `source` is what it reads. */
void sim_watch_sender(sim_watch *watch, sim_node *node, const uftp_sender_config *config,
                      sim_source *source);
/* Its UID is that of the node: index + 1. What lies in the store when it first starts is known. */
void sim_watch_receiver(sim_watch *watch, sim_node *node, sim_store *store);

/* What a sender reports of one client is what the receiver itself has told. `group`: of the
 * session. */
void sim_watch_report(sim_watch *watch, sim_node *sender, uint32_t group, uint8_t instance,
                      const uftp_client_info *info);
/* This receiver has taken part in every session and has all that was sent, as far as it wanted. */
void sim_watch_got_it(sim_watch *watch, sim_node *receiver);
/* At the end of a world in which all is quiet: nothing is left open or half done. */
void sim_watch_end(sim_watch *watch);

#endif
