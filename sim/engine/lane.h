/* SPDX-License-Identifier: MIT
 *
 * Receivers at the end of a long way, run ahead of the rest of the world. Whatever reaches such a
 * node within the length of its way has been sent already, so all its turns until then can be run
 * in one go while its memory is at hand, and beside those of other receivers on other processors. A
 * node that can be run so has a lane of its own:
 *
 *     the world     senders, lines, NATs, routers, nodes without a lane: one queue, one clock
 *       |  log      what was sent to groups since the lanes last ran, in order of time
 *       v
 *     approach      the node's own losses and the like, up to its long way: a queue and a clock
 *       |           that follow those of the world
 *       v  long way (a delay of at least `lookahead`)
 *     node          its own queue and clock: may be ahead of the world, by less than lookahead
 *       |  outbox   what it sends, with the time
 *       v
 *     the world     takes that in as its own clock gets there
 *
 * The order of what falls on one instant is the same however far lanes run ahead, and so is the
 * digest: what is on the approach comes before what is sent at that instant; at a node what arrives
 * comes before its timers; nodes with lanes come before the rest of the world, and what they send,
 * by index of the node, before everything else there; actions (sim_at) come last. With
 * SIM_LANES_IN_STEP the lanes are run the same way for one instant at a time: everything happens in
 * the order of time.
 */
#ifndef SIM_LANE_H
#define SIM_LANE_H

#include "engine/node.h"
#include "engine/pool.h"

/* A node whose way is shorter has no lane: there would be nothing to gain. */
#define SIM_LOOKAHEAD_MIN UFTP_MS(5)
/* The longest that lanes run ahead, even when there is nobody to wait for. */
#define SIM_AHEAD_MAX UFTP_S(2)

/* Gives lanes to the nodes that may have one; before anything has happened. */
void sim_lanes_form(sim *world);
/* Before a run: something may have been done to the nodes. */
void sim_lanes_begin(sim *world);
/* Does the next thing up to and including `end`; false when there is none. */
bool sim_lanes_step(sim *world, uint64_t end);
/* When something is going to happen next. */
uint64_t sim_lanes_next(const sim *world);
/* All clocks stand at `now`, before which nothing is due. */
void sim_lanes_advance(sim *world, uint64_t now);
uint64_t sim_lanes_latest(const sim *world); /* the time of the last happening */
uint64_t sim_lanes_steps(const sim *world);
void sim_lanes_free(sim *world); /* the nodes' paths have been freed before */

/* From the network: to all lanes, or to one. `packet` stays the caller's. */
void sim_lanes_send_to_group(sim_node *from, uint64_t now, sim_packet *packet);
void sim_lane_send(sim_lane *lane, sim_node *from, uint64_t now, sim_packet *packet);
/* From the node, in its own time: takes the packet over. */
void sim_lane_post(sim_lane *lane, uint64_t now, sim_packet *packet);
/* A packet on its way to the node has been dropped by its own models. */
void sim_lane_count_dropped(sim_lane *lane, const sim_packet *packet, uint8_t message);

/* Its node gets another downlink, which must be fit for a lane, too, if perhaps a shorter way. */
void sim_lane_relink(sim_lane *lane, const sim_link *link);

/* Memberships of a node with a lane. */
void sim_lane_join(sim_lane *lane, const uftp_address *group, const uftp_address *source);
bool sim_lane_leave(sim_lane *lane, const uftp_address *group, const uftp_address *source);
void sim_lane_leave_all(sim_lane *lane);
bool sim_lane_is_member(const sim_lane *lane, const uftp_address *group,
                        const uftp_address *source);
size_t sim_lane_membership_count(const sim_lane *lane);

/* Where models of its approach, and those behind its long way, are made. */
sim_medium *sim_lane_approach(sim_lane *lane);
sim_medium *sim_lane_medium(sim_lane *lane);

#endif
