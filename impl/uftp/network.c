/* SPDX-License-Identifier: MIT */
#include "uftp/network.h"

#include "runtime/resolve.h"
#include "runtime/sockaddr.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static int choose_addresses(uftp_sender_network *network, const uftp_sender_options *options,
                            const uftp_random *random, uftp_failure *failure)
{
    uftp_address *public_address = &network->public_address;
    uint16_t port;
    if (uftp_resolve_host(options->public_address, 0, public_address) < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "-M/--public: '%s' is not a known address",
                         options->public_address);
    if (uftp_resolve_port(options->port, &port) < 0)
        return uftp_fail(
            failure, UFTP_EXIT_NETWORK,
            "-p/--port: '%s' is neither a port from 1 to 65535 nor a known UDP service",
            options->port);
    public_address->port = port;
    if (!uftp_address_is_multicast(public_address))
        return 0; /* -P is not used (spec cli 2) */

    const char *template = options->private_address;
    if (!template && public_address->family == UFTP_IPV6)
        return uftp_fail(failure, UFTP_EXIT_NETWORK,
                         "an IPv6 group in -M needs a private one: give -P, e.g. ff05::4:5:x");
    if (!template)
        template = "230.5.5.x";
    if (uftp_resolve_template(template, random, &network->private_address) < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "-P/--private: '%s' is not a known address",
                         template);
    if (network->private_address.family != public_address->family)
        return uftp_fail(failure, UFTP_EXIT_NETWORK,
                         "-M %s and -P %s are not of the same family (IPv4 or IPv6)",
                         options->public_address, template);
    if (!uftp_address_is_multicast(&network->private_address))
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "-P/--private: '%s' is not a multicast group",
                         template);
    return 0;
}

/* The address the system would send from, for a unicast destination: its interface is ours. */
static int route_source(const uftp_address *destination, uftp_address *source)
{
    struct sockaddr_storage to, from;
    socklen_t to_len = uftp_address_to_sockaddr(destination, &to), from_len = sizeof from;
    int fd = socket(to.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return errno;
    int on = 1;
    (void)setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
    int system_error = 0;
    if (connect(fd, (struct sockaddr *)&to, to_len) < 0 ||
        getsockname(fd, (struct sockaddr *)&from, &from_len) < 0)
        system_error = errno;
    close(fd);
    if (!system_error) {
        *source = uftp_address_from_sockaddr((struct sockaddr *)&from, from_len);
        source->port = 0;
    }
    return system_error;
}

/* The interface of the group's zone where it has one ("ff12::1%eth1"), else the first of the
 * family. */
static const uftp_netif *first_for(const uftp_netif_list *list, const uftp_address *group)
{
    if (!group->scope)
        return uftp_netif_first(list, group->family);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].index == group->scope && list->items[i].address.family == group->family)
            return &list->items[i];
    return NULL;
}

static const char *family_name(const uftp_address *address)
{
    return address->family == UFTP_IPV6 ? "IPv6" : "IPv4";
}

/* What -I names, of what it names the first that fits. */
static int choose_named(uftp_sender_network *network, const uftp_sender_options *options,
                        const uftp_netif_list *all, uftp_failure *failure)
{
    const uftp_address *destination = &network->public_address;
    const bool multicast = uftp_address_is_multicast(destination);
    uftp_netif_list selected = {0};
    int err = uftp_netif_select(all, options->interface, &selected, NULL);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(failure);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_ARGUMENTS,
                         "-I/--interface: '%s' is no interface or address of this host",
                         options->interface);
    const uftp_netif *chosen = multicast ? first_for(&selected, destination)
                                         : uftp_netif_first(&selected, destination->family);
    int code = 0;
    if (chosen)
        network->interface = *chosen;
    else if (multicast && destination->scope)
        code = uftp_fail(failure, UFTP_EXIT_NETWORK, "-M %s is not on interface %s",
                         options->public_address, options->interface);
    else
        code =
            uftp_fail(failure, UFTP_EXIT_NETWORK, "interface %s has no %s address, which %s needs",
                      options->interface, family_name(destination), options->public_address);
    uftp_netif_list_free(&selected);
    return code;
}

