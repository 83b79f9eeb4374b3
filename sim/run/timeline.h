/* SPDX-License-Identifier: MIT
 *
 * A run over time, for the page: what was so at a few hundred moments. The moments are equally far
 * apart; when they become too many, every two are made one and the distance doubles, so that the
 * memory is the same however long the run.
 */
#ifndef SIM_RUN_TIMELINE_H
#define SIM_RUN_TIMELINE_H

#include "run/queues.h"
#include "run/watch.h"

#include <stdio.h>

#define SIM_BANDS 5       /* the slowest, p10, p50, p90, the fastest */
#define SIM_ROWS_MAX 64   /* of receivers, which share one when there are more */
#define SIM_KINDS_MAX 4   /* of receivers that are told apart */
#define SIM_SENDERS_MAX 4 /* that are told apart */
#define SIM_SKIES_MAX 4   /* fades that are drawn */
/* Doubled often enough, it is whole seconds. */
#define SIM_STEP_FIRST (UFTP_S(1) / 512)

/* What receivers say, as far as it is told apart. */
typedef enum sim_reply {
    SIM_REPLY_REGISTER, /* and the messages with its keys */
    SIM_REPLY_FILEINFO_ACK,
    SIM_REPLY_STATUS, /* NAKs */
    SIM_REPLY_COMPLETE,
    SIM_REPLY_CC_ACK,
    SIM_REPLY_OTHER
} sim_reply;
#define SIM_REPLIES (SIM_REPLY_OTHER + 1)

/* Counts and bytes are those of all the time so far. */
typedef struct sim_moment {
    uint64_t at;
    uint64_t band[SIM_BANDS];             /* bytes of the files that receivers have */
    uint64_t kind[SIM_KINDS_MAX];         /* the same of the middle one of a kind */
    uint8_t row[SIM_ROWS_MAX];            /* percent, of the slowest in the row */
    uint64_t sent_bytes[SIM_SENDERS_MAX]; /* the last one has those of all further senders, too */
    uint64_t allowed[SIM_SENDERS_MAX];    /* the sender's rate, bytes/s; 0 while it does not run */
    uint64_t blocks, blocks_repeated;     /* of all senders */
    uint64_t replies[SIM_REPLIES];        /* as receivers send them */
    uint64_t feedback;                    /* datagrams that came to the senders */
    uint32_t loss_ppm[SIM_SKIES_MAX];     /* the worst since the moment before */
} sim_moment;

typedef struct sim_timeline {
    const sim_stage *stage;
    const sim_watch *watch;
    uint64_t begin; /* of the first sender */
    uint64_t step;
    sim_moment moments[SIM_MOMENTS_MAX];
    size_t count;
    size_t rows, kinds, senders; /* that are told apart; kinds: 0 when there are too many */
    const sim_shared *skies[SIM_SKIES_MAX];
    size_t sky_count;
    sim_queues queues;
    uint64_t *have;   /* bytes, of each receiver */
    uint64_t *lost;   /* bytes that a crash took from it again */
    uint64_t *sorted; /* scratch: one for each receiver */
} sim_timeline;

void sim_timeline_init(sim_timeline *timeline, const sim_stage *stage, const sim_watch *watch);
/* In place of sim_run(). */
void sim_timeline_run(sim_timeline *timeline);
void sim_timeline_free(sim_timeline *timeline);
/* The first receiver of a row; of the row behind the last, how many there are. */
size_t sim_timeline_row(const sim_timeline *timeline, size_t row);
/* Where the page ends: nothing of interest happened later. */
uint64_t sim_timeline_end(const sim_timeline *timeline);

/* The page, complete in itself. False when it cannot be written. */
bool sim_page_write(const sim_timeline *timeline, const char *command, FILE *out);

#endif
