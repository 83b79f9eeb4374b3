/* SPDX-License-Identifier: MIT */
#include "uftpd/network.h"

#include "runtime/resolve.h"

#include <stdlib.h>
#include <string.h>

static int choose_groups(uftp_receiver_network *network, const uftp_receiver_options *options,
                         uftp_failure *failure)
{
    network->groups = calloc(options->groups.count, sizeof *network->groups);
    if (!network->groups)
        return uftp_fail_memory(failure);
    for (size_t i = 0; i < options->groups.count; i++) {
        const char *text = options->groups.items[i];
        uftp_address *group = &network->groups[i];
        if (uftp_resolve_host(text, 0, group) < 0)
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "-M/--public: '%s' is not a known address", text);
        if (options->core.source_specific && !uftp_address_is_ssm(group))
            return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                             "-o/--source-specific: group %s is not in 232.0.0.0/8 or ff3x::/32; "
                             "give one with -M",
                             text);
        network->group_count++;
    }
    return 0;
}

static int choose_interfaces(uftp_receiver_network *network, const uftp_receiver_options *options,
                             uftp_failure *failure)
{
    uftp_netif_list all = {0};
    const char *bad = NULL;
    int err = uftp_netif_list_system(&all);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot list the network interfaces: %s",
                         uftp_strerror(err));
    if (options->interfaces)
        err = uftp_netif_select(&all, options->interfaces, &network->interfaces, &bad);
    else
        err = uftp_netif_select_default(&all, &network->interfaces);
    uftp_netif_list_free(&all);
    if (err == UFTP_ERR_NOT_FOUND && bad)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-I/--interface: '%.*s' is no interface or address of this host",
                         (int)strcspn(bad, ","), bad);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot choose the interfaces: %s",
                         uftp_strerror(err));
    if (!network->interfaces.count)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "no route for multicast: no interface is up");
    return 0;
}

int uftp_receiver_network_choose(uftp_receiver_network *network,
                                 const uftp_receiver_options *options, uftp_failure *failure)
{
    *network = (uftp_receiver_network){.uid = options->core.uid};
    int code = choose_groups(network, options, failure);
    if (!code)
        code = choose_interfaces(network, options, failure);
    if (!code && !network->uid)
        network->uid = uftp_netif_list_uid(&network->interfaces);
    if (!code && !network->uid)
        code =
            uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "the interfaces give no UID; give one with -U");
    return code;
}

static int open_socket(uftp_receiver_network *network, const uftp_receiver_options *options,
                       uftp_failure *failure)
{
    uftp_socket_config config = {.family = UFTP_IPV4,
                                 .port = options->port,
                                 .share_port = options->share_port,
                                 .send_buffer = options->buffer,
                                 .receive_buffer = options->buffer};
    for (size_t i = 0; i < network->group_count; i++)
        if (network->groups[i].family == UFTP_IPV6)
            config.family = UFTP_IPV6; /* dual-stack (spec v5 4.13) */
    int system_error;
    int err = uftp_socket_open(&config, &network->socket, &system_error);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(failure);
    if (err == UFTP_ERR_EXISTS)
        return uftp_fail(failure, UFTP_EXIT_NETWORK,
                         "port %u is in use, perhaps by another uftpd; give another with -p, or "
                         "--share-port to all receivers on this host",
                         options->port);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot bind port %u: %s", options->port,
                         system_error ? strerror(system_error) : uftp_strerror(err));
    return 0;
}

static int refuse_join(const uftp_address *group, int err, uftp_failure *failure)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    const char *why = uftp_strerror(err);
    if (err == UFTP_ERR_NOT_FOUND)
        why = group->family == UFTP_IPV6
                  ? "no route for multicast: no interface in use has IPv6 and can do multicast"
                  : "no route for multicast: no interface in use has IPv4 and can do multicast";
    else if (err == UFTP_ERR_KIND)
        why = "it is not a multicast group";
    else if (err == UFTP_ERR_LIMIT)
        why = "the system allows no more groups (net.ipv4.igmp_max_memberships)";
    return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot join group %s: %s",
                     uftp_address_format(group, text), why);
}

static int join_groups(uftp_receiver_network *network, const uftp_receiver_options *options,
                       uftp_failure *failure)
{
    for (size_t i = 0; i < network->group_count; i++) {
        const uftp_address *group = &network->groups[i];
        int err = UFTP_ERR_NOT_FOUND;
        if (!options->core.source_specific) {
            err = uftp_membership_join(network->membership, group, NULL);
            if (err < 0)
                return refuse_join(group, err, failure);
            continue;
        }
        for (size_t k = 0; k < options->server_count; k++) {
            const uftp_address *source = &options->servers[k].address;
            if (source->family != group->family)
                continue;
            err = uftp_membership_join(network->membership, group, source);
            if (err < 0)
                return refuse_join(group, err, failure);
        }
    }
    return 0;
}

int uftp_receiver_network_open(uftp_receiver_network *network, const uftp_receiver_options *options,
                               uftp_failure *failure)
{
    int code = open_socket(network, options, failure);
    if (code)
        return code;
    if (uftp_membership_create(network->socket, &network->interfaces, &network->membership) < 0)
        return uftp_fail_memory(failure);
    return join_groups(network, options, failure);
}

void uftp_receiver_network_close(uftp_receiver_network *network)
{
    uftp_membership_destroy(network->membership);
    uftp_socket_close(network->socket);
    uftp_netif_list_free(&network->interfaces);
    free(network->groups);
    *network = (uftp_receiver_network){0};
}
