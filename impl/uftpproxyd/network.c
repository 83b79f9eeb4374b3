/* SPDX-License-Identifier: MIT */
#include "uftpproxyd/network.h"

#include "runtime/resolve.h"

#include <stdlib.h>
#include <string.h>

static bool listens(const uftp_proxy_options *options)
{
    return options->core.kind != UFTP_PROXY_CLIENT;
}

static int choose_groups(uftp_proxy_network *network, const uftp_proxy_options *options,
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
                             "-o/--source-specific: group %s is not in 232.0.0.0/8 or ff3x::/32",
                             text);
        network->group_count++;
    }
    return 0;
}

static int choose_interfaces(uftp_proxy_network *network, const uftp_proxy_options *options,
                             const uftp_netif_list *all, uftp_failure *failure)
{
    const char *bad = NULL;
    int err = options->interfaces
                  ? uftp_netif_select(all, options->interfaces, &network->interfaces, &bad)
                  : uftp_netif_select_default(all, &network->interfaces);
    if (err == UFTP_ERR_NOT_FOUND && bad)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-I/--interface: '%.*s' is no interface or address of this host",
                         (int)strcspn(bad, ","), bad);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot choose the interfaces: %s",
                         uftp_strerror(err));
    if (!network->interfaces.count)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "no route for multicast: no interface is up");
    network->out = network->interfaces.items[0];
    if (!options->out_interface)
        return 0;
    uftp_netif_list chosen = {0};
    err = uftp_netif_select(all, options->out_interface, &chosen, NULL);
    if (err == UFTP_OK && chosen.count)
        network->out = chosen.items[0];
    uftp_netif_list_free(&chosen);
    return err == UFTP_OK
               ? 0
               : uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                           "-O/--out-interface: '%s' is no interface or address of this host",
                           options->out_interface);
}

static int choose(uftp_proxy_network *network, const uftp_proxy_options *options,
                  uftp_failure *failure)
{
    uftp_netif_list all = {0};
    int code = choose_groups(network, options, failure);
    if (code)
        return code;
    int err = uftp_netif_list_system(&all);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot list the network interfaces: %s",
                         uftp_strerror(err));
    code = choose_interfaces(network, options, &all, failure);
    uftp_netif_list_free(&all);
    network->uid = options->core.uid;
    if (!code && !network->uid)
        network->uid = uftp_netif_list_uid(&network->interfaces);
    if (!code && !network->uid)
        code =
            uftp_fail(failure, UFTP_EXIT_ARGUMENTS, "the interfaces give no UID; give one with -U");
    return code;
}

static bool needs_ipv6(const uftp_proxy_network *network, const uftp_proxy_options *options)
{
    bool needs = options->relay.address.family == UFTP_IPV6;
    for (size_t i = 0; i < network->group_count; i++)
        needs |= network->groups[i].family == UFTP_IPV6;
    for (size_t i = 0; i < options->heartbeats.count; i++)
        needs |= options->heartbeat_hosts[i].family == UFTP_IPV6;
    return needs;
}

static int open_socket(uftp_proxy_network *network, const uftp_proxy_options *options,
                       uftp_failure *failure)
{
    uftp_socket_config config = {.family = needs_ipv6(network, options) ? UFTP_IPV6 : UFTP_IPV4,
                                 .port = options->port,
                                 .send_buffer = options->buffer,
                                 .receive_buffer = options->buffer,
                                 .hops = options->hops,
                                 .interface_index = network->out.index};
    if (network->out.address.family == UFTP_IPV4)
        config.interface_address = network->out.address;
    int system_error;
    int err = uftp_socket_open(&config, &network->socket, &system_error);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(failure);
    if (err == UFTP_ERR_EXISTS)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "port %u is in use; give another with -p",
                         options->port);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot bind port %u: %s", options->port,
                         system_error ? strerror(system_error) : uftp_strerror(err));
    return 0;
}

static int join(uftp_proxy_network *network, const uftp_address *group, const uftp_address *source,
                uftp_failure *failure)
{
    char text[UFTP_ADDRESS_TEXT_MAX];
    int err = uftp_membership_join(network->membership, group, source);
    if (err == UFTP_OK)
        return 0;
    return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot join group %s: %s",
                     uftp_address_format(group, text),
                     err == UFTP_ERR_NOT_FOUND ? "no interface in use can" : uftp_strerror(err));
}

static int join_groups(uftp_proxy_network *network, const uftp_proxy_options *options,
                       uftp_failure *failure)
{
    int code = 0;
    for (size_t i = 0; i < network->group_count && !code; i++) {
        const uftp_address *group = &network->groups[i];
        if (!options->core.source_specific)
            code = join(network, group, NULL, failure);
        for (size_t k = 0; options->core.source_specific && k < options->server_count && !code; k++)
            if (options->servers[k].address.family == group->family)
                code = join(network, group, &options->servers[k].address, failure);
    }
    return code;
}

int uftp_proxy_network_open(uftp_proxy_network *network, const uftp_proxy_options *options,
                            uftp_failure *failure)
{
    *network = (uftp_proxy_network){0};
    int code = choose(network, options, failure);
    if (!code)
        code = open_socket(network, options, failure);
    if (code)
        return code;
    if (uftp_membership_create(network->socket, &network->interfaces, &network->membership) < 0)
        return uftp_fail_memory(failure);
    return listens(options) ? join_groups(network, options, failure) : 0;
}

void uftp_proxy_network_close(uftp_proxy_network *network)
{
    uftp_membership_destroy(network->membership);
    uftp_socket_close(network->socket);
    uftp_netif_list_free(&network->interfaces);
    free(network->groups);
    *network = (uftp_proxy_network){0};
}
