/* SPDX-License-Identifier: MIT
 *
 * A model of TCP Reno's congestion control (RFC 5681, with selective acknowledgements) that always
 * has something to send, as company on a bottleneck; and a host that has its other end and a UFTP
 * receiver behind one line.
 */
#ifndef SIM_TESTS_TCP_H
#define SIM_TESTS_TCP_H

#include "engine/memory_store.h"
#include "engine/world.h"

#define TCP_SEGMENT_LEN 1332 /* a block of 1300 bytes with UFTP's headers */

/* Sends from the start of the world on. */
sim_node *tcp_add_source(sim *world, const char *name, sim_node *host);

/* A receiver that acknowledges the segments that reach it, too. It joins 230.4.4.1. */
sim_node *tcp_add_host(sim *world, const char *name, const sim_store_options *options);
uint64_t tcp_host_segments(sim_node *host); /* arrived */

#endif
