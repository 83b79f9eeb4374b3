/* SPDX-License-Identifier: MIT
 *
 * One UDP socket that carries trains (datagram.h): UDP GSO and sendmmsg out, UDP GRO and recvmmsg
 * in, each with a plain fallback that is found out at run time. Never blocks except for a short,
 * bounded wait when the send buffer is full.
 */
#ifndef UFTP_RUNTIME_SOCKET_H
#define UFTP_RUNTIME_SOCKET_H

#include <uftp/datagram.h>

#define UFTP_SOCKET_BUFFER_DEFAULT 262144     /* spec v5 4.13 */
#define UFTP_SOCKET_RECEIVE_DEFAULT (4 << 20) /* several busy receivers on one host need it */
#define UFTP_SOCKET_TRAINS_MAX 64             /* trains of one receive call */

/* Zero means the default in brackets. */
typedef struct uftp_socket_config {
    uint8_t family;        /* required: UFTP_IPV4, or UFTP_IPV6 for a socket that speaks both */
    uint16_t port;         /* [0: any free one] bound on all addresses */
    bool share_port;       /* let other sockets with this flag have the port too (multicast reaches
                              all, unicast one of them): several receivers on one host, for tests */
    size_t send_buffer;    /* [UFTP_SOCKET_BUFFER_DEFAULT] bytes asked for */
    size_t receive_buffer; /* [UFTP_SOCKET_RECEIVE_DEFAULT] */
    uint8_t hops;          /* [1] TTL or hop limit of multicast; unicast has the system's default */
    uint32_t interface_index;       /* where multicast leaves; 0: as the system routes */
    uftp_address interface_address; /* IPv4 source for multicast; family 0: the interface's first */
    bool no_multicast_loop;         /* programs on this host do not hear what is sent to a group */
    bool no_offload;                /* neither GSO nor GRO, e.g. to compare */
} uftp_socket_config;

typedef struct uftp_socket uftp_socket;

/* EXISTS: the port is in use. ACCESS: the port is privileged. UNSUPPORTED: the system has no such
 * family. NOT_FOUND: no such interface. MEMORY, IO. On failure *system_error (may be NULL) has the
 * errno. */
int uftp_socket_open(const uftp_socket_config *config, uftp_socket **out, int *system_error);
void uftp_socket_close(uftp_socket *socket); /* NULL is allowed; drops what is queued */

int uftp_socket_fd(const uftp_socket *socket);        /* for poll(); close-on-exec */
uint16_t uftp_socket_port(const uftp_socket *socket); /* the one bound */
/* What the system granted, in the caller's terms (Linux doubles internally). */
size_t uftp_socket_send_buffer(const uftp_socket *socket);
size_t uftp_socket_receive_buffer(const uftp_socket *socket);
bool uftp_socket_has_gso(const uftp_socket *socket); /* still believed to work */
bool uftp_socket_has_gro(const uftp_socket *socket);

/* Joins or leaves a group on one interface, from any source (source NULL or family 0) or from one
 * (SSM). EXISTS: joined already. NOT_FOUND: no such interface, or not joined. LIMIT: the system
 * allows no more memberships. KIND: not a multicast group. IO. */
int uftp_socket_join(uftp_socket *socket, const uftp_address *group, const uftp_address *source,
                     uint32_t interface_index);
int uftp_socket_leave(uftp_socket *socket, const uftp_address *group, const uftp_address *source,
                      uint32_t interface_index);

/* Reads what is there without waiting: *trains points at up to UFTP_SOCKET_TRAINS_MAX trains, valid
 * until the next receive. Returns how many, 0 for none, IO. Arrival times are the kernel's on the
 * monotonic clock, never after `now`. */
int uftp_socket_receive(uftp_socket *socket, uint64_t now, const uftp_datagram **trains);

/* Sending: take a slot, let the core fill it, push it, flush when all are filled or the queue is
 * full.
 *     while ((slot = uftp_socket_slot(s)) && uftp_sender_poll_transmit(o, now, slot) > 0)
 *         uftp_socket_push(s);
 *     uftp_socket_flush(s);
 * A slot has room for UFTP_TRAIN_BYTES_MAX bytes; NULL: the queue is full, flush first. Asking
 * twice without a push gives the same slot. */
uftp_transmit *uftp_socket_slot(uftp_socket *socket);
void uftp_socket_push(uftp_socket *socket);
/* Hands everything that is queued to the kernel, waiting at most UFTP_SOCKET_SEND_WAIT for room.
 * What the kernel refuses is dropped, like a loss on the way. Returns how many trains were dropped
 * whole or in part. */
#define UFTP_SOCKET_SEND_WAIT UFTP_MS(200)
size_t uftp_socket_flush(uftp_socket *socket);

/* Why something could not be sent: each errno once, so that a log is not flooded. */
typedef struct uftp_socket_error {
    int system_error; /* errno: ENETUNREACH, EHOSTUNREACH, EPERM, EMSGSIZE, ... */
    uftp_address destination;
} uftp_socket_error;
/* True when there was one not yet told. */
bool uftp_socket_error_take(uftp_socket *socket, uftp_socket_error *out);

typedef struct uftp_socket_stats {
    uint64_t datagrams_sent, bytes_sent, send_calls, send_errors;
    uint64_t datagrams_received, bytes_received, receive_calls;
    uint64_t datagrams_truncated;  /* longer than a train can be: dropped */
    uint64_t datagrams_overflowed; /* dropped by the kernel because the receive buffer was full */
} uftp_socket_stats;
void uftp_socket_stats_get(const uftp_socket *socket, uftp_socket_stats *out);

#endif
