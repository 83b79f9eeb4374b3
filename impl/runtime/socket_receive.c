/* SPDX-License-Identifier: MIT
 *
 * In: up to 64 messages by one recvmmsg(), each of which may be a train that the kernel has put
 * together (UDP GRO).
 */
#include "runtime/clock.h"
#include "runtime/sockaddr.h"
#include "runtime/socket_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* A time stamp older than this is not one: the wall clock was set in between. */
#define ARRIVAL_AGE_MAX UFTP_S(10)

int uftp_socket_receive_init(uftp_socket *s, bool offload)
{
    receive_side *r = &s->receive;
    /* Not touched until something that long arrives. */
    r->buffers = malloc((size_t)UFTP_SOCKET_TRAINS_MAX * RECEIVE_BUFFER);
    if (!r->buffers)
        return UFTP_ERR_MEMORY;
    for (size_t i = 0; i < UFTP_SOCKET_TRAINS_MAX; i++) {
        r->vectors[i] =
            (struct iovec){.iov_base = r->buffers + i * RECEIVE_BUFFER, .iov_len = RECEIVE_BUFFER};
        r->messages[i].msg_hdr = (struct msghdr){.msg_name = &r->sources[i],
                                                 .msg_iov = &r->vectors[i],
                                                 .msg_iovlen = 1,
                                                 .msg_control = &r->controls[i]};
    }
    int on = 1;
    r->gro = offload && !setsockopt(s->fd, IPPROTO_UDP, UDP_GRO, &on, sizeof on);
    return UFTP_OK;
}

void uftp_socket_receive_free(uftp_socket *s)
{
    free(s->receive.buffers);
}

/* The wall and the monotonic clock at one moment: the kernel stamps datagrams with the former. */
typedef struct clock_pair {
    uint64_t wall, monotonic; /* ns */
} clock_pair;

static clock_pair read_clocks(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (clock_pair){.wall = (uint64_t)wall.tv_sec * UFTP_S(1) + (uint64_t)wall.tv_nsec,
                        .monotonic = uftp_clock_now()};
}

static uint64_t arrival_from(const struct timespec *stamp, const clock_pair *clocks, uint64_t now)
{
    uint64_t wall = (uint64_t)stamp->tv_sec * UFTP_S(1) + (uint64_t)stamp->tv_nsec;
    uint64_t age = clocks->wall - wall; /* wraps to something huge when the stamp lies ahead */
    if (age > ARRIVAL_AGE_MAX || age > clocks->monotonic)
        return now;
    uint64_t arrival = clocks->monotonic - age;
    return arrival < now ? arrival : now; /* came in after the turn had read its clock */
}

static bool is_link_local(const uftp_address *address)
{
    const uint8_t *b = address->bytes;
    return address->family == UFTP_IPV6 &&
           ((b[0] == 0xfe && (b[1] & 0xc0) == 0x80) || (b[0] == 0xff && (b[1] & 0x0f) == 0x02));
}

static void set_destination(uftp_datagram *train, int family, const void *bytes, size_t len,
                            uint32_t interface_index)
{
    /* Through the sockaddr, which knows mapped addresses. */
    struct sockaddr_storage storage = {0};
    if (family == AF_INET6) {
        struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
        memcpy(&v6.sin6_addr, bytes, len);
        memcpy(&storage, &v6, sizeof v6);
    } else {
        struct sockaddr_in v4 = {.sin_family = AF_INET};
        memcpy(&v4.sin_addr, bytes, len);
        memcpy(&storage, &v4, sizeof v4);
    }
    train->destination =
        uftp_address_from_sockaddr((const struct sockaddr *)&storage, sizeof storage);
    train->interface_index = interface_index;
    if (is_link_local(&train->destination))
        train->destination.scope = interface_index;
}

