/* SPDX-License-Identifier: MIT
 *
 * The sessions that we do not take part in: why (spec v5 4.9), and what the sender is told.
 *
 * Any datagram may have been damaged or sent in another's name, so that a reason that one ANNOUNCE
 * gave holds for that one only. What is remembered of it keeps us from saying the same twice.
 */
#include "session/receiver_internal.h"

const uftp_server_entry *uftp_receiver_server(const uftp_receiver *receiver, uint32_t uid)
{
    for (size_t i = 0; i < receiver->config.server_count; i++)
        if (receiver->config.servers[i].uid == uid)
            return &receiver->config.servers[i];
    return NULL;
}

static const char *objection_to_group(const uftp_receiver_config *config, const uftp_address *group)
{
    if (uftp_address_is_zero(group))
        return NULL; /* a unicast session */
    if (!uftp_address_is_multicast(group))
        return "Invalid multicast address";
    if (config->source_specific && !uftp_address_is_ssm(group))
        return "Invalid source specific multicast address";
    return NULL;
}

const char *uftp_receiver_objection(const uftp_receiver *receiver, const uftp_packet *packet,
                                    const uftp_announce *announce)
{
    const uftp_receiver_config *config = &receiver->config;
    const uftp_server_entry *server = uftp_receiver_server(receiver, packet->header.source);
    if (config->server_count && !server)
        return "Server not in server list";
    if (!announce->encrypted && config->encrypted_only)
        return "No unencrypted transfers allowed";
    /* A pinned key that need not be shown would pin nothing (spec v5 trap 67). */
    if (!announce->encrypted && server && server->has_fingerprint)
        return "Failed to verify server key fingerprint";
    if (server && server->proxy && packet->wire != &uftp_wire_v5)
        return "Version 4 is not spoken through proxies here";
    if (announce->sync_mode && packet->header.instance != 0 && config->temp_directory)
        return "Sync mode and restart mode incompatible";
    const char *why = objection_to_group(config, &announce->private_address);
    if (!why && announce->encrypted)
        why = uftp_announce_keys_objection(receiver, packet, announce);
    return why;
}

static bool matches(const uftp_refused *refused, const uftp_header *header,
                    const uftp_arrival *arrival, const char *text)
{
    return arrival->now < refused->until && refused->group == header->group &&
           refused->instance == header->instance && refused->server == header->source &&
           strcmp(refused->text, text) == 0 &&
           uftp_address_equal(&refused->source, &arrival->train->source);
}

static const uftp_refused *find(const uftp_receiver *receiver, const uftp_packet *packet,
                                const uftp_arrival *arrival, const char *text)
{
    for (size_t i = 0; i < RECEIVER_PAST_MAX; i++)
        if (receiver->refused[i].text &&
            matches(&receiver->refused[i], &packet->header, arrival, text))
            return &receiver->refused[i];
    return NULL;
}

bool uftp_receiver_has_refused(const uftp_receiver *receiver, const uftp_packet *packet,
                               const uftp_arrival *arrival, const char *text)
{
    const uftp_refused *refused = find(receiver, packet, arrival, text);
    return refused && refused->said;
}

static void say(uftp_receiver *receiver, const uftp_packet *packet, const uftp_arrival *arrival,
                const char *text)
{
    const uftp_header *header = &packet->header;
    receiver->stats.sessions_refused++;
    uftp_event_queue_push(&receiver->events, &(uftp_event){.type = UFTP_EVENT_SESSION_REFUSED,
                                                           .group = header->group,
                                                           .instance = header->instance,
                                                           .peer = header->source,
                                                           .address = arrival->train->source,
                                                           .text = text});
    if (receiver->refusal_count == RECEIVER_REFUSALS_MAX)
        return; /* a flood: the sender will notice by our silence */
    receiver->refusals[receiver->refusal_count++] = (uftp_refusal){.wire = packet->wire,
                                                                   .group = header->group,
                                                                   .instance = header->instance,
                                                                   .peer = arrival->train->source,
                                                                   .text = text};
}

/* A ring: under a flood old memories go, and the worst that follows is an ABORT more. */
void uftp_receiver_refuse(uftp_receiver *receiver, const uftp_packet *packet,
                          const uftp_arrival *arrival, const char *text, bool proved)
{
    const uftp_header *header = &packet->header;
    uftp_refused *refused = (uftp_refused *)find(receiver, packet, arrival, text);
    bool said = proved;
    if (!refused)
        refused = &receiver->refused[receiver->refused_next++ % RECEIVER_PAST_MAX];
    else if (refused->seq != header->seq) /* not one that was duplicated on the way */
        said = true;
    if (said)
        say(receiver, packet, arrival, text);
    *refused = (uftp_refused){.group = header->group,
                              .instance = header->instance,
                              .server = header->source,
                              .source = arrival->train->source,
                              .seq = header->seq,
                              .text = text,
                              .until = arrival->now + RECEIVER_PAST_INTERVAL,
                              .said = said};
}
