/* SPDX-License-Identifier: MIT
 *
 * What is measured while a scenario runs, and what the reports are made of afterwards. It looks on
 * through the world's tap: a run is the same with and without it. What a receiver tells is kept
 * apart from all others: they may be run by several threads.
 */
#ifndef SIM_RUN_WATCH_H
#define SIM_RUN_WATCH_H

#include "run/stage.h"

#define SIM_PHASES (UFTP_SENDER_ENDED + 1)
#define SIM_FEEDBACK_WINDOW UFTP_MS(100)

#define SIM_SPANS_MAX 256

/* A part of a sender's time: a phase, and of the transfer each pass of each file. */
typedef struct sim_span {
    uint64_t begin;
    uint8_t phase;
    uint16_t pass; /* 0: no pass has begun */
    uint16_t file_id;
} sim_span;

/* They follow each other without a gap. When there are too many, short ones are added to the one
 * before, and the length below which that is done is doubled. */
typedef struct sim_spans {
    sim_span items[SIM_SPANS_MAX];
    size_t count;
    uint64_t least;
} sim_spans;

typedef struct sim_watch_sender {
    uint64_t started, finished; /* finished: UFTP_NEVER while it is not */
    uftp_result result;
    sim_spans spans;
    uint64_t phase_time[SIM_PHASES];
    uint8_t phase;
    uint64_t phase_since;
    uint32_t passes;        /* of all files together */
    uint32_t lost, aborted; /* receivers */
} sim_watch_sender;

typedef struct sim_watch_receiver {
    uint64_t finished;   /* when it last finished a file; UFTP_NEVER: never */
    uint64_t file_bytes; /* of the files that it has finished */
    uint32_t files, failed_sessions;
    uint64_t naks; /* STATUS messages sent */
    uint32_t messages[UFTP_MESSAGE_TYPE_MAX + 1];
    uint64_t ended; /* the time of the last end of a session */
    bool complete;  /* has everything; known at the end */
} sim_watch_receiver;

/* Messages by type as the cores tell of them, inside the encryption. */
typedef struct sim_watch_messages {
    uint64_t by_senders[UFTP_MESSAGE_TYPE_MAX + 1];
    uint64_t by_receivers[UFTP_MESSAGE_TYPE_MAX + 1]; /* known at the end */
} sim_watch_messages;

typedef struct sim_watch {
    const sim_stage *stage;
    sim_tap tap; /* to be given to the world */
    sim_watch_sender *senders;
    sim_watch_receiver *receivers;
    sim_watch_messages messages;
    /* Datagrams that reach a sender within one window. */
    uint64_t feedback_window, feedback_count, feedback_total;
    uint64_t feedback_peak, feedback_peak_at;
    uint64_t ended;      /* the time of the last end of any session; known at the end */
    uint64_t active;     /* of the last end of a sender's session */
    size_t senders_left; /* that have not finished */
} sim_watch;

void sim_watch_init(sim_watch *watch, const sim_stage *stage);
/* When the world has come to its end. */
void sim_watch_finish(sim_watch *watch);
void sim_watch_free(sim_watch *watch);

/* Messages of all receivers so far, by type. */
void sim_watch_replies(const sim_watch *watch, uint64_t out[UFTP_MESSAGE_TYPE_MAX + 1]);
/* The time of the last end of a sender's session, or of a file that came in. */
uint64_t sim_watch_active(const sim_watch *watch);

/* ---- figures for the reports ---- */

typedef struct sim_verdict {
    bool good;
    uint64_t complete; /* receivers that have everything */
    char why[160];     /* when it is not good */
} sim_verdict;

sim_verdict sim_watch_verdict(const sim_watch *watch);

/* Counters of all senders, or all receivers, added up. */
sim_counters sim_watch_count(const sim_stage *stage, bool senders);

typedef struct sim_repair {
    uint64_t blocks, repeated;
} sim_repair;
sim_repair sim_watch_repair(const sim_stage *stage);

/* Times from the start of the first sender until each complete receiver was through, rising; the
 * caller frees. */
uint64_t *sim_watch_times(const sim_watch *watch, size_t *count);
void sim_sort(uint64_t *values, size_t count); /* rising */
/* The value below which so many of a thousand lie; `count` is not 0. */
uint64_t sim_percentile(const uint64_t *sorted, size_t count, unsigned permille);
/* bytes/s */
uint64_t sim_rate_of(uint64_t bytes, uint64_t time);
uint64_t sim_watch_begin(const sim_watch *watch); /* when the first sender started */
/* When a span ends that begins at or before the end of its sender. */
uint64_t sim_span_end(const sim_watch_sender *sender, size_t span, uint64_t now);

#endif
