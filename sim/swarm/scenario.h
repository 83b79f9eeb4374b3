/* SPDX-License-Identifier: MIT
 *
 * A scenario of the swarm: a small world, described by numbers that have names. All of it is drawn
 * from one seed; any number can then be set to another value, which is how a failing scenario is
 * cut down and how it is written on a command line:
 *
 *     uftp-sim swarm --seed 4711 --set receivers=1,loss_down=0
 */
#ifndef SIM_SWARM_SCENARIO_H
#define SIM_SWARM_SCENARIO_H

#include <uftp/core.h>

#include <stdio.h>

#define SWARM_RECEIVERS_MAX 5
#define SWARM_SENDERS_MAX 3
#define SWARM_FILES_MAX 4

/* name, the plainest value, what it is. Times in ms, chances in parts per million. A value that
 * points at a node is its number from 1; 0: none. */
#define SWARM_FIELDS(X) \
    X(receivers, 1, "how many") \
    X(senders, 1, "how many, each with a tree of its own and all to the same groups") \
    X(version, 5, "of the wire") \
    X(cipher, 0, "of the wire; 0: a plain session") \
    X(rsa, 0, "keys are RSA keys") \
    X(exchange, 0, "of version 4: 0 ECDH, 1 RSA") \
    X(signature, 0, "of version 4, with a CBC cipher: 0 HMAC, 1 by the sender's key") \
    X(hash, 3, "of the wire") \
    X(curve, 23, "of the wire, for keys and key exchange") \
    X(client_auth, 0, "receivers prove their keys") \
    X(closed, 0, "the sender knows its receivers beforehand") \
    X(block_size, 1300, "bytes") \
    X(rate, 1000000, "bytes per second; 0: unlimited") \
    X(congestion, 0, "1: TFMCC sets the rate, within ...") \
    X(rate_min, 0, "... this, bytes per second; 0: none ...") \
    X(rate_initial, 0, "... and beginning with this; 0: its own choice ...") \
    X(rate_max, 0, "... and this; 0: none") \
    X(robust, 20, "ROBUST") \
    X(grtt_initial, 100, "") \
    X(grtt_min, 10, "") \
    X(grtt_max, 500, "") \
    X(passes_max, 0, "0: no limit") \
    X(nak_percent, 100, "more NAKs than this share of a section put a receiver out; 100: none") \
    X(time_max, 0, "percent of what the rate allows, for each file; 0: no limit") \
    X(quit_on_error, 0, "") \
    X(sync, 0, "1: sync mode, 2: preview") \
    X(temp, 0, "receivers have a temporary directory") \
    X(backup, 0, "and keep what is replaced") \
    X(individually, 0, "and merge directories file by file") \
    X(join_trains, 0, "datagrams of one instant come as one train") \
    X(room, 65507, "bytes for poll_transmit()") \
    X(file1, 1, "a file: 0 none, else its size + 1") \
    X(file2, 0, "") \
    X(file3, 0, "") \
    X(file4, 0, "") \
    X(dir, 0, "an empty directory is sent, too") \
    X(link, 0, "and a symbolic link") \
    X(delete, 0, "and a request to delete, first") \
    X(freespace, 0, "and the question for free space") \
    X(existing, 0, "what stands under the first file's name: 1 older, 2 newer, 3 same, 4 a tree") \
    X(unicast, 0, "to the one receiver's own address") \
    X(ipv6, 0, "") \
    X(nat, 0, "1: the first receiver is behind a NAT, 2: all are, one and the same") \
    X(nat_rebind, 0, "that forgets its mappings then") \
    X(nat_ports, 0, "that has so many ports; 0: enough") \
    X(nat_timeout, 0, "and forgets them after so long; 0: five minutes") \
    X(proxies, 0, "all receivers are behind a client proxy and a NAT; a server proxy is ahead") \
    X(loss_tunnel, 0, "between the two, each way") \
    X(routers, 0, "a tree of three, the sender at its root") \
    X(join_latency, 0, "of each of them") \
    X(satellite, 0, \
      "to the receivers: 1 the way back is shared in order, 2 slotted ALOHA, 3 ALOHA") \
    X(fade, 0, "rain over all of them: ppm lost while it lasts") \
    X(fade_for, 0, "which is so long on average") \
    X(mtu, 0, "of the receivers' lines; 0: whatever is sent") \
    X(mtu_drop, 0, "what is larger is lost, not cut") \
    X(delay, 1, "one way") \
    X(jitter, 0, "") \
    X(reorder, 0, "the jitter may reorder") \
    X(loss_hub, 0, "everyone's") \
    X(loss_down, 0, "each receiver's own") \
    X(loss_up, 0, "on the way back") \
    X(burst, 0, "loss_down comes in bursts of so many") \
    X(duplicate, 0, "") \
    X(hold, 0, "held back for some time") \
    X(hold_time, 0, "") \
    X(corrupt, 0, "arrives damaged; encrypted sessions only") \
    X(socket, 0, "bytes in the first receiver's socket buffer; 0: enough") \
    X(bottleneck, 0, "bytes per second on the way to the first receiver; 0: none") \
    X(mark, 0, "bytes that wait there before packets are marked (ECN); 0: never") \
    X(replay, 0, "so many datagrams are heard by somebody and sent again") \
    X(drift, 0, "parts per million by which the first receiver's clock is fast") \
    X(drift_hub, 0, "and that of the sender") \
    X(drift_slow, 0, "both are slow instead") \
    X(step, 0, "the wall clock of this node, the sender being 1 ...") \
    X(step_at, 0, "... is set then ...") \
    X(step_by, 0, "... to so much later ...") \
    X(step_back, 0, "... or earlier") \
    X(calm, 0, "from then on the network is perfect") \
    X(late, 0, "the last receiver starts then") \
    X(crash, 0, "this receiver ...") \
    X(crash_at, 0, "... crashes then ...") \
    X(crash_back, 0, "... and is back after so long; 0: never") \
    X(crash_how, 0, "0: as a program that tidies up, 1: killed, 2: its power fails") \
    X(flush, 0, "receivers flush each file before it counts") \
    X(hub_crash_at, 0, "the sender crashes then") \
    X(hub_back, 0, "and is back with a new session after so long; 0: never") \
    X(resume, 0, "a sender continues the session of the first one then, as its next instance") \
    X(interrupt, 0, "the operator stops the sender then") \
    X(shutdown, 0, "this receiver ...") \
    X(shutdown_at, 0, "... is shut down then") \
    X(cut, 0, "this receiver ...") \
    X(cut_at, 0, "... hears and says nothing from then on ...") \
    X(cut_for, 0, "... for so long") \
    X(freeze, 0, "this receiver ...") \
    X(freeze_at, 0, "... does nothing from then on ...") \
    X(freeze_for, 0, "... for so long") \
    X(hub_freeze_at, 0, "the sender does nothing from then on ...") \
    X(hub_freeze_for, 0, "... for so long") \
    X(disk_rate, 0, "bytes per second of the first receiver's disk; 0: any") \
    X(disk_cache, 0, "bytes that it takes at once") \
    X(store_op, 0, "the first receiver's store fails at this call (1 + sim_store_op) ...") \
    X(store_nth, 0, "... the nth time ...") \
    X(store_error, 0, "... 0: IO, 1: no space, 2: access") \
    X(capacity, 0, "bytes on the first receiver's disk; 0: enough") \
    X(read_fail, 0, "the sender's nth read fails") \
    X(memory, 0, "this node, the sender being 1 ...") \
    X(memory_nth, 0, "... gets no memory the nth time ...") \
    X(memory_on, 0, "... and from then on") \
    X(join_fails, 0, "this receiver cannot join its first group")