/* One control message. Its length is the kernel's word, but copied only when it is what we know. */
static void read_control(uftp_socket *s, const struct cmsghdr *control, const clock_pair *clocks,
                         uint64_t now, uftp_datagram *train)
{
    const uint8_t *data = CMSG_DATA(control);
    size_t len = control->cmsg_len - CMSG_LEN(0);
    int level = control->cmsg_level, type = control->cmsg_type;
    int number = 0;
    if (len >= sizeof number)
        memcpy(&number, data, sizeof number);

    if (level == IPPROTO_IP && type == IP_PKTINFO && len >= sizeof(struct in_pktinfo)) {
        struct in_pktinfo info;
        memcpy(&info, data, sizeof info);
        set_destination(train, AF_INET, &info.ipi_addr, sizeof info.ipi_addr,
                        (uint32_t)info.ipi_ifindex);
    } else if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO && len >= sizeof(struct in6_pktinfo)) {
        struct in6_pktinfo info;
        memcpy(&info, data, sizeof info);
        set_destination(train, AF_INET6, &info.ipi6_addr, sizeof info.ipi6_addr, info.ipi6_ifindex);
    } else if (level == IPPROTO_IP && type == IP_TOS && len >= 1) {
        train->tos = data[0];
    } else if (level == IPPROTO_IPV6 && type == IPV6_TCLASS && len >= sizeof number) {
        train->tos = (uint8_t)number;
    } else if (level == IPPROTO_UDP && type == UDP_GRO && len >= sizeof number && number > 0) {
        train->segment_len = (size_t)number;
    } else if (level == SOL_SOCKET && type == SO_TIMESTAMPNS && len >= sizeof(struct timespec)) {
        struct timespec stamp;
        memcpy(&stamp, data, sizeof stamp);
        train->arrival = arrival_from(&stamp, clocks, now);
    } else if (level == SOL_SOCKET && type == SO_RXQ_OVFL && len >= sizeof(uint32_t)) {
        uint32_t overflow;
        memcpy(&overflow, data, sizeof overflow);
        s->stats.datagrams_overflowed += (uint32_t)(overflow - s->receive.overflow);
        s->receive.overflow = overflow;
    }
}

static void read_train(uftp_socket *s, struct mmsghdr *message, const clock_pair *clocks,
                       uint64_t now, uftp_datagram *out)
{
    struct msghdr *header = &message->msg_hdr;
    *out =
        (uftp_datagram){.data = header->msg_iov->iov_base, .len = message->msg_len, .arrival = now};
    out->source =
        uftp_address_from_sockaddr((const struct sockaddr *)header->msg_name, header->msg_namelen);
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
        read_control(s, c, clocks, now, out);
    s->stats.bytes_received += out->len;
    s->stats.datagrams_received += out->segment_len && out->segment_len < out->len
                                       ? (out->len + out->segment_len - 1) / out->segment_len
                                       : 1;
}

static int receive_some(uftp_socket *s)
{
    receive_side *r = &s->receive;
    s->stats.receive_calls++;
    if (!r->single_calls) {
        int count = recvmmsg(s->fd, r->messages, UFTP_SOCKET_TRAINS_MAX, MSG_DONTWAIT, NULL);
        if (count >= 0 || errno != ENOSYS)
            return count;
        r->single_calls = true;
    }
    ssize_t len = recvmsg(s->fd, &r->messages[0].msg_hdr, MSG_DONTWAIT);
    if (len < 0)
        return -1;
    r->messages[0].msg_len = (unsigned)len;
    return 1;
}

/* The kernel writes lengths and flags over what it was given. */
static void reset_messages(receive_side *r)
{
    for (size_t i = 0; i < UFTP_SOCKET_TRAINS_MAX; i++) {
        struct msghdr *header = &r->messages[i].msg_hdr;
        header->msg_namelen = sizeof r->sources[i];
        header->msg_controllen = sizeof r->controls[i];
        header->msg_flags = 0;
    }
}

int uftp_socket_receive(uftp_socket *s, uint64_t now, const uftp_datagram **trains)
{
    receive_side *r = &s->receive;
    int count;
    do {
        reset_messages(r);
        count = receive_some(s);
    } while (count < 0 && errno == EINTR);
    if (count < 0) {
        /* Only a broken descriptor is beyond hope; the rest (no memory, an ICMP error, an interface
         * that went down) passes. */
        bool broken = errno == EBADF || errno == ENOTSOCK || errno == EFAULT || errno == EINVAL;
        return broken ? UFTP_ERR_IO : 0;
    }

    clock_pair clocks = read_clocks();
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (r->messages[i].msg_hdr.msg_flags & MSG_TRUNC) {
            s->stats.datagrams_truncated++;
            continue;
        }
        read_train(s, &r->messages[i], &clocks, now, &r->trains[kept++]);
    }
    *trains = r->trains;
    return kept;
}
