/* SPDX-License-Identifier: MIT */
#include "runtime/socket.h"

#include "runtime/sockaddr.h"
#include "runtime/socket_internal.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Since Linux 4.20; older C libraries do not name it. */
#ifndef IPV6_MULTICAST_ALL
#define IPV6_MULTICAST_ALL 29
#endif

static int open_error(int system_error)
{
    switch (system_error) {
    case EADDRINUSE:
        return UFTP_ERR_EXISTS;
    case EACCES:
    case EPERM:
        return UFTP_ERR_ACCESS;
    case EAFNOSUPPORT:
    case EPROTONOSUPPORT:
        return UFTP_ERR_UNSUPPORTED;
    case ENODEV:
    case EADDRNOTAVAIL:
        return UFTP_ERR_NOT_FOUND;
    case ENOMEM:
    case ENOBUFS:
        return UFTP_ERR_MEMORY;
    default:
        return UFTP_ERR_IO;
    }
}

static int set_int(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* Asks for `len` bytes, beyond the system's limit where we may; returns what there is now. */
static size_t set_buffer(int fd, int option, int option_force, size_t len)
{
    int wanted = len > INT_MAX / 2 ? INT_MAX / 2 : (int)len;
    if (set_int(fd, SOL_SOCKET, option_force, wanted))
        (void)set_int(fd, SOL_SOCKET, option, wanted); /* clipped to the limit, never refused */
    int granted = 0;
    socklen_t size = sizeof granted;
    if (getsockopt(fd, SOL_SOCKET, option, &granted, &size) || granted < 0)
        return 0;
    return (size_t)granted / 2; /* Linux doubles it for its own bookkeeping */
}

/* What a received datagram brings along, and how large ones leave. On a socket for both families
 * the IPv4 options rule the IPv4 traffic, and IPV6_RECVPKTINFO tells mapped destinations. */
static int set_common(uftp_socket *s, const uftp_socket_config *config)
{
    bool v6 = config->family == UFTP_IPV6;
    int failed = 0;
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
    failed |= !v6 && set_int(s->fd, IPPROTO_IP, IP_PKTINFO, 1);
    failed |= set_int(s->fd, IPPROTO_IP, IP_RECVTOS, 1);
    failed |= set_int(s->fd, SOL_SOCKET, SO_BROADCAST, 1);
    /* Blocks larger than the MTU are legal: they leave in fragments. */
    failed |= set_int(s->fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
    failed |= config->share_port && set_int(s->fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (failed)
        return -1;
    /* Only groups this socket has joined, not those of other programs on the host; and comforts
     * that an old kernel may lack. */
    (void)set_int(s->fd, IPPROTO_IP, IP_MULTICAST_ALL, 0);
    if (v6)
        (void)set_int(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
    (void)set_int(s->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
    (void)set_int(s->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
    return 0;
}

static int set_multicast(uftp_socket *s, const uftp_socket_config *config)
{
    bool v6 = config->family == UFTP_IPV6;
    int hops = config->hops ? config->hops : 1;
    int loop = config->no_multicast_loop ? 0 : 1;
    int failed = 0;
    failed |= set_int(s->fd, IPPROTO_IP, IP_MULTICAST_TTL, hops);
    failed |= set_int(s->fd, IPPROTO_IP, IP_MULTICAST_LOOP, loop);
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, hops);
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_LOOP, loop);
    if (failed || !config->interface_index)
        return failed ? -1 : 0;
    struct ip_mreqn out = {.imr_ifindex = (int)config->interface_index};
    if (config->interface_address.family == UFTP_IPV4)
        memcpy(&out.imr_address, config->interface_address.bytes, sizeof out.imr_address);
    failed |= setsockopt(s->fd, IPPROTO_IP, IP_MULTICAST_IF, &out, sizeof out);
    failed |= v6 && set_int(s->fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, (int)config->interface_index);
    return failed ? -1 : 0;
}

static int bind_everywhere(uftp_socket *s, const uftp_socket_config *config)
{
    uftp_address any = {.family = config->family, .port = config->port};
    struct sockaddr_storage storage;
    socklen_t len = uftp_address_to_sockaddr(&any, &storage);
    if (bind(s->fd, (const struct sockaddr *)&storage, len))
        return -1;
    len = sizeof storage;
    if (getsockname(s->fd, (struct sockaddr *)&storage, &len))
        return -1;
    s->port = uftp_address_from_sockaddr((const struct sockaddr *)&storage, len).port;
    return 0;
}

static int open_system(uftp_socket *s, const uftp_socket_config *config)
{
    s->family = config->family;
    s->fd = socket(config->family == UFTP_IPV6 ? AF_INET6 : AF_INET,
                   SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
    if (s->fd < 0 || set_common(s, config) || set_multicast(s, config))
        return -1;
    s->send_buffer_len =
        set_buffer(s->fd, SO_SNDBUF, SO_SNDBUFFORCE,
                   config->send_buffer ? config->send_buffer : UFTP_SOCKET_BUFFER_DEFAULT);
    s->receive_buffer_len =
        set_buffer(s->fd, SO_RCVBUF, SO_RCVBUFFORCE,
                   config->receive_buffer ? config->receive_buffer : UFTP_SOCKET_RECEIVE_DEFAULT);
    return bind_everywhere(s, config); /* last: nothing arrives before it is known how */
}

int uftp_socket_open(const uftp_socket_config *config, uftp_socket **out, int *system_error)
{
    int unused;
    int *number = system_error ? system_error : &unused;
    *number = 0;
    if (config->family != UFTP_IPV4 && config->family != UFTP_IPV6)
        return UFTP_ERR_ARGUMENT;
    uftp_socket *s = calloc(1, sizeof *s);
    if (!s)
        return UFTP_ERR_MEMORY;
    int err = UFTP_OK;
    if (open_system(s, config)) {
        *number = errno;
        err = open_error(errno);
    }
    if (!err)
        err = uftp_socket_send_init(s, !config->no_offload);
    if (!err)
        err = uftp_socket_receive_init(s, !config->no_offload);
    if (err) {
        uftp_socket_close(s);
        return err;
    }
    *out = s;
    return UFTP_OK;
}

void uftp_socket_close(uftp_socket *s)
{
    if (!s)
        return;
    uftp_socket_send_free(s);
    uftp_socket_receive_free(s);
    if (s->fd >= 0)
        close(s->fd);
    free(s);
}

int uftp_socket_fd(const uftp_socket *s)
{
    return s->fd;
}

uint16_t uftp_socket_port(const uftp_socket *s)
{
    return s->port;
}

size_t uftp_socket_send_buffer(const uftp_socket *s)
{
    return s->send_buffer_len;
}

size_t uftp_socket_receive_buffer(const uftp_socket *s)
{
    return s->receive_buffer_len;
}

bool uftp_socket_has_gso(const uftp_socket *s)
{
    return s->send.gso;
}

bool uftp_socket_has_gro(const uftp_socket *s)
{
    return s->receive.gro;
}

void uftp_socket_stats_get(const uftp_socket *s, uftp_socket_stats *out)
{
    *out = s->stats;
}

static int join_error(int system_error)
{
    switch (system_error) {
    case EADDRINUSE:
        return UFTP_ERR_EXISTS;
    case ENOBUFS: /* net.ipv4.igmp_max_memberships, igmp_max_msf */
        return UFTP_ERR_LIMIT;
    case ENOMEM:
        return UFTP_ERR_MEMORY;
    case ENODEV:
    case EADDRNOTAVAIL: /* leaving what was not joined */
        return UFTP_ERR_NOT_FOUND;
    case EINVAL:
        return UFTP_ERR_KIND;
    default:
        return UFTP_ERR_IO;
    }
}

static int change_membership(uftp_socket *s, const uftp_address *group, const uftp_address *source,
                             uint32_t interface_index, bool join)
{
    if (!uftp_address_is_multicast(group))
        return UFTP_ERR_KIND;
    bool specific = source && source->family;
    if (specific && source->family != group->family)
        return UFTP_ERR_KIND;
    /* A socket for both families joins IPv4 groups through the IPv4 options. */
    int level = group->family == UFTP_IPV6 ? IPPROTO_IPV6 : IPPROTO_IP;
    int result;
    if (specific) {
        struct group_source_req req = {.gsr_interface = interface_index};
        uftp_address_to_sockaddr(group, &req.gsr_group);
        uftp_address_to_sockaddr(source, &req.gsr_source);
        result = setsockopt(s->fd, level, join ? MCAST_JOIN_SOURCE_GROUP : MCAST_LEAVE_SOURCE_GROUP,
                            &req, sizeof req);
        if (result && join && errno == EADDRNOTAVAIL)
            return UFTP_ERR_EXISTS; /* what the kernel says when this source is in already */
    } else {
        struct group_req req = {.gr_interface = interface_index};
        uftp_address_to_sockaddr(group, &req.gr_group);
        result =
            setsockopt(s->fd, level, join ? MCAST_JOIN_GROUP : MCAST_LEAVE_GROUP, &req, sizeof req);
    }
    return result ? join_error(errno) : UFTP_OK;
}

int uftp_socket_join(uftp_socket *s, const uftp_address *group, const uftp_address *source,
                     uint32_t interface_index)
{
    return change_membership(s, group, source, interface_index, true);
}

int uftp_socket_leave(uftp_socket *s, const uftp_address *group, const uftp_address *source,
                      uint32_t interface_index)
{
    return change_membership(s, group, source, interface_index, false);
}