typedef enum swarm_field {
#define SWARM_ENUM(name, plain, text) SWARM_##name,
    SWARM_FIELDS(SWARM_ENUM)
#undef SWARM_ENUM
        SWARM_FIELD_COUNT
} swarm_field;

/* One datagram that is lost: the nth on the way that has this place in the network. */
typedef struct swarm_drop {
    char place[24]; /* "hub>", ">plant-1", "plant-1>" */
    uint32_t nth;
} swarm_drop;

#define SWARM_DROPS_MAX 4096

#define SWARM_PROXIES_LINGER 60     /* seconds after the last sender has ended */
#define SWARM_SATELLITE_RATE 250000 /* bytes per second, forward; a tenth of it back */

typedef struct swarm_scenario {
    uint64_t seed; /* of the world: its luck */
    uint64_t value[SWARM_FIELD_COUNT];
    swarm_drop *drops; /* by place, then nth; belongs to the caller */
    size_t drop_count;
} swarm_scenario;

#define swarm_get(scenario, name) ((scenario)->value[SWARM_##name])

void swarm_draw(uint64_t seed, swarm_scenario *out);
/* Makes values fit each other: those that were drawn always do, those that were set may not. */
void swarm_normalise(swarm_scenario *scenario);
const char *swarm_field_name(swarm_field field);
const char *swarm_field_text(swarm_field field);
uint64_t swarm_field_plain(swarm_field field);
/* "receivers=1,drop=>plant-1:17": true when all of it is understood. Drops are added to
 * `scenario->drops`, which has room for SWARM_DROPS_MAX. */
bool swarm_set(swarm_scenario *scenario, const char *text);
/* What differs from `from`, in the form of swarm_set(). */
void swarm_print(const swarm_scenario *scenario, const swarm_scenario *from, FILE *out);
/* Whether nothing in it excuses this receiver (from 1 on) from getting everything: nothing happens
 * to it or to a sender, and the losses are so few that no message is lost ROBUST times but by a
 * miracle. */
bool swarm_must_succeed(const swarm_scenario *scenario, uint64_t receiver);
/* Whether that holds for any of them. */
bool swarm_any_must_succeed(const swarm_scenario *scenario);
/* When the last fault is over, ns. */
uint64_t swarm_calm(const swarm_scenario *scenario);
/* How long after that everything must have ended, ns. */
uint64_t swarm_bound(const swarm_scenario *scenario);

#endif
