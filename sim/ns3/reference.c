/* SPDX-License-Identifier: MIT
 *
 * The hub's uplink is the shared carrier; each receiver's own loss and delay come behind the fork.
 */
#include "reference.h"

#include "engine/receiver_node.h"
#include "engine/sender_node.h"

#include <string.h>

static void add_receiver(sim *world, const ns3_scenario *s, const ns3_cast *cast, uint32_t index,
                         sim_node **out)
{
    char name[NS3_NAME_MAX];
    ns3_scenario_name(index, name);
    const uint64_t delay = ns3_scenario_delay(s, index);
    const uint32_t loss_ppm = ns3_scenario_loss_ppm(s, index);
    *out = sim_add_receiver(world, name, &cast->receiver, &cast->store);
    sim_downlink(*out, &(sim_link){.loss_ppm = loss_ppm, .delay = delay});
    sim_uplink(*out, &(sim_link){.loss_ppm = loss_ppm,
                                 .rate_bytes_per_s = s->return_bytes_per_s,
                                 .queue_bytes = s->queue_bytes,
                                 .delay = delay});
}

static bool is_identical(sim_node *hub, sim_node *plant)
{
    sim_entry *sent = NULL;
    sim_tree_resolve(sim_node_source(hub)->root, "/" NS3_FILE, false, &sent);
    const sim_entry *got = sim_store_find(sim_node_store(plant), 0, NS3_FILE);
    const sim_event *end = sim_event_last(plant, UFTP_EVENT_SESSION_FINISHED);
    return end && end->event.result == UFTP_RESULT_OK && sent && got &&
           sim_tree_equal(sent, got, true, NULL, 0);
}

static void collect_traffic(const sim_node *node, ns3_outcome *out)
{
    out->deliveries += sim_count(node)->arrived_total;
    out->lost += sim_count(node)->lost_total; /* queues included: the engine counts them as one */
}

void ns3_reference_run(const ns3_scenario *s, ns3_outcome *out)
{
    ns3_cast cast;
    ns3_cast_init(&cast, s);
    sim *world = sim_new(
        &(sim_options){.seed = ns3_scenario_luck(s), .end = s->limit, .link = &(sim_link){0}});
    sim_node *hub = sim_add_sender(world, "hub", &cast.sender);
    sim_uplink(hub, &(sim_link){.rate_bytes_per_s = s->carrier_bytes_per_s,
                                .queue_bytes = s->queue_bytes});
    sim_source_generated(sim_node_source(hub), "/" NS3_FILE, s->seed, s->file_size, NS3_FILE_TIME);
    sim_node *plants[NS3_RECEIVERS_MAX];
    for (uint32_t i = 0; i < s->receivers; i++)
        add_receiver(world, s, &cast, i, &plants[i]);
    sim_run(world);

    *out = (ns3_outcome){0};
    const sim_event *end = sim_event_last(hub, UFTP_EVENT_SESSION_FINISHED);
    if (end) {
        out->ended = true;
        out->result = end->event.result;
        out->time = end->at;
    }
    const sim_event *pass = sim_event_last(hub, UFTP_EVENT_FILE_PASS);
    out->passes = pass ? pass->event.pass : 0;
    out->datagrams_sent = sim_count(hub)->sent_total;
    out->bytes_sent = sim_count(hub)->sent_bytes;
    collect_traffic(hub, out);
    for (uint32_t i = 0; i < s->receivers; i++) {
        collect_traffic(plants[i], out);
        out->identical += is_identical(hub, plants[i]);
    }
    memcpy(out->digest, sim_digest(world), sizeof out->digest);
    sim_free(world);
    ns3_cast_free(&cast);
}
