/* SPDX-License-Identifier: MIT
 *
 * The turn of every program: receive, time out, transmit, act on events, wait. One thread, one wait
 * per turn, one reading of the clock per turn.
 */
#ifndef UFTP_RUNTIME_LOOP_H
#define UFTP_RUNTIME_LOOP_H

#include "runtime/socket.h"

/* The core's verbs over an opaque object; UFTP_LOOP_VERBS() makes the table. */
typedef struct uftp_loop_verbs {
    void (*recv)(void *object, uint64_t now, const uftp_datagram *trains, size_t count);
    int (*poll_transmit)(void *object, uint64_t now, uftp_transmit *out);
    uint64_t (*next_deadline)(void *object);
    void (*on_timeout)(void *object, uint64_t now);
} uftp_loop_verbs;

typedef struct uftp_loop uftp_loop;

typedef struct uftp_loop_config {
    uftp_socket *socket;          /* required, outlives the loop */
    const uftp_loop_verbs *verbs; /* required, outlives the loop */
    void *object;                 /* required: handed to the verbs */
    void *ctx;                    /* handed to the handlers below */
    /* Drains the object's events (poll_event until 0), returns how many there were. Called at least
     * once per turn. May call uftp_loop_stop() and the object. Required. */
    size_t (*on_events)(void *ctx, uint64_t now);
    /* SIGINT or SIGTERM came. NULL: the loop stops with 128 + number. */
    void (*on_signal)(void *ctx, uint64_t now, int number);
    /* A kind of send error was met for the first time. NULL: ignored. */
    void (*on_send_error)(void *ctx, const uftp_socket_error *error);
    /* When the program itself wants a turn (a progress display); on_events is then called. NULL:
     * never. */
    uint64_t (*next_wakeup)(void *ctx);
} uftp_loop_config;

/* Blocks SIGINT and SIGTERM in this thread (they arrive through the loop from now on) and ignores
 * SIGPIPE. MEMORY, IO. */
int uftp_loop_create(const uftp_loop_config *config, uftp_loop **out);
/* Restores the signals. NULL is allowed. */
void uftp_loop_destroy(uftp_loop *loop);
/* Turns until uftp_loop_stop(); returns its status, or IO when waiting or receiving is impossible.
 * What the object still has to send when it is stopped is sent first. */
int uftp_loop_run(uftp_loop *loop);
void uftp_loop_stop(uftp_loop *loop, int status);
/* For the child between fork() and exec(): the signals as they were before the loop. */
void uftp_loop_child(const uftp_loop *loop);

/* UFTP_LOOP_VERBS(sender) defines `static const uftp_loop_verbs sender_verbs`. */
#define UFTP_LOOP_VERBS(role) \
    static void role##_loop_recv(void *object, uint64_t now, const uftp_datagram *trains, \
                                 size_t count) \
    { \
        uftp_##role##_recv(object, now, trains, count); \
    } \
    static int role##_loop_poll_transmit(void *object, uint64_t now, uftp_transmit *out) \
    { \
        return uftp_##role##_poll_transmit(object, now, out); \
    } \
    static uint64_t role##_loop_next_deadline(void *object) \
    { \
        return uftp_##role##_next_deadline(object); \
    } \
    static void role##_loop_on_timeout(void *object, uint64_t now) \
    { \
        uftp_##role##_on_timeout(object, now); \
    } \
    static const uftp_loop_verbs role##_verbs = {.recv = role##_loop_recv, \
                                                 .poll_transmit = role##_loop_poll_transmit, \
                                                 .next_deadline = role##_loop_next_deadline, \
                                                 .on_timeout = role##_loop_on_timeout}

#endif
