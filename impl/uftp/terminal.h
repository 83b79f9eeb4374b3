/* SPDX-License-Identifier: MIT
 *
 * The progress line on the terminal: drawn in place, taken away before anything else is printed.
 */
#ifndef UFTP_SENDER_TERMINAL_H
#define UFTP_SENDER_TERMINAL_H

#include "uftp/progress.h"

typedef struct uftp_terminal {
    bool enabled;
    bool visible;       /* the line stands there */
    uint64_t next_draw; /* same clock as the core */
    uint64_t next_sample;
    uftp_progress_rate rate;
} uftp_terminal;

/* Starts with nothing drawn. */
void uftp_terminal_init(uftp_terminal *terminal, bool enabled);
/* Takes the line away, so that other output can follow. */
void uftp_terminal_clear(uftp_terminal *terminal);
/* Draws it again when it was taken away, or when its time has come. */
void uftp_terminal_draw(uftp_terminal *terminal, uint64_t now, const uftp_sender_stats *stats,
                        const char *name);
/* When it wants to be drawn next; UFTP_NEVER while not enabled. */
uint64_t uftp_terminal_wakeup(const uftp_terminal *terminal);

#endif
