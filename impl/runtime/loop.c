/* SPDX-License-Identifier: MIT */
#include "runtime/loop.h"

#include "runtime/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

/* Receive calls in a row before the object is asked for its own: a flood must not silence it. */
enum { RECEIVE_CALLS_MAX = 4 };
/* Full send queues in a row at one `now`: a sender without a rate limit gets a fresh clock. */
enum { FLUSHES_MAX = 32 };

struct uftp_loop {
    uftp_loop_config config;
    int signal_fd;
    sigset_t signals_before;
    struct sigaction pipe_before;
    bool stopped;
    bool unfinished; /* the turn ended with work left: do not wait */
    int status;
};

static int take_signals(uftp_loop *loop)
{
    sigset_t ours;
    sigemptyset(&ours);
    sigaddset(&ours, SIGINT);
    sigaddset(&ours, SIGTERM);
    loop->signal_fd = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
    if (loop->signal_fd < 0)
        return UFTP_ERR_IO;
    sigprocmask(SIG_BLOCK, &ours, &loop->signals_before);
    const struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &loop->pipe_before);
    return UFTP_OK;
}

int uftp_loop_create(const uftp_loop_config *config, uftp_loop **out)
{
    uftp_loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return UFTP_ERR_MEMORY;
    loop->config = *config;
    int err = take_signals(loop);
    if (err) {
        free(loop);
        return err;
    }
    /* The default slack of 50 us is longer than the gap between two datagrams at 200 Mbit/s. */
    (void)prctl(PR_SET_TIMERSLACK, 1UL);
    *out = loop;
    return UFTP_OK;
}

void uftp_loop_child(const uftp_loop *loop)
{
    sigaction(SIGPIPE, &loop->pipe_before, NULL);
    sigprocmask(SIG_SETMASK, &loop->signals_before, NULL);
}

void uftp_loop_destroy(uftp_loop *loop)
{
    if (!loop)
        return;
    uftp_loop_child(loop);
    close(loop->signal_fd);
    free(loop);
}

void uftp_loop_stop(uftp_loop *loop, int status)
{
    if (loop->stopped)
        return; /* the first reason counts */
    loop->stopped = true;
    loop->status = status;
}

static void read_signals(uftp_loop *loop, uint64_t now)
{
    struct signalfd_siginfo info;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        int number = (int)info.ssi_signo;
        if (loop->config.on_signal)
            loop->config.on_signal(loop->config.ctx, now, number);
        else
            uftp_loop_stop(loop, 128 + number);
    }
}

/* Hands in what has arrived; events are drained in between, so that the object never has to keep
 * more of them than one call makes. */
static int receive(uftp_loop *loop, uint64_t now, int calls_max)
{
    const uftp_loop_config *config = &loop->config;
    for (int call = 0; call < calls_max && !loop->stopped; call++) {
        const uftp_datagram *trains;
        int count = uftp_socket_receive(config->socket, now, &trains);
        if (count <= 0)
            return count;
        config->verbs->recv(config->object, now, trains, (size_t)count);
        config->on_events(config->ctx, now);
        if (count < UFTP_SOCKET_TRAINS_MAX)
            return UFTP_OK; /* the kernel had no more */
    }
    loop->unfinished = true;
    return UFTP_OK;
}

/* Fills the send queue and empties it once. Returns how many trains there were; *full when there
 * may be more. */
static size_t transmit(uftp_loop *loop, uint64_t now, bool *full)
{
    const uftp_loop_config *config = &loop->config;
    size_t count = 0;
    uftp_transmit *slot;
    while ((slot = uftp_socket_slot(config->socket)) != NULL) {
        if (config->verbs->poll_transmit(config->object, now, slot) <= 0)
            break;
        uftp_socket_push(config->socket);
        count++;
    }
    *full = !slot;
    if (uftp_socket_flush(config->socket)) {
        uftp_socket_error error;
        while (uftp_socket_error_take(config->socket, &error))
            if (config->on_send_error)
                config->on_send_error(config->ctx, &error);
    }
    return count;
}

/* Until the object has nothing more to send or tell at `now`. */
static int drain(uftp_loop *loop, uint64_t now)
{
    const uftp_loop_config *config = &loop->config;
    for (int flush = 0; flush < FLUSHES_MAX; flush++) {
        bool full;
        size_t sent = transmit(loop, now, &full);
        size_t events = config->on_events(config->ctx, now);
        if (!sent && !events)
            return UFTP_OK;
        if (full) { /* answers must not wait until a long stretch of data has left */
            int err = receive(loop, now, 1);
            if (err < 0)
                return err;
        }
    }
    loop->unfinished = true;
    return UFTP_OK;
}

static int turn(uftp_loop *loop)
{
    const uftp_loop_config *config = &loop->config;
    uint64_t now = uftp_clock_now();
    loop->unfinished = false;
    read_signals(loop, now);
    int err = receive(loop, now, RECEIVE_CALLS_MAX);
    if (err < 0)
        return err;
    if (config->verbs->next_deadline(config->object) <= now)
        config->verbs->on_timeout(config->object, now);
    return drain(loop, now);
}

static int wait_for_work(uftp_loop *loop)
{
    const uftp_loop_config *config = &loop->config;
    uint64_t deadline = config->verbs->next_deadline(config->object);
    if (config->next_wakeup) {
        uint64_t wakeup = config->next_wakeup(config->ctx);
        if (wakeup < deadline)
            deadline = wakeup;
    }
    uint64_t now = uftp_clock_now();
    if (loop->unfinished || deadline <= now)
        return UFTP_OK; /* the turn looks at the socket and the signals anyway */
    uint64_t interval = deadline - now;
    struct timespec timeout = {.tv_sec = (time_t)(interval / UFTP_S(1)),
                               .tv_nsec = (long)(interval % UFTP_S(1))};
    struct pollfd fds[] = {{.fd = uftp_socket_fd(config->socket), .events = POLLIN},
                           {.fd = loop->signal_fd, .events = POLLIN}};
    int ready =
        ppoll(fds, sizeof fds / sizeof *fds, deadline == UFTP_NEVER ? NULL : &timeout, NULL);
    if (ready < 0 && errno != EINTR && errno != ENOMEM)
        return UFTP_ERR_IO;
    return fds[0].revents & POLLNVAL && ready > 0 ? UFTP_ERR_IO : UFTP_OK;
}

int uftp_loop_run(uftp_loop *loop)
{
    int err = UFTP_OK;
    while (!loop->stopped && err >= 0) {
        err = turn(loop);
        if (!loop->stopped && err >= 0)
            err = wait_for_work(loop);
    }
    if (err < 0)
        return err;
    bool full = true; /* whoever stopped it may have made the object say good-bye */
    for (int flush = 0; flush < FLUSHES_MAX && full; flush++)
        transmit(loop, uftp_clock_now(), &full);
    return loop->status;
}