static int choose_for_group(uftp_sender_network *network, const uftp_netif_list *all,
                            uftp_failure *failure)
{
    const uftp_address *group = &network->public_address;
    const uftp_netif *chosen =
        group->scope ? first_for(all, group) : uftp_netif_default(all, group->family);
    if (!chosen)
        return uftp_fail(failure, UFTP_EXIT_NETWORK,
                         "no route for multicast: no interface is up that has an %s address",
                         family_name(group));
    network->interface = *chosen;
    return 0;
}

/* Where the route to a unicast destination leads. */
static int choose_for_host(uftp_sender_network *network, const uftp_sender_options *options,
                           const uftp_netif_list *all, uftp_failure *failure)
{
    const uftp_address *destination = &network->public_address;
    const uftp_netif *chosen = NULL;
    uftp_address source;
    int system_error = route_source(destination, &source);
    if (system_error)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "no route to %s: %s", options->public_address,
                         strerror(system_error));
    for (size_t i = 0; i < all->count && !chosen; i++)
        if (uftp_address_same_host(&all->items[i].address, &source))
            chosen = &all->items[i];
    if (!chosen)
        chosen = uftp_netif_default(all, destination->family);
    if (!chosen)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "no route to %s: no interface is up",
                         options->public_address);
    network->interface = *chosen;
    return 0;
}

static int choose_interface(uftp_sender_network *network, const uftp_sender_options *options,
                            const uftp_netif_list *all, uftp_failure *failure)
{
    const uftp_address *private_address = &network->private_address;
    const uftp_netif *chosen = &network->interface;
    int code = options->interface ? choose_named(network, options, all, failure)
               : uftp_address_is_multicast(&network->public_address)
                   ? choose_for_group(network, all, failure)
                   : choose_for_host(network, options, all, failure);
    if (!code && !chosen->up)
        code = uftp_fail(failure, UFTP_EXIT_NETWORK, "interface %s is down", chosen->name);
    if (!code && private_address->scope && private_address->scope != chosen->index)
        code = uftp_fail(failure, UFTP_EXIT_NETWORK,
                         "-P %s is not on interface %s, from which the announcement goes",
                         options->private_address, chosen->name);
    return code;
}

int uftp_sender_network_choose(uftp_sender_network *network, const uftp_sender_options *options,
                               const uftp_random *random, uftp_failure *failure)
{
    *network = (uftp_sender_network){.uid = options->core.uid};
    int code = choose_addresses(network, options, random, failure);
    if (code)
        return code;
    uftp_netif_list all = {0};
    if (uftp_netif_list_system(&all) < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot list the network interfaces");
    code = choose_interface(network, options, &all, failure);
    uftp_netif_list_free(&all);
    if (code)
        return code;
    if (!network->uid)
        network->uid = uftp_netif_uid(&network->interface.address);
    if (!network->uid)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "interface %s gives no UID; give one with -U",
                         network->interface.name);
    return 0;
}

int uftp_sender_network_open(uftp_sender_network *network, const uftp_sender_options *options,
                             uftp_failure *failure)
{
    const bool multicast = uftp_address_is_multicast(&network->public_address);
    const uftp_socket_config config = {
        .family = network->public_address.family,
        .port = options->source_port,
        .send_buffer = options->buffer,
        .receive_buffer = options->buffer,
        .hops = options->hops,
        .interface_index = multicast ? network->interface.index : 0,
        .interface_address = multicast ? network->interface.address : (uftp_address){0},
    };
    int system_error;
    int err = uftp_socket_open(&config, &network->socket, &system_error);
    if (err == UFTP_ERR_MEMORY)
        return uftp_fail_memory(failure);
    if (err == UFTP_ERR_EXISTS)
        return uftp_fail(failure, UFTP_EXIT_NETWORK,
                         "source port %u is in use; give another with -u, or none",
                         options->source_port);
    if (err < 0)
        return uftp_fail(failure, UFTP_EXIT_NETWORK, "cannot open a socket (source port %u): %s",
                         options->source_port,
                         system_error ? strerror(system_error) : uftp_strerror(err));
    return 0;
}

void uftp_sender_network_close(uftp_sender_network *network)
{
    uftp_socket_close(network->socket);
    network->socket = NULL;
}
