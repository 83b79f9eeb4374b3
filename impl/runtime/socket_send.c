/* SPDX-License-Identifier: MIT
 *
 * Out: a train is one message with the segment size beside it (UDP GSO), several messages are one
 * sendmmsg(). Where the kernel, the device or the path's MTU does not allow a train, it is sent
 * datagram by datagram.
 */
#include "runtime/clock.h"
#include "runtime/sockaddr.h"
#include "runtime/socket_internal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif

/* Messages for one sendmmsg(), with all that they point at. */
typedef struct batch {
    struct mmsghdr messages[SEND_TRAINS_MAX];
    struct iovec vectors[SEND_TRAINS_MAX];
    struct sockaddr_storage names[SEND_TRAINS_MAX];
    send_control controls[SEND_TRAINS_MAX];
    const uftp_transmit *trains[SEND_TRAINS_MAX]; /* the train each one comes from */
    size_t count;
} batch;

_Static_assert(SEND_TRAINS_MAX >= UFTP_TRAIN_SEGMENTS_MAX, "a train split up must fit a batch");

int uftp_socket_send_init(uftp_socket *s, bool offload)
{
    s->send.arena = malloc(SEND_ARENA);
    if (!s->send.arena)
        return UFTP_ERR_MEMORY;
    /* A kernel that does not know the option would ignore the segment size beside a message, and
     * send the train as one huge datagram: only one that takes it here is trusted with trains. */
    int none = 0;
    s->send.gso = offload && !setsockopt(s->fd, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none);
    s->send.gso_segment_max = SIZE_MAX;
    return UFTP_OK;
}

void uftp_socket_send_free(uftp_socket *s)
{
    free(s->send.arena);
}

uftp_transmit *uftp_socket_slot(uftp_socket *s)
{
    send_queue *q = &s->send;
    if (q->count == SEND_TRAINS_MAX || SEND_ARENA - q->arena_used < UFTP_TRAIN_BYTES_MAX)
        return NULL;
    uftp_transmit *slot = &q->trains[q->count];
    *slot = (uftp_transmit){.data = q->arena + q->arena_used, .capacity = UFTP_TRAIN_BYTES_MAX};
    return slot;
}

void uftp_socket_push(uftp_socket *s)
{
    send_queue *q = &s->send;
    const uftp_transmit *slot = &q->trains[q->count++];
    size_t end = q->arena_used + slot->len;
    q->arena_used = (end + 63) & ~(size_t)63; /* the next one on its own cache line */
    if (q->arena_used > SEND_ARENA)
        q->arena_used = SEND_ARENA;
}

static size_t segments_in(const uftp_transmit *train)
{
    return train->segment_len && train->segment_len < train->len
               ? (train->len + train->segment_len - 1) / train->segment_len
               : 1;
}

static void add_control(struct msghdr *header, int level, int type, const void *value, size_t len)
{
    size_t used = header->msg_controllen;
    struct cmsghdr *control = (struct cmsghdr *)((uint8_t *)header->msg_control + used);
    control->cmsg_level = level;
    control->cmsg_type = type;
    control->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(control), value, len);
    header->msg_controllen = used + CMSG_SPACE(len);
}

/* Adds `len` bytes of the train as one message; segment_len 0 makes it a plain datagram. */
static void batch_add(const uftp_socket *s, batch *b, const uftp_transmit *train, size_t offset,
                      size_t len, size_t segment_len)
{
    size_t i = b->count++;
    struct msghdr *header = &b->messages[i].msg_hdr;
    b->trains[i] = train;
    b->vectors[i] = (struct iovec){.iov_base = train->data + offset, .iov_len = len};
    b->messages[i].msg_len = 0;
    *header = (struct msghdr){.msg_name = &b->names[i],
                              .msg_iov = &b->vectors[i],
                              .msg_iovlen = 1,
                              .msg_control = &b->controls[i]};
    header->msg_namelen = s->family == UFTP_IPV6
                              ? uftp_address_to_sockaddr_mapped(&train->destination, &b->names[i])
                              : uftp_address_to_sockaddr(&train->destination, &b->names[i]);
    memset(&b->controls[i], 0, sizeof b->controls[i]);
    if (train->tos) {
        int tos = train->tos;
        if (train->destination.family == UFTP_IPV6)
            add_control(header, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos);
        else
            add_control(header, IPPROTO_IP, IP_TOS, &tos, sizeof tos);
    }
    if (segment_len) {
        uint16_t segment = (uint16_t)segment_len;
        add_control(header, IPPROTO_UDP, UDP_SEGMENT, &segment, sizeof segment);
    }
    if (!header->msg_controllen)
        header->msg_control = NULL;
}

static void note_error(uftp_socket *s, int number, const uftp_address *destination)
{
    send_queue *q = &s->send;
    s->stats.send_errors++;
    for (size_t i = 0; i < q->error_count; i++)
        if (q->errors[i].system_error == number)
            return;
    if (q->error_count < ERRORS_MAX)
        q->errors[q->error_count++] =
            (uftp_socket_error){.system_error = number, .destination = *destination};
}

bool uftp_socket_error_take(uftp_socket *s, uftp_socket_error *out)
{
    send_queue *q = &s->send;
    if (q->error_told == q->error_count)
        return false;
    *out = q->errors[q->error_told++];
    return true;
}

