/* SPDX-License-Identifier: MIT
 *
 * The socket as its three files share it: socket.c opens it and joins groups, socket_send.c and
 * socket_receive.c each own one half of the state.
 */
#ifndef UFTP_RUNTIME_SOCKET_INTERNAL_H
#define UFTP_RUNTIME_SOCKET_INTERNAL_H

#include "runtime/socket.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdalign.h>
#include <sys/socket.h>

/* Trains wait in one arena, so that short ones (most replies) lie close together: four of the
 * longest, which is what stays in a second-level cache. */
#define SEND_ARENA ((size_t)262144)
#define SEND_TRAINS_MAX 64
/* The longest train GRO delivers: the 16-bit length of the IP packet that it would be. */
#define RECEIVE_BUFFER 65536
/* Kinds of send errors remembered as told. */
#define ERRORS_MAX 8

typedef struct send_control { /* TOS or traffic class, and the segment size */
    alignas(struct cmsghdr) uint8_t bytes[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
} send_control;

typedef struct receive_control {
    alignas(struct cmsghdr)
        uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo)) + 2 * CMSG_SPACE(sizeof(int)) +
                      CMSG_SPACE(2 * sizeof(int64_t)) + 2 * CMSG_SPACE(sizeof(uint32_t))];
} receive_control;

typedef struct send_queue {
    uint8_t *arena;
    size_t arena_used;
    uftp_transmit trains[SEND_TRAINS_MAX];
    size_t count;
    bool gso;
    size_t gso_segment_max; /* longer segments were refused: they do not fit the path's MTU */
    bool single_calls;      /* sendmmsg() is not there */
    uftp_socket_error errors[ERRORS_MAX];
    size_t error_count; /* met so far */
    size_t error_told;
} send_queue;

typedef struct receive_side {
    uint8_t *buffers;
    struct mmsghdr messages[UFTP_SOCKET_TRAINS_MAX];
    struct iovec vectors[UFTP_SOCKET_TRAINS_MAX];
    struct sockaddr_storage sources[UFTP_SOCKET_TRAINS_MAX];
    receive_control controls[UFTP_SOCKET_TRAINS_MAX];
    uftp_datagram trains[UFTP_SOCKET_TRAINS_MAX];
    bool gro;
    bool single_calls; /* recvmmsg() is not there */
    uint32_t overflow; /* the kernel's counter as last seen; it wraps */
} receive_side;

struct uftp_socket {
    int fd;
    uint8_t family;
    uint16_t port;
    size_t send_buffer_len, receive_buffer_len;
    uftp_socket_stats stats;
    send_queue send;
    receive_side receive;
};

/* Prepare their half of an open socket. MEMORY. */
int uftp_socket_send_init(uftp_socket *socket, bool offload);
int uftp_socket_receive_init(uftp_socket *socket, bool offload);
void uftp_socket_send_free(uftp_socket *socket);
void uftp_socket_receive_free(uftp_socket *socket);

#endif
