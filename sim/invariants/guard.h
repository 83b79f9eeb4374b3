/* SPDX-License-Identifier: MIT
 *
 * The invariants: what must hold in every world, after every event, whatever the network, the disks
 * and the operators do. A guard looks at what the nodes send and tell and at what lies in their
 * stores; it asks nothing of a core that a program could not see, but for a sender's rate under
 * congestion control. A violation ends the run through sim_fail().
 *
 * What it knows is kept with the node that it is about, and written in that node's turns only. A
 * receiver's turn reads what the senders have told, a sender's turn what its receivers have; the
 * one that is read may be ahead in time, but not behind. No turn costs more in a larger world.
 *
 *   guard.c   who is guarded, and what has been told so far
 *   wire.c    datagrams: sizes, sequence numbers, IV counters, GRTT, rate, secrets
 *   secrets.c what may be in no datagram and in no report
 *   files.c   stores: whoever says COMPLETE holds the bytes; a final name stands for a whole file
 *   views.c   what a sender believes of its receivers, and what it reports in the end, is true
 *   timers.c  no session without a timer, none beyond its limits, no hot loop
 */
#ifndef SIM_GUARD_H
#define SIM_GUARD_H

#include "engine/memory_source.h"
#include "engine/memory_store.h"
#include "engine/world.h"
#include <uftp/sender.h>

typedef struct sim_guard sim_guard;

sim_guard *sim_guard_new(void);
void sim_guard_free(sim_guard *guard); /* after the world */
/* Sets the hooks of a world that is to be guarded. They have no other use yet. */
void sim_guard_hooks(sim_guard *guard, sim_options *options);

/* Whatever belongs to who guards: the world's hooks have one context only, which is the guard. */
void sim_guard_set_owner(sim_guard *guard, void *owner);
void *sim_guard_owner(const sim_guard *guard);

/* Datagrams may be altered on their way: what they claim in the clear is nobody's word any more. */
void sim_guard_damaged(sim_guard *guard);
/* Receivers may be behind proxies: a sender then knows of them what their proxy says, before they
 * hold the keys, and knows the proxies, too, which are not guarded. */
void sim_guard_proxied(sim_guard *guard);
/* This node runs out of memory: it may lose events, so that what it does not tell means nothing. */
void sim_guard_forgetful(sim_guard *guard, sim_node *node);
/* These bytes may be in no datagram and no report: SIM_SECRET_MIN of them at least. Copied; `what`
 * is a literal that says what they are. */
void sim_guard_secret(sim_guard *guard, const char *what, const void *bytes, size_t len);
/* And these in no datagram, though our own reports may tell them. */
void sim_guard_secret_name(sim_guard *guard, const char *name);
/* For the configuration of senders: every secret of their sessions may then be nowhere, and no
 * session may have those of another. They are passed on to `next`, which may be NULL. */
const uftp_key_log *sim_guard_key_log(sim_guard *guard, const uftp_key_log *next);
/* What a report of the run tells although it is a secret, in words; or NULL. */
const char *sim_guard_told(const sim_guard *guard, const void *bytes, size_t len);

/* A node whose behaviour is to be that of a sender. `config`: with its defaults filled in where
 * they matter (block_size, robust, grtt_*, rate_bytes_per_s); copied. NULL: what the node's core
 * is created with. `source` is what it reads. */
void sim_guard_sender(sim_guard *guard, sim_node *node, const uftp_sender_config *config,
                      sim_source *source);
/* Its UID is that of the node: index + 1. What lies in the store when it first starts is known. */
void sim_guard_receiver(sim_guard *guard, sim_node *node, sim_store *store);
/* Files of this receiver may be cut off by a power failure: it does not flush them. */
void sim_guard_unflushed(sim_guard *guard, sim_node *receiver);

/* What a sender reports of one client is what the receiver itself has told. `group`: of the
 * session. */
void sim_guard_report(sim_guard *guard, sim_node *sender, uint32_t group, uint8_t instance,
                      const uftp_client_info *info);
/* This receiver has taken part in every session and has all that was sent, as far as it wanted. */
void sim_guard_got_it(sim_guard *guard, sim_node *receiver);
/* At the end of a world in which all is quiet: nothing is left open or half done. */
void sim_guard_end(sim_guard *guard);

#endif