/* False when the time that a flush may take is over. */
static bool wait_for_room(uftp_socket *s, int number, uint64_t deadline)
{
    uint64_t now = uftp_clock_now();
    if (now >= deadline)
        return false;
    if (number == ENOBUFS || number == ENOMEM) {
        /* The device's queue is full, of which poll() knows nothing: let it drain a little. */
        const struct timespec pause = {.tv_nsec = 200000};
        (void)nanosleep(&pause, NULL);
        return true;
    }
    struct pollfd fd = {.fd = s->fd, .events = POLLOUT};
    const struct timespec timeout = {.tv_nsec = (long)(deadline - now)};
    (void)ppoll(&fd, 1, &timeout, NULL);
    return true;
}

_Static_assert(UFTP_SOCKET_SEND_WAIT < UFTP_S(1), "wait_for_room() puts it into tv_nsec");

static int send_some(uftp_socket *s, struct mmsghdr *messages, size_t count)
{
    s->stats.send_calls++;
    if (!s->send.single_calls) {
        int sent = sendmmsg(s->fd, messages, (unsigned)count, MSG_DONTWAIT);
        if (sent >= 0 || errno != ENOSYS)
            return sent;
        s->send.single_calls = true;
    }
    ssize_t len = sendmsg(s->fd, &messages->msg_hdr, MSG_DONTWAIT);
    if (len < 0)
        return -1;
    messages->msg_len = (unsigned)len;
    return 1;
}

static void count_sent(uftp_socket *s, const batch *b, size_t from, size_t count)
{
    for (size_t i = from; i < from + count; i++) {
        size_t len = b->vectors[i].iov_len, segment_len = b->trains[i]->segment_len;
        s->stats.bytes_sent += len;
        s->stats.datagrams_sent +=
            segment_len && len > segment_len ? (len + segment_len - 1) / segment_len : 1;
    }
}

static bool is_train(const batch *b, size_t i)
{
    return b->trains[i]->segment_len && b->vectors[i].iov_len > b->trains[i]->segment_len;
}

/* Whether the kernel's refusal of a train is about trains, so that its datagrams may pass one by
 * one; remembers it. */
static bool train_refused(uftp_socket *s, const uftp_transmit *train, int number)
{
    switch (number) {
    case EINVAL:
    case EMSGSIZE: /* a segment with its headers is longer than the path's MTU */
        if (train->segment_len <= s->send.gso_segment_max)
            s->send.gso_segment_max = train->segment_len - 1;
        return true;
    case EIO: /* the device does no checksums, or the path is transformed (IPsec) */
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        s->send.gso = false;
        return true;
    default:
        return false;
    }
}

static size_t send_split(uftp_socket *s, const uftp_transmit *train, uint64_t deadline);

/* Sends the batch; returns how many of its trains were dropped, in whole or in part. */
static size_t send_batch(uftp_socket *s, batch *b, uint64_t deadline)
{
    size_t dropped = 0;
    for (size_t at = 0; at < b->count;) {
        int sent = send_some(s, b->messages + at, b->count - at);
        if (sent > 0) {
            count_sent(s, b, at, (size_t)sent);
            at += (size_t)sent;
            continue;
        }
        int number = sent < 0 ? errno : EAGAIN;
        if (number == EINTR)
            continue;
        bool full = number == EAGAIN || number == ENOBUFS || number == ENOMEM;
        if (full && wait_for_room(s, number, deadline))
            continue;
        const uftp_transmit *train = b->trains[at];
        if (is_train(b, at) && train_refused(s, train, number)) {
            dropped += send_split(s, train, deadline);
        } else {
            note_error(s, number, &train->destination);
            dropped++;
        }
        at++;
    }
    return dropped;
}

/* Datagram by datagram. At most one per train counts as dropped. */
static size_t send_split(uftp_socket *s, const uftp_transmit *train, uint64_t deadline)
{
    size_t dropped = 0;
    for (size_t offset = 0; offset < train->len;) {
        batch b;
        b.count = 0;
        while (offset < train->len && b.count < SEND_TRAINS_MAX) {
            size_t left = train->len - offset;
            size_t len = left < train->segment_len ? left : train->segment_len;
            batch_add(s, &b, train, offset, len, 0);
            offset += len;
        }
        dropped += send_batch(s, &b, deadline);
    }
    return dropped ? 1 : 0;
}

size_t uftp_socket_flush(uftp_socket *s)
{
    send_queue *q = &s->send;
    if (!q->count)
        return 0;
    uint64_t deadline = uftp_clock_now() + UFTP_SOCKET_SEND_WAIT;
    size_t dropped = 0;
    batch b;
    b.count = 0;
    for (size_t i = 0; i < q->count; i++) {
        const uftp_transmit *train = &q->trains[i];
        size_t segments = segments_in(train);
        bool together = segments == 1 || (q->gso && segments <= UFTP_TRAIN_SEGMENTS_MAX &&
                                          train->segment_len <= q->gso_segment_max);
        if (together) {
            batch_add(s, &b, train, 0, train->len, segments > 1 ? train->segment_len : 0);
            continue;
        }
        dropped += send_batch(s, &b, deadline); /* what was queued before leaves before */
        b.count = 0;
        dropped += send_split(s, train, deadline);
    }
    dropped += send_batch(s, &b, deadline);
    q->count = 0;
    q->arena_used = 0;
    return dropped;
}
